#include "squall/transport/recorded_peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "transport/secure/connection_request.hpp"
#include "transport/secure/crypto.hpp"
#include "transport/secure/packet.hpp"
#include "transport/secure/session_key.hpp"

namespace squall {
namespace {

using secure::carries_id;
using secure::is_handshake;
using secure::kChallengeBodyBytes;
using secure::kChallengeTokenBytes;
using secure::kConnectionIdBytes;
using secure::kNonceBytes;
using secure::kPathDataBytes;
using secure::kPrivateTokenBytes;
using secure::kRequestBytes;
using secure::kTagBytes;
using secure::kVersionBytes;
using secure::PacketBinding;
using secure::PacketCipher;
using secure::PacketHeader;
using secure::PacketType;

using SealedChallenge = std::array<std::byte, kChallengeTokenBytes>;
using PathData = std::array<std::byte, kPathDataBytes>;

// Challenges that a peer may still answer, and sessions that its server may still speak in.
constexpr std::size_t kMaxChallenges = 256;
constexpr std::size_t kMaxSessions = 4;

// A token of the recording, with the keys of the re-run.
struct Token {
    PacketBinding binding;
    Suite suite = Suite::netcode;
    Key client_to_server{};
    Key server_to_client{};
    std::array<std::byte, kRequestBytes> request{};
    std::unique_ptr<PacketCipher> cipher;         // the client's
    std::unique_ptr<PacketCipher> server_cipher;  // the same two keys the other way round
};

struct Session {
    std::uint64_t challenge = 0;
    std::unique_ptr<PacketCipher> cipher;
    std::unique_ptr<PacketCipher> server_cipher;
};

struct Peer {
    Token* token = nullptr;
    std::map<std::uint64_t, SealedChallenge> challenges;  // of the re-run, by sequence
    std::vector<Session> sessions;                        // the newest last
    std::uint64_t id = 0;                                 // the connection's, in the re-run
    std::optional<std::pair<PathData, PathData>> path;    // recorded and again
};

std::unexpected<Error> malformed(std::string what) {
    return fail(ErrorCode::malformed, std::move(what));
}

struct ParsedRequest {
    Suite suite = Suite::netcode;
    secure::PrivateToken token;
};
Result<ParsedRequest> parse_request(Bytes plain) {
    if (plain.size() != kRequestBytes)
        return malformed(
            fmt::format("a recorded request has {} bytes; needs {}", plain.size(), kRequestBytes));
    const auto suite = secure::suite_of_version(plain.subspan<1, kVersionBytes>());
    if (!suite) return malformed("a recorded request names a version that no suite has");
    const auto token = secure::read_private_token(plain.last<kPrivateTokenBytes>());
    if (!token) return malformed("a recorded request's token has an impossible address list");
    return ParsedRequest{*suite, *token};
}

}  // namespace

Result<RecordedRequest> read_recorded_request(Bytes plain) {
    const auto request = parse_request(plain);
    if (!request) return std::unexpected(request.error());
    return RecordedRequest{request->suite, request->token.client_id, request->token.timeout_seconds,
                           request->token.user_data};
}

struct RecordedPeers::State {
    State(std::uint64_t its_protocol_id, const Key& its_private_key, EntropySource& its_entropy)
        : protocol_id(its_protocol_id), private_key(its_private_key), entropy(its_entropy) {}

    [[nodiscard]] Result<Token*> token_of(Bytes plain);
    [[nodiscard]] Peer* peer_at(const Address& address) const;
    [[nodiscard]] Peer* peer_of(const Address& from, const PacketHeader& header);
    void begin_session(Peer& peer, std::uint64_t challenge, const SealedChallenge& sealed);

