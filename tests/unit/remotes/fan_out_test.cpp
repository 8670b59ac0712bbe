// An event to a thousand peers: everybody hears it once, and it is encoded once.
#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

constexpr std::size_t kPeers = 1000;

class FanOut : public ::testing::Test {
  protected:
    FanOut() {
        for (std::size_t i = 0; i < kPeers; ++i) {
            auto& client = net.add_client();
            auto event = *client.remotes->event<Shot>("shot");
            event.listen([this, i](const Origin&, const Shot& shot) { heard[i].push_back(shot.number); });
            net.connect(client, 1 + i);
        }
        net.run(2s);
    }
    // Encodings of one fire() and, for each client, how often it was heard.
    struct Outcome {
        std::uint64_t encodings = 0;
        std::uint64_t sent = 0;
        std::size_t heard_once = 0;
        std::size_t heard_otherwise = 0;
    };
    Outcome fire(const Recipients& to) {
        for (auto& numbers : heard) numbers.clear();
        const auto before = at_server.statistics().encodings;
        Outcome outcome;
        outcome.sent = at_server.fire(net.now, Shot{{1, 2, 3}, 4, ++number}, to).sent;
        outcome.encodings = at_server.statistics().encodings - before;
        net.run(500ms);
        for (const auto& numbers : heard)
            if (numbers == std::vector{number})
                ++outcome.heard_once;
            else if (!numbers.empty())
                ++outcome.heard_otherwise;
        return outcome;
    }
    static void expect(const Outcome& outcome, std::size_t recipients) {
        EXPECT_EQ(outcome.encodings, 1U);
        EXPECT_EQ(outcome.sent, recipients);
        EXPECT_EQ(outcome.heard_once, recipients);
        EXPECT_EQ(outcome.heard_otherwise, 0U);
    }

    RemoteNet net{1, {}, {}, Duration{0}, kPeers};
    RemoteEvent<Shot> at_server = *net.server_remotes->event<Shot>("shot");
    std::vector<std::vector<std::uint32_t>> heard = std::vector<std::vector<std::uint32_t>>(kPeers);
    std::uint32_t number = 0;
};

TEST_F(FanOut, ToAThousandPeersEncodesOnceAndEverybodyHearsItOnce) {
    ASSERT_EQ(net.server_remotes->peers().size(), kPeers);
    expect(fire(Recipients::everyone()), kPeers);
    expect(fire(Recipients::everyone_except(net.peer(500))), kPeers - 1);

    std::vector<ConnectionId> listed;
    PeerGroup team;
    for (std::size_t i = 0; i < kPeers; i += 2) {
        listed.push_back(net.peer(i));
        ASSERT_TRUE(team.add(net.peer(i)));
    }
    expect(fire(std::span<const ConnectionId>(listed)), kPeers / 2);
    expect(fire(team), kPeers / 2);
}

TEST_F(FanOut, ThroughAChainThatChangesNothingEncodesOnceToo) {
    std::uint64_t asked = 0;
    at_server.use(Direction::outbound, [&](Message&, const Next& next) {
        ++asked;
        return next();
    });
    expect(fire(Recipients::everyone()), kPeers);
    EXPECT_EQ(asked, kPeers) << "the chain runs once for each recipient";
}

}  // namespace
}  // namespace squall::remotes::testing
