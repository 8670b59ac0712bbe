// Events whose fate is told, and what a registry tells besides: numbers of messages, who came back, what its
// channels are set to, and that it works in memory that it keeps.
#include <gtest/gtest.h>

#include <map>

#include "squall/remotes/middleware.hpp"
#include "squall/remotes/workspace.hpp"
#include "support/counting_new.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Blob {
    std::vector<std::byte> bytes;
    std::string name;
    bool operator==(const Blob&) const = default;
};

Blob blob(std::size_t size, std::byte fill) {
    return {std::vector<std::byte>(size, fill), std::string(40, 'n')};
}

TEST(TrackedEvent, EachIsSettledOnceAsWhatBecameOfItUnderItsNumber) {
    RemoteNet net(3);
    auto& client = net.add_client();
    const EventOptions options{.mode = ChannelMode::unreliable};
    const auto ours = *net.server_remotes->event<Shot>("shot", options);
    const auto theirs = *client.remotes->event<Shot>("shot", options);
    std::map<std::uint64_t, MessageFate> fates;
    std::map<std::uint64_t, std::uint32_t> heard;
    ours.on_settled([&](TimePoint now, ConnectionId peer, MessageId message, MessageFate fate) {
        EXPECT_EQ(now, net.now);
        EXPECT_EQ(peer, net.peer(0));
        EXPECT_TRUE(fates.emplace(message.value, fate).second) << "settled twice";
    });
    theirs.listen([&](const Origin& origin, const Shot& shot) {
        EXPECT_TRUE(heard.emplace(origin.message.value, shot.number).second);
    });
    net.connect(client, 1);
    net.run(500ms);
    net.loss = percent(30);
    std::map<std::uint64_t, std::uint32_t> fired;
    for (std::uint32_t i = 0; i < 300; ++i) {
        const auto id = ours.fire_tracked(net.now, Shot{.number = i}, net.peer(0));
        ASSERT_TRUE(id) << id.error().message;
        fired.emplace(id->value, i);
        ours.fire(net.now, Shot{.number = 1000 + i});  // untracked ones take numbers too, and settle nothing
        net.run(16ms);
    }
    net.loss = {};
    net.run(2s);
    ASSERT_EQ(fates.size(), 300U);
    std::size_t lost = 0;
    for (const auto& [id, number] : fired) {
        ASSERT_TRUE(fates.contains(id));
        lost += fates[id] == MessageFate::lost ? 1 : 0;
        if (fates[id] != MessageFate::delivered) continue;
        EXPECT_EQ(heard[id], number);
    }
    EXPECT_GT(lost, 40U);
    EXPECT_LT(lost, 200U);
    EXPECT_EQ(ours.statistics().out.messages, 600U);
}

TEST(TrackedEvent, SaysWhyItDidNotLeave) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *net.server_remotes->event<Chat>("chat");
    (void)*client.remotes->event<Chat>("chat");
    EXPECT_EQ(ours.fire_tracked(net.now, Chat{"a"}, {}).error().code, ErrorCode::not_connected);
    net.connect(client, 1);
    net.run(500ms);
    EXPECT_TRUE(ours.fire_tracked(net.now, Chat{"a"}, net.peer(0)));
    EXPECT_EQ(ours.fire_tracked(net.now, Chat{std::string(100'000, 'a')}, net.peer(0)).error().code,
              ErrorCode::too_large);  // the type's own limit
    const Chat large{std::string(1000, 'a')};
    for (int i = 0; i < 400; ++i) (void)ours.fire_tracked(net.now, large, net.peer(0));
    const auto full = ours.fire_tracked(net.now, large, net.peer(0));
    EXPECT_EQ(full.error().code, ErrorCode::queue_full) << full.error().message;
    ours.use(Direction::outbound, drop_for([](ConnectionId) { return true; }));
    const auto stopped = ours.fire_tracked(net.now, Chat{"a"}, net.peer(0));
    EXPECT_EQ(stopped.error().code, ErrorCode::unauthorised);
    EXPECT_EQ(stopped.error().message, "chat: stopped before it was sent: filtered");
}

TEST(TrackedEvent, GoesThroughTheChainWhichMayEditItAndCannotHoldIt) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *net.server_remotes->event<Chat>("chat");
    const auto theirs = *client.remotes->event<Chat>("chat");
    ours.use(Direction::outbound, [](Message& message, const Next& next) {
        message.edit<Chat>()->text += "!";
        return next();
    });
    ours.use(Direction::outbound, delay(1h));
    std::vector<std::string> heard;
    theirs.listen([&](const Origin&, const Chat& chat) { heard.push_back(chat.text); });
    bool is_delivered = false;
    ours.on_settled([&](TimePoint, ConnectionId, MessageId, MessageFate fate) {
        is_delivered = fate == MessageFate::delivered;
    });
    net.connect(client, 1);
    net.run(500ms);
    ASSERT_TRUE(ours.fire_tracked(net.now, Chat{"hello"}, net.peer(0)));
    net.run(500ms);
    EXPECT_EQ(heard, std::vector<std::string>{"hello!"});
    EXPECT_TRUE(is_delivered);
}

TEST(TrackedEvent, TheNumberSurvivesWaitingForAListenerAndBeingHeld) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *net.server_remotes->event<Shot>("shot");
    const auto theirs = *client.remotes->event<Shot>("shot");
    const auto held = *net.server_remotes->event<Chat>("chat");
    const auto held_there = *client.remotes->event<Chat>("chat");
    held_there.use(Direction::inbound, delay(100ms));
    std::vector<MessageId> heard;
    held_there.listen([&](const Origin& origin, const Chat&) { heard.push_back(origin.message); });
    net.connect(client, 1);
    net.run(500ms);
    std::vector<MessageId> fired;
    fired.push_back(*held.fire_tracked(net.now, Chat{"a"}, net.peer(0)));
    for (std::uint32_t i = 0; i < 3; ++i)
        fired.push_back(*ours.fire_tracked(net.now, Shot{.number = i}, net.peer(0)));
    net.run(500ms);
    theirs.listen([&](const Origin& origin, const Shot&) { heard.push_back(origin.message); });
    EXPECT_EQ(heard, fired);
}

