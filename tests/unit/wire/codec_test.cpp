// What holds for every codec: random objects of several schemas come back as they were, bad ones are refused
// by name both ways, cut and changed bytes are refused or give valid objects, and nothing grows beyond its
// limits.
#include "squall/wire/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/wire/codec_objects.hpp"

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

struct CodecCase {
    const Codec& (*codec)();
    bool exact;     // floating point numbers come back as they were
    bool any_text;  // not only UTF-8
    bool skips;     // unknown fields
};
void PrintTo(const CodecCase& each, std::ostream* out) {
    *out << each.codec().name();
}

class EveryCodec : public testing::TestWithParam<CodecCase> {
  protected:
    const Codec& codec() const { return GetParam().codec(); }

    template <class T>
    T random_object(Rng& rng) {
        T object{};
        RandomObject(rng).fill(view(object));
        if (!GetParam().any_text) make_utf8(view(object), rng);
        return object;
    }
    template <class T>
    void round_trips(int times) {
        Rng rng(7);
        std::vector<std::byte> bytes;
        std::vector<std::byte> again;
        for (int i = 0; i < times; ++i) {
            const T object = random_object<T>(rng);
            auto written = codec().encode(object, bytes);
            ASSERT_TRUE(written) << written.error().message;
            T read = random_object<T>(rng);  // nothing of what was there may stay
            auto decoded = codec().decode(bytes, read);
            ASSERT_TRUE(decoded) << decoded.error().message << "\n" << as_text(bytes);
            if (GetParam().exact) {
                ASSERT_TRUE(same(view(std::as_const(read)), view(object))) << as_text(bytes);
            }
            ASSERT_TRUE(codec().encode(read, again));
            ASSERT_EQ(bytes, again);
        }
    }
    template <class T>
    std::string refusal(const T& object) {
        std::vector<std::byte> bytes(3);
        const auto written = codec().encode(object, bytes);
        EXPECT_TRUE(written || bytes.empty());
        return written ? "it was written" : written.error().message;
    }
};

INSTANTIATE_TEST_SUITE_P(All, EveryCodec,
                         testing::Values(CodecCase{bits_codec, false, true, false},
                                         CodecCase{json_codec, true, false, true},
                                         CodecCase{message_pack_codec, true, true, true},
                                         CodecCase{message_pack_named_codec, true, true, true},
                                         CodecCase{protobuf_codec, true, false, true}),
                         [](const auto& each) {
                             std::string name(each.param.codec().name());
                             std::erase(name, '-');
                             return name;
                         });

TEST_P(EveryCodec, RandomObjectsComeBackAsTheyWere) {
    round_trips<Player>(300);
    round_trips<CompactPlayer>(300);
    round_trips<Entity>(300);
    round_trips<Everything>(1000);
    round_trips<Account>(100);
    round_trips<Savings>(100);
    round_trips<Nested>(1000);
}

TEST_P(EveryCodec, ABadValueIsNotWrittenAndIsNamed) {
    Player player;
    player.ammo = 31;
    EXPECT_THAT(refusal(player),
                StartsWith(std::string(codec().name()) + ": Player.ammo: 31; it must be 0 to 30"));
    Everything everything;
    everything.weapon = static_cast<Weapon>(9);
    EXPECT_THAT(refusal(everything), HasSubstr("Everything.weapon"));
    everything = {};
    everything.action = Shoot{.weapon = static_cast<Weapon>(77)};
    EXPECT_THAT(refusal(everything), HasSubstr("Everything.action<Shoot>.weapon"));
    everything = {};
    everything.name = std::string(21, 'x');
    EXPECT_THAT(refusal(everything), HasSubstr("Everything.name: 21 bytes of text; 20 is the limit"));
    everything = {};
    everything.trail.resize(9);
    EXPECT_THAT(refusal(everything), HasSubstr("Everything.trail"));
    Entity entity;
    entity.rotation.w = 3;
    EXPECT_THAT(refusal(entity), HasSubstr("Entity.rotation"));
}

