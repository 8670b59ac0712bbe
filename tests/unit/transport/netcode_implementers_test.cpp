// One test for each finding in netcode's IMPLEMENTERS.md: the mistakes that ports of the reference make.
#include <gtest/gtest.h>

#include <algorithm>

#include "transport/secure/replay_window.hpp"
#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

// 1. "Integer overflow in replay protection": near 2^64 an addition-side test refuses genuine packets.
TEST(NetcodeImplementers, Finding1ReplayProtectionDoesNotOverflow) {
    ReplayWindow window;
    for (std::uint64_t sequence = UINT64_MAX - 3000; sequence != 0; ++sequence) {
        ASSERT_EQ(window.check(sequence), ReplayWindow::Verdict::fresh) << sequence;
        window.mark(sequence);
        ASSERT_EQ(window.check(sequence), ReplayWindow::Verdict::replayed) << sequence;
    }
    EXPECT_EQ(window.newest(), UINT64_MAX);
    EXPECT_EQ(window.check(UINT64_MAX - 1024), ReplayWindow::Verdict::too_old);
    EXPECT_EQ(window.check(UINT64_MAX - 1023), ReplayWindow::Verdict::replayed);
}

TEST(NetcodeImplementers, Finding1HoldsOnTheWire) {
    SecureNet net;
    const auto token = net.token(1);
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    const Forger forger(token);
    for (const std::uint64_t sequence : {UINT64_MAX - 5, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX - 1000})
        net.to_server(client.address, forger.from_client(PacketType::payload, sequence, as_bytes("top")));
    EXPECT_EQ(net.count(SecureEvent::Kind::payload), 4u);
    net.to_server(client.address, forger.from_client(PacketType::payload, UINT64_MAX, as_bytes("top")));
    EXPECT_EQ(net.refused(RefusalCause::replayed), 1u);
}

// 2a. "Challenge token data size in the connection response packet" is 300, so the body is 308.
TEST(NetcodeImplementers, Finding2ResponseBodyIs308Bytes) {
    SecureNet net;
    net.connected(1);
    for (const unsigned type : {2u, 3u}) {
        const auto packet = net.sent(type).front().bytes;
        EXPECT_EQ(packet.size() - read_header(packet)->bytes - kTagBytes, 308u);
    }
}

// 2b. "Address type range": 1 and 2, not 0 and 1.
TEST(NetcodeImplementers, Finding2AddressTypesAreOneAndTwo) {
    for (unsigned type = 0; type < 256; ++type) {
        Datagram bytes(64);
        bytes[0] = std::byte{1};
        bytes[4] = static_cast<std::byte>(type);
        ByteReader reader(bytes);
        EXPECT_EQ(read_addresses(reader).has_value(), type == 1 || type == 2) << type;
    }
}

// 2c. "Nonce construction": four zero bytes, then the number, little-endian. The conformance vectors hold the
// bytes; here the opposite order is shown to differ.
TEST(NetcodeImplementers, Finding2NonceIsFourZerosThenTheNumber) {
    const Key key{};
    const auto cipher = make_packet_cipher(Suite::netcode, key, key);
    Datagram low(16 + 16);
    Datagram high(16 + 16);
    cipher->seal(1, {}, low);
    cipher->seal(std::uint64_t{1} << 32, {}, high);
    // Where the number stood first, 1 << 32 would put its 1 into the nonce's bytes 4 to 7 of another number's
    // place.
    EXPECT_NE(to_hex(low), to_hex(high));
    // RFC 8439's keystream for nonce 00000000 01000000 00000000 and a zero key, block 1 (computed with
    // OpenSSL).
    EXPECT_EQ(to_hex(Bytes(low).first(16)), "5305e5e44aff19b235936144675efbe4");
}

// 2d. "Read-packet step order": the size is checked after decryption, and the window advances only after it.
TEST(NetcodeImplementers, Finding2WindowAdvancesOnlyAfterDecryption) {
    SecureNet net;
    auto& client = net.connected(1);
    Datagram forged(40, std::byte{0x11});
    forged[0] = std::byte{0x85};  // payload, eight bytes of number
    for (std::size_t i = 1; i <= 8; ++i) forged[i] = std::byte{0xff};
    net.to_server(client.address, forged);
    EXPECT_EQ(net.refused(RefusalCause::not_authentic), 1u);
    net.send(client, "small number");
    net.run_for(10ms);
    EXPECT_EQ(net.count(SecureEvent::Kind::payload), 1u);
    // Towards the client as well.
    net.deliver(kServerAddress, client.address, forged);
    EXPECT_EQ(client.statistics.of(RefusalCause::not_authentic), 1u);
    net.send_to(0, "small number");
    net.run_for(10ms);
    EXPECT_EQ(client.count(SecureEvent::Kind::payload), 1u);
}

TEST(NetcodeImplementers, Finding2SizeIsCheckedAfterDecryptionAndUsesUpTheNumber) {
    SecureNet net;
    const auto token = net.token(1);
    auto& client = net.add_client();
    ASSERT_TRUE(client.client.connect(net.now, token));
    net.run_for(50ms);
    const auto odd = Forger(token).from_client(PacketType::keep_alive, 100, Datagram(5));
    net.to_server(client.address, odd);
    EXPECT_EQ(net.refused(RefusalCause::wrong_size), 1u);
    net.to_server(client.address, odd);
    EXPECT_EQ(net.refused(RefusalCause::replayed), 1u);
}

// 3. "Server global packet sequence must be re-seeded on restart": the top half, in every lifetime, and
// apart.
TEST(NetcodeImplementers, Finding3GlobalSequenceIsInTheTopHalfAfterEveryStart) {
    SecureNet net;
    std::vector<std::uint64_t> starts;
    for (std::uint64_t run = 0; run < 20; ++run) {
        net.start_server();
        net.log.clear();
        net.to_server(Address::ipv4(10, 0, 2, 1, static_cast<std::uint16_t>(run + 1)),
                      request_datagram(net.token(run + 1)));
        ASSERT_EQ(net.sent(2).size(), 1u);
        const auto sequence = read_header(net.sent(2).front().bytes)->sequence;
        EXPECT_GE(sequence, std::uint64_t{1} << 63);
        EXPECT_LT(sequence, (std::uint64_t{1} << 63) + (std::uint64_t{1} << 62) + 1);
        starts.push_back(sequence);
    }
    std::ranges::sort(starts);
    for (std::size_t i = 1; i < starts.size(); ++i) EXPECT_GT(starts[i] - starts[i - 1], 1'000'000u);
}

}  // namespace
}  // namespace squall::secure::testing
