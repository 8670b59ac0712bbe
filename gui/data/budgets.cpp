#include "gui/data/budgets.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "gui/data/comparison.hpp"

namespace squall::gui {
namespace {

struct Quantity {
    std::string_view name;
    Unit unit;
};
constexpr std::array kTotals = {Quantity{"sent", Unit::bytes_per_second},
                                Quantity{"received", Unit::bytes_per_second},
                                Quantity{"peak_sent", Unit::bytes_per_second},
                                Quantity{"peak_received", Unit::bytes_per_second},
                                Quantity{"loss", Unit::percent},
                                Quantity{"rtt_p50", Unit::milliseconds},
                                Quantity{"rtt_p95", Unit::milliseconds},
                                Quantity{"rtt_p99", Unit::milliseconds},
                                Quantity{"tick_mean", Unit::milliseconds},
                                Quantity{"tick_p99", Unit::milliseconds},
                                Quantity{"retransmitted", Unit::percent}};
constexpr std::array kRemotes = {Quantity{"out", Unit::bytes_per_second},
                                 Quantity{"in", Unit::bytes_per_second},
                                 Quantity{"peak_out", Unit::bytes_per_second},
                                 Quantity{"peak_in", Unit::bytes_per_second},
                                 Quantity{"messages", Unit::per_second},
                                 Quantity{"errors", Unit::count},
                                 Quantity{"lost", Unit::count}};

struct Suffix {
    std::string_view text;
    Unit unit;
    double factor;
};
constexpr std::array kSuffixes = {
    Suffix{"B/s", Unit::bytes_per_second, 1},    Suffix{"kB/s", Unit::bytes_per_second, 1e3},
    Suffix{"MB/s", Unit::bytes_per_second, 1e6}, Suffix{"KiB/s", Unit::bytes_per_second, 1024},
    Suffix{"us", Unit::milliseconds, 1e-3},      Suffix{"ms", Unit::milliseconds, 1},
    Suffix{"s", Unit::milliseconds, 1e3},        Suffix{"%", Unit::percent, 1},
    Suffix{"/s", Unit::per_second, 1},           Suffix{"k/s", Unit::per_second, 1e3}};

std::string_view example(Unit unit) {
    switch (unit) {
        case Unit::bytes_per_second: return "\"12kB/s\"";
        case Unit::milliseconds: return "\"150ms\"";
        case Unit::percent: return "\"2%\"";
        case Unit::per_second: return "\"500/s\" or 500";
        case Unit::none:
        case Unit::count:
        case Unit::bytes: break;
    }
    return "0";
}

std::optional<double> parse_quantity(std::string text, Unit unit) {
    std::erase(text, ' ');
    double value = 0;
    const auto [rest, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || !std::isfinite(value) || value < 0) return std::nullopt;
    const std::string_view suffix(rest, static_cast<std::size_t>(text.data() + text.size() - rest));
    if (suffix.empty())
        return unit == Unit::count || unit == Unit::per_second ? std::optional(value) : std::nullopt;
    const auto found = std::ranges::find_if(
        kSuffixes, [&](const Suffix& it) { return it.text == suffix && it.unit == unit; });
    return found == kSuffixes.end() ? std::nullopt : std::optional(value * found->factor);
}

class Reader {
  public:
    Reader(std::string_view file, std::vector<Budget>& out) : file_(file), out_(out) {}

    Result<> read(const toml::table& root) {
        for (const auto& [key, node] : root) {
            const toml::table* table = node.as_table();
            if (table == nullptr || (key != "total" && key != "remotes"))
                return wrong(
                    node,
                    fmt::format("'{}' is not known; there may be [total] and [remotes.\"NAME\"]", key.str()));
            if (key == "total") {
                if (auto done = read_table(*table, "", kTotals); !done) return done;
                continue;
            }
            for (const auto& [name, remote] : *table) {
                const toml::table* quantities = remote.as_table();
                if (quantities == nullptr)
                    return wrong(remote, fmt::format("remotes.{} should be a table: [remotes.\"{}\"]",
                                                     name.str(), name.str()));
                const std::string remote_name(name.str());
                if (remote_name.empty()) return wrong(remote, "a remote's name is empty");
                if (is_pattern(remote_name) && !RE2(pattern_of(remote_name), RE2::Quiet).ok())
                    return wrong(remote, fmt::format("{} is not a valid regular expression", remote_name));
                if (auto done = read_table(*quantities, remote_name, kRemotes); !done) return done;
            }
        }
        if (out_.empty())
            return fail(ErrorCode::malformed,
                        fmt::format("{}: holds no budgets; write for instance [total] and sent = \"200kB/s\"",
                                    file_));
        return {};
    }

