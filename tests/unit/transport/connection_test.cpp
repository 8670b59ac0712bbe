// Two connections over a bad network in virtual time: what must hold whatever the weather.
#include "transport/connection/connection.hpp"

#include <gtest/gtest.h>

#include <set>

#include "unit/transport/connection_pair.hpp"

namespace squall::connection {
namespace {

using namespace std::chrono_literals;
using testing::ConnectionPair;
using testing::four_channels;
using testing::kOrdered;
using testing::kSequenced;
using testing::kUnordered;
using testing::kUnreliable;
using testing::number_of;
using testing::numbered_message;
using testing::Side;
using testing::Weather;

const Weather kStorm{100ms, 100ms, percent(20), percent(10)};

TEST(Connection, DeliversEachModeOnAGoodNetwork) {
    ConnectionPair pair(four_channels());
    for (std::uint8_t channel = 0; channel < 4; ++channel)
        ASSERT_TRUE(pair.sides[0].connection->send(pair.now, ChannelId{channel},
                                                   numbered_message(channel, 64), {.notify = true}));
    pair.drain();
    pair.run(1s);
    ASSERT_EQ(pair.sides[1].received.size(), 4U);
    for (std::uint8_t channel = 0; channel < 4; ++channel)
        EXPECT_EQ(number_of(pair.sides[1].received[channel].bytes), channel);
    ASSERT_EQ(pair.sides[0].settled.size(), 4U);
    for (const auto& settled : pair.sides[0].settled) EXPECT_EQ(settled.fate, MessageFate::delivered);
    EXPECT_EQ(pair.malformed, 0U);
}

TEST(Connection, FourSmallMessagesLeaveInOnePacket) {
    ConnectionPair pair(four_channels());
    for (int i = 0; i < 10; ++i)
        for (std::uint8_t channel = 0; channel < 4; ++channel)
            ASSERT_TRUE(
                pair.sides[0].connection->send(pair.now, ChannelId{channel}, numbered_message(i, 16), {}));
    pair.drain();
    EXPECT_EQ(pair.sides[0].connection->statistics().packets_sent, 1U);
}

// Each message once and in order on a reliable ordered channel; each once on an unordered one.
class ConnectionInAStorm : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(ConnectionInAStorm, ReliableMessagesArriveOnceAndInOrder) {
    ConnectionPair pair(four_channels(), kStorm, GetParam());
    Rng rng = Rng(GetParam()).fork("sizes");
    std::uint64_t sent = 0;
    std::uint64_t rejected = 0;
    pair.run(20s, 16ms, [&](TimePoint now) {
        if (sent >= 600) return;
        for (const ChannelId channel : {kOrdered, kUnordered}) {
            const std::size_t size = rng.chance(percent(5)) ? 8 + rng.below(9000) : 8 + rng.below(100);
            if (!pair.sides[0].connection->send(now, channel, numbered_message(sent, size), {.notify = true}))
                ++rejected;
        }
        ++sent;
    });
    ASSERT_EQ(rejected, 0U) << "seed " << GetParam();
    std::uint64_t next = 0;
    std::set<std::uint64_t> unordered;
    for (const auto& message : pair.sides[1].received) {
        const std::uint64_t number = number_of(message.bytes);
        ASSERT_EQ(message.bytes, numbered_message(number, message.bytes.size())) << "seed " << GetParam();
        if (message.channel == kOrdered) {
            ASSERT_EQ(number, next++) << "seed " << GetParam();
        } else {
            ASSERT_TRUE(unordered.insert(number).second) << "doubled; seed " << GetParam();
        }
    }
    EXPECT_EQ(next, 600U) << "seed " << GetParam();
    EXPECT_EQ(unordered.size(), 600U) << "seed " << GetParam();
    // Exactly one fate for each message that asked.
    std::set<std::pair<std::uint8_t, std::uint64_t>> fates;
    for (const auto& settled : pair.sides[0].settled) {
        EXPECT_TRUE(fates.insert({settled.channel.value, settled.message.value}).second);
        EXPECT_EQ(settled.fate, MessageFate::delivered);
    }
    EXPECT_EQ(fates.size(), 1200U);
    EXPECT_EQ(pair.malformed, 0U);
}

TEST_P(ConnectionInAStorm, UnreliableFatesAreToldOnceAndNeverFalselyDelivered) {
    ConnectionPair pair(four_channels(), kStorm, GetParam());
    std::uint64_t sent = 0;
    pair.run(10s, 16ms, [&](TimePoint now) {
        if (sent >= 400) return;
        for (const ChannelId channel : {kUnreliable, kSequenced})
            ASSERT_TRUE(pair.sides[0].connection->send(
                now, channel, numbered_message(sent, sent % 20 == 0 ? 3000 : 40), {.notify = true}));
        ASSERT_TRUE(pair.sides[1].connection->send(now, kUnreliable, numbered_message(sent, 40), {}));
        ++sent;
    });
    std::set<std::uint64_t> arrived[2];
    std::uint64_t newest = 0;
    for (const auto& message : pair.sides[1].received) {
        ASSERT_LT(message.channel.value, 2);
        EXPECT_TRUE(arrived[message.channel.value].insert(message.id.value).second)
            << "doubled; seed " << GetParam();
        if (message.channel != kSequenced) continue;
        EXPECT_GE(message.id.value, newest) << "older than the newest delivered; seed " << GetParam();
        newest = message.id.value;
    }
    std::set<std::pair<std::uint8_t, std::uint64_t>> told;
    for (const auto& settled : pair.sides[0].settled) {
        EXPECT_TRUE(told.insert({settled.channel.value, settled.message.value}).second)
            << "seed " << GetParam();
        // On the sequenced channel a message may have arrived and been dropped as stale.
        if (settled.fate == MessageFate::delivered && settled.channel == kUnreliable) {
            EXPECT_TRUE(arrived[0].contains(settled.message.value))
                << "acknowledged but never arrived; seed " << GetParam();
        }
    }
    EXPECT_EQ(told.size(), 800U) << "seed " << GetParam();
}

INSTANTIATE_TEST_SUITE_P(Seeds, ConnectionInAStorm, ::testing::Range<std::uint64_t>(1, 9));

TEST(Connection, ALossOnOneChannelDoesNotHoldUpAnother) {
    TransportConfig config = four_channels();
    config.early_repeat = false;
    ConnectionPair pair(config);
    pair.set_weather({25ms, 0ms, percent(100), {}});
    ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(0, 64), {}));
    pair.drain();
    pair.set_weather({25ms, 0ms, {}, {}});
    ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(1, 64), {}));
    ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kUnordered, numbered_message(2, 64), {}));
    pair.drain();
    pair.run(26ms);
    ASSERT_EQ(pair.sides[1].received.size(), 1U);
    EXPECT_EQ(pair.sides[1].received[0].channel, kUnordered);
    pair.run(2s);
    EXPECT_EQ(pair.sides[1].received.size(), 3U);
}

