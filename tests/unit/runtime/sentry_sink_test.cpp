// Reports to a Sentry server: its format to the byte, against our own HTTP server; what happens while it is
// away, over a restart, and when it asks for less.
#include "squall/runtime/sentry_sink.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "squall/core/rng.hpp"
#include "squall/runtime/http_server.hpp"

namespace squall::test {
namespace {

using namespace std::chrono_literals;
using remotes::ErrorReport;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::string_view kKey = "e12d836b15bb49d7bbf99e64295d995b";

TEST(SentryDsn, GivesTheEnvelopesPlaceAndDropsTheSecret) {
    const auto dsn = SentryDsn::parse("https://e12d836b15bb49d7bbf99e64295d995b:@sentry.io/42");
    ASSERT_TRUE(dsn) << dsn.error().message;
    EXPECT_EQ(dsn->public_key, kKey);
    EXPECT_EQ(to_string(dsn->endpoint), "https://sentry.io/api/42/envelope/");
    const auto own = SentryDsn::parse("http://key:secret@sentry.example.org:9000/errors/here/7");
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_EQ(own->public_key, "key");
    EXPECT_EQ(to_string(own->endpoint), "http://sentry.example.org:9000/errors/here/api/7/envelope/");
}

TEST(SentryDsn, ErrorsSayThePartAndNeverTheKey) {
    const std::pair<std::string, std::string> wrong[] = {
        {"", "has no scheme"},
        {"s3cret@sentry.io/42", "has no scheme"},
        {"ftp://s3cret@sentry.io/42", "neither https nor http"},
        {"https://sentry.io/42", "has no public key"},
        {"https://sentry.io/42@x", "has no public key"},
        {"https://@sentry.io/42", "public key that is empty"},
        {"https://s3cret\r\nX: y@sentry.io/42", "not of letters"},
        {"https://s3cret@sentry.io", "names no project"},
        {"https://s3cret@sentry.io/", "names no project"},
        {"https://s3cret@/42", "host or path"},
        {"https://s3cret@sentry.io:99999/42", "host or path"},
        {"https://s3cret@sentry.io/42?x=1", "query or a fragment"},
    };
    for (const auto& [text, part] : wrong) {
        const auto dsn = SentryDsn::parse(text);
        ASSERT_FALSE(dsn) << text;
        EXPECT_THAT(dsn.error().message, HasSubstr(part)) << text;
        EXPECT_THAT(dsn.error().message, Not(HasSubstr("s3cret"))) << text;
    }
}

// What our own server got, standing for Sentry's.
class Sentry {
  public:
    explicit Sentry(std::uint16_t port = 0) { start(port); }
    void start(std::uint16_t port = 0) {
        HttpServerOptions options;
        options.bind = Address::loopback(port);
        server_ =
            std::move(*HttpServer::start(options, {{.method = HttpMethod::post,
                                                    .path = "/api/42/envelope/",
                                                    .handler = [this](const auto& r) { return take(r); }}}));
        port_ = server_->local_address().port();
    }
    void stop() { server_.reset(); }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] std::string dsn() const {
        return "http://" + std::string(kKey) + "@127.0.0.1:" + std::to_string(port_) + "/42";
    }
    std::vector<HttpRequest> requests() {
        const std::lock_guard lock(mutex_);
        return requests_;
    }
    void answer_with(HttpResponse response) {
        const std::lock_guard lock(mutex_);
        answer_ = std::move(response);
    }

