// The asio host on real loopback sockets: the drain rule, timers, attach and detach from anywhere, stop,
// statistics, errors.
#include "squall/runtime/asio_host.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "unit/runtime/scripted_node.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using test::ScriptedNode;

std::unique_ptr<AsioHost> make_host(const AsioHostOptions& options = {}) {
    auto host = AsioHost::make(options);
    EXPECT_TRUE(host) << host.error().message;
    return std::move(*host);
}

NodeId attach(AsioHost& host, Node& node, const AttachOptions& options = {}) {
    const auto id = host.attach(node, options);
    EXPECT_TRUE(id) << (id ? "" : id.error().message);
    return id.value_or(NodeId{});
}

// Runs until the condition holds; false after ten seconds.
bool run_until(AsioHost& host, const std::function<bool()>& condition) {
    const TimePoint give_up = host.now() + 10s;
    while (!condition() && host.now() < give_up) host.run_until(std::min(host.now() + 20ms, give_up));
    return condition();
}

class AsioHostFamilies : public testing::TestWithParam<Address> {};
INSTANTIATE_TEST_SUITE_P(Both, AsioHostFamilies,
                         testing::Values(Address::loopback(0),
                                         Address::ipv6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 0)),
                         [](const auto& i) {
                             return std::string(i.param.family() == Address::Family::ipv4 ? "IPv4" : "IPv6");
                         });

TEST_P(AsioHostFamilies, CarriesDatagramsBothWays) {
    auto host = make_host();
    ScriptedNode server;
    ScriptedNode client;
    server.on_receive = [&](const Address& from, Bytes bytes) { server.queue(from, bytes); };
    const NodeId server_id = attach(*host, server, {.bind = GetParam()});
    const NodeId client_id = attach(*host, client, {.bind = GetParam()});
    for (int i = 0; i < 100; ++i)
        client.queue(host->local_address(server_id), as_bytes("datagram " + std::to_string(i)));
    host->wake(client_id);

    ASSERT_TRUE(run_until(*host, [&] { return client.received.size() == 100; }));
    EXPECT_EQ(client.received[99].second, "datagram 99");
    EXPECT_EQ(client.received[0].first, host->local_address(server_id));
    const SocketStatistics statistics = host->statistics(server_id);
    EXPECT_EQ(statistics.datagrams_received, 100u);
    EXPECT_EQ(statistics.datagrams_sent, 100u);
    EXPECT_EQ(statistics.bytes_received, statistics.bytes_sent);
    EXPECT_LT(statistics.send_calls, 20u) << "datagrams leave in batches";
    EXPECT_EQ(statistics.send_drops, 0u);
}

TEST(AsioHost, KeepsTheDrainRule) {
    auto host = make_host();
    ScriptedNode node;
    const NodeId id = attach(*host, node);
    ScriptedNode peer;
    const NodeId peer_id = attach(*host, peer);
    node.log.clear();
    for (int i = 0; i < 3; ++i) peer.queue(host->local_address(id), as_bytes("x"));
    node.on_receive = [&](const Address& from, Bytes bytes) { node.queue(from, bytes); };
    host->wake(peer_id);
    ASSERT_TRUE(run_until(*host, [&] { return peer.received.size() == 3; }));
    // The first turn is handle_timeout and a drain; then after each single receive the drain runs until it
    // yields nothing.
    const std::string log(node.log.begin(), node.log.end());
    EXPECT_TRUE(log.starts_with("H0")) << log;
    for (std::size_t at = log.find('R'); at != std::string::npos; at = log.find('R', at + 1))
        EXPECT_EQ(log.substr(at, 3), "RT0") << log;
}

