// A player: proves who they are to a token service, connects with the token, says hello and waits to hear it
// back.
//
//   token_client URL|- [AUTHORITIES]
//
// With - the URL is read from standard input. AUTHORITIES is a PEM file with the certificates that are
// trusted in place of the system's.
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/token_service.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/endpoint.hpp"

namespace {

constexpr std::uint64_t kProtocol = 0x1234;
constexpr squall::ChannelId kChat{0};

template <class T>
T value_or_exit(squall::Result<T> result) {
    if (result) return std::move(*result);
    std::fprintf(stderr, "token_client: %s\n", result.error().message.c_str());
    std::exit(1);
}

// Says hello once connected, and leaves when it comes back.
class Player final : public squall::Node {
  public:
    Player(squall::Host& host, std::unique_ptr<squall::ClientEndpoint> endpoint)
        : host_(host), endpoint_(std::move(endpoint)) {}
    [[nodiscard]] bool was_answered() const { return was_answered_; }

    void receive(squall::TimePoint now, const squall::Address& from, squall::MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        handle_events(now);
    }
    std::optional<squall::Transmit> poll_transmit(squall::TimePoint now,
                                                  squall::MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] squall::TimePoint poll_timeout() const override { return endpoint_->poll_timeout(); }
    void handle_timeout(squall::TimePoint now) override {
        endpoint_->handle_timeout(now);
        handle_events(now);
    }

  private:
    void handle_events(squall::TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* connected = std::get_if<squall::Connected>(&*event)) {
                (void)endpoint_->send(now, connected->connection, kChat, squall::as_bytes("hello"));
            } else if (const auto* message = std::get_if<squall::MessageReceived>(&*event)) {
                was_answered_ = squall::as_text(message->bytes) == "hello";
                endpoint_->disconnect(now, message->connection);
            } else if (std::holds_alternative<squall::Disconnected>(*event)) {
                host_.stop();
            }
        }
    }

    squall::Host& host_;
    std::unique_ptr<squall::ClientEndpoint> endpoint_;
    bool was_answered_ = false;
};

}  // namespace

int main(int argument_count, char** arguments) {
    if (argument_count < 2 || argument_count > 3) {
        std::fprintf(stderr, "usage: token_client URL|- [AUTHORITIES]\n");
        return 2;
    }
    std::string url = arguments[1];
    if (url == "-") std::getline(std::cin, url);

    squall::TokenFetchOptions options;
    if (argument_count == 3) options.http.authorities_file = arguments[2];
    const auto token = value_or_exit(squall::fetch_token(
        value_or_exit(squall::Url::parse(url)), {{"player", "ada"}, {"password", "lovelace"}}, options));

    squall::SystemEntropy entropy;
    const auto host = value_or_exit(squall::AsioHost::make());
    auto endpoint = value_or_exit(squall::ClientEndpoint::make(
        host->now(),
        {.transport = {.protocol_id = kProtocol,
                       .channels = {{.name = "chat", .mode = squall::ChannelMode::reliable_ordered}}},
         .wall_clock = squall::wall_clock_anchor(*host)},
        entropy));
    value_or_exit(endpoint->connect(host->now(), token));
    Player player(*host, std::move(endpoint));
    value_or_exit(host->attach(player, {.bind = squall::Address::loopback(0)}));
    host->run_until(host->now() + std::chrono::seconds(10));

    std::printf("%s\n", player.was_answered() ? "the server said hello back" : "no answer");
    return player.was_answered() ? 0 : 1;
}
