// A node behind simulated links, driven by hand as a host on real sockets would.
#include "squall/simulator/conditioned_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scripted_node.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;
using test::ScriptedNode;
using testing::HasSubstr;

constexpr TimePoint kStart{1s};
const Address kPeer = Address::loopback(9);

// What the node sends at `now`, as a host drains it.
std::vector<std::string> drain(Node& node, TimePoint now) {
    std::vector<std::string> out;
    std::array<std::byte, kMaxDatagramBytes> buffer;
    while (const auto transmit = node.poll_transmit(now, buffer)) {
        EXPECT_EQ(transmit->to, kPeer);
        out.emplace_back(as_text(Bytes(buffer).first(transmit->size)));
    }
    return out;
}
void receive(Node& node, TimePoint now, std::string text) {
    node.receive(now, kPeer, {reinterpret_cast<std::byte*>(text.data()), text.size()});
}

TEST(ConditionedNode, names_the_link_whose_configuration_is_wrong) {
    ScriptedNode inner;
    const auto up = ConditionedNode::make(inner, {.loss = {2, 1}}, {}, Rng(1));
    ASSERT_FALSE(up);
    EXPECT_THAT(up.error().message, HasSubstr("link up: loss"));
    const auto down = ConditionedNode::make(inner, {}, {.loss = {2, 1}}, Rng(1));
    ASSERT_FALSE(down);
    EXPECT_THAT(down.error().message, HasSubstr("link down: loss"));
}

TEST(ConditionedNode, delays_what_comes_in) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {}, {.delay = 10ms}, Rng(1)).value();
    receive(*node, kStart, "hello");
    EXPECT_TRUE(inner.received.empty());
    EXPECT_EQ(node->poll_timeout(), kStart + 10ms);
    node->handle_timeout(kStart + 10ms - 1ns);
    EXPECT_TRUE(inner.received.empty());
    node->handle_timeout(kStart + 10ms);
    ASSERT_EQ(inner.received.size(), 1u);
    EXPECT_EQ(inner.received[0].text, "hello");
    EXPECT_EQ(inner.received[0].from, kPeer);
    EXPECT_EQ(node->poll_timeout(), kNever);
    EXPECT_FALSE(inner.broke_rules);
}

TEST(ConditionedNode, delays_what_goes_out) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {.delay = 10ms}, {}, Rng(1)).value();
    inner.send(kPeer, "hello");
    EXPECT_TRUE(drain(*node, kStart).empty());
    EXPECT_EQ(node->poll_timeout(), kStart + 10ms);
    EXPECT_TRUE(drain(*node, kStart + 9ms).empty());
    node->handle_timeout(kStart + 10ms);
    EXPECT_EQ(drain(*node, kStart + 10ms), std::vector<std::string>{"hello"});
    EXPECT_EQ(node->poll_timeout(), kNever);
}

TEST(ConditionedNode, an_ideal_link_adds_nothing) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {}, {}, Rng(1)).value();
    inner.on_receive = [&](TimePoint, const ScriptedNode::Received& message) {
        inner.send(kPeer, message.text);
    };
    receive(*node, kStart, "echo");
    EXPECT_EQ(drain(*node, kStart), std::vector<std::string>{"echo"});
}

TEST(ConditionedNode, passes_the_inner_deadline_on) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {}, {.delay = 10ms}, Rng(1)).value();
    inner.deadline = kStart + 5ms;
    EXPECT_EQ(node->poll_timeout(), kStart + 5ms);
    receive(*node, kStart, "x");
    EXPECT_EQ(node->poll_timeout(), kStart + 5ms);
    node->handle_timeout(kStart + 5ms);
    EXPECT_EQ(inner.timeouts, std::vector<TimePoint>{kStart + 5ms});
    EXPECT_EQ(node->poll_timeout(), kStart + 10ms);
}

TEST(ConditionedNode, a_late_call_hands_everything_over_in_order_one_change_at_a_time) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {}, {.delay = 10ms}, Rng(1)).value();
    std::vector<std::string> order;
    inner.on_receive = [&](TimePoint, const ScriptedNode::Received& message) {
        order.push_back(message.text);
    };
    inner.on_timeout = [&](TimePoint) { order.emplace_back("timeout"); };
    receive(*node, kStart, "first");
    receive(*node, kStart + 2ms, "second");
    inner.deadline = kStart + 11ms;
    node->handle_timeout(kStart + 20ms);
    EXPECT_EQ(order, (std::vector<std::string>{"first", "timeout", "second"}));
    EXPECT_FALSE(inner.broke_rules);
}

