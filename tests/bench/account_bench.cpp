// What the always-on account costs: a message sent, a whole message (queued, sent, its share of a datagram
// and of an acknowledgement), a message received; and a snapshot of 500 remotes, with its bytes.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_state.hpp"
#include "squall/trace/account.hpp"

namespace squall {
namespace {

using trace::Account;
using trace::Event;
using trace::EventKind;

constexpr std::size_t kConnections = 64;
constexpr std::size_t kMessagesPerPacket = 12;

// A tick: each connection gets one packet of messages of ten remotes, is acknowledged, and answers.
std::vector<Event> tick(std::vector<std::byte>& bytes, bool with_queue, bool with_ack, bool with_sent,
                        bool with_received) {
    bytes.resize(1200);
    bytes[0] = std::byte{0x15};
    bytes[1] = std::byte{9};
    std::vector<Event> events;
    for (std::uint32_t slot = 0; slot < kConnections; ++slot) {
        Event event;
        event.connection = {slot, 1};
        event.at = TimePoint{std::chrono::seconds(1)};
        event.source = 1;
        event.channel = ChannelId{1};
        for (std::size_t i = 0; i < kMessagesPerPacket && with_queue; ++i) {
            event.kind = EventKind::message_queued;
            event.id = i;
            events.push_back(event);
        }
        for (std::size_t i = 0; i < kMessagesPerPacket && with_sent; ++i) {
            event.kind = EventKind::message_sent;
            event.id = i;
            event.bytes = 40;
            event.detail = 256 * static_cast<std::uint32_t>(1 + (slot * 7 + i) % 500);
            event.payload = Bytes(bytes).first(37);
            events.push_back(event);
        }
        if (with_sent) {
            event.kind = EventKind::datagram_sent;
            event.bytes = 40 * kMessagesPerPacket + 30;
            event.detail = 5;
            event.payload = Bytes(bytes).first(event.bytes);
            events.push_back(event);
        }
        if (with_ack) {
            event.kind = EventKind::packet_acked;
            event.id = 9;
            event.detail = 50'000;
            events.push_back(event);
        }
        for (std::size_t i = 0; i < kMessagesPerPacket && with_received; ++i) {
            event.kind = EventKind::message_received;
            event.bytes = 37;
            event.detail = 0;
            events.push_back(event);
            event.kind = EventKind::remote_received;
            event.id = 1 + (slot * 7 + i) % 500;
            events.push_back(event);
        }
    }
    return events;
}

void play(benchmark::State& state, const std::vector<Event>& events) {
    Account account;
    trace::Sink& sink = account;
    for (auto _ : state) {
        for (const Event& event : events) sink.on_event(event);
        benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(
        static_cast<std::int64_t>(state.iterations() * kConnections * kMessagesPerPacket));
    state.counters["ns/message"] =
        benchmark::Counter(static_cast<double>(state.iterations() * kConnections * kMessagesPerPacket) / 1e9,
                           benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BM_AccountSent(benchmark::State& state) {
    std::vector<std::byte> bytes;
    play(state, tick(bytes, false, false, true, false));
}
BENCHMARK(BM_AccountSent);

void BM_AccountSentFromQueueToAck(benchmark::State& state) {
    std::vector<std::byte> bytes;
    play(state, tick(bytes, true, true, true, false));
}
BENCHMARK(BM_AccountSentFromQueueToAck);

void BM_AccountReceived(benchmark::State& state) {
    std::vector<std::byte> bytes;
    play(state, tick(bytes, false, false, false, true));
}
BENCHMARK(BM_AccountReceived);

recorder::Stats counted(const Account& account) {
    recorder::Stats out;
    for (std::uint32_t remote = 1; remote < account.remote_count(); ++remote) {
        out.remotes.push_back({remote, recorder::Direction::inbound, account.inbound(remote)});
        out.remotes.push_back({remote, recorder::Direction::outbound, account.outbound(remote)});
    }
    for (std::uint32_t slot = 0; slot < kConnections; ++slot) {
        trace::ConnectionCounters counters{.packets_sent = 1000 + slot,
                                           .packets_received = 900,
                                           .packets_acked = 800,
                                           .rtt_latest = 50'000'000,
                                           .rtt_smoothed = 51'000'000};
        counters.sent[0] = 100'000 + slot;
        counters.received[0] = 100'000;
        out.connections.push_back({1, {slot, 1}, counters});
    }
    return out;
}

// The bytes of one frame: what changed since the one before.
void BM_EncodeStats500Remotes(benchmark::State& state) {
    std::vector<std::byte> bytes;
    Account account;
    const auto events = tick(bytes, true, true, true, true);
    for (const Event& event : events) account.on_event(event);
    const recorder::Stats before = counted(account);
    for (const Event& event : events) account.on_event(event);
    recorder::Stats now = counted(account);
    for (auto& entry : now.connections) ++entry.counters.packets_sent;
    std::vector<std::byte> out;
    for (auto _ : state) {
        out.clear();
        const recorder::ProfileFrame frame = recorder::difference_between(before, now);
        benchmark::DoNotOptimize(recorder::encode(frame, out));
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_EncodeStats500Remotes);

}  // namespace
}  // namespace squall
