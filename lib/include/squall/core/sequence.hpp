// Short sequence numbers as they travel on the wire. They wrap, so they have no order: no <, no use as a key.
// Unwrap them against a number that is known (RFC 1982's problem, solved as RFC 9000 appendix A.3 does).
#pragma once

#include <concepts>
#include <cstdint>

namespace squall {

template <std::unsigned_integral Rep>
    requires(sizeof(Rep) < sizeof(std::uint64_t))
struct WireSequence {
    Rep value = 0;

    [[nodiscard]] static constexpr WireSequence of(std::uint64_t full) { return {static_cast<Rep>(full)}; }

    // The 64-bit number with these low bits that lies nearest to `reference` (ties go up), never below 0.
    [[nodiscard]] constexpr std::uint64_t unwrap(std::uint64_t reference) const {
        constexpr std::uint64_t window = std::uint64_t{1} << (8 * sizeof(Rep));
        constexpr std::uint64_t half = window / 2;
        const std::uint64_t candidate = (reference & ~(window - 1)) | value;
        if (candidate > reference && candidate - reference > half && candidate >= window)
            return candidate - window;
        if (candidate < reference && reference - candidate >= half && candidate <= ~std::uint64_t{0} - window)
            return candidate + window;
        return candidate;
    }
    // True if this number was issued after `other`, given that fewer than half the range lie between them.
    [[nodiscard]] constexpr bool is_newer_than(WireSequence other) const {
        const Rep distance = static_cast<Rep>(value - other.value);
        return distance != 0 && distance < (Rep{1} << (8 * sizeof(Rep) - 1));
    }
    friend constexpr bool operator==(WireSequence, WireSequence) = default;
};

}  // namespace squall