TEST(TrackedEvent, AnUntrackedOneHasItsNumberToo) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *net.server_remotes->event<Shot>("shot");
    const auto theirs = *client.remotes->event<Shot>("shot");
    std::vector<MessageId> heard;
    theirs.listen([&](const Origin& origin, const Shot&) { heard.push_back(origin.message); });
    net.connect(client, 1);
    net.run(500ms);
    std::vector<MessageId> fired;
    for (std::uint32_t i = 0; i < 3; ++i) fired.push_back(ours.fire(net.now, Shot{.number = i}).message);
    ours.use(Direction::outbound, observe([](const Message&) {}));
    fired.push_back(ours.fire(net.now, Shot{.number = 3}).message);
    net.run(500ms);
    EXPECT_EQ(heard, fired);
}

TEST(Remotes, TellWhatTheyRefuseAndWhomItCameFrom) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *client.remotes->event<Shot>("shot");
    const auto theirs = *net.server_remotes->event<Shot>("shot");
    theirs.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 2}));
    using Refusal = std::tuple<ConnectionId, std::string, Outcome>;
    std::vector<Refusal> refusals;
    net.server_remotes->on_refused([&](TimePoint, ConnectionId peer, std::string_view remote,
                                       Outcome outcome) { refusals.emplace_back(peer, remote, outcome); });
    net.connect(client, 1);
    net.run(500ms);
    for (std::uint32_t i = 0; i < 3; ++i) ours.fire(net.now, Shot{.number = i});
    net.run(100ms);
    const std::string nonsense = "\x7f?";
    ASSERT_TRUE(client.endpoint->send(net.now, client.server(), ChannelId{3}, as_bytes(nonsense)));
    net.run(100ms);
    const ConnectionId peer = net.peer(0);
    EXPECT_EQ(refusals, (std::vector<Refusal>{{peer, "shot", Outcome::rate_limited},
                                              {peer, "", Outcome::unknown_remote}}));
}

TEST(RemoteChannels, AreSetToWhatTheUserWantsInTheOrderOfTheModes) {
    const auto plain = remote_channels();
    const auto tuned = remote_channels(
        {.unreliable = {.weight = 50, .max_message_bytes = 1100},
         .unreliable_sequenced = {.name = "inputs", .mode = ChannelMode::reliable_ordered, .redundancy = 3}});
    ASSERT_EQ(plain.size(), 4U);
    ASSERT_EQ(tuned.size(), 4U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(plain[i].mode, static_cast<ChannelMode>(i));
        EXPECT_EQ(tuned[i].mode, static_cast<ChannelMode>(i));
        EXPECT_FALSE(plain[i].name.empty());
    }
    EXPECT_EQ(tuned[0].weight, 50);
    EXPECT_EQ(tuned[0].max_message_bytes, 1100U);
    EXPECT_EQ(tuned[0].name, plain[0].name);
    EXPECT_EQ(tuned[1].name, "inputs");
    EXPECT_EQ(tuned[1].redundancy, 3);
    EXPECT_EQ(tuned[2].weight, plain[2].weight);
}

