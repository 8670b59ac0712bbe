// What a scenario file may say, and the sentence for each way to say it wrong: file, line, column and what
// would be right.
#include "scenario/scenario.hpp"

#include "scenario/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const ParseOptions kOptions{{"camper", "run-and-gun", "wander"}, {}};

constexpr std::string_view kSmallest = R"(version = 1
duration = "10s"
[[groups]]
name = "players"
executor = "constant-vus"
vus = 50
)";

Scenario parsed(std::string_view text, ParseOptions options = kOptions) {
    auto result = parse_scenario(text, "test.toml", options);
    if (!result) {
        for (const auto& line : result.error().lines()) ADD_FAILURE() << line;
        return {};
    }
    return std::move(*result);
}

std::vector<std::string> errors_of(std::string_view text, ParseOptions options = kOptions) {
    auto result = parse_scenario(text, "test.toml", options);
    if (result) {
        ADD_FAILURE() << "should have been refused";
        return {};
    }
    return result.error().lines();
}

std::string with(std::string_view more) {
    return std::string(kSmallest) + std::string(more);
}

TEST(Scenario, TheSmallestFileHasSixLines) {
    const auto scenario = parsed(kSmallest);
    EXPECT_EQ(scenario.name, "test");
    EXPECT_EQ(scenario.duration, 10s);
    EXPECT_FALSE(scenario.target.address);
    EXPECT_EQ(scenario.target.suite, Suite::aes256_gcm);
    ASSERT_THAT(scenario.groups, SizeIs(1));
    EXPECT_EQ(scenario.groups[0].vus, 50U);
    EXPECT_EQ(scenario.groups[0].send_rate, 20U);
    ASSERT_THAT(scenario.groups[0].behaviours, SizeIs(1));
    EXPECT_EQ(scenario.groups[0].behaviours[0].name, "camper");
}

constexpr std::string_view kWhole = R"(version = 1
name = "whole"
seed = 42
duration = "2m"
warmup = "10s"
graceful_stop = "5s"

[target]
address = "127.0.0.1:40000"
launch = ["./server", "--port", "40000"]
tick_rate = 60
key_env = "KEY"
protocol_id = "0x1122334455667788"
suite = "netcode"
timeout = "15s"

[[groups]]
name = "fighters"
executor = "ramping-vus"
stages = [ { duration = "20s", target = 400 }, { duration = "100s", target = 400 } ]
send_rate = 30
behaviours = [ { name = "run-and-gun", weight = 7 }, { name = "camper", weight = 3 } ]
network = "wifi"
tags = { region = "eu" }

[[groups]]
name = "commuters"
executor = "constant-arrival-rate"
rate = 4
time_unit = "1s"
arrival = "poisson"
session = { distribution = "exponential", mean = "20s" }
max_vus = 200
start_time = "10s"
behaviours = [ { name = "wander", think_time = { min = "100ms", max = "900ms" } } ]
network = "mobile"

[networks.wifi]
delay = "15ms"
jitter = "3ms"
loss = "0.2%"

[networks.mobile]
delay = "40ms"
down = { loss = "1%", rate = "8mbit", queue = "100ms" }
up = { delay = "50ms", jitter = "15ms", rate = "2mbit" }

[thresholds]
"rtt{group:fighters}" = ["p(50)<60ms", "p(99.9)<=1s"]
"server_tick" = ["p(99)<16.7ms", { threshold = "max<100ms", abort_on_fail = true, delay_abort_eval = "10s" }]
"snapshot_age{region:eu}" = "p(99)<250ms"
"disconnects{cause:timeout}" = ["rate<0.005"]
"bandwidth_down" = ["p(95)<64kbit"]
"dropped_joins" = ["count==0"]
"generator.send_lateness" = ["p(99)<2ms"]

[outputs]
summary = "out/summary.json"
timeline = "out/timeline.csv"
histograms = "out/run.hlog"
)";

