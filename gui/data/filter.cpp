#include "gui/data/filter.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <utility>

namespace squall::gui {
namespace detail {

enum class FilterKind : std::uint8_t { all, any, negation, contains, equals, regex, compare };
enum class Comparison : std::uint8_t { less, less_equal, greater, greater_equal, equal, different };

struct FilterNode {
    FilterKind kind{};
    std::vector<std::unique_ptr<FilterNode>> children;
    std::size_t column = 0;
    std::string text;  // lower case
    std::unique_ptr<RE2> pattern;
    Comparison comparison{};
    double number = 0;
};

}  // namespace detail

namespace {

using detail::Comparison;
using detail::FilterKind;
using detail::FilterNode;
using Node = std::unique_ptr<FilterNode>;

constexpr int kDepthMax = 32;

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) {
        return static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    });
    return out;
}

bool contains_folded(std::string_view text, std::string_view part) {
    const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    return std::ranges::search(text, part, same).begin() != text.end() || part.empty();
}

bool equals_folded(std::string_view text, std::string_view other) {
    return text.size() == other.size() && contains_folded(text, other);
}

bool holds(double value, Comparison comparison, double bound) {
    switch (comparison) {
        case Comparison::less: return value < bound;
        case Comparison::less_equal: return value <= bound;
        case Comparison::greater: return value > bound;
        case Comparison::greater_equal: return value >= bound;
        case Comparison::equal: return value == bound;
        case Comparison::different: return value != bound;
    }
    return false;
}

bool evaluate(const FilterNode& node, const FilterRow& row) {
    switch (node.kind) {
        case FilterKind::all:
            return std::ranges::all_of(node.children,
                                       [&](const Node& child) { return evaluate(*child, row); });
        case FilterKind::any:
            return std::ranges::any_of(node.children,
                                       [&](const Node& child) { return evaluate(*child, row); });
        case FilterKind::negation: return !evaluate(*node.children.front(), row);
        case FilterKind::contains: return contains_folded(row.text(node.column), node.text);
        case FilterKind::equals: return equals_folded(row.text(node.column), node.text);
        case FilterKind::regex: {
            const std::string_view text = row.text(node.column);
            return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *node.pattern);
        }
        case FilterKind::compare: return holds(row.number(node.column), node.comparison, node.number);
    }
    return true;
}

// How many letters must change to make one word of the other; for "did you mean".
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

struct Suffix {
    std::string_view text;
    double factor;
};
constexpr std::array kMagnitudes = {Suffix{"k", 1e3}, Suffix{"m", 1e6}, Suffix{"g", 1e9}};
constexpr std::array kTimes = {Suffix{"us", 1e-3}, Suffix{"µs", 1e-3}, Suffix{"ms", 1}, Suffix{"s", 1e3}};
constexpr std::array kBytes = {Suffix{"b", 1},    Suffix{"kb", 1e3},     Suffix{"mb", 1e6},
                               Suffix{"gb", 1e9}, Suffix{"kib", 1024.0}, Suffix{"mib", 1024.0 * 1024}};

class Parser {
  public:
    Parser(std::string_view text, const std::vector<FilterColumn>& columns)
        : text_(text), columns_(columns) {}

    Node parse() {
        Node node = parse_any(0);
        skip_space();
        if (!failed() && at_ < text_.size()) fail(at_, 1, "a closing bracket without an opening one");
        return failed() ? nullptr : std::move(node);
    }
    [[nodiscard]] FilterError take_error() { return std::move(error_); }

