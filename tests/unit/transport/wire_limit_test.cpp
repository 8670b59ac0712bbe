// What is on the wire in any second, by the datagrams themselves: of one connection under maximum_rate, and
// of all of a server's under total_rate.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>

#include "unit/transport/endpoint_net.hpp"

namespace squall::testing {
namespace {

using namespace std::chrono_literals;

// The most bytes that any second held, whenever it began: (end - 1 s, end].
class SlidingSecond {
  public:
    void add(TimePoint now, std::size_t bytes) {
        sent_.emplace_back(now, bytes);
        inside_ += bytes;
        while (sent_.front().first <= now - 1s) {
            inside_ -= sent_.front().second;
            sent_.pop_front();
        }
        most_ = std::max(most_, inside_);
        all_ += bytes;
    }
    [[nodiscard]] std::size_t most() const { return most_; }
    [[nodiscard]] std::size_t all() const { return all_; }

  private:
    std::deque<std::pair<TimePoint, std::size_t>> sent_;
    std::size_t inside_ = 0;
    std::size_t most_ = 0;
    std::size_t all_ = 0;
};

constexpr std::size_t kDatagram = 1200;
constexpr ChannelId kUnreliable{0};
constexpr ChannelId kOrdered{3};

// A server that has far more to say to each client than it may, at times, and pauses between.
struct Talk {
    Talk(TransportConfig transport, std::size_t players,
         const std::function<void(ServerConfig&)>& adjust = {})
        : net(std::move(transport), 1, adjust), to_player(players) {
        net.on_wire = [this](const Address& from, const Address& to, Bytes datagram) {
            if (from != EndpointNet::kServerAddress) return;
            total.add(net.now, datagram.size());
            to_player[to.port() - 50001U].add(net.now, datagram.size());
        };
        for (std::size_t i = 0; i < players; ++i) net.add_client(Suite::aes256_gcm);
        net.run(1s);
        EXPECT_EQ(net.server->connected_count(), players);
    }
    void speak(Duration span) {
        net.run(span, 10ms, [&](TimePoint now) {
            const std::vector<std::byte> message(700, std::byte{7});
            for (const ConnectionId player : net.server->connections()) {
                for (int i = 0; i < 4; ++i) (void)net.server->send(now, player, kUnreliable, message);
                (void)net.server->send(now, player, kOrdered, message);
            }
            // Acknowledgements are asked for, too.
            for (const auto& client : net.clients)
                (void)client->send(now, client->connection(), kOrdered, Bytes(message).first(20));
        });
    }
    EndpointNet net;
    SlidingSecond total;
    std::vector<SlidingSecond> to_player;
};

TransportConfig limited_to(DataRate rate, std::size_t burst) {
    TransportConfig transport = test_transport();
    transport.initial_rate = transport.maximum_rate = rate;
    transport.burst_bytes = burst;
    return transport;
}

// With a burst that is named, maximum_rate holds for each second to a datagram, after pauses as well.
TEST(WireLimit, OfAConnectionHoldsForEverySecond) {
    for (const std::uint64_t kilobits : {64, 128, 512, 4000}) {
        const DataRate rate = kilobits_per_second(kilobits);
        const std::size_t limit = rate.bytes_in(1s);
        for (const Ratio loss : {Ratio{}, percent(5)}) {
            Talk talk(limited_to(rate, std::max<std::size_t>(2400, limit / 8)), 2);
            talk.net.loss = loss;
            for (int i = 0; i < 3; ++i) {
                talk.speak(5s);
                talk.net.run(2s);
            }
            for (const SlidingSecond& player : talk.to_player) {
                EXPECT_LE(player.most(), limit + kDatagram) << kilobits << " kbit/s";
                if (loss.numerator == 0) {
                    EXPECT_GE(player.most(), limit / 2) << "and what is allowed is used";
                }
            }
        }
    }
}

// Without, what may leave at once after a pause comes on top: 12,000 bytes or 20 ms.
TEST(WireLimit, WithoutABurstThatIsNamedIsMaximumRateAndOneBurst) {
    const DataRate rate = kilobits_per_second(128);
    Talk talk(limited_to(rate, 0), 1);
    talk.speak(5s);
    EXPECT_LE(talk.to_player[0].most(), rate.bytes_in(1s) + 12'000 + kDatagram);
    EXPECT_GT(talk.to_player[0].most(), rate.bytes_in(1s) + kDatagram);
}

TEST(WireLimit, OfAServerHoldsForEverySecondAndIsSharedFairly) {
    constexpr std::size_t kPlayers = 10;
    const DataRate total = kilobits_per_second(2000);  // of 10 players who are owed 28 Mbit/s
    const std::size_t limit = total.bytes_in(1s);
    Talk talk(test_transport(), kPlayers, [&](ServerConfig& config) { config.total_rate = total; });
    for (int i = 0; i < 3; ++i) {
        talk.speak(5s);
        talk.net.run(2s);
    }
    EXPECT_LE(talk.total.most(), limit + kDatagram);
    EXPECT_GE(talk.total.most(), limit * 8 / 10) << "and what is allowed is used";
    std::size_t least = talk.to_player[0].all();
    std::size_t most = least;
    for (const SlidingSecond& player : talk.to_player) {
        least = std::min(least, player.all());
        most = std::max(most, player.all());
    }
    EXPECT_GT(least * 10, most * 9) << "each has its turn";
    EXPECT_EQ(talk.net.server->connected_count(), kPlayers);
    // Nobody is held back for ever: what is reliable arrives.
    talk.net.run(60s);
    for (std::size_t i = 0; i < kPlayers; ++i)
        EXPECT_GT(std::ranges::count_if(talk.net.stations[1 + i].messages,
                                        [](const auto& message) { return message.first == kOrdered; }),
                  100)
            << i;
}

TEST(WireLimit, IsChecked) {
    const auto refused = [](const std::function<void(ServerConfig&)>& adjust, const char* field) {
        try {
            EndpointNet net(test_transport(), 1, adjust);
        } catch (const std::runtime_error& error) {
            return std::string(error.what()).find(field) != std::string::npos;
        }
        return false;
    };
    EXPECT_TRUE(refused([](ServerConfig& c) { c.total_rate = kilobits_per_second(100); }, "total_rate"));
    EXPECT_TRUE(refused([](ServerConfig& c) { c.transport.burst_bytes = 100; }, "burst_bytes"));
    EXPECT_TRUE(refused([](ServerConfig& c) { c.transport.burst_bytes = 100'000'000; }, "burst_bytes"));
}

}  // namespace
}  // namespace squall::testing
