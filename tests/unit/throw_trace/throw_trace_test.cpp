// The stack of what was thrown, from the throw itself and not from the catch.
#include "squall/runtime/throw_trace.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "runtime/errors/elf_symbols.hpp"
#include "squall/runtime/error_reporter.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::test {

// Not in an unnamed namespace: the compiler would make more of them than is wanted.
[[gnu::noinline]] void throws_deep_inside(int number) {
    if (number >= 0) throw std::runtime_error("thrown on purpose");
}
[[gnu::noinline]] void calls_what_throws(int number) {
    throws_deep_inside(number);
    asm volatile("");  // no tail call
}
[[gnu::noinline]] int asks_beyond_the_end(const std::vector<int>& numbers) {
    return numbers.at(numbers.size());
}

namespace {

using namespace std::chrono_literals;

[[gnu::noinline]] void throws_in_a_local_function() {
    throw std::logic_error("local");
}

template <class Call>
std::vector<remotes::StackFrame> trace_of(Call call) {
    try {
        call();
    } catch (...) {
        auto trace = last_throw_trace();
        name_frames(trace);
        return trace;
    }
    return {};
}

bool names(const remotes::StackFrame& frame, std::string_view function) {
    return frame.function.find(function) != std::string::npos;
}
std::size_t place_of(const std::vector<remotes::StackFrame>& trace, std::string_view function) {
    for (std::size_t i = 0; i < trace.size(); ++i)
        if (names(trace[i], function)) return i;
    return trace.size();
}

TEST(ThrowTrace, BeginsWhereItWasThrown) {
    ASSERT_TRUE(has_throw_traces());
    const auto trace = trace_of([] { calls_what_throws(1); });
    ASSERT_GE(trace.size(), 3U);
    EXPECT_TRUE(names(trace[0], "throws_deep_inside")) << trace[0].function;
    EXPECT_TRUE(names(trace[1], "calls_what_throws")) << trace[1].function;
    EXPECT_EQ(trace[0].module, "unit_throw_trace");
    EXPECT_GT(trace[0].offset, 0U);
    EXPECT_LT(place_of(trace, "main"), trace.size());
}

TEST(ThrowTrace, KnowsWhatTheStandardLibraryThrows) {
    const auto trace = trace_of([] { (void)asks_beyond_the_end({1, 2, 3}); });
    EXPECT_LT(place_of(trace, "asks_beyond_the_end"), 4U);
}

TEST(ThrowTrace, IsOfTheLastThrowAndOfThisThread) {
    const auto mine = trace_of([] { calls_what_throws(1); });
    std::vector<remotes::StackFrame> theirs;
    std::vector<remotes::StackFrame> before;
    std::thread([&] {
        before = last_throw_trace();
        theirs = trace_of([] { (void)asks_beyond_the_end({}); });
    }).join();
    EXPECT_TRUE(before.empty());
    EXPECT_LT(place_of(theirs, "asks_beyond_the_end"), theirs.size());
    auto still_mine = last_throw_trace();
    name_frames(still_mine);
    EXPECT_TRUE(names(still_mine[0], "throws_deep_inside")) << "the other thread changed nothing";
    EXPECT_EQ(mine.size(), last_throw_trace().size());
    EXPECT_EQ(last_throw_trace(2).size(), 2U);
}

TEST(ThrowTrace, NamesLocalFunctionsToo) {
    const auto trace = trace_of([] { throws_in_a_local_function(); });
    ASSERT_FALSE(trace.empty());
    EXPECT_TRUE(names(trace[0], "throws_in_a_local_function"))
        << trace[0].function << " in " << trace[0].module;
}

TEST(ElfSymbols, OfWhatIsNoElfFileAreNone) {
    EXPECT_GT(runtime::ElfSymbols::read("/proc/self/exe").size(), 100U);
    EXPECT_EQ(runtime::ElfSymbols::read("/proc/self/maps").size(), 0U);
    EXPECT_EQ(runtime::ElfSymbols::read("/proc/self/no_such_file").size(), 0U);
}

TEST(ThrowTrace, CanBeTurnedOff) {
    enable_throw_traces(false);
    const auto trace = trace_of([] { calls_what_throws(1); });
    enable_throw_traces(true);
    EXPECT_TRUE(trace.empty());
}

TEST(ThrowTrace, StandsInTheReportOfAHandler) {
    struct Collected final : remotes::ErrorSink {
        void report(const remotes::ErrorReport& report) override { reports.push_back(report); }
        std::vector<remotes::ErrorReport> reports;
    } sink;
    ErrorReporter reporter;
    reporter.add(sink);
    remotes::testing::RemoteNet net;
    reporter.watch(*net.server_remotes);
    auto event = *net.server_remotes->event<remotes::testing::Chat>("chat");
    event.listen([](const remotes::Origin&, const remotes::testing::Chat& chat) {
        calls_what_throws(static_cast<int>(chat.text.size()));
    });
    auto& client = net.add_client();
    auto sender = *client.remotes->event<remotes::testing::Chat>("chat");
    net.connect(client, 1);
    net.run(500ms);
    sender.fire(net.now, {"hello"});
    net.run(100ms);
    ASSERT_EQ(sink.reports.size(), 1U);
    auto& report = sink.reports[0];
    name_frames(report.trace);
    ASSERT_GE(report.trace.size(), 4U);
    EXPECT_TRUE(names(report.trace[0], "throws_deep_inside"));
    EXPECT_TRUE(names(report.trace[1], "calls_what_throws"));
    EXPECT_EQ(report.what, "thrown on purpose");
    EXPECT_EQ(report.type, "std::runtime_error");
    EXPECT_NE(remotes::to_line(report).find("; at squall::test::throws_deep_inside(int) < "),
              std::string::npos)
        << remotes::to_line(report);
}

}  // namespace
}  // namespace squall::test