TEST(Scenario, ReadsTheWholeVocabulary) {
    const auto s = parsed(kWhole);
    EXPECT_EQ(s.seed, 42U);
    EXPECT_EQ(s.warmup, 10s);
    ASSERT_TRUE(s.target.address);
    EXPECT_EQ(s.target.address->port(), 40000);
    EXPECT_THAT(s.target.launch, SizeIs(3));
    EXPECT_EQ(s.target.protocol_id, 0x1122334455667788U);
    EXPECT_EQ(s.target.suite, Suite::netcode);
    EXPECT_EQ(s.target.timeout_seconds, 15);
    ASSERT_THAT(s.groups, SizeIs(2));
    EXPECT_EQ(s.groups[0].stages[1].target, 400U);
    EXPECT_EQ(s.groups[0].behaviours[0].weight, 7U);
    EXPECT_THAT(s.groups[0].tags, ElementsAre(Tag{"region", "eu"}));
    EXPECT_EQ(s.groups[1].arrival, Arrival::poisson);
    ASSERT_TRUE(s.groups[1].session);
    EXPECT_EQ(s.groups[1].session->mean, 20s);
    EXPECT_EQ(s.groups[1].behaviours[0].think_max, 900ms);
    EXPECT_EQ(s.networks[*s.groups[0].network].name, "wifi");
    EXPECT_EQ(s.networks[0].up, s.networks[0].down);
    EXPECT_EQ(s.networks[1].down.delay, 40ms);
    EXPECT_EQ(s.networks[1].down.loss, percent(1));
    EXPECT_EQ(s.networks[1].up.delay, 50ms);
    EXPECT_TRUE(s.networks[1].up.loss.is_zero());
    ASSERT_THAT(s.thresholds, SizeIs(9));
    EXPECT_EQ(s.thresholds[1].condition.percentile, (Ratio{999, 1000}));
    EXPECT_EQ(s.thresholds[1].condition.limit, 1'000'000'000U);
    EXPECT_TRUE(s.thresholds[3].abort_on_fail);
    EXPECT_EQ(s.thresholds[3].delay_abort_eval, 10s);
    EXPECT_EQ(s.thresholds[5].condition.limit, 5000U);  // parts per million
    EXPECT_EQ(s.outputs.histograms, "out/run.hlog");
}

TEST(Scenario, EveryMistakeOfAFileIsReportedInItsOrder) {
    const auto lines = errors_of(R"(version = 1
duration = 30
[[groups]]
name = "players"
executor = "constant-vu"
vus = 3
netwrok = "wifi"
)");
    ASSERT_THAT(lines, SizeIs(3));
    EXPECT_THAT(
        lines[0],
        HasSubstr(
            "test.toml:2:12: 'duration' of the scenario is 30 without a unit; write a duration in quotes"));
    EXPECT_THAT(lines[1], HasSubstr("test.toml:5:12: 'executor' of group 'players' is \"constant-vu\"; did "
                                    "you mean \"constant-vus\"?"));
    EXPECT_THAT(
        lines[2],
        HasSubstr("test.toml:7:1: unknown key 'netwrok' in group 'players'; did you mean 'network'?"));
}

// One line each: what is added to the smallest file, and what the message must say.
struct Refusal {
    const char* name;
    const char* text;
    const char* message;
};
void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << refusal.name;
}

class RefusedScenario : public testing::TestWithParam<Refusal> {};

TEST_P(RefusedScenario, SaysWhatWouldBeRight) {
    const auto lines = errors_of(with(GetParam().text));
    EXPECT_THAT(lines, Contains(HasSubstr(GetParam().message)));
    for (const auto& line : lines) EXPECT_THAT(line, testing::MatchesRegex("test\\.toml:[0-9]+:[0-9]+: .*"));
}

