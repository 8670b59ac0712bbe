// Middleware: a user's own in a few lines, between those that ship, in the order in which they run. A server
// and a client in one program and without a socket; see remotes.cpp for the rest. Checks itself.
#include <cstdio>
#include <map>
#include <string>

#include "squall/core/time.hpp"
#include "squall/remotes/bandwidth_budget.hpp"
#include "squall/remotes/middleware.hpp"
#include "squall/remotes/profile.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

using namespace std::chrono_literals;
using squall::remotes::Direction;
using squall::remotes::Message;
using squall::remotes::Next;
using squall::remotes::Origin;
using squall::remotes::Outcome;

struct Shot {
    float x = 0;
    float y = 0;
    std::uint8_t weapon = 0;
};

// The user's own: sees the player, the remote, the size and the object; may stop it, change it, and see what
// became of it. Each player may fire weapon 9 once.
squall::remotes::Middleware once_a_player(std::map<std::uint64_t, int>& fired) {
    return [&fired](Message& message, const Next& next) {
        Shot* const shot = message.edit<Shot>();
        if (shot == nullptr || message.bytes().size() > 100) return Outcome::malformed;
        if (shot->weapon == 9 && ++fired[message.player()->value] > 1) shot->weapon = 1;
        return next();
    };
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
    // What chains refer to outlives the registry.
    std::map<std::uint64_t, int> fired;
    squall::remotes::LimitCounts counts;
    squall::remotes::Profile profile([] { return squall::Duration{0}; });
    squall::remotes::BandwidthBudget budget({.per_peer = {.per_second = 16 * 1024}});
    squall::remotes::Remotes at_server(**server);
    squall::remotes::Remotes at_client(**client);
    auto shot = *at_server.event<Shot>("shot");
    auto trigger = *at_client.event<Shot>("shot");

    // Inbound: the registry's chain, then the event's, then the listener.
    at_server.use(Direction::inbound, profile.whole());
    shot.use(Direction::inbound,
             squall::remotes::limit_rate({.per_second = 10, .burst = 5}, {.counts = &counts}));
    shot.use(Direction::inbound,
             squall::remotes::validate<Shot>(
                 [](squall::TimePoint, squall::ConnectionId, const Shot& s) { return s.weapon < 10; }));
    shot.use(Direction::inbound, once_a_player(fired));
    shot.use(Direction::inbound, profile.end());
    // Outbound: the event's chain, then the registry's, then the wire.
    at_server.use(Direction::outbound, budget.middleware());

    int big_ones = 0;
    int heard = 0;
    shot.listen([&](const Origin& origin, const Shot& s) {
        ++heard;
        big_ones += s.weapon == 9 ? 1 : 0;
        shot.fire(origin.now, s);
    });

    const auto pass = [&](squall::Duration span) {
        std::array<std::byte, squall::kMaxDatagramBytes> buffer;
        for (const squall::TimePoint end = now + span; now < end; now += 10ms) {
            if (at_server.poll_timeout() <= now) at_server.handle_timeout(now);
            if (at_client.poll_timeout() <= now) at_client.handle_timeout(now);
            while (const auto sent = at_client.poll_transmit(now, buffer))
                at_server.receive(now, client_address, squall::MutableBytes(buffer).first(sent->size));
            while (const auto sent = at_server.poll_transmit(now, buffer))
                at_client.receive(now, server_address, squall::MutableBytes(buffer).first(sent->size));
        }
    };
    squall::ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = squall::ClientId{7};
    request.now = wall;
    request.public_addresses = {server_address};
    const auto token = squall::mint_connect_token(request, server_config.private_key, entropy);
    if (!token || !(*client)->connect(now, *token)) return 1;
    pass(500ms);

    for (const int weapon : {9, 9, 12, 3, 9, 3, 3})
        trigger.fire(now, Shot{1, 2, static_cast<std::uint8_t>(weapon)});
    pass(500ms);

    const auto& in = shot.statistics().in;
    std::printf("%d heard, %d of them big; %llu invalid, %llu above the rate\n%s", heard, big_ones,
                static_cast<unsigned long long>(in.of(Outcome::invalid)),
                static_cast<unsigned long long>(in.of(Outcome::rate_limited)), profile.to_text().c_str());
    const bool is_right = heard == 4 && big_ones == 1 && in.of(Outcome::invalid) == 1 &&
                          counts.dropped == 2 && profile.find("shot", Direction::inbound)->messages == 7 &&
                          budget.passed_bytes() > 0;
    return is_right ? 0 : 1;
}
