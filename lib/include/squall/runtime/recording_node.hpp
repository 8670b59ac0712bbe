// Stands between a host and a node, and records what passes: each call of the host, and what the node inside
// tells its trace. That, with the facts on how the node was made, is all that it takes to run it again.
// Changes nothing of what passes.
//
//     RecordingNode recorded(server, {.local = address});
//     endpoint.set_trace(&recorded, 0);
//     endpoint.trace_packets(PacketTrace::plain);
//     recorded.start(now, *recording);
//     host.attach(recorded, ...);
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string_view>
#include <vector>

#include "squall/runtime/recording.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/channel.hpp"
#include "squall/transport/node.hpp"

namespace squall {

struct RecordedNodeOptions {
    // The address of the node's socket, as its peers see it.
    Address local{};
    // The channels of its protocol, for the modes of messages.
    std::vector<ChannelConfig> channels{};
    // Messages on the first four channels begin with a remote's number (lib/STANDARD.md section 7).
    bool has_remotes = false;
    // Reads the wall clock, in ns since 1970, for clock snapshots; without it there are none.
    std::function<std::int64_t()> realtime{};
};

class RecordingNode final : public Node, public trace::Sink {
  public:
    // The inner node must outlive this one.
    RecordingNode(Node& inner, RecordedNodeOptions options);

    // From now on everything goes into this recording, which must outlive it or be stopped before.
    // Connections that are open are told.
    void start(TimePoint now, Recording& recording);
    void stop();
    [[nodiscard]] bool is_recording() const { return recording_ != nullptr; }

    // The connections that are open, where on_event() was not told of them.
    void forget_connections() { open_.clear(); }
    void know_connection(ConnectionId id, ClientId client, const Address& peer) {
        open_[id] = {client, peer};
    }

    // The application is about to do something to the inner node from outside of a callback.
    void input(TimePoint now, std::string_view name, Bytes data = {});
    // Anything else with a time: marks, profile frames, state hashes.
    void note(TimePoint now, const recorder::Control& control);

    // Node.
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override { return inner_.poll_timeout(); }
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override { inner_.expect(from, step); }

    // Sink of the inner node's trace.
    void on_event(const trace::Event& event) override;

  private:
    // Prefix, sequence number, connection id: what a datagram shares with its plain text.
    static constexpr std::size_t kSharedHeaderBytes = 17;
    // A packet that was sealed and has not left yet.
    struct Sealed {
        ConnectionId connection{};
        std::uint64_t sequence = 0;
        std::uint32_t datagram_bytes = 0;
        std::vector<std::byte> plain{};
    };
    struct OpenConnection {
        ClientId client{};
        Address peer{};
    };

    void begin_call(TimePoint now);
    void end_call();
    void on_opened(const trace::Event& event);
    void on_sealed(const trace::Event& event);
    void on_refused(const trace::Event& event);
    void on_message(const trace::Event& event);
    void on_connection(const trace::Event& event);
    void record_received(Bytes datagram);
    void record_sent(TimePoint now, const Transmit& transmit, Bytes datagram);
    void put_fresh(const trace::Event& event);
    // It was not what left: it will be a later call's.
    void keep_fresh();
    [[nodiscard]] std::uint8_t mode_of(ChannelId channel) const;
    [[nodiscard]] std::uint16_t remote_of(ChannelId channel, Bytes message) const;

    Node& inner_;
    const RecordedNodeOptions options_;
    Recording* recording_ = nullptr;
    std::map<ConnectionId, OpenConnection> open_;

    // The drain that goes on.
    bool is_draining_ = false;
    TimePoint drain_at_{};
    std::uint32_t polls_ = 0;
    TimePoint next_clock_{};

    // The call of receive() that goes on.
    bool is_receiving_ = false;
    bool is_recorded_ = false;  // its datagram
    recorder::WireRecord* received_ = nullptr;
    std::uint64_t received_packet_ = 0;
    TimePoint received_at_{};
    Address received_from_{};
    std::uint32_t received_bytes_ = 0;
    bool is_refused_ = false;
    std::uint8_t cause_ = 0;
    std::array<std::byte, kMaxDatagramBytes> raw_;

    // The call of poll_transmit() that goes on.
    bool is_polling_ = false;
    bool has_fresh_ = false;  // a packet was sealed in it; what follows is of that
    recorder::WireRecord* fresh_record_ = nullptr;
    std::uint32_t fresh_bytes_ = 0;  // of the datagram
    std::array<std::byte, kSharedHeaderBytes> fresh_header_{};
    std::size_t fresh_header_bytes_ = 0;
    std::vector<recorder::MessageRecord*> in_packet_;  // messages whose packet is not known yet
    std::deque<Sealed> waiting_;                       // sealed earlier
};

}  // namespace squall
