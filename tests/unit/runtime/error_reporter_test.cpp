// Reports of what handlers throw: what is in them, how many, and the sinks that are text and files.
#include "squall/runtime/error_reporter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "squall/core/hash.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::test {
namespace {

using namespace std::chrono_literals;
using remotes::Direction;
using remotes::ErrorReport;
using remotes::Origin;
using remotes::testing::Chat;
using remotes::testing::RemoteNet;

struct Collected final : remotes::ErrorSink {
    void report(const ErrorReport& report) override { reports.push_back(report); }
    std::vector<ErrorReport> reports;
};

class Reporting : public ::testing::Test {
  protected:
    void start(const ErrorReporterOptions& options) {
        reporter.emplace(options);
        reporter->add(sink);
        reporter->watch(*net.server_remotes);
        auto chat = *net.server_remotes->event<Chat>("chat");
        chat.listen([](const Origin&, const Chat& value) {
            if (value.text == "seven") throw 7;
            throw std::out_of_range(value.text);
        });
        auto& client = net.add_client();
        at_client.emplace(*client.remotes->event<Chat>("chat"));
        net.connect(client, 4711);
        net.run(500ms);
    }
    void say(const std::string& text) {
        at_client->fire(net.now, Chat{text});
        net.run(100ms);
    }
    Collected sink;
    std::optional<ErrorReporter> reporter;
    RemoteNet net;
    std::optional<remotes::RemoteEvent<Chat>> at_client;
};

TEST_F(Reporting, SaysWhoWhatWhereAndWhenAndTheServerLivesOn) {
    start({.wall_clock = {TimePoint{1s}, UnixSeconds{1'800'000'000}}});
    say("no such weapon");
    say("seven");
    ASSERT_EQ(sink.reports.size(), 2U);
    const ErrorReport& first = sink.reports[0];
    EXPECT_EQ(first.remote, "chat");
    EXPECT_EQ(first.kind, remotes::RemoteKind::event);
    EXPECT_EQ(first.player, ClientId{4711});
    EXPECT_EQ(first.peer, net.peer(0));
    EXPECT_EQ(first.type, "std::out_of_range");
    EXPECT_EQ(first.what, "no such weapon");
    EXPECT_EQ(first.payload_bytes, 16U);
    std::array<std::byte, 64> buffer{};
    const auto payload = wire::encode(buffer, Chat{"no such weapon"});
    EXPECT_EQ(first.payload_hash, stable_hash(as_text(*payload)));
    EXPECT_EQ(first.time, UnixSeconds{1'800'000'000});
    EXPECT_EQ(sink.reports[1].type, "int");
    EXPECT_EQ(net.server_remotes->peers().size(), 1U);
}

TEST_F(Reporting, IsBoundedAndCountsWhatItDidNotSay) {
    start({.per_remote = {.per_second = 1, .burst = 3}});
    for (int i = 0; i < 10; ++i) at_client->fire(net.now, Chat{"again"});
    net.run(100ms);
    EXPECT_EQ(sink.reports.size(), 3U);
    EXPECT_EQ(reporter->suppressed(), 7U);
    net.run(1500ms);
    say("later");
    ASSERT_EQ(sink.reports.size(), 4U);
    EXPECT_EQ(sink.reports[3].suppressed, 7U);
    EXPECT_EQ(reporter->reported(), 4U);
}

ErrorReport sample() {
    return {.time = UnixSeconds{1'800'000'000},
            .remote = "shot",
            .kind = remotes::RemoteKind::function,
            .peer = {3, 5},
            .player = ClientId{7},
            .type = "std::runtime_error",
            .what = "line one\nline two \xff \x1b[31m",
            .payload_bytes = 9,
            .payload_hash = 0x1234,
            .trace = {{0x401234, "Game::shoot(int)", "arena", 0x1234}, {0x501000, "", "libgame.so", 0x1000}},
            .suppressed = 2};
}

TEST(ErrorLine, IsOneLineThatMovesNoCursor) {
    std::string line;
    ErrorLog log([&](std::string_view text) { line = text; });
    log.report(sample());
    EXPECT_EQ(
        line,
        "error in function 'shot' of player 7 (connection 3.5): std::runtime_error: line one?line two \xff "
        "?[31m; payload of 9 bytes, hash 0000000000001234; 2 more not reported; at Game::shoot(int) < "
        "libgame.so+0x1000");
}

TEST(ErrorJson, IsOneLineOfValidUtf8) {
    EXPECT_EQ(
        to_json(sample()),
        R"j({"time":"2027-01-15T08:00:00Z","remote":"shot","kind":"function","connection":"3.5","player":7,)j"
        R"j("type":"std::runtime_error","what":"line one\nline two )j"
        "\xEF\xBF\xBD"
        R"j( \u001b[31m","payload_bytes":9,"payload_hash":"0000000000001234","suppressed":2,)j"
        R"j("trace":[{"function":"Game::shoot(int)","module":"arena","offset":"0x1234"},)j"
        R"j({"module":"libgame.so","offset":"0x1000"}]})j");
}

class Files : public ::testing::Test {
  protected:
    Files() {
        std::filesystem::remove_all(folder);
        std::filesystem::create_directories(folder);
    }
    ~Files() override { std::filesystem::remove_all(folder); }
    static std::vector<std::string> lines_of(const std::filesystem::path& path) {
        std::ifstream file(path);
        std::vector<std::string> lines;
        for (std::string line; std::getline(file, line);) lines.push_back(line);
        return lines;
    }
    std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) /
        ("squall_errors_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

TEST_F(Files, TakeALineAReportAndGoOnAfterARestart) {
    const std::string path = (folder / "errors.jsonl").string();
    for (int run = 0; run < 2; ++run) {
        auto file = ErrorFile::open({.path = path});
        ASSERT_TRUE(file) << file.error().message;
        for (int i = 0; i < 20; ++i) (*file)->report(sample());
        if (run == 0) {
            (*file)->flush();
            EXPECT_EQ(lines_of(path).size(), 20U);
        }
        EXPECT_EQ((*file)->dropped(), 0U);
    }
    const auto lines = lines_of(path);
    EXPECT_EQ(lines.size(), 40U);
    EXPECT_THAT(lines, ::testing::Each(to_json(sample())));
}

TEST_F(Files, AreBoundedAndRenamed) {
    const std::string path = (folder / "errors.jsonl").string();
    auto file = ErrorFile::open({.path = path, .max_bytes = 2000});
    ASSERT_TRUE(file);
    for (int i = 0; i < 30; ++i) {
        (*file)->report(sample());
        (*file)->flush();
    }
    EXPECT_LE(std::filesystem::file_size(path), 2000U);
    EXPECT_LE(std::filesystem::file_size(path + ".1"), 2000U);
    EXPECT_GE(std::filesystem::file_size(path + ".1"), 1000U);
}

TEST_F(Files, ThatCannotBeOpenedSaySo) {
    const auto file = ErrorFile::open({.path = (folder / "no" / "such" / "folder").string()});
    ASSERT_FALSE(file);
    EXPECT_EQ(file.error().code, ErrorCode::io);
    EXPECT_THAT(file.error().message, ::testing::HasSubstr("such/folder"));
}

}  // namespace
}  // namespace squall::test
