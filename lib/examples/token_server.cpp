// A game server with its token service: players prove who they are over HTTP(S), get a connect token, and
// come with it over UDP; each message goes back to its sender. The first player who leaves ends the program.
//
//   token_server [CERTIFICATE KEY] | token_client - [AUTHORITIES]
//
// With a certificate and its key (PEM files) the token service speaks https. The service's URL is printed.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>

#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/http_server.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/token_service.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/endpoint.hpp"

namespace {

constexpr std::uint64_t kProtocol = 0x1234;

template <class T>
T value_or_exit(squall::Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "token_server: %s\n", result.error().message.c_str());
    std::exit(1);
}

// Echoes messages, and stops the host when a player has left.
class EchoServer final : public squall::Node {
  public:
    explicit EchoServer(squall::Host& host) : host_(host) {}
    void set_endpoint(std::unique_ptr<squall::ServerEndpoint> endpoint) { endpoint_ = std::move(endpoint); }
    [[nodiscard]] bool has_served() const { return has_served_; }

    void receive(squall::TimePoint now, const squall::Address& from, squall::MutableBytes datagram) override {
        if (!endpoint_) return;
        endpoint_->receive(now, from, datagram);
        handle_events(now);
    }
    std::optional<squall::Transmit> poll_transmit(squall::TimePoint now,
                                                  squall::MutableBytes buffer) override {
        if (!endpoint_) return std::nullopt;
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] squall::TimePoint poll_timeout() const override {
        return endpoint_ ? endpoint_->poll_timeout() : squall::kNever;
    }
    void handle_timeout(squall::TimePoint now) override {
        if (!endpoint_) return;
        endpoint_->handle_timeout(now);
        handle_events(now);
    }

  private:
    void handle_events(squall::TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<squall::MessageReceived>(&*event)) {
                has_served_ =
                    endpoint_->send(now, message->connection, message->channel, message->bytes).has_value();
            } else if (std::holds_alternative<squall::Disconnected>(*event)) {
                host_.stop();
            }
        }
    }

    squall::Host& host_;
    std::unique_ptr<squall::ServerEndpoint> endpoint_;
    bool has_served_ = false;
};

// A real game asks its database. The password of a player is checked here, and nowhere else.
std::expected<squall::TokenGrant, squall::TokenRefusal> authenticate(
    const squall::TokenApplicant& applicant) {
    const auto player = applicant.credentials.find("player");
    const auto password = applicant.credentials.find("password");
    if (player == applicant.credentials.end() || password == applicant.credentials.end())
        return std::unexpected(squall::TokenRefusal{400, "player and password are needed"});
    if (player->second != "ada" || password->second != "lovelace")
        return std::unexpected(squall::TokenRefusal{401, "unknown player or wrong password"});
    return squall::TokenGrant{.client_id = squall::ClientId{7}};
}

}  // namespace

int main(int argument_count, char** arguments) {
    squall::SystemEntropy entropy;
    const auto host = value_or_exit(squall::AsioHost::make());

    // The socket first: tokens name the port that it got.
    EchoServer game(*host);
    const auto node = value_or_exit(host->attach(game, {.bind = squall::Address::loopback(0)}));
    const auto address = host->local_address(node);
    const auto private_key = entropy.bytes<squall::kKeyBytes>();
    game.set_endpoint(value_or_exit(squall::ServerEndpoint::make(
        host->now(),
        {.transport = {.protocol_id = kProtocol,
                       .channels = {{.name = "chat", .mode = squall::ChannelMode::reliable_ordered}}},
         .private_key = private_key,
         .addresses = {address},
         .wall_clock = squall::wall_clock_anchor(*host)},
        entropy)));
    host->wake(node);

    const auto service = value_or_exit(squall::TokenService::make(
        {.protocol_id = kProtocol, .public_addresses = {address}}, private_key, authenticate, entropy));
    squall::HttpServerOptions http;
    if (argument_count == 3) http.tls = squall::TlsFiles{arguments[1], arguments[2]};
    const auto server = value_or_exit(squall::HttpServer::start(http, {service->route()}));
    std::printf("%s://localhost:%d/token\n", http.tls ? "https" : "http", server->local_address().port());
    std::fflush(stdout);

    host->run_until(host->now() + std::chrono::seconds(30));
    return game.has_served() ? 0 : 1;
}
