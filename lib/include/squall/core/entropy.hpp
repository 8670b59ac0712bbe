// Where secrets come from: keys, nonces, challenges. A type apart from Rng, so that nobody takes a key from a
// repeatable stream by mistake. The system's source lives in runtime; a virtual run derives one from its
// seed.
#pragma once

#include <array>
#include <cstddef>

#include "squall/core/bytes.hpp"
#include "squall/core/rng.hpp"

namespace squall {

class EntropySource {
  public:
    virtual ~EntropySource() = default;
    // Fills every byte; cannot fail (an implementation that cannot deliver must end the program).
    virtual void fill(MutableBytes out) = 0;

    template <std::size_t N>
    [[nodiscard]] std::array<std::byte, N> bytes() {
        std::array<std::byte, N> out;
        fill(out);
        return out;
    }
    [[nodiscard]] std::uint64_t u64();
};

// Repeatable "secrets" for tests and virtual runs. Worthless as secrets.
class SeededEntropy final : public EntropySource {
  public:
    explicit SeededEntropy(Rng rng) : rng_(rng) {}
    void fill(MutableBytes out) override;

  private:
    Rng rng_;
};

}  // namespace squall
