#include "metrics/histogram_delta.hpp"

#include <algorithm>

namespace squall::loadgen {
namespace {

// The value that stands for a place of a histogram: its greatest, which may not lie above the greatest
// recorded.
std::uint64_t representative(const trace::Histogram& histogram, std::size_t index) {
    return std::clamp(histogram.highest_at(index), histogram.min(), histogram.max());
}

}  // namespace

trace::Histogram added_since(const trace::Histogram& now, const trace::Histogram& before) {
    trace::Histogram out(now.config());
    if (now.count() == before.count()) return out;
    const std::size_t last = now.index_of(now.max());
    for (std::size_t i = now.index_of(now.min()); i <= last; ++i) {
        const std::uint64_t earlier = i < before.counts().size() ? before.counts()[i] : 0;
        const std::uint64_t current = now.counts()[i];
        if (current > earlier) out.record(representative(now, i), current - earlier);
    }
    return out;
}

void record_all(const trace::Histogram& from, trace::Histogram& to) {
    if (from.empty()) return;
    const std::size_t last = from.index_of(from.max());
    for (std::size_t i = from.index_of(from.min()); i <= last; ++i)
        if (from.counts()[i] != 0) to.record(representative(from, i), from.counts()[i]);
}

}  // namespace squall::loadgen
