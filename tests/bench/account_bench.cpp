// What the always-on account costs: a message sent, a whole message (queued, sent, its share of a datagram
// and of an acknowledgement), a message received; and a snapshot of 500 remotes, with its bytes.
#include <benchmark/benchmark.h>

#include <memory>
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

struct Parts {
    bool queued = false;
    bool sent = false;
    bool acked = false;
    bool received = false;
};

// A tick: each connection gets one packet of messages of its own remotes, is acknowledged, and answers. The
// events are made as the transport makes them, one after the other in one place.
template <class Emit>
void tick(std::vector<std::byte>& bytes, const Parts& parts, Emit emit) {
    Event event;
    event.source = 1;
    event.channel = ChannelId{1};
    event.at = TimePoint{std::chrono::seconds(1)};
    for (std::uint32_t slot = 0; slot < kConnections; ++slot) {
        event.connection = {slot, 1};
        for (std::size_t i = 0; i < kMessagesPerPacket && parts.queued; ++i) {
            event.kind = EventKind::message_queued;
            event.id = i;
            emit(event);
        }
        for (std::size_t i = 0; i < kMessagesPerPacket && parts.sent; ++i) {
            event.kind = EventKind::message_sent;
            event.id = i;
            event.bytes = 40;
            event.detail = 256 * static_cast<std::uint32_t>(1 + (slot * 7 + i) % 500);
            event.payload = Bytes(bytes).first(37);
            emit(event);
        }
        if (parts.sent) {
            event.kind = EventKind::datagram_sent;
            event.bytes = 40 * kMessagesPerPacket + 30;
            event.detail = 5;
            event.payload = Bytes(bytes).first(event.bytes);
            emit(event);
        }
        if (parts.acked) {
            event.kind = EventKind::packet_acked;
            event.id = 9;
            event.detail = 50'000;
            emit(event);
        }
        if (!parts.received) continue;
        event.kind = EventKind::datagram_received;
        event.bytes = 40 * kMessagesPerPacket + 30;
        event.detail = 5;
        emit(event);
        for (std::size_t i = 0; i < kMessagesPerPacket; ++i) {
            const auto remote = static_cast<std::uint32_t>(1 + (slot * 7 + i) % 500);
            event.kind = EventKind::message_received;
            event.bytes = 37;
            event.detail = 3 + 256 * remote;
            emit(event);
            event.kind = EventKind::remote_received;
            event.id = remote;
            event.detail = 0;
            emit(event);
        }
    }
}

// A payload packet with the number 9.
std::vector<std::byte> packet() {
    std::vector<std::byte> bytes(1200);
    bytes[0] = std::byte{0x15};
    bytes[1] = std::byte{9};
    return bytes;
}

// What making the events costs by itself.
class NoSink final : public trace::Sink {
  public:
    void on_event(const Event& event) override { sum_ += event.bytes + event.detail; }
    std::uint64_t sum_ = 0;
};

void play(benchmark::State& state, trace::Sink& sink, const Parts& parts) {
    auto bytes = packet();
    for (auto _ : state) {
        tick(bytes, parts, [&sink](const Event& event) { sink.on_event(event); });
        benchmark::ClobberMemory();
    }
    const auto messages = state.iterations() * static_cast<std::int64_t>(kConnections * kMessagesPerPacket);
    state.SetItemsProcessed(messages);
    state.counters["ns/message"] = benchmark::Counter(
        static_cast<double>(messages) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// The cost is the difference to the one where nobody listens.
void no_account(benchmark::State& state, const Parts& parts) {
    NoSink sink;
    play(state, sink, parts);
}
void account(benchmark::State& state, const Parts& parts) {
    Account sink;
    play(state, sink, parts);
}
BENCHMARK_CAPTURE(no_account, sent, Parts{.sent = true});
BENCHMARK_CAPTURE(account, sent, Parts{.sent = true});
BENCHMARK_CAPTURE(no_account, queue_to_ack, Parts{.queued = true, .sent = true, .acked = true});
BENCHMARK_CAPTURE(account, queue_to_ack, Parts{.queued = true, .sent = true, .acked = true});
BENCHMARK_CAPTURE(no_account, received, Parts{.received = true});
BENCHMARK_CAPTURE(account, received, Parts{.received = true});

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
    auto bytes = packet();
    Account counting;
    const auto count = [&counting](const Event& event) { counting.on_event(event); };
    const Parts all{true, true, true, true};
    tick(bytes, all, count);
    const recorder::Stats before = counted(counting);
    tick(bytes, all, count);
    recorder::Stats now = counted(counting);
    for (auto& entry : now.connections) ++entry.counters.packets_sent;
    std::vector<std::byte> out;
    for (auto _ : state) {
        out.clear();
        benchmark::DoNotOptimize(recorder::encode_stats(&before, now, 2, out));
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(BM_EncodeStats500Remotes);

}  // namespace
}  // namespace squall
