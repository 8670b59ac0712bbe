// The server endpoint: the secure layer below, a peer per connected slot above. Work is done for those who
// have some: a list of the ready and a heap of deadlines; nothing walks over all slots.
#include <fmt/format.h>

#include <memory>

#include "squall/core/prefetch.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/endpoint/config_check.hpp"
#include "transport/endpoint/datagram_account.hpp"
#include "transport/endpoint/deadline_heap.hpp"
#include "transport/endpoint/packet_tracing.hpp"
#include "transport/endpoint/peer.hpp"
#include "transport/endpoint/total_limit.hpp"
#include "transport/secure/secure_server.hpp"

namespace squall {
namespace {

using endpoint::Peer;

class Server final : public ServerEndpoint, private secure::PacketViewer {
  public:
    Server(TimePoint now, ServerConfig config, EntropySource& entropy)
        : config_(std::move(config)),
          context_(config_.transport),
          secure_(now, config_, entropy, account_.statistics) {}

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        packets_.set_now(now);
        context_.events.release_held();
        account_.on_received(now, datagram, context_.tracer);
        secure_.receive(now, from, datagram);
        drain_secure(now);
    }

    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        packets_.set_now(now);
        if (auto control = secure_.poll_transmit(now, buffer)) return account(now, *control, buffer);
        while (!ready_.empty()) {
            if (!total_.may_send(now)) return std::nullopt;
            const std::uint32_t slot = ready_.front();
            Peer* peer = peer_at(slot);
            if (peer != nullptr) {
                if (auto transmit = transmit_for(now, slot, *peer, buffer)) {
                    if (total_.is_limited()) take_turns();
                    return account(now, *transmit, buffer);
                }
                peer->is_ready = false;
                deadlines_.schedule(slot, peer->poll_timeout());
            }
            ready_.pop_front();
            if (ready_.size() > 2) prefetch(ready_[2]);
            if (ready_.size() > 1) prefetch_deeper(ready_[1], true);
        }
        return std::nullopt;
    }

    void expect(const Address& from, unsigned step) override {
        if (step > 1) return;
        const auto slot = secure_.guess_slot(from);
        if (!slot) return;
        if (step == 0)
            prefetch(*slot);
        else
            prefetch_deeper(*slot, false);
    }

    [[nodiscard]] TimePoint poll_timeout() const override {
        const TimePoint next = std::min(secure_.poll_timeout(), deadlines_.next());
        return ready_.empty() ? next : std::min(next, total_.waits_until());
    }

    void handle_timeout(TimePoint now) override {
        packets_.set_now(now);
        context_.events.release_held();
        secure_.handle_timeout(now);
        drain_secure(now);
        while (const auto slot = deadlines_.pop_due(now)) {
            Peer* peer = peer_at(*slot);
            if (peer == nullptr) continue;
            if (peer->poll_timeout() <= now) {
                peer->connection().handle_timeout(now);
                mark_ready(*slot, *peer);
            } else {
                deadlines_.schedule(*slot, peer->poll_timeout());
            }
        }
    }

    std::optional<EndpointEvent> poll_event() override { return context_.events.poll(); }

    Result<MessageId> send(TimePoint now, ConnectionId id, ChannelId channel, Bytes message,
                           SendOptions options) override {
        Peer* peer = find(id);
        if (peer == nullptr) return no_connection(id);
        if (context_.config.framing == Framing::raw)
            return fail(ErrorCode::unsupported, "raw framing has no channels: use send_payload()");
        // Games send to everybody in a row: who is next is a good guess.
        const std::uint32_t step = id.slot - std::exchange(last_sent_to_, id.slot);
        if (step != 0) {
            prefetch_peer(id.slot + 2 * step);
            prefetch_channels(id.slot + step);
        }
        auto sent = peer->connection().send(now, channel, message, options);
        if (sent) mark_ready(id.slot, *peer);
        return sent;
    }

    Result<PacketNumber> send_payload(TimePoint, ConnectionId id, Bytes payload) override {
        Peer* peer = find(id);
        if (peer == nullptr) return no_connection(id);
        if (context_.config.framing != Framing::raw)
            return fail(ErrorCode::unsupported, "squall framing builds its own packets: use send()");
        auto queued = peer->queue_payload(payload, secure_.next_packet_number(id.slot));
        if (queued) mark_ready(id.slot, *peer);
        return queued;
    }

    void disconnect(TimePoint now, ConnectionId id, DisconnectReason reason) override {
        packets_.set_now(now);
        if (find(id) == nullptr) return;
        secure_.disconnect(now, id.slot, reason);
        end_peer(now, id.slot, reason, false);
    }

