// A table for people: padded columns that are valid markdown at the same time.
#pragma once

#include <string>
#include <vector>

namespace squall::bench {

class MarkdownTable {
  public:
    explicit MarkdownTable(std::vector<std::string> header) : rows_{std::move(header)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] std::string to_string() const;

  private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace squall::bench
