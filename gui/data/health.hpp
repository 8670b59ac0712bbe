// What is wrong with a session, in words: what was measured, what would be right, and where to look. A few
// thresholds, all of them here. Says nothing where nothing was measured.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gui/data/session.hpp"

namespace squall::gui {

enum class Severity : std::uint8_t { good, note, warning, bad };

// Where the reader should look next.
enum class Place : std::uint8_t { overview, remotes, connections, timeline };

struct Finding {
    Severity severity{};
    std::string title;   // one clause
    std::string detail;  // what was measured, and what to do
    Place place{};
    std::string filter;  // for the table of that place; may be empty
};

// What is looked at: the last seconds of something that goes on, or all of something that is over.
enum class Period : std::uint8_t { newest, all };

// Worst first. Never empty: with nothing wrong it says so, and with no data it says that.
[[nodiscard]] std::vector<Finding> examine(const Session& session, Period period = Period::newest);

}  // namespace squall::gui
