#include "runner/client_maker.hpp"

#include "arena/arena_remotes.hpp"
#include "runner/arena_setup.hpp"

namespace squall::loadgen {

Result<std::unique_ptr<PlayedClient>> ArenaClientMaker::make(TimePoint now, const PlannedSession& session,
                                                             const ClientMaterials& materials,
                                                             arena::ClientObserver& observer) const {
    const Group& group = scenario_.groups[session.group];
    const BehaviourShare& share = group.behaviours[session.behaviour];
    auto behaviour = arena::make_behaviour(share.name, {{share.think_min, share.think_max}},
                                           materials.rng.fork("behaviour"));
    if (!behaviour) return std::unexpected(behaviour.error());
    arena::ArenaClientConfig config;
    config.client.transport = arena::arena_transport(protocol_id_of(scenario_.target));
    config.client.wall_clock = materials.wall_clock;
    config.token = materials.token;
    config.behaviour = std::move(*behaviour);
    config.send_rate = group.send_rate;
    config.first_send = session.first_send;
    config.shared_clock = materials.shared_clock;
    config.workspace = &workspace_;
    auto client = arena::ArenaClient::make(now, std::move(config), materials.rng.fork("client"),
                                           materials.entropy, observer);
    if (!client) return std::unexpected(client.error());
    return std::unique_ptr<PlayedClient>(std::move(*client));
}

}  // namespace squall::loadgen