    static bool is_pattern(std::string_view name) {
        return name.size() > 2 && name.front() == '/' && name.back() == '/';
    }
    static std::string pattern_of(std::string_view name) {
        return std::string(name.substr(1, name.size() - 2));
    }

  private:
    Result<> wrong(const toml::node& node, std::string_view what) const {
        return fail(ErrorCode::malformed, fmt::format("{}:{}: {}", file_, node.source().begin.line, what));
    }

    Result<> read_table(const toml::table& table, const std::string& remote,
                        std::span<const Quantity> known) {
        for (const auto& [key, node] : table) {
            const auto quantity = std::ranges::find(known, key.str(), &Quantity::name);
            if (quantity == known.end()) {
                std::string names;
                for (const Quantity& it : known) names += (names.empty() ? "" : ", ") + std::string(it.name);
                return wrong(node, fmt::format("'{}' is no quantity of {}; there are: {}", key.str(),
                                               remote.empty() ? "the total" : "a remote", names));
            }
            std::string text;
            if (const auto* string = node.as_string()) text = string->get();
            if (node.is_number()) text = fmt::format("{}", node.value<double>().value_or(-1));
            const auto limit = parse_quantity(text, quantity->unit);
            if (!limit)
                return wrong(node,
                             fmt::format("'{}' needs a value like {}", key.str(), example(quantity->unit)));
            out_.push_back({remote, std::string(quantity->name), *limit, quantity->unit});
        }
        return {};
    }

    std::string_view file_;
    std::vector<Budget>& out_;
};

double peak_second(const Series& series, TimeRange range) {
    double peak = 0;
    for (const double value : per_second(series, range)) peak = std::max(peak, value);
    return peak;
}

class Measurement {
  public:
    explicit Measurement(const Session& session) : session_(session), range_(session.limits()) {
        seconds_ = static_cast<double>(range_.length()) / 1e9;
    }

    [[nodiscard]] std::optional<double> total(std::string_view quantity) const {
        const TotalsHistory& totals = session_.totals();
        const auto& endpoint = session_.state().stats().endpoint;
        if (totals.sent.empty()) return std::nullopt;
        if (quantity == "sent") return mean(totals.sent);
        if (quantity == "received") return mean(totals.received);
        if (quantity == "peak_sent") return peak_second(totals.sent, range_);
        if (quantity == "peak_received") return peak_second(totals.received, range_);
        if (quantity == "loss") {
            const auto known = static_cast<double>(endpoint.packets_acked + endpoint.packets_lost);
            return known > 0 ? 100 * static_cast<double>(endpoint.packets_lost) / known : 0;
        }
        if (quantity == "retransmitted") {
            std::uint64_t resent = 0;
            for (const RemoteRow& row : session_.remotes())
                if (row.direction == recorder::Direction::outbound)
                    resent += row.counters.retransmission + row.counters.early_repeat;
            return endpoint.bytes_sent > 0
                       ? 100 * static_cast<double>(resent) / static_cast<double>(endpoint.bytes_sent)
                       : 0;
        }
        if (quantity == "tick_mean") {
            const auto& process = session_.state().stats().process;
            if (process.ticks == 0 || process.tick_time == 0) return std::nullopt;
            return static_cast<double>(process.tick_time) / static_cast<double>(process.ticks) / 1e6;
        }
        const bool tick = quantity == "tick_p99";
        const auto& histograms = session_.state().histograms();
        const auto found = histograms.find(
            {tick ? recorder::HistogramKind::tick : recorder::HistogramKind::connection_rtt, 0});
        if (found == histograms.end()) return std::nullopt;
        const Percentiles all = percentiles_of(found->second);
        if (all.count == 0) return std::nullopt;
        if (quantity == "rtt_p50") return all.p50;
        if (quantity == "rtt_p95") return all.p95;
        return all.p99;
    }

    [[nodiscard]] std::optional<double> remote(const std::string& name, std::string_view quantity) const {
        std::optional<double> sum;
        for (const RemoteRow& row : session_.remotes()) {
            if (row.name != name) continue;
            const bool inbound = row.direction == recorder::Direction::inbound;
            if (quantity == "out" || quantity == "peak_out") {
                if (inbound) continue;
            } else if (quantity == "in" || quantity == "peak_in") {
                if (!inbound) continue;
            }
            sum = sum.value_or(0) + value_of(row, quantity);
        }
        return sum;
    }

