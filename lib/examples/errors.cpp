// What happens when a handler throws: the server lives on, and a report with who, what and where goes to a
// log and to a file of JSON lines; a Sentry server is one more sink. And a plugin that brings a middleware.
// Without a socket. Checks itself.
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "squall/remotes/remotes.hpp"
#include "squall/runtime/error_reporter.hpp"
#include "squall/runtime/plugin.hpp"
#include "squall/runtime/sentry_sink.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

using namespace std::chrono_literals;
using squall::remotes::Direction;
using squall::remotes::Origin;
using squall::remotes::Outcome;

struct Chat {
    std::string text;
};

// --- a plugin, here of the program's own; from a shared library it is opened by path
squall::Result<> load(squall::Plugins& plugins) {
    return plugins.add_middleware(
        "max-bytes", [](std::string_view argument) -> squall::Result<squall::remotes::Middleware> {
            const auto most = std::strtoul(std::string(argument).c_str(), nullptr, 10);
            if (most == 0)
                return squall::fail(squall::ErrorCode::invalid_argument, "max-bytes takes a number of bytes");
            return squall::remotes::Middleware(
                [most](squall::remotes::Message& message, const squall::remotes::Next& next) {
                    return message.bytes().size() > most ? Outcome::filtered : next();
                });
        });
}

int main() {
    const squall::Address server_address = squall::Address::loopback(40000);
    const squall::Address client_address = squall::Address::loopback(50000);
    const squall::UnixSeconds wall{1'800'000'000};
    squall::SystemEntropy entropy;
    squall::TimePoint now{1s};
    squall::ServerConfig server_config;
    server_config.transport.protocol_id = 1;
    server_config.transport.channels = squall::remotes::remote_channels();
    entropy.fill(server_config.private_key);
    server_config.addresses = {server_address};
    server_config.wall_clock = {now, wall};
    auto server = squall::ServerEndpoint::make(now, server_config, entropy);
    auto client = squall::ClientEndpoint::make(now, {server_config.transport, {now, wall}}, entropy);
    if (!server || !client) return 1;

    // Reporter and sinks outlive the registry.
    std::vector<std::string> log;
    squall::ErrorLog lines([&](std::string_view line) { log.emplace_back(line); });
    auto file = squall::ErrorFile::open({.path = "example_errors.jsonl"});
    if (!file) return 1;
    squall::ErrorReporter reporter({.wall_clock = {now, wall}});
    reporter.add(lines);
    reporter.add(**file);
    if (const char* const dsn = std::getenv("SENTRY_DSN"); dsn != nullptr) {
        // Sends by a thread of its own; keeps what it cannot send in the folder.
        static auto sentry =
            squall::SentrySink::make({.dsn = dsn, .buffer_folder = "example_errors"}, entropy);
        if (!sentry) return 1;
        reporter.add(**sentry);
    }
    squall::remotes::Remotes at_server(**server);
    squall::remotes::Remotes at_client(**client);
    reporter.watch(at_server);

    squall::Plugins plugins;
    if (!plugins.add({.name = "example", .load = load})) return 1;
    auto limit = plugins.middleware("max-bytes", "20");
    if (!limit) return 1;
    auto chat = *at_server.event<Chat>("chat");
    chat.use(Direction::inbound, std::move(*limit));
    int heard = 0;
    chat.listen([&](const Origin&, const Chat& said) {
        ++heard;
        if (said.text.empty()) throw std::invalid_argument("an empty line");
    });
    auto say = *at_client.event<Chat>("chat");

    squall::ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = squall::ClientId{7};
    request.now = wall;
    request.public_addresses = {server_address};
    const auto token = squall::mint_connect_token(request, server_config.private_key, entropy);
    if (!token || !(*client)->connect(now, *token)) return 1;
    const auto pump = [&](squall::Duration span) {
        std::array<std::byte, squall::kMaxDatagramBytes> buffer;
        for (const squall::TimePoint end = now + span; now < end; now += 10ms) {
            at_server.handle_timeout(now);
            at_client.handle_timeout(now);
            while (const auto sent = at_client.poll_transmit(now, buffer))
                at_server.receive(now, client_address, squall::MutableBytes(buffer).first(sent->size));
            while (const auto sent = at_server.poll_transmit(now, buffer))
                at_client.receive(now, server_address, squall::MutableBytes(buffer).first(sent->size));
        }
    };
    pump(500ms);
    for (const char* const text : {"hello", "", "this line is longer than twenty bytes", "still here"})
        say.fire(now, Chat{text});
    pump(500ms);

    (*file)->flush();
    for (const std::string& line : log) std::printf("%s\n", line.c_str());
    const bool good = heard == 3 && log.size() == 1 && log[0].find("an empty line") != std::string::npos &&
                      reporter.reported() == 1 && (*file)->dropped() == 0 &&
                      chat.statistics().in.of(Outcome::filtered) == 1;
    return good ? 0 : 1;
}
