// What is counted of a remote, a connection and a whole endpoint: plain structs of 64-bit numbers, so that
// differences, sums and codecs treat all alike. Knows neither who counts (account.hpp) nor who shows.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace squall::trace {

// Room for the transport's and the remotes' enumerations; names travel beside the numbers.
inline constexpr std::size_t kMaxOutcomes = 16;
inline constexpr std::size_t kMaxByteCauses = 16;
inline constexpr std::size_t kMaxPacketTypes = 16;
inline constexpr std::size_t kMaxRefusalCauses = 32;

// Where messages of no remote are counted: greetings, raw payloads, channels of the application, and what
// names no remote that there is. A remote's own number is its place in the registry plus one, as on the wire.
inline constexpr std::uint32_t kNoRemote = 0;
inline constexpr std::string_view kNoRemoteName = "(other messages)";

// One remote in one direction, since the start: payload + framing + retransmission + early_repeat + headers
// is what it took of the socket's bytes.
struct RemoteCounters {
    // One a recipient. Outbound: when it leaves for the first time; inbound: when it is handed to the remote.
    std::uint64_t messages = 0;
    std::uint64_t payload = 0;  // bytes of the messages (remote number, operation, object), the first time
    std::uint64_t framing = 0;  // frame headers, the first time
    std::uint64_t retransmission = 0;  // with frame headers; outbound: sent again after a loss; inbound: what
                                       // had come before, for whatever reason it was sent again
    std::uint64_t early_repeat = 0;    // outbound: sent again before a loss was known, with frame headers
    std::uint64_t headers =
        0;                     // its share, by bytes, of packet headers, protection and acks in its datagrams
    std::uint64_t errors = 0;  // inbound: handlers and middleware that threw
    std::uint64_t lost = 0;    // transmissions in packets that were declared lost
    std::array<std::uint64_t, kMaxOutcomes> stopped{};  // by outcome; 0 (passed) is not counted

    [[nodiscard]] std::uint64_t on_wire() const {
        return payload + framing + retransmission + early_repeat + headers;
    }
    friend bool operator==(const RemoteCounters&, const RemoteCounters&) = default;
};

// One connection. The first block counts since it was opened, the second is as it is now.
struct ConnectionCounters {
    std::array<std::uint64_t, kMaxByteCauses> sent{};      // bytes by cause
    std::array<std::uint64_t, kMaxByteCauses> received{};  // bytes by cause, as the receiver can tell them
    std::uint64_t packets_sent = 0;
    std::uint64_t packets_received = 0;
    std::uint64_t packets_acked = 0;
    std::uint64_t packets_lost = 0;
    std::uint64_t packets_spuriously_lost = 0;
    std::uint64_t packets_reordered = 0;
    std::uint64_t path_changes = 0;

    std::uint64_t rtt_latest = 0;  // nanoseconds, as the next three
    std::uint64_t rtt_smoothed = 0;
    std::uint64_t rtt_variation = 0;
    std::uint64_t rtt_minimum = 0;
    std::uint64_t send_rate = 0;  // bits per second that congestion control allows
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t bytes_queued = 0;

    friend bool operator==(const ConnectionCounters&, const ConnectionCounters&) = default;
};

// A socket, or several of one process together. What is sent adds up: the outbound on_wire() of all remotes
// (kNoRemote included) and overhead_sent are bytes_sent. What is received: the inbound on_wire() of all
// remotes and the overhead, which is the difference: refused datagrams, and those with no message.
struct EndpointCounters {
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t bytes_refused = 0;  // of those received
    std::uint64_t connections_opened = 0;
    std::uint64_t connections_closed = 0;
    std::uint64_t packets_acked = 0;
    std::uint64_t packets_lost = 0;
    std::array<std::uint64_t, kMaxPacketTypes> overhead_sent{};  // datagrams with no message, by packet type
    std::array<std::uint64_t, kMaxPacketTypes> received{};       // whole datagrams, by packet type
    friend bool operator==(const EndpointCounters&, const EndpointCounters&) = default;
};

// Datagrams that were refused, by cause.
struct RefusalCounters {
    std::array<std::uint64_t, kMaxRefusalCauses> refused{};
    friend bool operator==(const RefusalCounters&, const RefusalCounters&) = default;
};

// The process around it.
struct ProcessCounters {
    std::uint64_t ticks = 0;
    std::uint64_t tick_time = 0;    // nanoseconds in all ticks together
    std::uint64_t tick_budget = 0;  // nanoseconds that one tick may take; 0: not known
    std::uint64_t cpu_time = 0;     // nanoseconds that the process computed
    std::uint64_t memory_bytes = 0;
    std::uint64_t recorded_bytes = 0;
    std::uint64_t recorder_dropped = 0;  // records
    std::uint64_t samples_dropped = 0;   // messages that were asked for and not sampled
    friend bool operator==(const ProcessCounters&, const ProcessCounters&) = default;
};

// The struct as its numbers, in the order above; that order is wire format, new ones are put at the end.
template <class Counters>
inline constexpr std::size_t kNumberCount = sizeof(Counters) / sizeof(std::uint64_t);
template <class Counters>
using Numbers = std::array<std::uint64_t, kNumberCount<Counters>>;
template <class Counters>
[[nodiscard]] Numbers<Counters> numbers_of(const Counters& counters) {
    return std::bit_cast<Numbers<Counters>>(counters);
}
template <class Counters>
[[nodiscard]] Counters from_numbers(const Numbers<Counters>& numbers) {
    return std::bit_cast<Counters>(numbers);
}
// Adds each number of a difference; modulo 2^64, so that what went down comes as a large number.
template <class Counters>
[[nodiscard]] Counters sum_of(const Counters& counters, const Counters& difference) {
    auto out = numbers_of(counters);
    const auto more = numbers_of(difference);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += more[i];
    return from_numbers<Counters>(out);
}
template <class Counters>
[[nodiscard]] Counters difference_of(const Counters& now, const Counters& before) {
    auto out = numbers_of(now);
    const auto less = numbers_of(before);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] -= less[i];
    return from_numbers<Counters>(out);
}
// The difference in place; false if all of it is zero.
template <class Counters>
bool subtract(Counters& counters, const Counters& before) {
    auto numbers = numbers_of(counters);
    const auto less = numbers_of(before);
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
        numbers[i] -= less[i];
        any |= numbers[i];
    }
    counters = from_numbers<Counters>(numbers);
    return any != 0;
}

static_assert(kNumberCount<RemoteCounters> <= 64 && kNumberCount<ConnectionCounters> <= 64 &&
              kNumberCount<EndpointCounters> <= 64 && kNumberCount<RefusalCounters> <= 64 &&
              kNumberCount<ProcessCounters> <= 64);

}  // namespace squall::trace
