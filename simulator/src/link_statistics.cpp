// Sums of what links did, and the comparison with what was asked. Floating point is for the report only.
#include "squall/simulator/link_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace squall::simulator {
namespace {

constexpr double kNormal99 = 2.5758293035489;  // two-sided 99 %

// Where the observed share of `count` draws lies in 99 % of runs. `spread` > 1 where draws depend on each
// other.
AskedAndDelivered share(std::string what, double asked, std::uint64_t hits, std::uint64_t count,
                        double spread = 1) {
    const double n = static_cast<double>(std::max<std::uint64_t>(count, 1));
    const double half = kNormal99 * std::sqrt(asked * (1 - asked) * spread / n) + 0.5 / n;
    return {std::move(what), asked, static_cast<double>(hits) / n, std::max(asked - half, 0.0),
            std::min(asked + half, 1.0)};
}

// Loss of both kinds together, over what reached the wire.
AskedAndDelivered compare_loss(const LinkConfig& config, const LinkStatistics& statistics) {
    const GilbertElliott& burst = config.burst_loss;
    const double enter = burst.enter.value();
    const double leave = burst.leave.value();
    const double bad = enter + leave > 0 ? enter / (enter + leave) : 0;
    const double burst_loss =
        burst.is_on() ? bad * burst.loss_in_bad.value() + (1 - bad) * burst.loss_in_good.value() : 0;
    const double asked = 1 - (1 - config.loss.value()) * (1 - burst_loss);
    // Runs of one state make the draws alike: the variance of their mean grows by the chain's memory.
    const double memory = burst.is_on() ? std::clamp(1 - enter - leave, 0.0, 0.999999) : 0;
    const std::uint64_t lost = statistics.count(Verdict::lost) + statistics.count(Verdict::lost_in_burst);
    const std::uint64_t arrived = statistics.count(Verdict::delivered) + statistics.count(Verdict::corrupted);
    return share("loss", asked, lost, lost + arrived, (1 + memory) / (1 - memory));
}

double asked_jitter_variance(const LinkConfig& config) {
    const double jitter = static_cast<double>(config.jitter.count());
    switch (config.jitter_shape) {
        case JitterShape::uniform: return jitter * (jitter + 1) / 3;
        case JitterShape::normal: return jitter * jitter;
        case JitterShape::table: break;
    }
    const auto& table = config.jitter_table;
    double first = 0;
    double second = 0;
    for (std::size_t i = 0; i + 1 < table.size(); ++i) {
        const double a = static_cast<double>(table[i].count());
        const double b = static_cast<double>(table[i + 1].count());
        first += (a + b) / 2;
        second += (a * a + a * b + b * b) / 3;
    }
    const double cells = static_cast<double>(table.size() - 1);
    return second / cells - first / cells * (first / cells);
}

double asked_mean_delay(const LinkConfig& config) {
    double mean = static_cast<double>(config.delay.count());
    if (config.jitter_shape != JitterShape::table) return mean;
    const auto& table = config.jitter_table;
    double sum = 0;
    for (std::size_t i = 0; i + 1 < table.size(); ++i)
        sum += static_cast<double>((table[i] + table[i + 1]).count()) / 2;
    return mean + sum / static_cast<double>(table.size() - 1);
}

// Holding packets back to keep their order lengthens delays; then the figures are told and not judged.
void compare_delay(const LinkConfig& config, const LinkStatistics& statistics,
                   std::vector<AskedAndDelivered>& out) {
    const double infinity = std::numeric_limits<double>::infinity();
    const DurationMoments& delays = statistics.propagation;
    const double n = static_cast<double>(delays.count());
    const double shifted = config.reorder.value();
    const double gap = static_cast<double>(config.reorder_by.count());
    const double variance = asked_jitter_variance(config) + gap * gap * shifted * (1 - shifted);
    const double mean = asked_mean_delay(config) + gap * shifted;
    const bool is_judged = !(config.keeps_order && variance > 0);
    const double half = is_judged ? kNormal99 * std::sqrt(variance / n) + 1 : infinity;
    const double delivered = static_cast<double>(delays.sum().count()) / n;
    out.push_back({"delay", mean, delivered, mean - half, mean + half});
    if (variance == 0) return;
    // The error of a standard deviation depends on the fourth moment; that of a normal distribution bounds
    // uniform jitter's from above. For tables and shifted packets the figure is told and not judged.
    const bool has_light_tails = config.jitter_shape != JitterShape::table && config.reorder.is_zero();
    const double deviation = std::sqrt(variance);
    const double deviation_half =
        is_judged && has_light_tails ? kNormal99 * deviation / std::sqrt(2 * n) + 1 : infinity;
    out.push_back({"jitter (standard deviation)", deviation, delays.standard_deviation_ns(),
                   deviation - deviation_half, deviation + deviation_half});
}

}  // namespace

