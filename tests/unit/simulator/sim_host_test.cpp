// The contract of a Host, kept in virtual time: callbacks, drains, deadlines, attaching and detaching
// anywhere.
#include "squall/simulator/sim_host.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>

#include "scripted_node.hpp"
#include "support/counting_new.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;
using test::ScriptedNode;
using testing::HasSubstr;

const Address kServer = Address::loopback(40000);

struct Pair {
    Pair() { host.run_until(host.now()); }  // what attaching asks for is done

    SimHost host{Rng(1)};
    ScriptedNode server;
    ScriptedNode client;
    NodeId server_id = host.attach(server, {.bind = kServer}).value();
    NodeId client_id = host.attach(client, {}).value();
};

TEST(SimHost, carries_datagrams_both_ways) {
    Pair pair;
    pair.server.on_receive = [&](TimePoint, const ScriptedNode::Received& message) {
        pair.server.send(message.from, "re: " + message.text);
    };
    const TimePoint start = pair.host.now();
    pair.client.send(kServer, "hello");
    pair.host.wake(pair.client_id);
    pair.host.run_until(start + 1s);
    ASSERT_EQ(pair.server.received.size(), 1u);
    EXPECT_EQ(pair.server.received[0].at, start + 50us);
    EXPECT_EQ(pair.server.received[0].from, pair.host.local_address(pair.client_id));
    ASSERT_EQ(pair.client.received.size(), 1u);
    EXPECT_EQ(pair.client.received[0].text, "re: hello");
    EXPECT_EQ(pair.client.received[0].at, start + 100us);
    EXPECT_EQ(pair.client.received[0].from, kServer);
    EXPECT_FALSE(pair.client.broke_rules);
    EXPECT_FALSE(pair.server.broke_rules);
    EXPECT_EQ(pair.host.now(), start + 1s);
    const SocketStatistics statistics = pair.host.statistics(pair.client_id);
    EXPECT_EQ(statistics.datagrams_sent, 1u);
    EXPECT_EQ(statistics.bytes_sent, 5u);
    EXPECT_EQ(statistics.datagrams_received, 1u);
    EXPECT_EQ(statistics.bytes_received, 9u);
}

TEST(SimHost, attaching_calls_handle_timeout_and_drains_at_once) {
    SimHost host{Rng(1)};
    ScriptedNode node;
    node.on_timeout = [&](TimePoint) { node.send(kServer, "first words"); };
    const NodeId id = host.attach(node, {}).value();
    EXPECT_TRUE(node.timeouts.empty()) << "whoever attaches may still be in the middle of something";
    host.run_until(host.now());
    EXPECT_EQ(node.timeouts, std::vector<TimePoint>{host.now()});
    EXPECT_EQ(host.statistics(id).datagrams_sent, 1u);
}

TEST(SimHost, gives_free_ports_and_refuses_taken_ones) {
    SimHost host{Rng(1)};
    std::vector<std::unique_ptr<ScriptedNode>> nodes;
    std::set<Address> addresses;
    for (int i = 0; i < 1000; ++i) {
        nodes.push_back(std::make_unique<ScriptedNode>());
        const NodeId id = host.attach(*nodes.back(), {}).value();
        EXPECT_NE(host.local_address(id).port(), 0);
        addresses.insert(host.local_address(id));
    }
    EXPECT_EQ(addresses.size(), 1000u);
    ScriptedNode other;
    const auto refused = host.attach(other, {.bind = *addresses.begin()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::address_in_use);
    EXPECT_THAT(refused.error().message, HasSubstr(to_string(*addresses.begin())));
    EXPECT_TRUE(other.timeouts.empty());
    const auto nowhere = host.attach(other, {.bind = Address{}});
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().code, ErrorCode::invalid_argument);
    const auto bad_link = host.attach(other, {}, Access{.up = {.loss = {2, 1}}});
    ASSERT_FALSE(bad_link);
    EXPECT_THAT(bad_link.error().message, HasSubstr("link up: loss"));
}

TEST(SimHost, a_port_is_free_again_after_detaching) {
    SimHost host{Rng(1)};
    ScriptedNode first;
    ScriptedNode second;
    const NodeId id = host.attach(first, {.bind = kServer}).value();
    host.detach(id);
    const auto again = host.attach(second, {.bind = kServer});
    ASSERT_TRUE(again);
    EXPECT_NE(*again, id) << "an id is never used twice";
    EXPECT_FALSE(host.local_address(id).is_valid());
}

