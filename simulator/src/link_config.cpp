// Checks, describes and fingerprints what is asked of a link.
#include "squall/simulator/link_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "normal_table.hpp"
#include "squall/core/hash.hpp"

namespace squall::simulator {
using squall::to_string;  // of durations, which their own namespace does not offer
namespace {

constexpr Duration kLongest = std::chrono::hours(1);
constexpr std::uint64_t kLargestDenominator = std::uint64_t{1} << 31;
constexpr std::uint64_t kSlowestRate = 1'000;
constexpr std::uint64_t kFastestRate = 1'000'000'000'000;

Result<> wrong(std::string message) {
    return fail(ErrorCode::invalid_argument, std::move(message));
}

Result<> check_ratio(std::string_view name, Ratio ratio) {
    if (ratio.denominator == 0 || ratio.denominator > kLargestDenominator ||
        ratio.numerator > ratio.denominator)
        return wrong(fmt::format(
            "{} = {}/{} is not a share: the denominator must be 1 to {} and the numerator no larger", name,
            ratio.numerator, ratio.denominator, kLargestDenominator));
    return {};
}

Result<> check_duration(std::string_view name, Duration value, Duration low) {
    if (value < low || value > kLongest)
        return wrong(fmt::format("{} = {} is out of range: {} to {}", name, to_string(value), to_string(low),
                                 to_string(kLongest)));
    return {};
}

Result<> check_shares(const LinkConfig& config) {
    const std::pair<std::string_view, Ratio> shares[] = {
        {"loss", config.loss},
        {"burst_loss.enter", config.burst_loss.enter},
        {"burst_loss.leave", config.burst_loss.leave},
        {"burst_loss.loss_in_good", config.burst_loss.loss_in_good},
        {"burst_loss.loss_in_bad", config.burst_loss.loss_in_bad},
        {"duplicate", config.duplicate},
        {"reorder", config.reorder},
        {"corrupt", config.corrupt},
    };
    for (const auto& [name, share] : shares)
        if (auto checked = check_ratio(name, share); !checked) return checked;
    return {};
}

// How far below `delay` the jitter can go.
Duration deepest_jitter(const LinkConfig& config) {
    switch (config.jitter_shape) {
        case JitterShape::uniform: return config.jitter;
        case JitterShape::normal: return config.jitter * kNormalReach;
        case JitterShape::table: return std::max(-config.jitter_table.front(), Duration{0});
    }
    return Duration{0};
}

Result<> check_table(const std::vector<Duration>& table) {
    if (table.size() < 2 || !std::is_sorted(table.begin(), table.end()))
        return wrong(
            fmt::format("jitter_table with {} values: it needs 2 or more in ascending order", table.size()));
    for (const Duration value : table)
        if (auto checked = check_duration("jitter_table", value, -kLongest); !checked) return checked;
    return {};
}

Result<> check_times(const LinkConfig& config) {
    if (auto checked = check_duration("delay", config.delay, Duration{0}); !checked) return checked;
    if (auto checked = check_duration("jitter", config.jitter, Duration{0}); !checked) return checked;
    if (auto checked = check_duration("reorder_by", config.reorder_by, -kLongest); !checked) return checked;
    if (config.jitter_shape == JitterShape::table) {
        if (auto checked = check_table(config.jitter_table); !checked) return checked;
        if (config.jitter.count() != 0)
            return wrong(
                fmt::format("jitter = {} beside a jitter_table: give one of them", to_string(config.jitter)));
    } else if (!config.jitter_table.empty()) {
        return wrong("jitter_table is given but jitter_shape is not table");
    }
    // Cutting the distribution off at zero would deliver another mean and another spread than was asked for.
    const Duration deepest = deepest_jitter(config);
    if (deepest > config.delay)
        return wrong(fmt::format(
            "the jitter reaches {} below the delay of {}: packets would arrive before they left; the "
            "delay must be at least {}{}",
            to_string(deepest), to_string(config.delay), to_string(deepest),
            config.jitter_shape == JitterShape::normal ? ", which is 4 standard deviations" : ""));
    if (!config.reorder.is_zero() && config.reorder_by.count() == 0)
        return wrong(
            "reorder needs reorder_by: how much later (or, if negative, earlier) the packets arrive");
    if (-config.reorder_by > config.delay - deepest)
        return wrong(fmt::format(
            "reorder_by = {} would deliver packets before they left: the delay less its jitter leaves {}",
            to_string(config.reorder_by), to_string(config.delay - deepest)));
    return {};
}

Result<> check_rate(const LinkConfig& config) {
    const std::uint64_t rate = config.rate.bits_per_second;
    if (rate != 0 && (rate < kSlowestRate || rate > kFastestRate))
        return wrong(fmt::format("rate = {} bit/s is out of range: {} to {}, or 0 for an unlimited one", rate,
                                 kSlowestRate, kFastestRate));
    if (config.queue_limit.count() < 0)
        return wrong(fmt::format("queue_limit = {} is negative", to_string(config.queue_limit)));
    if (config.overhead_bytes > 65'535)
        return wrong(fmt::format("overhead_bytes = {} is out of range: 0 to 65535", config.overhead_bytes));
    if (config.mtu_bytes != 0 && config.mtu_bytes <= config.overhead_bytes)
        return wrong(fmt::format("mtu_bytes = {} leaves no room beside overhead_bytes = {}", config.mtu_bytes,
                                 config.overhead_bytes));
    return {};
}

class Description {
  public:
    void add(std::string_view name, const std::string& value) {
        text_ += fmt::format("{}{} {}", text_.empty() ? "" : ", ", name, value);
    }
    void add(std::string_view name, Ratio share) {
        if (!share.is_zero()) add(name, to_string(share));
    }
    void add(std::string_view name, Duration value) {
        if (value.count() != 0) add(name, to_string(value));
    }
    [[nodiscard]] std::string text() const { return text_.empty() ? "ideal" : text_; }

  private:
    std::string text_;
};

void describe_rate(const LinkConfig& config, Description& out) {
    if (config.rate.bits_per_second == 0) return;
    out.add("rate", to_string(config.rate));
    if (config.queue_limit != kNoTimeLimit) out.add("queue", to_string(config.queue_limit));
    if (config.queue_packets != 0) out.add("queue", fmt::format("{} packets", config.queue_packets));
    if (config.queue_bytes != 0) out.add("queue", fmt::format("{}B", config.queue_bytes));
    out.add("overhead", fmt::format("{}B", config.overhead_bytes));
}

}  // namespace

Result<> LinkConfig::validate() const {
    if (auto checked = check_shares(*this); !checked) return checked;
    if (auto checked = check_times(*this); !checked) return checked;
    return check_rate(*this);
}

std::string to_string(const LinkConfig& config) {
    Description out;
    out.add("delay", config.delay);
    if (config.jitter_shape == JitterShape::table)
        out.add("jitter", fmt::format("table of {}", config.jitter_table.size()));
    else if (config.jitter.count() != 0)
        out.add("jitter",
                to_string(config.jitter) + (config.jitter_shape == JitterShape::normal ? " normal" : ""));
    if (config.keeps_order) out.add("order", "kept");
    out.add("loss", config.loss);
    if (config.burst_loss.is_on())
        out.add("burst loss",
                fmt::format("enter {} leave {} good {} bad {}", to_string(config.burst_loss.enter),
                            to_string(config.burst_loss.leave), to_string(config.burst_loss.loss_in_good),
                            to_string(config.burst_loss.loss_in_bad)));
    out.add("duplicate", config.duplicate);
    if (!config.reorder.is_zero())
        out.add("reorder", fmt::format("{} by {}", to_string(config.reorder), to_string(config.reorder_by)));
    out.add("corrupt", config.corrupt);
    describe_rate(config, out);
    if (config.mtu_bytes != 0) out.add("mtu", fmt::format("{}B", config.mtu_bytes));
    return out.text();
}

std::uint64_t fingerprint(const LinkConfig& config) {
    StableHash hash;
    const auto add_ratio = [&](Ratio ratio) {
        hash.add(ratio.numerator);
        hash.add(ratio.denominator);
    };
    const auto add_duration = [&](Duration value) { hash.add(static_cast<std::uint64_t>(value.count())); };
    add_duration(config.delay);
    add_duration(config.jitter);
    hash.add(static_cast<std::uint64_t>(config.jitter_shape));
    hash.add(static_cast<std::uint64_t>(config.jitter_table.size()));
    for (const Duration value : config.jitter_table) add_duration(value);
    hash.add(static_cast<std::uint64_t>(config.keeps_order));
    add_ratio(config.loss);
    add_ratio(config.burst_loss.enter);
    add_ratio(config.burst_loss.leave);
    add_ratio(config.burst_loss.loss_in_good);
    add_ratio(config.burst_loss.loss_in_bad);
    add_ratio(config.duplicate);
    add_ratio(config.reorder);
    add_duration(config.reorder_by);
    add_ratio(config.corrupt);
    hash.add(config.rate.bits_per_second);
    hash.add(std::uint64_t{config.overhead_bytes});
    add_duration(config.queue_limit);
    hash.add(std::uint64_t{config.queue_packets});
    hash.add(config.queue_bytes);
    hash.add(std::uint64_t{config.mtu_bytes});
    return hash.value();
}

}  // namespace squall::simulator
