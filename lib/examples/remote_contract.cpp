// A contract over a connection, in one program and without a socket: a server sends a soldier's state to its
// client ten times a second over an unreliable channel that loses a third of the datagrams. What changed is
// sent against what the client acknowledged. Exits with 1 if anything is not as it says.
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>

#include "squall/core/rng.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/transport/connect_token.hpp"

struct Soldier {
    float x = 0;
    float z = 0;
    std::int32_t health = 100;
    std::string nick;
};
template <>
inline constexpr auto squall::wire::field<&Soldier::health> = range(0, 100);

namespace {

using namespace std::chrono_literals;
using squall::remotes::ContractOrigin;
using squall::remotes::RemoteContract;
using squall::remotes::Tracking;
using squall::wire::AttributeKind;
using squall::wire::DynamicObject;

const squall::Address kServerAddress = squall::Address::loopback(40000);
const squall::Address kClientAddress = squall::Address::loopback(50000);

// Two registries, and what lies between them.
struct Link {
    squall::remotes::Remotes& server;
    squall::remotes::Remotes& client;
    squall::TimePoint now;
    bool is_lossy = false;
    squall::Rng rng{7};

    void deliver(squall::Node& from, const squall::Address& address, squall::Node& to) {
        std::array<std::byte, squall::kMaxDatagramBytes> buffer;
        while (const auto sent = from.poll_transmit(now, buffer))
            if (!is_lossy || !rng.chance(squall::percent(33)))
                to.receive(now, address, squall::MutableBytes(buffer).first(sent->size));
    }
    void pump(squall::Duration span) {
        for (const squall::TimePoint end = now + span; now < end; now += 10ms) {
            server.handle_timeout(now);
            client.handle_timeout(now);
            deliver(client, kClientAddress, server);
            deliver(server, kServerAddress, client);
        }
    }
};

}  // namespace

int main() {
    const squall::UnixSeconds wall{1'800'000'000};
    squall::SystemEntropy entropy;
    const squall::TimePoint start{1s};
    squall::ServerConfig server_config;
    server_config.transport.protocol_id = 1;
    server_config.transport.channels = squall::remotes::remote_channels();
    entropy.fill(server_config.private_key);
    server_config.addresses = {kServerAddress};
    server_config.wall_clock = {start, wall};
    squall::ClientConfig client_config;
    client_config.transport = server_config.transport;
    client_config.wall_clock = {start, wall};
    auto server = squall::ServerEndpoint::make(start, server_config, entropy);
    auto client = squall::ClientEndpoint::make(start, client_config, entropy);
    if (!server || !client) return 1;

    // Both ends declare the same contracts.
    squall::remotes::Remotes at_server(**server);
    squall::remotes::Remotes at_client(**client);
    const squall::remotes::ContractOptions options{.mode = squall::ChannelMode::unreliable};
    int acknowledged = 0;
    Soldier seen;
    int wrong = 0;
    const auto soldier = *at_server.contract<Soldier>(
        "soldier", [](const Soldier&, auto, bool, const ContractOrigin&, const RemoteContract<Soldier>&) {},
        [&](squall::MessageId, const ContractOrigin&, const RemoteContract<Soldier>&) { ++acknowledged; },
        true, options);
    const auto seen_soldier = *at_client.contract<Soldier>(
        "soldier",
        [&](const Soldier& state, std::optional<squall::MessageId>, bool, const ContractOrigin&,
            const RemoteContract<Soldier>&) {
            seen = state;
            wrong += state.nick == "ada" && std::lround(state.z) == 100 - state.health ? 0 : 1;
        },
        {}, true, options);
    // The same with attributes that are only known at run time.
    const std::vector<squall::wire::Attribute> attributes{
        {"ammo", AttributeKind::integer, squall::wire::range(0, 30)}, {"weapon", AttributeKind::text}};
    std::string weapon;
    const auto hear = [&](const DynamicObject& object, std::optional<squall::MessageId>, bool,
                          const ContractOrigin&, const RemoteContract<DynamicObject>&) {
        weapon = std::get<std::string>(object.at("weapon").content);
    };
    const auto loadout = at_server.contract(17U, attributes, hear);
    if (!loadout || !at_client.contract(17U, attributes, hear)) return 1;

    squall::ConnectTokenRequest request;
    request.protocol_id = 1;
    request.client_id = squall::ClientId{7};
    request.now = wall;
    request.public_addresses = {kServerAddress};
    const auto token = squall::mint_connect_token(request, server_config.private_key, entropy);
    if (!token || !(*client)->connect(start, *token)) return 1;
    Link link{at_server, at_client, start};
    link.pump(1s);

    link.is_lossy = true;
    Soldier state{.nick = "ada"};
    for (int i = 0; i < 50; ++i) {
        if (i % 5 == 0) --state.health;
        state.z = static_cast<float>(100 - state.health);
        state.x += 0.1F;
        if (!soldier.send(link.now, state, Tracking::tracked)) return 1;
        link.pump(100ms);
    }
    state.health = 101;
    const auto refused = soldier.send(link.now, state);
    if (refused) return 1;
    std::printf("refused: %s\n", refused.error().message.c_str());
    if (!loadout->send(link.now, DynamicObject{{"ammo", 30}, {"weapon", "axe"}}, Tracking::tracked)) return 1;
    link.pump(1s);

    const auto& counters = soldier.counters();
    std::printf("%llu whole and %llu deltas sent, %llu received, %d acknowledged, %llu bytes, %.0f ms\n",
                static_cast<unsigned long long>(counters.full_sent),
                static_cast<unsigned long long>(counters.deltas_sent),
                static_cast<unsigned long long>(seen_soldier.counters().received), acknowledged,
                static_cast<unsigned long long>(soldier.statistics().out.bytes),
                squall::to_milliseconds(soldier.rtt()));
    const bool good = wrong == 0 && counters.deltas_sent > 40 && acknowledged > 20 &&
                      seen_soldier.counters().received > 25 && weapon == "axe" && soldier.rtt() > 0ns;
    return good ? 0 : 1;
}
