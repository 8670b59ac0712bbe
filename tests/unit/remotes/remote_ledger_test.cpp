// One account: what all remotes took in packets and what everything else cost is what went over the wire, to
// the byte, in any weather.
#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Question {
    std::int32_t number = 0;
};

class Ledger : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Ledger, RemotesAndOverheadAddUpToTheWire) {
    RemoteNet net(7);
    net.loss = percent(GetParam());
    net.jitter = 10ms;
    auto& client = net.add_client();
    struct Side {
        explicit Side(Remotes& remotes)
            : shot(*remotes.event<Shot>("shot", {.mode = ChannelMode::unreliable})),
              chat(*remotes.event<Chat>("chat")),
              ask(*remotes.function<Question, Question>("ask")),
              score(*remotes.property<Score>("score")) {}
        RemoteEvent<Shot> shot;
        RemoteEvent<Chat> chat;
        RemoteFunction<Question, Question> ask;
        RemoteProperty<Score> score;
    };
    const Side at_server(*net.server_remotes);
    const Side at_client(*client.remotes);
    at_server.ask.answer(
        [](const Origin&, const Question& question) -> Result<Question> { return question; });
    trace::CountingSink counted;
    net.server_remotes->set_trace(&counted, 3);
    net.connect(client, 1);
    // As long as the connection is, and nothing is refused: late farewells and doubled datagrams are of no
    // connection.
    Rng rng(3);
    for (int i = 0; i < 400; ++i) {
        at_server.shot.fire(net.now, Shot{});
        if (i % 5 == 0)
            at_server.chat.fire(net.now,
                                Chat{std::string(static_cast<std::size_t>(rng.between(0, 3000)), 'x')});
        if (i % 3 == 0) {
            ASSERT_TRUE(at_server.score.edit(net.now, [&](Score& score) { ++score.points; }));
        }
        at_client.ask.call(net.now, client.server(), Question{i}, [](TimePoint, const Result<Question>&) {});
        net.run(20ms);
    }
    net.run(2s);
    ASSERT_EQ(net.server_remotes->peers().size(), 1U);
    const auto connection = net.server_endpoint->statistics(net.peer(0));
    ASSERT_TRUE(connection);
    EXPECT_EQ(connection->sent.total(), net.server_endpoint->statistics().bytes_sent);
    EXPECT_EQ(net.server_endpoint->statistics().bytes_sent, counted.bytes(trace::EventKind::datagram_sent));
    for (const ByteCause cause :
         {ByteCause::payload, ByteCause::framing, ByteCause::retransmission, ByteCause::early_repeat}) {
        std::uint64_t sum = net.server_remotes->other_bytes_on_wire().of(cause);
        for (const Remote* const remote : net.server_remotes->remotes())
            sum += remote->statistics().on_wire.of(cause);
        EXPECT_EQ(sum, connection->sent.of(cause)) << to_string(cause);
    }
    EXPECT_EQ(at_server.chat.statistics().on_wire.of(ByteCause::payload),
              at_server.chat.statistics().out.bytes);
    EXPECT_GT(at_server.ask.statistics().on_wire.total(), 0U);
    EXPECT_GT(at_server.score.statistics().on_wire.total(), 0U);
    if (GetParam() > 0) {
        EXPECT_GT(at_server.chat.statistics().on_wire.of(ByteCause::retransmission), 0U);
    }
}

INSTANTIATE_TEST_SUITE_P(LossInPercent, Ledger, ::testing::Values(0, 5, 20));

}  // namespace
}  // namespace squall::remotes::testing
