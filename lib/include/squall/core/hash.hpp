// Stable 64-bit hashing for labels, tables and trace hashes: the same on every machine. Not for secrets.
#pragma once

#include <cstdint>
#include <string_view>

#include "squall/core/bytes.hpp"

namespace squall {

// SplitMix64's finaliser (Steele, Lea, Flood 2014): a bijection that spreads every bit.
[[nodiscard]] constexpr std::uint64_t mix64(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// Folds 64-bit words and byte strings into one number; order matters.
class StableHash {
  public:
    constexpr void add(std::uint64_t word) { state_ = mix64(state_ * 0x9e3779b97f4a7c15ULL + word + 1); }
    void add(Bytes bytes);
    void add(std::string_view text) { add(as_bytes(text)); }
    [[nodiscard]] constexpr std::uint64_t value() const { return state_; }

  private:
    std::uint64_t state_ = 0x53717561'6c6c2121ULL;
};

[[nodiscard]] std::uint64_t stable_hash(std::string_view text);

}  // namespace squall
