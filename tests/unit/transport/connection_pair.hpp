// Two connections and a bad network between them, in virtual time. No encryption: this is the layer above it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "squall/core/rng.hpp"
#include "transport/connection/connection.hpp"

namespace squall::connection::testing {

struct Weather {
    Duration delay = std::chrono::milliseconds(25);
    Duration jitter{0};
    Ratio loss{};
    Ratio duplicate{};
};

struct Received {
    ChannelId channel;
    MessageId id;
    std::vector<std::byte> bytes;
    TimePoint at;
};

class Side {
  public:
    explicit Side(const TransportConfig& transport) : config(transport), context(config) {
        connection = std::make_unique<Connection>(ConnectionId{0, 1}, context);
    }
    ~Side() { connection.reset(); }

    TransportConfig config;
    ConnectionContext context;
    std::unique_ptr<Connection> connection;
    std::vector<Received> received;
    std::vector<MessageSettled> settled;
    std::uint64_t next_number = 0;
    std::uint64_t last_arrived = 0;
    std::vector<bool> seen;  // the secure layer's replay protection
    std::uint64_t payload_bytes_sent = 0;
};

class ConnectionPair {
  public:
    static constexpr std::size_t kProtection = 20;

    explicit ConnectionPair(const TransportConfig& config, Weather weather = {}, std::uint64_t seed = 1)
        : sides{Side(config), Side(config)}, weather_(weather), rng_(seed) {}

    Side sides[2];
    TimePoint now{std::chrono::seconds(1)};
    std::uint64_t malformed = 0;

    // Runs until `end`; calls `tick` at every multiple of `interval`.
    template <class Tick>
    void run(Duration span, Duration interval, Tick tick) {
        const TimePoint end = now + span;
        TimePoint next_tick = now;
        for (;;) {
            TimePoint next = std::min(end, next_tick);
            if (!wire_.empty()) next = std::min(next, wire_.begin()->first.first);
            for (Side& side : sides) next = std::min(next, std::max(now, side.connection->poll_timeout()));
            now = next;
            if (now >= end) return;
            deliver();
            for (Side& side : sides)
                if (side.connection->poll_timeout() <= now) side.connection->handle_timeout(now);
            if (now >= next_tick) {
                tick(now);
                next_tick += interval;
            }
            drain();
        }
    }
    void run(Duration span) {
        run(span, std::chrono::hours(1), [](TimePoint) {});
    }

    void drain() {
        for (int from = 0; from < 2; ++from) {
            Side& side = sides[from];
            std::array<std::byte, kMaxDatagramBytes> buffer;
            while (const std::size_t size =
                       side.connection->build_packet(now, side.next_number, buffer, kProtection)) {
                side.payload_bytes_sent += size + kProtection;
                if (on_packet) on_packet(from, side.next_number, Bytes(buffer).first(size));
                send(1 - from, side.next_number++, Bytes(buffer).first(size));
            }
            poll_events(side);
        }
    }

    // For whoever wants to write it down: packets as they leave, as they are taken in, and messages as they
    // are handed on. `from` is the side that sent them.
    std::function<void(int from, std::uint64_t number, Bytes)> on_packet;
    std::function<void(int from, std::uint64_t number)> on_arrival;
    std::function<void(int from, const MessageReceived&)> on_message;

    void set_weather(Weather weather) { weather_ = weather; }

  private:
    struct InFlight {
        int to;
        std::uint64_t number;
        std::vector<std::byte> bytes;
    };

    void send(int to, std::uint64_t number, Bytes bytes) {
        const int copies = rng_.chance(weather_.duplicate) ? 2 : 1;
        for (int i = 0; i < copies; ++i) {
            if (rng_.chance(weather_.loss)) continue;
            const Duration jitter{weather_.jitter.count() == 0 ? 0
                                                               : rng_.between(0, weather_.jitter.count())};
            wire_.emplace(std::pair(now + weather_.delay + jitter, sequence_++),
                          InFlight{to, number, {bytes.begin(), bytes.end()}});
        }
    }

    void deliver() {
        while (!wire_.empty() && wire_.begin()->first.first <= now) {
            InFlight packet = std::move(wire_.begin()->second);
            wire_.erase(wire_.begin());
            Side& side = sides[packet.to];
            if (side.seen.size() <= packet.number) side.seen.resize(packet.number + 1);
            if (side.seen[packet.number]) continue;
            side.seen[packet.number] = true;
            side.context.events.release_held();
            const auto outcome = side.connection->on_packet(now, packet.number, packet.bytes,
                                                            packet.bytes.size() + kProtection);
            if (outcome == Connection::Outcome::malformed) ++malformed;
            if (outcome == Connection::Outcome::accepted && on_arrival)
                on_arrival(1 - packet.to, packet.number);
            poll_events(side);
        }
    }

    void poll_events(Side& side) {
        while (const auto event = side.context.events.poll()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event); message != nullptr && on_message)
                on_message(&side == &sides[0] ? 1 : 0, *message);
            if (const auto* message = std::get_if<MessageReceived>(&*event))
                side.received.push_back({message->channel,
                                         message->message,
                                         {message->bytes.begin(), message->bytes.end()},
                                         now});
            if (const auto* settled = std::get_if<MessageSettled>(&*event)) side.settled.push_back(*settled);
        }
    }

    Weather weather_;
    Rng rng_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<TimePoint, std::uint64_t>, InFlight> wire_;
};

inline TransportConfig four_channels() {
    TransportConfig config;
    config.protocol_id = 1;
    config.channels = {{.name = "unreliable", .mode = ChannelMode::unreliable},
                       {.name = "sequenced", .mode = ChannelMode::unreliable_sequenced},
                       {.name = "unordered", .mode = ChannelMode::reliable_unordered},
                       {.name = "ordered", .mode = ChannelMode::reliable_ordered}};
    return config;
}
inline constexpr ChannelId kUnreliable{0};
inline constexpr ChannelId kSequenced{1};
inline constexpr ChannelId kUnordered{2};
inline constexpr ChannelId kOrdered{3};

// A message whose content follows from its number and size, so that any mix-up is seen.
inline std::vector<std::byte> numbered_message(std::uint64_t number, std::size_t size) {
    std::vector<std::byte> bytes(std::max<std::size_t>(size, 8));
    ByteWriter writer(bytes);
    writer.write(number);
    for (std::size_t i = 8; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>((number * 31 + i * 7) & 0xff);
    return bytes;
}
inline std::uint64_t number_of(Bytes message) {
    return ByteReader(message).read<std::uint64_t>();
}

}  // namespace squall::connection::testing
