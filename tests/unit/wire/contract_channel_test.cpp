// Contracts between two ends over a network that loses, repeats and reorders: ids, acknowledgements,
// baselines.
#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/contract_channel.hpp"
#include "squall/wire/dynamic_contract.hpp"
#include "unit/wire/schema_types.hpp"

namespace squall::wire {
namespace {

using namespace test;
using std::chrono::milliseconds;
using Channel = ContractChannel<Contract<Player>>;

constexpr ConnectionId kPeer{0, 1};
constexpr TimePoint kStart{std::chrono::hours(3)};

struct End {
    explicit End(ContractChannelOptions options = {})
        : channel(
              Contract<Player>{"player"}, rtts,
              [this](const Player& player, std::optional<MessageId> id, bool is_delta, ConnectionId peer,
                     Channel&) {
                  EXPECT_EQ(peer, kPeer);
                  last = player;
                  last_id = id;
                  last_is_delta = is_delta;
                  ++messages;
              },
              [this](MessageId id, ConnectionId, Channel&) { acknowledged.push_back(id.value); }, options) {
        EXPECT_TRUE(channel.add_peer(kPeer));
    }
    std::vector<std::byte> send(TimePoint now, const Player& player, Tracking tracking = Tracking::tracked) {
        std::array<std::byte, 64> buffer;
        const auto sent = channel.send(now, kPeer, player, tracking, buffer);
        EXPECT_TRUE(sent) << sent.error().message;
        was_delta = sent->is_delta;
        return {sent->message.begin(), sent->message.end()};
    }
    std::vector<std::vector<std::byte>> acks() {
        std::vector<std::vector<std::byte>> all;
        std::array<std::byte, 16> buffer;
        while (const auto ack = channel.poll_acknowledgement(buffer))
            all.emplace_back(ack->message.begin(), ack->message.end());
        return all;
    }
    PeerRtts rtts;
    Player last;
    std::optional<MessageId> last_id;
    bool last_is_delta = false;
    bool was_delta = false;
    int messages = 0;
    std::vector<std::uint64_t> acknowledged;
    Channel channel;
};

TEST(ContractChannel, SendsDeltasToWhatWasAcknowledged) {
    End a;
    End b;
    Player player{1, 2, 30, 100, 100, true, 7};
    const auto full = a.send(kStart, player);
    EXPECT_FALSE(a.was_delta);
    EXPECT_EQ(full.size(), 19U);  // 3 bits and an id before 16 bytes
    player.ammo = 29;
    (void)a.send(kStart, player);
    EXPECT_FALSE(a.was_delta);  // nothing is acknowledged yet
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, full));
    EXPECT_EQ(b.last_id, MessageId{0});
    const auto acks = b.acks();
    ASSERT_EQ(acks.size(), 1U);
    EXPECT_EQ(to_hex(acks[0]), "0100000000");
    ASSERT_TRUE(a.channel.receive(kStart + milliseconds(40), kPeer, acks[0]));
    EXPECT_EQ(a.acknowledged, (std::vector<std::uint64_t>{0}));
    EXPECT_EQ(a.channel.rtt(kPeer), milliseconds(40));
    player.health = 50;
    const auto delta = a.send(kStart + milliseconds(50), player);
    EXPECT_TRUE(a.was_delta);
    // 0 1 | id 2 | 0, two back | ammo and health of 7 | 29 | 50: 44 bits, as STANDARD.md shows.
    EXPECT_EQ(to_hex(delta), "0a0008185d06");
    ASSERT_TRUE(b.channel.receive(kStart + milliseconds(60), kPeer, delta));
    EXPECT_EQ(b.last, player);
    EXPECT_TRUE(b.last_is_delta);
}

TEST(ContractChannel, WithoutAnIdThereIsNoAcknowledgementAndNoRoundTrip) {
    End a;
    End b;
    const auto message = a.send(kStart, Player{}, Tracking::untracked);
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, message));
    EXPECT_EQ(b.last_id, std::nullopt);
    EXPECT_TRUE(b.acks().empty());
    EXPECT_EQ(a.channel.rtt(kPeer), Duration{0});
    EXPECT_EQ(a.channel.baselines_of(kPeer), 0U);
}

TEST(ContractChannel, ManualAcknowledgementWaitsForTheUser) {
    End a;
    End b({.auto_acknowledge = false});
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, a.send(kStart, Player{})));
    EXPECT_TRUE(b.acks().empty());
    EXPECT_FALSE(b.channel.acknowledge(kPeer, MessageId{1}));
    ASSERT_TRUE(b.channel.acknowledge(kPeer, MessageId{0}));
    const auto acks = b.acks();
    ASSERT_EQ(acks.size(), 1U);
    ASSERT_TRUE(a.channel.receive(kStart + milliseconds(9), kPeer, acks[0]));
    EXPECT_EQ(a.acknowledged.size(), 1U);
}

