// Makes the client of each planned session, whatever plays it: an arena player with a behaviour, or a
// recorded session. Knows neither hosts nor metrics.
#pragma once

#include <memory>

#include "arena/arena_client.hpp"
#include "plan/plan.hpp"
#include "play/played_client.hpp"
#include "scenario/scenario.hpp"
#include "squall/core/entropy.hpp"
#include "squall/remotes/workspace.hpp"
#include "squall/transport/connect_token.hpp"

namespace squall::loadgen {

// What a client is made with, besides its session.
struct ClientMaterials {
    ConnectTokenBytes token{};
    WallClockAnchor wall_clock;
    Rng rng;  // the client's own
    EntropySource& entropy;
    bool shared_clock = true;
};

class ClientMaker {
  public:
    virtual ~ClientMaker() = default;
    // What this session's token says beyond what the scenario's target and the plan decide.
    virtual void complete(const PlannedSession& /*session*/, ConnectTokenRequest& /*request*/) const {}
    // The client, connecting. The observer outlives it.
    [[nodiscard]] virtual Result<std::unique_ptr<PlayedClient>> make(
        TimePoint now, const PlannedSession& session, const ClientMaterials& materials,
        arena::ClientObserver& observer) const = 0;
};

// Players of the arena, with the behaviours of their group.
class ArenaClientMaker final : public ClientMaker {
  public:
    explicit ArenaClientMaker(const Scenario& scenario) : scenario_(scenario) {}
    [[nodiscard]] Result<std::unique_ptr<PlayedClient>> make(TimePoint now, const PlannedSession& session,
                                                             const ClientMaterials& materials,
                                                             arena::ClientObserver& observer) const override;

  private:
    const Scenario& scenario_;
    mutable remotes::Workspace workspace_;  // which all its clients share, so it must outlive them
};

}  // namespace squall::loadgen