TEST(RemoteChannels, RedundancyBringsWhatWasLostWithTheNextPacket) {
    const auto heard_of_200 = [](std::uint8_t redundancy) {
        TransportConfig transport;
        transport.channels = remote_channels({.unreliable_sequenced = {.redundancy = redundancy}});
        RemoteNet net(5, {}, transport);
        auto& client = net.add_client();
        const EventOptions options{.mode = ChannelMode::unreliable_sequenced};
        const auto theirs = *net.server_remotes->event<Shot>("input", options);
        const auto ours = *client.remotes->event<Shot>("input", options);
        std::uint32_t heard = 0;
        std::uint32_t newest = 0;
        theirs.listen([&](const Origin&, const Shot& shot) {
            EXPECT_GT(shot.number, newest);
            newest = shot.number;
            ++heard;
        });
        net.connect(client, 1);
        net.run(500ms);
        net.loss = percent(20);
        for (std::uint32_t i = 1; i <= 200; ++i) {
            ours.fire(net.now, Shot{.number = i});
            net.run(50ms);
        }
        return heard;
    };
    EXPECT_LT(heard_of_200(0), 180U);
    EXPECT_GE(heard_of_200(3), 198U);
}

TEST(Remotes, KnowWhoCameBackAndTellOfThoseWhoLeftBeforeTheyWereReady) {
    RemoteNet net(1, {}, {}, 20s);
    (void)*net.server_remotes->event<Shot>("shot");
    std::vector<bool> joined;
    std::vector<DisconnectReason> left;
    std::vector<DisconnectReason> never_ready;
    net.server_remotes->on_join([&](TimePoint, ConnectionId peer, ClientId) {
        joined.push_back(net.server_remotes->has_rejoined(peer));
    });
    net.server_remotes->on_leave(
        [&](TimePoint, ConnectionId, DisconnectReason reason) { left.push_back(reason); });
    net.server_remotes->on_other([&](TimePoint, const EndpointEvent& event) {
        const auto* const end = std::get_if<Disconnected>(&event);
        ASSERT_NE(end, nullptr);
        EXPECT_FALSE(net.server_remotes->has_rejoined(end->connection));
        never_ready.push_back(end->reason);
    });
    auto& first = net.add_client();
    (void)*first.remotes->event<Shot>("shot");
    net.connect(first, 7);
    net.run(500ms);
    EXPECT_EQ(joined, std::vector<bool>{false});
    net.loss = percent(100);
    net.run(8s);  // its network fails
    net.loss = {};
    EXPECT_EQ(left, std::vector{DisconnectReason::timed_out});
    auto& second = net.add_client();
    (void)*second.remotes->event<Shot>("shot");
    net.connect(second, 7);
    net.run(500ms);
    EXPECT_EQ(joined, (std::vector<bool>{false, true}));
    // Somebody who never says what it declares.
    auto& mute = net.add_client();
    mute.is_mute = true;
    net.connect(mute, 8);
    net.run(11s);
    EXPECT_EQ(never_ready, std::vector{DisconnectReason::protocol_error});
    EXPECT_EQ(joined.size(), 2U);
}

TEST(Remotes, ForgetADeadlineThatIsOverAndKeepTheOthers) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *client.remotes->function<Chat, Chat>("echo");
    const auto theirs = *net.server_remotes->function<Chat, Chat>("echo");
    std::vector<RemoteFunction<Chat, Chat>::OpenCall> open;
    theirs.answer_later([&](const Origin&, const Chat&, auto call) { open.push_back(call); });
    net.connect(client, 1);
    net.run(500ms);
    std::vector<ErrorCode> ends;
    const auto done = [&](TimePoint, const Result<Chat>& result) {
        ends.push_back(result ? ErrorCode{} : result.error().code);
    };
    for (int round = 0; round < 3; ++round) {
        (void)ours.call(net.now, client.server(), {"a"}, done, {.timeout = 1s});
        (void)ours.call(net.now, client.server(), {"b"}, done, {.timeout = 2s});
        net.run(1500ms);
        EXPECT_EQ(ends.size(), 2U * static_cast<unsigned>(round) + 1);
        net.run(1s);
        EXPECT_EQ(ends.size(), 2U * static_cast<unsigned>(round) + 2);
    }
    for (const ErrorCode end : ends) EXPECT_EQ(end, ErrorCode::expired);
}

// --- memory that is used again

