#include "replay/redrive.hpp"

#include <algorithm>
#include <tuple>

#include "arena/arena_remotes.hpp"
#include "replay/recorded_client.hpp"
#include "squall/core/hash.hpp"

namespace squall::loadgen {
namespace {

// Over which the copies of a client join.
constexpr Duration kSpread = std::chrono::seconds(1);

// A copy is somebody else: its id is made from the recorded one's.
ClientId id_of_copy(ClientId recorded, std::uint32_t copy) {
    if (copy == 0) return recorded;
    StableHash hash;
    hash.add(recorded.value);
    hash.add(std::uint64_t{copy});
    return ClientId{hash.value()};
}

}  // namespace

Duration length_of(const RecordedSessions& sessions, std::uint32_t copies) {
    return sessions.length() + kSpread * (copies - 1) / copies;
}

Plan plan_of(const RecordedSessions& sessions, std::uint32_t copies) {
    Plan out;
    const Duration length = length_of(sessions, copies);
    const auto count = static_cast<std::uint32_t>(sessions.sessions().size());
    for (std::uint32_t copy = 0; copy < copies; ++copy) {
        for (std::uint32_t i = 0; i < count; ++i) {
            const RecordedSession& recorded = sessions.sessions()[i];
            PlannedSession session;
            session.index = copy * count + i;
            session.start = recorded.start + kSpread * copy / copies;
            session.stop = Duration::max();  // who left does so by itself, and who stayed, at the end
            session.client_id = id_of_copy(recorded.who.client_id, copy);
            out.sessions.push_back(session);
        }
    }
    std::sort(out.sessions.begin(), out.sessions.end(), [](const PlannedSession& a, const PlannedSession& b) {
        return std::tuple(a.start, a.index) < std::tuple(b.start, b.index);
    });
    std::vector<std::pair<Duration, int>> changes;
    for (const PlannedSession& session : out.sessions) {
        const RecordedSession& recorded = sessions.sessions()[session.index % count];
        changes.emplace_back(session.start, +1);
        changes.emplace_back(recorded.stop ? session.start + *recorded.stop : length, -1);
    }
    std::ranges::sort(changes);
    int now = 0;
    int peak = 0;
    for (const auto& [at, change] : changes) peak = std::max(peak, now += change);
    out.peak = static_cast<std::uint32_t>(peak);
    return out;
}

void RecordedClientMaker::complete(const PlannedSession& session, ConnectTokenRequest& request) const {
    const RecordedSession& what = recorded(session);
    request.user_data = what.who.user_data;
    if (what.who.timeout_seconds != 0) request.timeout_seconds = what.who.timeout_seconds;
    const bool is_copy = session.client_id != what.who.client_id;
    const bool names_a_player =
        std::ranges::any_of(request.user_data, [](std::byte b) { return b != std::byte{0}; });
    // Two copies are not the same player, or one would take the other's place.
    if (is_copy && names_a_player) ByteWriter(request.user_data).write(session.client_id.value);
}

Result<std::unique_ptr<PlayedClient>> RecordedClientMaker::make(TimePoint now, const PlannedSession& session,
                                                                const ClientMaterials& materials,
                                                                arena::ClientObserver& observer) const {
    RecordedClientConfig config;
    config.client.transport = arena::arena_transport(protocol_id_);
    config.client.wall_clock = materials.wall_clock;
    config.token = materials.token;
    config.start = session.start;
    auto client = RecordedClient::make(now, config, sessions_, recorded(session), playback_,
                                       materials.entropy, observer);
    if (!client) return std::unexpected(client.error());
    return std::unique_ptr<PlayedClient>(std::move(*client));
}

}  // namespace squall::loadgen
