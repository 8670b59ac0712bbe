// Events, functions and properties between a server and a client, in one program and without a socket: the
// endpoints exchange datagrams in memory. On real sockets a Host drives the two registries instead.
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/remotes/middleware.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

using namespace std::chrono_literals;
using squall::remotes::Direction;
using squall::remotes::Origin;
using squall::remotes::Recipients;

// What travels: plain structs, declared nowhere else.
struct Shot {
    float x = 0;
    float y = 0;
    std::uint8_t weapon = 0;
};
struct Purchase {
    std::string item;
    std::uint32_t price = 0;
};
struct Receipt {
    std::uint32_t gold_left = 0;
};
struct Snapshot {
    std::uint32_t tick = 0;
};
struct Match {
    std::uint32_t round = 0;
    std::vector<std::string> players;
};

// Both sides declare the same.
struct Game {
    explicit Game(squall::remotes::Remotes& remotes)
        : shot(*remotes.event<Shot>("shot", {.mode = squall::ChannelMode::unreliable})),
          buy(*remotes.function<Purchase, Receipt>("buy")),
          match(*remotes.property<Match>("match")) {}
    squall::remotes::RemoteEvent<Shot> shot;
    squall::remotes::RemoteFunction<Purchase, Receipt> buy;
    squall::remotes::RemoteProperty<Match> match;
};

int main() {
    const squall::Address server_address = squall::Address::loopback(40000);
    const squall::Address client_address = squall::Address::loopback(50000);
    const squall::UnixSeconds wall{1'800'000'000};
    squall::SystemEntropy entropy;
    squall::TimePoint now{1s};

    squall::ServerConfig server_config;
    server_config.transport.protocol_id = 1;
    // Both ends the same: what is sequenced goes first, and each packet repeats the last three.
    server_config.transport.channels =
        squall::remotes::remote_channels({.unreliable_sequenced = {.weight = 100, .redundancy = 3}});
    entropy.fill(server_config.private_key);
    server_config.addresses = {server_address};
    server_config.wall_clock = {now, wall};
    squall::ClientConfig client_config;
    client_config.transport = server_config.transport;
    client_config.wall_clock = {now, wall};
    auto server = squall::ServerEndpoint::make(now, server_config, entropy);
    auto client = squall::ClientEndpoint::make(now, client_config, entropy);
    if (!server || !client) return 1;

    squall::remotes::Remotes at_server(**server);
    squall::remotes::Remotes at_client(**client);
    const Game server_game(at_server);
    const Game client_game(at_client);
    const auto snapshots =
        *at_server.event<Snapshot>("snapshot", {.mode = squall::ChannelMode::unreliable_sequenced});
    const auto seen_snapshots =
        *at_client.event<Snapshot>("snapshot", {.mode = squall::ChannelMode::unreliable_sequenced});

    // --- the server
    std::uint32_t gold = 100;
    server_game.buy.answer([&](const Origin&, const Purchase& purchase) -> squall::Result<Receipt> {
        if (purchase.price > gold)
            return squall::fail(squall::ErrorCode::invalid_argument,
                                "you have " + std::to_string(gold) + " gold");
        gold -= purchase.price;
        return Receipt{gold};
    });
    // Rules of the game, and limits, without a word of them in the game's code.
    server_game.shot.use(Direction::inbound, squall::remotes::limit_rate({.per_second = 10, .burst = 3}));
    server_game.shot.use(Direction::inbound,
                         squall::remotes::validate<Shot>([](squall::TimePoint, squall::ConnectionId,
                                                            const Shot& shot) { return shot.weapon < 8; }));
    int shots = 0;
    server_game.shot.listen([&](const Origin&, const Shot&) { ++shots; });

    // --- the client
    client_game.match.watch([](const Origin&, const Match& before, const Match& match) {
        std::printf("round %u -> %u, %zu players\n", before.round, match.round, match.players.size());
    });

    int seen = 0;
    client_game.shot.listen([&](const Origin&, const Shot&) { ++seen; });

    // --- a moment of play
    squall::ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = squall::ClientId{7};
    request.now = wall;
    request.public_addresses = {server_address};
    const auto token = squall::mint_connect_token(request, server_config.private_key, entropy);
    if (!token || !(*client)->connect(now, *token)) return 1;

    const auto pump = [&](squall::Duration span) {
        std::array<std::byte, squall::kMaxDatagramBytes> buffer;
        const auto deliver = [&](squall::Node& from, const squall::Address& address, squall::Node& to) {
            while (const auto sent = from.poll_transmit(now, buffer))
                to.receive(now, address, squall::MutableBytes(buffer).first(sent->size));
        };
        for (const squall::TimePoint end = now + span; now < end; now += 10ms) {
            at_server.handle_timeout(now);
            at_client.handle_timeout(now);
            deliver(at_server, server_address, at_client);
            deliver(at_client, client_address, at_server);
        }
    };
    pump(1s);

    if (!server_game.match.set(now, Match{1, {"ada", "bob"}})) return 1;
    pump(100ms);
    if (!server_game.match.edit(now, [](Match& match) { match.round = 2; })) return 1;  // a few bytes
    for (int i = 0; i < 5; ++i) client_game.shot.fire(now, Shot{1, 2, 3});
    client_game.shot.fire(now, Shot{1, 2, 200});
    std::string answer;
    client_game.buy.call(now, (*client)->connection(), Purchase{"sword", 70},
                         [&](squall::TimePoint, const squall::Result<Receipt>& receipt) {
                             answer +=
                                 receipt ? "bought, " + std::to_string(receipt->gold_left) + " left; " : "?";
                         });
    client_game.buy.call(now, (*client)->connection(), Purchase{"shield", 70},
                         [&](squall::TimePoint, const squall::Result<Receipt>& receipt) {
                             answer += receipt ? "?" : receipt.error().message;
                         });
    pump(1s);
    // To all, to one peer, to all but one, or to a player, who need not be there yet.
    const squall::ConnectionId player = at_server.peers().front();
    server_game.shot.fire(now, Shot{4, 5, 6});
    server_game.shot.fire(now, Shot{4, 5, 6}, player);
    server_game.shot.fire(now, Shot{4, 5, 6}, Recipients::everyone_except(player));
    server_game.shot.fire(now, Shot{4, 5, 6}, Recipients::player(squall::ClientId{7}));

    // What became of one message: a snapshot that was delivered is a baseline for the next.
    std::optional<squall::MessageId> baseline;
    snapshots.on_settled(
        [&](squall::TimePoint, squall::ConnectionId, squall::MessageId id, squall::MessageFate fate) {
            if (fate == squall::MessageFate::delivered) baseline = id;
        });
    std::optional<squall::MessageId> taken;
    seen_snapshots.listen([&](const Origin& origin, const Snapshot&) { taken = origin.message; });
    if (!snapshots.fire_tracked(now, Snapshot{1}, player)) return 1;
    pump(500ms);
    std::printf("%d shots passed, %llu were too many\n%s\n", shots,
                static_cast<unsigned long long>(
                    server_game.shot.statistics().in.of(squall::remotes::Outcome::rate_limited)),
                answer.c_str());
    const bool good = seen == 3 && baseline && baseline == taken && shots == 3 &&
                      answer == "bought, 30 left; you have 30 gold" && client_game.match.value().round == 2;
    return good ? 0 : 1;
}
