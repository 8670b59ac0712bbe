// A trade that happens as a whole or not at all, many objects with a value each, and subscriptions by
// pattern; in one program and without a socket. Checks itself.
#include <cstdio>
#include <string>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

using namespace std::chrono_literals;
using squall::TimePoint;
using squall::remotes::ObjectGroup;
using squall::remotes::ObjectId;
using squall::remotes::Origin;

struct Gold {
    std::int32_t amount = 0;
};
struct Item {
    std::string name;
};
struct Health {
    std::int32_t points = 100;
};

// Both sides declare the same.
struct Game {
    explicit Game(squall::remotes::Remotes& remotes)
        : purse(*remotes.property<Gold>("purse",
                                        {.initial = {100}, .authority = squall::remotes::Authority::owner})),
          cheer(*remotes.event<Item>("cheer")),
          buy(*remotes.function<Item, Gold>("buy")),
          trades(*remotes.transactions("trades")),
          health(*remotes.table<Health>("health")),
          props(*remotes.table<Item>("props", {.streamed = true})),
          hit(*remotes.object_event<Gold>("hit")) {}
    squall::remotes::RemoteProperty<Gold> purse;
    squall::remotes::RemoteEvent<Item> cheer;
    squall::remotes::RemoteFunction<Item, Gold> buy;
    squall::remotes::RemoteTransactions trades;
    squall::remotes::RemoteTable<Health> health;
    squall::remotes::RemoteTable<Item> props;
    squall::remotes::ObjectEvent<Gold> hit;
};

int main() {
    const squall::Address server_address = squall::Address::loopback(40000);
    const squall::Address client_address = squall::Address::loopback(50000);
    const squall::UnixSeconds wall{1'800'000'000};
    squall::SystemEntropy entropy;
    TimePoint now{1s};
    squall::ServerConfig server_config;
    server_config.transport.protocol_id = 1;
    server_config.transport.channels = squall::remotes::remote_channels();
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
        for (const TimePoint end = now + span; now < end; now += 10ms) {
            at_server.handle_timeout(now);
            at_client.handle_timeout(now);
            deliver(at_server, server_address, at_client);
            deliver(at_client, client_address, at_server);
        }
    };
    pump(1s);
    if (at_server.peers().empty()) return 1;
    server_game.purse.set_owner(at_server.peers()[0]);
    client_game.purse.claim();

    // --- a trade: paid, cheered and delivered, or nothing of it
    std::vector<std::string> stock{"sword"};
    std::vector<std::string> cheers;
    server_game.cheer.listen([&](const Origin&, const Item& item) { cheers.push_back(item.name); });
    server_game.buy.answer([&](const Origin&, const Item& item) -> squall::Result<Gold> {
        if (stock.empty()) return squall::fail(squall::ErrorCode::unknown_id, "no " + item.name + " left");
        stock.pop_back();
        server_game.trades.undo([&stock, item] { stock.push_back(item.name); });
        return Gold{70};
    });
    std::string outcome;
    for (int i = 0; i < 2; ++i) {
        auto trade = client_game.trades.begin();
        trade.set(client_game.purse, Gold{client_game.purse.value().amount - 70})
            .call(client_game.buy, Item{"sword"})
            .fire(client_game.cheer, Item{"a sword!"});
        const auto done = [&](TimePoint, const squall::remotes::Committed& result) {
            outcome += result ? "bought; " : result.error().remote + ": " + result.error().error.message;
        };
        if (!trade.commit(now, (*client)->connection(), {.deadline = 2s}, done)) return 1;
        pump(500ms);
    }
    std::printf("%s; %d gold, %zu cheers\n", outcome.c_str(), server_game.purse.value().amount,
                cheers.size());
    bool good = outcome == "bought; buy: no sword left" && server_game.purse.value().amount == 30 &&
                client_game.purse.value().amount == 30 && cheers.size() == 1;

    // --- a value for each of many objects, groups of them, and a pattern
    int changed = 0;
    int tens = 0;
    client_game.health.watch([&](const Origin&, ObjectId, const Health*, const Health*) { ++changed; });
    if (!at_client.subscribe("health/1[0-9]", [&](const squall::remotes::Heard&) { ++tens; })) return 1;
    for (std::uint64_t i = 1; i <= 20; ++i)
        if (!server_game.health.spawn(now, ObjectId{i}, Health{})) return 1;
    ObjectGroup squad;  // its members count from the next tick
    for (const std::uint64_t i : {3, 5, 11}) squad.add(now, ObjectId{i});
    pump(100ms);
    if (!server_game.health.edit(now, squad, [](Health& health) { health.points -= 10; })) return 1;
    int hits = 0;
    client_game.hit.listen(ObjectId{5}, [&](const Origin&, ObjectId, const Gold&) { ++hits; });
    server_game.hit.fire(now, squad, Gold{1});  // one message for all three
    pump(100ms);
    std::printf("%d changes, %d of objects 10 to 19, %d hit\n", changed, tens, hits);
    good = good && changed == 23 && tens == 11 && hits == 1 &&
           client_game.health.find(ObjectId{5})->points == 90;

    // --- what is not loaded yet is not sent
    for (std::uint64_t i = 1; i <= 100; ++i)
        if (!server_game.props.spawn(now, ObjectId{i}, Item{"tree"})) return 1;
    if (!client_game.props.loaded(now, ObjectId{42})) return 1;
    pump(100ms);
    for (std::uint64_t i = 1; i <= 100; ++i)
        if (!server_game.props.set(now, ObjectId{i}, Item{"burning tree"})) return 1;
    pump(100ms);
    std::printf("%zu prop, %llu bytes not sent\n", client_game.props.size(),
                static_cast<unsigned long long>(server_game.props.withheld().bytes));
    good = good && client_game.props.size() == 1 && server_game.props.withheld().updates == 99;
    return good ? 0 : 1;
}
