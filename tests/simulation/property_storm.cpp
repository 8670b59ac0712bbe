// A property that changes at the server while three clients watch it through 20 % loss, 5 % duplication and
// enough jitter to reorder most packets: each client sees only values that were set, never an older one after
// a newer one, and all end with the last. One virtual network a seed.
#include <optional>

#include "simulation/seeds.hpp"
#include "unit/remotes/remote_net.hpp"

using namespace squall;
using namespace squall::remotes;
using namespace squall::remotes::testing;

namespace {

constexpr std::size_t kClients = 3;
constexpr int kChanges = 150;

// The names follow from the points, so that a value that was never set shows.
std::vector<std::string> names_of(std::int32_t points) {
    return std::vector<std::string>(static_cast<std::size_t>(points % 7), "player");
}

std::string run_seed(std::uint64_t seed) {
    RemoteNet net(seed);
    net.loss = percent(20);
    net.duplicate = percent(5);
    net.jitter = 80ms;
    auto at_server = *net.server_remotes->property<Score>("score");
    std::vector<RemoteProperty<Score>> at_clients;
    std::array<std::int32_t, kClients> newest{};
    std::string error;
    for (std::size_t i = 0; i < kClients; ++i) {
        auto& client = net.add_client();
        at_clients.push_back(*client.remotes->property<Score>("score"));
        at_clients.back().watch([&, i](const Origin&, const Score&, const Score& now) {
            if (now.points < newest[i])
                error = fmt::format("client {} saw {} after {}", i, now.points, newest[i]);
            if (now.names != names_of(now.points))
                error = fmt::format("client {} saw {} with the names of another value", i, now.points);
            newest[i] = now.points;
        });
        net.connect(client, i + 1);
    }
    Rng rng = Rng(seed).fork("changes");
    for (std::int32_t points = 1; points <= kChanges && error.empty(); ++points) {
        const auto changed = at_server.edit(net.now, [&](Score& score) {
            score.points = points;
            score.names = names_of(points);
            if (rng.chance(percent(50))) score.flag.y = static_cast<float>(rng.between(0, 1000));
        });
        if (!changed) return changed.error().message;
        net.run(Duration(rng.between(1'000'000, 60'000'000)));
    }
    net.loss = {};
    net.run(5s);
    for (std::size_t i = 0; i < kClients && error.empty(); ++i)
        if (!(at_clients[i].value() == at_server.value()))
            error = fmt::format("client {} ended with {} instead of {}", i, at_clients[i].value().points,
                                at_server.value().points);
    return error;
}

}  // namespace

int main(int argc, char** argv) {
    return simulation::run_seeds(
        argc, argv, "everybody ended with the last value, and saw no older one after a newer", run_seed);
}
