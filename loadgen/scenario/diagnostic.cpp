#include "scenario/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace squall::loadgen {

std::uint32_t Diagnostics::add_source(std::string name) {
    sources_.push_back(std::move(name));
    return static_cast<std::uint32_t>(sources_.size() - 1);
}

void Diagnostics::add(Position at, std::string wrong, std::string right) {
    // One broken file should not print a book.
    constexpr std::size_t kMax = 100;
    if (found_.size() < kMax) found_.push_back({at, std::move(wrong), std::move(right)});
}

std::vector<std::string> Diagnostics::lines() const {
    std::vector<std::size_t> order(found_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    const auto place = [this](std::size_t i) {
        const Position& at = found_[i].at;
        return std::tuple(at.source, at.line, at.column, i);
    };
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
    std::vector<std::string> out;
    out.reserve(order.size());
    for (const std::size_t i : order) out.push_back(line_of(found_[i]));
    return out;
}

std::string Diagnostics::line_of(const Diagnostic& diagnostic) const {
    const std::string& source = sources_[diagnostic.at.source < sources_.size() ? diagnostic.at.source : 0];
    std::string out = source;
    if (diagnostic.at.line != 0 && diagnostic.at.source == 0)
        out += fmt::format(":{}:{}", diagnostic.at.line, diagnostic.at.column);
    out += ": " + diagnostic.wrong;
    if (!diagnostic.right.empty()) out += "; " + diagnostic.right;
    return out;
}

namespace {

// Levenshtein's distance, with a swap of neighbours as one step.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
    for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
    for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        for (std::size_t j = 1; j <= b.size(); ++j) {
            d[i][j] = std::min(
                {d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[a.size()][b.size()];
}

}  // namespace

std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& candidates) {
    if (word.size() < 2 || word.size() > 64) return {};
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(1, std::min<std::size_t>(3, word.size() / 3)) + 1;
    for (const auto candidate : candidates) {
        std::size_t d = distance(word, candidate);
        const bool prefix = word.size() >= 3 && candidate.size() >= 3 &&
                            (candidate.starts_with(word) || word.starts_with(candidate));
        if (prefix) d = std::min<std::size_t>(d, 1);
        if (d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

std::string one_of(const std::vector<std::string_view>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0) out += i + 1 == words.size() ? " or " : ", ";
        out += words[i];
    }
    return out;
}

}  // namespace squall::loadgen
