// Two sessions side by side: what each remote costs in one and in the other, second by second, and whether
// the difference is more than chance. Remotes are matched by name and direction.
#pragma once

#include <string>
#include <vector>

#include "gui/data/session.hpp"
#include "gui/data/statistics.hpp"

namespace squall::gui {

enum class Verdict : std::uint8_t { same, more, less, only_first, only_second, unknown };
[[nodiscard]] std::string to_words(Verdict verdict);

struct ComparisonRow {
    std::string name;
    recorder::Direction direction{};
    bool is_total = false;
    double first = 0;  // bytes a second on the wire, mean
    double second = 0;
    double messages_first = 0;
    double messages_second = 0;
    WelchResult test;
    Verdict verdict{};
    // How much the second is above the first, in percent; NaN where the first is nothing.
    [[nodiscard]] double change_percent() const;
};

struct CompareRanges {
    TimeRange first;
    TimeRange second;
};

// The totals come first, then remotes by the size of the difference. p values are corrected for the number of
// rows (Holm), so that of a hundred remotes not five differ by chance.
[[nodiscard]] std::vector<ComparisonRow> compare(const Session& first, const Session& second,
                                                 CompareRanges ranges);
// All that each of them has.
[[nodiscard]] std::vector<ComparisonRow> compare(const Session& first, const Session& second);

// The mean of each whole second of a range.
[[nodiscard]] std::vector<double> per_second(const Series& series, TimeRange range);

}  // namespace squall::gui