TEST(AsioHost, CallsTimeoutsInOrderAndNotEarly) {
    auto host = make_host();
    std::vector<int> order;
    std::vector<std::unique_ptr<ScriptedNode>> nodes;
    const TimePoint start = host->now();
    bool early = false;
    for (const int milliseconds : {30, 10, 20, 10}) {
        auto node = std::make_unique<ScriptedNode>();
        node->deadline = start + milliseconds * 1ms;
        node->on_timeout = [&order, &early, milliseconds, start, n = node.get()](TimePoint now) {
            if (now < n->deadline) return;
            early = early || now < start + milliseconds * 1ms;
            order.push_back(milliseconds);
            n->deadline = kNever;
        };
        attach(*host, *node, {.with_socket = false});
        nodes.push_back(std::move(node));
    }
    ASSERT_TRUE(run_until(*host, [&] { return order.size() == 4; }));
    EXPECT_EQ(order, (std::vector{10, 10, 20, 30}));
    EXPECT_FALSE(early);
    EXPECT_GE(host->pump_statistics().timeouts, 4u);
}

TEST(AsioHost, ANodeThatAlwaysWantsATurnDoesNotStarveTheOthers) {
    auto host = make_host();
    ScriptedNode greedy;
    greedy.deadline = TimePoint::min();
    ScriptedNode modest;
    ScriptedNode server;
    bool modest_ran = false;
    modest.deadline = host->now() + 5ms;
    modest.on_timeout = [&](TimePoint now) {
        if (now >= modest.deadline) {
            modest_ran = true;
            modest.deadline = kNever;
        }
    };
    attach(*host, greedy, {.with_socket = false});
    const NodeId modest_id = attach(*host, modest);
    const NodeId server_id = attach(*host, server);
    modest.queue(host->local_address(server_id), as_bytes("hello"));
    host->wake(modest_id);
    EXPECT_TRUE(run_until(*host, [&] { return modest_ran && server.received.size() == 1; }));
}

TEST(AsioHost, TimeStandsStillInsideACallback) {
    auto host = make_host();
    ScriptedNode node;
    bool same = false;
    bool clock_moves = false;
    node.on_timeout = [&](TimePoint now) {
        const TimePoint first = host->read_clock();
        while (host->read_clock() == first) {
        }
        clock_moves = host->read_clock() > now;
        same = host->now() == now;
    };
    attach(*host, node, {.with_socket = false});
    host->run_until(host->now());
    EXPECT_TRUE(same);
    EXPECT_TRUE(clock_moves);
}

TEST(AsioHost, ReturnsWhenNothingIsAttached) {
    auto host = make_host();
    host->run_until(kNever);
    ScriptedNode node;
    node.on_timeout = [&](TimePoint) { host->detach(node.id); };
    node.id = attach(*host, node);
    host->run_until(kNever);
    EXPECT_EQ(host->attached_count(), 0u);
}

TEST(AsioHost, DetachSendsWhatTheNodeStillHas) {
    auto host = make_host();
    ScriptedNode server;
    ScriptedNode client;
    const NodeId server_id = attach(*host, server);
    const NodeId client_id = attach(*host, client);
    host->run_until(host->now());
    client.queue(host->local_address(server_id), as_bytes("goodbye"));
    host->detach(client_id);
    EXPECT_FALSE(host->local_address(client_id).is_valid());
    ASSERT_TRUE(run_until(*host, [&] { return server.received.size() == 1; }));
    EXPECT_EQ(server.received[0].second, "goodbye");
}

