// The plan is a pure function of the scenario: executors, arrivals, mixes, and that nobody's draws depend on
// anybody else.
#include "plan/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "plan/behaviour_mix.hpp"
#include "plan/exponential.hpp"
#include "plan/pacer.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::SizeIs;

Group named(std::string name) {
    Group group;
    group.name = std::move(name);
    group.behaviours = {{"wander", 1}};
    return group;
}

Group arrivals(std::uint32_t rate, Arrival arrival) {
    Group group = named("arrivals");
    group.executor = Executor::constant_arrival_rate;
    group.rate = rate;
    group.arrival = arrival;
    return group;
}

Scenario with_groups(std::vector<Group> groups, Duration duration = 10s) {
    Scenario scenario;
    scenario.duration = duration;
    scenario.groups = std::move(groups);
    return scenario;
}

TEST(Exponential, LogarithmIsRight) {
    EXPECT_EQ(negative_log_q32(~std::uint64_t{0}) >> 4, 0U);
    for (const std::uint64_t u : {std::uint64_t{1}, std::uint64_t{12345}, std::uint64_t{1} << 32,
                                  std::uint64_t{3} << 60, ~std::uint64_t{0} / 3}) {
        const double exact = -(std::log(static_cast<double>(u)) - 64 * std::log(2.0));
        EXPECT_NEAR(static_cast<double>(negative_log_q32(u)) / 4294967296.0, exact, 1e-7);
    }
}

