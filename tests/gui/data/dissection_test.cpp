// Taking packets apart: the golden bytes of lib/STANDARD.md, and bytes of any kind without a crash.
#include "gui/data/dissection.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "squall/core/rng.hpp"

namespace squall::gui {
namespace {

std::vector<std::byte> bytes_of(std::string_view hex) {
    return *from_hex(hex);
}

const Field* find(const Field& field, std::string_view name) {
    if (field.name == name) return &field;
    for (const Field& child : field.children)
        if (const Field* found = find(child, name)) return found;
    return nullptr;
}
bool any_wrong(const Field& field) {
    return field.is_wrong || std::ranges::any_of(field.children, any_wrong);
}

// Payload packet 258 with an acknowledgement of packets 5, 4 and 2, and a message of remote 3 on channel 2.
constexpr std::string_view kPacket =
    "25"
    "0201"
    "03"
    "0500"
    "09"
    "01"
    "05"
    "22"
    "0700"
    "04"
    "03616263";

TEST(Dissection, NamesEveryFieldOfAPacket) {
    const auto bytes = bytes_of(kPacket);
    const Field packet = dissect_packet(
        bytes, [](std::uint64_t id) { return id == 3 ? std::string("chat.say") : std::string(); });
    EXPECT_EQ(packet.name, "payload");
    EXPECT_FALSE(any_wrong(packet));
    EXPECT_EQ(find(packet, "packet number")->value, "258");
    EXPECT_EQ(find(packet, "acknowledgement")->value, "up to packet …5");
    EXPECT_EQ(find(packet, "delay")->value, "9 (288 µs)");
    EXPECT_EQ(find(packet, "mask")->value, "2 of 8 received");
    EXPECT_EQ(find(packet, "remote")->value, "3 (chat.say)");
    EXPECT_EQ(find(packet, "remote")->bit, 13u * 8);
    EXPECT_EQ(find(packet, "channel")->value, "2");
    EXPECT_EQ(find(packet, "channel")->bits, 5u);
    EXPECT_EQ(find(packet, "body")->bits, 24u);
}

TEST(Dissection, SaysWhereItStops) {
    const auto bytes = bytes_of(kPacket);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const Field packet = dissect_packet(Bytes(bytes).first(size), nullptr);
        if (size != 9 && size != 3) {
            EXPECT_TRUE(any_wrong(packet)) << size;
        }
    }
    EXPECT_TRUE(any_wrong(dissect_packet(bytes_of("150182"), nullptr)));    // a flag that is none
    EXPECT_TRUE(any_wrong(dissect_packet(bytes_of("15010080"), nullptr)));  // a frame of type 4
    EXPECT_TRUE(any_wrong(dissect_packet(bytes_of("150100000100"), nullptr)));
    EXPECT_FALSE(any_wrong(dissect_packet(bytes_of("15010000"), nullptr)));  // padding
}

TEST(Dissection, AnyBytesAreTaken) {
    Rng rng(11);
    for (int i = 0; i < 20'000; ++i) {
        std::vector<std::byte> bytes(rng.below(60));
        for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
        if (!bytes.empty() && i % 2 == 0) bytes[0] = static_cast<std::byte>(0x15 + 5 * rng.below(2));
        const Field packet = dissect_packet(bytes, nullptr);
        EXPECT_EQ(packet.bits, bytes.size() * 8);
    }
}

TEST(Dissection, Dumps) {
    const auto bytes = bytes_of("5371f0");
    EXPECT_EQ(hex_dump(bytes).substr(0, 15), "0000  53 71 f0 ");
    EXPECT_NE(hex_dump(bytes).find("Sq."), std::string::npos);
    EXPECT_EQ(bit_dump(bytes, 1, 2), "01110001 11110000");
    EXPECT_EQ(packet_type_name(0x14), "keep-alive");
}

// netcode's request: prefix, version, protocol id, expiry, nonce, private token.
TEST(Dissection, TakesARequestWithItsTokenApart) {
    std::vector<std::byte> request(1078);
    const std::string_view version = "NETCODE 1.02";
    for (std::size_t i = 0; i < version.size(); ++i) request[1 + i] = static_cast<std::byte>(version[i]);
    request[14] = std::byte{0x2a};
    request[22] = std::byte{0x10};
    // The token: client 5, 15 s, two addresses, a key from client to server.
    const std::string_view token =
        "0500000000000000"
        "0f000000"
        "02000000"
        "017f00000140a0"
        "0200200000000000000000000000000100419c";
    const std::vector<std::byte> opened = bytes_of(token);
    std::ranges::copy(opened, request.begin() + 54);
    request[54 + opened.size()] = std::byte{0x77};
    const Field packet = dissect_packet(request, {});
    EXPECT_EQ(packet.name, "connection request");
    EXPECT_FALSE(any_wrong(packet));
    EXPECT_EQ(find(packet, "version")->value, "NETCODE 1.02");
    EXPECT_EQ(find(packet, "protocol id")->value, "0x000000000000002a");
    EXPECT_EQ(find(packet, "token expires")->value, "16 s after 1970");
    EXPECT_EQ(find(packet, "nonce of the private token")->bits, 24u * 8);
    EXPECT_EQ(find(packet, "private token (opened)")->bit, 54u * 8);
    EXPECT_EQ(find(packet, "private token (opened)")->bits, 1008u * 8);
    EXPECT_EQ(find(packet, "client id")->value, "0x0000000000000005");
    EXPECT_EQ(find(packet, "timeout")->value, "15 s");
    EXPECT_EQ(find(packet, "server address 1")->value, "127.0.0.1:41024");
    EXPECT_EQ(find(packet, "server address 2")->value, "[2000:0:0:0:0:0:0:1]:40001");
    EXPECT_EQ(find(packet, "key from client to server")->value.substr(0, 12), "32 bytes  77");
    EXPECT_EQ(find(packet, "key from server to client")->value, "left out of the recording");
    EXPECT_EQ(find(packet, "user data")->bits, 256u * 8);
    EXPECT_EQ(find(packet, "authentication tag of the token")->bits, 16u * 8);
    request[54 + 12] = std::byte{33};
    EXPECT_TRUE(any_wrong(dissect_packet(request, {}))) << "a token has 32 addresses at most";
    request.resize(500);
    EXPECT_TRUE(any_wrong(dissect_packet(request, {})));
}

TEST(Dissection, NamesOperationsOfMessagesByTheKindOfTheirRemote) {
    const auto message = [](std::string_view hex, const char* kind) {
        return dissect_message(bytes_of(hex),
                               [kind](std::uint64_t) { return RemoteLabel("inventory.buy", kind, "bits"); });
    };
    const Field request = message("07000507ff", "function");
    EXPECT_EQ(find(request, "remote")->value, "7 (inventory.buy)");
    EXPECT_EQ(find(request, "operation")->value, "0 (request)");
    EXPECT_EQ(find(request, "call id")->value, "5");
    EXPECT_EQ(find(request, "object (codec bits)")->value, "2 bytes  07ff");
    EXPECT_EQ(find(message("0702050a6e6f", "function"), "error code")->value, "10");
    EXPECT_EQ(find(message("0703ac02", "function"), "call id")->value, "300");
    EXPECT_TRUE(any_wrong(message("070905", "function"))) << "there is no operation 9";
    EXPECT_TRUE(any_wrong(message("0700", "function"))) << "a call has an id";
    EXPECT_EQ(find(message("070302aabb", "property"), "versions back to the baseline")->value, "2");
    const Field whole = message("0705000903ee", "table");
    EXPECT_EQ(find(whole, "handle")->value, "5");
    EXPECT_EQ(find(whole, "version")->value, "9");
    EXPECT_EQ(find(whole, "object id")->value, "3");
    EXPECT_EQ(find(message("070521", "table"), "versions back to the baseline")->value,
              "33 (the end of the object)");
    EXPECT_EQ(find(message("07aabbcc", "event"), "object (codec bits)")->value, "3 bytes  aabbcc");
    const Field hello = message("0001010102030405060708", "event");
    EXPECT_EQ(find(hello, "operation")->value, "1 (hello)");
    EXPECT_EQ(find(hello, "hash of what is declared")->bits, 64u);
}

TEST(Dissection, FieldsOfFieldsLieWhereTheirBytesAre) {
    const auto bytes = bytes_of("0001010102030405060708");
    const Field plain = dissect_message(bytes, {});
    const Field shifted = dissect_message(bytes, {}, 10);
    ASSERT_EQ(plain.children.size(), shifted.children.size());
    for (std::size_t i = 0; i < plain.children.size(); ++i)
        EXPECT_EQ(shifted.children[i].bit, plain.children[i].bit + 80);
}

}  // namespace
}  // namespace squall::gui