TEST(ContractChannel, IgnoresLateAcknowledgementsForTheRoundTrip) {
    End a;
    End b;
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, a.send(kStart, Player{})));
    const auto first = b.acks();
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, a.send(kStart + milliseconds(100), Player{})));
    const auto second = b.acks();
    ASSERT_TRUE(a.channel.receive(kStart + milliseconds(150), kPeer, second.at(0)));
    EXPECT_EQ(a.acknowledged, (std::vector<std::uint64_t>{0, 1}));  // the second says that the first came too
    ASSERT_TRUE(a.channel.receive(kStart + milliseconds(900), kPeer, first.at(0)));
    EXPECT_EQ(a.channel.rtt(kPeer), milliseconds(50));
    EXPECT_EQ(a.acknowledged.size(), 2U);  // once each
    EXPECT_EQ(a.rtts.of(kPeer).sample_count(), 1U);
}

TEST(ContractChannel, FallsBackToFullWhenTheBaselineIsTooOldOrTooFar) {
    for (const bool far : {false, true}) {
        End a;
        End b;
        ASSERT_TRUE(b.channel.receive(kStart, kPeer, a.send(kStart, Player{})));
        ASSERT_TRUE(a.channel.receive(kStart, kPeer, b.acks().at(0)));
        TimePoint now = kStart + (far ? milliseconds(0) : milliseconds(10'001));
        if (!far) {
            (void)a.send(now, Player{});
            EXPECT_FALSE(a.was_delta);
            continue;
        }
        for (int i = 1; i <= 33; ++i) {
            (void)a.send(now, Player{});
            EXPECT_EQ(a.was_delta, i <= 32) << i;  // then the kept objects have pushed it out
        }
        EXPECT_LE(a.channel.baselines_of(kPeer), 32U);
    }
}

TEST(ContractChannel, NeitherAppliesNorAcknowledgesADeltaToWhatItDoesNotHave) {
    End a;
    End b;
    End c;  // never got the first message
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, a.send(kStart, Player{})));
    ASSERT_TRUE(a.channel.receive(kStart, kPeer, b.acks().at(0)));
    const auto delta = a.send(kStart, Player{1, 0, 0, 0, 0, false, 0});
    EXPECT_EQ(
        c.channel.receive(kStart, kPeer, delta).error().message,
        "contract 'player': a delta to message 0, which is not here; it is neither applied nor acknowledged");
    EXPECT_EQ(c.messages, 0);
    EXPECT_TRUE(c.acks().empty());
    EXPECT_EQ(c.channel.counters().unknown_baselines, 1U);
}

TEST(ContractChannel, AnswersDuplicatesAgainAndDeliversThemOnce) {
    End a;
    End b;
    const auto message = a.send(kStart, Player{});
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, message));
    ASSERT_TRUE(b.channel.receive(kStart, kPeer, message));
    EXPECT_EQ(b.messages, 1);
    EXPECT_EQ(b.acks().size(), 2U);
}

TEST(ContractChannel, RefusesWhatIsNoMessage) {
    End a;
    (void)a.send(kStart, Player{});
    const auto refused = [&](std::string_view hex) {
        return !a.channel.receive(kStart, kPeer, *from_hex(hex)).has_value();
    };
    EXPECT_TRUE(refused(""));
    EXPECT_TRUE(refused("03000000"));    // an acknowledgement cut short
    EXPECT_TRUE(refused("0b00000000"));  // of message 5, which was not sent
    EXPECT_TRUE(refused("0300000002"));  // padding that is not zero
    EXPECT_TRUE(refused("02000000000000"));
    EXPECT_EQ(a.channel.counters().malformed, 5U);
    EXPECT_FALSE(a.channel.receive(kStart, ConnectionId{9, 1}, {}));
    std::array<std::byte, 64> buffer;
    EXPECT_EQ(a.channel.send(kStart, kPeer, Player{0, 0, 31, 0, 0, false, 0}, Tracking::tracked, buffer)
                  .error()
                  .message,
              "Player.ammo: 31; it must be 0 to 30");
    EXPECT_FALSE(a.channel.send(kStart, kPeer, Player{}, Tracking::tracked, MutableBytes(buffer).first(4)));
    EXPECT_EQ(a.channel.counters().full_sent, 1U);
}

TEST(ContractChannel, WithoutAHandlerIsACodecOnly) {
    PeerRtts rtts;
    Channel channel(Contract<Player>{"player"}, rtts);
    std::array<std::byte, 64> buffer;
    ASSERT_TRUE(channel.add_peer(kPeer));
    const auto sent = channel.send(kStart, kPeer, Player{}, Tracking::tracked, buffer);
    ASSERT_TRUE(sent);
    EXPECT_TRUE(sent->message.empty());
    EXPECT_EQ(channel.rtt(kPeer), Duration{0});
    EXPECT_FALSE(channel.receive(kStart, kPeer, buffer));
    EXPECT_TRUE(channel.contract().encode(buffer, Player{}));
}

