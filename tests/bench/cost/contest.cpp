#include "bench/cost/contest.hpp"

#include <linux/sock_diag.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <cstring>

namespace squall::bench {
namespace {

std::uint64_t nanoseconds(const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
           static_cast<std::uint64_t>(time.tv_usec) * 1000;
}

}  // namespace

void Contest::fail(const std::string& message) {
    if (failed.load()) return;
    const std::size_t size = std::min(message.size(), failure.size() - 1);
    std::memcpy(failure.data(), message.data(), size);
    failed.store(true);
}

TimePoint read_clock() {
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    return TimePoint(std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec));
}

void sleep_until(TimePoint until) {
    const auto since = until.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    const timespec time{seconds.count(), (since - seconds).count()};
    (void)::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

std::uint64_t kernel_drops(int fd) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
    socklen_t length = sizeof values;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values.data(), &length) != 0) return 0;
    return values[SK_MEMINFO_DROPS];
}

void enlarge_buffers(int fd) {
    for (const auto& [forced, plain] :
         {std::pair(SO_RCVBUFFORCE, SO_RCVBUF), std::pair(SO_SNDBUFFORCE, SO_SNDBUF)})
        if (::setsockopt(fd, SOL_SOCKET, forced, &kSocketBufferBytes, sizeof kSocketBufferBytes) != 0)
            (void)::setsockopt(fd, SOL_SOCKET, plain, &kSocketBufferBytes, sizeof kSocketBufferBytes);
}

Meter::Meter(Contest& contest, SideReport& report, std::function<WireCount()> wire)
    : contest_(contest), report_(report), wire_(std::move(wire)) {}

Meter::Snapshot Meter::snapshot() const {
    Snapshot taken;
    ::getrusage(RUSAGE_SELF, &taken.usage);
    taken.at = read_clock();
    taken.wire = wire_();
    return taken;
}

Phase Meter::phase() {
    const Phase phase = contest_.failed.load(std::memory_order_relaxed)
                            ? Phase::finished
                            : contest_.phase.load(std::memory_order_relaxed);
    if (phase == phase_) return phase;
    if (phase == Phase::measuring) begin_ = snapshot();
    if (phase_ == Phase::measuring) {
        const Snapshot end = snapshot();
        report_.user_ns = nanoseconds(end.usage.ru_utime) - nanoseconds(begin_.usage.ru_utime);
        report_.system_ns = nanoseconds(end.usage.ru_stime) - nanoseconds(begin_.usage.ru_stime);
        report_.elapsed_ns = static_cast<std::uint64_t>((end.at - begin_.at).count());
        report_.wire.datagrams = end.wire.datagrams - begin_.wire.datagrams;
        report_.wire.bytes = end.wire.bytes - begin_.wire.bytes;
        report_.wire.system_calls = end.wire.system_calls - begin_.wire.system_calls;
    }
    phase_ = phase;
    return phase;
}

void Meter::write_message(MutableBytes out, std::uint32_t number) {
    std::memset(out.data(), 0x5a, out.size());
    out[0] = std::byte{is_measuring() ? std::uint8_t{1} : std::uint8_t{0}};
    std::memcpy(out.data() + 1, &number, sizeof number);
}

void Meter::count_received(Bytes message) {
    if (message.size() != kMessageBytes) return;
    if (message[0] == std::byte{1}) ++report_.delivered;
    if (is_measuring()) ++report_.received;
}

TickLoop::TickLoop(const ContestOptions& options, int fd)
    : event_driven_(options.event_driven), fd_(fd), next_tick_(read_clock()), next_poll_(next_tick_) {}

bool TickLoop::tick_is_due(TimePoint now, std::uint64_t& tick) {
    if (now < next_tick_) return false;
    tick = tick_++;
    next_tick_ += kTick;
    if (next_tick_ < now)
        next_tick_ = now + kTick;  // too late to catch up: the rate drops and the report shows it
    return true;
}

void TickLoop::wait() {
    if (event_driven_) {
        const Duration span = std::max(next_tick_ - read_clock(), Duration::zero());
        pollfd entry{fd_, POLLIN, 0};
        const timespec time{0, span.count()};
        (void)::ppoll(&entry, 1, &time, nullptr);
        return;
    }
    next_poll_ = std::max(next_poll_ + kPollInterval, read_clock());
    sleep_until(std::min(next_poll_, next_tick_));
}

}  // namespace squall::bench
