// Shards on one port: clients are spread over them, a datagram that names another shard reaches it, and so
// does all that comes from an address that a shard has claimed. Run under TSan too.
#include "squall/runtime/sharded_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "squall/runtime/udp_socket.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;

// Answers each datagram with its shard's number; claims the sender if the text says so.
class NumberingNode final : public Node {
  public:
    explicit NumberingNode(Shard& shard) : shard_(shard) {}
    void receive(TimePoint, const Address& from, MutableBytes datagram) override {
        const std::string_view text = as_text(datagram);
        if (text.ends_with("claim")) shard_.claim(from);
        answers_.push_back(from);
        if (text.ends_with("detach")) shard_.detach();
    }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override {
        if (answers_.empty()) return std::nullopt;
        const Address to = answers_.front();
        answers_.pop_front();
        buffer[0] = std::byte{shard_.index()};
        return Transmit{to, 1};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint) override {}
    void say_goodbye(const Address& to) { answers_.push_back(to); }

  private:
    Shard& shard_;
    std::deque<Address> answers_;
};

Result<std::unique_ptr<Node>> make_node(Shard& shard) {
    return std::make_unique<NumberingNode>(shard);
}

std::unique_ptr<ShardedServer> start(ShardedServerOptions options = {.shards = 2}) {
    auto server = ShardedServer::start(options, make_node);
    EXPECT_TRUE(server) << server.error().message;
    return std::move(*server);
}

// A client with a blocking look at the world: asks, and waits for the number of the shard that answers.
class Asker {
  public:
    Asker() : socket_(std::move(*UdpSocket::open({}))), host_(std::move(*AsioHost::make())) {}
    // -1: no answer.
    int ask(const Address& server, Bytes datagram) {
        EXPECT_TRUE(socket_.send_to(datagram, server));
        return wait();
    }
    int wait(Duration patience = 5s) {
        const TimePoint give_up = host_->read_clock() + patience;
        std::array<std::byte, 16> buffer;
        while (host_->read_clock() < give_up)
            if (socket_.receive_from(buffer)) return static_cast<int>(buffer[0]);
        return -1;
    }
    [[nodiscard]] const Address& address() const { return socket_.local_address(); }
    void send(const Address& server, Bytes datagram) { (void)socket_.send_to(datagram, server); }

  private:
    UdpSocket socket_;
    std::unique_ptr<AsioHost> host_;
};

// prefix (sequence bytes << 4 | type), sequence, connection id with the shard on top, the rest.
std::vector<std::byte> with_id(std::uint8_t type, std::size_t sequence_bytes, std::uint8_t shard,
                               std::string_view rest = "") {
    std::vector<std::byte> bytes;
    bytes.push_back(static_cast<std::byte>(sequence_bytes << 4 | type));
    bytes.insert(bytes.end(), sequence_bytes, std::byte{1});
    bytes.insert(bytes.end(), 7, std::byte{0x77});
    bytes.push_back(std::byte{shard});
    for (const char c : rest) bytes.push_back(static_cast<std::byte>(c));
    bytes.insert(bytes.end(), rest.empty() ? 16 : 0, std::byte{0});
    return bytes;
}

// A fresh socket whose ordinary datagrams the kernel gives to the shard wanted.
std::unique_ptr<Asker> asker_on(const Address& server, int shard) {
    for (int i = 0; i < 200; ++i) {
        auto asker = std::make_unique<Asker>();
        if (asker->ask(server, as_bytes("hello")) == shard) return asker;
    }
    return nullptr;
}

TEST(ShardedServer, BothShardsGetClients) {
    const auto server = start();
    EXPECT_EQ(server->shard_count(), 2u);
    EXPECT_NE(server->address().port(), 0);
    std::set<int> seen;
    for (int i = 0; i < 200 && seen.size() < 2; ++i)
        seen.insert(Asker().ask(server->address(), as_bytes("hello")));
    EXPECT_EQ(seen, (std::set{0, 1}));
}

