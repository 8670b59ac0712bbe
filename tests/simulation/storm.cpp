// Reliable ordered messages both ways through 20 % loss, 100 +- 50 ms, duplication, reordering and
// corruption: each once, in order, unchanged. One virtual network a seed; a failure prints the line that
// repeats it.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "simulation/seeds.hpp"
#include "squall/simulator/sim_host.hpp"
#include "squall/transport/endpoint.hpp"

using namespace squall;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kProtocol = 7;
constexpr std::uint64_t kMessages = 250;
constexpr ChannelId kOrdered{0};

TransportConfig transport() {
    TransportConfig config;
    config.protocol_id = kProtocol;
    config.channels = {{.name = "ordered", .mode = ChannelMode::reliable_ordered},
                       {.name = "noise", .mode = ChannelMode::unreliable}};
    return config;
}

std::vector<std::byte> message_of(std::uint64_t seed, std::uint64_t number) {
    Rng rng = Rng(seed).fork("message", number);
    std::vector<std::byte> bytes(rng.chance(percent(10)) ? 1000 + rng.below(6000) : 8 + rng.below(120));
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.below(256));
    ByteWriter(bytes).write(number);
    return bytes;
}

// One end of the conversation: sends its messages at 60 Hz, checks those that come.
class Talker : public Node {
  public:
    Talker(std::uint64_t seed, std::uint64_t peer_seed, Endpoint& endpoint, TimePoint start)
        : endpoint_(endpoint), seed_(seed), peer_seed_(peer_seed), next_send_(start) {}

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_.receive(now, from, datagram);
        take_events();
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_.poll_transmit(now, buffer);
    }
    TimePoint poll_timeout() const override {
        return std::min(endpoint_.poll_timeout(),
                        sent_ < kMessages && connection_.is_valid() ? next_send_ : kNever);
    }
    void handle_timeout(TimePoint now) override {
        if (endpoint_.poll_timeout() <= now) endpoint_.handle_timeout(now);
        take_events();
        if (!connection_.is_valid() || sent_ >= kMessages || now < next_send_) return;
        next_send_ = now + 16'666'667ns;
        (void)endpoint_.send(now, connection_, ChannelId{1}, std::vector<std::byte>(40));
        if (endpoint_.send(now, connection_, kOrdered, message_of(seed_, sent_))) ++sent_;
    }

    [[nodiscard]] bool is_done() const {
        return !error.empty() || (sent_ == kMessages && received_ == kMessages);
    }
    [[nodiscard]] std::uint64_t received() const { return received_; }
    std::string error;

  private:
    void take_events() {
        while (const auto event = endpoint_.poll_event()) {
            if (const auto* connected = std::get_if<Connected>(&*event)) connection_ = connected->connection;
            if (const auto* ended = std::get_if<Disconnected>(&*event))
                error = fmt::format("disconnected: {}", to_string(ended->reason));
            const auto* message = std::get_if<MessageReceived>(&*event);
            if (message == nullptr || message->channel != kOrdered) continue;
            const auto expected = message_of(peer_seed_, received_);
            if (message->bytes.size() != expected.size() ||
                std::memcmp(message->bytes.data(), expected.data(), expected.size()) != 0)
                error = fmt::format("message {} (id {}) is not what was sent next", received_,
                                    message->message.value);
            ++received_;
        }
    }

    Endpoint& endpoint_;
    std::uint64_t seed_;
    std::uint64_t peer_seed_;
    TimePoint next_send_;
    ConnectionId connection_{};
    std::uint64_t sent_ = 0;
    std::uint64_t received_ = 0;
};

// Empty if all went well.
std::string run_seed(std::uint64_t seed) {
    const Rng rng(seed);
    SeededEntropy entropy(rng.fork("entropy"));
    simulator::SimHost host(rng.fork("network"));
    simulator::LinkConfig storm;
    storm.delay = 100ms;
    storm.jitter = 50ms;
    storm.loss = percent(20);
    storm.duplicate = percent(5);
    storm.reorder = percent(5);
    storm.reorder_by = 40ms;
    storm.corrupt = percent(2);
    if (!host.set_default_access(storm, simulator::LinkConfig{})) return "the link refuses its configuration";

    const Address server_address = Address::loopback(40000);
    Key key{};
    entropy.fill(key);
    const WallClockAnchor wall{host.now(), UnixSeconds{1'800'000'000}};
    ServerConfig server_config;
    server_config.transport = transport();
    server_config.private_key = key;
    server_config.addresses = {server_address};
    server_config.wall_clock = wall;
    auto server = *ServerEndpoint::make(host.now(), server_config, entropy);
    auto client = *ClientEndpoint::make(host.now(), ClientConfig{transport(), wall}, entropy);
    constexpr std::array kSuites{Suite::netcode, Suite::hmac_signed, Suite::aes256_gcm};
    ConnectTokenRequest request;
    request.protocol_id = kProtocol;
    request.suite = kSuites[seed % (is_available(Suite::aes256_gcm) ? 3 : 2)];
    request.client_id = ClientId{seed + 1};
    request.now = wall.wall;
    request.public_addresses = {server_address};
    const auto token = mint_connect_token(request, key, entropy);
    if (!token) return token.error().message;
    if (auto started = client->connect(host.now(), *token); !started) return started.error().message;

    Talker at_server(seed, seed + 1, *server, host.now());
    Talker at_client(seed + 1, seed, *client, host.now());
    const auto attached = host.attach(at_server, {.bind = server_address});
    if (!attached || !host.attach(at_client, {})) return "cannot attach";
    const TimePoint deadline = host.now() + 120s;
    while (host.now() < deadline && !(at_server.is_done() && at_client.is_done()))
        host.run_until(std::min(deadline, host.now() + 500ms));
    if (!at_server.error.empty()) return "server: " + at_server.error;
    if (!at_client.error.empty()) return "client: " + at_client.error;
    if (!at_server.is_done() || !at_client.is_done())
        return fmt::format("after 120 s only {} and {} of {} messages had arrived", at_server.received(),
                           at_client.received(), kMessages);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    return squall::simulation::run_seeds(argc, argv, "every message once and in order, both ways", run_seed);
}