  private:
    [[nodiscard]] bool failed() const { return !error_.message.empty(); }
    void fail(std::size_t position, std::size_t length, std::string message) {
        if (!failed()) error_ = {position, std::max<std::size_t>(length, 1), std::move(message)};
    }
    void skip_space() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
    }
    // True and past it if the next word is this one.
    bool take_word(std::string_view word) {
        skip_space();
        const std::size_t end = at_ + word.size();
        if (!equals_folded(text_.substr(at_, word.size()), word)) return false;
        if (end < text_.size() && !std::isspace(static_cast<unsigned char>(text_[end])) && text_[end] != '(')
            return false;
        at_ = end;
        return true;
    }
    [[nodiscard]] bool next_is_or() {
        const std::size_t before = at_;
        const bool is_or = take_word("or") || take_word("|");
        at_ = before;
        return is_or;
    }

    Node parse_any(int depth) {
        auto node = std::make_unique<FilterNode>();
        node->kind = FilterKind::any;
        do {
            const std::size_t start = at_;
            Node all = parse_all(depth);
            if (failed()) return nullptr;
            if (all->children.empty() && (!node->children.empty() || next_is_or())) {
                fail(start, 1, "'or' stands between two conditions; one of them is missing");
                return nullptr;
            }
            node->children.push_back(std::move(all));
        } while (take_word("or") || take_word("|"));
        return node;
    }

    Node parse_all(int depth) {
        auto node = std::make_unique<FilterNode>();
        node->kind = FilterKind::all;
        while (!failed()) {
            skip_space();
            if (at_ >= text_.size() || text_[at_] == ')' || next_is_or()) break;
            if (take_word("and") || take_word("&")) continue;
            if (Node term = parse_term(depth)) node->children.push_back(std::move(term));
        }
        return failed() ? nullptr : std::move(node);
    }

    Node parse_term(int depth) {
        if (depth > kDepthMax) {
            fail(at_, 1, fmt::format("more than {} brackets inside each other", kDepthMax));
            return nullptr;
        }
        const std::size_t start = at_;
        const bool minus = text_[at_] == '-' || text_[at_] == '!';
        if (minus || take_word("not")) {
            if (minus) ++at_;
            skip_space();
            if (at_ >= text_.size() || text_[at_] == ')') {
                fail(start, at_ - start, "'not' needs a condition after it");
                return nullptr;
            }
            auto node = std::make_unique<FilterNode>();
            node->kind = FilterKind::negation;
            Node child = parse_term(depth + 1);
            if (!child) return nullptr;
            node->children.push_back(std::move(child));
            return node;
        }
        if (text_[at_] == '(') {
            ++at_;
            Node inner = parse_any(depth + 1);
            skip_space();
            if (failed()) return nullptr;
            if (at_ >= text_.size()) {
                fail(start, 1, "this bracket is not closed");
                return nullptr;
            }
            ++at_;
            return inner;
        }
        return parse_condition();
    }

    Node parse_condition() {
        const std::size_t start = at_;
        std::size_t end = at_;
        while (end < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[end])) || text_[end] == '_'))
            ++end;
        static constexpr std::string_view operators = ":=<>!";
        if (end == start || end >= text_.size() || operators.find(text_[end]) == std::string_view::npos)
            return text_condition(first_text_column(), false);
        const std::optional<std::size_t> column = find_column(text_.substr(start, end - start), start);
        if (!column) return nullptr;
        at_ = end;
        const std::size_t operator_at = at_;
        const std::string sign = take_operator();
        if (at_ >= text_.size() || std::isspace(static_cast<unsigned char>(text_[at_])) ||
            text_[at_] == ')') {
            fail(operator_at, sign.size(), fmt::format("'{}' needs a value right after it", sign));
            return nullptr;
        }
        if (columns_[*column].is_number) return number_condition(*column, sign, operator_at);
        if (sign != ":" && sign != "=" && sign != "!=") {
            fail(operator_at, sign.size(),
                 fmt::format("'{}' compares numbers, and {} is a text; use ':' or '='", sign,
                             columns_[*column].name));
            return nullptr;
        }
        Node node = text_condition(*column, sign != ":");
        if (sign != "!=" || !node) return node;
        auto negation = std::make_unique<FilterNode>();
        negation->kind = FilterKind::negation;
        negation->children.push_back(std::move(node));
        return negation;
    }

    std::string take_operator() {
        std::string sign(1, text_[at_++]);
        if (at_ < text_.size() && text_[at_] == '=' && sign != ":") {
            ++at_;
            if (sign != "=") sign += '=';
        }
        return sign;
    }

    [[nodiscard]] std::size_t first_text_column() const {
        const auto found = std::ranges::find(columns_, false, &FilterColumn::is_number);
        return found == columns_.end() ? 0 : static_cast<std::size_t>(found - columns_.begin());
    }

    std::optional<std::size_t> find_column(std::string_view name, std::size_t position) {
        const std::string wanted = lower(name);
        for (std::size_t i = 0; i < columns_.size(); ++i)
            if (columns_[i].name == wanted ||
                std::ranges::find(columns_[i].aliases, wanted) != columns_[i].aliases.end())
                return i;
        std::string names;
        const FilterColumn* nearest = nullptr;
        std::size_t nearest_distance = 3;
        for (const FilterColumn& column : columns_) {
            names += (names.empty() ? "" : ", ") + column.name;
            const std::size_t distance = edit_distance(wanted, column.name);
            if (distance < nearest_distance) {
                nearest = &column;
                nearest_distance = distance;
            }
        }
        if (nearest != nullptr)
            fail(position, name.size(),
                 fmt::format("there is no column '{}'; did you mean '{}'?", name, nearest->name));
        else
            fail(position, name.size(), fmt::format("there is no column '{}'; there are: {}", name, names));
        return std::nullopt;
    }

    Node text_condition(std::size_t column, bool whole) {
        auto node = std::make_unique<FilterNode>();
        node->kind = whole ? FilterKind::equals : FilterKind::contains;
        node->column = column;
        if (text_[at_] == '/') {
            const std::optional<std::string> pattern = take_quoted('/');
            if (!pattern) return nullptr;
            RE2::Options options;
            options.set_case_sensitive(false);
            options.set_log_errors(false);
            options.set_max_mem(1 << 20);
            node->kind = FilterKind::regex;
            node->pattern = std::make_unique<RE2>(*pattern, options);
            if (!node->pattern->ok()) {
                fail(at_ - pattern->size() - 1, pattern->size(),
                     "the regular expression is not valid: " + node->pattern->error());
                return nullptr;
            }
            return node;
        }
        if (text_[at_] == '"') {
            const std::optional<std::string> quoted = take_quoted('"');
            if (!quoted) return nullptr;
            node->text = lower(*quoted);
            return node;
        }
        const std::string_view word = take_bare();
        if (word.empty()) fail(at_, 1, fmt::format("'{}' begins no condition", text_[at_]));
        node->text = lower(word);
        return node;
    }

    std::string_view take_bare() {
        const std::size_t start = at_;
        while (at_ < text_.size() && !std::isspace(static_cast<unsigned char>(text_[at_])) &&
               text_[at_] != ')' && text_[at_] != '(')
            ++at_;
        return text_.substr(start, at_ - start);
    }

    // What stands between two marks; a backslash before the mark keeps it.
    std::optional<std::string> take_quoted(char mark) {
        const std::size_t start = at_++;
        std::string out;
        for (; at_ < text_.size(); ++at_) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == mark) {
                out += mark;
                ++at_;
            } else if (text_[at_] == mark) {
                ++at_;
                return out;
            } else {
                out += text_[at_];
            }
        }
        fail(start, 1, fmt::format("this {} is not closed", mark));
        return std::nullopt;
    }

    Node number_condition(std::size_t column, const std::string& sign, std::size_t operator_at) {
        const std::size_t start = at_;
        const std::string word = lower(take_bare());
        double value = 0;
        const auto [rest, problem] = std::from_chars(word.data(), word.data() + word.size(), value);
        const std::string_view suffix(rest, static_cast<std::size_t>(word.data() + word.size() - rest));
        const std::optional<double> factor = factor_of(suffix, columns_[column].unit);
        if (problem != std::errc{} || !factor) {
            fail(start, word.size(),
                 fmt::format("'{}' is not a number that {} can be compared with; write one like {}", word,
                             columns_[column].name, example_of(columns_[column].unit)));
            return nullptr;
        }
        auto node = std::make_unique<FilterNode>();
        node->kind = FilterKind::compare;
        node->column = column;
        node->number = value * *factor;
        static constexpr std::array<std::pair<std::string_view, Comparison>, 7> signs = {
            {{"<", Comparison::less},
             {"<=", Comparison::less_equal},
             {">", Comparison::greater},
             {">=", Comparison::greater_equal},
             {"=", Comparison::equal},
             {":", Comparison::equal},
             {"!=", Comparison::different}}};
        const auto found = std::ranges::find(signs, sign, &std::pair<std::string_view, Comparison>::first);
        if (found == signs.end()) {
            fail(operator_at, sign.size(),
                 fmt::format("'{}' is no comparison; there are < <= > >= = !=", sign));
            return nullptr;
        }
        node->comparison = found->second;
        return node;
    }

    static std::optional<double> factor_of(std::string_view suffix, Unit unit) {
        if (suffix.empty()) return 1;
        if (suffix.ends_with("/s")) suffix.remove_suffix(2);
        if (suffix.empty()) return 1;
        if (unit == Unit::percent) return suffix == "%" ? std::optional(1.0) : std::nullopt;
        if (unit == Unit::milliseconds) return lookup(kTimes, suffix);
        if (unit == Unit::bytes || unit == Unit::bytes_per_second)
            if (const auto factor = lookup(kBytes, suffix)) return factor;
        return lookup(kMagnitudes, suffix);
    }
    template <std::size_t N>
    static std::optional<double> lookup(const std::array<Suffix, N>& table, std::string_view suffix) {
        const auto found = std::ranges::find(table, suffix, &Suffix::text);
        return found == table.end() ? std::nullopt : std::optional(found->factor);
    }
    static std::string_view example_of(Unit unit) {
        switch (unit) {
            case Unit::milliseconds: return "20, 20ms or 1.5s";
            case Unit::percent: return "2.5 or 2.5%";
            case Unit::bytes:
            case Unit::bytes_per_second: return "100, 1.5k or 2MB";
            case Unit::none:
            case Unit::count:
            case Unit::per_second: break;
        }
        return "100 or 1.5k";
    }

    std::string_view text_;
    const std::vector<FilterColumn>& columns_;
    std::size_t at_ = 0;
    FilterError error_;
};

}  // namespace

Filter::Filter() = default;
Filter::~Filter() = default;
Filter::Filter(Filter&&) noexcept = default;
Filter& Filter::operator=(Filter&&) noexcept = default;

Filter Filter::parse(std::string_view text, const std::vector<FilterColumn>& columns) {
    Filter filter;
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos || columns.empty()) return filter;
    Parser parser(text, columns);
    filter.root_ = parser.parse();
    filter.error_ = parser.take_error();
    return filter;
}

bool Filter::matches(const FilterRow& row) const {
    return root_ == nullptr || evaluate(*root_, row);
}

std::string filter_help(const std::vector<FilterColumn>& columns) {
    std::string help =
        "Words side by side must all hold: dir:in bytes>100 move\n"
        "name:part   name=whole   name:/regular expression/   bytes>=1.5k   rtt>20ms   a or b   not a   ( "
        ")\n\nColumns:";
    for (const FilterColumn& column : columns) {
        help += fmt::format("\n  {}", column.name);
        for (const std::string& alias : column.aliases) help += fmt::format(", {}", alias);
        if (!column.meaning.empty()) help += fmt::format(": {}", column.meaning);
    }
    return help;
}

}  // namespace squall::gui
