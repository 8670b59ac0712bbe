// BitWriter, BitReader and BitCounter against each other: golden bytes, round trips by random scripts, every
// refusal.
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/serialise.hpp"

namespace squall::wire {
namespace {

// One value of one kind, drawn at random; what a script is made of.
struct Step {
    enum class Kind : std::uint8_t { bits, boolean, ranged, varint, signed_varint, text, raw, align } kind{};
    unsigned width = 0;
    std::uint64_t number = 0;
    std::int64_t minimum = 0;
    std::int64_t maximum = 0;
    std::int64_t value = 0;
    bool flag = false;
    std::string text;
    std::array<std::byte, 5> raw{};
    friend bool operator==(const Step&, const Step&) = default;
};

template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, Step> step) {
    switch (step.kind) {
        case Step::Kind::bits: return stream.bits(step.number, step.width);
        case Step::Kind::boolean: return stream.boolean(step.flag);
        case Step::Kind::ranged: return stream.ranged(step.value, step.minimum, step.maximum);
        case Step::Kind::varint: return stream.varint(step.number);
        case Step::Kind::signed_varint: return stream.signed_varint(step.value);
        case Step::Kind::text: return stream.text(step.text, 40);
        case Step::Kind::raw: return stream.raw_bytes(step.raw);
        case Step::Kind::align: return stream.align();
    }
}

std::uint64_t any_magnitude(Rng& rng) {
    const auto bits = static_cast<unsigned>(rng.below(65));
    return bits == 0 ? 0 : rng.next() >> (64 - bits);
}

Step draw(Rng& rng) {
    Step step;
    step.kind = static_cast<Step::Kind>(rng.below(8));
    step.width = static_cast<unsigned>(rng.below(65));
    const std::uint64_t any = any_magnitude(rng);
    if (step.kind == Step::Kind::bits)
        step.number = step.width == 64 ? any : any & ((std::uint64_t{1} << step.width) - 1);
    if (step.kind == Step::Kind::varint) step.number = any;
    if (step.kind == Step::Kind::boolean) step.flag = rng.below(2) != 0;
    if (step.kind == Step::Kind::signed_varint)
        step.value = static_cast<std::int64_t>(any ^ (rng.below(2) != 0 ? ~0ULL : 0));
    if (step.kind == Step::Kind::ranged) {
        const auto a = static_cast<std::int64_t>(any_magnitude(rng) ^ (rng.below(2) != 0 ? ~0ULL : 0));
        const auto b = static_cast<std::int64_t>(any_magnitude(rng));
        step.minimum = std::min(a, b);
        step.maximum = std::max(a, b);
        step.value = rng.between(step.minimum, step.maximum);
    }
    if (step.kind == Step::Kind::text)
        for (auto n = rng.below(41); n > 0; --n) step.text.push_back(static_cast<char>(rng.below(256)));
    if (step.kind == Step::Kind::raw)
        for (auto& byte : step.raw) byte = static_cast<std::byte>(rng.below(256));
    return step;
}

// The same step with its results blanked, as a reader starts.
Step blank(const Step& step) {
    Step out;
    out.kind = step.kind;
    out.width = step.width;
    out.minimum = step.minimum;
    out.maximum = step.maximum;
    return out;
}

std::vector<Step> draw_script(Rng& rng) {
    std::vector<Step> script(rng.below(30));
    for (auto& step : script) step = draw(rng);
    return script;
}

TEST(BitStream, WritesLeastSignificantBitFirst) {
    std::array<std::byte, 32> buffer{};
    BitWriter writer(buffer);
    writer.bits(0b101U, 3);
    writer.boolean(true);
    writer.ranged(-3, -5, 10);  // 2 in 4 bits
    writer.bits(0x1234'5678'9abc'def0ULL, 64);
    writer.bits(1U, 1);
    writer.text("hi", 100);  // 7 bits of length: 2, then aligned
    writer.varint(300);
    writer.signed_varint(-1);
    EXPECT_EQ(to_hex(writer.finish()),
              "2d"
              "f0debc9a78563412"
              "05"
              "6869"
              "ac02"
              "01");
    EXPECT_TRUE(writer.ok());
}

TEST(BitStream, RoundTripsRandomScriptsAndMeasuresThem) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        Rng rng(seed);
        const auto script = draw_script(rng);
        std::array<std::byte, 2048> buffer;
        BitWriter writer(buffer);
        BitCounter counter;
        for (const auto& step : script) serialise(writer, step);
        for (const auto& step : script) serialise(counter, step);
        ASSERT_TRUE(writer.ok()) << "seed " << seed;
        ASSERT_EQ(writer.bit_count(), counter.bit_count()) << "seed " << seed;
        const Bytes written = writer.finish();
        ASSERT_EQ(written.size(), counter.byte_count());

        BitReader reader(written);
        for (const auto& step : script) {
            Step read = blank(step);
            serialise(reader, read);
            ASSERT_EQ(read, step) << "seed " << seed;
        }
        ASSERT_TRUE(reader.finish()) << "seed " << seed;
    }
}

