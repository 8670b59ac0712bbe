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
    [[nodiscard]] std::uint32_t remote_count() const { return remote_count_; }
    // Zeros for those that nothing was seen of. A message that is sent counts once its datagram left.
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
    // Received bytes of datagrams that carried no message, refused ones included.
    [[nodiscard]] std::uint64_t overhead_received() const;

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
        std::uint64_t next_unsent = 0;
        std::uint32_t oldest = 0;
        std::uint32_t count = 0;
        std::array<Run, kRuns> runs{};
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
    // A message, or a fragment of one, in the datagram under way.
    struct Part {
        std::uint64_t id = 0;
        std::uint32_t remote = 0;
        std::uint32_t bytes = 0;    // in the packet
        std::uint32_t payload = 0;  // of the message, of those
        std::uint8_t cause = 0;     // a ByteCause
        ChannelId channel{};
    };
    static constexpr std::uint64_t kNoPacket = ~std::uint64_t{0};
    // A frame in the datagram that arrived last.
    struct Arrival {
        std::uint32_t remote = 0;
        std::uint32_t bytes = 0;    // in the packet
        std::uint32_t payload = 0;  // of the message, of those
        bool is_repeated = false;
    };
    // More than fit into a datagram: the shortest frame has 3 bytes.
    static constexpr std::size_t kMaxParts = 512;

    // Where a remote is counted; makes room for it.
    std::uint32_t place_of(std::uint64_t number);
    std::uint32_t new_place_of(std::uint64_t number);
    Remote& remote_of(std::uint64_t number);
    Histogram& histogram_of(Time time, const Remote& remote) const;
    Connection* find(std::uint32_t source, ConnectionId id);
    Connection* connection_of(std::uint32_t source, ConnectionId id);
    static Channel& channel_of(Connection& connection, ChannelId channel);
    static TimePoint queued_at(Channel& channel, std::uint64_t id, TimePoint otherwise);
    void on_queued(const Event& event);
    void on_sent(const Event& event);
    void on_sent_anew(const Event& event);
    void on_another(const Event& event);
    void note_part(const Event& event, std::uint32_t remote);
    void on_datagram_sent(const Event& event);
    void settle_parts(TimePoint at, std::uint32_t headers);
    void remember_packet(Connection& sender, const Event& event) const;
    void on_acked(const Event& event);
    void on_lost(const Event& event);
    void on_received(const Event& event);
    void on_frame_received(const Event& event);
    void note_arrival(const Arrival& arrival);
    void on_datagram_received(const Event& event);
    void share_out_arrivals(std::uint32_t headers) const;
    void settle_arrivals() const;
    void on_remote_received(const Event& event);

    AccountConfig config_;
    mutable std::vector<Remote> remotes_;
    std::uint32_t remote_count_ = 1;
    EndpointCounters endpoint_;
    RefusalCounters refusals_;
    // Of all that were handed on, and of those what the registry knew the remote of.
    std::uint64_t messages_received_ = 0;
    std::uint64_t known_messages_ = 0;
    std::uint64_t ticks_ = 0;
    std::uint64_t tick_nanoseconds_ = 0;
    Histogram round_trips_;
    Histogram tick_times_;

    std::unordered_map<std::uint32_t, std::unique_ptr<Source>> sources_;
    Source* last_source_ = nullptr;
    std::uint32_t last_source_number_ = 0;
    std::uint32_t timed_connections_ = 0;

    // The datagram under way: what it has so far, and whose it is.
    std::size_t part_count_ = 0;
    std::uint32_t part_bytes_ = 0;
    std::uint32_t settled_bytes_ = 0;  // of its messages that are not in parts_ any more
    std::uint32_t sending_source_ = 0;
    ConnectionId sending_id_{};
    std::array<Part, kMaxParts> parts_{};

    // The datagram that arrived last and what it carried so far: counted when the next one comes, or when
    // somebody asks. Its bytes are without those that are counted already.
    mutable std::size_t arrival_count_ = 0;
    mutable std::uint32_t arrival_bytes_ = 0;  // of arrivals_
    mutable std::uint32_t arriving_bytes_ = 0;
    mutable std::uint64_t overhead_received_ = 0;
    mutable std::array<Arrival, kMaxParts> arrivals_{};
};

}  // namespace squall::trace