TEST(Connection, RttIsThePathsWhateverTheAckDelay) {
    ConnectionPair pair(four_channels(), {40ms, 0ms, {}, {}});
    pair.run(5s, 100ms, [&](TimePoint now) {
        (void)pair.sides[0].connection->send(now, kOrdered, numbered_message(0, 32), {});
    });
    const auto statistics = pair.sides[0].connection->statistics();
    EXPECT_NEAR(static_cast<double>(statistics.rtt_smoothed.count()), 80e6, 0.1e6);
    EXPECT_LT(statistics.rtt_variation, 1ms);
}

TEST(Connection, AnIdleConnectionFallsSilent) {
    ConnectionPair pair(four_channels());
    ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(0, 32), {}));
    pair.drain();
    pair.run(5s);
    const auto packets = pair.sides[0].connection->statistics().packets_sent +
                         pair.sides[1].connection->statistics().packets_sent;
    pair.run(60s);
    EXPECT_EQ(pair.sides[0].connection->statistics().packets_sent +
                  pair.sides[1].connection->statistics().packets_sent,
              packets);
    EXPECT_EQ(pair.sides[0].connection->poll_timeout(), kNever);
    EXPECT_EQ(pair.sides[1].connection->poll_timeout(), kNever);
}

TEST(Connection, TheLedgerEqualsTheBytesSent) {
    ConnectionPair pair(four_channels(), kStorm, 5);
    pair.run(10s, 16ms, [&](TimePoint now) {
        for (Side& side : pair.sides) {
            (void)side.connection->send(now, kUnreliable, numbered_message(1, 200), {});
            (void)side.connection->send(now, kOrdered, numbered_message(1, 30), {});
            if (now.time_since_epoch() % 160ms == 0ms)
                (void)side.connection->send(now, kUnordered, numbered_message(1, 5000), {.notify = true});
        }
    });
    for (Side& side : pair.sides) {
        EXPECT_EQ(side.connection->statistics().sent.total(), side.payload_bytes_sent);
        EXPECT_GT(side.connection->statistics().sent.of(ByteCause::retransmission), 0U);
    }
}

