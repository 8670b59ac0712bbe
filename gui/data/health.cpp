#include "gui/data/health.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "gui/data/format.hpp"

namespace squall::gui {
namespace {

constexpr std::int64_t kLookBack = 5'000'000'000;
constexpr double kLossWarning = 2;  // percent
constexpr double kLossBad = 8;
constexpr double kRttWarning = 150;  // milliseconds, p95
constexpr double kRttBad = 300;
constexpr double kResentWarning = 10;  // percent of the bytes sent
constexpr double kHeadersShare = 0.5;  // of a remote's bytes, above kNoticeable
constexpr double kNoticeable = 2000;   // bytes a second below which no remote is worth a word
constexpr std::uint64_t kQueueWarning = 64 * 1024;
constexpr double kRefusedWarning = 10;  // datagrams a second

std::string text(double value, Unit unit) {
    return format_value(value, unit);
}

class Examination {
  public:
    explicit Examination(const Session& session)
        : session_(session), begin_(session.limits().end - kLookBack), end_(session.limits().end) {}

    std::vector<Finding> run() {
        ticks();
        loss();
        rtt();
        remotes();
        connections();
        refusals();
        recorder();
        biggest();
        std::vector<Finding> sorted;
        for (const Severity severity : {Severity::bad, Severity::warning, Severity::note})
            std::ranges::copy_if(findings_, std::back_inserter(sorted),
                                 [&](const Finding& it) { return it.severity == severity; });
        findings_ = std::move(sorted);
        if (findings_.empty() || findings_.front().severity <= Severity::note)
            findings_.insert(findings_.begin(),
                             {Severity::good, "All is well",
                              "Loss, round-trip times, ticks, queues and budgets are as they should be.",
                              Place::overview, ""});
        return std::move(findings_);
    }

  private:
    void add(Severity severity, std::string title, std::string detail, Place place, std::string filter = {}) {
        findings_.push_back({severity, std::move(title), std::move(detail), place, std::move(filter)});
    }
    [[nodiscard]] double recent(const Series& series) const { return series.mean(begin_, end_); }

    void ticks() {
        const double budget = static_cast<double>(session_.state().stats().process.tick_budget) / 1e6;
        const double mean = recent(session_.totals().tick_mean);
        const double p99 = recent(session_.totals().tick_p99);
        if (budget <= 0 || mean <= 0) return;
        if (mean > budget)
            add(Severity::bad, "The server is late",
                fmt::format("A tick takes {} on average, of {} that it may take. Players feel every tick "
                            "that is missed.",
                            text(mean, Unit::milliseconds), text(budget, Unit::milliseconds)),
                Place::timeline);
        else if (p99 > budget)
            add(Severity::warning, "Some ticks are late",
                fmt::format("One tick in a hundred takes {} or more, of {} that it may take.",
                            text(p99, Unit::milliseconds), text(budget, Unit::milliseconds)),
                Place::timeline);
    }

    void loss() {
        const double percent = recent(session_.totals().loss);
        if (percent < kLossWarning) return;
        const double resent = recent(session_.totals().retransmitted);
        add(percent >= kLossBad ? Severity::bad : Severity::warning,
            fmt::format("{} of packets are lost", text(percent, Unit::percent)),
            fmt::format("Over the last 5 s; {} of what is sent is sent again. Unreliable remotes lose "
                        "messages, reliable ones arrive a "
                        "round trip later.",
                        text(resent, Unit::percent)),
            Place::connections, fmt::format("loss>{}", kLossWarning));
        if (resent > kResentWarning)
            add(Severity::note, "Sending again costs much",
                fmt::format(
                    "{} of all bytes. What is worth nothing when it is late belongs on an unreliable remote.",
                    text(resent, Unit::percent)),
                Place::remotes, "resent>0");
    }

    void rtt() {
        const double p95 = recent(session_.totals().rtt_p95);
        if (p95 < kRttWarning) return;
        add(p95 >= kRttBad ? Severity::bad : Severity::warning,
            fmt::format("Round trips take {}", text(p95, Unit::milliseconds)),
            fmt::format("p95 over the last 5 s; the median is {}.",
                        text(recent(session_.totals().rtt_p50), Unit::milliseconds)),
            Place::connections, fmt::format("rtt>{}", kRttWarning));
    }

