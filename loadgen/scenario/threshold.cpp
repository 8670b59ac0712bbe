#include "scenario/threshold.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

#include "scenario/diagnostic.hpp"

namespace squall::loadgen {
namespace {

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

// The digits of "99.9" as a share of 100; nothing if it is no number from 0 to 100.
std::optional<Ratio> parse_percentile(std::string_view text) {
    const auto ratio = parse_ratio(std::string(text) + "%");
    if (!ratio) return std::nullopt;
    return *ratio;
}

struct Split {
    std::string_view left;
    Comparison comparison = Comparison::less;
    std::string_view right;
};

std::optional<Split> split_comparison(std::string_view text) {
    const auto at = text.find_first_of("<>=!");
    if (at == std::string_view::npos) return std::nullopt;
    constexpr std::pair<std::string_view, Comparison> kOperators[] = {
        {"<=", Comparison::less_equal}, {">=", Comparison::greater_equal}, {"==", Comparison::equal},
        {"!=", Comparison::not_equal},  {"<", Comparison::less},           {">", Comparison::greater}};
    for (const auto& [symbol, comparison] : kOperators) {
        if (text.substr(at).starts_with(symbol))
            return Split{trimmed(text.substr(0, at)), comparison, trimmed(text.substr(at + symbol.size()))};
    }
    return std::nullopt;
}

// A rate is a share of the joins that were tried, so only what happens to a join has one.
bool has_rate(const MetricInfo& metric) {
    return metric.by_cause || metric.metric == Metric::joins || metric.metric == Metric::dropped_joins;
}

std::vector<std::string_view> aggregates_of(const MetricInfo& metric) {
    if (metric.kind == MetricKind::trend) return {"p(N)", "min", "max", "avg", "med", "count"};
    if (has_rate(metric)) return {"count", "rate"};
    return {"count"};
}

std::optional<Aggregate> aggregate_from(std::string_view name) {
    constexpr std::pair<std::string_view, Aggregate> kNames[] = {
        {"min", Aggregate::min}, {"max", Aggregate::max},     {"avg", Aggregate::avg},
        {"med", Aggregate::med}, {"count", Aggregate::count}, {"rate", Aggregate::rate}};
    for (const auto& [word, aggregate] : kNames)
        if (word == name) return aggregate;
    return std::nullopt;
}

// A share as "0.5%" or "0.005", in parts per million.
Result<std::uint64_t> parse_share(std::string_view text) {
    const auto as_ratio = text.ends_with('%') ? parse_ratio(text) : Result<Ratio>(Ratio{});
    if (!as_ratio) return std::unexpected(as_ratio.error());
    if (text.ends_with('%')) return as_ratio->numerator * 1'000'000 / as_ratio->denominator;
    std::uint64_t ppm = 0, unit = 1'000'000;
    bool point = false, digit = false;
    for (const char c : text) {
        if (c == '.' && !point) {
            point = true;
        } else if (c >= '0' && c <= '9' && (!point || unit >= 10)) {
            digit = true;
            if (point) unit /= 10;
            ppm = point ? ppm + static_cast<std::uint64_t>(c - '0') * unit
                        : ppm * 10 + static_cast<std::uint64_t>(c - '0') * 1'000'000;
            if (ppm > 1'000'000) break;
        } else {
            digit = false;
            break;
        }
    }
    if (!digit || ppm > 1'000'000)
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not a share; write for instance \"0.5%\" or \"0.005\"", text));
    return ppm;
}

Result<std::uint64_t> parse_count(std::string_view text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not a count; write a whole number without a unit", text));
    return value;
}

