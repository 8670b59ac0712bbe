// Session: figures against what the made-up server really did, bounded memory, and the words about it.
#include "gui/data/session.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gui/data/budgets.hpp"
#include "gui/data/comparison.hpp"
#include "gui/data/health.hpp"
#include "gui/synthetic.hpp"

namespace squall::gui {
namespace {

using recorder::Direction;
using testing::Synthetic;
using testing::SyntheticOptions;

TEST(Session, TakesWhatAServerTells) {
    Session session;
    EXPECT_FALSE(session.has_data());
    Synthetic({.seconds = 30}).run(session);
    ASSERT_TRUE(session.has_data());
    EXPECT_EQ(session.remotes().size(), 24u);
    EXPECT_EQ(session.connections().size(), 24u);
    EXPECT_EQ(session.open_connections(), 23u);
    EXPECT_NEAR(static_cast<double>(session.limits().length()), 30e9, 2e8);
    const RemoteRow* move = session.find_remote(1, Direction::inbound);
    ASSERT_NE(move, nullptr);
    EXPECT_EQ(move->name, "player.move");
    EXPECT_EQ(move->kind, "unreliable event");
    EXPECT_NEAR(move->rates.per_second(RemoteRow::messages), 620, 250);
    EXPECT_GT(session.find_remote(1, Direction::outbound)->wire.p50, 20);
    EXPECT_EQ(session.connections()[3]->reason, "timed out");
    EXPECT_EQ(session.connections()[0]->address, "10.0.0.2:40000");
    EXPECT_EQ(session.conditions().size(), 3u);
    EXPECT_EQ(session.conditions()[1].label, "delay 60ms, loss 6%");
    EXPECT_GT(session.totals().rtt_p99.last_value(), session.totals().rtt_p50.last_value());
}

TEST(Session, LedgerAddsUpToTheByte) {
    Session session;
    Synthetic({.seconds = 20}).run(session);
    EXPECT_GT(session.ledger().socket, 100'000u);
    EXPECT_EQ(session.ledger().difference(), 0);
}

TEST(Session, RatesTimesTimeAreTheCounters) {
    Session session;
    Synthetic({.seconds = 40}).run(session);
    const RemoteRow* state = session.find_remote(2, Direction::outbound);
    const double seconds = static_cast<double>(session.limits().length()) / 1e9;
    EXPECT_NEAR(state->wire_rate.mean(0, INT64_MAX) * seconds, static_cast<double>(state->counters.on_wire()),
                static_cast<double>(state->counters.on_wire()) * 0.02);
}

TEST(Session, HourOfAManyPlayerServerStaysBounded) {
    Session session;
    Synthetic synthetic({.seconds = 3600, .rate_hz = 2, .remotes = 12, .connections = 4, .world = true});
    synthetic.run(session);
    EXPECT_LE(session.totals().sent.size(), 8192u);
    EXPECT_LE(session.samples().size(), Session::kSamplesMax);
    EXPECT_LE(session.worlds().size(), Session::kWorldsMax);
    EXPECT_EQ(session.samples_total(), 28'800u);
    EXPECT_NEAR(static_cast<double>(session.limits().length()), 3600e9, 1e9);
}

TEST(Session, ManyShortConnectionsDoNotPileUp) {
    Session session;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        recorder::ConnectionChange change;
        change.at = TimePoint{Duration{1'000'000 * (i + 1)}};
        change.connection = {i % 100, 2 * (i / 100) + 1};
        change.is_open = true;
        session.apply(0, change);
        change.is_open = false;
        session.apply(0, change);
    }
    EXPECT_LE(session.connections().size(), Session::kClosedMax + Session::kClosedMax / 4);
    EXPECT_EQ(session.open_connections(), 0u);
    EXPECT_GT(session.connections_revision(), 0u);
    EXPECT_EQ(session.connections().back()->id.slot, 99u) << "the newest are kept";
}

TEST(Session, MissingFramesShowNoWrongFigures) {
    Session session;
    int n = 0;
    Synthetic({.seconds = 20}).run([&](std::int64_t at, const recorder::ProfileFrame& frame) {
        if (std::holds_alternative<recorder::Stats>(frame) && ++n % 7 == 3) return;
        session.apply(at, frame);
    });
    EXPECT_EQ(session.ledger().difference(), 0);
    EXPECT_GT(session.state().missed(), 0u);
}

TEST(Health, SaysWhatIsWrongAndWhere) {
    Session session;
    EXPECT_EQ(examine(session).front().title, "Nothing was told yet");
    Synthetic synthetic({.seconds = 60});
    const auto apply = [&](std::int64_t at, const recorder::ProfileFrame& frame) {
        session.apply(at, frame);
    };
    synthetic.begin(apply);
    for (int i = 0; i < 350; ++i) synthetic.step(apply);  // into the storm
    const auto findings = examine(session);
    const auto says = [&](std::string_view words) {
        return std::ranges::any_of(
            findings, [&](const Finding& finding) { return finding.title.find(words) != std::string::npos; });
    };
    EXPECT_TRUE(says("of packets are lost"));
    EXPECT_TRUE(says("1 connection cannot keep up"));
    EXPECT_TRUE(says("player.move is over its budget"));
    EXPECT_TRUE(says("The handler of inventory.buy fails"));
    EXPECT_TRUE(says("world.state costs the most"));
    EXPECT_EQ(findings.front().severity, Severity::bad);
}

// A process of which only the counters matter that a test sets.
class Counted {
  public:
    explicit Counted(Session& session) : session_(session) {
        recorder::Hello hello;
        hello.refusal_causes = {"too small", "unknown sender"};
        session_.apply(0, hello);
        now_.is_keyframe = true;
    }
    recorder::Stats& now() { return now_; }
    trace::ConnectionCounters& link(std::uint32_t slot) {
        for (auto& entry : now_.connections)
            if (entry.connection.slot == slot) return entry.counters;
        recorder::ConnectionChange change;
        change.at = TimePoint{Duration{at_ + 1}};
        change.connection = {slot, 1};
        change.address = "10.0.0." + std::to_string(slot);
        change.is_open = true;
        session_.apply(0, change);
        return now_.connections.emplace_back(0, change.connection, trace::ConnectionCounters{}).counters;
    }
    // Tells the counters as they are now, a tenth of a second later.
    void tell() {
        at_ += 100'000'000;
        now_.at = TimePoint{Duration{at_}};
        ++now_.sequence;
        session_.apply(at_, now_);
    }

  private:
    Session& session_;
    std::int64_t at_ = 1'000'000'000;
    recorder::Stats now_;
};

bool says(const std::vector<Finding>& findings, std::string_view words) {
    return std::ranges::any_of(
        findings, [&](const Finding& it) { return (it.title + ": " + it.detail).contains(words); });
}

// A hundred seconds with 1 % lost of many packets, but a tenth of very few at the start of each second: a
// mean of ratios would say much more.
TEST(Health, LossIsThatOfAllPacketsTogether) {
    Session session;
    Counted process(session);
    process.tell();
    for (int i = 0; i < 100; ++i) {
        const bool few = i % 10 < 5;
        process.now().endpoint.packets_lost += few ? 1 : 10;
        process.now().endpoint.packets_acked += few ? 3 : 990;
        process.tell();
    }
    const TimeRange all = session.limits();
    EXPECT_NEAR(session.loss_percent(all.begin, all.end), 100.0 * 550 / (550 + 49'650), 0.01);
    EXPECT_EQ(examine(session).front().title, "All is well");
    EXPECT_EQ(examine(session, Period::all).front().title, "All is well");
}

TEST(Health, WorstStretchOfARecordingIsNotAveragedAway) {
    Session session;
    Counted process(session);
    for (int i = 0; i < 1200; ++i) {
        process.now().endpoint.packets_acked += 100;
        if (i >= 600 && i < 660) process.now().endpoint.packets_lost += 20;
        process.tell();
    }
    const auto all = examine(session, Period::all);
    EXPECT_TRUE(says(all, "of packets were lost at 1:00")) << all.front().title;
    EXPECT_EQ(examine(session).front().title, "All is well") << "the last 5 s are good";
}

TEST(Health, ConnectionsThatLoseMuchAreCounted) {
    Session session;
    Counted process(session);
    for (int i = 0; i < 60; ++i) {
        for (std::uint32_t slot = 0; slot < 20; ++slot) {
            auto& link = process.link(slot);
            link.packets_acked += 2;
            process.now().endpoint.packets_acked += 2;
            if (slot >= 2 || i % 4 != 0) continue;
            ++link.packets_lost;
            ++process.now().endpoint.packets_lost;
        }
        process.tell();
    }
    for (const Period period : {Period::newest, Period::all}) {
        const auto findings = examine(session, period);
        EXPECT_TRUE(says(findings, "2 of 20 connections lose more than 8.00 %"));
        EXPECT_TRUE(says(findings, "10.0.0.0 loses most: 1")) << findings.front().detail;
        EXPECT_NE(findings.front().severity, Severity::good);
    }
}

TEST(Health, GoodbyesOfThoseWhoLeftAreNoNews) {
    Session session;
    Counted process(session);
    for (int i = 0; i < 100; ++i) {
        process.now().endpoint.connections_closed += 1;
        process.now().refusals.refused[1] += 9;
        process.tell();
    }
    EXPECT_EQ(examine(session).front().title, "All is well");
    EXPECT_EQ(examine(session, Period::all).front().title, "All is well");
    EXPECT_GT(session.totals().refused.recent(), 80) << "the chart shows them all the same";
    // Nobody leaves any more, and they go on.
    for (int i = 0; i < 100; ++i) {
        process.now().refusals.refused[1] += 9;
        process.tell();
    }
    EXPECT_TRUE(says(examine(session), "90 datagrams a second are refused"));
    EXPECT_TRUE(says(examine(session), "Mostly: unknown sender."));
}
TEST(Health, OtherRefusalsAreNewsAtOnce) {
    Session session;
    Counted process(session);
    for (int i = 0; i < 100; ++i) {
        process.now().endpoint.connections_closed += 1;
        process.now().refusals.refused[0] += 3;
        process.now().refusals.refused[1] += 9;
        process.tell();
    }
    EXPECT_TRUE(says(examine(session), "Mostly: too small."));
}

TEST(Session, PercentilesOfTicksAreOfTheSameTicksAsTheirMean) {
    Session session;
    Synthetic({.seconds = 60}).run(session);
    const auto means = session.totals().tick_mean.points();
    const auto p99 = session.totals().tick_p99.points();
    ASSERT_GT(p99.size(), 50u);
    for (const SeriesPoint& point : p99) {
        const SeriesPoint* mean = session.totals().tick_mean.at(point.at);
        ASSERT_NE(mean, nullptr);
        EXPECT_EQ(mean->at, point.at);
        EXPECT_LE(mean->mean, point.mean);
    }
    EXPECT_LT(means.size(), p99.size() + 20);
}

TEST(Health, SaysThatAllIsWell) {
    Session session;
    Synthetic({.seconds = 20, .remotes = 6, .move_size = 0.3, .faults = false}).run(session);
    EXPECT_EQ(examine(session).front().title, "All is well");
}

TEST(Comparison, FindsTheRemoteThatCostsMoreAndNoOther) {
    Session before;
    Session after;
    Synthetic({.seconds = 90, .seed = 1, .faults = false}).run(before);
    Synthetic({.seconds = 90, .seed = 2, .move_size = 1.6, .faults = false}).run(after);
    const auto rows = compare(before, after);
    ASSERT_GT(rows.size(), 4u);
    EXPECT_TRUE(rows[0].is_total);
    EXPECT_EQ(rows[2].name, "player.move");
    EXPECT_EQ(rows[2].verdict, Verdict::more);
    EXPECT_NEAR(rows[2].change_percent(), 60, 12);
    EXPECT_LT(rows[2].test.low, rows[2].test.difference);
    for (const auto& row : rows)
        if (!row.is_total && row.name != "player.move") {
            EXPECT_TRUE(row.verdict == Verdict::same || row.verdict == Verdict::unknown)
                << row.name << " " << row.test.p;
        }
}

TEST(Comparison, TooLittleIsNotJudged) {
    Session before;
    Session after;
    Synthetic({.seconds = 2, .seed = 1}).run(before);
    Synthetic({.seconds = 2, .seed = 2}).run(after);
    for (const auto& row : compare(before, after))
        EXPECT_TRUE(row.verdict != Verdict::more && row.verdict != Verdict::less);
}

TEST(Statistics, StudentAndWelchAgreeWithTables) {
    EXPECT_NEAR(student_two_sided(2.228, 10), 0.05, 1e-4);
    EXPECT_NEAR(student_two_sided(1.96, 1e6), 0.05, 1e-4);
    EXPECT_NEAR(student_quantile(0.05, 4), 2.776, 1e-3);
    const SampleSummary a{20, 4, 10, 10};
    const SampleSummary b{22, 9, 12, 12};
    const WelchResult result = welch(a, b);
    EXPECT_NEAR(result.p, 0.0795, 0.002);
    EXPECT_NEAR((result.low + result.high) / 2, 2, 1e-9);
}

TEST(Statistics, NeighboursThatResembleEachOtherAreWorthLess) {
    std::vector<double> slow;
    for (int i = 0; i < 100; ++i) slow.push_back(i / 25);
    EXPECT_LT(summarise(slow).effective, 10);
    std::vector<double> alternating;
    for (int i = 0; i < 100; ++i) alternating.push_back(i % 2);
    EXPECT_DOUBLE_EQ(summarise(alternating).effective, 100);
}

constexpr std::string_view kBudgets = R"(
[total]
sent = "200kB/s"
rtt_p99 = "1s"
loss = "50%"
[remotes."world.state"]
out = "1kB/s"
[remotes."/^player\\./"]
errors = 0
[remotes."no.such"]
in = "1MB/s"
)";

TEST(Budgets, TableSaysWhatIsKeptAndWhatNot) {
    Session session;
    Synthetic({.seconds = 30}).run(session);
    const auto budgets = parse_budgets(kBudgets, "budgets.toml");
    ASSERT_TRUE(budgets.has_value()) << budgets.error().message;
    const auto rows = check_budgets(*budgets, session);
    const auto passed = [&](std::string_view subject, std::string_view quantity) {
        const auto found = std::ranges::find_if(
            rows, [&](const BudgetRow& row) { return row.subject == subject && row.quantity == quantity; });
        EXPECT_NE(found, rows.end()) << subject;
        return found != rows.end() && found->passed();
    };
    EXPECT_TRUE(passed("total", "sent"));
    EXPECT_TRUE(passed("total", "rtt_p99"));
    EXPECT_TRUE(passed("player.move", "errors"));
    EXPECT_TRUE(passed("player.shoot", "errors"));
    EXPECT_FALSE(passed("world.state", "out"));
    EXPECT_FALSE(passed("no.such", "in"));
    const std::string table = budget_table(rows);
    EXPECT_NE(table.find("FAILED: over budget"), std::string::npos) << table;
    EXPECT_NE(table.find("FAILED: not in this recording"), std::string::npos);
    EXPECT_NE(table.find("2 of "), std::string::npos) << table;
}

TEST(Budgets, ErrorsNameTheLine) {
    const auto message = [](std::string_view toml) { return parse_budgets(toml, "b.toml").error().message; };
    EXPECT_NE(message("[total]\nsend = \"1kB/s\"")
                  .find("b.toml:2: 'send' is no quantity of the total; there are: sent"),
              std::string::npos);
    EXPECT_EQ(message("[total]\nsent = 5"), "b.toml:2: 'sent' needs a value like \"12kB/s\"");
    EXPECT_EQ(message("[total]\nsent = \"5ms\""), "b.toml:2: 'sent' needs a value like \"12kB/s\"");
    EXPECT_NE(message("[remotes]\nx = 5").find("b.toml:2: remotes.x should be a table"), std::string::npos);
    EXPECT_NE(message("[speed]\nx = 5").find("'speed' is not known"), std::string::npos);
    EXPECT_NE(message("[total\n").find("b.toml:1: "), std::string::npos);
    EXPECT_NE(message("").find("holds no budgets"), std::string::npos);
    EXPECT_NE(message("[remotes.\"/(/\"]\nout = \"1kB/s\"").find("not a valid regular expression"),
              std::string::npos);
}

}  // namespace
}  // namespace squall::gui