    std::uint64_t protocol_id;
    Key private_key;
    EntropySource& entropy;
    std::map<std::array<std::byte, kTagBytes>, Token> tokens;  // by the recorded tag
    std::deque<Peer> peers;
    std::map<Address, Peer*> by_address;  // a peer that moved has several
    std::map<std::uint64_t, Peer*> by_recorded_id;
    std::vector<std::byte> opened;
    // What sealed the packet that was opened last.
    const PacketCipher* server_cipher = nullptr;
    const PacketBinding* binding = nullptr;
};

RecordedPeers::RecordedPeers(std::uint64_t protocol_id, const Key& private_key, EntropySource& entropy)
    : state_(std::make_unique<State>(protocol_id, private_key, entropy)) {
    secure::prepare_crypto();
}
RecordedPeers::~RecordedPeers() = default;

// --- towards the server

Result<Token*> RecordedPeers::State::token_of(Bytes plain) {
    auto request = parse_request(plain);
    if (!request) return std::unexpected(request.error());
    std::array<std::byte, kTagBytes> tag;
    std::ranges::copy(plain.last<kTagBytes>(), tag.begin());
    if (const auto known = tokens.find(tag); known != tokens.end()) return &known->second;
    auto& [suite, contents] = *request;
    if (contents.client_to_server_key == Key{}) {
        contents.client_to_server_key = entropy.bytes<kKeyBytes>();
        contents.server_to_client_key = entropy.bytes<kKeyBytes>();
    }

    Token& token = tokens[tag];
    token.suite = suite;
    token.binding = PacketBinding(suite, protocol_id);
    token.client_to_server = contents.client_to_server_key;
    token.server_to_client = contents.server_to_client_key;
    token.cipher = secure::make_packet_cipher(suite, token.client_to_server, token.server_to_client);
    token.server_cipher = secure::make_packet_cipher(suite, token.server_to_client, token.client_to_server);
    std::ranges::copy(plain, token.request.begin());
    ByteWriter(std::span(token.request).subspan(1 + kVersionBytes)).write(protocol_id);
    ByteReader reader(plain);
    reader.skip(1 + kVersionBytes + 8);
    const UnixSeconds expires{reader.read<std::uint64_t>()};
    const auto nonce = reader.read_bytes(kNonceBytes).first<kNonceBytes>();
    const auto sealed = std::span(token.request).last<kPrivateTokenBytes>();
    secure::write_private_token(contents, sealed);
    secure::seal_private_token(sealed, {suite, protocol_id, expires, nonce}, private_key);
    return &token;
}

Result<std::size_t> RecordedPeers::seal_request(const Address& from, Bytes plain, MutableBytes out) {
    auto token = state_->token_of(plain);
    if (!token) return std::unexpected(token.error());
    if (out.size() < kRequestBytes)
        return fail(ErrorCode::too_large, fmt::format("a request needs room for {} bytes", kRequestBytes));
    Peer*& peer = state_->by_address[from];
    if (peer == nullptr) peer = &state_->peers.emplace_back();
    peer->token = *token;
    std::ranges::copy((*token)->request, out.begin());
    return kRequestBytes;
}

Peer* RecordedPeers::State::peer_at(const Address& address) const {
    const auto known = by_address.find(address);
    return known == by_address.end() ? nullptr : known->second;
}

Peer* RecordedPeers::State::peer_of(const Address& from, const PacketHeader& header) {
    if (!carries_id(header.type)) return peer_at(from);
    const auto known = by_recorded_id.find(header.connection_id);
    if (known == by_recorded_id.end()) return peer_at(from);
    by_address[from] = known->second;  // where the server will answer
    return known->second;
}

void RecordedPeers::State::begin_session(Peer& peer, std::uint64_t challenge, const SealedChallenge& sealed) {
    if (!peer.sessions.empty() && peer.sessions.back().challenge == challenge) return;
    const auto key = [&](const Key& token_key) {
        return secure::derive_session_key(peer.token->suite, token_key, sealed, challenge);
    };
    const Key up = key(peer.token->client_to_server);
    const Key down = key(peer.token->server_to_client);
    peer.sessions.push_back({challenge, secure::make_packet_cipher(peer.token->suite, up, down),
                             secure::make_packet_cipher(peer.token->suite, down, up)});
    if (peer.sessions.size() <= kMaxSessions) return;
    peer.sessions.erase(peer.sessions.begin());
    server_cipher = nullptr;
}

Result<std::size_t> RecordedPeers::seal(const Address& from, Bytes plain, MutableBytes out) {
    auto header = secure::read_header(plain);
    if (!header) return malformed("a recorded packet has no header");
    Peer* const peer = state_->peer_of(from, *header);
    if (peer == nullptr)
        return fail(
            ErrorCode::unknown_id,
            fmt::format("a recorded packet is from {}, which never asked to connect", to_string(from)));
    const Bytes body = plain.subspan(header->bytes);
    const bool is_of_handshake = is_handshake(header->type);
    if (!is_of_handshake && peer->sessions.empty())
        return malformed(
            fmt::format("a recorded packet is from {}, which has answered no challenge", to_string(from)));
    if (out.size() < plain.size() + kTagBytes)
        return fail(ErrorCode::too_large,
                    fmt::format("a packet needs room for {} bytes", plain.size() + kTagBytes));
    std::ranges::copy(body, out.begin() + static_cast<std::ptrdiff_t>(header->bytes));
    const MutableBytes copied = out.subspan(header->bytes, body.size());

    if (header->type == PacketType::response && body.size() == kChallengeBodyBytes) {
        const auto sequence = ByteReader(body).read<std::uint64_t>();
        if (const auto issued = peer->challenges.find(sequence); issued != peer->challenges.end()) {
            std::ranges::copy(issued->second, copied.begin() + 8);
            state_->begin_session(*peer, sequence, issued->second);
        }
    }
    if (header->type == PacketType::path_response && peer->path &&
        std::ranges::equal(body, peer->path->first))
        std::ranges::copy(peer->path->second, copied.begin());
    if (carries_id(header->type) && state_->by_recorded_id.contains(header->connection_id))
        header->connection_id = peer->id;
    const PacketCipher& cipher = is_of_handshake ? *peer->token->cipher : *peer->sessions.back().cipher;
    return peer->token->binding.seal(cipher, *header, out, body.size());
}

// --- from the server

Result<Bytes> RecordedPeers::open(const Address& to, Bytes datagram) {
    const auto header = secure::read_header(datagram);
    if (!header) return malformed("the server sent a datagram without a packet's header");
    Peer* const known = state_->peer_at(to);
    if (known == nullptr)
        return fail(ErrorCode::unknown_id,
                    fmt::format("the server sent to {}, which never asked to connect", to_string(to)));
    Peer& peer = *known;
    const auto try_with = [&](const PacketCipher& cipher,
                              const PacketCipher& server) -> std::optional<Bytes> {
        state_->opened.assign(datagram.begin(), datagram.end());
        state_->server_cipher = &server;
        state_->binding = &peer.token->binding;
        const auto body = peer.token->binding.open(cipher, *header, state_->opened);
        if (!body) return std::nullopt;
        return Bytes(state_->opened).first(header->bytes + body->size());
    };
    std::optional<Bytes> plain;
    if (is_handshake(header->type)) {
        plain = try_with(*peer.token->cipher, *peer.token->server_cipher);
    } else {
        for (auto session = peer.sessions.rbegin(); session != peer.sessions.rend() && !plain; ++session)
            plain = try_with(*session->cipher, *session->server_cipher);
    }
    if (!plain)
        return fail(ErrorCode::not_connected,
                    fmt::format("no key of {} opens what the server sent to it", to_string(to)));
    if (header->type == PacketType::challenge && plain->size() == header->bytes + kChallengeBodyBytes) {
        ByteReader reader(plain->subspan(header->bytes));
        const auto sequence = reader.read<std::uint64_t>();
        std::ranges::copy(reader.read_bytes(kChallengeTokenBytes), peer.challenges[sequence].begin());
        if (peer.challenges.size() > kMaxChallenges) peer.challenges.erase(peer.challenges.begin());
    }
    return *plain;
}

Result<std::size_t> RecordedPeers::seal_like_opened(Bytes plain, MutableBytes out) {
    const auto header = secure::read_header(plain);
    if (!header) return malformed("a recorded packet has no header");
    if (state_->server_cipher == nullptr) return fail(ErrorCode::not_connected, "nothing was opened yet");
    if (out.size() < plain.size() + kTagBytes)
        return fail(ErrorCode::too_large,
                    fmt::format("a packet needs room for {} bytes", plain.size() + kTagBytes));
    std::ranges::copy(plain, out.begin());
    return state_->binding->seal(*state_->server_cipher, *header, out, plain.size() - header->bytes);
}

std::optional<std::size_t> RecordedPeers::first_difference(const Address& to, Bytes recorded, Bytes again) {
    const auto old_header = secure::read_header(recorded);
    const auto new_header = secure::read_header(again);
    if (!old_header || !new_header || old_header->type != new_header->type) return 0;
    const bool has_random_number = is_handshake(old_header->type);
    if (!has_random_number && old_header->sequence != new_header->sequence) return 1;
    const Bytes old_body = recorded.subspan(old_header->bytes);
    const Bytes new_body = again.subspan(new_header->bytes);
    std::size_t compared = std::min(old_body.size(), new_body.size());
    if (old_body.size() == new_body.size()) {
        Peer* const peer = state_->peer_at(to);
        switch (old_header->type) {
            case PacketType::challenge: compared = std::min<std::size_t>(compared, 8); break;
            case PacketType::connection_id:
                if (peer != nullptr && old_body.size() == kConnectionIdBytes) {
                    peer->id = ByteReader(new_body).read<std::uint64_t>();
                    state_->by_recorded_id[ByteReader(old_body).read<std::uint64_t>()] = peer;
                }
                compared = 0;
                break;
            case PacketType::path_challenge:
                if (peer != nullptr && old_body.size() == kPathDataBytes) {
                    peer->path.emplace();
                    std::ranges::copy(old_body, peer->path->first.begin());
                    std::ranges::copy(new_body, peer->path->second.begin());
                }
                compared = 0;
                break;
            default: break;
        }
    }
    for (std::size_t i = 0; i < compared; ++i)
        if (old_body[i] != new_body[i]) return old_header->bytes + i;
    if (old_body.size() != new_body.size()) return old_header->bytes + compared;
    return std::nullopt;
}

}  // namespace squall