  private:
    HttpResponse take(const HttpRequest& request) {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
        return answer_;
    }
    std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    HttpResponse answer_ = HttpResponse::json(200, "{}");
    std::uint16_t port_ = 0;
    std::unique_ptr<HttpServer> server_;
};

ErrorReport sample(const std::string& what = "no such weapon") {
    return {.time = UnixSeconds{1'800'000'000},
            .remote = "shot",
            .kind = remotes::RemoteKind::event,
            .peer = {3, 5},
            .player = ClientId{7},
            .type = "std::out_of_range",
            .what = what,
            .payload_bytes = 9,
            .payload_hash = 0x1234,
            .trace = {{0x401234, "Game::shoot(int)", "arena", 0x1234}, {0x501000, "", "libgame.so", 0x1000}},
            .suppressed = 0};
}

class SentryTest : public ::testing::Test {
  protected:
    SentryTest() { std::filesystem::remove_all(folder); }
    ~SentryTest() override { std::filesystem::remove_all(folder); }
    std::unique_ptr<SentrySink> sink(SentryOptions options = {}) {
        options.dsn = sentry.dsn();
        options.wall_clock = [this] { return UnixSeconds{wall}; };
        auto made = SentrySink::make(options, entropy);
        EXPECT_TRUE(made) << (made ? "" : made.error().message);
        return std::move(*made);
    }
    SentryOptions buffered() { return {.buffer_folder = folder.string()}; }
    [[nodiscard]] std::size_t waiting() const {
        std::size_t count = 0;
        for (const auto& file : std::filesystem::directory_iterator(folder))
            count += file.path().extension() == ".json" ? 1U : 0U;
        return count;
    }
    Sentry sentry;
    SeededEntropy entropy{Rng(7)};
    std::atomic<std::uint64_t> wall{1'800'000'100};
    std::filesystem::path folder =
        std::filesystem::path(::testing::TempDir()) /
        ("squall_sentry_" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name()));
};

// The format of develop.sentry.dev/sdk/data-model/envelopes: headers, item headers with the payload's length,
// payload, each with its line's end; frames with the oldest call first.
TEST_F(SentryTest, TheEnvelopeToTheByte) {
    auto to_sentry = sink({.release = "arena@1.2", .environment = "test", .server_name = "host-1"});
    to_sentry->report(sample());
    to_sentry->flush();
    const auto requests = sentry.requests();
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_EQ(requests[0].headers.find("Content-Type"), "application/x-sentry-envelope");
    EXPECT_EQ(requests[0].headers.find("X-Sentry-Auth"),
              "Sentry sentry_version=7, sentry_client=squall/0.1, sentry_key=" + std::string(kKey));
    const std::string text(requests[0].text());
    // The id is drawn: a UUID of version 4, without dashes.
    const std::string id = text.substr(13, 32);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_EQ(id[12], '4');
    EXPECT_NE(std::string_view("89ab").find(id[16]), std::string_view::npos) << id;
    const std::string event =
        R"j({"event_id":")j" + id +
        R"j(","timestamp":1800000000,"platform":"native","level":"error","logger":"squall.remotes",)j"
        R"j("transaction":"shot","server_name":"host-1","release":"arena@1.2","environment":"test",)j"
        R"j("exception":{"values":[{"type":"std::out_of_range","value":"no such weapon",)j"
        R"j("mechanism":{"type":"squall.remotes","handled":true},"stacktrace":{"frames":[)j"
        R"j({"package":"libgame.so","instruction_addr":"0x501000"},)j"
        R"j({"function":"Game::shoot(int)","package":"arena","instruction_addr":"0x401234"}]}}]},)j"
        R"j("tags":{"remote":"shot","kind":"event"},"user":{"id":"7"},)j"
        R"j("extra":{"connection":"3.5","payload_bytes":9,"payload_hash":"0000000000001234","suppressed":0}})j";
    EXPECT_EQ(text, R"j({"event_id":")j" + id + R"j(","sent_at":"2027-01-15T08:01:40Z"})j" + "\n" +
                        R"j({"type":"event","length":)j" + std::to_string(event.size()) +
                        R"j(,"content_type":"application/json"})j" + "\n" + event + "\n");
    EXPECT_EQ(to_sentry->counts().sent, 1U);
}

TEST_F(SentryTest, WhileItIsAwayReportsWaitOnDiskAndSurviveARestart) {
    sentry.stop();
    {
        auto to_sentry = sink(buffered());
        for (int i = 0; i < 3; ++i) to_sentry->report(sample("first run " + std::to_string(i)));
        to_sentry->flush();
        EXPECT_EQ(to_sentry->counts().sent, 0U);
        EXPECT_EQ(to_sentry->counts().buffered, 3U);
        EXPECT_GE(to_sentry->counts().failures, 1U);
    }
    EXPECT_EQ(waiting(), 3U);
    for (const auto& file : std::filesystem::directory_iterator(folder)) {
        std::ifstream stream(file.path());
        std::ostringstream text;
        text << stream.rdbuf();
        EXPECT_THAT(text.str(), Not(HasSubstr(kKey))) << "no key on disk";
        EXPECT_THAT(text.str(), Not(HasSubstr("sent_at"))) << "only known when it is sent";
    }
    sentry.start(sentry.port());
    auto to_sentry = sink(buffered());
    to_sentry->report(sample("second run"));
    to_sentry->flush();
    const auto requests = sentry.requests();
    ASSERT_EQ(requests.size(), 4U);
    for (std::size_t i = 0; i < 3; ++i)
        EXPECT_THAT(requests[i].text(), HasSubstr("first run " + std::to_string(i))) << "in order";
    EXPECT_THAT(requests[3].text(), HasSubstr("second run"));
    EXPECT_EQ(waiting(), 0U);
}

