// Counts what each remote costs, from the stream of trace events of one or more endpoints of a process:
// messages, bytes by cause to the byte of the socket, losses, and where time goes (in the queue, on the way,
// in the handler, from call to answer). Meant to run always: a few nanoseconds a message, no allocation once
// it has seen the remotes and connections that there are. Reads no clock; knows remotes by number only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "squall/core/ring_buffer.hpp"
#include "squall/trace/counters.hpp"
#include "squall/trace/histogram.hpp"
#include "squall/trace/sink.hpp"

namespace squall::trace {

struct AccountConfig {
    // Messages of remotes with greater numbers are counted under kNoRemote.
    std::uint32_t max_remotes = 4096;
    // How many connections' messages are timed; of further ones only bytes are counted. About 3 KB each.
    std::uint32_t max_timed_connections = 8192;
    // Of histograms: 1 keeps apart what differs by 6 %, in 4 KB each.
    unsigned significant_digits = 1;
};

class Account final : public Sink {
  public:
    enum class Time : std::uint8_t {
        queue,    // from being queued to leaving for the first time
        wire,     // from leaving to being acknowledged, of each packet that it is in
        handler,  // inbound: chain and handler
        call,     // of a function: from the call to its answer
    };
    static constexpr std::size_t kTimeCount = 4;

    explicit Account(AccountConfig config = {});
    Account(const Account&) = delete;
    Account& operator=(const Account&) = delete;

    void on_event(const Event& event) override;

    // Numbers of remotes that messages were seen of are below this.
    [[nodiscard]] std::uint32_t remote_count() const { return static_cast<std::uint32_t>(remotes_.size()); }
    // Zeros for those that nothing was seen of.
    [[nodiscard]] const RemoteCounters& outbound(std::uint32_t remote) const;
    [[nodiscard]] const RemoteCounters& inbound(std::uint32_t remote) const;
    // Nanoseconds; nullptr if nothing was timed.
    [[nodiscard]] const Histogram* time_of(Time time, std::uint32_t remote) const;
    // Of all connections together: round trips as acknowledgements show them.
    [[nodiscard]] const Histogram& round_trips() const { return round_trips_; }
    [[nodiscard]] const Histogram& tick_times() const { return tick_times_; }

    [[nodiscard]] const EndpointCounters& endpoint() const { return endpoint_; }
    [[nodiscard]] const RefusalCounters& refusals() const { return refusals_; }
    [[nodiscard]] std::uint64_t ticks() const { return ticks_; }
    [[nodiscard]] std::uint64_t tick_nanoseconds() const { return tick_nanoseconds_; }
    // Inbound bytes of the socket that are no message's: headers, acks, repetitions, fragments under way.
    [[nodiscard]] std::uint64_t overhead_received() const {
        return endpoint_.bytes_received - payload_received_;
    }

  private:
    // What changes with each message that leaves is one cache line.
    struct alignas(64) Remote {
        RemoteCounters out;
        RemoteCounters in;
        std::uint64_t untimed = 0;  // messages that left, of connections that are not timed
        mutable std::array<std::unique_ptr<Histogram>, kTimeCount> times;
    };
    // Messages of a channel that were queued at one moment: from this id to the next run's.
    struct Run {
        std::uint64_t first = 0;
        TimePoint at{};
    };
    struct Channel {
        static constexpr std::size_t kRuns = 16;
        std::array<Run, kRuns> runs{};
        std::uint32_t oldest = 0;
        std::uint32_t count = 0;
        std::uint64_t next_unsent = 0;
    };
    // What one packet carried, until it is acknowledged.
    struct Packet {
        static constexpr std::size_t kRemotes = 6;
        std::uint64_t number = kNoPacket;
        TimePoint at{};
        std::array<std::uint16_t, kRemotes> remotes{};
        std::array<std::uint8_t, kRemotes> messages{};
        std::uint8_t remote_count = 0;
    };
    struct Connection {
        static constexpr std::size_t kPackets = 64;
        std::uint32_t generation = 0;
        std::vector<Channel> channels;
        std::array<Packet, kPackets> packets{};
    };
    struct Source {
        std::vector<std::unique_ptr<Connection>> connections;  // by slot
    };
    // What the datagram under way has of one remote.
    struct Part {
        std::uint32_t remote = 0;
        std::uint32_t bytes = 0;
        std::uint32_t messages = 0;
        std::uint32_t first_messages = 0;  // of those, that leave for the first time
        TimePoint queued_at{};             // those
    };
    static constexpr std::uint64_t kNoPacket = ~std::uint64_t{0};
    // More than fit into a datagram: the shortest frame has 3 bytes.
    static constexpr std::size_t kMaxParts = 512;

    Remote& remote_of(std::uint64_t number);
    Histogram& histogram_of(Time time, const Remote& remote) const;
    Connection* find(const Event& event);
    Connection* connection_of(const Event& event);
    Connection* sender_of(const Event& event);
    static Channel& channel_of(Connection& connection, ChannelId channel);
    void on_queued(const Event& event);
    void on_sent(const Event& event);
    void on_datagram_sent(const Event& event);
    void remember_packet(const Event& event);
    void on_acked(const Event& event);
    void on_lost(const Event& event);
    void on_received(const Event& event);
    void on_remote_received(const Event& event);

    AccountConfig config_;
    std::vector<Remote> remotes_;
    EndpointCounters endpoint_;
    RefusalCounters refusals_;
    std::uint64_t payload_received_ = 0;
    std::uint64_t ticks_ = 0;
    std::uint64_t tick_nanoseconds_ = 0;
    Histogram round_trips_;
    Histogram tick_times_;

    std::unordered_map<std::uint32_t, std::unique_ptr<Source>> sources_;
    Source* last_source_ = nullptr;
    std::uint32_t last_source_number_ = 0;
    std::uint32_t timed_connections_ = 0;

    std::array<Part, kMaxParts> parts_{};
    std::size_t part_count_ = 0;
    std::uint32_t part_bytes_ = 0;
    Connection* sending_ = nullptr;  // whose datagram is under way, if it is timed
    std::uint32_t sending_source_ = 0;
    ConnectionId sending_id_{};
};

}  // namespace squall::trace
