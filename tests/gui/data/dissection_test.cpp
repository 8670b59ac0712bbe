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

}  // namespace
}  // namespace squall::gui