// A node may end its own attachment, or another's, in each of its callbacks, and may be destroyed as soon as
// that returned.
TEST(AsioHost, DetachIsSafeInEveryCallback) {
    for (const char where : {'R', 'H', 'T'}) {
        for (const bool itself : {true, false}) {
            auto host = make_host();
            ScriptedNode sink;
            const NodeId sink_id = attach(*host, sink);
            ScriptedNode victim_of_other;
            const NodeId other_id = attach(*host, victim_of_other);
            auto node = std::make_unique<ScriptedNode>();
            const NodeId id = attach(*host, *node);
            host->run_until(host->now());
            bool armed = true;
            const auto act = [&](char place) {
                if (place != where || !armed) return;
                armed = false;
                node->queue(host->local_address(sink_id), as_bytes("last words"));
                victim_of_other.queue(host->local_address(sink_id), as_bytes("of another"));
                host->detach(itself ? id : other_id);
            };
            node->on_receive = [&](const Address&, Bytes) { act('R'); };
            node->on_timeout = [&](TimePoint) { act('H'); };
            node->on_transmit = [&] { act('T'); };
            node->deadline = host->now();
            sink.queue(host->local_address(id), as_bytes("1"));
            sink.queue(host->local_address(id), as_bytes("2"));
            host->wake(sink_id);
            host->wake(id);
            ASSERT_TRUE(run_until(*host, [&] { return !armed && !sink.received.empty(); }))
                << where << itself;
            EXPECT_EQ(host->attached_count(), 2u);
            EXPECT_EQ(std::ranges::count(sink.received, "last words", [](const auto& r) { return r.second; }),
                      1);
        }
    }
}

TEST(AsioHost, ANodeMayDestroyOthersThatAreDueAtTheSameTime) {
    auto host = make_host();
    std::vector<std::unique_ptr<ScriptedNode>> nodes;
    const TimePoint due = host->now() + 5ms;
    std::size_t calls = 0;
    for (int i = 0; i < 12; ++i) {
        auto node = std::make_unique<ScriptedNode>();
        node->deadline = due;
        node->id = attach(*host, *node, {.with_socket = false});
        node->on_timeout = [&, n = node.get()](TimePoint now) {
            if (now < due) return;
            ++calls;
            n->deadline = kNever;
            for (auto& other : nodes) {
                if (other == nullptr || other.get() == n) continue;
                host->detach(other->id);
                other.reset();
            }
        };
        nodes.push_back(std::move(node));
    }
    ASSERT_TRUE(run_until(*host, [&] { return calls > 0; }));
    host->run_until(host->now() + 1ms);
    EXPECT_EQ(calls, 1u);
    EXPECT_EQ(host->attached_count(), 1u);
}

TEST(AsioHost, HintsStepByStepWhoseTurnComes) {
    auto host = make_host();
    std::vector<std::unique_ptr<ScriptedNode>> nodes;
    const TimePoint due = host->now() + 5ms;
    for (int i = 0; i < 12; ++i) {
        nodes.push_back(std::make_unique<ScriptedNode>());
        nodes.back()->deadline = due;
        nodes.back()->on_timeout = [n = nodes.back().get(), due](TimePoint now) {
            if (now >= due) n->deadline = kNever;
        };
        attach(*host, *nodes.back(), {.with_socket = false});
    }
    ASSERT_TRUE(run_until(*host, [&] { return nodes.back()->deadline == kNever; }));
    std::vector<unsigned> steps;
    for (const auto& hint : nodes.back()->hints) steps.push_back(hint.step);
    EXPECT_EQ(steps, (std::vector{0U, 1U, 2U, 3U, 4U, 5U}));
}

TEST(AsioHost, HintsWhoseDatagramsComeNext) {
    auto host = make_host();
    ScriptedNode server;
    const NodeId server_id = attach(*host, server);
    std::vector<std::unique_ptr<ScriptedNode>> clients;
    std::vector<NodeId> ids;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<ScriptedNode>());
        ids.push_back(attach(*host, *clients.back()));
    }
    host->run_until(host->now());
    std::array<std::byte, 1> datagram{};
    for (std::size_t i = 0; i < clients.size(); ++i) {
        clients[i]->queue(host->local_address(server_id), datagram);
        host->wake(ids[i]);
    }
    ASSERT_TRUE(run_until(*host, [&] { return server.received.size() == 8; }));
    for (const auto& hint : server.hints) {
        if (hint.from == Address{}) continue;  // of the node, not of a datagram
        const std::size_t ahead = hint.received_before == 0 && hint.step == 0 ? 1 : 2 - hint.step;
        const bool is_right = hint.from == server.received.at(hint.received_before + ahead).first ||
                              hint.from == server.received.at(hint.received_before + 2 - hint.step).first;
        EXPECT_TRUE(is_right) << hint.received_before << " step " << hint.step;
    }
    EXPECT_GE(std::ranges::count_if(server.hints, [](const auto& hint) { return hint.from != Address{}; }),
              8);
}

