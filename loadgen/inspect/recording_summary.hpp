// What a recording adds up to: of the whole, of each remote, connection and second. Every byte of every
// datagram is put down to exactly one cause, so that the sums are what was at the socket. Takes records as
// they are read; knows no file.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "squall/recorder/facts.hpp"
#include "squall/recorder/packet_view.hpp"
#include "squall/recorder/profile_state.hpp"
#include "squall/recorder/record.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::loadgen {

// Where the bytes of datagrams went, as far as a reader of the packets can tell.
struct ByteShares {
    std::uint64_t payload = 0;     // messages, the first time
    std::uint64_t repeated = 0;    // messages again, with their headers
    std::uint64_t framing = 0;     // headers of frames
    std::uint64_t header = 0;      // of packets with messages: Squall's, with acknowledgements and padding
    std::uint64_t protection = 0;  // of the same: netcode's header and tag
    std::uint64_t alone = 0;       // whole packets of acknowledgements alone
    std::uint64_t control = 0;     // whole packets of other types: handshake, keep-alive, goodbye
    std::uint64_t unread = 0;      // whole packets that were refused, or whose payload was left out
    [[nodiscard]] std::uint64_t total() const {
        return payload + repeated + framing + header + protection + alone + control + unread;
    }
};

struct RemoteRow {
    std::uint64_t messages = 0;       // sent for the first time, or arrived for the first time
    std::uint64_t message_bytes = 0;  // of these
    std::uint64_t payload = 0;        // bytes in packets, first transmissions
    std::uint64_t repeated = 0;
    std::uint64_t framing = 0;
    std::uint64_t share = 0;  // of headers and protection of the packets that it was in
    [[nodiscard]] std::uint64_t on_wire() const { return payload + repeated + framing + share; }
};

struct ConnectionRow {
    ClientId client{};
    Address peer{};
    std::optional<TimePoint> opened{};
    std::optional<TimePoint> closed{};
    std::uint8_t reason = 0;
    std::array<std::uint64_t, 2> datagrams{};  // by Direction
    std::array<std::uint64_t, 2> bytes{};
    std::uint64_t lost = 0;   // of our packets
    std::uint64_t acked = 0;  // that gave a round trip
    std::uint64_t rtt_sum_us = 0;
    std::uint32_t rtt_min_us = ~std::uint32_t{0};
    std::uint32_t rtt_max_us = 0;
};

struct SecondRow {
    std::array<std::uint64_t, 2> datagrams{};
    std::array<std::uint64_t, 2> bytes{};
    std::array<std::uint64_t, 2> messages{};
    std::uint64_t refused = 0;
    std::uint64_t lost = 0;
    std::uint64_t ticks = 0;
    std::uint64_t tick_us_max = 0;
    std::uint64_t rtt_samples = 0;
    std::uint64_t rtt_sum_us = 0;
    std::uint64_t dropped = 0;  // records
};

// Which records count. Times are since the first record.
struct RecordFilter {
    std::optional<Duration> from;
    std::optional<Duration> to;
    std::optional<std::uint32_t> slot;
    std::optional<ClientId> client;
    std::optional<recorder::Direction> direction;
};

class RecordingSummary {
  public:
    explicit RecordingSummary(RecordFilter filter = {}) : filter_(std::move(filter)) {}

    // False if the filter leaves it out.
    bool add(const recorder::Record& record);

