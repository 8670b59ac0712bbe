// The runner's parts that need no run: stalls, samples, keys, processes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runner/child_process.hpp"
#include "runner/error_log.hpp"
#include "runner/key_text.hpp"
#include "runner/process_usage.hpp"
#include "runner/server_sample.hpp"
#include "runner/stall_detector.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const TimePoint kStart{1h};

TEST(StallDetector, NoticesThatTheProcessWasNotRun) {
    Duration cpu{0};
    StallDetector detector(kStart, [&] { return cpu; });
    detector.handle_timeout(kStart + 5ms);
    cpu += 1ms;
    detector.handle_timeout(kStart + 105ms);
    EXPECT_THAT(detector.take(), ElementsAre(Stall{kStart + 10ms, kStart + 105ms}));
    EXPECT_THAT(detector.take(), IsEmpty());
}

TEST(StallDetector, ABusyProcessDoesNotStall) {
    Duration cpu{0};
    StallDetector detector(kStart, [&] { return cpu; });
    cpu += 90ms;
    detector.handle_timeout(kStart + 100ms);
    EXPECT_THAT(detector.take(), IsEmpty());
    EXPECT_EQ(detector.poll_timeout(), kStart + 105ms);
}

TEST(StallDetector, ShortDelaysAreNormal) {
    StallDetector detector(kStart, [] { return Duration{0}; });
    detector.handle_timeout(kStart + 20ms);
    EXPECT_THAT(detector.take(), IsEmpty());
}

TEST(StallDetector, TheHostStalledWhereBothDid) {
    const auto at = [](int ms) { return kStart + std::chrono::milliseconds(ms); };
    const std::vector<Stall> a{{at(10), at(50)}, {at(100), at(200)}, {at(300), at(310)}};
    const std::vector<Stall> b{{at(40), at(120)}, {at(150), at(160)}, {at(400), at(500)}};
    EXPECT_THAT(overlap(a, b),
                ElementsAre(Stall{at(40), at(50)}, Stall{at(100), at(120)}, Stall{at(150), at(160)}));
    EXPECT_THAT(overlap(a, {}), IsEmpty());
}

TEST(ServerSample, TravelsWholeAsALine) {
    ServerSample sample;
    sample.tick.record(std::uint64_t{12'345'678}, 9);
    sample.tick_lateness.record(std::uint64_t{77});
    sample.players = 3;
    sample.ticks = ~std::uint64_t{0} >> 1;
    sample.kernel_drops = 5;
    sample.stalls = {{kStart, kStart + 30ms}};
    const auto line = to_json_line(sample);
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto back = parse_server_sample(line);
    ASSERT_TRUE(back) << back.error().message;
    EXPECT_EQ(back->tick.counts(), sample.tick.counts());
    EXPECT_EQ(back->players, 3U);
    EXPECT_EQ(back->ticks, sample.ticks);
    EXPECT_EQ(back->kernel_drops, 5U);
    EXPECT_EQ(back->stalls, sample.stalls);
}

TEST(ServerSample, WhatIsNoSampleIsRefused) {
    const auto good = to_json_line(ServerSample());
    for (const std::string& bad : {std::string(), std::string("null"), std::string("{}"),
                                   std::string("READY 1"), good.substr(0, good.size() / 2)})
        EXPECT_FALSE(parse_server_sample(bad)) << bad;
    auto wrong = good;
    wrong.replace(wrong.find("HIST"), 4, "GHOST");
    EXPECT_FALSE(parse_server_sample(wrong));
}

TEST(ServerSample, SumsUp) {
    ServerSample a, b;
    a.ticks = 2;
    b.ticks = 3;
    a.players = 9;
    b.players = 4;
    b.tick.record(std::uint64_t{10});
    a.add(b);
    EXPECT_EQ(a.ticks, 5U);
    EXPECT_EQ(a.players, 4U);
    EXPECT_EQ(a.tick.count(), 1U);
}

TEST(KeyText, RoundTripsAndExplains) {
    Key key{};
    for (std::size_t i = 0; i < key.size(); ++i) key[i] = static_cast<std::byte>(i * 7);
    EXPECT_EQ(parse_key(to_text(key) + "\n", "a pipe").value(), key);
    const auto bad = parse_key("abc", "the file");
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message,
                HasSubstr("the file does not hold a key: it must be 64 hexadecimal digits"));
    EXPECT_THAT(read_key_file("/nonexistent/key").error().message,
                HasSubstr("'/nonexistent/key' cannot be read"));
    EXPECT_THAT(read_key_variable("SQUALL_TEST_NO_SUCH_KEY").error().message, HasSubstr("is not set"));
    setenv("SQUALL_TEST_KEY", to_text(key).c_str(), 1);
    EXPECT_EQ(read_key_variable("SQUALL_TEST_KEY").value(), key);
}

TEST(ChildProcess, SpeaksThroughPipesAndTellsHowItEnded) {
    auto child = ChildProcess::start({"sh", "-c", "read line; echo got $line; echo oops >&2; exit 3"});
    ASSERT_TRUE(child) << child.error().message;
    EXPECT_TRUE(child->write("this\n"));
    LineBuffer output, errors;
    child->wait(10s, [&] {
        output.read_from(child->output());
        errors.read_from(child->errors());
    });
    EXPECT_EQ(output.next_line(), "got this");
    EXPECT_EQ(errors.next_line(), "oops");
    EXPECT_EQ(child->ended(), "exit code 3");
}

TEST(ChildProcess, AMissingProgramIsAnErrorAndASignalIsNamed) {
    const auto missing = ChildProcess::start({"/no/such/program"});
    ASSERT_FALSE(missing);
    EXPECT_THAT(missing.error().message, HasSubstr("'/no/such/program' cannot be started: No such file"));
    auto child = ChildProcess::start({"sh", "-c", "kill -9 $$"});
    ASSERT_TRUE(child);
    child->wait(10s, [] {});
    EXPECT_THAT(child->ended().value(), HasSubstr("signal 9"));
}

TEST(ChildProcess, WhatDoesNotEndIsKilled) {
    auto child = ChildProcess::start({"sh", "-c", "trap '' TERM; echo ready; while true; do sleep 1; done"});
    ASSERT_TRUE(child);
    LineBuffer output;
    while (!output.next_line()) output.read_from(child->output());
    child->terminate();
    child->wait(50ms, [] {});
    EXPECT_THAT(child->ended().value(), HasSubstr("killed"));
    EXPECT_FALSE(usage_of(child->id()));
}

TEST(ProcessUsage, OfThisProcessIsPlausible) {
    const auto usage = usage_of(getpid());
    ASSERT_TRUE(usage);
    EXPECT_GT(usage->resident_bytes, 1024U * 1024);
    EXPECT_GT(own_cpu_time(), Duration{0});
    EXPECT_FALSE(usage_of(-1));
}

TEST(ErrorLog, CountsByCauseWithOneExample) {
    ErrorLog log;
    log.add(1s, "socket", "first");
    log.add(2s, "protocol", "other");
    log.add(3s, "socket", "second");
    ASSERT_EQ(log.entries().size(), 2U);
    EXPECT_EQ(log.entries()[0].count, 2U);
    EXPECT_EQ(log.entries()[0].example, "first");
    EXPECT_EQ(log.entries()[0].last, 3s);
    EXPECT_EQ(log.total(), 3U);
}

}  // namespace
}  // namespace squall::loadgen
