#include "arena/arena_client.hpp"

#include <utility>

#include <fmt/format.h>

#include "arena/arena_player.hpp"
#include "squall/core/prefetch.hpp"

namespace squall::arena {

Result<std::unique_ptr<ArenaClient>> ArenaClient::make(TimePoint now, ArenaClientConfig config, Rng rng,
                                                       EntropySource& entropy, ClientObserver& observer) {
    if (config.behaviour == nullptr)
        return fail(ErrorCode::invalid_argument, "arena client: no behaviour; needs one of make_behaviour()");
    if (config.send_rate < 1 || config.send_rate > 1000)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("arena client: send_rate is {} Hz; needs 1 to 1000", config.send_rate));
    if (config.first_send.count() < 0)
        return fail(ErrorCode::invalid_argument, "arena client: first_send is negative; needs 0s or more");
    auto endpoint = ClientEndpoint::make(now, config.client, entropy);
    if (!endpoint) return std::unexpected(endpoint.error());
    if (const auto connected = (*endpoint)->connect(now, config.token); !connected)
        return std::unexpected(connected.error());
    auto player = std::make_unique<Player>(now, std::move(config), std::move(*endpoint), rng, observer);
    return std::unique_ptr<ArenaClient>(new ArenaClient(std::move(player)));
}

ArenaClient::ArenaClient(std::unique_ptr<Player> player) : player_(std::move(player)) {}
ArenaClient::~ArenaClient() = default;

void ArenaClient::receive(TimePoint now, const Address& from, MutableBytes datagram) {
    player_->receive(now, from, datagram);
}
std::optional<Transmit> ArenaClient::poll_transmit(TimePoint now, MutableBytes buffer) {
    return player_->poll_transmit(now, buffer);
}
TimePoint ArenaClient::poll_timeout() const {
    return player_->poll_timeout();
}
void ArenaClient::handle_timeout(TimePoint now) {
    player_->handle_timeout(now);
}
void ArenaClient::expect(const Address& from, unsigned step) {
    if (step == 0)
        prefetch_object(player_.get());
    else
        player_->expect(from, step - 1);
}
void ArenaClient::leave(TimePoint now) {
    player_->leave(now);
}
bool ArenaClient::finished() const {
    return player_->finished();
}
bool ArenaClient::joined() const {
    return player_->joined();
}
std::span<const EntityState> ArenaClient::view() const {
    return player_->view();
}
std::uint64_t ArenaClient::view_tick() const {
    return player_->view_tick();
}
std::uint32_t ArenaClient::player() const {
    return player_->player();
}
const ClientEndpoint& ArenaClient::endpoint() const {
    return player_->endpoint();
}
void ArenaClient::set_trace(trace::Sink* sink, std::uint32_t source) {
    player_->set_trace(sink, source);
}

}  // namespace squall::arena