TEST(AsioHost, AttachIsSafeInACallback) {
    auto host = make_host();
    std::vector<std::unique_ptr<ScriptedNode>> children;
    int started = 0;
    ScriptedNode parent;
    parent.on_timeout = [&](TimePoint) {
        if (!children.empty()) return;
        for (int i = 0; i < 200; ++i) {
            children.push_back(std::make_unique<ScriptedNode>());
            children.back()->on_timeout = [&](TimePoint) { ++started; };
            attach(*host, *children.back());
        }
    };
    attach(*host, parent);
    EXPECT_TRUE(run_until(*host, [&] { return started >= 200; }));
}

TEST(AsioHost, StopEndsTheRunFromAnotherThreadAndFromASignalHandler) {
    auto host = make_host();
    ScriptedNode node;
    attach(*host, node);
    {
        std::jthread other([&] { host->stop(); });
        host->run_until(kNever);
    }
    // A stop that comes before the run ends it at once, and only that one.
    host->stop();
    host->run_until(kNever);
    static AsioHost* target = nullptr;
    target = host.get();
    const auto previous = std::signal(SIGUSR1, [](int) { target->stop(); });
    ScriptedNode raiser;
    raiser.on_timeout = [&](TimePoint) { std::raise(SIGUSR1); };
    attach(*host, raiser, {.with_socket = false});
    host->run_until(kNever);
    std::signal(SIGUSR1, previous);
    SUCCEED();
}

TEST(AsioHost, ErrorsOfTheNetworkAreNotFatal) {
    auto host = make_host();
    ScriptedNode server;
    ScriptedNode client;
    const NodeId server_id = attach(*host, server);
    const NodeId client_id = attach(*host, client);
    ScriptedNode gone;
    const NodeId gone_id = attach(*host, gone);
    const Address closed = host->local_address(gone_id);
    host->detach(gone_id);
    for (int i = 0; i < 5; ++i) {
        client.queue(closed, as_bytes("nobody is there"));
        client.queue(Address::ipv6({}, 9), as_bytes("IPv6 from an IPv4 socket"));
        client.queue(Address::ipv4(255, 255, 255, 255, 9), as_bytes("broadcast is not permitted"));
        client.queue(host->local_address(server_id), as_bytes("hello"));
    }
    host->wake(client_id);
    ASSERT_TRUE(run_until(*host, [&] { return server.received.size() == 5; }));
    EXPECT_EQ(host->statistics(client_id).send_drops, 10u);
    EXPECT_EQ(host->statistics(client_id).datagrams_sent, 10u);
}

TEST(AsioHost, ADualStackServerShowsIPv4PeersAsIPv4) {
    auto host = make_host();
    ScriptedNode server;
    server.on_receive = [&](const Address& from, Bytes bytes) { server.queue(from, bytes); };
    const NodeId server_id = attach(*host, server, {.bind = Address::ipv6({}, 0)});
    ScriptedNode client;
    const NodeId client_id = attach(*host, client);
    client.queue(Address::loopback(host->local_address(server_id).port()), as_bytes("ping"));
    host->wake(client_id);
    ASSERT_TRUE(run_until(*host, [&] { return client.received.size() == 1; }));
    EXPECT_EQ(server.received[0].first, host->local_address(client_id));
}

TEST(AsioHost, InjectActsAsAReceivedDatagram) {
    auto host = make_host();
    ScriptedNode server;
    ScriptedNode client;
    const NodeId server_id = attach(*host, server);
    const NodeId client_id = attach(*host, client);
    server.on_receive = [&](const Address& from, Bytes bytes) { server.queue(from, bytes); };
    std::vector<std::byte> bytes(3, std::byte{'a'});
    host->inject(server_id, host->local_address(client_id), bytes);
    ASSERT_TRUE(run_until(*host, [&] { return client.received.size() == 1; }));
    EXPECT_EQ(client.received[0].second, "aaa");
    EXPECT_EQ(host->statistics(server_id).datagrams_received, 0u);
}

