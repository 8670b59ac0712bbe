#include "plan/exponential.hpp"

#include <bit>

namespace squall::loadgen {

std::uint64_t negative_log_q32(std::uint64_t u) {
    using Wide = unsigned __int128;
    if (u == 0) u = 1;
    const auto exponent = static_cast<unsigned>(std::bit_width(u)) - 1;
    // The mantissa in [1, 2) with 63 bits after the point; each squaring yields one bit of its binary
    // logarithm.
    std::uint64_t mantissa = u << (63 - exponent);
    std::uint64_t fraction = 0;
    for (int i = 0; i < 32; ++i) {
        const Wide square = static_cast<Wide>(mantissa) * mantissa;  // 126 bits after the point
        const bool above_two = (square >> 127) != 0;
        fraction = (fraction << 1) | (above_two ? 1 : 0);
        mantissa = static_cast<std::uint64_t>(square >> (above_two ? 64 : 63));
    }
    const std::uint64_t log2_q32 = (std::uint64_t{exponent} << 32) | fraction;
    const std::uint64_t negative_log2 = (std::uint64_t{64} << 32) - log2_q32;
    constexpr std::uint64_t kLn2Q32 = 2'977'044'472;  // ln 2 * 2^32, rounded
    return static_cast<std::uint64_t>((static_cast<Wide>(negative_log2) * kLn2Q32) >> 32);
}

Duration exponential_gap(Rng& rng, Duration span, std::uint64_t events) {
    using Wide = unsigned __int128;
    const std::uint64_t draw = negative_log_q32(rng.next());
    const Wide scaled = static_cast<Wide>(draw) * static_cast<std::uint64_t>(span.count());
    return Duration{static_cast<std::int64_t>((scaled / events) >> 32)};
}

}  // namespace squall::loadgen
