// The secure server's small parts, each against a model or at its limits: index table, token history, pending
// clients, session keys, packet headers.
#include <gtest/gtest.h>

#include <map>

#include "transport/secure/index_table.hpp"
#include "transport/secure/peer_reason.hpp"
#include "transport/secure/pending_clients.hpp"
#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

TEST(IndexTableTest, AgreesWithAMapOverRandomOperations) {
    IndexTable table(12345);
    std::multimap<std::uint64_t, std::uint32_t> model;
    Rng rng(1);
    for (std::uint32_t i = 0; i < 200'000; ++i) {
        const auto hash = rng.below(500);  // many share a hash
        if (rng.chance(percent(45)) && !model.empty()) {
            auto victim = model.lower_bound(hash);
            if (victim == model.end()) victim = model.begin();
            table.erase(victim->first, victim->second);
            model.erase(victim);
        } else if (model.size() < 300) {
            table.insert(hash, i);
            model.emplace(hash, i);
        }
        ASSERT_EQ(table.size(), model.size());
        const auto looked_up = rng.below(500);
        const auto [begin, end] = model.equal_range(looked_up);
        for (auto entry = begin; entry != end; ++entry) {
            const auto number = entry->second;
            ASSERT_EQ(table.find(looked_up, [&](std::uint32_t n) { return n == number; }), number);
        }
        if (begin == end) {
            // Numbers under other hashes may be offered only if 32 mixed bits collide; the match rejects
            // them.
            ASSERT_EQ(table.find(looked_up, [&](std::uint32_t) { return false; }), std::nullopt);
        }
    }
    table.erase(77, 4'000'000'000U);  // erasing what is not there changes nothing
    EXPECT_EQ(table.size(), model.size());
}

TokenTag tag_of(std::uint64_t n) {
    TokenTag tag{};
    ByteWriter writer(tag);
    writer.write(n);
    writer.write(n * 3);
    return tag;
}

TEST(TokenHistoryTest, NeverForgetsAnUnexpiredTokenAndForgetsExpiredOnesForRoom) {
    constexpr std::size_t capacity = 1000;
    TokenHistory history(capacity, 9);
    const auto at = Address::ipv4(1, 1, 1, 1, 1);
    const auto other = Address::ipv4(2, 2, 2, 2, 2);
    for (std::uint64_t i = 0; i < capacity; ++i)
        ASSERT_EQ(history.show(tag_of(i), at, {100}, {110 + i % 7}), TokenHistory::Verdict::accepted);
    EXPECT_EQ(history.show(tag_of(5000), at, {100}, {200}), TokenHistory::Verdict::full);
    for (std::uint64_t i = 0; i < capacity; ++i) {
        EXPECT_EQ(history.show(tag_of(i), other, {109}, {110 + i % 7}), TokenHistory::Verdict::reused);
        EXPECT_EQ(history.show(tag_of(i), at, {109}, {110 + i % 7}), TokenHistory::Verdict::accepted);
    }
    // At 112, three of seven have expired.
    EXPECT_EQ(history.show(tag_of(5000), at, {112}, {200}), TokenHistory::Verdict::accepted);
    EXPECT_EQ(history.size(), capacity - 3 * 143 + 1);  // 1000 / 7 = 142.9
    EXPECT_EQ(history.show(tag_of(6), other, {112}, {116}), TokenHistory::Verdict::reused);
    history.spend(tag_of(6));
    EXPECT_EQ(history.show(tag_of(6), at, {112}, {116}), TokenHistory::Verdict::reused);
    history.spend(tag_of(987654));  // unknown
}

TEST(PendingClientsTest, BoundedAndFoundByAddress) {
    PendingClients pending(3, 4);
    const auto at = [](std::uint16_t port) { return Address::ipv4(1, 1, 1, 1, port); };
    for (std::uint16_t port = 1; port <= 3; ++port) ASSERT_NE(pending.add(at(port)), nullptr);
    EXPECT_EQ(pending.add(at(4)), nullptr);
    auto* const second = pending.find(at(2));
    ASSERT_NE(second, nullptr);
    const auto place = second->place;
    const auto generation = second->generation;
    pending.remove(*second);
    EXPECT_EQ(pending.find(at(2)), nullptr);
    EXPECT_EQ(pending.at(place, generation), nullptr);
    auto* const fourth = pending.add(at(4));
    ASSERT_NE(fourth, nullptr);
    EXPECT_EQ(fourth->place, place);
    EXPECT_EQ(pending.at(place, generation), nullptr);  // another tenant
    EXPECT_EQ(pending.at(place, fourth->generation), fourth);
    EXPECT_EQ(pending.at(77, 1), nullptr);
}

TEST(SessionKeyTest, DependsOnKeySuiteTagAndNumber) {
    std::array<std::byte, kChallengeTokenBytes> challenge{};
    Key token_key{};
    token_key[0] = std::byte{1};
    const auto base = derive_session_key(Suite::aes256_gcm, token_key, challenge, 7);
    EXPECT_NE(base, token_key);
    EXPECT_EQ(base, derive_session_key(Suite::aes256_gcm, token_key, challenge, 7));
    EXPECT_NE(base, derive_session_key(Suite::hmac_signed, token_key, challenge, 7));
    EXPECT_NE(base, derive_session_key(Suite::aes256_gcm, token_key, challenge, 8));
    auto other = challenge;
    other[283] = std::byte{1};  // before the tag: means nothing
    EXPECT_EQ(base, derive_session_key(Suite::aes256_gcm, token_key, other, 7));
    other[299] = std::byte{1};
    EXPECT_NE(base, derive_session_key(Suite::aes256_gcm, token_key, other, 7));
    EXPECT_EQ(derive_session_key(Suite::netcode, token_key, other, 9), token_key);
}

// The derivation of lib/STANDARD.md, computed apart (Python: hashlib.blake2b(message, key=...,
// digest_size=32)).
TEST(SessionKeyTest, KnownAnswer) {
    std::array<std::byte, kChallengeTokenBytes> challenge{};
    for (std::size_t i = 284; i < 300; ++i) challenge[i] = static_cast<std::byte>(i - 284);
    Key token_key;
    for (std::size_t i = 0; i < token_key.size(); ++i) token_key[i] = static_cast<std::byte>(0x40 + i);
    EXPECT_EQ(to_hex(derive_session_key(Suite::aes256_gcm, token_key, challenge, 1000)),
              "ea911e2222c7c4c12ddb070f9ac8dfc5fa664524072f04787703c01041735e70");
}

TEST(SecurePacket, HeaderRoundTripsForEveryTypeAndNumberSize) {
    const PacketBinding binding(Suite::hmac_signed, kProtocol);
    const auto cipher = make_packet_cipher(Suite::hmac_signed, Key{}, Key{});
    for (unsigned type = 1; type <= 13; ++type) {
        for (unsigned bits = 0; bits <= 64; ++bits) {
            PacketHeader header;
            header.type = static_cast<PacketType>(type);
            header.sequence = bits == 0 ? 0 : UINT64_MAX >> (64 - bits);
            header.connection_id = 0x1122334455667788;
            Datagram buffer(kMaxPacketBytes);
            const auto offset = header_bytes(header.type, header.sequence);
            buffer[offset] = std::byte{0x99};
            buffer.resize(binding.seal(*cipher, header, buffer, 1));
            EXPECT_EQ(buffer.size(), offset + 1 + kTagBytes);
            const auto read = read_header(buffer);
            ASSERT_TRUE(read);
            EXPECT_EQ(read->type, header.type);
            EXPECT_EQ(read->sequence, header.sequence);
            EXPECT_EQ(read->bytes, offset);
            EXPECT_EQ(read->bytes, 1 + std::max(1U, (bits + 7) / 8) + (carries_id(header.type) ? 8 : 0));
            if (carries_id(header.type)) {
                EXPECT_EQ(read->connection_id, header.connection_id);
            }
            const auto body = binding.open(*cipher, *read, buffer);
            ASSERT_TRUE(body);
            EXPECT_EQ((*body)[0], std::byte{0x99});
        }
    }
}

// The standard lets a peer spell a number with more bytes than it needs; what is authenticated is the prefix
// as it came.
TEST(SecurePacket, LongSpellingsOfANumberAreReadButNotInterchangeable) {
    const PacketBinding binding(Suite::netcode, kProtocol);
    const auto cipher = make_packet_cipher(Suite::netcode, Key{}, Key{});
    PacketHeader header;
    header.type = PacketType::payload;
    header.sequence = 7;
    header.prefix = 0x45;
    std::array<std::byte, 13 + 8 + 1> data;
    ByteWriter writer(data);
    writer.write_bytes(version_info(Suite::netcode));
    writer.write(kProtocol);
    writer.write(std::uint8_t{0x45});
    Datagram packet(5 + 1 + kTagBytes);
    packet[0] = std::byte{0x45};
    packet[1] = std::byte{7};
    cipher->seal(7, data, MutableBytes(packet).subspan(5));
    auto short_form = Datagram{std::byte{0x15}, std::byte{7}};
    short_form.insert(short_form.end(), packet.begin() + 5, packet.end());
    const auto read = read_header(packet);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sequence, 7u);
    EXPECT_TRUE(binding.open(*cipher, *read, packet));
    EXPECT_FALSE(binding.open(*cipher, *read_header(short_form), short_form));
}

