#include "replay/arena_rerun.hpp"

#include <fmt/format.h>

#include "arena/world.hpp"
#include "squall/remotes/registry.hpp"

namespace squall::loadgen {

Result<std::unique_ptr<ArenaRerun>> ArenaRerun::make(const recorder::Facts& facts,
                                                     std::optional<RecordedKeys> keys) {
    auto recorded = recorded_arena(facts);
    if (!recorded) return std::unexpected(recorded.error());
    std::unique_ptr<ArenaRerun> out(new ArenaRerun);
    const Key key = keys ? keys->server : out->entropy_.bytes<kKeyBytes>();
    if (keys) out->recorded_entropy_.emplace(std::move(keys->entropy));
    EntropySource& entropy =
        out->recorded_entropy_ ? static_cast<EntropySource&>(*out->recorded_entropy_) : out->entropy_;
    const TimePoint made_at = recorded->made_at;
    out->peers_ = std::make_unique<RecordedPeers>(
        recorded->settings.protocol_id == 0 ? arena::kArenaProtocolId : recorded->settings.protocol_id, key,
        out->entropy_);
    auto server =
        make_arena(recorded->settings, {made_at, recorded->address, key, recorded->wall_clock, entropy,
                                        Rng(recorded->rng_seed), [made_at] { return made_at; }});
    if (!server) return std::unexpected(server.error());
    out->server_ = std::move(*server);
    return out;
}

Result<> ArenaRerun::apply(TimePoint now, std::string_view name, Bytes /*data*/) {
    if (name == "shut_down") {
        server_->shut_down(now);
        return {};
    }
    return fail(
        ErrorCode::unsupported,
        fmt::format("the recorded application did '{}' to its server, which this build does not know", name));
}

std::function<std::string(std::uint16_t)> ArenaRerun::remote_name() const {
    return [this](std::uint16_t number) {
        const auto remotes = server_->registry().remotes();
        return number == 0 || number > remotes.size() ? std::string{} : remotes[number - 1]->info().name;
    };
}

std::optional<std::uint64_t> ArenaRerun::state_hash() const {
    return server_->world().hash();
}

}  // namespace squall::loadgen
