// A foreign transport and a foreign codec. The transport: a Host of one's own, here plain POSIX sockets and
// poll(); the endpoints and the registries on it are the same as ever. The codec: CBOR as nlohmann-json
// writes it, chosen by an event like any other. A server and a client in one program talk over both. Checks
// itself.
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "squall/remotes/remotes.hpp"
#include "squall/runtime/host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"

using namespace std::chrono_literals;

// --- the transport: whatever can move datagrams and tell the time. IPv4 only, to stay short.
class PosixHost final : public squall::Host {
  public:
    PosixHost() = default;
    PosixHost(const PosixHost&) = delete;
    PosixHost& operator=(const PosixHost&) = delete;
    // Whatever is attached still may be gone already: only the sockets are closed.
    ~PosixHost() override {
        for (const auto& [id, place] : places_) ::close(place.socket);
    }
    squall::TimePoint now() const override { return read_clock(); }
    squall::TimePoint read_clock() const override {
        timespec time{};
        ::clock_gettime(CLOCK_MONOTONIC, &time);
        return squall::TimePoint{std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec)};
    }
    squall::Result<squall::NodeId> attach(squall::Node& node, const squall::AttachOptions& options) override {
        Place place{&node, ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), {}, {}};
        const sockaddr_in wanted = to_system(options.bind);
        sockaddr_in bound{};
        socklen_t size = sizeof bound;
        if (place.socket < 0 ||
            ::bind(place.socket, reinterpret_cast<const sockaddr*>(&wanted), sizeof wanted) != 0 ||
            ::getsockname(place.socket, reinterpret_cast<sockaddr*>(&bound), &size) != 0) {
            if (place.socket >= 0) ::close(place.socket);
            return squall::fail(squall::ErrorCode::io, "bind: " + to_string(options.bind));
        }
        place.address = from_system(bound);
        places_.emplace(++last_id_, place);
        return squall::NodeId{last_id_};
    }
    void detach(squall::NodeId id) override {
        const auto place = places_.find(id.value);
        if (place == places_.end()) return;
        drain(place->second);
        ::close(place->second.socket);
        places_.erase(place);
    }
    void wake(squall::NodeId id) override { drain(places_.at(id.value)); }
    squall::Address local_address(squall::NodeId id) const override { return places_.at(id.value).address; }
    squall::SocketStatistics statistics(squall::NodeId id) const override {
        return places_.at(id.value).statistics;
    }
    void stop() override { is_stopped_ = true; }
    void run_until(squall::TimePoint deadline) override {
        for (is_stopped_ = false; !is_stopped_ && !places_.empty() && now() < deadline;) {
            squall::TimePoint next = deadline;
            std::vector<pollfd> waits;
            for (auto& [id, place] : places_) {
                if (place.node->poll_timeout() <= now()) {
                    place.node->handle_timeout(now());
                    drain(place);
                }
                next = std::min(next, place.node->poll_timeout());
                waits.push_back({place.socket, POLLIN, 0});
            }
            const auto wait = std::max(next - now(), squall::Duration{0});
            (void)::poll(waits.data(), waits.size(), static_cast<int>(wait / 1ms) + 1);
            for (auto& [id, place] : places_) receive(place);
        }
    }

  private:
    struct Place {
        squall::Node* node;
        int socket;
        squall::Address address;
        squall::SocketStatistics statistics;
    };
    static sockaddr_in to_system(const squall::Address& address) {
        sockaddr_in out{};
        out.sin_family = AF_INET;
        out.sin_port = htons(address.port());
        const auto& b = address.bytes();
        out.sin_addr.s_addr =
            htonl(std::uint32_t{b[0]} << 24 | std::uint32_t{b[1]} << 16 | std::uint32_t{b[2]} << 8 | b[3]);
        return out;
    }
    static squall::Address from_system(const sockaddr_in& address) {
        const std::uint32_t ip = ntohl(address.sin_addr.s_addr);
        return squall::Address::ipv4(static_cast<std::uint8_t>(ip >> 24), static_cast<std::uint8_t>(ip >> 16),
                                     static_cast<std::uint8_t>(ip >> 8), static_cast<std::uint8_t>(ip),
                                     ntohs(address.sin_port));
    }
    // One datagram in, all that follows from it out: the drain rule.
    void receive(Place& place) {
        for (;;) {
            sockaddr_in from{};
            socklen_t size = sizeof from;
            const auto bytes = ::recvfrom(place.socket, buffer_.data(), buffer_.size(), 0,
                                          reinterpret_cast<sockaddr*>(&from), &size);
            if (bytes <= 0) return;
            ++place.statistics.datagrams_received;
            place.node->receive(now(), from_system(from),
                                squall::MutableBytes(buffer_).first(static_cast<std::size_t>(bytes)));
            drain(place);
        }
    }
    void drain(Place& place) {
        std::array<std::byte, squall::kMaxDatagramBytes> out;
        while (const auto transmit = place.node->poll_transmit(now(), out)) {
            const sockaddr_in to = to_system(transmit->to);
            const auto sent = ::sendto(place.socket, out.data(), transmit->size, 0,
                                       reinterpret_cast<const sockaddr*>(&to), sizeof to);
            ++(sent < 0 ? place.statistics.send_drops : place.statistics.datagrams_sent);
        }
    }
    std::map<std::uint64_t, Place> places_;
    std::array<std::byte, squall::kMaxDatagramBytes> buffer_{};
    std::uint64_t last_id_ = 0;
    bool is_stopped_ = false;
};

