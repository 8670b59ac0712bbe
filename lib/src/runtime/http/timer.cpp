#include "runtime/http/timer.hpp"

#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <cerrno>

#include "runtime/system_error.hpp"

namespace squall::runtime {

Result<Timer> Timer::make() {
    Descriptor descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!descriptor.is_open()) return std::unexpected(system_error(errno, "cannot make a timer"));
    return Timer(std::move(descriptor));
}

void Timer::start(Duration duration) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(duration);
    itimerspec spec{};
    spec.it_value.tv_sec = static_cast<time_t>(seconds.count());
    spec.it_value.tv_nsec = static_cast<long>((duration - seconds).count());
    (void)::timerfd_settime(descriptor_.get(), 0, &spec, nullptr);
}

Result<Signal> Signal::make() {
    Descriptor descriptor(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!descriptor.is_open()) return std::unexpected(system_error(errno, "cannot make an event"));
    return Signal(std::move(descriptor));
}

void Signal::raise() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(descriptor_.get(), &one, sizeof one);
}

void Signal::lower() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(descriptor_.get(), &count, sizeof count);
}

}  // namespace squall::runtime