TEST(Connection, ReceivedLedgerEqualsTheBytesReceived) {
    ConnectionPair pair(four_channels());
    pair.run(3s, 16ms, [&](TimePoint now) {
        (void)pair.sides[0].connection->send(now, kOrdered, numbered_message(1, 300), {});
    });
    pair.run(3s);
    EXPECT_EQ(pair.sides[1].connection->statistics().received.total(), pair.sides[0].payload_bytes_sent);
}

TEST(Connection, RedundantInputsSurviveTwentyPercentLoss) {
    TransportConfig config = four_channels();
    config.channels[kSequenced.value].redundancy = 8;
    ConnectionPair pair(config, {30ms, 0ms, percent(20), {}}, 3);
    std::uint64_t sent = 0;
    pair.run(60s, 16ms, [&](TimePoint now) {
        (void)pair.sides[0].connection->send(now, kSequenced, numbered_message(sent++, 12), {});
        (void)pair.sides[1].connection->send(now, kUnreliable, numbered_message(0, 12), {});
    });
    pair.run(1s);
    std::uint64_t next = 0;
    std::uint64_t missing = 0;
    for (const auto& message : pair.sides[1].received) {
        missing += message.id.value - next;
        next = message.id.value + 1;
    }
    // 0.2^9 of 3,750 inputs: none. (A burst of nine losses at this seed would show here.)
    EXPECT_EQ(missing, 0U);
    EXPECT_GE(next + 9, sent);
    EXPECT_GT(pair.sides[0].connection->statistics(kSequenced).early_repeats, 0U);
}

TEST(Connection, SmallReliableMessagesAreRepeatedBeforeTheLossIsKnown) {
    ConnectionPair pair(four_channels(), {25ms, 5ms, percent(5), {}}, 11);
    std::vector<TimePoint> sent_at;
    pair.run(60s, 16ms, [&](TimePoint now) {
        (void)pair.sides[0].connection->send(now, kOrdered, numbered_message(sent_at.size(), 64), {});
        (void)pair.sides[1].connection->send(now, kOrdered, numbered_message(0, 64), {});
        sent_at.push_back(now);
    });
    std::vector<Duration> latencies;
    for (const auto& message : pair.sides[1].received)
        latencies.push_back(message.at - sent_at[number_of(message.bytes)]);
    std::sort(latencies.begin(), latencies.end());
    RecordProperty("p99_us", static_cast<int>(latencies[latencies.size() * 99 / 100] / 1us));
    EXPECT_LE(latencies[latencies.size() * 99 / 100], 55ms);
    // 28 bytes of IP and UDP beside the payload and its protection; ENet needs about 154 for the same
    // (tests/bench).
    const std::uint64_t bytes =
        pair.sides[0].payload_bytes_sent + 28 * pair.sides[0].connection->statistics().packets_sent;
    RecordProperty("bytes_per_message", static_cast<int>(bytes / sent_at.size()));
    EXPECT_LE(bytes / sent_at.size(), 225U);
}

TEST(Connection, ABurstIsNotRepeated) {
    ConnectionPair pair(four_channels());
    for (int i = 0; i < 64; ++i)
        ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(i, 64), {}));
    pair.drain();
    pair.run(1s);
    const auto statistics = pair.sides[0].connection->statistics();
    EXPECT_EQ(statistics.sent.of(ByteCause::early_repeat), 0U);
    EXPECT_EQ(statistics.packets_sent, 4U);
}

