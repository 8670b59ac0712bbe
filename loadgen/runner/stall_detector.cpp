#include "runner/stall_detector.hpp"

#include <algorithm>

namespace squall::loadgen {

std::vector<Stall> overlap(const std::vector<Stall>& a, const std::vector<Stall>& b) {
    std::vector<Stall> out;
    for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
        const Stall both{std::max(a[i].begin, b[j].begin), std::min(a[i].end, b[j].end)};
        if (both.begin < both.end) out.push_back(both);
        if (a[i].end < b[j].end)
            ++i;
        else
            ++j;
    }
    return out;
}

void StallDetector::handle_timeout(TimePoint now) {
    if (now < poll_timeout()) return;
    const Duration cpu = cpu_time_();
    const Duration gap = now - last_;
    // A process that worked through half of the gap was busy, not stalled.
    if (gap >= kShortest + kInterval && (cpu - last_cpu_) * 2 < gap)
        found_.push_back({last_ + kInterval, now});
    last_ = now;
    last_cpu_ = cpu;
}

}  // namespace squall::loadgen
