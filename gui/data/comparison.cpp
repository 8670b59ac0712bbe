#include "gui/data/comparison.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>

namespace squall::gui {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr double kSignificant = 0.05;

ComparisonRow row_of(std::string name, recorder::Direction direction, const Series* first,
                     const Series* second, CompareRanges ranges) {
    ComparisonRow row;
    row.name = std::move(name);
    row.direction = direction;
    const std::vector<double> a = first == nullptr ? std::vector<double>{} : per_second(*first, ranges.first);
    const std::vector<double> b =
        second == nullptr ? std::vector<double>{} : per_second(*second, ranges.second);
    const SampleSummary summary_a = summarise(a);
    const SampleSummary summary_b = summarise(b);
    row.first = summary_a.mean;
    row.second = summary_b.mean;
    row.test = welch(summary_a, summary_b);
    return row;
}

// Holm's correction: each p times the number of hypotheses not yet rejected, never falling.
void correct(std::vector<ComparisonRow>& rows) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < rows.size(); ++i)
        if (rows[i].test.is_known) order.push_back(i);
    std::ranges::sort(order, {}, [&](std::size_t i) { return rows[i].test.p; });
    double greatest = 0;
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
        double& p = rows[order[rank]].test.p;
        greatest = std::max(greatest, std::min(1.0, p * static_cast<double>(order.size() - rank)));
        p = greatest;
    }
}

void judge(ComparisonRow& row) {
    if (row.first == 0 && row.second > 0)
        row.verdict = Verdict::only_second;
    else if (row.second == 0 && row.first > 0)
        row.verdict = Verdict::only_first;
    else if (!row.test.is_known)
        row.verdict = Verdict::unknown;
    else if (row.test.p >= kSignificant)
        row.verdict = Verdict::same;
    else
        row.verdict = row.test.difference > 0 ? Verdict::more : Verdict::less;
}

}  // namespace

std::string to_words(Verdict verdict) {
    switch (verdict) {
        case Verdict::same: return "no difference beyond chance";
        case Verdict::more: return "costs more";
        case Verdict::less: return "costs less";
        case Verdict::only_first: return "only in the first";
        case Verdict::only_second: return "only in the second";
        case Verdict::unknown: return "too few seconds to tell";
    }
    return {};
}

double ComparisonRow::change_percent() const {
    return first > 0 ? 100 * (second - first) / first : std::numeric_limits<double>::quiet_NaN();
}

std::vector<double> per_second(const Series& series, TimeRange range) {
    std::vector<double> out;
    for (std::int64_t at = range.begin; at + kSecond <= range.end; at += kSecond) {
        const std::size_t first = series.lower_bound(at);
        if (first < series.size() && series.points()[first].at < at + kSecond)
            out.push_back(series.mean(at, at + kSecond));
    }
    return out;
}

std::vector<ComparisonRow> compare(const Session& first, const Session& second, CompareRanges ranges) {
    using Key = std::pair<std::string, recorder::Direction>;
    std::map<Key, std::pair<const RemoteRow*, const RemoteRow*>> pairs;
    for (const RemoteRow& row : first.remotes()) pairs[{row.name, row.direction}].first = &row;
    for (const RemoteRow& row : second.remotes()) pairs[{row.name, row.direction}].second = &row;
    std::vector<ComparisonRow> rows;
    for (const auto& [key, pair] : pairs) {
        ComparisonRow row = row_of(key.first, key.second, pair.first ? &pair.first->wire_rate : nullptr,
                                   pair.second ? &pair.second->wire_rate : nullptr, ranges);
        if (pair.first)
            row.messages_first = pair.first->message_rate.mean(ranges.first.begin, ranges.first.end);
        if (pair.second)
            row.messages_second = pair.second->message_rate.mean(ranges.second.begin, ranges.second.end);
        if (row.first > 0 || row.second > 0) rows.push_back(std::move(row));
    }
    // Those of one size by name, which is how they are now.
    std::ranges::sort(rows, [](const ComparisonRow& a, const ComparisonRow& b) {
        const double size_a = std::abs(a.test.difference);
        const double size_b = std::abs(b.test.difference);
        return std::tie(size_b, a.name, a.direction) < std::tie(size_a, b.name, b.direction);
    });
    std::vector<ComparisonRow> all;
    all.push_back(row_of("all that is sent", recorder::Direction::outbound, &first.totals().sent,
                         &second.totals().sent, ranges));
    all.push_back(row_of("all that is received", recorder::Direction::inbound, &first.totals().received,
                         &second.totals().received, ranges));
    for (ComparisonRow& row : all) row.is_total = true;
    all.insert(all.end(), std::make_move_iterator(rows.begin()), std::make_move_iterator(rows.end()));
    correct(all);
    for (ComparisonRow& row : all) judge(row);
    return all;
}

std::vector<ComparisonRow> compare(const Session& first, const Session& second) {
    return compare(first, second, {first.limits(), second.limits()});
}

}  // namespace squall::gui