TEST(BitStream, RefusesEveryTruncation) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        Rng rng(seed);
        const auto script = draw_script(rng);
        std::array<std::byte, 2048> buffer;
        BitWriter whole(buffer);
        for (const auto& step : script) serialise(whole, step);
        const std::size_t size = whole.finish().size();
        for (std::size_t cut = 0; cut < size; ++cut) {
            // An exact copy, so that a sanitizer sees a read past its end.
            const std::vector<std::byte> bytes(buffer.begin(),
                                               buffer.begin() + static_cast<std::ptrdiff_t>(cut));
            BitReader reader(bytes);
            for (const auto& step : script) {
                Step read = blank(step);
                serialise(reader, read);
            }
            ASSERT_FALSE(reader.ok()) << "seed " << seed << ", cut to " << cut;

            std::vector<std::byte> small(cut);
            BitWriter writer(small);
            for (const auto& step : script) serialise(writer, step);
            ASSERT_EQ(writer.fault(), StreamFault::end_of_buffer) << "seed " << seed << ", cut to " << cut;
            ASSERT_TRUE(writer.finish().empty());
        }
    }
}

TEST(BitStream, SurvivesRandomBytes) {
    for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
        Rng rng(seed);
        std::vector<std::byte> bytes(rng.below(40));
        for (auto& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
        BitReader reader(bytes);
        for (int i = 0; i < 20; ++i) {
            Step step = blank(draw(rng));
            serialise(reader, step);
            ASSERT_LE(step.text.size(), 40U);
            if (step.kind == Step::Kind::ranged) {
                ASSERT_GE(step.value, step.minimum);
                ASSERT_LE(step.value, step.maximum);
            }
            ASSERT_LE(reader.bit_count(), bytes.size() * 8);
        }
    }
}

TEST(BitStream, ReadsEveryWidthAtEveryOffset) {
    for (unsigned offset = 0; offset < 64; ++offset) {
        for (unsigned width = 0; width <= 64; ++width) {
            const std::uint64_t value = width == 0 ? 0 : ~std::uint64_t{0} >> (64 - width);
            std::array<std::byte, 17> buffer{};
            BitWriter writer(buffer);
            writer.bits(0U, offset);
            writer.bits(value, width);
            writer.bits(0U, 7);
            const Bytes written = writer.finish();
            BitReader reader(written);
            std::uint64_t zero = 1;
            std::uint64_t read = 0;
            reader.bits(zero, offset);
            reader.bits(read, width);
            ASSERT_EQ(zero, 0U);
            ASSERT_EQ(read, value) << offset << " + " << width;
            reader.bits(zero, 7);
            ASSERT_EQ(zero, 0U);
            ASSERT_TRUE(reader.ok());
        }
    }
}

TEST(BitWriter, RefusesValuesOutsideTheirRangeAndStaysRefused) {
    std::array<std::byte, 16> buffer{};
    const auto fault_of = [&](auto write) {
        BitWriter writer(buffer);
        write(writer);
        writer.boolean(true);
        EXPECT_TRUE(writer.finish().empty());
        return writer.fault();
    };
    EXPECT_EQ(fault_of([](auto& w) { w.bits(8U, 3); }), StreamFault::out_of_range);
    EXPECT_EQ(fault_of([](auto& w) { w.bits(1U, 0); }), StreamFault::out_of_range);
    EXPECT_EQ(fault_of([](auto& w) { w.ranged(-1, 0, 5); }), StreamFault::out_of_range);
    EXPECT_EQ(fault_of([](auto& w) { w.ranged(6, 0, 5); }), StreamFault::out_of_range);
    EXPECT_EQ(fault_of([](auto& w) { w.text("four", 3); }), StreamFault::too_long);
    EXPECT_EQ(fault_of([](auto& w) { w.fixed_point(2.0, FixedPoint{0, 1, 8}); }), StreamFault::out_of_range);
    EXPECT_EQ(fault_of([](auto& w) {
                  w.fixed_point(std::numeric_limits<double>::quiet_NaN(), FixedPoint{0, 1, 8});
              }),
              StreamFault::out_of_range);
}

TEST(BitReader, RefusesANumberAboveItsRange) {
    std::array<std::byte, 1> buffer{std::byte{7}};
    BitReader reader(buffer);
    int value = 99;
    reader.ranged(value, 10, 15);  // 3 bits hold 7, the range ends at 5
    EXPECT_EQ(reader.fault(), StreamFault::out_of_range);
    EXPECT_EQ(value, 10);
}

TEST(BitReader, RefusesMoreBitsThanTheTypeHolds) {
    std::array<std::byte, 2> buffer{std::byte{0xff}, std::byte{0xff}};
    BitReader reader(buffer);
    std::uint8_t value = 1;
    reader.bits(value, 9);
    EXPECT_EQ(reader.fault(), StreamFault::out_of_range);
    EXPECT_EQ(value, 0);
}

