// What quantisation may lose, held over a million random values of every kind of grid and every size of
// rotation: half a step, and nothing more when what was read is sent again.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <type_traits>

#include "squall/core/rng.hpp"
#include "squall/wire/bit_codec.hpp"
#include "squall/wire/fixed_point.hpp"
#include "squall/wire/unit_codec.hpp"

namespace squall::wire {
namespace {

// One field for each grid; `double` where a float is coarser than the grid.
struct Measured {
    float position = 0;
    float tenth = 0;
    float angle = 0;
    double fine = 0;
    double odd = 0;
    double one_bit = 0;
};

}  // namespace
}  // namespace squall::wire

// At global scope, as a user writes them.
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::position> =
    squall::wire::quantised(-256, 256, 16);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::tenth> =
    squall::wire::fixed_point(-100, 100, 0.1);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::angle> =
    squall::wire::quantised(0, 6.283185307179586, 12);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::fine> =
    squall::wire::quantised(-1e6, 1e6, 40);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::odd> =
    squall::wire::fixed_point(-7.3, 1234.5, 0.37);
template <>
inline constexpr auto squall::wire::field<&squall::wire::Measured::one_bit> =
    squall::wire::quantised(0, 1, 1);

namespace squall::wire {
namespace {

constexpr int kValues = 1'000'000;

double uniform(Rng& rng, double low, double high) {
    constexpr std::int64_t kParts = std::int64_t{1} << 52;
    return low + (high - low) * (static_cast<double>(rng.between(0, kParts)) / static_cast<double>(kParts));
}

template <auto Member>
constexpr Grid kGridOf = *field<Member>.grid;

// Half a step, and what the arithmetic itself rounds: of the number that is kept, and of the doubles between.
template <class Number>
double bound_of(const Grid& grid, double value) {
    const double rounding = std::is_same_v<Number, float> ? 0x1p-24 : 0x1p-53;
    const double largest = std::max({std::abs(value), std::abs(grid.minimum), std::abs(grid.maximum)});
    // quantised(): the grid's last number is one step below the end, and stands for what is between, too.
    const double last = grid.restore(grid.highest);
    return std::max(grid.step / 2, value - last) + largest * (rounding + 0x1p-50);
}

template <auto Member>
void expect_within_half_a_step(Rng& rng) {
    using Number = std::remove_cvref_t<decltype(std::declval<Measured&>().*Member)>;
    constexpr Grid kGrid = kGridOf<Member>;
    double worst = 0;
    for (int i = 0; i < kValues; ++i) {
        const auto value = static_cast<Number>(uniform(rng, kGrid.minimum, kGrid.maximum));
        const auto steps = kGrid.quantise(static_cast<double>(value));
        // A float may round to just above the end; that is outside, and refused.
        if (!steps && static_cast<double>(value) > kGrid.maximum) continue;
        ASSERT_TRUE(steps) << value;
        const auto restored = static_cast<Number>(kGrid.restore(*steps));
        const double lost = std::abs(static_cast<double>(value) - static_cast<double>(restored));
        ASSERT_LE(lost, bound_of<Number>(kGrid, static_cast<double>(value)))
            << value << " became " << restored;
        ASSERT_EQ(kGrid.quantise(static_cast<double>(restored)), steps) << value;
        worst = std::max(worst, lost);
    }
    EXPECT_GT(worst, kGrid.step * 0.49) << "the values do not reach the bound, so they do not test it";
}

TEST(Quantisation, LosesAtMostHalfAStepOfAMillionRandomValuesOfEachGrid) {
    Rng rng(156);
    expect_within_half_a_step<&Measured::position>(rng);
    expect_within_half_a_step<&Measured::tenth>(rng);
    expect_within_half_a_step<&Measured::angle>(rng);
    expect_within_half_a_step<&Measured::fine>(rng);
    expect_within_half_a_step<&Measured::odd>(rng);
    expect_within_half_a_step<&Measured::one_bit>(rng);
}

TEST(Quantisation, OfAStreamsFixedPointLosesAtMostHalfAStep) {
    Rng rng(156);
    constexpr FixedPoint kFormat{-256, 256, 7};
    constexpr double kStep = 1.0 / 128;
    for (int i = 0; i < kValues; ++i) {
        const double value = uniform(rng, -256, 256);
        const auto step = kFormat.quantise(value);
        ASSERT_TRUE(step) << value;
        ASSERT_LE(std::abs(value - kFormat.restore(*step)), kStep / 2) << value;
    }
}

// The same through the bit codec, so that nothing between a struct and its bytes loses more.
TEST(Quantisation, LosesNoMoreInACodecAndNothingTheSecondTime) {
    Rng rng(156);
    const auto each = [&]<class F>(F&& of) {
        of.template operator()<&Measured::position>();
        of.template operator()<&Measured::tenth>();
        of.template operator()<&Measured::angle>();
        of.template operator()<&Measured::fine>();
        of.template operator()<&Measured::odd>();
        of.template operator()<&Measured::one_bit>();
    };
    std::array<std::byte, 64> buffer{};
    for (int i = 0; i < kValues / 10; ++i) {
        Measured sent;
        each([&]<auto Member>() {
            constexpr Grid kGrid = kGridOf<Member>;
            // Not the last half step, where a float may round to what is outside.
            sent.*Member = static_cast<std::remove_cvref_t<decltype(sent.*Member)>>(
                uniform(rng, kGrid.minimum, kGrid.maximum - kGrid.step / 2));
        });
        const auto bytes = encode(buffer, sent);
        ASSERT_TRUE(bytes);
        Measured read;
        ASSERT_TRUE(decode(*bytes, read));
        each([&]<auto Member>() {
            using Number = std::remove_cvref_t<decltype(sent.*Member)>;
            const auto before = static_cast<double>(sent.*Member);
            EXPECT_LE(std::abs(before - static_cast<double>(read.*Member)),
                      bound_of<Number>(kGridOf<Member>, before));
        });
        std::array<std::byte, 64> second{};
        const auto again = encode(second, read);
        ASSERT_TRUE(again);
        ASSERT_TRUE(std::ranges::equal(*bytes, *again));
        ASSERT_FALSE(::testing::Test::HasFailure());
    }
}

using Quaternion = detail::SmallestThree::Quaternion;

Quaternion random_rotation(Rng& rng) {
    for (;;) {
        Quaternion q{};
        double length = 0;
        for (double& c : q) {
            c = uniform(rng, -1, 1);
            length += c * c;
        }
        if (length < 0.01 || length > 1) continue;
        for (double& c : q) c /= std::sqrt(length);
        return q;
    }
}

// The largest is so much larger than the others that no reader takes another one for it.
bool is_clear(const Quaternion& q, const detail::SmallestThree::Codes& codes, double step) {
    for (std::size_t i = 0; i < 4; ++i)
        if (i != codes[0] && std::abs(q[i]) > std::abs(q[codes[0]]) - 6 * step) return false;
    return true;
}

// Largest differences in steps: of a component that is sent, and of the one that is computed from them.
struct Loss {
    double sent = 0;
    double computed = 0;
};
Loss loss_of(const Quaternion& q, const Quaternion& read, std::size_t largest, double step) {
    // A rotation and its negative are the same: the largest is read as positive.
    const double sign = q[largest] < 0 ? -1 : 1;
    Loss loss;
    for (std::size_t i = 0; i < 4; ++i) {
        double& worst = i == largest ? loss.computed : loss.sent;
        worst = std::max(worst, std::abs(q[i] * sign - read[i]) / step);
    }
    return loss;
}

TEST(Quantisation, OfAMillionRandomRotationsLosesHalfAStepOfEachComponentThatIsSent) {
    Rng rng(156);
    constexpr unsigned kSmallest = 5;
    constexpr unsigned kLargest = 20;
    for (unsigned bits = kSmallest; bits <= kLargest; ++bits) {
        const detail::SmallestThree format{bits};
        Loss worst;
        for (int i = 0; i < kValues / static_cast<int>(kLargest - kSmallest + 1); ++i) {
            const Quaternion q = random_rotation(rng);
            detail::SmallestThree::Codes codes{};
            Quaternion read{};
            ASSERT_TRUE(format.quantise<double>(q, codes));
            ASSERT_TRUE(format.restore(codes, read));
            detail::SmallestThree::Codes again{};
            ASSERT_TRUE(format.quantise<double>(read, again));
            ASSERT_EQ(codes, again) << bits << " bits: sent again it changes";
            const Loss loss = loss_of(q, read, codes[0], format.step());
            if (is_clear(q, codes, format.step())) {
                worst.sent = std::max(worst.sent, loss.sent);
                worst.computed = std::max(worst.computed, loss.computed);
            } else {
                // Nearly equal ones settle on a form that is sent again unchanged, which may be further away.
                ASSERT_LE(loss.sent, 2) << bits << " bits";
                ASSERT_LE(loss.computed, 2) << bits << " bits";
            }
        }
        EXPECT_LE(worst.sent, 0.5 + 1e-9) << bits << " bits";
        EXPECT_GT(worst.sent, 0.49) << bits << " bits: the values do not reach the bound";
        // Three errors of half a step, weighed by at most 1 each (the largest is 1/2 at least), and their
        // squares.
        EXPECT_LE(worst.computed, 1.5 + format.step()) << bits << " bits";
    }
}

}  // namespace
}  // namespace squall::wire
