// Budgets for CI: a TOML file that says what may be spent, a session, and a table that says what was. Reads
// text, opens nothing.
//
//   [total]                      sent, received (mean, bytes a second), peak_sent, peak_received (of one
//   second), loss (percent), sent = "200kB/s"             rtt_p50, rtt_p95, rtt_p99, tick_mean, tick_p99
//   (times), retransmitted (percent) rtt_p99 = "150ms" [remotes."player.move"]      out, in (mean bytes a
//   second on the wire), peak_out, peak_in, messages (a second), errors, lost out = "12kB/s" A name
//   between slashes is a regular expression: every remote that it matches has this budget.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gui/data/format.hpp"
#include "gui/data/health.hpp"
#include "gui/data/session.hpp"
#include "squall/core/result.hpp"

namespace squall::gui {

struct Budget {
    std::string remote;  // empty: of the total
    std::string quantity;
    double limit = 0;
    Unit unit{};
};

// Errors: malformed, with line and what would be right.
[[nodiscard]] Result<std::vector<Budget>> parse_budgets(std::string_view toml, std::string_view file_name);

// What a remote may take on the wire in one direction, by its quantity `in` or `out`: the least of all that
// mean it; 0 where none does.
[[nodiscard]] double budget_of(const std::vector<Budget>& budgets, const std::string& remote,
                               recorder::Direction direction);

struct BudgetRow {
    std::string subject;
    std::string quantity;
    double measured = 0;
    double limit = 0;
    Unit unit{};
    bool is_measured = true;  // the session tells of it
    [[nodiscard]] bool passed() const { return is_measured && measured <= limit; }
};
[[nodiscard]] std::vector<BudgetRow> check_budgets(const std::vector<Budget>& budgets,
                                                   const Session& session);
// Those that are not kept, in words. What a remote sends or receives is left out: examine() tells of it.
[[nodiscard]] std::vector<Finding> budget_findings(const std::vector<Budget>& budgets,
                                                   const Session& session);
// As aligned text, a line a row, failures marked in words.
[[nodiscard]] std::string budget_table(const std::vector<BudgetRow>& rows);

}  // namespace squall::gui
