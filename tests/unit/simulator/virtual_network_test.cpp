// What the virtual network does to datagrams: access links, partitions, NAT rebinding, shared ports,
// repeatability.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "scripted_node.hpp"
#include "squall/simulator/sim_host.hpp"
#include "squall/trace/sink.hpp"

namespace squall::simulator {
namespace {

using namespace std::chrono_literals;
using test::ScriptedNode;

const Address kServer = Address::loopback(40000);

// A server that echoes, a client that does nothing by itself.
struct Pair {
    explicit Pair(const Access& access = {}) {
        server.on_receive = [this](TimePoint, const ScriptedNode::Received& message) {
            server.send(message.from, message.text);
        };
        EXPECT_TRUE(host.set_default_access({}, {}));
        server_id = host.attach(server, {.bind = kServer}).value();
        client_id = host.attach(client, {}, access).value();
    }
    void send(const std::string& text) {
        client.send(kServer, text);
        host.wake(client_id);
    }
    void run(Duration span = 1s) { host.run_until(host.now() + span); }

    SimHost host{Rng(1)};
    ScriptedNode server;
    ScriptedNode client;
    NodeId server_id;
    NodeId client_id;
};

TEST(VirtualNetwork, a_datagram_passes_the_senders_up_and_the_receivers_down) {
    Pair pair({.up = {.delay = 10ms}, .down = {.delay = 30ms}});
    ASSERT_TRUE(pair.host.set_access_link(pair.server_id, {.delay = 2ms}, {.delay = 1ms}));
    const TimePoint start = pair.host.now();
    pair.send("x");
    pair.run();
    ASSERT_EQ(pair.server.received.size(), 1u);
    EXPECT_EQ(pair.server.received[0].at, start + 11ms);
    ASSERT_EQ(pair.client.received.size(), 1u);
    EXPECT_EQ(pair.client.received[0].at, start + 11ms + 32ms);
    EXPECT_EQ(pair.host.link_statistics(pair.client_id, Direction::up)->count(Verdict::delivered), 1u);
    EXPECT_EQ(pair.host.link_statistics(pair.client_id, Direction::down)->propagation.max(), 30ms);
}

TEST(VirtualNetwork, zero_delay_both_ways_is_no_recursion) {
    Pair pair({.up = {}, .down = {}});
    int rounds = 0;
    pair.client.on_receive = [&](TimePoint, const ScriptedNode::Received&) {
        if (++rounds < 1000) pair.client.send(kServer, "again");
    };
    const TimePoint start = pair.host.now();
    pair.send("x");
    pair.run(1ns);
    EXPECT_EQ(rounds, 1000);
    EXPECT_EQ(pair.client.received.back().at, start);
    EXPECT_FALSE(pair.client.broke_rules);
    EXPECT_FALSE(pair.server.broke_rules);
}

TEST(VirtualNetwork, the_receivers_link_decides_when_the_datagram_reaches_it) {
    Pair pair({.up = {.delay = 10ms}});
    pair.send("x");
    pair.run(5ms);
    ASSERT_TRUE(pair.host.set_access_link(pair.server_id, {}, {.loss = {1, 1}}));
    pair.run();
    EXPECT_TRUE(pair.server.received.empty());
    EXPECT_EQ(pair.host.link_statistics(pair.server_id, Direction::down)->count(Verdict::lost), 1u);
}

TEST(VirtualNetwork, corruption_and_duplication_reach_the_node) {
    Pair pair({.up = {.duplicate = {1, 1}, .corrupt = {1, 1}}});
    pair.send("hello");
    pair.run();
    ASSERT_EQ(pair.server.received.size(), 2u);
    EXPECT_NE(pair.server.received[0].text, "hello");
    EXPECT_EQ(pair.server.received[1].text, "hello");
    Pair down_pair({.down = {.duplicate = {1, 1}, .corrupt = {1, 1}}});
    down_pair.send("hello");
    down_pair.run();
    ASSERT_EQ(down_pair.client.received.size(), 2u);
    EXPECT_EQ((down_pair.client.received[0].text == "hello") + (down_pair.client.received[1].text == "hello"),
              1);
}

TEST(VirtualNetwork, counts_what_nobody_is_there_to_receive) {
    Pair pair;
    pair.client.send(Address::loopback(9), "nobody");
    pair.client.send(Address{}, "no address");
    pair.host.wake(pair.client_id);
    pair.run();
    EXPECT_EQ(pair.host.network_statistics().unroutable, 1u);
    EXPECT_EQ(pair.host.statistics(pair.client_id).send_drops, 1u);
    EXPECT_EQ(pair.host.network_statistics().in_flight, 0u);
}

TEST(VirtualNetwork, a_blackhole_swallows_both_ways_and_ends) {
    Pair pair;
    pair.host.set_blackhole(pair.client_id, true);
    pair.send("lost");
    pair.server.send(pair.host.local_address(pair.client_id), "lost too");
    pair.host.wake(pair.server_id);
    pair.run();
    EXPECT_TRUE(pair.server.received.empty());
    EXPECT_TRUE(pair.client.received.empty());
    EXPECT_EQ(pair.host.link_statistics(pair.client_id, Direction::up)->count(Verdict::blackhole), 1u);
    EXPECT_EQ(pair.host.link_statistics(pair.client_id, Direction::down)->count(Verdict::blackhole), 1u);
    pair.host.set_blackhole(pair.client_id, false);
    pair.send("back");
    pair.run();
    EXPECT_EQ(pair.client.received.size(), 1u);
}

TEST(VirtualNetwork, a_partition_cuts_two_nodes_and_no_others) {
    Pair pair;
    ScriptedNode other;
    const NodeId other_id = pair.host.attach(other, {}).value();
    pair.host.partition(pair.client_id, pair.server_id);
    pair.send("cut off");
    other.send(kServer, "not cut off");
    pair.host.wake(other_id);
    pair.run();
    ASSERT_EQ(pair.server.received.size(), 1u);
    EXPECT_EQ(pair.server.received[0].text, "not cut off");
    EXPECT_EQ(pair.host.network_statistics().partitioned, 1u);
    pair.server.send(pair.host.local_address(pair.client_id), "the other way");
    pair.host.wake(pair.server_id);
    pair.run();
    EXPECT_EQ(pair.host.network_statistics().partitioned, 2u);
    pair.host.heal(pair.server_id, pair.client_id);
    pair.send("healed");
    pair.run();
    EXPECT_EQ(pair.server.received.back().text, "healed");
}

TEST(VirtualNetwork, a_rebound_node_is_seen_at_a_new_port_and_no_longer_at_the_old) {
    Pair pair;
    const Address before = pair.host.visible_address(pair.client_id);
    const auto after = pair.host.rebind(pair.client_id);
    ASSERT_TRUE(after);
    EXPECT_NE(*after, before);
    EXPECT_EQ(pair.host.visible_address(pair.client_id), *after);
    EXPECT_EQ(pair.host.local_address(pair.client_id), before);
    pair.send("from behind the NAT");
    pair.server.send(before, "to the old mapping");
    pair.host.wake(pair.server_id);
    pair.run();
    ASSERT_EQ(pair.server.received.size(), 1u);
    EXPECT_EQ(pair.server.received[0].from, *after);
    ASSERT_EQ(pair.client.received.size(), 1u);
    EXPECT_EQ(pair.client.received[0].text, "from behind the NAT");
    EXPECT_EQ(pair.host.network_statistics().unroutable, 1u);
    // Nobody else gets the port that the node believes to have; the mapping that was given up is free.
    ScriptedNode other;
    EXPECT_EQ(pair.host.attach(other, {.bind = before}).error().code, ErrorCode::address_in_use);
    ASSERT_TRUE(pair.host.rebind(pair.client_id, Address::ipv4(198, 51, 100, 1, 5000)));
    const NodeId other_id = pair.host.attach(other, {.bind = *after}).value();
    EXPECT_EQ(pair.host.rebind(other_id, Address::ipv4(198, 51, 100, 1, 5000)).error().code,
              ErrorCode::address_in_use);
    EXPECT_EQ(pair.host.rebind(other_id, Address{}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(pair.host.rebind(NodeId{99}).error().code, ErrorCode::unknown_id);
    // And back to where it was.
    ASSERT_TRUE(pair.host.rebind(pair.client_id, before));
    pair.send("home again");
    pair.run();
    EXPECT_EQ(pair.server.received.back().from, before);
    pair.host.detach(pair.client_id);
    ScriptedNode heir;
    EXPECT_TRUE(pair.host.attach(heir, {.bind = before}));
}

TEST(VirtualNetwork, a_rebound_node_that_leaves_gives_back_both_addresses) {
    Pair pair;
    const Address before = pair.host.visible_address(pair.client_id);
    const Address after = pair.host.rebind(pair.client_id).value();
    pair.host.detach(pair.client_id);
    ScriptedNode one;
    ScriptedNode two;
    EXPECT_TRUE(pair.host.attach(one, {.bind = before}));
    EXPECT_TRUE(pair.host.attach(two, {.bind = after}));
}

TEST(VirtualNetwork, a_packet_reaches_whoever_has_the_address_when_it_gets_there) {
    Pair pair({.up = {.delay = 10ms}});
    ScriptedNode other;
    const NodeId other_id = pair.host.attach(other, {}).value();
    const Address wanted = Address::ipv4(198, 51, 100, 1, 5000);
    ASSERT_TRUE(pair.host.rebind(pair.server_id, wanted));
    pair.client.send(wanted, "to whom?");
    pair.host.wake(pair.client_id);
    pair.run(5ms);
    ASSERT_TRUE(pair.host.rebind(pair.server_id, kServer));
    ASSERT_TRUE(pair.host.rebind(other_id, wanted));
    pair.run();
    EXPECT_TRUE(pair.server.received.empty());
    EXPECT_EQ(other.received.size(), 1u);
}

TEST(VirtualNetwork, packets_in_flight_to_the_old_mapping_are_lost) {
    Pair pair({.up = {}, .down = {}});
    ASSERT_TRUE(pair.host.set_access_link(pair.server_id, {.delay = 10ms}, {}));
    pair.send("x");
    pair.run(5ms);
    ASSERT_TRUE(pair.host.rebind(pair.client_id));
    pair.run();
    EXPECT_TRUE(pair.client.received.empty());
    EXPECT_EQ(pair.host.network_statistics().unroutable, 1u);
}

TEST(VirtualNetwork, a_shared_port_spreads_senders_and_keeps_each_with_its_shard) {
    SimHost host{Rng(1)};
    std::array<ScriptedNode, 3> shards;
    std::array<NodeId, 3> ids;
    for (std::size_t i = 0; i < 3; ++i)
        ids[i] = host.attach(shards[i], {.bind = kServer, .reuse_port = true}).value();
    ScriptedNode loner;
    EXPECT_EQ(host.attach(loner, {.bind = kServer}).error().code, ErrorCode::address_in_use);
    EXPECT_EQ(host.rebind(ids[0]).error().code, ErrorCode::unsupported);
    std::vector<std::unique_ptr<ScriptedNode>> clients;
    std::vector<NodeId> client_ids;
    for (int i = 0; i < 300; ++i) {
        clients.push_back(std::make_unique<ScriptedNode>());
        client_ids.push_back(host.attach(*clients.back(), {}).value());
    }
    const auto send_all = [&] {
        for (std::size_t i = 0; i < clients.size(); ++i) {
            clients[i]->send(kServer, std::to_string(i));
            host.wake(client_ids[i]);
        }
        host.run_until(host.now() + 1s);
    };
    send_all();
    send_all();
    std::size_t total = 0;
    for (const ScriptedNode& shard : shards) {
        EXPECT_GT(shard.received.size(), 120u);
        total += shard.received.size();
        for (std::size_t i = 0; i < shard.received.size() / 2; ++i)
            EXPECT_EQ(shard.received[i].text, shard.received[i + shard.received.size() / 2].text);
    }
    EXPECT_EQ(total, 600u);
    host.detach(ids[0]);
    host.detach(ids[2]);
    send_all();
    EXPECT_EQ(shards[0].received.size() + shards[2].received.size() + shards[1].received.size(), 900u);
    host.detach(ids[1]);
    EXPECT_TRUE(host.attach(loner, {.bind = kServer}));
}

TEST(VirtualNetwork, statistics_keep_what_detached_nodes_did) {
    Pair pair({.up = {.loss = {1, 1}}});
    pair.send("a");
    pair.send("b");
    pair.host.detach(pair.client_id);
    EXPECT_EQ(pair.host.network_statistics().up.count(Verdict::lost), 2u);
    EXPECT_EQ(pair.host.link_statistics(pair.client_id, Direction::up), nullptr);
}

TEST(VirtualNetwork, refuses_links_that_make_no_sense) {
    Pair pair;
    EXPECT_EQ(pair.host.set_access_link(pair.client_id, {.loss = {2, 1}}, {}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_EQ(pair.host.set_access_link(NodeId{5}, {}, {}).error().code, ErrorCode::unknown_id);
    EXPECT_EQ(pair.host.set_default_access({}, {.mtu_bytes = 1}).error().code, ErrorCode::invalid_argument);
}

// 20 clients over a poor network; the trace as one number.
std::uint64_t trace_hash(std::uint64_t seed, bool in_reverse_order) {
    SimHost host{Rng(seed)};
    trace::HashSink sink;
    host.set_trace(&sink);
    ScriptedNode server;
    server.on_receive = [&](TimePoint, const ScriptedNode::Received& message) {
        server.send(message.from, message.text);
    };
    (void)host.attach(server, {.bind = kServer}).value();
    std::vector<std::unique_ptr<ScriptedNode>> clients;
    std::vector<NodeId> ids(20);
    for (std::size_t i = 0; i < 20; ++i) clients.push_back(std::make_unique<ScriptedNode>());
    const LinkConfig link{
        .delay = 50ms, .jitter = 50ms, .loss = percent(20), .duplicate = percent(5), .corrupt = percent(5)};
    for (std::size_t k = 0; k < 20; ++k) {
        const std::size_t i = in_reverse_order ? 19 - k : k;
        const Access access{
            .up = link, .down = link, .stream = i, .trace_source = static_cast<std::uint32_t>(i)};
        ids[i] = host.attach(*clients[i], {.bind = Address::loopback(static_cast<std::uint16_t>(50000 + i))},
                             access)
                     .value();
    }
    host.run_until(host.now());
    for (int round = 0; round < 50; ++round) {
        for (std::size_t i = 0; i < 20; ++i) {
            clients[i]->send(kServer, std::to_string(round));
            host.wake(ids[i]);
        }
        host.run_until(host.now() + 50ms);
    }
    host.run_until(host.now() + 1s);
    EXPECT_GT(sink.event_count(), 2000u);
    return sink.hash();
}

TEST(VirtualNetwork, the_same_seed_gives_the_same_trace_and_another_seed_another) {
    EXPECT_EQ(trace_hash(1, false), trace_hash(1, false));
    EXPECT_NE(trace_hash(1, false), trace_hash(2, false));
}

TEST(VirtualNetwork, the_order_of_attaching_changes_no_draw) {
    EXPECT_EQ(trace_hash(1, false), trace_hash(1, true));
}

// The same number on every compiler and machine.
TEST(VirtualNetwork, the_trace_of_a_seed_is_golden) {
    EXPECT_EQ(trace_hash(42, false), 13957890857010490471u);
}

}  // namespace
}  // namespace squall::simulator
