// Our Protocol Buffers against libprotobuf, with code that protoc made of the .proto file that Squall
// printed.
#include <gtest/gtest.h>

#include "squall/wire/codec.hpp"
#include "squall_objects.pb.h"
#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;

namespace {

template <class T>
T random_object(Rng& rng) {
    T object{};
    RandomObject(rng).fill(view(object));
    make_utf8(view(object), rng);
    return object;
}

void set(squall_test::Vec3& to, const Vec3& from) {
    to.set_x(from.x);
    to.set_y(from.y);
    to.set_z(from.z);
}
void set(squall_test::Shoot& to, const Shoot& from) {
    to.set_weapon(static_cast<squall_test::Weapon>(from.weapon));
    to.set_target(from.target);
}

// As a program that only has the .proto file would fill it.
squall_test::Everything message_of(const Everything& from) {
    squall_test::Everything to;
    to.set_flag(from.flag);
    to.set_tiny(from.tiny);
    to.set_huge(from.huge);
    to.set_wide(from.wide);
    to.set_exact(from.exact);
    to.set_weapon(static_cast<squall_test::Weapon>(from.weapon));
    to.set_state(static_cast<squall_test::Flag>(from.state));
    to.set_name(from.name);
    to.set_blob(from.blob.data(), from.blob.size());
    if (from.clan) to.set_clan(*from.clan);
    for (const auto& each : from.trail) set(*to.add_trail(), each);
    for (const auto each : from.slots) to.add_slots(each);
    for (const auto& [key, value] : from.scores) (*to.mutable_scores())[key] = value;
    for (const auto& [key, value] : from.arms) set((*to.mutable_arms())[static_cast<int>(key)], value);
    if (std::holds_alternative<Idle>(from.action)) to.mutable_action()->mutable_as_idle();
    if (const auto* walk = std::get_if<Walk>(&from.action))
        to.mutable_action()->mutable_as_walk()->set_speed(walk->speed);
    if (const auto* shoot = std::get_if<Shoot>(&from.action))
        set(*to.mutable_action()->mutable_as_shoot(), *shoot);
    if (from.target) set(*to.mutable_target(), *from.target);
    for (const auto& each : from.maybe) {
        auto* added = to.add_maybe();
        if (each) added->set_value(*each);
    }
    return to;
}

TEST(ProtobufConformance, TheyReadWhatWeWrite) {
    Rng rng(17);
    std::vector<std::byte> bytes;
    for (int i = 0; i < 1000; ++i) {
        const auto object = random_object<Everything>(rng);
        ASSERT_TRUE(protobuf_codec().encode(object, bytes));
        squall_test::Everything message;
        ASSERT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        EXPECT_TRUE(message.unknown_fields().empty());
        EXPECT_EQ(message.SerializeAsString().size(), bytes.size());
        // Text format prints NaN, presence and all.
        EXPECT_EQ(message.DebugString(), message_of(object).DebugString());
    }
}

TEST(ProtobufConformance, WeReadWhatTheyWrite) {
    Rng rng(19);
    for (int i = 0; i < 1000; ++i) {
        const auto object = random_object<Everything>(rng);
        const std::string bytes = message_of(object).SerializeAsString();
        auto read = random_object<Everything>(rng);
        const auto done = protobuf_codec().decode(as_bytes(bytes), read);
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_TRUE(same(view(std::as_const(read)), view(object)));
    }
}

template <class T, class Message>
void through_them(int times) {
    Rng rng(23);
    std::vector<std::byte> bytes;
    for (int i = 0; i < times; ++i) {
        const auto object = random_object<T>(rng);
        ASSERT_TRUE(protobuf_codec().encode(object, bytes));
        Message message;
        ASSERT_TRUE(message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
        message.DiscardUnknownFields();  // a field that they do not know would be lost here
        T read{};
        const auto done = protobuf_codec().decode(as_bytes(message.SerializeAsString()), read);
        ASSERT_TRUE(done) << done.error().message;
        ASSERT_TRUE(same(view(std::as_const(read)), view(object)));
    }
}

TEST(ProtobufConformance, NothingIsLostOnTheWayThroughThem) {
    through_them<Nested, squall_test::Nested>(1000);
    through_them<Player, squall_test::Player>(300);
    through_them<Entity, squall_test::Entity>(300);
}

TEST(ProtobufConformance, UnpackedListsUnknownFieldsAndGroupsAreRead) {
    // slots one by one, a field 100 of every wire type, and a group: as older and newer programs write.
    const std::string bytes(
        "\x60\x01\x60\x02\x60\x03"
        "\xa0\x06\x05"
        "\xa1\x06\x00\x00\x00\x00\x00\x00\x00\x00"
        "\xa2\x06\x03xyz"
        "\xa3\x06\x08\x01\xa4\x06"
        "\xa5\x06\x00\x00\x00\x00",
        6 + 3 + 10 + 6 + 6 + 6);
    squall_test::Everything message;
    ASSERT_TRUE(message.ParseFromString(bytes));
    Everything read;
    const auto done = protobuf_codec().decode(as_bytes(bytes), read);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(read.slots, (std::array<std::uint16_t, 3>{1, 2, 3}));
}

}  // namespace