    [[nodiscard]] bool is_connected(ConnectionId id) const override { return find(id) != nullptr; }
    [[nodiscard]] std::size_t send_budget(TimePoint now, ConnectionId id) const override {
        const Peer* peer = find(id);
        return peer == nullptr ? 0 : peer->connection().send_budget(now);
    }
    [[nodiscard]] std::optional<ConnectionStatistics> statistics(ConnectionId id) const override {
        const Peer* peer = find(id);
        if (peer == nullptr) return std::nullopt;
        ConnectionStatistics out = peer->statistics();
        secure_.control_bytes_sent(id.slot).add_to(out.sent);
        secure_.control_bytes_received(id.slot).add_to(out.received);
        return out;
    }
    [[nodiscard]] std::optional<ChannelStatistics> statistics(ConnectionId id,
                                                              ChannelId channel) const override {
        const Peer* peer = find(id);
        if (peer == nullptr || !peer->connection().has_channel(channel)) return std::nullopt;
        return peer->connection().statistics(channel);
    }
    [[nodiscard]] const EndpointStatistics& statistics() const override { return account_.statistics; }
    void set_trace(trace::Sink* sink, std::uint32_t source) override {
        context_.tracer.sink = sink;
        context_.tracer.source = source;
        connect_tap();
    }
    void trace_packets(PacketTrace what) override {
        packets_.set_what(what);
        connect_tap();
    }
    void set_account(TransmissionAccount* account) override { context_.tracer.account = account; }

    Result<> reserve(TimePoint now, ClientId client, Duration timeout) override {
        return secure_.reserve(now, client, timeout);
    }
    [[nodiscard]] std::uint32_t reserved_count() const override { return secure_.reserved_count(); }
    [[nodiscard]] std::uint32_t connected_count() const override { return secure_.connected_count(); }
    [[nodiscard]] std::vector<ConnectionId> connections() const override {
        std::vector<ConnectionId> out;
        for (const auto& slot : slots_)
            if (slot.peer) out.push_back(slot.peer->id());
        return out;
    }
    [[nodiscard]] const UserData* user_data(ConnectionId id) const override {
        return find(id) ? &secure_.user_data(id.slot) : nullptr;
    }
    [[nodiscard]] std::optional<ClientId> client_id(ConnectionId id) const override {
        return find(id) ? std::optional(secure_.client_id(id.slot)) : std::nullopt;
    }
    [[nodiscard]] std::optional<Address> peer(ConnectionId id) const override {
        return find(id) ? std::optional(secure_.peer(id.slot)) : std::nullopt;
    }
    [[nodiscard]] std::optional<Suite> suite(ConnectionId id) const override {
        return find(id) ? std::optional(secure_.suite(id.slot)) : std::nullopt;
    }
    void shut_down(TimePoint now) override {
        secure_.stop_accepting();
        for (const ConnectionId id : connections()) disconnect(now, id, DisconnectReason::server_shutdown);
    }

  private:
    struct Slot {
        std::unique_ptr<Peer> peer;
        std::uint32_t generation = 0;
        ClientId client{};  // of the present or the last peer
    };

    void connect_tap() {
        secure::PacketViewer& here = *this;
        secure_.set_tap(packets_.connect(context_.tracer.sink != nullptr ? &here : nullptr));
    }
    // A packet in plain text, from the secure layer: it knows slots, not who is in them.
    void on_packet(trace::Event& event) override {
        const std::uint32_t slot = event.connection.slot;
        event.connection =
            slot < slots_.size() ? ConnectionId{slot, slots_[slot].generation} : ConnectionId{};
        context_.tracer.emit(event);
    }

    Peer* peer_at(std::uint32_t slot) { return slot < slots_.size() ? slots_[slot].peer.get() : nullptr; }
    [[nodiscard]] const Peer* find(ConnectionId id) const {
        const bool alive =
            id.slot < slots_.size() && slots_[id.slot].peer && slots_[id.slot].generation == id.generation;
        return alive ? slots_[id.slot].peer.get() : nullptr;
    }
    Peer* find(ConnectionId id) { return const_cast<Peer*>(std::as_const(*this).find(id)); }
    // In two steps: what a slot points to can be fetched when the slot is there.
    void prefetch(std::uint32_t slot) const {
        secure_.prefetch(slot);
        prefetch_peer(slot);
    }
    void prefetch_deeper(std::uint32_t slot, bool to_send) const {
        secure_.prefetch_deeper(slot, to_send);
        prefetch_channels(slot);
    }
    void prefetch_peer(std::uint32_t slot) const {
        if (slot < slots_.size()) prefetch_object(slots_[slot].peer.get());
    }
    void prefetch_channels(std::uint32_t slot) const {
        if (slot < slots_.size() && slots_[slot].peer) slots_[slot].peer->connection().prefetch();
    }
    static std::unexpected<Error> no_connection(ConnectionId id) {
        return fail(ErrorCode::not_connected,
                    fmt::format("connection {} (generation {}) is not established, or has ended", id.slot,
                                id.generation));
    }

    void mark_ready(std::uint32_t slot, Peer& peer) {
        if (peer.is_ready) return;
        peer.is_ready = true;
        ready_.push_back(slot);
    }

    // Asks a peer that was changed what it wants.
    void touch(TimePoint now, std::uint32_t slot, Peer& peer) {
        if (peer.wants_to_send(now)) mark_ready(slot, peer);
        deadlines_.schedule(slot, peer.poll_timeout());
    }

