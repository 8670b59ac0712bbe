// Which exit code a run comes to, and which reason wins.
#include "report/verdict.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Outcome outcome(const char* selector, const char* condition, ThresholdStatus status) {
    Outcome out;
    out.threshold.name = selector;
    out.threshold.text = condition;
    out.threshold.selector = *parse_selector(selector);
    out.result.status = status;
    out.result.shown = "what it was";
    return out;
}

TEST(Verdict, PassesWhenEverythingHeldOrCouldNotBeMeasured) {
    const auto verdict = decide({outcome("rtt", "p(99)<1s", ThresholdStatus::held),
                                 outcome("server_tick", "max<1s", ThresholdStatus::not_measured)},
                                {});
    EXPECT_EQ(verdict.code, ExitCode::pass);
    EXPECT_THAT(verdict.reasons, IsEmpty());
    EXPECT_EQ(verdict.word(), "PASS");
}

TEST(Verdict, AFailedThresholdOrSilenceFails) {
    for (const auto status : {ThresholdStatus::failed, ThresholdStatus::no_samples}) {
        const auto verdict = decide({outcome("rtt", "p(99)<1s", status)}, {});
        EXPECT_EQ(verdict.code, ExitCode::thresholds_failed);
        EXPECT_THAT(verdict.reasons, ElementsAre("threshold failed: rtt p(99)<1s: what it was"));
    }
}

TEST(Verdict, ASaturatedGeneratorMakesItInvalidWhateverElseFailed) {
    const auto verdict = decide({outcome("rtt", "p(99)<1s", ThresholdStatus::failed),
                                 outcome("generator.send_lateness", "p(99)<2ms", ThresholdStatus::failed)},
                                {});
    EXPECT_EQ(verdict.code, ExitCode::invalid);
    EXPECT_THAT(verdict.reasons, Contains(HasSubstr("the generator was saturated")));
    EXPECT_EQ(static_cast<int>(verdict.code), 98);
}

TEST(Verdict, ALostServerAndAnInterruptComeFirst) {
    EarlyEnd end;
    end.server_lost = "it is gone";
    const auto lost = decide({outcome("rtt", "p(99)<1s", ThresholdStatus::failed)}, end);
    EXPECT_EQ(static_cast<int>(lost.code), 97);
    EXPECT_EQ(lost.reasons.front(), "it is gone");
    end.interrupted = true;
    EXPECT_EQ(static_cast<int>(decide({}, end).code), 130);
}

TEST(Verdict, AnAbortFailsAndAStalledHostIsNamed) {
    EarlyEnd end;
    end.aborted_by = "rtt max<1s";
    EXPECT_EQ(decide({}, end).code, ExitCode::thresholds_failed);
    end.host_stalled = 2s;
    EXPECT_THAT(decide({outcome("rtt", "p(99)<1s", ThresholdStatus::failed)}, end).reasons,
                Contains(HasSubstr("for 2.0 s in all")));
    EXPECT_THAT(decide({}, {}).reasons, IsEmpty());
}

TEST(Verdict, TheGeneratorIsCheckedUnlessTheScenarioDoesIt) {
    EXPECT_THAT(validity_checks({}), ElementsAre(testing::Field(&Threshold::name, "generator.send_lateness"),
                                                 testing::Field(&Threshold::name, "generator.socket_drops")));
    Threshold own;
    own.selector.metric = Metric::generator_send_lateness;
    EXPECT_THAT(validity_checks({own}),
                ElementsAre(testing::Field(&Threshold::name, "generator.socket_drops")));
    for (const auto& check : validity_checks({}))
        EXPECT_NE(check.condition.limit + (check.condition.comparison == Comparison::equal ? 1 : 0), 0U);
}

}  // namespace
}  // namespace squall::loadgen
