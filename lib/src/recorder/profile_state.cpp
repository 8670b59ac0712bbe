#include "squall/recorder/profile_state.hpp"

#include <algorithm>
#include <tuple>

#include "recorder/stats_match.hpp"

namespace squall::recorder {

Stats difference_between(const Stats& before, const Stats& now) {
    Stats out;
    out.at = now.at;
    out.sequence = now.sequence;
    out.remotes.reserve(now.remotes.size());
    match(before.remotes, now.remotes, [&](const RemoteStats* old, const RemoteStats& entry) {
        RemoteStats& grown = out.remotes.emplace_back(entry);
        if (old == nullptr) return;
        if (!trace::subtract(grown.counters, old->counters)) out.remotes.pop_back();
    });
    out.connections.reserve(now.connections.size());
    match(before.connections, now.connections, [&](const ConnectionStats* old, const ConnectionStats& entry) {
        if (old == nullptr || old->counters != entry.counters) out.connections.push_back(entry);
    });
    out.endpoint = trace::difference_of(now.endpoint, before.endpoint);
    out.refusals = trace::difference_of(now.refusals, before.refusals);
    out.process = trace::difference_of(now.process, before.process);
    return out;
}

void add_difference(Stats& stats, const Stats& difference) {
    stats.at = difference.at;
    stats.sequence = difference.sequence;
    for (const RemoteStats& entry : difference.remotes) {
        const auto place = std::ranges::lower_bound(stats.remotes, key_of(entry), {},
                                                    [](const RemoteStats& other) { return key_of(other); });
        if (place != stats.remotes.end() && key_of(*place) == key_of(entry)) {
            place->counters = trace::sum_of(place->counters, entry.counters);
        } else {
            stats.remotes.insert(place, entry);
        }
    }
    stats.connections = difference.connections;
    stats.endpoint = trace::sum_of(stats.endpoint, difference.endpoint);
    stats.refusals = trace::sum_of(stats.refusals, difference.refusals);
    stats.process = trace::sum_of(stats.process, difference.process);
}

HistogramEntry to_entry(HistogramKind kind, std::uint32_t remote, const trace::Histogram& histogram) {
    HistogramEntry out{.kind = kind,
                       .remote = remote,
                       .significant_digits = histogram.config().significant_digits,
                       .highest_trackable = histogram.config().highest_trackable,
                       .min = histogram.min(),
                       .max = histogram.max()};
    const auto& counts = histogram.counts();
    if (histogram.empty()) return out;
    const std::size_t end = std::min(histogram.index_of(histogram.max()) + 1, counts.size());
    for (std::size_t i = histogram.index_of(histogram.min()); i < end; ++i)
        if (counts[i] != 0) out.counts.emplace_back(static_cast<std::uint32_t>(i), counts[i]);
    return out;
}

Result<trace::Histogram> to_histogram(const HistogramEntry& entry) {
    // A day in nanoseconds; three digits of that are 60,000 buckets.
    constexpr std::uint64_t kHighest = 86'400'000'000'000;
    if (entry.highest_trackable > kHighest || entry.significant_digits > 3)
        return fail(ErrorCode::too_large, "a histogram of more than a day or more than three digits");
    trace::Histogram out({entry.highest_trackable, entry.significant_digits});
    for (const auto& [bucket, count] : entry.counts) {
        if (bucket >= out.counts().size())
            return fail(ErrorCode::malformed, "a histogram has a bucket above its highest value");
        // The extremes are known exactly, the rest by its bucket.
        std::uint64_t rest = count;
        for (const std::uint64_t extreme : {entry.min, entry.max}) {
            if (rest == 0 || out.index_of(extreme) != bucket) continue;
            out.record(extreme);
            --rest;
        }
        out.record(std::clamp(out.lowest_at(bucket), std::min(entry.min, entry.max), entry.max), rest);
    }
    return out;
}

void ProfileState::apply(const ProfileFrame& frame) {
    std::visit([this](const auto& f) { on(f); }, frame);
}

const RemoteEntry* ProfileState::find_remote(std::uint32_t id) const {
    const auto place = std::ranges::lower_bound(dictionary_.remotes, id, {}, &RemoteEntry::id);
    return place != dictionary_.remotes.end() && place->id == id ? &*place : nullptr;
}

// Whoever is told hello is told all of it: at the beginning, and when it was too slow for what followed.
void ProfileState::on(const Hello& frame) {
    hello_ = frame;
    dictionary_ = {};
    stats_ = {};
    is_current_ = false;
    connections_.clear();
    histograms_.clear();
    conditions_ = {};
    world_.reset();
    notes_.clear();
}

void ProfileState::on(const ConnectionChange& frame) {
    const ConnectionKey key(frame.source, frame.connection);
    if (frame.is_open) {
        if (connections_.size() < kMaxConnections || connections_.contains(key))
            connections_[key].opened = frame;
        return;
    }
    const auto place = connections_.find(key);
    if (place == connections_.end()) return;
    closed_.push_back(std::move(place->second));
    closed_.back().closed = frame;
    if (closed_.size() > kMaxClosed) closed_.pop_front();
    connections_.erase(place);
}

void ProfileState::on(const Stats& frame) {
    if (frame.is_keyframe) {
        stats_ = frame;
        is_current_ = true;
    } else if (is_current_ && frame.sequence == stats_.sequence + 1) {
        add_difference(stats_, frame);
    } else {
        is_current_ = false;
        ++missed_;
    }
    for (const ConnectionStats& entry : frame.connections) {
        const ConnectionKey key(entry.source, entry.connection);
        const auto place = connections_.find(key);
        if (place != connections_.end()) {
            place->second.counters = entry.counters;
        } else if (connections_.size() < kMaxConnections) {
            Connection& connection = connections_[key];
            connection.opened.is_open = true;
            connection.opened.source = entry.source;
            connection.opened.connection = entry.connection;
            connection.counters = entry.counters;
        }
    }
}

void ProfileState::on(const Histograms& frame) {
    for (const HistogramEntry& entry : frame.entries) histograms_[{entry.kind, entry.remote}] = entry;
}

void ProfileState::on(const Note& frame) {
    notes_.push_back(frame);
    if (notes_.size() > kMaxNotes) notes_.pop_front();
}

}  // namespace squall::recorder