TEST(SimHost, a_node_bound_to_any_is_reached_at_loopback) {
    SimHost host{Rng(1)};
    ScriptedNode server;
    ScriptedNode client;
    const NodeId id = host.attach(server, {.bind = Address::parse("0.0.0.0:40000").value()}).value();
    EXPECT_EQ(to_string(host.local_address(id)), "0.0.0.0:40000");
    client.send(kServer, "x");
    (void)host.attach(client, {}).value();
    host.run_until(host.now() + 1s);
    EXPECT_EQ(server.received.size(), 1u);
    ScriptedNode six;
    const NodeId six_id = host.attach(six, {.bind = Address::parse("[::]:40000").value()}).value();
    EXPECT_EQ(to_string(host.visible_address(six_id)), "[::1]:40000");
}

TEST(SimHost, a_node_without_a_socket_has_only_timers) {
    SimHost host{Rng(1)};
    ScriptedNode node;
    node.deadline = host.now() + 5ms;
    const NodeId id = host.attach(node, {.with_socket = false}).value();
    EXPECT_FALSE(host.local_address(id).is_valid());
    host.run_until(host.now());
    node.on_timeout = [&](TimePoint) { node.send(kServer, "into the void"); };
    host.run_until(host.now() + 1s);
    EXPECT_EQ(node.timeouts.size(), 2u);
    EXPECT_EQ(host.statistics(id).send_drops, 1u);
}

TEST(SimHost, deadlines_come_exactly_and_may_move_both_ways) {
    SimHost host{Rng(1)};
    ScriptedNode node;
    const TimePoint start = host.now();
    node.deadline = start + 10ms;
    const NodeId id = host.attach(node, {}).value();
    host.run_until(start + 5ms);
    node.timeouts.clear();
    node.deadline = start + 30ms;
    host.wake(id);
    host.run_until(start + 20ms);
    EXPECT_TRUE(node.timeouts.empty());
    node.deadline = start + 25ms;
    host.wake(id);
    host.run_until(start + 1s);
    EXPECT_EQ(node.timeouts, std::vector<TimePoint>{start + 25ms});
}

TEST(SimHost, a_deadline_at_the_end_of_the_run_is_met) {
    SimHost host{Rng(1)};
    ScriptedNode node;
    node.deadline = host.now() + 10ms;
    (void)host.attach(node, {}).value();
    host.run_until(host.now() + 10ms);
    EXPECT_EQ(node.timeouts.size(), 2u);
}

TEST(SimHost, a_deadline_that_stays_in_the_past_does_not_stop_time) {
    SimHost host{Rng(1)};
    ScriptedNode node;
    const TimePoint start = host.now();
    node.deadline = start;
    node.keeps_deadline = true;
    (void)host.attach(node, {}).value();
    host.run_until(start + 5us);
    EXPECT_EQ(host.now(), start + 5us);
    EXPECT_GE(node.timeouts.size(), 100u);
    EXPECT_GT(host.network_statistics().delayed_timeouts, 0u);
}

TEST(SimHost, now_is_constant_in_a_callback_and_the_clock_reads_the_same) {
    Pair pair;
    pair.server.on_receive = [&](TimePoint now, const ScriptedNode::Received&) {
        EXPECT_EQ(pair.host.now(), now);
        EXPECT_EQ(pair.host.read_clock(), now);
    };
    pair.client.send(kServer, "x");
    pair.host.wake(pair.client_id);
    pair.host.run_until(pair.host.now() + 1s);
    EXPECT_EQ(pair.server.received.size(), 1u);
}

TEST(SimHost, stop_ends_the_run_after_the_present_callback) {
    Pair pair;
    const TimePoint start = pair.host.now();
    pair.server.deadline = start + 10ms;
    pair.host.wake(pair.server_id);
    pair.server.on_timeout = [&](TimePoint) { pair.host.stop(); };
    pair.host.run_until(start + 1s);
    EXPECT_EQ(pair.host.now(), start + 10ms);
    pair.host.run_until(start + 1s);
    EXPECT_EQ(pair.host.now(), start + 1s) << "a stop ends one run";
}

TEST(SimHost, returns_when_nothing_is_attached_and_when_nothing_can_happen) {
    SimHost empty{Rng(1)};
    const TimePoint start = empty.now();
    empty.run_until(start + 1s);
    EXPECT_EQ(empty.now(), start);
    ScriptedNode idle;
    (void)empty.attach(idle, {}).value();
    empty.run_until(kNever);
    EXPECT_EQ(empty.now(), start);
}

