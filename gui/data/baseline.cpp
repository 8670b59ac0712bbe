#include "gui/data/baseline.hpp"

#include <algorithm>

namespace squall::gui {
namespace {

template <std::size_t N>
void take_away(std::array<std::uint64_t, N>& counts, const std::array<std::uint64_t, N>& before) {
    for (std::size_t i = 0; i < N; ++i) counts[i] -= std::min(counts[i], before[i]);
}

// What counts since the connection was opened; the rest is as it is now.
void take_away(trace::ConnectionCounters& now, const trace::ConnectionCounters& before) {
    take_away(now.sent, before.sent);
    take_away(now.received, before.received);
    for (const auto counter :
         {&trace::ConnectionCounters::packets_sent, &trace::ConnectionCounters::packets_received,
          &trace::ConnectionCounters::packets_acked, &trace::ConnectionCounters::packets_lost,
          &trace::ConnectionCounters::packets_spuriously_lost, &trace::ConnectionCounters::packets_reordered,
          &trace::ConnectionCounters::path_changes})
        now.*counter -= std::min(now.*counter, before.*counter);
}
void take_away(trace::ProcessCounters& now, const trace::ProcessCounters& before) {
    for (const auto counter :
         {&trace::ProcessCounters::ticks, &trace::ProcessCounters::tick_time,
          &trace::ProcessCounters::cpu_time, &trace::ProcessCounters::recorded_bytes,
          &trace::ProcessCounters::recorder_dropped, &trace::ProcessCounters::samples_dropped})
        now.*counter -= std::min(now.*counter, before.*counter);
}

}  // namespace

recorder::HistogramEntry growth_of(recorder::HistogramEntry now, const recorder::HistogramEntry& before) {
    auto old = before.counts.begin();
    for (auto& [bucket, count] : now.counts) {
        while (old != before.counts.end() && old->first < bucket) ++old;
        if (old != before.counts.end() && old->first == bucket)
            count = count > old->second ? count - old->second : 0;
    }
    std::erase_if(now.counts, [](const auto& entry) { return entry.second == 0; });
    return now;
}

bool Baseline::adjust(recorder::ProfileFrame& frame) {
    if (auto* stats = std::get_if<recorder::Stats>(&frame)) return adjust(*stats);
    if (auto* histograms = std::get_if<recorder::Histograms>(&frame)) return adjust(*histograms);
    return false;
}

bool Baseline::adjust(recorder::Stats& stats) {
    if (!is_decided_ && stats.is_keyframe) {
        is_decided_ = true;
        if (bytes_recorded_ < stats.endpoint.bytes_sent) before_ = stats;
    }
    if (!before_) return false;
    bool is_changed = false;
    for (auto& connection : stats.connections)
        for (const auto& known : before_->connections)
            if (known.source == connection.source && known.connection == connection.connection) {
                take_away(connection.counters, known.counters);
                is_changed = true;
            }
    // Between keyframes the rest is told as growth.
    if (!stats.is_keyframe) return is_changed;
    for (auto& remote : stats.remotes)
        for (const auto& known : before_->remotes)
            if (known.remote == remote.remote && known.direction == remote.direction)
                remote.counters = trace::difference_of(remote.counters, known.counters);
    stats.endpoint = trace::difference_of(stats.endpoint, before_->endpoint);
    stats.refusals = trace::difference_of(stats.refusals, before_->refusals);
    take_away(stats.process, before_->process);
    return true;
}

bool Baseline::adjust(recorder::Histograms& histograms) {
    if (is_decided_ && !before_) return false;
    for (auto& entry : histograms.entries) {
        const auto [known, is_first] = histograms_.try_emplace({entry.kind, entry.remote}, entry);
        entry = growth_of(std::move(entry), known->second);
    }
    return true;
}

}  // namespace squall::gui