    struct Totals {
        std::array<std::uint64_t, 2> datagrams{};
        std::array<std::uint64_t, 2> bytes{};
        std::array<ByteShares, 2> shares{};
        std::array<std::uint64_t, 2> messages{};
        std::uint64_t refused = 0;
        std::uint64_t lost = 0;
        std::uint64_t dropped = 0;
        std::uint64_t ticks = 0;
        std::uint64_t marks = 0;
        trace::Histogram rtt_us;
        trace::Histogram tick_us;
    };
    [[nodiscard]] const Totals& totals() const { return totals_; }
    // By number on the wire; 0: no remote.
    [[nodiscard]] const std::map<std::uint16_t, std::array<RemoteRow, 2>>& remotes() const {
        return remotes_;
    }
    [[nodiscard]] const std::map<ConnectionId, ConnectionRow>& connections() const { return connections_; }
    [[nodiscard]] const std::map<std::uint64_t, SecondRow>& seconds() const { return seconds_; }
    // Names of remotes, from the dictionary in the recording; "-" for none, "#7" without a name.
    [[nodiscard]] std::string remote_name(std::uint16_t number) const;
    // The records' own end, if there is one and nothing was filtered: it must agree.
    [[nodiscard]] const std::optional<recorder::RecordingEnd>& end() const { return end_; }
    // What the last of the server's own figures in it say since the first of them; none: there are none, or
    // they began before the recording.
    struct Told {
        std::uint64_t bytes_received = 0;
        std::uint64_t bytes_sent = 0;
    };
    [[nodiscard]] std::optional<Told> told() const;
    // The simulated networks as they were last, as far as the recording says.
    [[nodiscard]] const std::vector<recorder::LinkCondition>& networks() const {
        return profile_.conditions().links;
    }
    // Nothing but figures: a history that was saved afterwards.
    [[nodiscard]] bool is_profile_only() const { return frames_ > 0 && wires_ == 0; }
    // Nothing was filtered.
    [[nodiscard]] bool is_whole() const {
        return !filter_.from && !filter_.to && !filter_.slot && !filter_.client && !filter_.direction;
    }
    [[nodiscard]] TimePoint first() const { return first_.value_or(TimePoint{}); }
    [[nodiscard]] Duration length() const { return newest_ - first(); }

  private:
    // What was seen of the messages of one channel and direction of one connection.
    struct Seen {
        std::uint64_t newest = 0;
        std::set<std::uint64_t> ids;                     // message x 8192 + fragment
        std::map<std::uint64_t, std::uint16_t> remotes;  // of messages in fragments
    };
    struct Channel {
        ConnectionId connection{};
        std::uint8_t direction = 0;
        std::uint8_t channel = 0;
        friend auto operator<=>(const Channel&, const Channel&) = default;
    };

    void on(const recorder::WireRecord& record);
    void on(const recorder::MessageRecord& record);
    void on(const recorder::ControlRecord& record);
    void take_apart(const recorder::WireRecord& record, ByteShares& shares);
    void on_connection(TimePoint at, const recorder::ConnectionRecord& change);
    void on_frame(const recorder::ProfileFrame& frame);
    [[nodiscard]] bool passes(TimePoint at, ConnectionId connection,
                              std::optional<recorder::Direction> direction) const;
    [[nodiscard]] std::uint16_t remote_of(const recorder::FrameView& frame, Seen& seen,
                                          std::uint64_t id) const;
    SecondRow& second_of(TimePoint at);

    RecordFilter filter_;
    std::optional<TimePoint> first_;
    TimePoint newest_{};
    Totals totals_;
    std::map<std::uint16_t, std::array<RemoteRow, 2>> remotes_;
    std::map<ConnectionId, ConnectionRow> connections_;
    std::map<std::uint64_t, SecondRow> seconds_;
    std::map<std::uint16_t, std::string> names_;
    recorder::ProfileState profile_;
    std::uint64_t frames_ = 0;
    std::uint64_t wires_ = 0;
    bool is_told_whole_ = false;  // the first figures were of what was recorded
    bool has_remotes_ = false;    // as the messages or a dictionary showed
    std::map<Channel, Seen> seen_;
    std::optional<recorder::RecordingEnd> end_;
    recorder::PacketView view_;
    struct Part {
        std::uint16_t remote = 0;
        std::size_t bytes = 0;
    };
    std::vector<Part> parts_;  // of the packet at hand
};

}  // namespace squall::loadgen
