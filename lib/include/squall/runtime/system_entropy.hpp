// Secrets from the kernel (getrandom). Ends the program if the kernel cannot deliver, which since Linux 3.17
// it always can.
#pragma once

#include "squall/core/entropy.hpp"

namespace squall {

class SystemEntropy final : public EntropySource {
  public:
    void fill(MutableBytes out) override;
};

}  // namespace squall
