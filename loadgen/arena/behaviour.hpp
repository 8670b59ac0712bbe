// What a virtual player decides: behaviours by name. A behaviour sees what its client sees and says what it
// wants; it knows no endpoint, sends nothing and reads no clock. All its choices come from the Rng that it
// was given.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "arena/arena_protocol.hpp"
#include "arena/entity.hpp"
#include "squall/core/result.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"

namespace squall::arena {

// How long a player goes on with what it decided before it decides anew: uniform in [min, max].
struct ThinkTime {
    Duration min = std::chrono::milliseconds(200);
    Duration max = std::chrono::milliseconds(800);
};
struct BehaviourParameters {
    ThinkTime think_time;
};

// What a behaviour may look at. `self` is null until the first snapshot shows the player.
struct Sight {
    TimePoint now{};
    const EntityState* self = nullptr;
    std::span<const EntityState> in_view;  // by rising id, with the player itself
    std::uint32_t world_side = 0;          // wire units
    std::uint32_t view_radius = 0;         // wire units
};

struct Decision {
    PlayerInput input;
    std::uint8_t chat_bytes = 0;       // says something of this length; 0: says nothing
    std::optional<std::uint8_t> buys;  // asks for this item
};

class Behaviour {
  public:
    virtual ~Behaviour() = default;
    // Called once per input that is due, in the order of time.
    virtual Decision decide(const Sight& sight) = 0;
};

struct BehaviourInfo {
    std::string_view name;
    std::string_view description;  // one line, for `squall-loadgen list`
};

// All behaviours, by name in alphabetical order.
[[nodiscard]] std::span<const BehaviourInfo> behaviours();
// Errors: unknown_id (with the names that exist), invalid_argument (think times negative or min above max).
[[nodiscard]] Result<std::unique_ptr<Behaviour>> make_behaviour(std::string_view name,
                                                                const BehaviourParameters& parameters,
                                                                Rng rng);

}  // namespace squall::arena