TEST(SimHost, detaching_sends_what_is_left) {
    Pair pair;
    pair.client.send(kServer, "goodbye");
    pair.host.detach(pair.client_id);
    pair.host.run_until(pair.host.now() + 1s);
    ASSERT_EQ(pair.server.received.size(), 1u);
    EXPECT_EQ(pair.server.received[0].text, "goodbye");
}

// Found by UBSan: the memory of the next event's node was asked for although the node had left.
TEST(SimHost, datagrams_to_a_node_that_left_are_unroutable) {
    Pair pair;
    for (const char* text : {"one", "two", "three"}) pair.client.send(kServer, text);
    pair.host.wake(pair.client_id);
    pair.host.run_until(pair.host.now() + 10us);
    EXPECT_EQ(pair.host.network_statistics().in_flight, 3u);
    pair.host.detach(pair.server_id);
    pair.host.run_until(pair.host.now() + 1s);
    EXPECT_TRUE(pair.server.received.empty());
    EXPECT_EQ(pair.host.network_statistics().unroutable, 3u);
    EXPECT_EQ(pair.host.network_statistics().in_flight, 0u);
}

TEST(SimHost, a_node_may_detach_itself_inside_each_callback) {
    for (const bool in_timeout : {false, true}) {
        Pair pair;
        const auto leave = [&] {
            pair.server.send(pair.host.local_address(pair.client_id), "leaving");
            pair.host.detach(pair.server_id);
            pair.host.detach(pair.server_id);
            EXPECT_FALSE(pair.host.local_address(pair.server_id).is_valid());
        };
        pair.server.on_receive = [&](TimePoint, const ScriptedNode::Received&) { leave(); };
        pair.server.on_timeout = [&](TimePoint) { leave(); };
        if (in_timeout) {
            pair.server.deadline = pair.host.now() + 1ms;
            pair.host.wake(pair.server_id);
        } else {
            pair.client.send(kServer, "one");
            pair.client.send(kServer, "two");
            pair.host.wake(pair.client_id);
        }
        pair.host.run_until(pair.host.now() + 1s);
        ASSERT_EQ(pair.client.received.size(), 1u);
        EXPECT_EQ(pair.client.received[0].text, "leaving");
        EXPECT_FALSE(pair.server.broke_rules);
        EXPECT_EQ(pair.host.network_statistics().unroutable, in_timeout ? 0u : 1u);
        EXPECT_EQ(pair.host.network_statistics().in_flight, 0u);
    }
}

TEST(SimHost, a_node_may_detach_and_destroy_another_inside_a_callback) {
    SimHost host{Rng(1)};
    ScriptedNode parent;
    auto child = std::make_unique<ScriptedNode>();
    child->deadline = host.now() + 10ms;
    const NodeId child_id = host.attach(*child, {}).value();
    const Address child_address = host.local_address(child_id);
    parent.deadline = host.now() + 10ms;
    parent.on_timeout = [&](TimePoint) {
        if (parent.deadline != kNever || child == nullptr) return;
        parent.send(child_address, "too late");
        host.detach(child_id);
        child.reset();
    };
    (void)host.attach(parent, {}).value();
    host.run_until(host.now() + 1s);
    EXPECT_EQ(child, nullptr);
    EXPECT_EQ(host.network_statistics().unroutable, 1u);
}

TEST(SimHost, a_packet_does_not_reach_the_next_node_in_a_slot) {
    SimHost host{Rng(1)};
    ScriptedNode client;
    ScriptedNode first;
    ScriptedNode second;
    const Access slow{.down = {.delay = 10ms}};
    const NodeId first_id = host.attach(first, {.bind = kServer}, slow).value();
    client.send(kServer, "for the first");
    (void)host.attach(client, {}).value();
    host.run_until(host.now() + 5ms);
    host.detach(first_id);
    (void)host.attach(second, {.bind = kServer}, slow).value();
    host.run_until(host.now() + 1s);
    EXPECT_TRUE(first.received.empty());
    EXPECT_TRUE(second.received.empty());
    EXPECT_EQ(host.network_statistics().unroutable, 1u);
}