TEST(Connection, TooLargeAndEmptyAndUnknownChannelsAreRefusedWithTheLimit) {
    ConnectionPair pair(four_channels());
    auto& connection = *pair.sides[0].connection;
    const std::vector<std::byte> big(64 * 1024 + 1);
    const auto too_large = connection.send(pair.now, kOrdered, big, {});
    ASSERT_FALSE(too_large);
    EXPECT_EQ(too_large.error().code, ErrorCode::too_large);
    EXPECT_NE(too_large.error().message.find("65536"), std::string::npos) << too_large.error().message;
    EXPECT_EQ(connection.send(pair.now, kOrdered, {}, {}).error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(connection.send(pair.now, ChannelId{4}, numbered_message(0, 8), {}).error().code,
              ErrorCode::unknown_id);
}

TEST(Connection, AReliableQueueRefusesWhatDoesNotFitAndRecovers) {
    TransportConfig config = four_channels();
    config.channels[kOrdered.value].max_queued_bytes = 64 * 1024;
    ConnectionPair pair(config);
    std::uint64_t accepted = 0;
    while (pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(accepted, 1000), {}))
        ++accepted;
    EXPECT_EQ(accepted, 65U);
    pair.drain();
    pair.run(5s);
    EXPECT_EQ(pair.sides[1].received.size(), accepted);
    EXPECT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(0, 1000), {}));
}

TEST(Connection, OverBudgetUnreliableMessagesAreDroppedAndTold) {
    TransportConfig config = four_channels();
    config.initial_rate = kilobits_per_second(100);
    config.maximum_rate = kilobits_per_second(100);
    ConnectionPair pair(config);
    std::uint64_t sent = 0;
    pair.run(5s, 20ms, [&](TimePoint now) {
        ASSERT_TRUE(pair.sides[0].connection->send(now, kUnreliable, numbered_message(sent++, 1000),
                                                   {.notify = true}));
    });
    pair.run(2s);
    std::map<MessageFate, int> fates;
    for (const auto& settled : pair.sides[0].settled) ++fates[settled.fate];
    EXPECT_GT(fates[MessageFate::dropped_by_budget], 100);
    EXPECT_GT(fates[MessageFate::delivered], 20);
    EXPECT_EQ(pair.sides[0].settled.size(), sent);
}

TEST(Connection, ANewerSequencedMessageSupersedesAWaitingOne) {
    TransportConfig config = four_channels();
    config.initial_rate = kilobits_per_second(100);
    config.maximum_rate = kilobits_per_second(100);
    ConnectionPair pair(config);
    std::uint64_t sent = 0;
    pair.run(5s, 20ms, [&](TimePoint now) {
        (void)pair.sides[0].connection->send(now, kSequenced, numbered_message(sent++, 1000),
                                             {.notify = true});
    });
    pair.run(2s);
    std::map<MessageFate, int> fates;
    for (const auto& settled : pair.sides[0].settled) ++fates[settled.fate];
    EXPECT_GT(fates[MessageFate::superseded], 100);
    EXPECT_EQ(pair.sides[0].settled.size(), sent);
}

TEST(Connection, NoChannelStarvesWhenTheRateIsShort) {
    TransportConfig config = four_channels();
    config.initial_rate = config.maximum_rate = kilobits_per_second(400);
    config.channels[kUnreliable.value].weight = 100;
    config.channels[kOrdered.value].weight = 1;
    ConnectionPair pair(config);
    std::uint64_t sent = 0;
    pair.run(20s, 16ms, [&](TimePoint now) {
        for (int i = 0; i < 4; ++i)
            (void)pair.sides[0].connection->send(now, kUnreliable, numbered_message(0, 600), {});
        if (pair.sides[0].connection->send(now, kOrdered, numbered_message(sent, 50), {})) ++sent;
    });
    std::size_t ordered = 0;
    std::size_t unreliable = 0;
    for (const auto& message : pair.sides[1].received)
        (message.channel == kOrdered ? ordered : unreliable) += message.bytes.size();
    EXPECT_GT(ordered, 2000U);
    EXPECT_GT(unreliable, ordered * 10);
}

TEST(Connection, APathOfOneMegabitIsFoundAndNotFlooded) {
    // A full queue cannot be had from this simple network; what is tested is that the rate follows queueing
    // delay.
    CongestionController controller(megabits_per_second(10), kilobits_per_second(64),
                                    megabits_per_second(100));
    TimePoint now{1s};
    for (int round = 0; round < 40; ++round) {
        for (int i = 0; i < 8; ++i) {
            controller.on_sent(1200, true);
            now += 10ms;  // 1200 bytes each 10 ms: 0.96 Mbit/s get through
            controller.on_acked(now, 1200, 200ms, 50ms);
        }
    }
    EXPECT_LT(controller.rate(), megabits_per_second(1));
    EXPECT_GT(controller.rate(), kilobits_per_second(60));
}

