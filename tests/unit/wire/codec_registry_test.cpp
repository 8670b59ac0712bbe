// Which codecs two programs have in common, a user's own codec among them, and what is said when they have
// none.
#include "squall/wire/codec_registry.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <charconv>

#include "unit/wire/codec_objects.hpp"

using testing::HasSubstr;

// A stranger's codec, written against the public headers only: "name=value;" for each field, integers only.
namespace stranger {

class LineCodec final : public squall::wire::Codec {
  public:
    using squall::wire::Codec::decode;
    using squall::wire::Codec::encode;
    [[nodiscard]] std::string_view name() const override { return "lines"; }
    [[nodiscard]] squall::wire::CodecId id() const override { return squall::wire::user_codec_id(200); }

    squall::Result<> encode(const squall::wire::CodecType& type, const void* object,
                            std::vector<std::byte>& out) const override {
        const squall::wire::ConstValue value(*type.description, object);
        std::string text;
        for (std::size_t i = 0; i < value.size(); ++i)
            text += std::string(value.name_of(i)) + "=" + std::to_string(value.at(i).as_signed()) + ";";
        const auto bytes = squall::as_bytes(text);
        out.assign(bytes.begin(), bytes.end());
        return {};
    }
    squall::Result<> decode(const squall::wire::CodecType& type, squall::Bytes bytes,
                            void* object) const override {
        squall::wire::Value value(*type.description, object);
        std::string_view text = squall::as_text(bytes);
        for (std::size_t i = 0; i < value.size(); ++i) {
            const auto equals = text.find('=');
            const auto end = text.find(';');
            if (equals == text.npos || end == text.npos)
                return squall::fail(squall::ErrorCode::malformed, "a field is missing");
            std::int64_t number = 0;
            std::from_chars(text.data() + equals + 1, text.data() + end, number);
            if (auto set = value.at(i).set_integer(number); !set) return set;
            text.remove_prefix(end + 1);
        }
        return {};
    }
};

struct Score {
    std::int32_t red = 0;
    std::int32_t blue = 0;
    friend bool operator==(const Score&, const Score&) = default;
};

}  // namespace stranger

namespace {

using namespace squall;
using namespace squall::wire;

struct NamedCodec final : Codec {
    NamedCodec(std::string_view codec_name, CodecId codec_id) : name_(codec_name), id_(codec_id) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] CodecId id() const override { return id_; }
    Result<> encode(const CodecType&, const void*, std::vector<std::byte>&) const override { return {}; }
    Result<> decode(const CodecType&, Bytes, void*) const override { return {}; }
    std::string_view name_;
    CodecId id_;
};

std::vector<CodecName> offer_of(const CodecRegistry& registry) {
    const auto offer = read_codec_offer(write_codec_offer(registry));
    EXPECT_TRUE(offer) << offer.error().message;
    return *offer;
}

TEST(CodecRegistry, TheSameObjectGoesThroughEveryCodecAndAUsersOwn) {
    CodecRegistry registry = CodecRegistry::standard();
    const stranger::LineCodec lines;
    ASSERT_TRUE(registry.add(lines));
    const stranger::Score score{3, -4};
    std::vector<std::byte> bytes;
    for (const Codec* codec : registry.all()) {
        ASSERT_TRUE(codec->encode(score, bytes)) << codec->name();
        stranger::Score read;
        ASSERT_TRUE(codec->decode(bytes, read)) << codec->name();
        EXPECT_EQ(read, score) << codec->name();
    }
    EXPECT_EQ(as_text(bytes), "red=3;blue=-4;");
    EXPECT_EQ(registry.find("lines"), &lines);
    EXPECT_EQ(registry.find(user_codec_id(200)), &lines);
    EXPECT_EQ(registry.find("none"), nullptr);
}

