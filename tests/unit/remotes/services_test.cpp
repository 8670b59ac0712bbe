// Services: once each, in an order that fits, started and stopped.
#include "squall/remotes/services.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::remotes {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string>& log_of_all() {
    static std::vector<std::string> log;
    return log;
}
void note(const std::string& text) {
    log_of_all().push_back(text);
}

class Noted : public Service {
  public:
    explicit Noted(std::string name) : name_(std::move(name)) { note("make " + name_); }
    ~Noted() override { note("end " + name_); }
    Result<> start(TimePoint) override {
        if (fails) return fail(ErrorCode::io, "no disk");
        note("start " + name_);
        return {};
    }
    void stop(TimePoint) override { note("stop " + name_); }
    bool fails = false;
    int visits = 0;

  private:
    std::string name_;
};
class Other : public Service {};

class ServicesTest : public ::testing::Test {
  protected:
    ServicesTest() {
        log_of_all().clear();
        services.emplace();
    }
    void define(const std::string& name, std::vector<std::string> needs = {}) {
        ASSERT_TRUE(services->define<Noted>(name, [name, needs](Services& all) -> std::unique_ptr<Noted> {
            for (const auto& need : needs)
                if (!all.get<Noted>(need)) return nullptr;
            return std::make_unique<Noted>(name);
        }));
    }
    std::optional<Services> services;
    TimePoint now{std::chrono::seconds(1)};
};

TEST_F(ServicesTest, AreMadeOnceAndTheSameEverywhere) {
    define("accounts");
    Noted* const first = *services->get<Noted>("accounts");
    first->visits = 5;
    EXPECT_EQ((*services->get<Noted>("accounts"))->visits, 5);
    EXPECT_EQ(*services->get<Noted>("accounts"), first);
    EXPECT_THAT(log_of_all(), ElementsAre("make accounts"));
}

TEST_F(ServicesTest, StartInTheOrderOfNeedAndStopTheOtherWayRound) {
    define("shop", {"accounts", "items"});
    define("items", {"store"});
    define("accounts", {"store"});
    define("store");
    ASSERT_TRUE(services->start(now));
    EXPECT_THAT(services->made(), ElementsAre("store", "accounts", "items", "shop"));
    services->stop(now);
    services.reset();
    EXPECT_THAT(log_of_all(), ElementsAre("make store", "make accounts", "make items", "make shop",
                                          "start store", "start accounts", "start items", "start shop",
                                          "stop shop", "stop items", "stop accounts", "stop store",
                                          "end shop", "end items", "end accounts", "end store"));
}

TEST_F(ServicesTest, PersistOverAStopAndAStart) {
    define("accounts");
    ASSERT_TRUE(services->start(now));
    (*services->get<Noted>("accounts"))->visits = 3;
    services->stop(now);
    ASSERT_TRUE(services->start(now));
    EXPECT_EQ((*services->get<Noted>("accounts"))->visits, 3) << "its state is not loaded anew";
    EXPECT_THAT(log_of_all(),
                ElementsAre("make accounts", "start accounts", "stop accounts", "start accounts"));
}

TEST_F(ServicesTest, AFailedStartStopsThoseThatHadStarted) {
    define("a");
    define("b", {"a"});
    define("c", {"b"});
    (*services->get<Noted>("b"))->fails = true;
    const auto started = services->start(now);
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().message, "service 'b': no disk");
    EXPECT_FALSE(services->is_running());
    EXPECT_THAT(log_of_all(), ElementsAre("make a", "make b", "make c", "start a", "stop a"));
}

TEST_F(ServicesTest, OneThatIsAskedForLaterIsStartedThen) {
    define("a");
    ASSERT_TRUE(services->start(now));
    define("late", {"a"});
    ASSERT_TRUE(services->get<Noted>("late"));
    EXPECT_THAT(log_of_all(), ElementsAre("make a", "start a", "make late", "start late"));
}

TEST_F(ServicesTest, ErrorsSayWhat) {
    define("a");
    EXPECT_THAT(services->define("a", nullptr).error().message, HasSubstr("'a' is defined twice"));
    EXPECT_THAT(services->get<Noted>("b").error().message, HasSubstr("no service 'b'"));
    EXPECT_THAT(services->get<Other>("a").error().message, HasSubstr("another type"));
    std::string ring;
    ASSERT_TRUE(services->define<Noted>("x", [&](Services& all) -> std::unique_ptr<Noted> {
        (void)all.get<Noted>("y");
        return std::make_unique<Noted>("x");
    }));
    ASSERT_TRUE(services->define<Noted>("y", [&](Services& all) -> std::unique_ptr<Noted> {
        if (const auto found = all.get<Noted>("x"); !found) ring = found.error().message;
        return nullptr;
    }));
    (void)services->get<Noted>("x");
    EXPECT_EQ(ring, "services need each other: x needs y needs x");
}

}  // namespace
}  // namespace squall::remotes