TEST(ContractChannel, ForgetsPeersAndWhatIsOld) {
    End a;
    for (int i = 0; i < 100; ++i) (void)a.send(kStart + milliseconds(i), Player{});
    EXPECT_EQ(a.channel.baselines_of(kPeer), 32U);
    EXPECT_EQ(a.channel.counters().forgotten, 68U);
    const TimePoint due = a.channel.poll_timeout();
    EXPECT_EQ(due, kStart + milliseconds(10'068) + Duration{1});
    a.channel.handle_timeout(due);
    EXPECT_EQ(a.channel.baselines_of(kPeer), 31U);
    a.channel.handle_timeout(kStart + std::chrono::hours(1));
    EXPECT_EQ(a.channel.baselines_of(kPeer), 0U);
    EXPECT_EQ(a.channel.poll_timeout(), kNever);
    a.channel.remove_peer(kPeer);
    std::array<std::byte, 64> buffer;
    EXPECT_FALSE(a.channel.send(kStart, kPeer, Player{}, Tracking::untracked, buffer));
    Channel small(Contract<Player>{"player"}, a.rtts, {}, {}, {.peers_max = 1});
    EXPECT_TRUE(small.add_peer(kPeer));
    EXPECT_FALSE(small.add_peer({1, 1}));
}

// Whatever the network does, every delivered object is one that was sent under that id, and the last one
// arrives.
TEST(ContractChannel, DeliversOnlyWhatWasSentOverAHostileNetwork) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        Rng rng(seed);
        End a;
        End b;
        std::deque<std::vector<std::byte>> to_b;
        std::deque<std::vector<std::byte>> to_a;
        std::vector<Player> sent;
        Player player{0, 0, 30, 100, 100, true, seed};
        TimePoint now = kStart;
        const auto carry = [&](auto& wire, auto deliver) {
            for (std::size_t n = wire.size(); n > 0; --n) {
                auto message = std::move(wire.front());
                wire.pop_front();
                if (rng.below(4) == 0) continue;                                     // lost
                if (rng.below(5) == 0 && wire.size() < 10) wire.push_back(message);  // repeated, later
                if (rng.below(5) == 0) {
                    wire.push_back(std::move(message));  // late
                } else {
                    deliver(message);
                }
            }
        };
        std::uint64_t deltas = 0;
        for (int i = 0; i < 400; ++i) {
            now += milliseconds(20);
            player.x += 0.5F;
            player.ammo = static_cast<std::int32_t>(rng.below(31));
            to_b.push_back(a.send(now, player));
            deltas += a.was_delta ? 1 : 0;
            sent.push_back(player);
            carry(to_b, [&](const auto& message) {
                const int before = b.messages;
                (void)b.channel.receive(now, kPeer, message);
                ASSERT_TRUE(b.messages == before || b.last == sent.at(b.last_id->value)) << seed;
            });
            for (auto& ack : b.acks()) to_a.push_back(std::move(ack));
            carry(to_a, [&](const auto& message) { ASSERT_TRUE(a.channel.receive(now, kPeer, message)); });
        }
        EXPECT_GT(deltas, 300U) << seed;
        EXPECT_GT(b.messages, 250) << seed;
        EXPECT_GT(a.acknowledged.size(), 250U) << seed;
        ASSERT_LE(a.channel.baselines_of(kPeer), 64U);
    }
}

TEST(ContractChannel, CarriesDynamicContractsToo) {
    const auto contract = *DynamicContract::make(1U, {{"hp", AttributeKind::integer, range(0, 100)}});
    PeerRtts rtts;
    DynamicObject got;
    const auto on_message = [&](const DynamicObject& object, auto, bool, ConnectionId, auto&) {
        got = object;
    };
    ContractChannel<DynamicContract> a(contract, rtts, on_message);
    ContractChannel<DynamicContract> b(contract, rtts, on_message);
    ASSERT_TRUE(a.add_peer(kPeer));
    ASSERT_TRUE(b.add_peer(kPeer));
    std::array<std::byte, 64> buffer;
    const auto sent = a.send(kStart, kPeer, {{"hp", 50}}, Tracking::tracked, buffer);
    ASSERT_TRUE(sent);
    ASSERT_TRUE(b.receive(kStart, kPeer, sent->message));
    EXPECT_EQ(got, (DynamicObject{{"hp", 50}}));
}

TEST(RttAverage, WeighsAndSpreads) {
    RttAverage rtt;
    EXPECT_EQ(rtt.average(), Duration{0});
    rtt.observe(milliseconds(100));
    EXPECT_EQ(rtt.average(), milliseconds(100));
    rtt.observe(milliseconds(200));
    EXPECT_EQ(rtt.average(), milliseconds(120));
    EXPECT_EQ(rtt.minimum(), milliseconds(100));
    EXPECT_EQ(rtt.jitter(), Duration(milliseconds(100)) / 16);
    EXPECT_NEAR(static_cast<double>(rtt.standard_deviation().count()), 40e6, 1e3);  // sqrt(0.8 * 0.2 * 100^2)
    rtt.observe(milliseconds(-5));
    EXPECT_EQ(rtt.minimum(), Duration{0});
    RttAverage half({1, 2});
    half.observe(milliseconds(10));
    half.observe(milliseconds(20));
    EXPECT_EQ(half.average(), milliseconds(15));
}

}  // namespace
}  // namespace squall::wire
