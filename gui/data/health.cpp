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
constexpr int kPacketsTold = 40;        // with fewer, one lost packet more or less decides

std::string text(double value, Unit unit) {
    return format_value(value, unit);
}

// The stretch of kLookBack in which something was worst.
struct Worst {
    double value = 0;
    std::int64_t at = 0;
};

class Examination {
  public:
    Examination(const Session& session, Period period)
        : session_(session),
          is_all_(period == Period::all),
          begin_(is_all_ ? session.limits().begin : session.limits().end - kLookBack),
          end_(session.limits().end),
          when_(is_all_ ? "Over the whole recording" : "Over the last 5 s") {}

    std::vector<Finding> run() {
        ticks();
        loss();
        rtt();
        remotes();
        queues();
        lossy_connections();
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
                              fmt::format("{}, loss, round-trip times, ticks, queues and budgets are as they "
                                          "should be.",
                                          when_),
                              Place::overview, ""});
        return std::move(findings_);
    }

  private:
    void add(Severity severity, std::string title, std::string detail, Place place, std::string filter = {}) {
        findings_.push_back({severity, std::move(title), std::move(detail), place, std::move(filter)});
    }
    [[nodiscard]] double recent(const Series& series) const { return series.mean(begin_, end_); }
    // Only where all of it is looked at: of something that goes on, the newest stretch is the one.
    template <class Of>
    [[nodiscard]] Worst worst(const Of& of) const {
        Worst out;
        if (!is_all_) return out;
        for (std::int64_t at = begin_; at < end_; at += kLookBack)
            if (const double value = of(at, std::min(at + kLookBack, end_)); value > out.value)
                out = {value, at};
        return out;
    }
    [[nodiscard]] std::string time_of(std::int64_t at) const {
        return format_time(at - session_.origin(), 1'000'000'000);
    }

    void ticks() {
        const double budget = static_cast<double>(session_.state().stats().process.tick_budget) / 1e6;
        const Series& means = session_.totals().tick_mean;
        const double mean = recent(means);
        const double p99 = recent(session_.totals().tick_p99);
        if (budget <= 0 || mean <= 0) return;
        const Worst most = worst([&](auto begin, auto end) { return means.mean(begin, end); });
        if (mean > budget)
            add(Severity::bad, "The server is late",
                fmt::format("A tick takes {} on average, of {} that it may take. Players feel every tick "
                            "that is missed.",
                            text(mean, Unit::milliseconds), text(budget, Unit::milliseconds)),
                Place::timeline);
        else if (most.value > budget)
            add(Severity::bad, fmt::format("The server was late at {}", time_of(most.at)),
                fmt::format("For 5 s a tick took {} on average, of {} that it may take.",
                            text(most.value, Unit::milliseconds), text(budget, Unit::milliseconds)),
                Place::timeline);
        else if (p99 > budget)
            add(Severity::warning, "Some ticks are late",
                fmt::format("One tick in a hundred takes {} or more, of {} that it may take.",
                            text(p99, Unit::milliseconds), text(budget, Unit::milliseconds)),
                Place::timeline);
    }

    void loss() {
        const double percent = session_.loss_percent(begin_, end_);
        const Worst most =
            worst([&](auto begin, auto end) { return session_.loss_percent(begin, end, kPacketsTold); });
        const double resent = recent(session_.totals().retransmitted);
        if (percent >= kLossWarning) {
            const std::string peak =
                most.value > 1.5 * percent
                    ? fmt::format(" Most at {}: {}.", time_of(most.at), text(most.value, Unit::percent))
                    : "";
            add(percent >= kLossBad ? Severity::bad : Severity::warning,
                fmt::format("{} of packets are lost", text(percent, Unit::percent)),
                fmt::format("{}; {} of what is sent is sent again.{} Unreliable remotes lose messages, "
                            "reliable ones arrive a round trip later.",
                            when_, text(resent, Unit::percent), peak),
                is_all_ ? Place::timeline : Place::connections,
                is_all_ ? "" : fmt::format("loss>{}", kLossWarning));
        } else if (most.value >= kLossBad) {
            add(Severity::warning,
                fmt::format("{} of packets were lost at {}", text(most.value, Unit::percent),
                            time_of(most.at)),
                fmt::format("For 5 s; over the whole recording it is {}.", text(percent, Unit::percent)),
                Place::timeline);
        }
        if (resent > kResentWarning)
            add(Severity::note, "Sending again costs much",
                fmt::format(
                    "{} of all bytes. What is worth nothing when it is late belongs on an unreliable remote.",
                    text(resent, Unit::percent)),
                Place::remotes, "resent>0");
    }

    void rtt() {
        const Series& series = session_.totals().rtt_p95;
        const double p95 = recent(series);
        const Worst most = worst([&](auto begin, auto end) { return series.mean(begin, end); });
        if (p95 >= kRttWarning)
            add(p95 >= kRttBad ? Severity::bad : Severity::warning,
                fmt::format("Round trips take {}", text(p95, Unit::milliseconds)),
                fmt::format("{}, p95; the median is {}.", when_,
                            text(recent(session_.totals().rtt_p50), Unit::milliseconds)),
                Place::connections, fmt::format("rtt>{}", kRttWarning));
        else if (most.value >= kRttBad)
            add(Severity::warning,
                fmt::format("Round trips took {} at {}", text(most.value, Unit::milliseconds),
                            time_of(most.at)),
                fmt::format("p95 of 5 s; over the whole recording it is {}.", text(p95, Unit::milliseconds)),
                Place::timeline);
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
            const auto on_wire = static_cast<double>(row.counters.on_wire());
            const double headers =
                !is_all_ ? row.rates.per_second(RemoteRow::headers) + row.rates.per_second(RemoteRow::framing)
                : on_wire > 0
                    ? rate * static_cast<double>(row.counters.headers + row.counters.framing) / on_wire
                    : 0;
            if (row.direction == recorder::Direction::outbound && row.id != trace::kNoRemote &&
                rate > kNoticeable && headers > rate * kHeadersShare)
                add(Severity::note, fmt::format("{} is mostly headers", row.name),
                    fmt::format("{} of {}: several small messages in one would cost less.",
                                text(headers, Unit::bytes_per_second), text(rate, Unit::bytes_per_second)),
                    Place::remotes, "name=" + row.name);
        }
    }

    void queues() {
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

    // A few bad links are no loss of the server's, and a mean over all hides them.
    void lossy_connections() {
        std::size_t told = 0;
        std::size_t lossy = 0;
        double most = 0;
        const ConnectionRow* worst_row = nullptr;
        for (const auto& row : session_.connections()) {
            const auto& counters = row->counters;
            const double known = is_all_ ? static_cast<double>(counters.packets_lost + counters.packets_acked)
                                         : row->packets.growth(0) + row->packets.growth(1);
            if ((!is_all_ && !row->is_open) || known < kPacketsTold) continue;
            ++told;
            const double percent = is_all_ ? row->loss_percent_in_all() : row->loss_percent();
            if (percent < kLossBad) continue;
            ++lossy;
            if (percent > most) {
                most = percent;
                worst_row = row.get();
            }
        }
        if (worst_row == nullptr) return;
        add(Severity::warning,
            fmt::format("{} of {} connections {} more than {}", lossy, told, lossy == 1 ? "loses" : "lose",
                        text(kLossBad, Unit::percent)),
            fmt::format("{}, counting those with {} packets or more. {} loses most: {}.", when_, kPacketsTold,
                        worst_row->address.empty() ? "One" : worst_row->address, text(most, Unit::percent)),
            Place::connections, fmt::format("{}>={}", is_all_ ? "lossall" : "loss", kLossBad));
    }

    // Goodbyes of clients that just left are no news.
    void refusals() {
        const double rate = session_.totals().unexpected.sum(begin_, end_) * 1e9 /
                            static_cast<double>(std::max<std::int64_t>(end_ - begin_, kLookBack));
        if (rate < kRefusedWarning) return;
        const auto refused = session_.unexpected_refusals().refused;
        const auto most = static_cast<std::uint32_t>(std::ranges::max_element(refused) - refused.begin());
        add(Severity::warning, fmt::format("{} datagrams a second are refused", text(rate, Unit::count)),
            fmt::format("{}. Mostly: {}.", when_,
                        Session::name_in(session_.state().hello().refusal_causes, most)),
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
    bool is_all_;
    std::int64_t begin_;
    std::int64_t end_;
    std::string_view when_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> examine(const Session& session, Period period) {
    if (!session.has_data())
        return {{Severity::note, "Nothing was told yet", "The first figures come within a second.",
                 Place::overview, ""}};
    return Examination(session, period).run();
}

}  // namespace squall::gui
