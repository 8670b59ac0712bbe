// Tells which of thousands of descriptors can be read, or that the time has come: one epoll descriptor. Knows
// no clock (a wait is given as a span) and nothing of what is behind the descriptors but a number each.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <span>

#include "runtime/descriptor.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall::runtime {

class Poller {
  public:
    [[nodiscard]] static Result<Poller> make();

    // Reports `token` whenever `fd` can be read (level-triggered). Error: io.
    Result<> add(int fd, std::uint64_t token);
    void remove(int fd);
    // Waits until something can be read, at most `span` (kForever: without end). The tokens are valid until
    // the next call.
    [[nodiscard]] std::span<const std::uint64_t> wait(Duration span);
    static constexpr Duration kForever = Duration::max();

    // Wakes the wait from another thread or from a signal handler; that wait reports the token given here.
    Result<> add_interrupt(std::uint64_t token);
    void interrupt() const;
    void clear_interrupt();
    // Sleeps for so long or until interrupt(), whatever the descriptors do.
    void sleep(Duration span) const;

    // For a reactor around this one: becomes readable when a descriptor can be read or `deadline` (on
    // CLOCK_MONOTONIC) has come.
    Result<> arm(TimePoint deadline, std::uint64_t token);
    [[nodiscard]] int native_handle() const { return epoll_.get(); }

  private:
    static constexpr std::size_t kEventsPerWait = 256;
    Descriptor epoll_;
    Descriptor event_;
    Descriptor timer_;
    TimePoint armed_ = kNever;
    std::array<epoll_event, kEventsPerWait> events_{};
    std::array<std::uint64_t, kEventsPerWait> tokens_{};
};

}  // namespace squall::runtime
