// Ctrl-C (and SIGTERM): the first asks the run to end with its report, the second ends the program at once.
#pragma once

#include "squall/runtime/host.hpp"

namespace squall::loadgen {

// While one exists, signals stop its host's run_until(). One at a time.
class InterruptGuard {
  public:
    explicit InterruptGuard(Host& host);
    ~InterruptGuard();
    InterruptGuard(const InterruptGuard&) = delete;
    InterruptGuard& operator=(const InterruptGuard&) = delete;
    [[nodiscard]] bool interrupted() const;
};

}  // namespace squall::loadgen