TEST_P(EveryCodec, CutBytesAreRefused) {
    Rng rng(3);
    std::vector<std::byte> bytes;
    for (int i = 0; i < 20; ++i) {
        const auto object = random_object<Player>(rng);
        ASSERT_TRUE(codec().encode(object, bytes));
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            Player read{};
            const auto decoded = codec().decode(Bytes(bytes).first(size), read);
            if (codec().id() == CodecId::protobuf) continue;  // it has no end of its own: see its tests
            ASSERT_FALSE(decoded) << size << " of " << as_text(bytes);
            EXPECT_THAT(decoded.error().message, StartsWith(std::string(codec().name()) + ": "));
        }
    }
}

TEST_P(EveryCodec, BytesThatFollowAreRefused) {
    std::vector<std::byte> bytes;
    ASSERT_TRUE(codec().encode(Player{}, bytes));
    bytes.push_back(std::byte{1});
    Player read{};
    EXPECT_FALSE(codec().decode(bytes, read));
}

TEST_P(EveryCodec, ChangedBytesAreRefusedOrGiveAValidObject) {
    Rng rng(5);
    std::vector<std::byte> bytes;
    int accepted = 0;
    for (int i = 0; i < 4000; ++i) {
        const auto object = random_object<Everything>(rng);
        ASSERT_TRUE(codec().encode(object, bytes));
        for (std::uint64_t n = rng.below(4) + 1; n > 0; --n)
            bytes[rng.below(bytes.size())] = static_cast<std::byte>(rng.below(256));
        Everything read{};
        const auto decoded = codec().decode(bytes, read);
        if (!decoded) {
            EXPECT_FALSE(decoded.error().message.empty());
            continue;
        }
        ++accepted;
        const auto valid = validate(read);
        ASSERT_TRUE(valid) << valid.error().message;
    }
    EXPECT_GT(accepted, 0);
}

TEST_P(EveryCodec, SizesAreBounded) {
    const std::vector<std::byte> large(kMaxEncodedBytes + 1, std::byte{' '});
    Player read{};
    const auto decoded = codec().decode(large, read);
    ASSERT_FALSE(decoded);
    EXPECT_EQ(decoded.error().code, ErrorCode::too_large);
    Bulk bulk;
    bulk.blobs.assign(600, std::vector<std::byte>(5000));
    std::vector<std::byte> bytes;
    const auto written = codec().encode(bulk, bytes);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().code, ErrorCode::too_large);
    EXPECT_TRUE(bytes.empty());
}

TEST_P(EveryCodec, FieldsMayBeAddedAtTheEnd) {
    if (!GetParam().skips) return;
    std::vector<std::byte> bytes;
    ASSERT_TRUE(
        codec().encode(VersionTwo{.a = 5, .b = "text", .extra = {{1, 2}, {3}}, .more = {.x = 1}}, bytes));
    VersionOne old{};
    const auto decoded = codec().decode(bytes, old);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(old, (VersionOne{5, "text"}));

    ASSERT_TRUE(codec().encode(VersionOne{6, "old"}, bytes));
    VersionTwo fresh;
    fresh.more.x = 9;
    const auto read = codec().decode(bytes, fresh);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(fresh.a, 6);
    EXPECT_EQ(fresh.more.x, 9) << "what is missing stays as it is";
}

TEST_P(EveryCodec, AMissingFieldWhoseDefaultIsNotValidIsRefused) {
    if (!GetParam().skips) return;
    std::vector<std::byte> bytes;
    ASSERT_TRUE(codec().encode(Empty{}, bytes));
    MustBeSet read{};
    const auto decoded = codec().decode(bytes, read);
    ASSERT_FALSE(decoded);
    EXPECT_THAT(decoded.error().message, HasSubstr("MustBeSet.level: 0; it must be 1 to 9"));
}

TEST_P(EveryCodec, ItsMemoryIsUsedAgain) {
    std::vector<std::byte> bytes;
    bytes.reserve(4096);
    const auto* memory = bytes.data();
    ASSERT_TRUE(codec().encode(Player{}, bytes));
    EXPECT_EQ(bytes.data(), memory);
}

}  // namespace
