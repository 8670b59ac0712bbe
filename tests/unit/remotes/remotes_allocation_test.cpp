// Nothing is allocated per event once a conversation is under way.
#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "support/counting_new.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

TEST(RemotesInSteadyState, EventsAllocateNothing) {
    RemoteNet net;
    auto& client = net.add_client();
    std::vector<RemoteEvent<Shot>> at_server;
    std::vector<RemoteEvent<Shot>> at_client;
    std::uint64_t heard = 0;
    for (int mode = 0; mode < 4; ++mode) {
        const EventOptions options{.mode = static_cast<ChannelMode>(mode)};
        at_server.push_back(*net.server_remotes->event<Shot>("shot" + std::to_string(mode), options));
        at_client.push_back(*client.remotes->event<Shot>("shot" + std::to_string(mode), options));
        at_server.back().listen([&](const Origin&, const Shot&) { ++heard; });
        at_client.back().listen([&](const Origin&, const Shot&) { ++heard; });
    }
    net.server_remotes->use(Direction::inbound, limit_rate({.per_second = 1'000'000}));
    net.connect(client, 1);
    net.run(500ms);
    // A wire that itself allocates nothing.
    std::array<std::byte, kMaxDatagramBytes> buffer;
    const auto exchange = [&](Remotes& from, const Address& address, Remotes& to) {
        while (const auto sent = from.poll_transmit(net.now, buffer))
            to.receive(net.now, address, MutableBytes(buffer).first(sent->size));
    };
    const Address client_address = Address::loopback(50001);
    const auto step = [&] {
        net.now += 16ms;
        for (Remotes* const side : {net.server_remotes.get(), client.remotes.get()})
            if (side->poll_timeout() <= net.now) side->handle_timeout(net.now);
        for (std::size_t mode = 0; mode < 4; ++mode) {
            for (int i = 0; i < 10; ++i) {
                at_server[mode].fire(net.now, Shot{});
                at_client[mode].fire(net.now, Shot{});
            }
        }
        exchange(*net.server_remotes, RemoteNet::kServerAddress, *client.remotes);
        exchange(*client.remotes, client_address, *net.server_remotes);
    };
    for (int i = 0; i < 1000; ++i) step();
    const auto before = test::allocation_count();
    const auto heard_before = heard;
    for (int i = 0; i < 1000; ++i) step();
    EXPECT_EQ(test::allocation_count() - before, 0U) << "for " << heard - heard_before << " events";
    EXPECT_GE(heard - heard_before, 79'000U);
}

TEST(RemotesInSteadyState, CallsAllocateNothing) {
    RemoteNet net;
    auto& client = net.add_client();
    const FunctionOptions options{.max_kept_answers = 16};
    const auto ours = *client.remotes->function<Shot, Vector3>("aim", options);
    const auto theirs = *net.server_remotes->function<Shot, Vector3>("aim", options);
    theirs.answer([](const Origin&, const Shot& shot) -> Result<Vector3> { return shot.from; });
    net.connect(client, 1);
    net.run(500ms);
    std::array<std::byte, kMaxDatagramBytes> buffer;
    const auto exchange = [&](Remotes& from, const Address& address, Remotes& to) {
        while (const auto sent = from.poll_transmit(net.now, buffer))
            to.receive(net.now, address, MutableBytes(buffer).first(sent->size));
    };
    std::uint64_t answered = 0;
    const auto step = [&] {
        net.now += 16ms;
        for (Remotes* const side : {net.server_remotes.get(), client.remotes.get()})
            if (side->poll_timeout() <= net.now) side->handle_timeout(net.now);
        ours.call(net.now, client.server(), Shot{},
                  [&answered](TimePoint, const Result<Vector3>& result) { answered += result ? 1 : 0; });
        exchange(*client.remotes, Address::loopback(50001), *net.server_remotes);
        exchange(*net.server_remotes, RemoteNet::kServerAddress, *client.remotes);
    };
    for (int i = 0; i < 1000; ++i) step();
    const auto before = test::allocation_count();
    for (int i = 0; i < 1000; ++i) step();
    EXPECT_EQ(test::allocation_count() - before, 0U);
    EXPECT_GE(answered, 1990U);
}

TEST(RemotesInSteadyState, ContractsAndCompressedEventsAllocateNothing) {
    RemoteNet net;
    auto& client = net.add_client();
    std::uint64_t heard = 0;
    const auto hear = [&](const Shot&, auto, bool, const auto&, const auto&) { ++heard; };
    const ContractOptions options{.mode = ChannelMode::unreliable};
    const auto contract = *net.server_remotes->contract<Shot>("shot", hear, {}, true, options);
    ASSERT_TRUE(client.remotes->contract<Shot>("shot", hear, {}, true, options));
    const EventOptions compressed{.mode = ChannelMode::unreliable, .compress = true};
    using Row = std::array<std::uint32_t, 100>;
    const auto row = *net.server_remotes->event<Row>("row", compressed);
    const auto there = *client.remotes->event<Row>("row", compressed);
    there.listen([&](const Origin&, const Row&) { ++heard; });
    net.connect(client, 1);
    net.run(500ms);
    std::array<std::byte, kMaxDatagramBytes> buffer;
    const auto exchange = [&](Remotes& from, const Address& address, Remotes& to) {
        while (const auto sent = from.poll_transmit(net.now, buffer))
            to.receive(net.now, address, MutableBytes(buffer).first(sent->size));
    };
    Shot shot;
    const auto step = [&] {
        net.now += 16ms;
        for (Remotes* const side : {net.server_remotes.get(), client.remotes.get()})
            if (side->poll_timeout() <= net.now) side->handle_timeout(net.now);
        for (int i = 0; i < 10; ++i) {
            ++shot.number;
            (void)contract.send(net.now, shot, i % 2 == 0 ? Tracking::tracked : Tracking::untracked);
        }
        row.fire(net.now, Row{shot.number});
        exchange(*net.server_remotes, RemoteNet::kServerAddress, *client.remotes);
        exchange(*client.remotes, Address::loopback(50001), *net.server_remotes);
    };
    for (int i = 0; i < 1000; ++i) step();
    const auto before = test::allocation_count();
    const auto heard_before = heard;
    for (int i = 0; i < 1000; ++i) step();
    EXPECT_EQ(test::allocation_count() - before, 0U) << "for " << heard - heard_before << " messages";
    EXPECT_EQ(heard - heard_before, 11'000U);
    EXPECT_GT(row.statistics().bytes_saved, 0U);
    EXPECT_GT(contract.counters().deltas_sent, 19'000U);
}

}  // namespace
}  // namespace squall::remotes::testing
