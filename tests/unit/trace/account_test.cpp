// The account: bytes to their remotes and headers to the last byte, times from runs of queued messages and
// from packet numbers, and numbers that nobody can make it believe.
#include "squall/trace/account.hpp"

#include <gtest/gtest.h>

namespace squall::trace {
namespace {

using namespace std::chrono_literals;

constexpr ConnectionId kPeer{3, 1};
constexpr TimePoint kStart{1s};

struct Feed {
    Account account;
    TimePoint now = kStart;
    std::array<std::byte, 1200> bytes{};

    void emit(EventKind kind, std::uint64_t id, std::uint32_t size, std::uint32_t detail,
              Bytes payload = {}) {
        account.on_event({.at = now,
                          .kind = kind,
                          .channel = ChannelId{2},
                          .source = 1,
                          .connection = kPeer,
                          .id = id,
                          .bytes = size,
                          .detail = detail,
                          .payload = payload});
    }
    void queue(std::uint64_t id) { emit(EventKind::message_queued, id, 10, 0); }
    // `payload` bytes behind 3 of framing.
    void send(std::uint64_t id, std::uint32_t remote, std::uint32_t payload, std::uint32_t cause = 0) {
        emit(EventKind::message_sent, id, payload + 3, cause + 256 * remote, Bytes(bytes).first(payload));
    }
    // A payload packet with a number of one byte.
    void datagram(std::uint8_t number, std::uint32_t size) {
        bytes[0] = std::byte{0x15};
        bytes[1] = std::byte{number};
        emit(EventKind::datagram_sent, 0, size, 5,
             Bytes(bytes).first(std::min<std::size_t>(size, bytes.size())));
    }
    void ack(std::uint64_t number, std::uint32_t sample_us) {
        emit(EventKind::packet_acked, number, 0, sample_us);
    }
};

TEST(Account, SharesTheHeadersOfADatagramByBytesToTheLastOne) {
    Feed feed;
    feed.send(0, 1, 97);
    feed.send(1, 2, 47);
    feed.send(2, 3, 47);
    feed.datagram(7, 235);
    EXPECT_EQ(feed.account.outbound(1).payload, 97u);
    EXPECT_EQ(feed.account.outbound(1).framing, 3u);
    EXPECT_EQ(feed.account.outbound(1).headers, 17u);
    EXPECT_EQ(feed.account.outbound(2).headers, 8u);
    EXPECT_EQ(feed.account.outbound(3).headers, 10u);
    std::uint64_t sum = 0;
    for (std::uint32_t remote = 0; remote < feed.account.remote_count(); ++remote)
        sum += feed.account.outbound(remote).on_wire();
    EXPECT_EQ(sum, 235u);
    EXPECT_EQ(feed.account.endpoint().bytes_sent, 235u);
}

TEST(Account, ADatagramOfMoreMessagesThanItHasRoomForAddsUpToo) {
    Feed feed;
    for (std::uint64_t id = 0; id < 700; ++id) feed.send(id, static_cast<std::uint32_t>(id % 3) + 1, 1);
    feed.datagram(1, 700 * 4 + 30);
    feed.send(700, 1, 97);
    feed.datagram(2, 130);
    std::uint64_t sum = 0;
    std::uint64_t messages = 0;
    for (std::uint32_t remote = 0; remote < feed.account.remote_count(); ++remote) {
        sum += feed.account.outbound(remote).on_wire();
        messages += feed.account.outbound(remote).messages;
    }
    EXPECT_EQ(sum, feed.account.endpoint().bytes_sent);
    EXPECT_EQ(messages, 701u);
    EXPECT_EQ(feed.account.outbound(1).payload, 234u + 97u);
}

TEST(Account, ADatagramWithoutMessagesIsOverheadOfItsType) {
    Feed feed;
    feed.datagram(1, 40);
    EXPECT_EQ(feed.account.endpoint().overhead_sent[5], 40u);
    EXPECT_EQ(feed.account.endpoint().bytes_sent, 40u);
}

TEST(Account, TellsRepetitionsFromFirstTransmissions) {
    Feed feed;
    feed.queue(0);
    feed.send(0, 1, 100);
    feed.send(0, 1, 50);  // a further fragment of the same message
    feed.datagram(1, 200);
    feed.send(0, 1, 100, 1);
    feed.send(0, 1, 50, 2);
    feed.datagram(2, 200);
    EXPECT_EQ(feed.account.outbound(1).messages, 1u);
    EXPECT_EQ(feed.account.outbound(1).payload, 150u);
    EXPECT_EQ(feed.account.outbound(1).retransmission, 103u);
    EXPECT_EQ(feed.account.outbound(1).early_repeat, 53u);
}

TEST(Account, TimesTheQueueByTheMomentOfQueuing) {
    Feed feed;
    feed.queue(0);
    feed.queue(1);
    feed.now += 10ms;
    feed.queue(2);
    feed.now += 30ms;
    for (std::uint64_t id = 0; id < 3; ++id) feed.send(id, static_cast<std::uint32_t>(id) + 1, 10);
    feed.datagram(1, 100);
    const auto waited = [&](std::uint32_t remote) {
        return feed.account.time_of(Account::Time::queue, remote)->max();
    };
    EXPECT_EQ(waited(1), 40'000'000u);
    EXPECT_EQ(waited(2), 40'000'000u);
    EXPECT_EQ(waited(3), 30'000'000u);
}

TEST(Account, ForgetsTheMomentsOfALongQueueAndNeverOverestimates) {
    Feed feed;
    for (std::uint64_t id = 0; id < 100; ++id) {
        feed.queue(id);
        feed.now += 1ms;
    }
    for (std::uint64_t id = 0; id < 100; ++id) {
        feed.send(id, 1, 10);
        feed.datagram(static_cast<std::uint8_t>(id), 50);
    }
    const Histogram& queue = *feed.account.time_of(Account::Time::queue, 1);
    EXPECT_EQ(queue.count(), 100u);
    EXPECT_EQ(queue.min(), 1'000'000u);
    EXPECT_EQ(queue.max(), 16'000'000u);
}

TEST(Account, TimesTheWayByThePacketNumber) {
    Feed feed;
    feed.send(0, 1, 10);
    feed.datagram(9, 50);
    feed.now += 20ms;
    feed.send(1, 2, 10);
    feed.datagram(10, 50);
    feed.now += 30ms;
    feed.ack(10, 30'000);
    feed.ack(9, 0);
    feed.ack(9, 0);   // again: nothing more
    feed.ack(73, 0);  // of the same place in the window
    EXPECT_EQ(feed.account.time_of(Account::Time::wire, 1)->max(), 50'000'000u);
    EXPECT_EQ(feed.account.time_of(Account::Time::wire, 1)->count(), 1u);
    EXPECT_EQ(feed.account.time_of(Account::Time::wire, 2)->max(), 30'000'000u);
    EXPECT_EQ(feed.account.round_trips().count(), 1u);
    EXPECT_EQ(feed.account.endpoint().packets_acked, 4u);
}

TEST(Account, ALostPacketIsALossOfWhatItCarried) {
    Feed feed;
    feed.send(0, 1, 10);
    feed.send(1, 1, 10);
    feed.send(2, 2, 10);
    feed.datagram(4, 80);
    feed.emit(EventKind::packet_lost, 4, 80, 0);
    EXPECT_EQ(feed.account.outbound(1).lost, 2u);
    EXPECT_EQ(feed.account.outbound(2).lost, 1u);
    EXPECT_EQ(feed.account.endpoint().packets_lost, 1u);
}

TEST(Account, AnotherTenantOfASlotStartsAnew) {
    Feed feed;
    feed.queue(0);
    feed.now += 1s;
    feed.account.on_event({.at = feed.now,
                           .kind = EventKind::connection_connected,
                           .source = 1,
                           .connection = ConnectionId{3, 3}});
    Event sent{.at = feed.now,
               .kind = EventKind::message_sent,
               .source = 1,
               .connection = ConnectionId{3, 3},
               .bytes = 10,
               .detail = 256};
    feed.account.on_event(sent);
    feed.datagram(1, 50);
    EXPECT_EQ(feed.account.time_of(Account::Time::queue, 1)->max(), 0u);
}

TEST(Account, SharesTheHeadersOfWhatArrivesAsOfWhatLeaves) {
    Feed feed;
    feed.emit(EventKind::datagram_received, 0, 235, 5);
    feed.emit(EventKind::message_received, 0, 97, 3 + 256 * 1);
    feed.emit(EventKind::frame_received, 1, 50, 256 * 2, Bytes(feed.bytes).first(47));
    feed.emit(EventKind::frame_received, 2, 50, 1 + 256 * 3, Bytes(feed.bytes).first(47));
    // Put together of frames that were told: nothing more of the socket's bytes.
    feed.emit(EventKind::message_received, 1, 3000, 0);
    const RemoteCounters one = feed.account.inbound(1);
    EXPECT_EQ(one.payload, 97u);
    EXPECT_EQ(one.framing, 3u);
    EXPECT_EQ(one.headers, 17u);
    EXPECT_EQ(feed.account.inbound(2).payload, 47u);
    EXPECT_EQ(feed.account.inbound(2).headers, 8u);
    EXPECT_EQ(feed.account.inbound(3).payload, 0u);
    EXPECT_EQ(feed.account.inbound(3).retransmission, 50u);
    EXPECT_EQ(feed.account.inbound(3).headers, 10u);
    EXPECT_EQ(feed.account.overhead_received(), 0u);
    EXPECT_EQ(feed.account.endpoint().received[5], 235u);
}

TEST(Account, MessagesThatArriveAreTheRemotesOnceTheRegistrySaysSo) {
    Feed feed;
    feed.emit(EventKind::datagram_received, 0, 100, 5);
    feed.emit(EventKind::message_received, 0, 60, 3 + 256 * 4);
    feed.emit(EventKind::message_received, 1, 10, 3);
    EXPECT_EQ(feed.account.inbound(kNoRemote).messages, 2u);
    feed.emit(EventKind::remote_received, 4, 60, 2);
    EXPECT_EQ(feed.account.inbound(4).messages, 1u);
    EXPECT_EQ(feed.account.inbound(4).stopped[2], 1u);
    EXPECT_EQ(feed.account.inbound(kNoRemote).messages, 1u);
    EXPECT_EQ(feed.account.inbound(kNoRemote).payload, 10u);
    EXPECT_EQ(feed.account.inbound(4).on_wire() + feed.account.inbound(kNoRemote).on_wire(), 100u);
}

TEST(Account, WhatArrivesWithoutMessagesIsOverhead) {
    Feed feed;
    feed.emit(EventKind::datagram_received, 0, 40, 5);
    EXPECT_EQ(feed.account.overhead_received(), 40u) << "also of the datagram that came last";
    feed.emit(EventKind::datagram_received, 0, 50, 5);
    feed.emit(EventKind::datagram_refused, 0, 50, 1);
    feed.emit(EventKind::datagram_received, 0, 100, 5);
    feed.emit(EventKind::message_received, 0, 60, 3 + 256 * 4);
    EXPECT_EQ(feed.account.overhead_received(), 90u);
    EXPECT_EQ(feed.account.inbound(4).on_wire(), 100u);
}

TEST(Account, ADatagramThatBringsMoreFramesThanItHasRoomForAddsUpToo) {
    Feed feed;
    feed.emit(EventKind::datagram_received, 0, 700 * 4 + 30, 5);
    for (std::uint32_t id = 0; id < 700; ++id)
        feed.emit(EventKind::message_received, id, 1, 3 + 256 * (id % 3 + 1));
    std::uint64_t sum = feed.account.overhead_received();
    for (std::uint32_t remote = 0; remote < feed.account.remote_count(); ++remote)
        sum += feed.account.inbound(remote).on_wire();
    EXPECT_EQ(sum, 700u * 4 + 30);
    EXPECT_EQ(feed.account.inbound(1).payload, 234u);
}

TEST(Account, RemotesBeyondTheLimitAreCountedTogether) {
    Feed feed;
    feed.send(0, 5000, 10);
    feed.datagram(1, 50);
    feed.emit(EventKind::remote_received, 1'000'000'000'000, 60, 0);
    EXPECT_EQ(feed.account.outbound(kNoRemote).on_wire(), 50u);
    EXPECT_EQ(feed.account.remote_count(), 1u);
    EXPECT_EQ(feed.account.outbound(5000), RemoteCounters{});
}

TEST(Account, CountsBytesOfMoreConnectionsThanItTimes) {
    Account account({.max_timed_connections = 1});
    for (std::uint32_t slot = 0; slot < 3; ++slot) {
        const Event event{.at = kStart,
                          .kind = EventKind::message_sent,
                          .connection = ConnectionId{slot, 1},
                          .id = 5,
                          .bytes = 20,
                          .detail = 256};
        Event queued = event;
        queued.kind = EventKind::message_queued;
        account.on_event(queued);
        account.on_event(event);
        account.on_event({.at = kStart, .kind = EventKind::datagram_sent, .bytes = 30});
    }
    EXPECT_EQ(account.outbound(1).on_wire(), 90u);
    EXPECT_EQ(account.outbound(1).messages, 3u);
    EXPECT_EQ(account.time_of(Account::Time::queue, 1)->count(), 1u);
}

TEST(Account, TicksHandlersAndCalls) {
    Feed feed;
    feed.emit(EventKind::tick, 1, 0, 1500);
    feed.emit(EventKind::remote_handled, 2, 0, 700);
    feed.emit(EventKind::call_settled, 2, 0, 50'000);
    feed.emit(EventKind::remote_failed, 2, 40, 0);
    feed.emit(EventKind::remote_failed, 2, 40, 0);
    EXPECT_EQ(feed.account.inbound(2).errors, 2u);
    EXPECT_EQ(feed.account.inbound(1).errors, 0u);
    EXPECT_EQ(feed.account.ticks(), 1u);
    EXPECT_EQ(feed.account.tick_nanoseconds(), 1'500'000u);
    EXPECT_EQ(feed.account.tick_times().max(), 1'500'000u);
    EXPECT_EQ(feed.account.time_of(Account::Time::handler, 2)->max(), 700u);
    EXPECT_EQ(feed.account.time_of(Account::Time::call, 2)->max(), 50'000'000u);
    EXPECT_EQ(feed.account.time_of(Account::Time::call, 1), nullptr);
}

}  // namespace
}  // namespace squall::trace
