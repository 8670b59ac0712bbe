// Shows packets in plain text to a trace sink: after they were opened, before they are sealed, and what a
// connect token says. Changes nothing and decides nothing; with nobody watching it costs one comparison a
// packet.
#pragma once

#include "squall/trace/sink.hpp"
#include "transport/secure/connection_request.hpp"
#include "transport/secure/packet.hpp"

namespace squall::secure {

// Is shown them, and may complete the event, which was made for this call: the endpoint knows connections.
class PacketViewer {
  public:
    virtual void on_packet(trace::Event& event) = 0;

  protected:
    ~PacketViewer() = default;
};

struct PacketTap {
    // nullptr: nobody. A tap that was taken away lives on, because goodbyes that have not left still hold it.
    PacketViewer* viewer = nullptr;
    bool shows_keys = false;
    TimePoint now{};  // of the verb that runs; the endpoint sets it

    // `plain` is header and body, without the tag. The event's connection has the header's slot, or kNoSlot,
    // and no generation: that is the endpoint's to add.
    void show(trace::EventKind kind, const PacketHeader& header, Bytes plain,
              std::size_t datagram_bytes) const {
        if (viewer == nullptr) return;
        trace::Event event = event_of(kind, header.slot, header.type, plain, datagram_bytes);
        event.id = header.sequence;
        viewer->on_packet(event);
    }
    // A request: its clear part as it came, its private token in plain text, and in place of the padding's
    // last 16 bytes the tag that had sealed it, which names the token.
    void show_token(std::span<const std::byte, kRequestBytes> datagram,
                    const ConnectionRequest& request) const {
        std::array<std::byte, kRequestBytes> plain;
        std::ranges::copy(datagram, plain.begin());
        PrivateToken token = request.token;
        if (!shows_keys) token.client_to_server_key = token.server_to_client_key = {};
        write_private_token(token, std::span(plain).last<kPrivateTokenBytes>());
        std::ranges::copy(request.tag, plain.end() - kTagBytes);
        trace::Event event =
            event_of(trace::EventKind::token_opened, kNoSlot, PacketType::request, plain, kRequestBytes);
        viewer->on_packet(event);
    }
    void show_refusal(RefusalCause cause) const {
        trace::Event event;
        event.at = now;
        event.kind = trace::EventKind::datagram_refused;
        event.connection.slot = kNoSlot;
        event.detail = static_cast<std::uint32_t>(cause);
        viewer->on_packet(event);
    }

  private:
    [[nodiscard]] trace::Event event_of(trace::EventKind kind, std::uint32_t slot, PacketType type,
                                        Bytes plain, std::size_t datagram_bytes) const {
        trace::Event event;
        event.at = now;
        event.kind = kind;
        event.connection.slot = slot;
        event.bytes = static_cast<std::uint32_t>(datagram_bytes);
        event.detail = static_cast<std::uint32_t>(type);
        event.payload = plain;
        return event;
    }
};

}  // namespace squall::secure
