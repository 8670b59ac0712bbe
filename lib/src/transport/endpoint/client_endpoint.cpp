// The client endpoint: the secure layer below, one peer above.
#include <fmt/format.h>

#include <memory>

#include "squall/core/prefetch.hpp"
#include "squall/transport/endpoint.hpp"
#include "transport/endpoint/config_check.hpp"
#include "transport/endpoint/datagram_account.hpp"
#include "transport/endpoint/packet_tracing.hpp"
#include "transport/endpoint/peer.hpp"
#include "transport/secure/secure_client.hpp"

namespace squall {
namespace {

using endpoint::Peer;

class Client final : public ClientEndpoint, private secure::PacketViewer {
  public:
    Client(TimePoint now, ClientConfig config, EntropySource& entropy)
        : config_(std::move(config)),
          context_(config_.transport),
          secure_(now, config_, entropy, account_.statistics) {}

    Result<ConnectionId> connect(TimePoint now, Bytes token) override {
        if (id_.is_valid())
            return fail(ErrorCode::invalid_argument, "already connected or connecting: disconnect() first");
        if (auto started = secure_.connect(now, token); !started) {
            drain_secure(now);
            return std::unexpected(started.error());
        }
        generation_ += 2;
        id_ = ConnectionId{0, generation_ - 1};
        drain_secure(now);
        return ConnectionId{0, generation_ - 1};
    }

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        packets_.set_now(now);
        context_.events.release_held();
        account_.on_received(now, datagram, context_.tracer);
        secure_.receive(now, from, datagram);
        drain_secure(now);
    }

    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        packets_.set_now(now);
        if (auto control = secure_.poll_transmit(now, buffer)) {
            if (peer_) rest();
            return account(now, *control, buffer);
        }
        if (!peer_ || !secure_.is_connected()) return std::nullopt;
        const std::size_t offset = secure_.payload_offset();
        const std::size_t protection = offset + secure_.tag_bytes();
        const MutableBytes room = buffer.subspan(offset, buffer.size() - protection);
        const std::size_t size = peer_->write_payload(now, secure_.next_packet_number(), room, protection);
        if (size == 0) return std::nullopt;
        return account(now, secure_.seal_payload(now, buffer, size), buffer);
    }

