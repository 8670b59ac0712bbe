// Deadlines: suspended processes, idle cost, early calls, and clocks that jump.
#include <gtest/gtest.h>

#include "transport/secure/deadline_heap.hpp"
#include "transport/secure/pause_detector.hpp"
#include "unit/transport/secure_forger.hpp"

namespace squall::secure::testing {
namespace {

TEST(SecureTiming, SuspendedServerDropsNobodyWhoIsStillThere) {
    for (const auto pause : {Duration(6s), Duration(15s), Duration(1h)}) {
        SecureNet net;
        auto& a = net.connected(1);
        auto& b = net.connected(2);
        net.run_for(5s);
        // All of it stops, as on one machine; then everybody runs on.
        net.suspend(pause);
        net.run_for(20s);
        EXPECT_TRUE(a.client.is_connected());
        EXPECT_TRUE(b.client.is_connected());
        EXPECT_EQ(net.server->connected_count(), 2u);
        EXPECT_EQ(net.count(SecureEvent::Kind::disconnected), 0u);
    }
}

TEST(SecureTiming, SuspendedServerStillDropsWhoIsGone) {
    SecureNet net;
    auto& gone = net.connected(1);
    net.connected(2);
    net.run_for(5s);
    net.filter = [address = gone.address](Flight& flight) { return flight.from != address; };
    net.suspend(1h);
    net.run_for(3s);
    ASSERT_EQ(net.count(SecureEvent::Kind::disconnected), 1u);
    EXPECT_EQ(net.server_events.back().slot, 0u);
    EXPECT_EQ(net.server->connected_count(), 1u);
}

TEST(SecureTiming, ShortStallsDoNotStretchTheTimeout) {
    SecureNet net;
    auto& gone = net.connected(1);
    net.filter = [address = gone.address](Flight& flight) { return flight.from != address; };
    for (int i = 0; i < 10; ++i) {
        net.suspend(400ms);
        net.run_for(600ms);
    }
    net.run_for(200ms);
    ASSERT_EQ(net.count(SecureEvent::Kind::disconnected), 1u);
    EXPECT_LE(net.server_events.back().at, kStart + 10s + 50ms + net.latency);
}

TEST(SecureTiming, EarlyTimeoutCallsChangeNothing) {
    SecureNet net;
    auto& client = net.connected(1);
    net.log.clear();
    const auto deadline = net.server->poll_timeout();
    ASSERT_GT(deadline, net.now);
    net.server->handle_timeout(net.now);
    client.client.handle_timeout(net.now);
    net.drain();
    EXPECT_TRUE(net.log.empty());
    EXPECT_EQ(net.server->poll_timeout(), deadline);
}

TEST(SecureTiming, ServerWithoutClientsSleepsForEver) {
    SecureNet net;
    EXPECT_EQ(net.server->poll_timeout(), kNever);
    auto& client = net.connected(1);
    client.client.disconnect(net.now, DisconnectReason::requested);
    net.run_for(60s);
    EXPECT_EQ(net.server->poll_timeout(), kNever);
    EXPECT_EQ(client.client.poll_timeout(), kNever);
}

TEST(SecureTiming, BusyConnectionWakesTheServerOnceAKeepAliveInterval) {
    SecureNet net;
    auto& client = net.connected(1);
    net.run_for(1s);
    int wakes = 0;
    for (int i = 0; i < 1000; ++i) {
        net.send(client, "x");
        net.send_to(0, "y");
        net.now += 10ms;
        if (net.server->poll_timeout() <= net.now) ++wakes;
        net.run_for(0s);
    }
    EXPECT_LE(wakes, 11);  // ten seconds
}

TEST(SecureTiming, PendingClientIsForgottenAfterItsTimeout) {
    SecureNet net;
    const auto token = net.token(1);
    const auto from = Address::ipv4(1, 2, 3, 4, 5);
    net.to_server(from, request_datagram(token));
    const auto challenge = *Forger(token).open_from_server(net.sent(2).front().bytes);
    net.run_for(11s);
    net.to_server(from, Forger(token).from_client(PacketType::response, 0, challenge));
    EXPECT_EQ(net.refused(RefusalCause::unknown_sender), 1u);
    EXPECT_EQ(net.server->poll_timeout(), kNever);
}

TEST(SecureTiming, UnconfirmedClientGetsKeepAlivesAtTenHertz) {
    SecureNet net;
    auto& client = net.add_client();
    net.filter = [&](Flight& flight) { return flight.from != client.address || flight.type() <= 3; };
    ASSERT_TRUE(client.client.connect(net.now, net.token(1)));
    net.run_for(2020ms);
    EXPECT_FALSE(net.server->is_confirmed(0));
    EXPECT_NEAR(static_cast<double>(net.sent(4, kServerAddress).size()), 20.0, 1.0);
    net.filter = {};
    net.run_for(2s);
    EXPECT_TRUE(net.server->is_confirmed(0));
    net.log.clear();
    net.run_for(10s);
    EXPECT_EQ(net.sent(4, kServerAddress).size(), 10u);
}

TEST(DeadlineHeapTest, PopsInOrderAndOnlyWhatIsDue) {
    DeadlineHeap heap;
    Rng rng(4);
    for (std::uint64_t i = 0; i < 1000; ++i)
        heap.add({kStart + Duration(rng.below(100)) * 1'000'000, i, 1, DeadlineHeap::Kind::slot});
    heap.add({kNever, 5, 1, DeadlineHeap::Kind::slot});
    EXPECT_EQ(heap.size(), 1000u);
    EXPECT_FALSE(heap.pop_due(kStart - 1ns));
    TimePoint last = kStart;
    std::uint64_t last_key = 0;
    while (const auto entry = heap.pop_due(kStart + 49ms)) {
        EXPECT_GE(entry->at, last);
        if (entry->at == last && entry->at > kStart) {
            EXPECT_GT(entry->key, last_key);
        }
        last = entry->at;
        last_key = entry->key;
        EXPECT_LE(entry->at, kStart + 49ms);
    }
    EXPECT_GT(heap.next(), kStart + 49ms);
}

TEST(PauseDetectorTest, CountsOnePauseOnceAndForgivesOnlyLongOnes) {
    PauseDetector pause;
    const auto heard = kStart;
    EXPECT_EQ(pause.deadline(heard, 10s, 1s), heard + 10s);
    pause.observe(kStart + 4s, kStart + 1s);  // 3 s late: less than half of 10 s
    EXPECT_EQ(pause.deadline(heard, 10s, 1s), heard + 10s);
    EXPECT_EQ(pause.deadline(heard, 4s, 1s), kStart + 6s);
    pause.observe(kStart + 21s, kStart + 5s);
    EXPECT_EQ(pause.deadline(heard, 10s, 1s), kStart + 23s);
    pause.observe(kStart + 22s, kStart + 5s);  // the same promise
    EXPECT_EQ(pause.deadline(heard, 10s, 1s), kStart + 23s);
    EXPECT_EQ(pause.deadline(kStart + 21s, 10s, 1s), kStart + 31s);  // heard after it
    pause.observe(kStart + 30s, kNever);
    EXPECT_EQ(pause.deadline(heard, 10s, 1s), kStart + 23s);
}

TEST(SecureTiming, IdleSlotsAreReportedAsRestingOnceAKeepAliveInterval) {
    SecureNet net;
    net.connected(1);
    net.run_for(500ms);
    net.rests.clear();
    net.run_for(3s);
    EXPECT_GE(net.rests.size(), 2U);
    EXPECT_LE(net.rests.size(), 4U);
    for (const std::uint32_t slot : net.rests) EXPECT_EQ(slot, 0U);
}

}  // namespace
}  // namespace squall::secure::testing
