// A server and a client in one process and no socket: mint a token, connect, send one reliable message each
// way. Time is a number that this file moves, and datagrams are handed over by hand. With sockets a Host does
// both (squall/runtime/host.hpp).
#include <array>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string_view>

#include "squall/transport/connect_token.hpp"
#include "squall/transport/endpoint.hpp"

namespace {

using namespace std::chrono_literals;

const squall::Address kServerAddress = squall::Address::loopback(40000);
const squall::Address kClientAddress = squall::Address::loopback(50000);

// Hands all that `from` has to send to `to`.
void deliver(squall::TimePoint now, squall::Node& from, const squall::Address& from_address,
             squall::Node& to) {
    std::array<std::byte, squall::kMaxDatagramBytes> buffer;
    while (const auto transmit = from.poll_transmit(now, buffer))
        to.receive(now, from_address, squall::MutableBytes(buffer).first(transmit->size));
}

// Prints the messages that arrived, and answers "ping" with "pong".
bool handle_events(squall::TimePoint now, std::string_view name, squall::Endpoint& endpoint) {
    bool got_pong = false;
    while (const auto event = endpoint.poll_event()) {
        if (const auto* connected = std::get_if<squall::Connected>(&*event))
            std::printf("%s: connected to %s\n", name.data(), to_string(connected->peer).c_str());
        const auto* message = std::get_if<squall::MessageReceived>(&*event);
        if (message == nullptr) continue;
        const auto text = squall::as_text(message->bytes);
        std::printf("%s: got \"%.*s\"\n", name.data(), static_cast<int>(text.size()), text.data());
        got_pong = text == "pong";
        if (text == "ping")
            (void)endpoint.send(now, message->connection, message->channel, squall::as_bytes("pong"));
    }
    return got_pong;
}

int run() {
    squall::TimePoint now{1s};
    // A program takes keys from the system's entropy (squall/runtime/system_entropy.hpp); this one wants to
    // repeat itself.
    squall::SeededEntropy entropy{squall::Rng(7)};

    squall::TransportConfig transport;
    transport.protocol_id = 0x5351'5541'4c4c;
    transport.channels = {{.name = "chat", .mode = squall::ChannelMode::reliable_ordered}};

    squall::ServerConfig server_config;
    server_config.transport = transport;
    server_config.private_key = entropy.bytes<squall::kKeyBytes>();
    server_config.addresses = {kServerAddress};
    auto server = squall::ServerEndpoint::make(now, server_config, entropy);
    auto client = squall::ClientEndpoint::make(now, {.transport = transport, .wall_clock = {}}, entropy);
    if (!server || !client) {
        std::printf("%s\n", (server ? client.error() : server.error()).message.c_str());
        return 1;
    }

    // The backend gives a player a token; it alone and the servers know the private key.
    squall::ConnectTokenRequest request;
    request.protocol_id = transport.protocol_id;
    request.client_id = squall::ClientId{1};
    request.public_addresses = {kServerAddress};
    const auto token = squall::mint_connect_token(request, server_config.private_key, entropy);
    if (!token) {
        std::printf("%s\n", token.error().message.c_str());
        return 1;
    }
    const auto connection = (*client)->connect(now, *token);
    if (!connection) {
        std::printf("%s\n", connection.error().message.c_str());
        return 1;
    }

    bool greeted = false;
    for (int step = 0; step < 100; ++step, now += 10ms) {
        (*client)->handle_timeout(now);
        (*server)->handle_timeout(now);
        deliver(now, **client, kClientAddress, **server);
        deliver(now, **server, kServerAddress, **client);
        (void)handle_events(now, "server", **server);
        if (handle_events(now, "client", **client)) return 0;
        if (!greeted && (*client)->is_connected(*connection))
            greeted =
                (*client)->send(now, *connection, squall::ChannelId{0}, squall::as_bytes("ping")).has_value();
    }
    std::printf("no answer in a second\n");
    return 1;
}

}  // namespace

int main() {
    return run();
}
