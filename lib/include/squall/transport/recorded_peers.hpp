// The clients of a recorded server, for running it again. What a recording holds are packets in plain text
// (trace::EventKind::packet_opened, token_opened): here they become datagrams again, sealed under keys of the
// re-run's own, so that the same server code takes them the same way; and what the server answers is opened
// and compared. No key of the recorded session is needed. Where the recording has them, the datagrams are the
// recorded ones to the byte. Sans-I/O; knows no file and no server.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/entropy.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/transport/suite.hpp"

namespace squall {

// What a recorded connection request says: who asked, and how.
struct RecordedRequest {
    Suite suite = Suite::netcode;
    ClientId client_id{};
    std::int32_t timeout_seconds = 0;
    UserData user_data{};
};
// Of token_opened's payload. Errors: malformed (what is wrong with it).
[[nodiscard]] Result<RecordedRequest> read_recorded_request(Bytes plain);

class RecordedPeers {
  public:
    // Of the server of the re-run: its protocol id and private key. `entropy` makes the keys.
    RecordedPeers(std::uint64_t protocol_id, const Key& private_key, EntropySource& entropy);
    ~RecordedPeers();
    RecordedPeers(const RecordedPeers&) = delete;
    RecordedPeers& operator=(const RecordedPeers&) = delete;

    // The datagram of a connection request, from token_opened's payload; its size is written to the front of
    // `out`. Errors: malformed (what is wrong with the payload).
    [[nodiscard]] Result<std::size_t> seal_request(const Address& from, Bytes plain, MutableBytes out);
    // The datagram of any other packet, from packet_opened's payload. Errors: malformed; unknown_id: no
    // request from there came before.
    [[nodiscard]] Result<std::size_t> seal(const Address& from, Bytes plain, MutableBytes out);
    // What the server sent, in plain text, header and body; valid until the next call. Errors: malformed,
    // unknown_id (it went to nobody who is known), not_connected (no key of that peer opens it).
    [[nodiscard]] Result<Bytes> open(const Address& to, Bytes datagram);

    // The datagram that the one opened last would have been, had it said this. With the keys of the
    // recording, and a server that was given the same random bytes, that is the recorded datagram. Errors:
    // malformed, and not_connected where nothing was opened.
    [[nodiscard]] Result<std::size_t> seal_like_opened(Bytes plain, MutableBytes out);

    // Where two packets of the server differ, both in plain text: the byte, or nothing if they say the same.
    // What chance decides may differ: connection ids, path challenges, challenge tokens, the numbers of
    // handshake packets. What the recorded ones were is remembered, for what clients answer.
    [[nodiscard]] std::optional<std::size_t> first_difference(const Address& to, Bytes recorded, Bytes again);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace squall
