// A contract between a server and a client whose messages travel in memory, one of them lost: whole objects,
// differences to what was acknowledged, round trips. Exits with 1 if anything is not as it says.
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "squall/wire/contract_channel.hpp"
#include "squall/wire/dynamic_contract.hpp"

namespace game {

struct State {
    float x = 0, z = 0;
    std::int32_t health = 100;
    bool alive = true;
};

}  // namespace game

template <>
inline constexpr auto squall::wire::field<&game::State::health> = range(0, 100);

namespace {

namespace wire = squall::wire;
using StateChannel = wire::ContractChannel<wire::Contract<game::State>>;
using Message = std::vector<std::byte>;

bool failed = false;
void expect(bool condition, const char* what) {
    if (condition) return;
    std::printf("wrong: %s\n", what);
    failed = true;
}
Message copy(squall::Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

}  // namespace

int main() {
    using std::chrono::milliseconds;
    const squall::TimePoint start{std::chrono::hours(1)};  // time is an argument; who calls has a clock
    const squall::ConnectionId client_of_server{0, 1};
    const squall::ConnectionId server_of_client{0, 1};
    std::array<std::byte, 256> buffer;

    game::State seen;
    const auto on_state = [&](const game::State& state, auto id, bool is_delta, squall::ConnectionId, auto&) {
        seen = state;
        std::printf("message %d, %s: health %d\n", id ? static_cast<int>(id->value) : -1,
                    is_delta ? "delta" : "full", state.health);
    };
    wire::PeerRtts server_rtts;
    wire::PeerRtts client_rtts;
    StateChannel server(wire::Contract<game::State>{"state"}, server_rtts, on_state);
    StateChannel client(wire::Contract<game::State>{"state"}, client_rtts, on_state);
    expect(server.add_peer(client_of_server) && client.add_peer(server_of_client),
           "there is room for a peer");

    // The first message is whole; its acknowledgement makes it a baseline.
    game::State state;
    auto sent = server.send(start, client_of_server, state, wire::Tracking::tracked, buffer);
    expect(sent && !sent->is_delta, "the first message is whole");
    expect(client.receive(start + milliseconds(20), server_of_client, copy(sent->message)).has_value(),
           "it arrives");
    while (const auto ack = client.poll_acknowledgement(buffer))
        expect(server.receive(start + milliseconds(40), client_of_server, copy(ack->message)).has_value(),
               "so does this");
    expect(server.rtt(client_of_server) == milliseconds(40), "the round trip is known");

    // From now on only changes are sent. This one is lost; nothing is acknowledged and nothing goes wrong.
    state.health = 90;
    sent = server.send(start + milliseconds(50), client_of_server, state, wire::Tracking::tracked, buffer);
    expect(sent && sent->is_delta && sent->message.size() == 5,
           "a changed number takes five bytes with all headers");

    // The next delta builds upon the first message again, for that is what the client is known to have.
    state.alive = false;
    sent = server.send(start + milliseconds(100), client_of_server, state, wire::Tracking::tracked, buffer);
    expect(client.receive(start + milliseconds(120), server_of_client, copy(sent->message)).has_value(),
           "it arrives");
    expect(seen.health == 90 && !seen.alive, "and brings what was lost");

    // Attributes may also be a list made at run time; the bits are those of a struct of optionals.
    const auto loadout = wire::DynamicContract::make(
        17U,
        {{"ammo", wire::AttributeKind::integer, wire::range(0, 30)}, {"nick", wire::AttributeKind::text}});
    const wire::DynamicObject old{{"ammo", 30}, {"nick", "squall"}};
    const auto delta = copy(*loadout->diff(buffer, old, wire::DynamicObject{{"ammo", 29}}));
    const auto patched = loadout->patch(old, delta);
    expect(patched && !patched->contains("nick"), "an attribute that went is gone after the patch");
    expect(!loadout->encode(buffer, wire::DynamicObject{{"ammo", 31}}),
           "a wrong object is refused before it is sent");
    return failed ? 1 : 0;
}