TEST(Connection, EndingSettlesEveryOpenMessage) {
    ConnectionPair pair(four_channels(), {25ms, 0ms, percent(100), {}});
    for (std::uint8_t channel = 0; channel < 4; ++channel)
        ASSERT_TRUE(pair.sides[0].connection->send(pair.now, ChannelId{channel}, numbered_message(0, 64),
                                                   {.notify = true}));
    pair.drain();
    pair.sides[0].connection->abandon();
    pair.drain();
    ASSERT_EQ(pair.sides[0].settled.size(), 4U);
    for (const auto& settled : pair.sides[0].settled) EXPECT_EQ(settled.fate, MessageFate::connection_ended);
}

TEST(Connection, RandomPayloadsNeverChangeAnything) {
    ConnectionPair pair(four_channels());
    Rng rng(4);
    std::uint64_t number = 0;
    for (int i = 0; i < 100000; ++i) {
        std::vector<std::byte> junk(rng.below(64));
        for (std::byte& byte : junk) byte = static_cast<std::byte>(rng.below(256));
        (void)pair.sides[1].connection->on_packet(pair.now, number++, junk, junk.size() + 20);
        pair.sides[1].context.events.release_held();
        while (pair.sides[1].context.events.poll()) {
        }
    }
    EXPECT_LE(pair.sides[1].context.pool.bytes_in_use(), 4U * 1024 * 1024);
}

TEST(Connection, AnAcknowledgementOfWhatWasNeverSentIsMalformed) {
    ConnectionPair pair(four_channels());
    ASSERT_TRUE(pair.sides[0].connection->send(pair.now, kOrdered, numbered_message(0, 64), {}));
    pair.drain();
    std::array<std::byte, 16> bytes{};
    ByteWriter writer(bytes);
    writer.write(kFlagAck);
    AckFrame ack;
    ack.largest.value = 7;
    ack.serialize_to(writer);
    EXPECT_EQ(pair.sides[0].connection->on_packet(pair.now, 0, writer.written(), 40),
              Connection::Outcome::malformed);
}

// Found by the fuzzer: such an acknowledgement ended the connection.
TEST(Connection, AnAcknowledgementThatComesAfterItsPacketWasForgottenIsNoLie) {
    ConnectionPair pair(four_channels());
    Connection& connection = *pair.sides[0].connection;
    std::array<std::byte, kMaxDatagramBytes> buffer;
    ASSERT_TRUE(connection.send(pair.now, kUnreliable, numbered_message(0, 64), {.notify = true}));
    ASSERT_GT(connection.build_packet(pair.now, 5, buffer, 20), 0U);
    for (int i = 0; i < 100; ++i) {
        pair.now += 200ms;
        connection.handle_timeout(pair.now);
        (void)connection.build_packet(pair.now, 6, buffer, 20);
    }
    EXPECT_EQ(connection.poll_timeout(), kNever);
    std::array<std::byte, 16> bytes{};
    ByteWriter writer(bytes);
    writer.write(kFlagAck);
    AckFrame ack;
    ack.largest.value = 5;
    ack.serialize_to(writer);
    EXPECT_EQ(connection.on_packet(pair.now, 0, writer.written(), 40), Connection::Outcome::accepted);
}

TEST(Connection, MoreThanMayBeStoredIsNotAcknowledged) {
    TransportConfig config = four_channels();
    config.max_reassembly_bytes = 64 * 1024;
    ConnectionPair pair(config);
    // Message 0 of the ordered channel never comes; the others would have to wait.
    std::uint64_t over = 0;
    for (std::uint16_t id = 1; id < 200; ++id) {
        std::vector<std::byte> packet(1010);
        ByteWriter writer(packet);
        writer.write(kFlagAckWanted);
        writer.write(frame_head(FrameType::message, kOrdered));
        writer.write(id);
        writer.write_varint(1000);
        writer.write_zeros(1000);
        const auto outcome = pair.sides[1].connection->on_packet(pair.now, id, writer.written(), 1030);
        over += outcome == Connection::Outcome::over_limit ? 1 : 0;
    }
    EXPECT_EQ(over, 199U - 65U);
}

}  // namespace
}  // namespace squall::connection