TEST(ConditionedNode, an_inner_deadline_that_stays_in_the_past_does_not_hang_it) {
    ScriptedNode inner;
    auto node = ConditionedNode::make(inner, {}, {}, Rng(1)).value();
    inner.deadline = kStart;
    inner.keeps_deadline = true;
    node->handle_timeout(kStart + 1ms);
    EXPECT_EQ(inner.timeouts.size(), 1u);
    EXPECT_EQ(node->poll_timeout(), kStart);
}

// Verdicts of the links of one trace source, as a list.
class VerdictSink final : public trace::Sink {
  public:
    void on_event(const trace::Event& event) override {
        if (event.source != 5) return;
        verdicts.push_back({event.at, event.channel.value, event.id, event.bytes, event.detail});
    }
    std::vector<std::tuple<TimePoint, std::uint8_t, std::uint64_t, std::uint32_t, std::uint32_t>> verdicts;
};

// Sends 2,000 datagrams of changing sizes, one a millisecond, to a peer that answers; returns the verdicts.
std::vector<std::tuple<TimePoint, std::uint8_t, std::uint64_t, std::uint32_t, std::uint32_t>> verdicts_of(
    bool by_conditioner) {
    const LinkConfig up{.delay = 20ms, .jitter = 5ms, .loss = percent(10), .duplicate = percent(5)};
    const LinkConfig down{.delay = 30ms, .jitter = 8ms, .loss = percent(5), .rate = megabits_per_second(1)};
    const Rng run(33);
    SimHost host(run);
    VerdictSink sink;
    host.set_trace(&sink);
    // Between conditioner and network there must be nothing, so that packets enter both at the same times.
    EXPECT_TRUE(host.set_default_access({}, {}));
    ScriptedNode server;
    const Address address = Address::loopback(40000);
    (void)host.attach(server, {.bind = address}).value();
    // One answer a packet that was sent, at fixed times: what comes down must not depend on what was lost on
    // the way up.
    ScriptedNode client;
    int count = 0;
    client.deadline = host.now() + 1ms;
    client.on_timeout = [&](TimePoint now) {
        if (client.deadline != kNever) return;
        client.send(address, std::string(static_cast<std::size_t>(count % 1200), 'c'));
        if (++count < 2000) client.deadline = now + 1ms;
    };
    std::unique_ptr<ConditionedNode> conditioned;
    NodeId client_id;
    if (by_conditioner) {
        conditioned = ConditionedNode::make(client, up, down, access_rng(run, 1234)).value();
        conditioned->set_trace(&sink, 5);
        client_id = host.attach(*conditioned, {}, {.up = {}, .down = {}, .trace_source = 6}).value();
    } else {
        client_id =
            host.attach(client, {}, {.up = up, .down = down, .stream = 1234, .trace_source = 5}).value();
    }
    const Address client_address = host.local_address(client_id);
    int answers = 0;
    server.deadline = host.now() + 1500us;
    server.on_timeout = [&](TimePoint now) {
        if (server.deadline != kNever) return;
        server.send(client_address, std::string(static_cast<std::size_t>(answers % 1000), 's'));
        if (++answers < 2000) server.deadline = now + 1ms;
    };
    host.wake(client_id);
    host.run_until(host.now() + 1ms);
    for (int i = 0; i < 3; ++i) host.run_until(host.now() + 1s);
    EXPECT_EQ(count, 2000);
    EXPECT_FALSE(client.broke_rules);
    return sink.verdicts;
}

TEST(ConditionedNode, decides_exactly_as_the_virtual_network_does) {
    auto by_conditioner = verdicts_of(true);
    auto by_network = verdicts_of(false);
    EXPECT_GT(by_network.size(), 3500u);
    // Each link's own sequence; how the two links interleave within one instant is not the link's matter.
    const auto by_link = [](const auto& a, const auto& b) {
        return std::tuple(std::get<1>(a), std::get<2>(a), std::get<4>(a)) <
               std::tuple(std::get<1>(b), std::get<2>(b), std::get<4>(b));
    };
    std::sort(by_conditioner.begin(), by_conditioner.end(), by_link);
    std::sort(by_network.begin(), by_network.end(), by_link);
    EXPECT_EQ(by_conditioner, by_network);
}

}  // namespace
}  // namespace squall::simulator