TEST(BitReader, ReadsTheWholeRangeOfEveryInteger) {
    std::array<std::byte, 64> buffer{};
    BitWriter writer(buffer);
    constexpr auto low = std::numeric_limits<std::int64_t>::min();
    constexpr auto high = std::numeric_limits<std::int64_t>::max();
    writer.ranged(low, low, high);
    writer.ranged(high, low, high);
    writer.ranged(std::int8_t{-128}, -128, 127);
    writer.ranged(5, 5, 5);  // no bits at all
    EXPECT_EQ(writer.bit_count(), 136U);
    BitReader reader(writer.finish());
    std::int64_t a = 0;
    std::int64_t b = 0;
    std::int8_t c = 0;
    int d = 0;
    reader.ranged(a, low, high);
    reader.ranged(b, low, high);
    reader.ranged(c, -128, 127);
    reader.ranged(d, 5, 5);
    EXPECT_EQ(a, low);
    EXPECT_EQ(b, high);
    EXPECT_EQ(c, -128);
    EXPECT_EQ(d, 5);
    EXPECT_TRUE(reader.finish());
}

TEST(BitReader, RefusesVarintsThatAreNotMinimalOrTooLong) {
    const auto fault_of = [](std::string_view hex) {
        const auto bytes = from_hex(hex);
        BitReader reader(*bytes);
        std::uint64_t value = 1;
        reader.varint(value);
        EXPECT_TRUE(reader.ok() || value == 0);
        return reader.fault();
    };
    EXPECT_EQ(fault_of("ffffffffffffffffff01"), StreamFault::none);
    EXPECT_EQ(fault_of("ffffffffffffffffff02"), StreamFault::not_canonical);
    EXPECT_EQ(fault_of("8000"), StreamFault::not_canonical);
    EXPECT_EQ(fault_of("80"), StreamFault::end_of_buffer);
    EXPECT_EQ(fault_of(""), StreamFault::end_of_buffer);
}

TEST(BitReader, RefusesPaddingThatIsNotZeroAndBytesThatAreLeft) {
    const auto finishes = [](std::string_view hex) {
        const auto bytes = from_hex(hex);
        BitReader reader(*bytes);
        bool flag = false;
        reader.boolean(flag);
        return reader.finish();
    };
    EXPECT_TRUE(finishes("01"));
    EXPECT_FALSE(finishes("03"));
    EXPECT_FALSE(finishes("0100"));
}

TEST(BitReader, NeverAllocatesForALengthThatIsNotThere) {
    std::array<std::byte, 8> buffer{};
    BitWriter writer(buffer);
    writer.ranged<std::uint64_t>(1'000'000, 0, 1'000'000);
    BitReader reader(writer.finish());
    std::vector<std::byte> bytes;
    reader.byte_string(bytes, 1'000'000);
    EXPECT_EQ(reader.fault(), StreamFault::end_of_buffer);
    EXPECT_EQ(bytes.capacity(), 0U);
}

TEST(FixedPoint, IsExactOnItsGridAndRoundsToIt) {
    constexpr FixedPoint format{-256, 256, 7};
    EXPECT_EQ(format.bits(), 17U);
    for (std::uint64_t step = 0; step <= format.highest_step(); ++step)
        ASSERT_EQ(format.quantise(format.restore(step)), step);
    EXPECT_EQ(format.quantise(0.0039), format.quantise(0.0));
    EXPECT_EQ(format.quantise(0.00390625), format.quantise(1.0 / 128));
    EXPECT_EQ(format.quantise(256.01), std::nullopt);
    EXPECT_EQ(format.quantise(-std::numeric_limits<double>::infinity()), std::nullopt);

    std::array<std::byte, 8> buffer{};
    BitWriter writer(buffer);
    writer.fixed_point(-12.5, format);
    BitReader reader(writer.finish());
    float value = 0;
    reader.fixed_point(value, format);
    EXPECT_EQ(value, -12.5F);
}

enum class Colour : std::uint8_t { red, green, blue };
struct Shot {
    Colour colour = Colour::red;
    std::uint32_t x = 0;
    std::string name;
    friend bool operator==(const Shot&, const Shot&) = default;
};
template <BitStream Stream>
void serialise(Stream& stream, Ref<Stream, Shot> shot) {
    stream.enumeration(shot.colour, Colour::blue);
    stream.ranged(shot.x, 0, 1000);
    if (shot.colour == Colour::blue) stream.text(shot.name, 15);
}

TEST(Serialise, OneFunctionReadsWritesAndMeasures) {
    std::array<std::byte, 64> buffer{};
    const Shot shot{Colour::blue, 1000, "squall"};
    const auto bytes = encode(buffer, shot);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->size(), 8U);
    EXPECT_EQ(encoded_bits(shot), 64U);
    Shot read;
    EXPECT_TRUE(decode(*bytes, read));
    EXPECT_EQ(read, shot);
    EXPECT_FALSE(decode(bytes->first(7), read));
    EXPECT_FALSE(encode(buffer, Shot{Colour::red, 1001, {}}));
}

}  // namespace
}  // namespace squall::wire
