// When properties leave: rates, priorities under a short budget, what is critical; and how few datagrams a
// tick takes.
#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Number {
    std::uint32_t value = 0;
    bool operator==(const Number&) const = default;
};

TEST(PropertyRates, AreKeptWithinTwoPercentAlsoByACoarseTick) {
    RemoteNet net;
    auto& client = net.add_client();
    const std::vector<Duration> intervals{20ms, 50ms, 100ms, 333ms};
    std::vector<RemoteProperty<Number>> at_server;
    for (std::size_t i = 0; i < intervals.size(); ++i) {
        const std::string name = "number" + std::to_string(i);
        at_server.push_back(*net.server_remotes->property<Number>(name, {.interval = intervals[i]}));
        (void)*client.remotes->property<Number>(name);
    }
    net.connect(client, 1);
    net.run(1s);
    const auto rates_by = [&](auto step, Duration tick, Duration span) {
        std::vector<std::uint64_t> before;
        for (const auto& property : at_server) before.push_back(property.statistics().out.messages);
        std::uint32_t value = 0;
        for (Duration passed{0}; passed < span; passed += tick) {
            ++value;
            for (const auto& property : at_server) ASSERT_TRUE(property.set(net.now, {value}));
            step(tick);
        }
        for (std::size_t i = 0; i < intervals.size(); ++i) {
            const auto sent = static_cast<double>(at_server[i].statistics().out.messages - before[i]);
            const double wanted =
                static_cast<double>(span.count()) / static_cast<double>(intervals[i].count());
            EXPECT_NEAR(sent / wanted, 1.0, 0.02) << "interval " << i << ", " << sent << " messages";
        }
    };
    rates_by([&](Duration tick) { net.run(tick); }, 3ms, 60s);
    // A program that does everything once in 16 ms, and nothing between.
    std::array<std::byte, kMaxDatagramBytes> buffer;
    const auto exchange = [&](Remotes& from, const Address& address, Remotes& to) {
        while (const auto sent = from.poll_transmit(net.now, buffer))
            to.receive(net.now, address, MutableBytes(buffer).first(sent->size));
    };
    rates_by(
        [&](Duration tick) {
            exchange(*net.server_remotes, RemoteNet::kServerAddress, *client.remotes);
            exchange(*client.remotes, Address::loopback(50001), *net.server_remotes);
            net.now += tick;
            net.server_remotes->handle_timeout(net.now);
            client.remotes->handle_timeout(net.now);
        },
        16ms, 60s);
}

// Far more to send than the connection carries.
class ShortBudget : public ::testing::Test {
  protected:
    static TransportConfig slow() {
        TransportConfig transport;
        transport.initial_rate = transport.maximum_rate = kilobits_per_second(128);
        return transport;
    }
    static Chat text(std::uint32_t number) {
        std::string out(300, 'x');
        for (std::size_t i = 0; i < 8; ++i) out[i] = static_cast<char>('a' + ((number >> (4 * i)) & 15));
        return {std::move(out)};
    }
    void declare(const std::string& name, std::uint16_t priority) {
        at_server.push_back(*net.server_remotes->property<Chat>(name, {.priority = priority}));
        at_client.push_back(*client.remotes->property<Chat>(name));
    }
    RemoteNet net{1, {}, slow()};
    RemoteNet::Client& client = net.add_client();
    std::vector<RemoteProperty<Chat>> at_server;
    std::vector<RemoteProperty<Chat>> at_client;
};

