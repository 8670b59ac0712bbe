// Quantities with their unit in the type, and their text form ("50ms", "0.5%", "8mbit", "64KiB"). Integers
// only: a ratio is a numerator over a denominator, so that no draw depends on floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall {

// A probability or share in [0, 1], as an exact fraction; denominator > 0.
struct Ratio {
    std::uint64_t numerator = 0;
    std::uint64_t denominator = 1;
    [[nodiscard]] constexpr bool is_zero() const { return numerator == 0; }
    [[nodiscard]] constexpr bool is_one() const { return numerator >= denominator; }
    [[nodiscard]] constexpr double value() const {
        return static_cast<double>(numerator) / static_cast<double>(denominator);
    }
    friend constexpr bool operator==(Ratio a, Ratio b) = default;
};
[[nodiscard]] constexpr Ratio percent(std::uint64_t n) {
    return {n, 100};
}
[[nodiscard]] constexpr Ratio per_million(std::uint64_t n) {
    return {n, 1'000'000};
}

// Bits per second.
struct DataRate {
    std::uint64_t bits_per_second = 0;
    // Time to send so many bytes at this rate, rounded up to a nanosecond. The rate must not be zero.
    [[nodiscard]] constexpr Duration time_to_send(std::uint64_t bytes) const {
        const auto nanoseconds =
            (static_cast<unsigned __int128>(bytes) * 8 * 1'000'000'000 + bits_per_second - 1) /
            bits_per_second;
        return Duration{static_cast<std::int64_t>(nanoseconds)};
    }
    // Whole bytes that this rate sends in a span of time.
    [[nodiscard]] constexpr std::uint64_t bytes_in(Duration span) const {
        if (span.count() <= 0) return 0;
        return static_cast<std::uint64_t>(static_cast<unsigned __int128>(bits_per_second) *
                                          static_cast<std::uint64_t>(span.count()) / 8 / 1'000'000'000);
    }
    friend constexpr auto operator<=>(DataRate, DataRate) = default;
};
[[nodiscard]] constexpr DataRate kilobits_per_second(std::uint64_t n) {
    return {n * 1000};
}
[[nodiscard]] constexpr DataRate megabits_per_second(std::uint64_t n) {
    return {n * 1'000'000};
}

// "1.5s", "200ms", "50us", "10ns", "2m", "1h", and sums such as "1m30s". A bare number is an error that names
// the units.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
// "5%", "0.25%", "0%" to "100%". A bare number is an error.
[[nodiscard]] Result<Ratio> parse_ratio(std::string_view text);
// "64kbit", "2mbit", "1.5mbit", "1gbit", "800bit" per second, decimal prefixes as tc(8) has them. A bare
// number is an error.
[[nodiscard]] Result<DataRate> parse_data_rate(std::string_view text);
// "1200B", "64KiB", "1MiB", "10kB", "5MB". A bare number is an error.
[[nodiscard]] Result<std::uint64_t> parse_data_size(std::string_view text);

// The shortest text that the parser reads back to the same value.
[[nodiscard]] std::string to_string(Duration d);
[[nodiscard]] std::string to_string(Ratio r);
[[nodiscard]] std::string to_string(DataRate r);

}  // namespace squall