// --- the codec: Squall's JSON, repacked by a library that knows CBOR. A user's numbers begin at 128.
class CborCodec final : public squall::wire::Codec {
  public:
    std::string_view name() const override { return "cbor"; }
    squall::wire::CodecId id() const override { return squall::wire::user_codec_id(128); }
    squall::Result<> encode(const squall::wire::CodecType& type, const void* object,
                            std::vector<std::byte>& out) const override {
        if (auto written = squall::wire::json_codec().encode(type, object, out); !written) return written;
        const auto packed = nlohmann::json::to_cbor(nlohmann::json::parse(squall::as_text(out)));
        const squall::Bytes bytes = std::as_bytes(std::span(packed));
        out.assign(bytes.begin(), bytes.end());
        return {};
    }
    squall::Result<> decode(const squall::wire::CodecType& type, squall::Bytes bytes,
                            void* object) const override {
        // What came off the wire: no exceptions, no trust. Its depth and size are bounded by the message's.
        const auto json = nlohmann::json::from_cbor(bytes, true, false);
        if (json.is_discarded()) return squall::fail(squall::ErrorCode::malformed, "cbor: no CBOR");
        const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        return squall::wire::json_codec().decode(type, squall::as_bytes(text), object);
    }
};

struct Chat {
    std::string text;
    std::uint32_t room = 0;
};

int main() {
    PosixHost host;
    const CborCodec cbor;
    squall::SystemEntropy entropy;
    const squall::WallClockAnchor wall = squall::wall_clock_anchor(host);
    squall::ServerConfig config;
    config.transport.protocol_id = 1;
    config.transport.channels = squall::remotes::remote_channels();
    entropy.fill(config.private_key);
    config.wall_clock = wall;
    // A free port is found by binding; tokens must name it, so it is asked first.
    const int probe = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in free{};
    free.sin_family = AF_INET;
    free.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof free;
    if (probe < 0 || ::bind(probe, reinterpret_cast<sockaddr*>(&free), size) != 0 ||
        ::getsockname(probe, reinterpret_cast<sockaddr*>(&free), &size) != 0)
        return 1;
    ::close(probe);
    const squall::Address address = squall::Address::loopback(ntohs(free.sin_port));
    config.addresses = {address};
    auto server = squall::ServerEndpoint::make(host.now(), config, entropy);
    auto client = squall::ClientEndpoint::make(host.now(), {config.transport, wall}, entropy);
    if (!server || !client) return 1;
    squall::remotes::Remotes at_server(**server);
    squall::remotes::Remotes at_client(**client);
    const auto heard = *at_server.event<Chat>("chat", {.codec = &cbor});
    const auto said = *at_client.event<Chat>("chat", {.codec = &cbor});
    std::string answer;
    std::size_t cbor_bytes = 0;
    heard.use(squall::remotes::Direction::inbound,
              [&](squall::remotes::Message& message, const squall::remotes::Next& next) {
                  cbor_bytes = message.bytes().size();
                  return next();
              });
    heard.listen([&](const squall::remotes::Origin& origin, const Chat& chat) {
        heard.fire(origin.now, {"you said " + chat.text, chat.room}, origin.peer);
    });
    said.listen([&](const squall::remotes::Origin&, const Chat& chat) {
        answer = chat.text;
        host.stop();
    });

    const auto server_node = host.attach(at_server, {.bind = address});
    const auto client_node = host.attach(at_client, {});
    squall::ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = squall::ClientId{1};
    request.now = wall.wall;
    request.public_addresses = {address};
    const auto token = squall::mint_connect_token(request, config.private_key, entropy);
    if (!server_node || !client_node || !token || !(*client)->connect(host.now(), *token)) return 1;
    said.fire(host.now(), {"hello", 7});  // waits for the server
    host.wake(*client_node);
    host.run_until(host.now() + 10s);
    std::printf("'%s', sent as %zu bytes of CBOR, in %llu datagrams of POSIX sockets\n", answer.c_str(),
                cbor_bytes, static_cast<unsigned long long>(host.statistics(*client_node).datagrams_sent));
    return answer == "you said hello" && cbor_bytes > 10 && cbor_bytes < 30 ? 0 : 1;
}