TEST(SecurePacket, ShortHeadersAreTooSmall) {
    EXPECT_EQ(read_header({}).error(), RefusalCause::too_small);
    for (unsigned n = 1; n <= 8; ++n) {
        for (std::size_t size = 1; size <= n; ++size) {
            const Datagram bytes(size, static_cast<std::byte>(n << 4 | 5));
            EXPECT_EQ(read_header(bytes).error(), RefusalCause::too_small);
        }
    }
    Datagram bytes(1 + 1 + 7, std::byte{0x1a});  // an id of seven bytes
    EXPECT_EQ(read_header(bytes).error(), RefusalCause::too_small);
}

TEST(PeerReason, OnlyWhatAPeerCanMeanIsBelieved) {
    EXPECT_EQ(reason_from_peer(static_cast<std::uint8_t>(DisconnectReason::kicked)),
              DisconnectReason::kicked);
    EXPECT_EQ(reason_from_peer(static_cast<std::uint8_t>(DisconnectReason::requested)),
              DisconnectReason::requested_by_peer);
    EXPECT_EQ(reason_from_peer(0), DisconnectReason::requested_by_peer);
    for (unsigned n = 18; n < 256; ++n)
        EXPECT_EQ(reason_from_peer(static_cast<std::uint8_t>(n)), DisconnectReason::requested_by_peer);
}

}  // namespace
}  // namespace squall::secure::testing