TEST(AsioHost, NamesWhatIsWrongWithAnAddress) {
    auto host = make_host();
    ScriptedNode node;
    const NodeId id = attach(*host, node);
    ScriptedNode second;
    const auto taken = host->attach(second, {.bind = host->local_address(id)});
    ASSERT_FALSE(taken);
    EXPECT_EQ(taken.error().code, ErrorCode::address_in_use);
    EXPECT_NE(taken.error().message.find(to_string(host->local_address(id))), std::string::npos)
        << taken.error().message;
    const auto foreign = host->attach(second, {.bind = Address::ipv4(203, 0, 113, 7, 0)});
    ASSERT_FALSE(foreign);
    EXPECT_EQ(foreign.error().code, ErrorCode::invalid_argument);
    const auto none = host->attach(second, {.bind = Address{}});
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(host->attached_count(), 1u);
    EXPECT_FALSE(AsioHost::make({.batch = 0}));
    EXPECT_FALSE(AsioHost::make({.gather = 2s}));
}

TEST(AsioHost, GatheringDelaysNeitherTimersNorStop) {
    auto host = make_host({.gather = 100ms});
    ScriptedNode server;
    ScriptedNode client;
    const NodeId server_id = attach(*host, server);
    const NodeId client_id = attach(*host, client);
    int ticks = 0;
    client.deadline = host->now();
    client.on_timeout = [&](TimePoint now) {
        ++ticks;
        client.queue(host->local_address(server_id), as_bytes("tick"));
        client.deadline = now + 1ms;
    };
    (void)client_id;
    ASSERT_TRUE(run_until(*host, [&] { return ticks >= 50; }));
    ASSERT_TRUE(run_until(*host, [&] { return server.received.size() >= 50; }));
    EXPECT_LT(host->statistics(server_id).receive_calls, 25u) << "fewer looks than datagrams";
}

TEST(AsioHost, ABacklogIsNotGathered) {
    auto host = make_host({.gather = 1s});
    auto peer_host = make_host();
    ScriptedNode server;
    const NodeId server_id = attach(*host, server, {.receive_buffer_bytes = 4 << 20});
    ScriptedNode peer;
    const NodeId peer_id = attach(*peer_host, peer);
    std::array<std::byte, 1> datagram{};
    constexpr std::size_t kCount = 600;  // more than a turn takes in
    for (std::size_t i = 0; i < kCount; ++i) peer.queue(host->local_address(server_id), datagram);
    peer_host->wake(peer_id);
    peer_host->run_until(peer_host->now() + 1ms);
    const std::size_t arrived = kCount - host->statistics(server_id).kernel_drops;
    const TimePoint give_up = host->now() + 900ms;  // the gathering alone would take longer
    while (server.received.size() < arrived && host->now() < give_up) host->run_until(host->now() + 20ms);
    EXPECT_EQ(server.received.size(), arrived);
}

TEST(AsioHost, WatchesAForeignDescriptor) {
    auto host = make_host();
    ScriptedNode node;
    attach(*host, node);
    int fds[2];
    ASSERT_EQ(::pipe(fds), 0);
    int calls = 0;
    WatchId id{};
    const auto watch = host->watch(fds[0], [&] {
        char c = 0;
        EXPECT_EQ(::read(fds[0], &c, 1), 1);
        if (++calls == 2) host->unwatch(id);
    });
    ASSERT_TRUE(watch);
    id = *watch;
    ASSERT_EQ(::write(fds[1], "abc", 3), 3);
    EXPECT_TRUE(run_until(*host, [&] { return calls == 2; }));
    host->run_until(host->now());
    EXPECT_EQ(calls, 2) << "the watch has ended";
    ::close(fds[0]);
    ::close(fds[1]);
}

}  // namespace
}  // namespace squall