    std::optional<Transmit> transmit_for(TimePoint now, std::uint32_t slot, Peer& peer, MutableBytes buffer) {
        if (!secure_.is_confirmed(slot) && !peer.has_kept_alive && peer.wants_to_send(now)) {
            peer.has_kept_alive = true;
            return secure_.write_keep_alive(now, slot, buffer);
        }
        const std::size_t offset = secure_.payload_offset(slot);
        const std::size_t protection = offset + secure_.tag_bytes(slot);
        const MutableBytes room = buffer.subspan(offset, buffer.size() - protection);
        const std::size_t size = peer.write_payload(now, secure_.next_packet_number(slot), room, protection);
        if (size == 0) return std::nullopt;
        peer.has_kept_alive = false;
        return secure_.seal_payload(now, slot, buffer, size);
    }

    // Who has sent a datagram goes behind the others that have something to send.
    void take_turns() {
        const std::uint32_t slot = ready_.front();
        ready_.pop_front();
        ready_.push_back(slot);
    }

    Transmit account(TimePoint now, Transmit transmit, MutableBytes buffer) {
        total_.on_sent(now, transmit.size);
        account_.on_sent(now, buffer.first(transmit.size), context_.tracer);
        return transmit;
    }

    void drain_secure(TimePoint now) {
        using Kind = secure::SecureEvent::Kind;
        while (const auto event = secure_.poll_event()) {
            switch (event->kind) {
                case Kind::connected: start_peer(now, event->slot); break;
                case Kind::payload: on_payload(now, *event); break;
                case Kind::disconnected:
                    end_peer(now, event->slot, event->reason, secure_.is_held(event->slot));
                    break;
                case Kind::path_changed: on_path_changed(now, event->slot); break;
                case Kind::resting:
                    if (Peer* peer = peer_at(event->slot)) peer->connection().rest();
                    break;
            }
        }
    }

    void start_peer(TimePoint now, std::uint32_t slot) {
        if (slot >= slots_.size()) slots_.resize(slot + 1);
        Slot& place = slots_[slot];
        ++place.generation;  // odd: alive
        const ConnectionId id{slot, place.generation};
        place.peer = std::make_unique<Peer>(id, context_);
        ++account_.statistics.connections_accepted;
        place.client = secure_.client_id(slot);
        context_.events.push(Connected{id, place.client, secure_.peer(slot), secure_.is_rejoined(slot)});
        endpoint::trace_connection(context_.tracer, trace::EventKind::connection_connected, now, id,
                                   place.client, 0);
    }

    void on_payload(TimePoint now, const secure::SecureEvent& event) {
        Peer* peer = peer_at(event.slot);
        if (peer == nullptr) return;  // disconnected by the application earlier in this drain
        if (!peer->on_payload(now, event.packet_number, event.payload, event.datagram_bytes)) {
            account_.count(RefusalCause::malformed_payload);
            packets_.show_refusal(RefusalCause::malformed_payload);
            disconnect(now, peer->id(), DisconnectReason::protocol_error);
            return;
        }
        touch(now, event.slot, *peer);
    }

    void on_path_changed(TimePoint now, std::uint32_t slot) {
        Peer* peer = peer_at(slot);
        if (peer == nullptr) return;
        peer->connection().on_path_changed();
        context_.events.push(PathChanged{peer->id(), secure_.peer(slot)});
        endpoint::trace_connection(context_.tracer, trace::EventKind::path_changed, now, peer->id(),
                                   secure_.client_id(slot), 0);
        touch(now, slot, *peer);
    }

    void end_peer(TimePoint now, std::uint32_t slot, DisconnectReason reason, bool is_held) {
        if (peer_at(slot) == nullptr) return;
        Slot& place = slots_[slot];
        const ConnectionId id = place.peer->id();
        place.peer->connection().abandon();
        place.peer.reset();
        ++place.generation;  // even: nobody
        ++account_.statistics.connections_ended;
        context_.events.push(Disconnected{id, place.client, reason, is_held});
        endpoint::trace_connection(context_.tracer, trace::EventKind::connection_disconnected, now, id,
                                   place.client, static_cast<std::uint32_t>(reason));
    }

    ServerConfig config_;
    endpoint::DatagramAccount account_;
    endpoint::PacketTracing packets_;
    connection::ConnectionContext context_;
    secure::SecureServer secure_;
    std::vector<Slot> slots_;
    RingBuffer<std::uint32_t> ready_;
    endpoint::TotalLimit total_{config_.total_rate};
    std::uint32_t last_sent_to_ = 0;
    endpoint::DeadlineHeap deadlines_;
};

}  // namespace

Result<std::unique_ptr<ServerEndpoint>> ServerEndpoint::make(TimePoint now, ServerConfig config,
                                                             EntropySource& entropy) {
    if (auto checked = endpoint::check(config); !checked) return std::unexpected(checked.error());
    return std::make_unique<Server>(now, std::move(config), entropy);
}

}  // namespace squall