Result<std::uint64_t> parse_limit(std::string_view text, Aggregate aggregate, MetricUnit unit) {
    if (aggregate == Aggregate::count) return parse_count(text);
    if (aggregate == Aggregate::rate) return parse_share(text);
    switch (unit) {
        case MetricUnit::nanoseconds: {
            const auto value = parse_duration(text);
            if (!value) return std::unexpected(value.error());
            return static_cast<std::uint64_t>(value->count());
        }
        case MetricUnit::bits_per_second: {
            const auto value = parse_data_rate(text);
            if (!value) return std::unexpected(value.error());
            return value->bits_per_second;
        }
        case MetricUnit::bytes: return parse_data_size(text);
        case MetricUnit::share_ppm: {
            // CPU of one core: a process with two threads can use more than 100 %.
            if (!text.ends_with('%'))
                return fail(ErrorCode::malformed,
                            fmt::format("'{}' has no unit; write for instance \"90%\"", text));
            double value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size() - 1, value);
            if (error != std::errc{} || end != text.data() + text.size() - 1 || !(value >= 0) ||
                value > 100'000)
                return fail(ErrorCode::malformed,
                            fmt::format("'{}' is not a share; write for instance \"90%\"", text));
            return static_cast<std::uint64_t>(std::llround(value * 10'000));
        }
        case MetricUnit::count: return parse_count(text);
    }
    return 0;
}

Result<std::vector<Tag>> parse_tags(std::string_view text) {
    std::vector<Tag> tags;
    while (!text.empty()) {
        const auto comma = text.find(',');
        const auto part = trimmed(text.substr(0, comma));
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
        const auto colon = part.find(':');
        if (colon == std::string_view::npos || colon == 0 || colon + 1 == part.size()) {
            return fail(ErrorCode::malformed,
                        fmt::format("'{}' is not a tag; write tag:value, as in rtt{{group:fighters}}", part));
        }
        tags.push_back(
            {std::string(trimmed(part.substr(0, colon))), std::string(trimmed(part.substr(colon + 1)))});
    }
    return tags;
}

}  // namespace

Result<Selector> parse_selector(std::string_view text) {
    if (text.starts_with("vs_baseline.")) {
        return fail(ErrorCode::unsupported,
                    "'vs_baseline' (the comparison with an earlier run) comes with a later version of Squall "
                    "and is not offered yet; take it out for now");
    }
    const auto brace = text.find('{');
    const auto name = trimmed(text.substr(0, brace));
    Selector out;
    const auto metric = metric_from_name(name);
    if (!metric) {
        std::vector<std::string_view> names;
        for (const auto& entry : metrics()) names.push_back(entry.name);
        const auto near = nearest_word(name, names);
        return fail(ErrorCode::unknown_id,
                    near.empty() ? fmt::format("no metric is named '{}'; there are {}", name, one_of(names))
                                 : fmt::format("no metric is named '{}'; did you mean '{}'?", name, near));
    }
    out.metric = *metric;
    if (brace == std::string_view::npos) return out;
    if (!text.ends_with('}') || text.find('}') + 1 != text.size())
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' does not end in '}}'; write for instance rtt{{group:fighters}}", text));
    auto tags = parse_tags(text.substr(brace + 1, text.size() - brace - 2));
    if (!tags) return std::unexpected(tags.error());
    out.tags = std::move(*tags);
    const auto& about = info(*metric);
    for (const auto& tag : out.tags) {
        if (about.scope != MetricScope::group)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("'{}' has no tags: it is about the {}", name,
                                    about.scope == MetricScope::server ? "server" : "generator"));
        if (tag.key == "cause" && !about.by_cause)
            return fail(ErrorCode::invalid_argument,
                        fmt::format("'{}' has no causes; disconnects and errors have", name));
    }
    return out;
}

Result<Condition> parse_condition(std::string_view text, const MetricInfo& metric) {
    const auto split = split_comparison(text);
    const auto known = one_of(aggregates_of(metric));
    const std::string_view example = metric.kind == MetricKind::counter ? "count==0" : "p(99)<200ms";
    if (!split || split->left.empty() || split->right.empty())
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not a condition; write for instance \"{}\"", text, example));
    Condition out;
    out.comparison = split->comparison;
    const auto name = split->left;
    if (name.starts_with("p(") && name.ends_with(")")) {
        const auto share = parse_percentile(name.substr(2, name.size() - 3));
        if (!share)
            return fail(
                ErrorCode::malformed,
                fmt::format("'{}' is not a percentile; write p(0) to p(100), for instance p(99.9)", name));
        out.percentile = *share;
    } else if (const auto aggregate = aggregate_from(name)) {
        out.aggregate = *aggregate;
    } else {
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not something '{}' has; use {}", name, metric.name, known));
    }
    const bool fits =
        out.aggregate == Aggregate::count ||
        (out.aggregate == Aggregate::rate ? has_rate(metric) : metric.kind == MetricKind::trend);
    if (!fits)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("'{}' has no {}; use {}", metric.name, name, known));
    const auto limit = parse_limit(split->right, out.aggregate, metric.unit);
    if (!limit) return std::unexpected(limit.error());
    out.limit = *limit;
    return out;
}

bool holds(Comparison comparison, std::uint64_t value, std::uint64_t limit) {
    switch (comparison) {
        case Comparison::less: return value < limit;
        case Comparison::less_equal: return value <= limit;
        case Comparison::greater: return value > limit;
        case Comparison::greater_equal: return value >= limit;
        case Comparison::equal: return value == limit;
        case Comparison::not_equal: return value != limit;
    }
    return false;
}

}  // namespace squall::loadgen
