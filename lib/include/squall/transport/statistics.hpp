// What a connection and its channels did, in counters that add up: the ledger's causes sum to the datagram
// bytes, to the byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall {

// Why bytes were sent. Every byte of every datagram has exactly one cause.
enum class ByteCause : std::uint8_t {
    payload,          // message bytes, first transmission
    retransmission,   // message bytes sent again because they were lost, with their frame headers
    early_repeat,     // message bytes repeated before any loss was known (small reliable messages, redundant
                      // inputs), with headers
    framing,          // frame headers, ids and lengths of first transmissions
    acknowledgement,  // ack frames
    packet_header,    // the squall packet header
    protection,       // netcode prefix, sequence number, connection id and authentication tag
    handshake,        // requests, challenges, responses, denials, path validation
    keep_alive,       // keep-alive packets, whole
    disconnect,       // disconnect packets, whole
    padding,          // probes and padding
};
inline constexpr std::size_t kByteCauseCount = 11;
[[nodiscard]] std::string_view to_string(ByteCause cause);

struct ByteLedger {
    std::array<std::uint64_t, kByteCauseCount> bytes{};
    void add(ByteCause cause, std::uint64_t count) { bytes[static_cast<std::size_t>(cause)] += count; }
    [[nodiscard]] std::uint64_t of(ByteCause cause) const { return bytes[static_cast<std::size_t>(cause)]; }
    [[nodiscard]] std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const auto count : bytes) sum += count;
        return sum;
    }
};

struct ChannelStatistics {
    std::uint64_t messages_queued = 0;      // accepted by send()
    std::uint64_t messages_sent = 0;        // left at least once, whole
    std::uint64_t messages_delivered = 0;   // known to have arrived (acknowledged)
    std::uint64_t messages_lost = 0;        // unreliable, declared lost
    std::uint64_t messages_superseded = 0;  // unreliable sequenced, replaced before they left
    std::uint64_t messages_dropped = 0;     // never left: over budget or too old
    std::uint64_t messages_received = 0;    // handed to the application
    std::uint64_t duplicates_received = 0;  // arrived again and were not handed on
    std::uint64_t stale_received = 0;       // sequenced, older than the newest
    std::uint64_t bytes_queued = 0;         // message bytes accepted by send()
    std::uint64_t bytes_received = 0;       // message bytes handed to the application
    std::uint64_t retransmissions = 0;      // messages or fragments sent again after a loss
    std::uint64_t early_repeats = 0;        // messages sent again before a loss was known
};

struct ConnectionStatistics {
    Duration rtt_smoothed{};   // 0 before the first sample
    Duration rtt_variation{};  // mean deviation, RFC 6298
    Duration rtt_minimum{};
    Duration rtt_latest{};
    DataRate send_rate{};  // what congestion control allows now
    std::uint64_t bytes_in_flight = 0;
    std::uint64_t bytes_queued = 0;  // of messages that have not left yet
    std::uint64_t packets_sent = 0;  // payload packets
    std::uint64_t packets_received = 0;
    std::uint64_t packets_acked = 0;
    std::uint64_t packets_lost = 0;  // declared lost; of those, the late ones are in packets_spuriously_lost
    std::uint64_t packets_spuriously_lost = 0;
    std::uint64_t packets_reordered = 0;  // received after a newer one
    std::uint64_t path_changes = 0;
    ByteLedger sent;
    ByteLedger received;  // causes as the receiver can tell them
};

// What an endpoint refused, by cause: nothing that arrives is silently ignored.
enum class RefusalCause : std::uint8_t {
    too_small,
    too_large,
    unknown_packet_type,
    unknown_sender,
    wrong_version,
    wrong_protocol,
    suite_not_accepted,
    token_expired,
    token_forged,
    token_invalid,
    token_wrong_server,
    token_reused,
    already_connected,
    bad_challenge,
    not_authentic,
    replayed,
    too_old,
    wrong_size,
    wrong_state,
    malformed_payload,
    over_limit,
    server_full,
    stale_path,
};
inline constexpr std::size_t kRefusalCauseCount = 23;
[[nodiscard]] std::string_view to_string(RefusalCause cause);

struct EndpointStatistics {
    std::uint64_t datagrams_sent = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t datagrams_received = 0;
    std::uint64_t bytes_received = 0;
    std::uint64_t connections_accepted = 0;
    std::uint64_t connections_ended = 0;
    std::array<std::uint64_t, kRefusalCauseCount> refused{};
    [[nodiscard]] std::uint64_t refused_total() const {
        std::uint64_t sum = 0;
        for (const auto count : refused) sum += count;
        return sum;
    }
    [[nodiscard]] std::uint64_t of(RefusalCause cause) const {
        return refused[static_cast<std::size_t>(cause)];
    }
};

}  // namespace squall