TEST(Exponential, DrawsHaveTheirMeanAndAreTheSameOnEveryCompiler) {
    Rng rng(7);
    Duration sum{0};
    for (int i = 0; i < 20'000; ++i) sum += exponential_gap(rng, 1s, 10);
    EXPECT_NEAR(to_seconds(sum) / 20'000, 0.1, 0.002);
    Rng again(7);
    EXPECT_EQ(exponential_gap(again, 1s, 10).count(), 289'389'008);  // the same number on every compiler
}

TEST(Pacer, ConstantVusHoldFromStartToEnd) {
    Group group = named("a");
    group.vus = 3;
    group.start_time = 2s;
    const auto pace = pace_group(group, 10s, Rng(1));
    ASSERT_THAT(pace.stays, SizeIs(3));
    for (const auto& stay : pace.stays) {
        EXPECT_EQ(stay.start, 2s);
        EXPECT_EQ(stay.stop, 10s);
    }
}

TEST(Pacer, RampingVusFollowTheStagesAndTheLastInLeavesFirst) {
    Group group = named("a");
    group.executor = Executor::ramping_vus;
    group.stages = {{4s, 4}, {2s, 4}, {2s, 2}, {1s, 3}};
    const auto pace = pace_group(group, 12s, Rng(1));
    ASSERT_THAT(pace.stays, SizeIs(5));
    EXPECT_EQ(pace.stays[0].start, 0s);
    EXPECT_EQ(pace.stays[1].start, 1s);
    EXPECT_EQ(pace.stays[3].start, 3s);
    EXPECT_EQ(pace.stays[3].stop, 7s);  // the fourth leaves half way down
    EXPECT_EQ(pace.stays[2].stop, 8s);
    EXPECT_EQ(pace.stays[0].stop, 12s);  // the last target holds until the end
    EXPECT_EQ(pace.stays[4].start, 8s);
    EXPECT_EQ(pace.stays[4].index, 2 + kIndexStride);  // the third virtual user's second stay
}

TEST(Pacer, StagesBeyondTheRunAreCutOff) {
    Group group = named("a");
    group.executor = Executor::ramping_vus;
    group.stages = {{10s, 10}};
    const auto pace = pace_group(group, 5s, Rng(1));
    EXPECT_THAT(pace.stays, SizeIs(5));
    for (const auto& stay : pace.stays) EXPECT_EQ(stay.stop, 5s);
}

TEST(Pacer, UniformArrivalsAreEvenAndExact) {
    const auto pace = pace_group(arrivals(3, Arrival::uniform), 10s, Rng(1));
    ASSERT_THAT(pace.stays, SizeIs(30));
    EXPECT_EQ(pace.stays[3].start, 1s);
    EXPECT_EQ(pace.stays[29].start.count(), 29'000'000'000 / 3);
}

TEST(Pacer, PoissonArrivalsHaveTheRate) {
    const auto pace = pace_group(arrivals(100, Arrival::poisson), 100s, Rng(3));
    EXPECT_NEAR(static_cast<double>(pace.stays.size()), 10'000, 300);
    // The variance of a Poisson process' counts is its mean; even arrivals would have none.
    std::map<std::int64_t, int> per_second;
    for (const auto& stay : pace.stays) ++per_second[stay.start / 1s];
    double squares = 0;
    for (int i = 0; i < 100; ++i) squares += (per_second[i] - 100.0) * (per_second[i] - 100.0);
    EXPECT_GT(squares / 100, 60);
    EXPECT_LT(squares / 100, 150);
}

TEST(Pacer, ALongerRunKeepsTheArrivalsOfTheShorter) {
    Group group = arrivals(50, Arrival::poisson);
    group.session = Session{SessionDistribution::exponential, 2s};
    const auto shorter = pace_group(group, 10s, Rng(5));
    const auto longer = pace_group(group, 20s, Rng(5));
    ASSERT_GT(longer.stays.size(), shorter.stays.size());
    for (std::size_t i = 0; i < shorter.stays.size(); ++i)
        EXPECT_EQ(shorter.stays[i].start, longer.stays[i].start);
}

TEST(Pacer, JoinsOverTheCapAreDropped) {
    Group group = arrivals(1, Arrival::uniform);
    group.session = Session{SessionDistribution::constant, 5s};
    group.max_vus = 2;
    const auto pace = pace_group(group, 10s, Rng(1));
    // 0, 1 join; 2, 3, 4 are dropped; at 5 and 6 the places are free again; 7, 8, 9 dropped.
    EXPECT_THAT(pace.stays, SizeIs(4));
    EXPECT_THAT(pace.dropped_at, ElementsAre(2s, 3s, 4s, 7s, 8s, 9s));
}

TEST(BehaviourMix, WeightsHoldExactlyInEveryBlock) {
    BehaviourMix mix({14, 6}, Rng(1));
    for (int block = 0; block < 50; ++block) {
        int first = 0;
        for (int i = 0; i < 10; ++i) first += mix.of(static_cast<std::uint32_t>(block * 10 + i)) == 0 ? 1 : 0;
        EXPECT_EQ(first, 7);
    }
}

TEST(BehaviourMix, DependsOnTheClientAlone) {
    BehaviourMix forwards({3, 2, 1}, Rng(9)), backwards({3, 2, 1}, Rng(9));
    std::vector<std::uint32_t> a, b;
    for (std::uint32_t i = 0; i < 100; ++i) a.push_back(forwards.of(i));
    for (std::uint32_t i = 100; i-- > 0;) b.insert(b.begin(), backwards.of(i));
    EXPECT_EQ(a, b);
}

std::map<std::uint64_t, PlannedSession> by_client(const Plan& plan) {
    std::map<std::uint64_t, PlannedSession> out;
    for (const auto& session : plan.sessions) out[session.client_id.value] = session;
    return out;
}

TEST(Plan, AddingAGroupOrAClientChangesNobodyElse) {
    Group fighters = named("fighters");
    fighters.vus = 20;
    fighters.behaviours = {{"a", 7}, {"b", 3}};
    Group visitors = arrivals(5, Arrival::poisson);
    visitors.session = Session{SessionDistribution::exponential, 3s};
    const Plan before = make_plan(with_groups({fighters, visitors}));
    Group newcomers = named("newcomers");
    newcomers.vus = 10;
    fighters.vus = 25;
    const Plan after = make_plan(with_groups({newcomers, fighters, visitors}));
    const auto now = by_client(after);
    EXPECT_EQ(now.size(), before.sessions.size() + 15);
    for (const auto& [id, session] : by_client(before)) {
        ASSERT_TRUE(now.contains(id));
        const auto& same = now.at(id);
        EXPECT_EQ(same.start, session.start);
        EXPECT_EQ(same.stop, session.stop);
        EXPECT_EQ(same.behaviour, session.behaviour);
        EXPECT_EQ(same.first_send, session.first_send);
    }
}

TEST(Plan, IsOrderedCountsItsPeakAndHashesItself) {
    Group a = named("a");
    a.vus = 10;
    Group b = named("b");
    b.executor = Executor::ramping_vus;
    b.stages = {{5s, 5}, {5s, 0}};
    const Plan plan = make_plan(with_groups({a, b}));
    EXPECT_EQ(plan.peak, 15U);
    EXPECT_TRUE(std::is_sorted(plan.sessions.begin(), plan.sessions.end(),
                               [](const auto& x, const auto& y) { return x.start < y.start; }));
    EXPECT_EQ(plan.hash(), make_plan(with_groups({a, b})).hash());
    auto other = with_groups({a, b});
    other.seed = 2;
    EXPECT_NE(plan.hash(), make_plan(other).hash());
    for (const auto& session : plan.sessions) EXPECT_LT(session.first_send, 50ms);
}

}  // namespace
}  // namespace squall::loadgen