void DurationMoments::merge(const DurationMoments& other) {
    count_ += other.count_;
    min_ = std::min(min_, other.min_);
    max_ = std::max(max_, other.max_);
    sum_ += other.sum_;
    sum_of_squares_ += other.sum_of_squares_;
}

Duration DurationMoments::mean() const {
    return Duration{count_ == 0 ? 0 : sum_ / static_cast<std::int64_t>(count_)};
}

double DurationMoments::standard_deviation_ns() const {
    if (count_ == 0) return 0;
    // Sum of squares less the square of the sum over n, in integers: no cancellation.
    const auto square_of_sum = static_cast<unsigned __int128>(static_cast<__int128>(sum_) * sum_);
    const auto square_of_sum_over_n = square_of_sum / count_;
    const auto spread = static_cast<double>(sum_of_squares_ - square_of_sum_over_n);
    return std::sqrt(spread / static_cast<double>(count_));
}

std::uint64_t LinkStatistics::offered() const {
    return std::accumulate(packets.begin(), packets.end(), std::uint64_t{0}) - count(Verdict::duplicate);
}

std::uint64_t LinkStatistics::dropped() const {
    return offered() - count(Verdict::delivered) - count(Verdict::corrupted);
}

void LinkStatistics::merge(const LinkStatistics& other) {
    for (std::size_t i = 0; i < packets.size(); ++i) packets[i] += other.packets[i];
    bytes_offered += other.bytes_offered;
    bytes_delivered += other.bytes_delivered;
    shifted += other.shifted;
    overtook += other.overtook;
    wire_bytes += other.wire_bytes;
    wire_time += other.wire_time;
    propagation.merge(other.propagation);
    queueing.merge(other.queueing);
}

std::vector<AskedAndDelivered> compare(const LinkConfig& config, const LinkStatistics& statistics) {
    std::vector<AskedAndDelivered> out;
    const std::uint64_t arrived = statistics.count(Verdict::delivered) + statistics.count(Verdict::corrupted);
    out.push_back(compare_loss(config, statistics));
    if (arrived == 0) return out;
    compare_delay(config, statistics, out);
    if (!config.duplicate.is_zero())
        out.push_back(
            share("duplicate", config.duplicate.value(), statistics.count(Verdict::duplicate), arrived));
    if (!config.reorder.is_zero())
        out.push_back(share("reorder", config.reorder.value(), statistics.shifted, arrived));
    if (!config.corrupt.is_zero())
        out.push_back(
            share("corrupt", config.corrupt.value(), statistics.count(Verdict::corrupted), arrived));
    if (config.rate.bits_per_second != 0 && statistics.wire_time.count() != 0) {
        const double asked = static_cast<double>(config.rate.bits_per_second);
        const double delivered = static_cast<double>(statistics.wire_bytes) * 8e9 /
                                 static_cast<double>(statistics.wire_time.count());
        // Each packet's time is rounded by less than a nanosecond.
        const double half = asked * 1e-9 * static_cast<double>(statistics.propagation.count() + 1) /
                            to_seconds(statistics.wire_time);
        out.push_back({"rate", asked, delivered, asked - half, asked + half});
    }
    return out;
}

}  // namespace squall::simulator