    void remotes() {
        for (const RemoteRow& row : session_.remotes()) {
            const double rate = row.wire_rate.mean(begin_, end_);
            if (row.budget > 0 && rate > row.budget)
                add(Severity::bad, fmt::format("{} is over its budget", row.name),
                    fmt::format("It takes {} of {}: send it less often, to fewer, or smaller.",
                                text(rate, Unit::bytes_per_second), text(row.budget, Unit::bytes_per_second)),
                    Place::remotes, "name=" + row.name);
            if (row.counters.errors > 0)
                add(Severity::warning, fmt::format("The handler of {} fails", row.name),
                    fmt::format("{} times so far.", format_count(row.counters.errors)), Place::remotes,
                    "name=" + row.name);
            const double headers =
                row.rates.per_second(RemoteRow::headers) + row.rates.per_second(RemoteRow::framing);
            if (row.direction == recorder::Direction::outbound && row.id != trace::kNoRemote &&
                rate > kNoticeable && headers > rate * kHeadersShare)
                add(Severity::note, fmt::format("{} is mostly headers", row.name),
                    fmt::format("{} of {}: several small messages in one would cost less.",
                                text(headers, Unit::bytes_per_second), text(rate, Unit::bytes_per_second)),
                    Place::remotes, "name=" + row.name);
        }
    }

    void connections() {
        std::size_t queued = 0;
        const ConnectionRow* longest = nullptr;
        for (const auto& row : session_.connections()) {
            if (!row->is_open || row->counters.bytes_queued < kQueueWarning) continue;
            ++queued;
            if (longest == nullptr || row->counters.bytes_queued > longest->counters.bytes_queued)
                longest = row.get();
        }
        if (longest == nullptr) return;
        add(Severity::warning,
            fmt::format("{} {} cannot keep up", queued, queued == 1 ? "connection" : "connections"),
            fmt::format("More is sent than their links carry; {} has {} waiting.",
                        longest->address.empty() ? "one" : longest->address,
                        text(static_cast<double>(longest->counters.bytes_queued), Unit::bytes)),
            Place::connections, fmt::format("queue>{}", kQueueWarning));
    }

    void refusals() {
        const double rate = recent(session_.totals().refused);
        if (rate < kRefusedWarning) return;
        const auto& refused = session_.state().stats().refusals.refused;
        const auto most = static_cast<std::uint32_t>(std::ranges::max_element(refused) - refused.begin());
        add(Severity::warning, fmt::format("{} datagrams a second are refused", text(rate, Unit::count)),
            fmt::format("Mostly: {}.", Session::name_in(session_.state().hello().refusal_causes, most)),
            Place::timeline);
    }

    void recorder() {
        const std::uint64_t dropped = session_.state().stats().process.recorder_dropped;
        if (dropped > 0)
            add(Severity::warning, "The recording has gaps",
                fmt::format(
                    "{} records were dropped because the disk did not keep up; such a file cannot be re-run.",
                    format_count(dropped)),
                Place::timeline);
        if (session_.ledger().difference() != 0)
            add(Severity::note, "The ledger does not add up",
                fmt::format("{} bytes of the socket belong to no remote and no overhead.",
                            session_.ledger().difference()),
                Place::overview);
    }

    void biggest() {
        const RemoteRow* most = nullptr;
        double most_rate = 0;
        for (const RemoteRow& row : session_.remotes()) {
            if (row.direction != recorder::Direction::outbound) continue;
            const double rate = row.wire_rate.mean(begin_, end_);
            if (rate > most_rate) {
                most_rate = rate;
                most = &row;
            }
        }
        const double sent = recent(session_.totals().sent);
        if (most == nullptr || sent < kNoticeable) return;
        add(Severity::note, fmt::format("{} costs the most", most->name),
            fmt::format("{}, {} of what is sent.", text(most_rate, Unit::bytes_per_second),
                        text(100 * most_rate / sent, Unit::percent)),
            Place::remotes, "dir:out name=" + most->name);
    }

    const Session& session_;
    std::int64_t begin_;
    std::int64_t end_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(const Session& session) {
    if (!session.has_data())
        return {{Severity::note, "Nothing was told yet", "The first figures come within a second.",
                 Place::overview, ""}};
    return Examination(session).run();
}

}  // namespace squall::gui
