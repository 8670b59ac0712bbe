// Whole runs in virtual time: what they report, and that they repeat to the byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/histogram_file.hpp"
#include "report/summary_json.hpp"
#include "report/terminal_report.hpp"
#include "report/timeline_csv.hpp"
#include "runner/run.hpp"
#include "scenario/scenario.hpp"
#include "squall/trace/histogram_log.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kScenario = R"(version = 1
name = "small"
seed = 5
duration = "3s"
warmup = "1s"
[[groups]]
name = "players"
executor = "constant-vus"
vus = 8
network = "wifi"
[[groups]]
name = "visitors"
executor = "constant-arrival-rate"
rate = 5
arrival = "poisson"
session = { distribution = "exponential", mean = "500ms" }
max_vus = 3
[networks.wifi]
delay = "20ms"
loss = "5%"
[thresholds]
"rtt{group:players}" = ["p(50)>=40ms", "p(50)<150ms"]
disconnects = ["count==0"]
errors = ["count==0"]
server_tick = ["p(99)<50ms"]
)";

class Timeline final : public RunListener {
  public:
    explicit Timeline(const Scenario& scenario) : scenario_(scenario) {}
    void on_second(const SecondView& view) override {
        text += timeline_rows(view, scenario_);
        most_connected = std::max(most_connected, view.heads.connected);
    }
    void on_server(const ServerReport& report, const MetricStore& metrics, Phase phase) override {
        text += timeline_rows(report, metrics, phase);
    }
    std::string text = timeline_header();
    std::uint32_t most_connected = 0;

  private:
    const Scenario& scenario_;
};

struct Ran {
    Scenario scenario;
    RunRecord record;
    std::string timeline;
    std::uint32_t most_connected = 0;
};

Ran run(std::vector<std::string> overrides = {}, std::string_view text = kScenario) {
    auto scenario = parse_scenario(text, "small.toml", {{"wander"}, std::move(overrides)});
    if (!scenario) {
        for (const auto& line : scenario.error().lines()) ADD_FAILURE() << line;
        return {};
    }
    Timeline timeline(*scenario);
    auto record = run_scenario(*scenario, {true, ""}, timeline);
    if (!record) {
        ADD_FAILURE() << record.error().message;
        return {};
    }
    return {std::move(*scenario), std::move(*record), timeline.text, timeline.most_connected};
}

TEST(VirtualRun, MeasuresWhatTheScenarioSays) {
    const Ran ran = run();
    EXPECT_EQ(ran.record.verdict.code, ExitCode::pass) << terminal_report(ran.record, ran.scenario, false);
    EXPECT_EQ(ran.record.fates.never_joined, 0U);
    EXPECT_EQ(ran.record.fates.lost, 0U);
    EXPECT_EQ(ran.record.started_sessions, ran.record.planned_sessions);
    EXPECT_GE(ran.most_connected, 8U);
    const auto& store = *ran.record.metrics;
    // 8 players x 20 inputs x 2 measured seconds.
    EXPECT_EQ(store.counter(Metric::inputs, 0).total(), 320U);
    EXPECT_GE(store.trend(Metric::rtt, 0).total().min(), 40'000'000U);
    EXPECT_GE(store.trend(Metric::snapshot_age, 0).total().min(), 20'000'000U);
    EXPECT_LT(store.trend(Metric::snapshot_age, 1).total().max(), 5'000'000U);
    const auto offered = ran.record.links.up.offered();
    EXPECT_NEAR(static_cast<double>(ran.record.links.up.dropped()), 0.05 * static_cast<double>(offered),
                0.03 * static_cast<double>(offered));
    EXPECT_GT(ran.record.transport.packets_lost, 0U);
}

TEST(VirtualRun, TheSameSeedGivesTheSameReportsToTheByte) {
    const Ran a = run(), b = run();
    EXPECT_EQ(a.record.trace_hash, b.record.trace_hash);
    EXPECT_EQ(a.timeline, b.timeline);
    EXPECT_EQ(summary_json(a.record, a.scenario, {}), summary_json(b.record, b.scenario, {}));
    EXPECT_EQ(histogram_file(a.record, a.scenario), histogram_file(b.record, b.scenario));
    EXPECT_EQ(terminal_report(a.record, a.scenario, false), terminal_report(b.record, b.scenario, false));
    EXPECT_NE(a.record.trace_hash, run({"seed=6"}).record.trace_hash);
}

TEST(VirtualRun, EverySuiteWorks) {
    for (const char* suite : {"netcode", "aes256-gcm", "signed", "none"}) {
        const Ran ran = run({std::string("target.suite=\"") + suite + "\"", "duration=2s"});
        EXPECT_EQ(ran.record.fates.never_joined, 0U) << suite;
        EXPECT_EQ(ran.record.fates.lost, 0U) << suite;
    }
}

