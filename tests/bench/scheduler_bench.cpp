// The event queue under the hold model: take the first event, insert one later. Increments as a network makes
// them: 70 % 20 to 120 ms, 20 % 10 to 1210 us, 10 % 16.7 ms. The binary heap of the standard library runs
// beside it.
#include <benchmark/benchmark.h>

#include <queue>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/simulator/scheduler.hpp"
#include "squall/simulator/timing_wheel.hpp"

namespace {

using namespace squall;
using namespace squall::simulator;

// Drawn before the measurement: it measures the queue, not the generator.
const std::vector<Duration>& increments() {
    static const std::vector<Duration> drawn = [] {
        std::vector<Duration> out(1 << 16);
        Rng rng(1);
        for (auto& increment : out) {
            const std::uint64_t kind = rng.below(10);
            if (kind < 7)
                increment = Duration{rng.between(20'000'000, 120'000'000)};
            else if (kind < 9)
                increment = Duration{rng.between(10'000, 1'210'000)};
            else
                increment = Duration{16'700'000};
        }
        return out;
    }();
    return drawn;
}

struct Later {
    bool operator()(const WheelEntry& a, const WheelEntry& b) const {
        return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
};

void hold_wheel(benchmark::State& state) {
    const auto& gaps = increments();
    Scheduler scheduler;
    std::size_t i = 0;
    for (std::int64_t k = 0; k < state.range(0); ++k)
        scheduler.post(scheduler.now() + gaps[i++ & 0xffff], 0, 0);
    for (auto _ : state) {
        const auto event = scheduler.pop_until(kNever);
        scheduler.post(event->at + gaps[i++ & 0xffff], 0, 0);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold_wheel)->RangeMultiplier(10)->Range(1000, 1'000'000)->MinWarmUpTime(0.3);

void hold_binary_heap(benchmark::State& state) {
    const auto& gaps = increments();
    std::priority_queue<WheelEntry, std::vector<WheelEntry>, Later> heap;
    std::size_t i = 0;
    std::uint64_t number = 0;
    for (std::int64_t k = 0; k < state.range(0); ++k)
        heap.push({kVirtualStart + gaps[i++ & 0xffff], number++, 0, 0});
    for (auto _ : state) {
        const WheelEntry first = heap.top();
        heap.pop();
        heap.push({first.at + gaps[i++ & 0xffff], number++, 0, 0});
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(hold_binary_heap)->RangeMultiplier(10)->Range(1000, 1'000'000)->MinWarmUpTime(0.3);

// A node's timer as a connection moves it: later with each packet, and due once in ten times.
void move_timers(benchmark::State& state) {
    const auto& gaps = increments();
    Scheduler scheduler;
    std::vector<TimerId> timers;
    std::size_t i = 0;
    for (std::int64_t k = 0; k < state.range(0); ++k) {
        timers.push_back(scheduler.add_timer(0, static_cast<std::uint32_t>(k)));
        scheduler.arm(timers.back(), scheduler.now() + gaps[i++ & 0xffff]);
    }
    std::size_t moved = 0;
    for (auto _ : state) {
        for (int k = 0; k < 9; ++k) {
            scheduler.arm(timers[moved], scheduler.now() + gaps[i++ & 0xffff]);
            moved = (moved + 1) % timers.size();
        }
        if (const auto event = scheduler.pop_until(kNever))
            scheduler.arm(timers[event->payload], event->at + gaps[i++ & 0xffff]);
    }
    state.SetItemsProcessed(state.iterations() * 10);
}
BENCHMARK(move_timers)->Arg(1000)->Arg(100'000)->MinWarmUpTime(0.3);

}  // namespace