INSTANTIATE_TEST_SUITE_P(
    Each, RefusedScenario,
    testing::Values(
        Refusal{"negative_vus", "[[groups]]\nname=\"b\"\nexecutor = \"constant-vus\"\nvus = -3\n",
                "it must be from 1 to 1000000"},
        Refusal{"unknown_table", "[thresholdz]\n",
                "unknown key 'thresholdz' in the scenario; did you mean 'thresholds'?"},
        Refusal{"syntax", "a = = 1\n", "not valid TOML"},
        // Found by the fuzzer: undefined behaviour and an assertion of the parser.
        Refusal{"beyond_ascii", "\xc3\xa9 = 1\n", "a character that is not ASCII"},
        Refusal{"nameless_header", "[,\n", "a table header without a name"},
        Refusal{"doubled_key", "vus = 51\n", "not valid TOML"},
        Refusal{"bare_delay", "[networks.x]\ndelay = 15\n", "'delay' of [networks.x] is 15 without a unit"},
        Refusal{"bare_loss", "[networks.x]\nloss = 0.01\n",
                "write a share in quotes with its unit, for instance loss = \"1%\""},
        Refusal{"loss_above_one", "[networks.x]\nloss = \"101%\"\n", "it is above 100%"},
        Refusal{"zero_rate", "[networks.x]\nrate = \"0kbit\"\n", "nothing would ever pass"},
        Refusal{"queue_without_rate", "[networks.x]\nqueue = \"10ms\"\n", "has no effect without a 'rate'"},
        Refusal{"network_not_a_table", "[networks]\nx = 1\n", "a network is a table"},
        Refusal{"network_timeline", "[networks.x]\ntimeline = []\n", "comes with a later version"},
        Refusal{"no_such_network", "network = \"wifi\"\n", "add a table [networks.wifi]"},
        Refusal{"foreign_key", "rate = 4\n", "'rate' belongs to the executor \"constant-arrival-rate\""},
        Refusal{"later_executor", "[[groups]]\nname=\"b\"\nexecutor = \"replay\"\n",
                "comes with a later version"},
        Refusal{"no_executor", "[[groups]]\nname=\"b\"\n",
                "has no 'executor'; it must be constant-vus, ramping-vus or"},
        Refusal{"no_name", "[[groups]]\nexecutor = \"constant-vus\"\nvus = 1\n", "a group has no 'name'"},
        Refusal{"same_name", "[[groups]]\nname=\"players\"\nexecutor = \"constant-vus\"\nvus = 1\n",
                "a second group is named 'players'"},
        Refusal{"bad_name", "[[groups]]\nname=\"a b\"\nexecutor = \"constant-vus\"\nvus = 1\n",
                "cannot name a group"},
        Refusal{"no_stages", "[[groups]]\nname=\"b\"\nexecutor = \"ramping-vus\"\n", "has no 'stages'"},
        Refusal{"stage_without_target",
                "[[groups]]\nname=\"b\"\nexecutor = \"ramping-vus\"\nstages = [{duration=\"1s\"}]\n",
                "has no 'target'"},
        Refusal{"too_many_joins",
                "[[groups]]\nname=\"b\"\nexecutor = \"constant-arrival-rate\"\nrate = 1000000\n",
                "more than 1000000 joins"},
        Refusal{"late_start", "start_time = \"10s\"\n", "starts at 10s, when the run of 10s is over"},
        Refusal{"unknown_behaviour", "behaviours = [{name = \"wonder\"}]\n", "did you mean \"wander\"?"},
        Refusal{"think_min_above_max",
                "behaviours = [{name = \"wander\", think_time = {min = \"2s\", max = \"1s\"}}]\n",
                "min 2s above max 1s"},
        Refusal{"bare_think", "behaviours = [{name = \"wander\", think_time = {min = 0.2}}]\n",
                "0.2 without a unit"},
        Refusal{"own_tag", "tags = { group = \"x\" }\n", "'group' is a tag of Squall's own"},
        Refusal{"unknown_metric", "[thresholds]\nrt = [\"p(99)<1s\"]\n", "no metric is named 'rt'"},
        Refusal{"near_metric", "[thresholds]\nserver_tik = [\"p(99)<1s\"]\n", "did you mean 'server_tick'?"},
        Refusal{"bare_limit", "[thresholds]\nrtt = [\"p(99)<200\"]\n",
                "'200' is not a duration: the unit is missing"},
        Refusal{"wrong_unit", "[thresholds]\nbandwidth_down = [\"p(99)<200ms\"]\n", "not a data rate"},
        Refusal{"wrong_aggregate", "[thresholds]\ndropped_joins = [\"p(99)<1\"]\n",
                "'dropped_joins' has no p(99); use count or rate"},
        Refusal{"percentile_range", "[thresholds]\nrtt = [\"p(101)<1s\"]\n", "is not a percentile"},
        Refusal{"no_condition", "[thresholds]\nrtt = []\n", "has no condition"},
        Refusal{"unknown_group_tag", "[thresholds]\n\"rtt{group:player}\" = [\"p(99)<1s\"]\n",
                "did you mean 'players'?"},
        Refusal{"unknown_tag", "[thresholds]\n\"rtt{region:eu}\" = [\"p(99)<1s\"]\n",
                "no group has the tag region:eu"},
        Refusal{"unknown_cause", "[thresholds]\n\"disconnects{cause:tmeout}\" = [\"count==0\"]\n",
                "no cause 'tmeout'"},
        Refusal{"tag_of_server", "[thresholds]\n\"server_tick{group:players}\" = [\"p(99)<1s\"]\n",
                "it is about the server"},
        Refusal{"open_brace", "[thresholds]\n\"rtt{group:players\" = [\"p(99)<1s\"]\n",
                "does not end in '}'"},
        Refusal{"baseline_metric", "[thresholds]\n\"vs_baseline.rtt.p(99)\" = [\"change<10%\"]\n",
                "comes with a later version"},
        Refusal{"delay_without_abort",
                "[thresholds]\nrtt = [{threshold = \"max<1s\", delay_abort_eval = \"1s\"}]\n",
                "has no effect without abort_on_fail"},
        Refusal{"record", "[outputs]\nrecord = \"a.pcapng\"\n", "comes with a later version"},
        Refusal{"html", "[outputs]\nhtml = \"a.html\"\n", "comes with a later version"},
        Refusal{"junit", "[outputs]\njunit = \"a.xml\"\n", "comes with a later version"},
        Refusal{"baseline", "[outputs]\nbaseline = \"a.json\"\n", "comes with a later version"},
        Refusal{"token_url", "[target]\ntoken_url = \"https://x\"\n", "comes with a later version"},
        Refusal{"address_without_port", "[target]\naddress = \"127.0.0.1\"\nkey_env = \"K\"\n",
                "has no port"},
        Refusal{"address_without_key", "[target]\naddress = \"127.0.0.1:1\"\n", "needs its private key"},
        Refusal{"address_is_a_name", "[target]\naddress = \"localhost:1\"\nkey_env = \"K\"\n", "localhost"},
        Refusal{"launch_without_address", "[target]\nlaunch = [\"x\"]\n", "does not say where it listens"},
        Refusal{"embedded_and_address",
                "[target]\nembedded = \"arena\"\naddress = \"127.0.0.1:1\"\nkey_env = \"K\"\n",
                "exclude each other"},
        Refusal{"both_keys", "[target]\naddress = \"127.0.0.1:1\"\nkey_env = \"K\"\nkey_file = \"f\"\n",
                "exclude each other"},
        Refusal{"suite", "[target]\nsuite = \"aes\"\n", "did you mean \"aes256-gcm\"?"},
        Refusal{"timeout_fraction", "[target]\ntimeout = \"1500ms\"\n", "must be whole seconds"},
        Refusal{"snapshots_above_ticks", "[target]\ntick_rate = 10\nsnapshot_rate = 20\n",
                "is above 'tick_rate'"},
        Refusal{"tick_rate_range", "[target]\ntick_rate = 0\n", "it must be from 1 to 240"}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Scenario, MissingVersionDurationAndGroupsAreNamed) {
    const auto lines = errors_of("");
    EXPECT_THAT(lines, Contains(HasSubstr("has no 'version'; write for instance version = 1")));
    EXPECT_THAT(lines, Contains(HasSubstr("has no 'duration'")));
    EXPECT_THAT(lines, Contains(HasSubstr("there is no group")));
}

TEST(Scenario, ANewerVersionIsRefused) {
    const auto lines = errors_of(
        "version = 2\nduration = \"10s\"\n[[groups]]\nname=\"p\"\nexecutor=\"constant-vus\"\nvus=1\n");
    EXPECT_THAT(lines, ElementsAre(HasSubstr("scenario version 2, and this program reads up to 1")));
}

TEST(Scenario, WarmupMustLeaveSomething) {
    EXPECT_THAT(errors_of("warmup = \"10s\"\n" + std::string(kSmallest)),
                ElementsAre(HasSubstr("leaves nothing")));
}

TEST(ScenarioOverrides, ReachEveryPart) {
    ParseOptions options = kOptions;
    options.overrides = {"duration=30s",
                         "groups.fighters.stages[0].target=1000",
                         "groups[1].rate=9",
                         "networks.wifi.loss=3%",
                         "groups.fighters.tags={zone=\"b\"}",
                         "thresholds.\"rtt\"=[\"p(50)<1s\"]",
                         "thresholds.\"snapshot_age{region:eu}\"=[]"};
    auto result = parse_scenario(kWhole, "test.toml", options);
    ASSERT_FALSE(result);  // the tag is gone, and the last override leaves a threshold without a condition
    options.overrides.pop_back();
    options.overrides.push_back("thresholds.\"snapshot_age{region:eu}\"=p(9)<1s");
    options.overrides[4] = "groups.fighters.tags.zone=b";
    const auto s = parsed(kWhole, options);
    EXPECT_EQ(s.duration, 30s);
    EXPECT_EQ(s.groups[0].stages[0].target, 1000U);
    EXPECT_EQ(s.groups[1].rate, 9U);
    EXPECT_EQ(s.networks[0].up.loss, percent(3));
    EXPECT_THAT(s.groups[0].tags, SizeIs(2));
}

TEST(ScenarioOverrides, MistakesNameTheOverride) {
    const auto error_of = [](std::string assignment) {
        ParseOptions options = kOptions;
        options.overrides = {std::move(assignment)};
        const auto lines = errors_of(kWhole, options);
        return lines.empty() ? std::string() : lines.back();
    };
    EXPECT_EQ(error_of("duration"),
              "--set duration: an '=' is missing; write path=value, as in duration=30s");
    EXPECT_THAT(error_of("duration=30"),
                HasSubstr("--set duration=30: 'duration' of the scenario is 30 without a unit"));
    EXPECT_THAT(error_of("durration=30s"), HasSubstr("--set durration=30s: unknown key 'durration'"));
    EXPECT_THAT(error_of("groups.nobody.vus=1"), HasSubstr("nothing in the array is named 'nobody'"));
    EXPECT_THAT(error_of("groups[7].vus=1"), HasSubstr("beyond the array's 2 items"));
    EXPECT_THAT(error_of("groups[x].vus=1"), HasSubstr("must be followed by an index"));
    EXPECT_THAT(error_of("=1"), HasSubstr("the path is empty"));
    EXPECT_THAT(error_of("duration.x=1"), HasSubstr("there is no 'x' inside text"));
}

TEST(Scenario, HostileTextIsRefusedWithoutHarm) {
    EXPECT_THAT(errors_of(std::string(kMaxScenarioBytes + 1, ' ')),
                ElementsAre(HasSubstr("a scenario has at most")));
    std::string nested = "a = ";
    for (int i = 0; i < 2000; ++i) nested += '[';
    EXPECT_THAT(errors_of(nested), SizeIs(1));
    std::string dotted = "a";
    for (int i = 0; i < 2000; ++i) dotted += ".a";
    EXPECT_THAT(errors_of(dotted + " = 1"), ElementsAre(HasSubstr("more than 100 dots")));
    EXPECT_THAT(errors_of(std::string_view("\0\xff\xfe", 3)), SizeIs(1));
}

}  // namespace
}  // namespace squall::loadgen
