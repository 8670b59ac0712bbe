#include "runner/arena_facts.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace squall::loadgen {
namespace {

constexpr std::string_view kApplication = "arena";

std::string nanoseconds(TimePoint at) {
    return fmt::format("{}", at.time_since_epoch().count());
}

// Reads facts one after the other; the first one that is wrong is the error.
class FactReader {
  public:
    explicit FactReader(const recorder::Facts& facts) : facts_(facts) {}

    template <class T>
    void number(std::string_view name, T& out, T low = std::numeric_limits<T>::min(),
                T high = std::numeric_limits<T>::max()) {
        const std::string_view text = text_of(name);
        if (error_) return;
        T value{};
        const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (code != std::errc{} || end != text.data() + text.size() || value < low || value > high)
            return complain(
                fmt::format("the recording's fact '{}' is '{}'; it is a whole number from {} to {}", name,
                            text, low, high));
        out = value;
    }
    void time(std::string_view name, TimePoint& out) {
        std::int64_t nanoseconds = 0;
        number(name, nanoseconds);
        out = TimePoint{Duration{nanoseconds}};
    }
    void address(std::string_view name, Address& out) {
        const std::string_view text = text_of(name);
        if (error_) return;
        const auto parsed = Address::parse(text);
        if (!parsed)
            return complain(fmt::format("the recording's fact '{}': {}", name, parsed.error().message));
        out = *parsed;
    }
    void suite(std::string_view name, Suite& out) {
        const std::string_view text = text_of(name);
        if (error_) return;
        const auto parsed = suite_from_string(text);
        if (!parsed)
            return complain(fmt::format(
                "the recording's fact '{}' is '{}'; it is netcode, aes256-gcm, signed or none", name, text));
        out = *parsed;
    }
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }

  private:
    std::string_view text_of(std::string_view name) {
        const std::string_view text = recorder::find_fact(facts_, name);
        if (text.empty()) complain(fmt::format("the recording lacks the fact '{}'", name));
        return text;
    }
    void complain(std::string message) {
        if (!error_) error_ = Error{ErrorCode::malformed, std::move(message)};
    }
    const recorder::Facts& facts_;
    std::optional<Error> error_;
};

}  // namespace

recorder::Facts arena_facts(const ArenaSettings& settings, const ArenaSurroundings& around) {
    recorder::Facts out;
    const auto add = [&](std::string name, auto value) {
        out.emplace(std::move(name), fmt::format("{}", value));
    };
    add("application", kApplication);
    add("arena.tick_rate", settings.tick_rate);
    add("arena.snapshot_rate", settings.snapshot_rate);
    add("arena.players_in_view", settings.players_in_view);
    add("arena.expected_players", settings.expected_players);
    add("arena.max_clients", settings.max_clients);
    add("arena.protocol_id", settings.protocol_id);
    add("arena.suite", to_string(settings.suite));
    add("arena.address", squall::to_string(around.address));
    add("arena.rng_seed", around.rng.seed());
    add("arena.made_at_ns", nanoseconds(around.now));
    add("arena.wall_clock_at_ns", nanoseconds(around.wall_clock.at));
    add("arena.wall_clock_unix_s", around.wall_clock.wall.value);
    return out;
}

Result<RecordedArena> recorded_arena(const recorder::Facts& facts) {
    const std::string_view application = recorder::find_fact(facts, "application");
    if (application != kApplication)
        return fail(
            ErrorCode::unsupported,
            fmt::format("this is a recording of '{}'; the server that this program can run again is '{}'",
                        application.empty() ? "an application without a name" : application, kApplication));
    RecordedArena out;
    FactReader reader(facts);
    reader.number("arena.tick_rate", out.settings.tick_rate, 1U, 240U);
    reader.number("arena.snapshot_rate", out.settings.snapshot_rate, 1U, 240U);
    reader.number("arena.players_in_view", out.settings.players_in_view, 1U, 64U);
    reader.number("arena.expected_players", out.settings.expected_players, 1U, 65'536U);
    reader.number("arena.max_clients", out.settings.max_clients, 1U, 65'536U);
    reader.number("arena.protocol_id", out.settings.protocol_id);
    reader.suite("arena.suite", out.settings.suite);
    reader.address("arena.address", out.address);
    reader.number("arena.rng_seed", out.rng_seed);
    reader.time("arena.made_at_ns", out.made_at);
    reader.time("arena.wall_clock_at_ns", out.wall_clock.at);
    reader.number("arena.wall_clock_unix_s", out.wall_clock.wall.value);
    if (reader.error()) return std::unexpected(*reader.error());
    return out;
}

}  // namespace squall::loadgen
