// Insertion numbers, virtual now, and timers that move without searching the wheel.
#include "squall/simulator/scheduler.hpp"

#include <algorithm>
#include <cassert>

namespace squall::simulator {
namespace {

constexpr std::uint32_t kTimerBit = std::uint32_t{1} << 31;

}  // namespace

std::uint64_t Scheduler::post(TimePoint at, std::uint32_t target, std::uint32_t payload) {
    assert((target & kTimerBit) == 0);
    const std::uint64_t number = next_number_++;
    wheel_.push({std::max(at, now_), number, target, payload});
    ++posted_count_;
    return number;
}

TimerId Scheduler::add_timer(std::uint32_t target, std::uint32_t payload) {
    if (free_timers_.empty()) {
        free_timers_.push_back(static_cast<std::uint32_t>(timers_.size()));
        timers_.emplace_back();
    }
    const std::uint32_t index = free_timers_.back();
    free_timers_.pop_back();
    // What a former tenant left in the wheel has other numbers and is passed over.
    timers_[index] = Timer{};
    timers_[index].target = target;
    timers_[index].payload = payload;
    return TimerId{index};
}

void Scheduler::remove_timer(TimerId id) {
    disarm(id);
    timers_[id.value] = Timer{};
    free_timers_.push_back(id.value);
}

void Scheduler::arm(TimerId id, TimePoint at) {
    if (at == kNever) return disarm(id);
    Timer& timer = timers_[id.value];
    at = std::max(at, now_);
    if (timer.at == at) return;
    if (timer.at == kNever) ++armed_count_;
    timer.at = at;
    timer.number = next_number_++;
    ensure_placed(id.value, timer);
}

void Scheduler::disarm(TimerId id) {
    Timer& timer = timers_[id.value];
    if (timer.at == kNever) return;
    timer.at = kNever;
    --armed_count_;
}

void Scheduler::ensure_placed(std::uint32_t index, Timer& timer) {
    if (timer.near.at <= timer.at) return;
    if (timer.near.at != kNever) timer.far = timer.near;
    timer.near = {timer.at, timer.number};
    wheel_.push({timer.at, timer.number, kTimerBit | index, timer.payload});
}

bool Scheduler::settle(const WheelEntry& entry) {
    const std::uint32_t index = entry.target & ~kTimerBit;
    Timer& timer = timers_[index];
    if (timer.near.number == entry.number) {
        timer.near = timer.far;
        timer.far = {};
    } else if (timer.far.number == entry.number) {
        timer.far = {};
    }
    if (timer.at == kNever) return false;
    if (timer.number == entry.number) {
        timer.at = kNever;
        --armed_count_;
        return true;
    }
    ensure_placed(index, timer);
    return false;
}

std::optional<Scheduler::Guess> Scheduler::guess_next() const {
    const WheelEntry* entry = wheel_.guess_next();
    if (entry == nullptr) return std::nullopt;
    if ((entry->target & kTimerBit) == 0) return Guess{false, entry->target, entry->payload};
    __builtin_prefetch(&timers_[entry->target & ~kTimerBit]);
    return Guess{true, 0, entry->payload};
}

std::optional<ScheduledEvent> Scheduler::pop_until(TimePoint deadline) {
    WheelEntry entry;
    while (wheel_.pop_until(deadline, entry)) {
        if ((entry.target & kTimerBit) == 0) {
            --posted_count_;
            now_ = entry.at;
            return ScheduledEvent{entry.at, entry.number, entry.target, entry.payload};
        }
        if (settle(entry)) {
            const Timer& timer = timers_[entry.target & ~kTimerBit];
            now_ = entry.at;
            return ScheduledEvent{entry.at, entry.number, timer.target, timer.payload};
        }
    }
    if (deadline != kNever) now_ = std::max(now_, deadline);
    return std::nullopt;
}

}  // namespace squall::simulator