TEST(ShardedServer, ADatagramWithAConnectionIdReachesTheShardThatItNames) {
    const auto server = start();
    for (const int home : {0, 1}) {
        const auto asker = asker_on(server->address(), home);
        ASSERT_NE(asker, nullptr);
        for (const std::uint8_t shard : {std::uint8_t{0}, std::uint8_t{1}})
            for (const std::size_t sequence_bytes : {1, 4, 8})
                for (const std::uint8_t type : {std::uint8_t{10}, std::uint8_t{12}, std::uint8_t{13}})
                    EXPECT_EQ(asker->ask(server->address(), with_id(type, sequence_bytes, shard)), shard)
                        << "home " << home << ", " << sequence_bytes << " sequence bytes, type " << int{type};
        EXPECT_EQ(asker->ask(server->address(), as_bytes("hello")), home)
            << "what has no id stays where it came";
        // No such shard: refusing it is the business of the shard that got it.
        EXPECT_EQ(asker->ask(server->address(), with_id(10, 1, 9)), home);
    }
    server->stop();
    server->join();
    const auto& statistics = server->statistics();
    EXPECT_EQ(statistics[0].handed_over, 9u);
    EXPECT_EQ(statistics[1].handed_over, 9u);
    EXPECT_EQ(statistics[0].taken_over, 9u);
    EXPECT_EQ(statistics[1].taken_over, 9u);
    EXPECT_GT(statistics[0].socket.datagrams_received, 3u);
}

TEST(ShardedServer, WhatComesFromAClaimedAddressGoesToTheClaimant) {
    const auto server = start();
    const auto asker = asker_on(server->address(), 0);
    ASSERT_NE(asker, nullptr);
    ASSERT_EQ(asker->ask(server->address(), with_id(10, 1, 1, "................claim")), 1);
    // The claim travels to the other shard beside the answer; until it is there, shard 0 answers for itself.
    int answer = 0;
    for (int i = 0; i < 1000 && answer != 1; ++i) answer = asker->ask(server->address(), as_bytes("hello"));
    EXPECT_EQ(answer, 1);
    EXPECT_EQ(Asker().ask(server->address(), with_id(10, 1, 0)), 0) << "others are not affected";
    // Claimed back.
    ASSERT_EQ(asker->ask(server->address(), with_id(10, 1, 0, "................claim")), 0);
    EXPECT_EQ(asker->ask(server->address(), as_bytes("hello")), 0);
}

TEST(ShardedServer, JunkDisturbsNothing) {
    const auto server = start();
    Asker asker;
    const int home = asker.ask(server->address(), as_bytes("hello"));
    for (std::size_t size = 1; size < 40; ++size) {
        std::vector<std::byte> junk(size, std::byte{0xaa});
        EXPECT_EQ(asker.ask(server->address(), junk), home) << size;
        junk[0] = std::byte{0x8a};
        junk.back() = std::byte{0xff};
        EXPECT_EQ(asker.ask(server->address(), junk), home) << size;
    }
}

TEST(ShardedServer, NodesSayGoodbyeWhenTheServerStops) {
    Asker asker;
    std::atomic<int> stopped = 0;
    auto server = start({.shards = 2, .on_stopping = [&](TimePoint, Node& node) {
                             ++stopped;
                             dynamic_cast<NumberingNode&>(node).say_goodbye(asker.address());
                         }});
    server.reset();
    EXPECT_EQ(stopped, 2);
    EXPECT_EQ(asker.wait() + asker.wait(), 1) << "one datagram from each";
}

TEST(ShardedServer, EndsWhenEachShardHasDetached) {
    const auto server = start();
    Asker asker;
    for (const std::uint8_t shard : {std::uint8_t{0}, std::uint8_t{1}}) {
        // What reaches a socket that is just being closed is lost, as any datagram may be.
        int answer = -1;
        for (int attempt = 0; attempt < 20 && answer < 0; ++attempt) {
            asker.send(server->address(), with_id(10, 1, shard, "................detach"));
            answer = asker.wait(100ms);
        }
        EXPECT_EQ(answer, shard) << "the last words of the node leave";
    }
    server->join();
    SUCCEED();
}

TEST(ShardedServer, ATakenPortAndBadOptionsAreErrors) {
    const auto server = start();
    const auto second = ShardedServer::start({.shards = 2, .bind = server->address()}, make_node);
    ASSERT_FALSE(second) << "a stranger's shards must not be joined";
    EXPECT_EQ(second.error().code, ErrorCode::address_in_use);
    EXPECT_EQ(ShardedServer::start({.shards = 300}, make_node).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(ShardedServer::start({.shards = 1, .mailbox_datagrams = 0}, make_node).error().code,
              ErrorCode::invalid_argument);
    const auto no_node = ShardedServer::start({.shards = 1}, [](Shard&) -> Result<std::unique_ptr<Node>> {
        return fail(ErrorCode::unsupported, "no game today");
    });
    ASSERT_FALSE(no_node);
    EXPECT_EQ(no_node.error().message, "no game today");
}

}  // namespace
}  // namespace squall
