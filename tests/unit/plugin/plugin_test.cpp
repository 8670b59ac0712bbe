// Plugins from the program itself and from shared libraries: what they bring works, what does not fit is
// refused with both versions named, and what fails half way leaves nothing.
#include "squall/runtime/plugin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "squall/trace/sink.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::test {
namespace {

using namespace std::chrono_literals;
using remotes::Direction;
using remotes::Origin;
using remotes::Outcome;
using remotes::testing::Chat;
using remotes::testing::RemoteNet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Sends one datagram when it starts, and stops the host when one arrives.
class OneDatagram final : public Node {
  public:
    OneDatagram(Host& host, std::optional<Address> to) : host_(host), to_(to) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        heard = as_text(datagram);
        heard_at = now;
        heard_from = from;
        host_.stop();
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        if (!to_) return std::nullopt;
        const Bytes text = as_bytes("by a plugin's transport");
        std::ranges::copy(text, buffer.begin());
        const Transmit sent{.to = *std::exchange(to_, std::nullopt), .size = text.size()};
        return sent;
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint) override {}

    std::string heard;
    TimePoint heard_at{};
    Address heard_from{};

  private:
    Host& host_;
    std::optional<Address> to_;
};

TEST(SharedPlugin, BringsACodecAMiddlewareATransportAndAnInspectorThatWork) {
    Plugins plugins;
    const auto opened = plugins.open(PLUGIN_GOOD_PATH);
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_THAT(plugins.names(), ElementsAre("test"));
    const wire::Codec* const codec = plugins.codecs().find("inverted");
    ASSERT_NE(codec, nullptr);
    EXPECT_NE(plugins.codecs().find("json"), nullptr) << "beside Squall's own";

    const std::string counted = ::testing::TempDir() + "squall_plugin_counted";
    auto inspector = plugins.inspector("counter", counted);
    ASSERT_TRUE(inspector);
    trace::HashSink ours;
    trace::FanOutSink both;
    both.add(**inspector);
    both.add(ours);
    {
        RemoteNet net;
        auto chat = *net.server_remotes->event<Chat>("chat", {.codec = codec});
        auto most = plugins.middleware("max-bytes", "20");
        ASSERT_TRUE(most) << most.error().message;
        chat.use(Direction::inbound, std::move(*most));
        std::vector<std::string> heard;
        chat.listen([&](const Origin&, const Chat& value) { heard.push_back(value.text); });
        auto& client = net.add_client();
        auto at_client = *client.remotes->event<Chat>("chat", {.codec = codec});
        net.server_remotes->set_trace(&both, 1);
        net.connect(client, 1);
        net.run(500ms);
        at_client.fire(net.now, Chat{"short"});
        at_client.fire(net.now, Chat{"this one is longer than twenty bytes"});
        net.run(100ms);
        EXPECT_THAT(heard, ElementsAre("short"));
        EXPECT_EQ(chat.statistics().in.of(Outcome::invalid), 1U);
        net.server_remotes->set_trace(nullptr, 0);
    }
    inspector->reset();
    std::uint64_t count = 0;
    std::ifstream(counted) >> count;
    std::filesystem::remove(counted);
    EXPECT_EQ(count, ours.event_count());
    EXPECT_GT(count, 10U);
    auto host = plugins.transport("asio");
    ASSERT_TRUE(host);
    OneDatagram hears(**host, std::nullopt);
    const auto receiver = (*host)->attach(hears, {});
    ASSERT_TRUE(receiver) << receiver.error().message;
    OneDatagram says(**host, (*host)->local_address(*receiver));
    const auto sender = (*host)->attach(says, {});
    ASSERT_TRUE(sender) << sender.error().message;
    (*host)->run_until((*host)->now() + 60s);  // stopped by the datagram
    EXPECT_EQ(hears.heard, "by a plugin's transport");
    EXPECT_EQ(hears.heard_from, (*host)->local_address(*sender));
    EXPECT_GT(hears.heard_at, TimePoint{});
    EXPECT_EQ((*host)->statistics(*receiver).datagrams_received, 1U);
    (*host)->detach(*sender);
    (*host)->detach(*receiver);
}

TEST(SharedPlugin, OfAnotherVersionIsRefusedAndBothAreNamed) {
    Plugins plugins;
    const auto old = plugins.open(PLUGIN_OLD_PATH);
    ASSERT_FALSE(old);
    EXPECT_EQ(old.error().code, ErrorCode::unsupported);
    EXPECT_THAT(old.error().message,
                HasSubstr("made for version 3 of the plugin interface, this program has 2"));
    const auto foreign = plugins.open(PLUGIN_FOREIGN_PATH);
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::unsupported);
    EXPECT_THAT(foreign.error().message, HasSubstr("'squall 0.0, libstdc++ 4'"));
    EXPECT_THAT(foreign.error().message, HasSubstr(kPluginAbi));
    EXPECT_TRUE(plugins.names().empty());
    EXPECT_EQ(plugins.codecs().find("inverted"), nullptr);
}

TEST(SharedPlugin, ThatFailsHalfWayLeavesNothing) {
    Plugins plugins;
    const auto broken = plugins.open(PLUGIN_BROKEN_PATH);
    ASSERT_FALSE(broken);
    EXPECT_THAT(broken.error().message, HasSubstr("plugin 'test': no licence"));
    EXPECT_EQ(plugins.codecs().find("inverted"), nullptr);
    EXPECT_FALSE(plugins.middleware("max-bytes", "1"));
    EXPECT_TRUE(plugins.open(PLUGIN_GOOD_PATH)) << "and is not in the way of a better one";
}

TEST(SharedPlugin, FilesThatAreNoneSaySo) {
    Plugins plugins;
    EXPECT_THAT(plugins.open(PLUGIN_EMPTY_PATH).error().message, HasSubstr("no function squall_plugin()"));
    const auto missing = plugins.open("/no/such/plugin.so");
    EXPECT_EQ(missing.error().code, ErrorCode::io);
    EXPECT_THAT(missing.error().message, HasSubstr("/no/such/plugin.so"));
}

Result<> load_nothing(Plugins&) {
    return {};
}
Result<> load_twice(Plugins& plugins) {
    const auto make = [](std::string_view) -> Result<remotes::Middleware> {
        return remotes::Middleware([](remotes::Message&, const remotes::Next& next) { return next(); });
    };
    if (auto added = plugins.add_middleware("same", make); !added) return added;
    return plugins.add_middleware("same", make);
}

TEST(StaticPlugin, IsCheckedLikeAnyOther) {
    Plugins plugins;
    EXPECT_TRUE(plugins.add({.name = "one", .load = load_nothing}));
    EXPECT_THAT(plugins.add({.name = "one", .load = load_nothing}).error().message,
                HasSubstr("'one' is there already"));
    EXPECT_EQ(plugins.add({.magic = 1, .name = "two", .load = load_nothing}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(plugins.add({.api = 0, .name = "two", .load = load_nothing}).error().code,
              ErrorCode::unsupported);
    EXPECT_FALSE(plugins.add({.name = "", .load = load_nothing}));
    EXPECT_FALSE(plugins.add({.name = "two"}));
    EXPECT_THAT(plugins.add({.name = "two", .load = load_twice}).error().message,
                HasSubstr("middleware 'same' is there already, from plugin 'two'"));
    EXPECT_THAT(plugins.names(), ElementsAre("one"));
    EXPECT_THAT(plugins.middleware("same").error().message, HasSubstr("there are: none"));
}

}  // namespace
}  // namespace squall::test