TEST(SimHost, nodes_may_be_attached_inside_a_callback) {
    SimHost host{Rng(1)};
    ScriptedNode server;
    (void)host.attach(server, {.bind = kServer}).value();
    ScriptedNode spawner;
    std::vector<std::unique_ptr<ScriptedNode>> spawned;
    spawner.deadline = host.now() + 1ms;
    spawner.on_timeout = [&](TimePoint) {
        if (spawner.deadline != kNever) return;
        for (int i = 0; i < 100; ++i) {
            spawned.push_back(std::make_unique<ScriptedNode>());
            spawned.back()->send(kServer, "born");
            ASSERT_TRUE(host.attach(*spawned.back(), {}));
        }
    };
    (void)host.attach(spawner, {}).value();
    host.run_until(host.now() + 1s);
    EXPECT_EQ(server.received.size(), 100u);
    EXPECT_FALSE(server.broke_rules);
}

TEST(SimHost, attaching_inside_a_callback_calls_the_new_node_after_it) {
    SimHost host{Rng(1)};
    ScriptedNode spawner;
    ScriptedNode child;
    bool is_inside = false;
    child.on_timeout = [&](TimePoint) { EXPECT_FALSE(is_inside); };
    spawner.on_timeout = [&](TimePoint) {
        is_inside = true;
        (void)host.attach(child, {}).value();
        is_inside = false;
    };
    (void)host.attach(spawner, {}).value();
    const TimePoint start = host.now();
    host.run_until(start);
    EXPECT_EQ(child.timeouts, std::vector<TimePoint>{start});
}

TEST(SimHost, a_stop_before_the_run_ends_it_at_once) {
    Pair pair;
    pair.client.deadline = pair.host.now() + 1ms;
    pair.host.stop();
    pair.host.run_until(pair.host.now() + 1s);
    EXPECT_EQ(pair.host.now(), kVirtualStart);
}

TEST(SimHost, wake_inside_a_callback_drains_the_other_after_it) {
    Pair pair;
    bool is_inside = false;
    pair.server.on_receive = [&](TimePoint, const ScriptedNode::Received&) {
        is_inside = true;
        pair.client.send(kServer, "woken");
        pair.client.on_poll_transmit = [&](TimePoint) { EXPECT_FALSE(is_inside); };
        pair.host.wake(pair.client_id);
        pair.host.wake(pair.server_id);  // itself: its drain follows anyway
        pair.server.on_receive = nullptr;
        is_inside = false;
    };
    pair.client.send(kServer, "start");
    pair.host.wake(pair.client_id);
    pair.host.run_until(pair.host.now() + 1s);
    ASSERT_EQ(pair.server.received.size(), 2u);
    EXPECT_EQ(pair.server.received[1].text, "woken");
    pair.host.wake(NodeId{12345});  // unknown: nothing
}

TEST(SimHost, allocates_nothing_per_packet_once_it_is_warm) {
    Pair pair;
    const std::string text = "ping";
    ASSERT_TRUE(pair.host.set_access_link(pair.client_id,
                                          {.delay = 10ms,
                                           .jitter = 5ms,
                                           .loss = percent(1),
                                           .duplicate = percent(1),
                                           .rate = megabits_per_second(10)},
                                          {.delay = 10ms, .jitter = 5ms}));
    // Plain nodes: the scripted ones allocate.
    struct Echo final : Node {
        void receive(TimePoint, const Address& from, MutableBytes bytes) override {
            answer = Transmit{from, bytes.size()};
        }
        std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override {
            return std::exchange(answer, std::nullopt);
        }
        TimePoint poll_timeout() const override { return kNever; }
        void handle_timeout(TimePoint) override {}
        std::optional<Transmit> answer;
    };
    struct Sender final : Node {
        explicit Sender(TimePoint at) : next(at) {}
        void receive(TimePoint, const Address&, MutableBytes) override { ++answers; }
        std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes) override {
            if (now < next) return std::nullopt;
            next += 1ms;
            return Transmit{Address::loopback(50000), 100};
        }
        TimePoint poll_timeout() const override { return next; }
        void handle_timeout(TimePoint) override {}
        TimePoint next;
        int answers = 0;
    };
    Echo echo;
    (void)pair.host.attach(echo, {.bind = Address::loopback(50000)}).value();
    Sender sender(pair.host.now());
    (void)pair.host
        .attach(sender, {},
                {.up = {.delay = 10ms, .jitter = 5ms, .duplicate = percent(1)},
                 .down = {.delay = 20ms, .jitter = 10ms}})
        .value();
    // Long enough for the most packets that are ever in flight together.
    pair.host.run_until(pair.host.now() + 100s);
    const auto before = test::allocation_count();
    const int answers = sender.answers;
    pair.host.run_until(pair.host.now() + 20s);
    EXPECT_EQ(test::allocation_count(), before);
    EXPECT_GT(sender.answers, answers + 15'000);
}

}  // namespace
}  // namespace squall::simulator
