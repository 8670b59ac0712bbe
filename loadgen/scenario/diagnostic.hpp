// What is wrong with a scenario, where, and what would be right; all of a file's mistakes, not only the
// first. Knows nothing of TOML or of scenarios.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace squall::loadgen {

// A place in one of the sources of a scenario: the file, or an override of the command line.
struct Position {
    std::uint32_t source = 0;  // 0 is the file, n the n-th `--set`
    std::uint32_t line = 0;    // from 1; 0 where there is no line
    std::uint32_t column = 0;
};

struct Diagnostic {
    Position at;
    std::string wrong;
    std::string right;  // what would be right; may be empty
};

class Diagnostics {
  public:
    explicit Diagnostics(std::string file) : sources_{std::move(file)} {}

    // Names one more source, such as "--set duration=30"; returns its number for Position::source.
    std::uint32_t add_source(std::string name);
    void add(Position at, std::string wrong, std::string right = {});

    [[nodiscard]] bool empty() const { return found_.empty(); }
    [[nodiscard]] const std::vector<Diagnostic>& all() const { return found_; }
    // "file:line:column: what is wrong; what would be right", in the order of the places.
    [[nodiscard]] std::vector<std::string> lines() const;

  private:
    [[nodiscard]] std::string line_of(const Diagnostic& diagnostic) const;
    std::vector<std::string> sources_;
    std::vector<Diagnostic> found_;
};

// The candidate that `word` was probably meant to be (few letters away, or one starting with the other);
// empty if none is near.
[[nodiscard]] std::string_view nearest_word(std::string_view word,
                                            const std::vector<std::string_view>& candidates);
// "a, b or c".
[[nodiscard]] std::string one_of(const std::vector<std::string_view>& words);

}  // namespace squall::loadgen