TEST(Workspace, GivesEachNestedLeaseAnObjectOfItsOwn) {
    Workspace workspace;
    const Blob* outer_object = nullptr;
    {
        Workspace::Lease<Blob> outer(workspace);
        outer.value() = blob(10, std::byte{1});
        outer_object = &outer.value();
        {
            Workspace::Lease<Blob> inner(workspace);
            Workspace::Lease<Chat> other(workspace);
            EXPECT_NE(&inner.value(), &outer.value());
            inner.value() = blob(20, std::byte{2});
        }
        EXPECT_EQ(outer.value(), blob(10, std::byte{1}));
    }
    const auto before = test::allocation_count();
    {
        Workspace::Lease<Blob> again(workspace);
        again.spoil();
    }
    EXPECT_EQ(test::allocation_count(), before);
    Workspace::Lease<Blob> fresh(workspace);
    EXPECT_EQ(fresh.value(), Blob{});
    (void)outer_object;
}

TEST(Workspace, EventsWithTextAndBytesAllocateNothing) {
    Workspace workspace;
    const RemotesConfig config{.workspace = &workspace};
    RemoteNet net(1, config);
    auto& client = net.add_client(config);  // in the same memory as the server
    const EventOptions options{.mode = ChannelMode::unreliable};
    const auto ours = *net.server_remotes->event<Blob>("blob", options);
    const auto theirs = *client.remotes->event<Blob>("blob", options);
    const Blob sent = blob(300, std::byte{7});
    std::uint64_t heard = 0;
    std::uint64_t settled = 0;
    theirs.listen([&](const Origin&, const Blob& got) {
        EXPECT_EQ(got, sent);
        ++heard;
    });
    ours.on_settled([&](TimePoint, ConnectionId, MessageId, MessageFate) { ++settled; });
    net.connect(client, 1);
    net.run(500ms);
    std::array<std::byte, kMaxDatagramBytes> buffer;
    const auto step = [&] {
        net.now += 16ms;
        for (Remotes* const side : {net.server_remotes.get(), client.remotes.get()})
            if (side->poll_timeout() <= net.now) side->handle_timeout(net.now);
        (void)ours.fire_tracked(net.now, sent, net.peer(0));
        while (const auto out = net.server_remotes->poll_transmit(net.now, buffer))
            client.remotes->receive(net.now, RemoteNet::kServerAddress,
                                    MutableBytes(buffer).first(out->size));
        while (const auto out = client.remotes->poll_transmit(net.now, buffer))
            net.server_remotes->receive(net.now, Address::loopback(50001),
                                        MutableBytes(buffer).first(out->size));
    };
    for (int i = 0; i < 500; ++i) step();
    const auto before = test::allocation_count();
    for (int i = 0; i < 500; ++i) step();
    EXPECT_EQ(test::allocation_count() - before, 0U);
    EXPECT_EQ(heard, 1000U);
    EXPECT_GT(settled, 900U);
}

TEST(Workspace, WhatAMiddlewareWroteIsNotInTheNextMessage) {
    RemoteNet net;
    auto& client = net.add_client();
    const auto ours = *net.server_remotes->event<Chat>("chat");
    const auto theirs = *client.remotes->event<Chat>("chat");
    theirs.use(Direction::inbound, [](Message& message, const Next& next) {
        message.edit<Chat>()->text += "!";
        return next();
    });
    std::vector<std::string> heard;
    theirs.listen([&](const Origin&, const Chat& chat) { heard.push_back(chat.text); });
    net.connect(client, 1);
    net.run(500ms);
    for (const char* const text : {"a", "", "bc"}) ours.fire(net.now, Chat{text});
    net.run(500ms);
    EXPECT_EQ(heard, (std::vector<std::string>{"a!", "!", "bc!"}));
}

TEST(Workspace, AFieldThatJsonLeavesOutIsFreshAndNotTheLastMessages) {
    RemoteNet net;
    auto& client = net.add_client();
    const EventOptions options{.codec = &wire::json_codec()};
    const auto ours = *net.server_remotes->event<Chat>("chat", options);
    const auto theirs = *client.remotes->event<Chat>("chat", options);
    std::vector<std::string> heard;
    theirs.listen([&](const Origin&, const Chat& chat) { heard.push_back(chat.text); });
    net.connect(client, 1);
    net.run(500ms);
    ours.fire(net.now, Chat{"secret"});
    // A peer that leaves the field out.
    const std::string bare = "\x01{}";
    ASSERT_TRUE(net.server_endpoint->send(net.now, net.peer(0), ChannelId{3}, as_bytes(bare)));
    net.run(500ms);
    EXPECT_EQ(heard, (std::vector<std::string>{"secret", ""}));
}

}  // namespace
}  // namespace squall::remotes::testing