TEST_F(ShortBudget, IsSharedByPriorityAndNothingStarves) {
    const std::vector<std::uint16_t> priorities{1, 10, 10, 20, 40};
    for (std::size_t i = 0; i < priorities.size(); ++i) declare("p" + std::to_string(i), priorities[i]);
    net.connect(client, 1);
    net.run(1s);
    std::uint32_t number = 0;
    const auto play = [&](Duration span) {
        for (const TimePoint end = net.now + span; net.now < end;) {
            ++number;
            for (const auto& property : at_server) ASSERT_TRUE(property.set(net.now, text(number)));
            net.run(5ms);
        }
    };
    play(5s);  // the first burst is over
    std::vector<std::uint64_t> before;
    for (const auto& property : at_server) before.push_back(property.statistics().out.messages);
    play(60s);
    std::vector<double> sent;
    for (std::size_t i = 0; i < at_server.size(); ++i)
        sent.push_back(static_cast<double>(at_server[i].statistics().out.messages - before[i]));
    EXPECT_GE(sent[0], 20) << "the least waits, and gets its share";
    EXPECT_NEAR(sent[2] / sent[1], 1.0, 0.1);
    EXPECT_NEAR(sent[3] / sent[1], 2.0, 0.3);
    EXPECT_NEAR(sent[4] / sent[1], 4.0, 0.6);
    // The budget is used, and nothing is given to the transport that it would have to throw away.
    const double bytes = (sent[0] + sent[1] + sent[2] + sent[3] + sent[4]) * 310;
    EXPECT_GT(bytes, 60 * 16'000 * 0.8);
    EXPECT_EQ(net.server_endpoint->statistics(net.peer(0), ChannelId{0})->messages_dropped, 0U);
    net.run(5s);
    for (std::size_t i = 0; i < at_server.size(); ++i) EXPECT_EQ(at_client[i].value(), at_server[i].value());
}

TEST_F(ShortBudget, DoesNotHoldBackWhatIsCritical) {
    for (int i = 0; i < 5; ++i) declare("p" + std::to_string(i), 1000);
    auto alarm = *net.server_remotes->property<Number>("alarm", {.priority = kCriticalPriority});
    auto heard = *client.remotes->property<Number>("alarm");
    std::vector<std::pair<std::uint32_t, TimePoint>> arrived;
    heard.watch([&](const Origin& origin, const Number&, const Number& now) {
        arrived.emplace_back(now.value, origin.now);
    });
    net.connect(client, 1);
    net.run(1s);
    std::vector<std::pair<std::uint32_t, TimePoint>> expected;
    for (std::uint32_t i = 1; i <= 2000; ++i) {
        for (const auto& property : at_server) ASSERT_TRUE(property.set(net.now, text(i)));
        if (i % 20 == 0) {
            ASSERT_TRUE(alarm.set(net.now, {i}));
            expected.emplace_back(i, net.now + net.delay);
        }
        net.run(5ms);
    }
    net.run(1s);
    EXPECT_EQ(arrived, expected) << "each leaves in the tick in which it is set";
    EXPECT_LT(at_server[0].statistics().out.messages, 1000U) << "while the others are throttled";
}

TEST(PropertyOptionsAreChecked, APriorityIsOneOfThose) {
    RemoteNet net;
    for (const std::uint16_t bad : std::vector<std::uint16_t>{0, 1001, 65'534}) {
        const auto refused = net.server_remotes->property<Number>("n", {.priority = bad});
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("1 to 1000"), std::string::npos);
    }
}

TEST(Fields, AreSetByTheWayToThem) {
    RemoteNet net;
    auto at_server = *net.server_remotes->property<Score>("score");
    auto& client = net.add_client();
    auto at_client = *client.remotes->property<Score>("score");
    net.connect(client, 1);
    net.run(500ms);
    ASSERT_TRUE(
        at_server.set(net.now, {1, std::vector<std::string>(20, "a long name of a player"), {1, 2, 3}}));
    net.run(500ms);
    const auto bytes = at_server.statistics().out.bytes;
    ASSERT_TRUE(at_server.set_field(net.now, 9.5F, &Score::flag, &Vector3::y));
    net.run(500ms);
    EXPECT_EQ(at_client.value().flag, (Vector3{1, 9.5F, 3}));
    EXPECT_EQ(at_client.value(), at_server.value());
    EXPECT_LE(at_server.statistics().out.bytes - bytes, 9U) << "head, two masks, one float";
}

// Several sets in a tick are one message; flush() sends what else waits for its interval.
TEST(Flush, SendsTheLastValueOfATickAndEverythingWhenAsked) {
    RemoteNet net;
    auto at_server = *net.server_remotes->property<Number>("n", {.interval = 10s});
    auto& client = net.add_client();
    auto at_client = *client.remotes->property<Number>("n");
    net.connect(client, 1);
    net.run(500ms);
    for (std::uint32_t i = 1; i <= 10; ++i) ASSERT_TRUE(at_server.set(net.now, {i}));
    net.run(100ms);
    EXPECT_EQ(at_server.statistics().out.messages, 1U);
    EXPECT_EQ(at_client.value().value, 10U);
    ASSERT_TRUE(at_server.set(net.now, {11}));
    net.run(1s);
    EXPECT_EQ(at_client.value().value, 10U) << "its interval is not over";
    net.server_remotes->flush(net.now);
    net.run(100ms);
    EXPECT_EQ(at_client.value().value, 11U);
}

TEST(Batching, AHundredEventsOfATickTakeTheFewestDatagrams) {
    RemoteNet net;
    auto& client = net.add_client();
    std::vector<RemoteEvent<Shot>> events;
    int heard = 0;
    for (int i = 0; i < 4; ++i) {
        const EventOptions options{.mode = static_cast<ChannelMode>(i)};
        events.push_back(*net.server_remotes->event<Shot>("shot" + std::to_string(i), options));
        client.remotes->event<Shot>("shot" + std::to_string(i), options)
            ->listen([&](const Origin&, const Shot&) { ++heard; });
    }
    net.connect(client, 1);
    net.run(1s);
    for (const auto& event : events) {
        const auto before = *net.server_endpoint->statistics(net.peer(0));
        for (std::uint32_t i = 0; i < 100; ++i) event.fire(net.now, Shot{{1, 2, 3}, 4, i});
        std::array<std::byte, kMaxDatagramBytes> buffer;
        std::vector<std::size_t> sizes;
        while (const auto sent = net.server_remotes->poll_transmit(net.now, buffer))
            sizes.push_back(sent->size);
        const auto after = *net.server_endpoint->statistics(net.peer(0));
        const std::size_t messages = after.sent.of(ByteCause::payload) - before.sent.of(ByteCause::payload) +
                                     after.sent.of(ByteCause::framing) - before.sent.of(ByteCause::framing);
        EXPECT_GE(messages, 1700U);
        // What else is in a datagram, at most: prefix, packet header, acknowledgements, authentication.
        const std::size_t room = TransportConfig{}.max_datagram_bytes - 60;
        EXPECT_EQ(sizes.size(), (messages + room - 1) / room);
        for (std::size_t i = 0; i + 1 < sizes.size(); ++i)
            EXPECT_GE(sizes[i], room) << "all but the last are full";
    }
}

}  // namespace
}  // namespace squall::remotes::testing
