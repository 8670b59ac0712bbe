// The filter language of the tables: `dir:in b>100 move`. Words side by side must all hold; `or`, `not` (or a
// leading -), brackets, and per column: `name:part`, `name=whole`, `name:/regex/`, `bytes>1.5k`, `rtt>=20ms`,
// `loss!=0`. A word without a column looks into the first text column. Knows columns only by name; the rows
// are the caller's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gui/data/format.hpp"

namespace squall::gui {

// A column as the language sees it.
struct FilterColumn {
    std::string name;                  // one word, lower case
    std::vector<std::string> aliases;  // short forms: "b"
    bool is_number = false;
    Unit unit = Unit::none;  // what a number without a suffix means
    std::string meaning;     // for help and completion
};

// What a filter asks a row.
class FilterRow {
  public:
    virtual ~FilterRow() = default;
    [[nodiscard]] virtual double number(std::size_t column) const = 0;
    // Valid until the next call.
    [[nodiscard]] virtual std::string_view text(std::size_t column) const = 0;
};

// What is wrong with a filter's text, and where.
struct FilterError {
    std::size_t position = 0;  // bytes from the start
    std::size_t length = 1;
    std::string message;
};

namespace detail {
struct FilterNode;
}

class Filter {
  public:
    Filter();
    ~Filter();
    Filter(Filter&&) noexcept;
    Filter& operator=(Filter&&) noexcept;

    // Compiles a text for these columns. On an error the filter lets everything pass, and error() says what
    // is wrong.
    [[nodiscard]] static Filter parse(std::string_view text, const std::vector<FilterColumn>& columns);

    [[nodiscard]] bool matches(const FilterRow& row) const;
    [[nodiscard]] bool empty() const { return root_ == nullptr; }
    [[nodiscard]] bool ok() const { return error_.message.empty(); }
    [[nodiscard]] const FilterError& error() const { return error_; }

  private:
    std::unique_ptr<detail::FilterNode> root_;
    FilterError error_;
};

// One paragraph for a tool tip: the columns and three examples.
[[nodiscard]] std::string filter_help(const std::vector<FilterColumn>& columns);

}  // namespace squall::gui
