// Quantisation of a floating point number to a grid whose step is a power of two. Scaling by a power of two
// is exact, so every compiler and machine gives the same integer. Knows no stream.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>

namespace squall::wire {

// The numbers minimum, minimum + 2^-fraction_bits, ... maximum. fraction_bits up to 30, minimum < maximum.
struct FixedPoint {
    std::int32_t minimum = 0;
    std::int32_t maximum = 1;
    unsigned fraction_bits = 0;

    [[nodiscard]] constexpr std::uint64_t highest_step() const {
        return (static_cast<std::uint64_t>(std::int64_t{maximum} - minimum)) << fraction_bits;
    }
    [[nodiscard]] constexpr unsigned bits() const {
        return static_cast<unsigned>(std::bit_width(highest_step()));
    }

    // The nearest step (half a step goes up); nothing for NaN and for what lies outside by more than half a
    // step.
    [[nodiscard]] std::optional<std::uint64_t> quantise(double value) const {
        const double scaled = (value - minimum) * static_cast<double>(std::uint64_t{1} << fraction_bits);
        const double step = std::floor(scaled + 0.5);
        if (!(step >= 0.0 && step <= static_cast<double>(highest_step()))) return std::nullopt;
        return static_cast<std::uint64_t>(step);
    }
    // Exact for every step that quantise() gives (up to 2^53).
    [[nodiscard]] constexpr double restore(std::uint64_t step) const {
        return static_cast<double>(step) / static_cast<double>(std::uint64_t{1} << fraction_bits) + minimum;
    }
};

}  // namespace squall::wire