TEST(VirtualRun, TheSummaryHoldsWhatTheReportSays) {
    const Ran ran = run();
    const auto json = nlohmann::json::parse(summary_json(ran.record, ran.scenario, {"seed=5"}));
    EXPECT_EQ(json["verdict"]["exit_code"], 0);
    EXPECT_EQ(json["run"]["seed"], 5);
    EXPECT_EQ(json["run"]["overrides"][0], "seed=5");
    EXPECT_EQ(json["run"]["trace_hash"], ran.record.trace_hash);
    EXPECT_EQ(json["clients"]["joined"], ran.record.fates.joined);
    EXPECT_EQ(json["metrics"]["rtt"]["groups"]["players"]["count"],
              ran.record.metrics->trend(Metric::rtt, 0).total().count());
    EXPECT_TRUE(json["metrics"]["rtt"]["all"]["p99.9"].is_null());
    EXPECT_FALSE(json["metrics"].contains("server_tick"));
    EXPECT_FALSE(json["run"].contains(
        "machine"));  // nothing of the machine in a report that must be the same everywhere
    EXPECT_EQ(json["thresholds"].size(), 7U);  // five of the scenario, two built in
    const auto report = terminal_report(ran.record, ran.scenario, false);
    EXPECT_THAT(report, HasSubstr("PASS"));
    EXPECT_THAT(report, HasSubstr("skip  server_tick"));
    EXPECT_THAT(report, Not(HasSubstr("\x1b")));
    EXPECT_THAT(terminal_report(ran.record, ran.scenario, true), HasSubstr("\x1b[1;32mPASS"));
}

TEST(VirtualRun, TheHistogramFileHasThePercentilesOfTheSummary) {
    const Ran ran = run();
    const auto log = histogram_file(ran.record, ran.scenario);
    const auto at = log.find("Tag=rtt/players,");
    ASSERT_NE(at, std::string::npos);
    const auto line = log.substr(at, log.find('\n', at) - at);
    const auto decoded = trace::decode_histogram(line.substr(line.rfind(',') + 1));
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(decoded->counts(), ran.record.metrics->trend(Metric::rtt, 0).total().counts());
}

TEST(VirtualRun, AFailedThresholdIsTheVerdict) {
    const Ran ran = run({"thresholds.errors=[\"count==7\"]"});
    EXPECT_EQ(ran.record.verdict.code, ExitCode::thresholds_failed);
}

TEST(VirtualRun, AbortOnFailEndsTheRunEarly) {
    const Ran ran =
        run({"duration=20s",
             "thresholds.rtt=[{threshold=\"max<1ms\", abort_on_fail=true, delay_abort_eval=\"2s\"}]"});
    EXPECT_EQ(ran.record.verdict.code, ExitCode::thresholds_failed);
    EXPECT_EQ(ran.record.end.aborted_by, "rtt max<1ms");
    EXPECT_GE(ran.record.ran, 3s);  // warm-up and the delay
    EXPECT_LT(ran.record.ran, 5s);
}

TEST(VirtualRun, JoinsOverTheCapAreCounted) {
    const Ran ran = run({"groups.visitors.rate=40", "groups.visitors.session.mean=2s",
                         "groups.visitors.session.distribution=constant"});
    EXPECT_GT(ran.record.metrics->counter(Metric::dropped_joins, 1).total(), 30U);
    EXPECT_LE(ran.most_connected, 11U);
}

TEST(VirtualRun, ANetworkThatLetsNothingThroughIsALostServer) {
    const Ran ran = run({"duration=20s", "networks.wifi.loss=100%", "groups.visitors.network=wifi",
                         "groups.visitors.rate=1"});
    EXPECT_EQ(ran.record.verdict.code, ExitCode::server_lost)
        << terminal_report(ran.record, ran.scenario, false);
    EXPECT_THAT(ran.record.verdict.reasons.front(), HasSubstr("does not answer"));
    EXPECT_GT(ran.record.fates.never_joined, 0U);
}

TEST(VirtualRun, AServerElsewhereCannotRunInVirtualTime) {
    const auto scenario = parse_scenario(
        kScenario, "small.toml", {{"wander"}, {"target.address=\"127.0.0.1:1\"", "target.key_env=K"}});
    ASSERT_TRUE(scenario);
    Timeline timeline(*scenario);
    const auto record = run_scenario(*scenario, {true, ""}, timeline);
    ASSERT_FALSE(record);
    EXPECT_THAT(record.error().message, HasSubstr("cannot run in virtual time"));
}

}  // namespace
}  // namespace squall::loadgen