TEST_F(SentryTest, TheFolderIsBoundedAndTheOldestLeave) {
    sentry.stop();
    SentryOptions options = buffered();
    options.max_buffered = 5;
    auto to_sentry = sink(options);
    for (int i = 0; i < 12; ++i) {
        to_sentry->report(sample("number " + std::to_string(i) + "."));
        to_sentry->flush();
    }
    EXPECT_EQ(waiting(), 5U);
    EXPECT_EQ(to_sentry->counts().dropped, 7U);
    sentry.start(sentry.port());
    to_sentry->flush();
    const auto requests = sentry.requests();
    ASSERT_EQ(requests.size(), 5U);
    EXPECT_THAT(requests[0].text(), HasSubstr("number 7."));
    EXPECT_THAT(requests[4].text(), HasSubstr("number 11."));
}

TEST_F(SentryTest, WhatIsLeftAtTheEndGoesToDiskAndNobodyWaitsForTheNetwork) {
    sentry.answer_with(HttpResponse::text(503, "not now"));
    {
        auto to_sentry = sink(buffered());
        to_sentry->report(sample("one"));
        to_sentry->flush();
        for (int i = 0; i < 10; ++i) to_sentry->report(sample("more"));
    }
    EXPECT_EQ(waiting(), 11U);
}

TEST_F(SentryTest, ItsLimitsAreKept) {
    auto limited = HttpResponse::text(429, "");
    limited.headers.add("Retry-After", "2700");
    limited.headers.add("X-Sentry-Rate-Limits", "9999:transaction:key, 120:default;error:organization");
    sentry.answer_with(limited);
    auto to_sentry = sink(buffered());
    to_sentry->report(sample());
    to_sentry->flush();
    sentry.answer_with(HttpResponse::json(200, "{}"));
    to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(sentry.requests().size(), 1U) << "the second is not even tried";
    EXPECT_EQ(to_sentry->counts().rate_limited, 2U);
    wall += 119;
    to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(sentry.requests().size(), 1U);
    wall += 1;
    to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(sentry.requests().size(), 2U);
    EXPECT_EQ(to_sentry->counts().sent, 1U);
}

TEST_F(SentryTest, A429WithoutATimeMeansAMinuteAndOtherCategoriesMeanNothing) {
    auto others = HttpResponse::json(200, "{}");
    others.headers.add("X-Sentry-Rate-Limits", "60:transaction;span:key");
    sentry.answer_with(others);
    auto to_sentry = sink();
    for (int i = 0; i < 2; ++i) to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(to_sentry->counts().sent, 2U);
    sentry.answer_with(HttpResponse::text(429, ""));
    to_sentry->report(sample());
    to_sentry->flush();
    wall += 59;
    to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(sentry.requests().size(), 3U);
    EXPECT_EQ(to_sentry->counts().rate_limited, 2U);
}

TEST_F(SentryTest, OursAreKeptTooAndWhatItRefusesIsNotRepeated) {
    SentryOptions options = buffered();
    options.rate = {.per_second = 1, .burst = 4};
    auto to_sentry = sink(options);
    for (int i = 0; i < 10; ++i) to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(to_sentry->counts().sent, 4U);
    EXPECT_EQ(to_sentry->counts().dropped, 6U);
    wall += 10;
    sentry.answer_with(HttpResponse::text(400, "bad"));
    to_sentry->report(sample());
    to_sentry->flush();
    EXPECT_EQ(to_sentry->counts().refused, 1U);
    EXPECT_EQ(waiting(), 0U);
}

TEST_F(SentryTest, ABadDsnAndABadFolderAreErrors) {
    const auto no_dsn = SentrySink::make({.dsn = "https://sentry.io/42"}, entropy);
    ASSERT_FALSE(no_dsn);
    EXPECT_EQ(no_dsn.error().code, ErrorCode::malformed);
    std::ofstream(folder.string()) << "a file, no folder";
    SentryOptions options = buffered();
    options.dsn = sentry.dsn();
    const auto no_folder = SentrySink::make(options, entropy);
    ASSERT_FALSE(no_folder);
    EXPECT_EQ(no_folder.error().code, ErrorCode::io);
}

}  // namespace
}  // namespace squall::test
