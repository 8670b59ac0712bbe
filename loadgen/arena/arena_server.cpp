#include "arena/arena_server.hpp"

#include <utility>

#include <fmt/format.h>

#include "arena/arena_game.hpp"

namespace squall::arena {
namespace {

Result<> check_range(std::string_view field, std::uint32_t value, std::uint32_t low, std::uint32_t high) {
    if (value >= low && value <= high) return {};
    return fail(ErrorCode::invalid_argument,
                fmt::format("arena: {} is {}; needs {} to {}", field, value, low, high));
}

Result<> check(const ArenaServerConfig& config) {
    const auto channels = arena_transport().channels;
    if (config.server.transport.channels.size() != channels.size())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("arena: server.transport has {} channels; needs the {} of arena_transport()",
                                config.server.transport.channels.size(), channels.size()));
    for (const auto& result : {check_range("server.max_clients", config.server.max_clients, 1, kMaxPlayers),
                               check_range("tick_rate", config.tick_rate, 1, kMaxTickRate),
                               check_range("snapshot_rate", config.snapshot_rate, 1, config.tick_rate),
                               check_range("expected_players", config.expected_players, 1, kMaxPlayers),
                               check_range("players_in_view", config.players_in_view, 1, 64),
                               check_range("max_in_view", config.max_in_view, 2, kMaxViewEntities),
                               check_range("max_catch_up_ticks", config.max_catch_up_ticks, 1, 1000),
                               check_range("max_inputs_per_second", config.max_inputs_per_second, 1, 100'000),
                               check_range("max_violations", config.max_violations, 1, 1'000'000)})
        if (!result) return result;
    return {};
}

}  // namespace

Result<std::unique_ptr<ArenaServer>> ArenaServer::make(TimePoint now, const ArenaServerConfig& config,
                                                       EntropySource& entropy, Rng rng,
                                                       std::function<TimePoint()> read_clock) {
    if (const auto checked = check(config); !checked) return std::unexpected(checked.error());
    if (!read_clock)
        return fail(ErrorCode::invalid_argument, "arena: read_clock is empty; needs Host::read_clock");
    auto endpoint = ServerEndpoint::make(now, config.server, entropy);
    if (!endpoint) return std::unexpected(endpoint.error());
    auto game = std::make_unique<Game>(now, config, std::move(*endpoint), rng, std::move(read_clock));
    return std::unique_ptr<ArenaServer>(new ArenaServer(std::move(game)));
}

ArenaServer::ArenaServer(std::unique_ptr<Game> game) : game_(std::move(game)) {}
ArenaServer::~ArenaServer() = default;

void ArenaServer::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    game_->receive(now, from, datagram);
}
std::optional<Transmit> ArenaServer::poll_transmit(TimePoint now, MutableBytes buffer) {
    return game_->poll_transmit(now, buffer);
}
TimePoint ArenaServer::poll_timeout() const {
    return game_->poll_timeout();
}
void ArenaServer::handle_timeout(TimePoint now) {
    game_->handle_timeout(now);
}
void ArenaServer::expect(const Address& from, unsigned step) {
    game_->expect(from, step);
}
void ArenaServer::set_trace(trace::Sink* sink, std::uint32_t source) {
    game_->set_trace(sink, source);
}
void ArenaServer::trace_packets(PacketTrace what) {
    game_->trace_packets(what);
}
void ArenaServer::time_handlers() {
    game_->time_handlers();
}
void ArenaServer::shut_down(TimePoint now) {
    game_->shut_down(now);
}
const ArenaServerStatistics& ArenaServer::statistics() const {
    return game_->statistics();
}
const ServerEndpoint& ArenaServer::endpoint() const {
    return game_->endpoint();
}
const remotes::Remotes& ArenaServer::registry() const {
    return game_->registry();
}
std::uint32_t ArenaServer::world_side() const {
    return game_->world().side();
}
const World& ArenaServer::world() const {
    return game_->world();
}

}  // namespace squall::arena