    void expect(const Address& /*from*/, unsigned step) override {
        if (step == 0) {
            secure_.prefetch();
            prefetch_object(peer_.get());
        } else if (step == 1) {
            secure_.prefetch_deeper();
            if (peer_) peer_->connection().prefetch();
        }
    }

    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(secure_.poll_timeout(), peer_ ? peer_->poll_timeout() : kNever);
    }

    void handle_timeout(TimePoint now) override {
        packets_.set_now(now);
        context_.events.release_held();
        secure_.handle_timeout(now);
        drain_secure(now);
        if (peer_ && peer_->poll_timeout() <= now) peer_->connection().handle_timeout(now);
    }

    std::optional<EndpointEvent> poll_event() override { return context_.events.poll(); }

    Result<MessageId> send(TimePoint now, ConnectionId id, ChannelId channel, Bytes message,
                           SendOptions options) override {
        if (!is_connected(id)) return no_connection();
        if (context_.config.framing == Framing::raw)
            return fail(ErrorCode::unsupported, "raw framing has no channels: use send_payload()");
        return peer_->connection().send(now, channel, message, options);
    }

    Result<PacketNumber> send_payload(TimePoint, ConnectionId id, Bytes payload) override {
        if (!is_connected(id)) return no_connection();
        if (context_.config.framing != Framing::raw)
            return fail(ErrorCode::unsupported, "squall framing builds its own packets: use send()");
        return peer_->queue_payload(payload, secure_.next_packet_number());
    }

    void disconnect(TimePoint now, ConnectionId id, DisconnectReason reason) override {
        packets_.set_now(now);
        if (id != id_ || !id_.is_valid()) return;
        secure_.disconnect(now, reason);
        end(now, reason);
    }

    [[nodiscard]] bool is_connected(ConnectionId id) const override { return peer_ && id == id_; }
    [[nodiscard]] std::size_t send_budget(TimePoint now, ConnectionId id) const override {
        return is_connected(id) ? peer_->connection().send_budget(now) : 0;
    }
    [[nodiscard]] std::optional<ConnectionStatistics> statistics(ConnectionId id) const override {
        if (!is_connected(id)) return std::nullopt;
        ConnectionStatistics out = peer_->statistics();
        secure_.control_bytes_sent().add_to(out.sent);
        secure_.control_bytes_received().add_to(out.received);
        return out;
    }
    [[nodiscard]] std::optional<ChannelStatistics> statistics(ConnectionId id,
                                                              ChannelId channel) const override {
        if (!is_connected(id) || !peer_->connection().has_channel(channel)) return std::nullopt;
        return peer_->connection().statistics(channel);
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
    [[nodiscard]] ClientState state() const override { return secure_.state(); }
    [[nodiscard]] ConnectionId connection() const override { return id_; }

  private:
    static std::unexpected<Error> no_connection() {
        return fail(ErrorCode::not_connected, "this connection is not established yet, or has ended");
    }

    void connect_tap() {
        secure::PacketViewer& here = *this;
        secure_.set_tap(packets_.connect(context_.tracer.sink != nullptr ? &here : nullptr));
    }
    // A packet in plain text, from the secure layer, which does not know the connection's name.
    void on_packet(trace::Event& event) override {
        event.connection = event.connection.slot == 0 ? id_ : ConnectionId{};
        context_.tracer.emit(event);
    }

    Transmit account(TimePoint now, Transmit transmit, MutableBytes buffer) {
        account_.on_sent(now, buffer.first(transmit.size), context_.tracer);
        return transmit;
    }

    // A connected client that sends a control packet has been silent for a keep-alive interval, or its path
    // is being checked: what it holds for traffic may go.
    void rest() {
        peer_->connection().rest();
        context_.events.rest();
        context_.pool.release_unused();
        secure_.rest();
    }

    void drain_secure(TimePoint now) {
        using Kind = secure::SecureEvent::Kind;
        while (const auto event = secure_.poll_event()) {
            switch (event->kind) {
                case Kind::connected: start(now); break;
                case Kind::payload: on_payload(now, *event); break;
                case Kind::disconnected: end(now, event->reason); break;
                case Kind::path_changed:
                case Kind::resting: break;  // servers only
            }
        }
    }

    void start(TimePoint now) {
        peer_ = std::make_unique<Peer>(id_, context_);
        ++account_.statistics.connections_accepted;
        context_.events.push(Connected{id_, secure_.client_id(), secure_.server(), false});
        endpoint::trace_connection(context_.tracer, trace::EventKind::connection_connected, now, id_,
                                   secure_.client_id(), 0);
    }

    void on_payload(TimePoint now, const secure::SecureEvent& event) {
        if (!peer_) return;
        if (!peer_->on_payload(now, event.packet_number, event.payload, event.datagram_bytes)) {
            account_.count(RefusalCause::malformed_payload);
            packets_.show_refusal(RefusalCause::malformed_payload);
            disconnect(now, id_, DisconnectReason::protocol_error);
            return;
        }
        secure_.set_probe_silence(peer_->connection().three_timeouts());
    }

    void end(TimePoint now, DisconnectReason reason) {
        if (!id_.is_valid()) return;
        if (peer_) {
            peer_->connection().abandon();
            ++account_.statistics.connections_ended;
        }
        peer_.reset();
        context_.events.push(Disconnected{id_, secure_.client_id(), reason, false});
        endpoint::trace_connection(context_.tracer, trace::EventKind::connection_disconnected, now, id_,
                                   secure_.client_id(), static_cast<std::uint32_t>(reason));
        id_ = ConnectionId{};
    }

    ClientConfig config_;
    endpoint::DatagramAccount account_;
    endpoint::PacketTracing packets_;
    connection::ConnectionContext context_;
    secure::SecureClient secure_;
    std::unique_ptr<Peer> peer_;
    ConnectionId id_{};
    std::uint32_t generation_ = 0;
};

}  // namespace

Result<std::unique_ptr<ClientEndpoint>> ClientEndpoint::make(TimePoint now, ClientConfig config,
                                                             EntropySource& entropy) {
    if (auto checked = endpoint::check(config.transport); !checked) return std::unexpected(checked.error());
    return std::make_unique<Client>(now, std::move(config), entropy);
}

}  // namespace squall
