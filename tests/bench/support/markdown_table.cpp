#include "bench/support/markdown_table.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::bench {

std::string MarkdownTable::to_string() const {
    std::vector<std::size_t> widths(rows_.front().size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], row[i].size());
    std::string text;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        text += '|';
        // Names to the left, figures to the right.
        for (std::size_t i = 0; i < widths.size(); ++i) {
            const std::string cell = i < rows_[r].size() ? rows_[r][i] : "";
            text += i == 0 ? fmt::format(" {:<{}} |", cell, widths[i])
                           : fmt::format(" {:>{}} |", cell, widths[i]);
        }
        text += '\n';
        if (r > 0) continue;
        text += '|';
        for (std::size_t i = 0; i < widths.size(); ++i)
            text += i == 0 ? std::string(widths[i] + 2, '-') + "|" : std::string(widths[i] + 1, '-') + ":|";
        text += '\n';
    }
    return text;
}

}  // namespace squall::bench
