// Budgets from a file: what data/budgets.hpp reads, for the command line and the window.
#pragma once

#include <QString>
#include <vector>

#include "gui/data/budgets.hpp"

namespace squall::gui {

// Errors: io (what the system says of the file), malformed (line, and what would be right).
[[nodiscard]] Result<std::vector<Budget>> read_budgets(const QString& path);

}  // namespace squall::gui
