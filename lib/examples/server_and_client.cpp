// A server and a client in one process and without a socket: mint a token, connect, "ping" one way and "pong"
// the other. Time is a number that this file moves, and datagrams are handed over by hand; on real sockets a
// Host does both (squall/runtime/asio_host.hpp), with the same endpoints.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace {

using namespace std::chrono_literals;

const squall::Address kServerAddress = squall::Address::loopback(40000);
const squall::Address kClientAddress = squall::Address::loopback(50000);
constexpr squall::ChannelId kChat{0};

template <class T>
T value_or_exit(squall::Result<T> result) {
    if (result) return std::move(*result);
    std::printf("%s\n", result.error().message.c_str());
    std::exit(1);
}

// The text of the message that arrived, if one did. Its bytes lie in the datagram that was received: poll
// before that is reused.
std::string next_message(squall::Endpoint& endpoint) {
    std::string text;
    while (const auto event = endpoint.poll_event())
        if (const auto* message = std::get_if<squall::MessageReceived>(&*event))
            text = squall::as_text(message->bytes);
    return text;
}

// Hands all that one endpoint has to send to the other; returns the message that arrived with it, if one did.
std::string deliver(squall::TimePoint now, squall::Endpoint& from, const squall::Address& address,
                    squall::Endpoint& to) {
    std::string text;
    std::array<std::byte, squall::kMaxDatagramBytes> buffer;
    while (const auto transmit = from.poll_transmit(now, buffer)) {
        to.receive(now, address, squall::MutableBytes(buffer).first(transmit->size));
        text += next_message(to);
    }
    return text;
}

int run() {
    squall::TimePoint now{1s};
    squall::SeededEntropy entropy(squall::Rng(7));  // repeatable; a program takes squall::SystemEntropy

    // Both ends agree on the protocol: its number, and its channels.
    squall::TransportConfig transport;
    transport.protocol_id = 0x1234;
    transport.channels = {{.name = "chat", .mode = squall::ChannelMode::reliable_ordered}};

    const auto private_key = entropy.bytes<squall::kKeyBytes>();
    auto server = value_or_exit(squall::ServerEndpoint::make(
        now, {.transport = transport, .private_key = private_key, .addresses = {kServerAddress}}, entropy));
    auto client = value_or_exit(squall::ClientEndpoint::make(now, {.transport = transport}, entropy));

    // The backend, which alone shares the private key with the servers, gives the player a way in.
    const auto token = value_or_exit(squall::mint_connect_token({.protocol_id = transport.protocol_id,
                                                                 .client_id = squall::ClientId{1},
                                                                 .public_addresses = {kServerAddress}},
                                                                private_key, entropy));
    const auto connection = value_or_exit(client->connect(now, token));

    // Ten milliseconds at a time: deadlines, then datagrams, then events.
    for (bool sent = false; now < squall::TimePoint{2s}; now += 10ms) {
        client->handle_timeout(now);
        server->handle_timeout(now);
        if (deliver(now, *client, kClientAddress, *server) == "ping")
            (void)server->send(now, server->connections().front(), kChat, squall::as_bytes("pong"));
        if (deliver(now, *server, kServerAddress, *client) == "pong") {
            std::printf("pong after %.0f ms\n", squall::to_milliseconds(now - squall::TimePoint{1s}));
            return 0;
        }
        if (!sent && client->is_connected(connection))
            sent = client->send(now, connection, kChat, squall::as_bytes("ping")).has_value();
    }
    std::printf("no answer in a second\n");
    return 1;
}

}  // namespace

int main() {
    return run();
}