TEST(CodecRegistry, IdsAndNamesAreUniqueAndProper) {
    CodecRegistry registry = CodecRegistry::standard();
    const auto message = [&](const Codec& codec) {
        const auto added = registry.add(codec);
        return added ? std::string("it was added") : added.error().message;
    };
    EXPECT_EQ(message(NamedCodec("other", CodecId::json)), "codec 'other': its id 2 is that of 'json'");
    EXPECT_EQ(message(NamedCodec("json", user_codec_id(200))),
              "codec 200: its name 'json' is that of codec 2");
    EXPECT_THAT(message(NamedCodec("none", CodecId::none)), HasSubstr("its id is 0"));
    for (const std::string_view bad : {"", "Big", "a b", "123456789012345678901234567890123"})
        EXPECT_THAT(message(NamedCodec(bad, user_codec_id(201))), HasSubstr("its name must be"));
    CodecRegistry full;
    std::vector<std::string> names;
    std::vector<NamedCodec> codecs;
    for (int i = 0; i <= 64; ++i) names.push_back("c" + std::to_string(i));
    for (int i = 0; i <= 64; ++i)
        codecs.emplace_back(names[static_cast<std::size_t>(i)],
                            user_codec_id(static_cast<std::uint8_t>(128 + i)));
    for (int i = 0; i < 64; ++i) ASSERT_TRUE(full.add(codecs[static_cast<std::size_t>(i)]));
    EXPECT_FALSE(full.add(codecs[64]));
    EXPECT_EQ(offer_of(full).size(), 64U);
}

TEST(CodecRegistry, AMismatchIsRefusedInWords) {
    const CodecRegistry ours = CodecRegistry::standard();
    CodecRegistry theirs;
    ASSERT_TRUE(theirs.add(bits_codec()));
    ASSERT_TRUE(theirs.add(json_codec()));
    const NamedCodec impostor("pack", CodecId::message_pack);
    const CodecId needed[] = {CodecId::json, CodecId::message_pack};
    EXPECT_EQ(check_codec_offer(ours, needed, offer_of(theirs)).error().message,
              "the peer has no codec 3 (message-pack); it has 1 (bits), 2 (json)");
    ASSERT_TRUE(theirs.add(impostor));
    EXPECT_EQ(check_codec_offer(ours, needed, offer_of(theirs)).error().message,
              "codec 3 is 'message-pack' here and 'pack' at the peer");
    EXPECT_TRUE(check_codec_offer(ours, needed, offer_of(ours)));
    const CodecId unknown[] = {user_codec_id(222)};
    EXPECT_EQ(check_codec_offer(ours, unknown, offer_of(ours)).error().message,
              "codec 222 (not registered here) is needed; register it");
}

TEST(CodecRegistry, TheFirstInCommonIsChosen) {
    const CodecRegistry ours = CodecRegistry::standard();
    CodecRegistry theirs;
    ASSERT_TRUE(theirs.add(json_codec()));
    ASSERT_TRUE(theirs.add(protobuf_codec()));
    const CodecId wanted[] = {CodecId::bits, CodecId::protobuf, CodecId::json};
    EXPECT_EQ(*choose_codec(ours, wanted, offer_of(theirs)), CodecId::protobuf);
    const CodecId only_bits[] = {CodecId::bits};
    EXPECT_EQ(choose_codec(ours, only_bits, offer_of(theirs)).error().message,
              "no codec in common: wanted here 1 (bits); the peer has 2 (json), 5 (protobuf)");
    EXPECT_FALSE(choose_codec(ours, only_bits, {}));
}

TEST(CodecRegistry, OffersAreReadWithCare) {
    const auto good = write_codec_offer(CodecRegistry::standard());
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(read_codec_offer(Bytes(good).first(size)));
    auto bytes = good;
    bytes.push_back(std::byte{0});
    EXPECT_FALSE(read_codec_offer(bytes));
    bytes = good;
    bytes[0] = std::byte{65};
    EXPECT_EQ(read_codec_offer(bytes).error().code, ErrorCode::too_large);
    bytes = good;
    bytes[3] = std::byte{'B'};
    EXPECT_FALSE(read_codec_offer(bytes));
    bytes = {std::byte{2}, std::byte{7}, std::byte{1},  std::byte{'a'},
             std::byte{7}, std::byte{1}, std::byte{'b'}};
    EXPECT_THAT(read_codec_offer(bytes).error().message, HasSubstr("names codec 7 twice"));
    EXPECT_TRUE(read_codec_offer(std::vector{std::byte{0}}));
}

}  // namespace
