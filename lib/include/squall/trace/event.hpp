// The one event type for all that can be observed: profiler, recorder, live endpoint, reports and trace hash
// are sinks of this stream. An event is a value; it owns nothing, and its payload is valid during the call
// only.
#pragma once

#include <cstdint>
#include <string_view>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"

namespace squall::trace {

enum class EventKind : std::uint8_t {
    datagram_sent,      // bytes on the wire (UDP payload); id = packet number, detail = netcode packet type
    datagram_received,  // as above, before it is opened
    datagram_refused,   // received and not accepted; detail = a RefusalCause of the transport
    packet_acked,       // id = packet number; detail = round-trip sample in microseconds, 0 if none
    packet_lost,        // id = packet number, declared lost by the sender
    message_queued,     // id = message id; bytes = the message's
    message_sent,       // one transmission of a message or fragment; bytes = in the packet, with its headers;
                   // payload = the message's bytes in it; detail = a ByteCause of the transport + 256 x the
                   // message's tag
    message_received,  // handed to the application; payload = the message; detail, if all of it was one frame
                       // of the packet at hand = that frame's header bytes + 256 x the message's tag, else 0
    message_acked,     // id = message id
    message_lost,      // id = message id; detail = a MessageFate of the transport
    connection_connected,     // id = client id
    connection_disconnected,  // detail = a DisconnectReason of the transport
    path_changed,             // the peer's address changed and was validated
    link_verdict,  // simulated link; id = the link's packet count, detail = a simulator::Verdict, bytes =
                   // size
    tick,          // one step of an application; id = tick number, detail = its duration in microseconds
    mark,          // an annotation of the user or the scenario; payload = its text
    // Only where the endpoint was asked for them (PacketTrace). Payload: the packet in plain text, netcode
    // header and body without the tag; id = its number, detail = netcode packet type, bytes = of the
    // datagram. Of a connection where the packet has one.
    packet_opened,  // after datagram_received, before what follows from it
    packet_sealed,  // before its datagram_sent; others may come between, its header tells which it is
    // A connect token was accepted by its server. Payload: the request (1078 bytes), its private token in
    // plain text with the keys blanked, the last 16 bytes being the tag that had sealed it.
    token_opened,
    // Of the remotes (their registry emits them); id = the remote's number on the wire, from 1.
    remote_received,  // after message_received, once it is known whose it was and what became of it; detail =
                      // an Outcome of the remotes, bytes and payload = the message's
    remote_handled,   // detail = nanoseconds that its chain and handler took, where a stopwatch was given
    call_settled,   // a function's call has its answer; detail = microseconds since it was made, bytes = 0 or
                    // 1 + the ErrorCode
    remote_failed,  // a handler or a middleware threw; bytes and payload = of the message, if there was one.
                    // A message may have several handlers: each that fails is told
    // A frame that no message_received tells of: a fragment, a message that waits for its turn, or what came
    // before or too late. id = message id; bytes = in the packet, with its header; payload = the message's
    // bytes in it; detail = a ByteCause of the transport + 256 x the message's tag.
    frame_received,
};
[[nodiscard]] std::string_view to_string(EventKind kind);

struct Event {
    TimePoint at{};
    EventKind kind{};
    ChannelId channel{};
    std::uint32_t source = 0;   // who observed it: the number that the host or the run gave this node
    ConnectionId connection{};  // at that node; not valid where no connection is concerned
    std::uint64_t id = 0;
    std::uint32_t bytes = 0;
    std::uint32_t detail = 0;
    Bytes payload{};
};

}  // namespace squall::trace
