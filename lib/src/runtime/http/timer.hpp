// A duration that ends: a descriptor that can be read from then on, so that it can be waited for beside a
// socket. No clock is read.
#pragma once

#include "runtime/descriptor.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall::runtime {

class Timer {
  public:
    // Error: io (no descriptor left).
    [[nodiscard]] static Result<Timer> make();
    // Starts anew; zero: never ends.
    void start(Duration duration);
    [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  private:
    explicit Timer(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
    Descriptor descriptor_;
};

// A descriptor that can be read from raise() to lower(), by everybody who waits.
class Signal {
  public:
    [[nodiscard]] static Result<Signal> make();
    void raise();
    void lower();
    [[nodiscard]] int descriptor() const { return descriptor_.get(); }

  private:
    explicit Signal(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
    Descriptor descriptor_;
};

}  // namespace squall::runtime
