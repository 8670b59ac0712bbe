#include "runtime/poller.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>

#include "runtime/system_error.hpp"

namespace squall::runtime {
namespace {

timespec to_timespec(Duration span) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
    return {seconds.count(), (span - seconds).count()};
}

}  // namespace

Result<Poller> Poller::make() {
    Poller poller;
    poller.epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    if (!poller.epoll_.is_open())
        return std::unexpected(system_error(errno, "cannot create an epoll descriptor"));
    return poller;
}

Result<> Poller::add(int fd, std::uint64_t token) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = token;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return {};
    return std::unexpected(system_error(errno, "cannot watch a descriptor"));
}

void Poller::remove(int fd) {
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const std::uint64_t> Poller::wait(Duration span) {
    int count = -1;
    if (span == kForever) {
        count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerWait, -1);
    } else {
        const timespec time = to_timespec(std::max(span, Duration::zero()));
        count = ::epoll_pwait2(epoll_.get(), events_.data(), kEventsPerWait, &time, nullptr);
        if (count < 0 && errno == ENOSYS) {  // a kernel before 5.11: whole milliseconds, rounded up
            const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(span).count();
            count = ::epoll_wait(epoll_.get(), events_.data(), kEventsPerWait,
                                 static_cast<int>(std::clamp<std::int64_t>(milliseconds, 0, 60'000)));
        }
    }
    const auto ready = static_cast<std::size_t>(std::max(count, 0));
    for (std::size_t i = 0; i < ready; ++i) tokens_[i] = events_[i].data.u64;
    return {tokens_.data(), ready};
}

Result<> Poller::add_interrupt(std::uint64_t token) {
    event_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!event_.is_open()) return std::unexpected(system_error(errno, "cannot create an eventfd"));
    return add(event_.get(), token);
}

void Poller::interrupt() const {
    const int saved = errno;  // this may be a signal handler
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
    errno = saved;
}

void Poller::clear_interrupt() {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto read = ::read(event_.get(), &count, sizeof count);
}

void Poller::sleep(Duration span) const {
    pollfd event{event_.get(), POLLIN, 0};
    const timespec time = to_timespec(std::max(span, Duration::zero()));
    (void)::ppoll(&event, 1, &time, nullptr);
}

Result<> Poller::arm(TimePoint deadline, std::uint64_t token) {
    if (!timer_.is_open()) {
        timer_ = Descriptor(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
        if (!timer_.is_open()) return std::unexpected(system_error(errno, "cannot create a timerfd"));
        if (auto added = add(timer_.get(), token); !added) return added;
        armed_ = kNever;
    }
    if (deadline == armed_) return {};
    itimerspec time{};
    // All zero would disarm it; a deadline in the past fires at once.
    if (deadline != kNever) time.it_value = to_timespec(std::max(deadline.time_since_epoch(), Duration{1}));
    armed_ = deadline;
    (void)::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &time, nullptr);
    return {};
}

}  // namespace squall::runtime