  private:
    [[nodiscard]] double mean(const Series& series) const { return series.mean(range_.begin, range_.end); }
    [[nodiscard]] double value_of(const RemoteRow& row, std::string_view quantity) const {
        if (quantity == "errors") return static_cast<double>(row.counters.errors);
        if (quantity == "lost") return static_cast<double>(row.counters.lost);
        if (quantity == "messages") return mean(row.message_rate);
        if (quantity.starts_with("peak")) return peak_second(row.wire_rate, range_);
        return mean(row.wire_rate);
    }
    const Session& session_;
    TimeRange range_;
    double seconds_ = 0;
};

std::vector<std::string> matching_names(const Session& session, const std::string& name) {
    if (!Reader::is_pattern(name)) return {name};
    const RE2 pattern(Reader::pattern_of(name), RE2::Quiet);
    std::vector<std::string> names;
    for (const RemoteRow& row : session.remotes())
        if (RE2::PartialMatch(row.name, pattern)) names.push_back(row.name);
    std::ranges::sort(names);
    names.erase(std::ranges::unique(names).begin(), names.end());
    return names;
}

}  // namespace

Result<std::vector<Budget>> parse_budgets(std::string_view text, std::string_view file_name) {
    std::vector<Budget> budgets;
    try {
        const toml::table root = toml::parse(text, file_name);
        if (auto done = Reader(file_name, budgets).read(root); !done) return std::unexpected(done.error());
    } catch (const toml::parse_error& error) {
        return fail(ErrorCode::malformed,
                    fmt::format("{}:{}: {}", file_name, error.source().begin.line, error.description()));
    }
    return budgets;
}

double budget_of(const std::vector<Budget>& budgets, const std::string& remote,
                 recorder::Direction direction) {
    double least = 0;
    for (const Budget& budget : budgets) {
        if (budget.quantity != (direction == recorder::Direction::inbound ? "in" : "out")) continue;
        const bool is_meant =
            Reader::is_pattern(budget.remote)
                ? RE2::PartialMatch(remote, RE2(Reader::pattern_of(budget.remote), RE2::Quiet))
                : budget.remote == remote;
        if (is_meant && (least == 0 || budget.limit < least)) least = budget.limit;
    }
    return least;
}

std::vector<BudgetRow> check_budgets(const std::vector<Budget>& budgets, const Session& session) {
    const Measurement measurement(session);
    std::vector<BudgetRow> rows;
    for (const Budget& budget : budgets) {
        if (budget.remote.empty()) {
            const auto value = measurement.total(budget.quantity);
            rows.push_back(
                {"total", budget.quantity, value.value_or(0), budget.limit, budget.unit, value.has_value()});
            continue;
        }
        const auto names = matching_names(session, budget.remote);
        if (names.empty())
            rows.push_back({budget.remote, budget.quantity, 0, budget.limit, budget.unit, false});
        for (const std::string& name : names) {
            const auto value = measurement.remote(name, budget.quantity);
            rows.push_back(
                {name, budget.quantity, value.value_or(0), budget.limit, budget.unit, value.has_value()});
        }
    }
    return rows;
}

std::vector<Finding> budget_findings(const std::vector<Budget>& budgets, const Session& session) {
    std::vector<Finding> out;
    for (const BudgetRow& row : check_budgets(budgets, session)) {
        if (row.passed() || !row.is_measured || row.quantity == "in" || row.quantity == "out") continue;
        const bool is_total = row.subject == "total";
        out.push_back({Severity::bad, fmt::format("{}: {} is over its budget", row.subject, row.quantity),
                       fmt::format("{} since the start, of {}.", format_value(row.measured, row.unit),
                                   format_value(row.limit, row.unit)),
                       is_total ? Place::timeline : Place::remotes, is_total ? "" : "name=" + row.subject});
    }
    return out;
}

std::string budget_table(const std::vector<BudgetRow>& rows) {
    std::size_t subject = 6;
    for (const BudgetRow& row : rows) subject = std::max(subject, row.subject.size());
    std::string out = fmt::format("{:<{}}  {:<14}  {:>12}  {:>12}  result\n", "what", subject, "quantity",
                                  "measured", "budget");
    std::size_t failed = 0;
    for (const BudgetRow& row : rows) {
        const std::string_view word = !row.is_measured ? "FAILED: not in this recording"
                                      : row.passed()   ? "ok"
                                                       : "FAILED: over budget";
        if (!row.passed()) ++failed;
        out += fmt::format("{:<{}}  {:<14}  {:>12}  {:>12}  {}\n", row.subject, subject, row.quantity,
                           row.is_measured ? format_value(row.measured, row.unit) : "-",
                           format_value(row.limit, row.unit), word);
    }
    out += failed == 0 ? fmt::format("All {} budgets are kept.\n", rows.size())
                       : fmt::format("{} of {} budgets are not kept.\n", failed, rows.size());
    return out;
}

}  // namespace squall::gui
