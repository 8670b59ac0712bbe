// A recorded population against a server: the plan of who joins when, and the clients that follow it. One
// copy of each recorded client, or many. Knows no file and no host.
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.hpp"
#include "play/playback_clock.hpp"
#include "replay/recorded_sessions.hpp"
#include "runner/client_maker.hpp"

namespace squall::loadgen {

// Each session `copies` times, the copies spread over the second that follows the original. Group 0 has them
// all.
[[nodiscard]] Plan plan_of(const RecordedSessions& sessions, std::uint32_t copies);
// Of such a plan.
[[nodiscard]] Duration length_of(const RecordedSessions& sessions, std::uint32_t copies);

class RecordedClientMaker final : public ClientMaker {
  public:
    // Both outlive the maker, and what it makes.
    RecordedClientMaker(const RecordedSessions& sessions, const PlaybackClock& playback,
                        std::uint64_t protocol_id)
        : sessions_(sessions), playback_(playback), protocol_id_(protocol_id) {}
    void complete(const PlannedSession& session, ConnectTokenRequest& request) const override;
    [[nodiscard]] Result<std::unique_ptr<PlayedClient>> make(TimePoint now, const PlannedSession& session,
                                                             const ClientMaterials& materials,
                                                             arena::ClientObserver& observer) const override;

  private:
    [[nodiscard]] const RecordedSession& recorded(const PlannedSession& session) const {
        return sessions_.sessions()[session.index % sessions_.sessions().size()];
    }
    const RecordedSessions& sessions_;
    const PlaybackClock& playback_;
    std::uint64_t protocol_id_;
};

}  // namespace squall::loadgen
