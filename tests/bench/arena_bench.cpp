// What one tick of the arena costs without the transport: the world's step, then a snapshot for every player
// against a baseline of three ticks ago; and what a client pays to read one.
#if __has_include("arena/world.hpp")

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arena/received_snapshots.hpp"
#include "arena/snapshot_composer.hpp"
#include "arena/world.hpp"

namespace squall::arena {
namespace {

constexpr std::uint64_t kTicksUntilAcknowledged = 3;

class Match {
  public:
    explicit Match(std::uint32_t players)
        : world_({world_side_for(players, 30), players, 20}, Rng(1)),
          format_{world_.side(), players},
          composer_(format_, 100),
          waiting_(players) {
        for (std::uint32_t id = 0; id < players; ++id) {
            world_.join(id);
            histories_.push_back(std::make_unique<SentSnapshots>(pool_));
        }
        for (int tick = 0; tick < 60; ++tick) {
            step();
            for (std::uint32_t id = 0; id < players; ++id) compose(id);
        }
    }
    // Nine of ten players run, and change their mind twice a second; every fourth holds the trigger.
    void step() {
        ++tick_;
        for (std::uint32_t id = 0; id < players(); ++id) {
            if (rng_.below(10) == 0)
                headings_[id % headings_.size()] = static_cast<std::uint8_t>(rng_.below(256));
            const auto speed = static_cast<std::uint8_t>(id % 10 == 0 ? 0 : kMaxSpeed);
            world_.set_input(id, {static_cast<std::uint8_t>(headings_[id % headings_.size()] + id), speed,
                                  id % 4 == 0, false});
        }
        world_.step();
    }
    ComposedSnapshot compose(std::uint32_t id, std::size_t budget = kMaxSnapshotBytes) {
        SentSnapshots& history = *histories_[id];
        const auto snapshot = composer_.compose(world_, id, tick_, tick_, history, waiting_[id], budget);
        history.sent(MessageId{tick_}, snapshot->view);
        if (tick_ > kTicksUntilAcknowledged) history.delivered(MessageId{tick_ - kTicksUntilAcknowledged});
        return *snapshot;
    }
    // The next snapshots are full, as to players who just came.
    void forget_baselines() {
        for (auto& history : histories_) history->clear();
    }
    [[nodiscard]] std::uint32_t players() const { return format_.player_limit; }
    [[nodiscard]] const SnapshotFormat& format() const { return format_; }

  private:
    Rng rng_{2};
    World world_;
    SnapshotFormat format_;
    SnapshotComposer composer_;
    ViewPool pool_;
    std::vector<std::unique_ptr<SentSnapshots>> histories_;
    std::vector<Waiting> waiting_;
    std::array<std::uint8_t, 64> headings_{};
    std::uint64_t tick_ = 0;
};

void arena_world_step(benchmark::State& state) {
    Match match(static_cast<std::uint32_t>(state.range(0)));
    for (auto _ : state) match.step();
}
BENCHMARK(arena_world_step)->Arg(2000)->Unit(benchmark::kMicrosecond);

void arena_snapshots_of_a_tick(benchmark::State& state) {
    Match match(static_cast<std::uint32_t>(state.range(0)));
    const auto budget = static_cast<std::size_t>(state.range(1));
    std::uint64_t bytes = 0;
    std::uint64_t updates = 0;
    std::uint64_t in_view = 0;
    std::uint64_t snapshots = 0;
    for (auto _ : state) {
        state.PauseTiming();
        match.step();
        state.ResumeTiming();
        for (std::uint32_t id = 0; id < match.players(); ++id) {
            const ComposedSnapshot snapshot = match.compose(id, budget);
            bytes += snapshot.bytes.size();
            updates += snapshot.updates;
            in_view += snapshot.view.size() - 1;
            ++snapshots;
        }
    }
    const auto per_snapshot = [&](std::uint64_t sum) {
        return static_cast<double>(sum) / static_cast<double>(snapshots);
    };
    state.counters["bytes"] = per_snapshot(bytes);
    state.counters["updates"] = per_snapshot(updates);
    state.counters["in_view"] = per_snapshot(in_view);
    state.counters["per_update"] = benchmark::Counter(
        static_cast<double>(updates), benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(arena_snapshots_of_a_tick)
    ->Args({2000, kMaxSnapshotBytes})
    ->Args({2000, 80})
    ->Unit(benchmark::kMicrosecond);

void arena_read_snapshot(benchmark::State& state) {
    Match match(2000);
    match.forget_baselines();
    std::optional<ReceivedSnapshots> received;
    received.emplace(match.format(), 0);
    for (auto _ : state) {
        state.PauseTiming();
        match.step();
        const ComposedSnapshot snapshot = match.compose(7);
        state.ResumeTiming();
        if (!received->receive(snapshot.bytes)) state.SkipWithError("the snapshot was refused");
    }
}
BENCHMARK(arena_read_snapshot)->Iterations(2000)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace squall::arena

#endif
