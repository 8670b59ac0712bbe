// How much a peer may still do: refilled a little each tick, up to one second's worth. Whole numbers, no
// clock.
#pragma once

#include <algorithm>
#include <cstdint>

namespace squall::arena {

class Allowance {
  public:
    // So many per second, refilled so often per second; starts full.
    Allowance(std::uint32_t per_second, std::uint32_t refills_per_second)
        : per_second_(per_second),
          price_(refills_per_second),
          left_(std::uint64_t{per_second} * refills_per_second) {}

    void refill() { left_ = std::min(left_ + per_second_, std::uint64_t{per_second_} * price_); }
    // False if there is nothing left.
    [[nodiscard]] bool take() {
        if (left_ < price_) return false;
        left_ -= price_;
        return true;
    }

  private:
    std::uint32_t per_second_;
    std::uint32_t price_;
    std::uint64_t left_;
};

}  // namespace squall::arena
