#include "arena/behaviour.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "arena/direction.hpp"

namespace squall::arena {
namespace {

constexpr std::uint8_t kRifle = 1;
constexpr std::uint8_t kBandage = 4;

// What all behaviours share: a choice that stands until its think time is over.
class Thinking : public Behaviour {
  public:
    Thinking(const BehaviourParameters& parameters, Rng rng)
        : rng_(rng), think_time_(parameters.think_time) {}

    Decision decide(const Sight& sight) final {
        Decision decision;
        if (sight.now >= next_thought_) {
            next_thought_ =
                sight.now + Duration{rng_.between(think_time_.min.count(), think_time_.max.count())};
            decision = think(sight);
            standing_ = decision.input;
        }
        decision.input = standing_;
        follow(sight, decision.input);
        return decision;
    }

  protected:
    // A new choice; its input stands until the next one.
    virtual Decision think(const Sight& sight) = 0;
    // What changes with every input.
    virtual void follow(const Sight& /*sight*/, PlayerInput& /*input*/) {}

    [[nodiscard]] Rng& rng() { return rng_; }
    [[nodiscard]] std::uint8_t any_heading() { return static_cast<std::uint8_t>(rng_.below(256)); }
    [[nodiscard]] static bool is_alive(const Sight& sight) {
        return sight.self != nullptr && sight.self->health > 0;
    }

  private:
    Rng rng_;
    ThinkTime think_time_;
    TimePoint next_thought_{};
    PlayerInput standing_;
};

class Idle final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight&) override { return {}; }
};

// Walks on, turning a little with each thought and sometimes away; no fighting.
class Wander final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight&) override {
        Decision decision;
        heading_ = rng().chance(percent(15)) ? any_heading()
                                             : static_cast<std::uint8_t>(heading_ + rng().between(-24, 24));
        decision.input.heading = heading_;
        decision.input.speed = static_cast<std::uint8_t>(rng().between(1, kMaxSpeed));
        return decision;
    }

  private:
    std::uint8_t heading_ = any_heading();
};

// Runs at whoever is near and shoots while running; wanders where nobody is.
class RunAndGun final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight& sight) override {
        Decision decision;
        decision.input.speed = kMaxSpeed;
        decision.input.heading = any_heading();
        prey_ = pick_prey(sight);
        if (is_alive(sight) && rng().chance(percent(4)))
            decision.buys = sight.self->health < 50 ? kBandage : kRifle;
        return decision;
    }
    void follow(const Sight& sight, PlayerInput& input) override {
        if (!prey_ || !is_alive(sight)) return;
        const auto at = std::find_if(sight.in_view.begin(), sight.in_view.end(),
                                     [this](const EntityState& state) { return state.id == *prey_; });
        if (at == sight.in_view.end() || at->health == 0) return prey_.reset();
        const std::int64_t dx = ring_distance(sight.self->x, at->x, sight.world_side);
        const std::int64_t dy = ring_distance(sight.self->y, at->y, sight.world_side);
        input.heading = heading_towards(dx, dy);
        const std::int64_t square = dx * dx + dy * dy;
        constexpr std::int64_t kReach = std::int64_t{20} * kWireUnitsPerMetre;
        constexpr std::int64_t kArmsLength = std::int64_t{4} * kWireUnitsPerMetre;
        input.fire = square <= kReach * kReach;
        // Circles at arm's length rather than standing in the other.
        if (square < kArmsLength * kArmsLength) input.speed = 1;
    }

  private:
    // One of those in view, at random: then the crowd does not end in one heap.
    std::optional<std::uint16_t> pick_prey(const Sight& sight) {
        if (!is_alive(sight) || sight.in_view.size() < 2 || rng().chance(percent(30))) return std::nullopt;
        const EntityState& other = sight.in_view[rng().below(sight.in_view.size())];
        if (other.id == sight.self->id || other.health == 0) return std::nullopt;
        return other.id;
    }
    std::optional<std::uint16_t> prey_;
};

// Lies low in one place, shoots what comes near, and moves to another place now and then.
class Camper final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight& sight) override {
        Decision decision;
        decision.input.heading = any_heading();
        const bool moves = rng().chance(percent(5));
        decision.input.speed = moves ? 2 : 0;
        decision.input.crouch = !moves;
        if (moves || !is_alive(sight)) return decision;
        constexpr std::int64_t kSight = std::int64_t{25} * kWireUnitsPerMetre;
        std::int64_t nearest = kSight * kSight;
        for (const EntityState& state : sight.in_view) {
            if (state.id == sight.self->id || state.health == 0) continue;
            const std::int64_t dx = ring_distance(sight.self->x, state.x, sight.world_side);
            const std::int64_t dy = ring_distance(sight.self->y, state.y, sight.world_side);
            if (dx * dx + dy * dy >= nearest) continue;
            nearest = dx * dx + dy * dy;
            decision.input.heading = heading_towards(dx, dy);
            decision.input.fire = true;
        }
        return decision;
    }
};

// Strolls and talks: a message about every twelfth thought.
class Chatter final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight&) override {
        Decision decision;
        decision.input.heading = any_heading();
        decision.input.speed = rng().chance(percent(50)) ? 1 : 0;
        if (rng().below(12) == 0) decision.chat_bytes = static_cast<std::uint8_t>(rng().between(8, 80));
        return decision;
    }
};

// Wanders from stall to stall: asks for an item with every fourth thought.
class Shopper final : public Thinking {
  public:
    using Thinking::Thinking;

  protected:
    Decision think(const Sight&) override {
        Decision decision;
        decision.input.heading = any_heading();
        decision.input.speed = 1;
        if (rng().below(4) == 0) decision.buys = static_cast<std::uint8_t>(rng().below(kItemCount));
        return decision;
    }
};

template <class T>
std::unique_ptr<Behaviour> make(const BehaviourParameters& parameters, Rng rng) {
    return std::make_unique<T>(parameters, rng);
}

constexpr std::array<BehaviourInfo, 6> kBehaviours = {{
    {"camper", "lies low, shoots what comes near, moves on now and then"},
    {"chatter", "strolls and sends a chat message about every twelfth thought"},
    {"idle", "stands and does nothing, but sends its inputs"},
    {"run-and-gun", "runs at players in view and shoots; buys a rifle or a bandage now and then"},
    {"shopper", "wanders and asks for an item with every fourth thought"},
    {"wander", "walks on, turning a little with each thought"},
}};
using Make = std::unique_ptr<Behaviour> (*)(const BehaviourParameters&, Rng);
constexpr std::array<Make, kBehaviours.size()> kMakers = {make<Camper>,    make<Chatter>, make<Idle>,
                                                          make<RunAndGun>, make<Shopper>, make<Wander>};

}  // namespace

std::span<const BehaviourInfo> behaviours() {
    return kBehaviours;
}

Result<std::unique_ptr<Behaviour>> make_behaviour(std::string_view name,
                                                  const BehaviourParameters& parameters, Rng rng) {
    const ThinkTime& think = parameters.think_time;
    if (think.min.count() < 0 || think.max < think.min)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("think_time from {} to {}: needs 0ns <= min <= max",
                                squall::to_string(think.min), squall::to_string(think.max)));
    for (std::size_t i = 0; i < kBehaviours.size(); ++i)
        if (kBehaviours[i].name == name) return kMakers[i](parameters, rng);
    std::string names;
    for (const BehaviourInfo& info : kBehaviours) names.append(names.empty() ? "" : ", ").append(info.name);
    return fail(ErrorCode::unknown_id,
                fmt::format("no behaviour is named \"{}\"; there are {}", name, names));
}

}  // namespace squall::arena
