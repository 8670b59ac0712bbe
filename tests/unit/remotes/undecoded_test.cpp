// What a chain refuses by peer, number or size is not decoded, whatever remote it is for; and what it refused
// stops nothing that comes behind it.
#include <gtest/gtest.h>

#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Claim {
    std::int32_t gold = 0;
    std::string name{};
    std::vector<std::uint32_t> items{};
    bool operator==(const Claim&) const = default;
};

// A server whose clients may send a contract, and set what they own.
class Undecoded : public ::testing::Test {
  protected:
    void start() {
        net.connect(client, 1);
        net.run(500ms);
        ASSERT_EQ(net.server_remotes->peers().size(), 1U);
        there.set_owner(net.peer(0));
        here.claim();
    }
    // Bytes of the client's, as it would have sent them, but for what they say.
    void send_raw(const std::string& remote, Bytes body) {
        std::vector<std::byte> frame;
        append_varint(frame, std::uint64_t{client.remotes->find(remote)->info().index} + 1);
        frame.insert(frame.end(), body.begin(), body.end());
        const auto mode = client.remotes->find(remote)->info().mode;
        ASSERT_TRUE(client.endpoint->send(net.now, client.server(),
                                          ChannelId{static_cast<std::uint8_t>(mode)}, frame));
        net.run(50ms);
    }
    RemoteNet net;
    RemoteNet::Client& client = net.add_client();
    const PropertyOptions<Claim> owned{.authority = Authority::owner};
    RemoteProperty<Claim> there = *net.server_remotes->property<Claim>("claim", owned);
    RemoteProperty<Claim> here = *client.remotes->property<Claim>("claim", owned);
    int told = 0;
    RemoteContract<Claim> at_server =
        *net.server_remotes->contract<Claim>("deed", [this](const Claim&, auto...) { ++told; });
    RemoteContract<Claim> at_client = *client.remotes->contract<Claim>("deed", [](const Claim&, auto...) {});
    static const RemoteStatistics& statistics_of(Remotes& remotes, const char* name) {
        return remotes.find(name)->statistics();
    }
};

// Bytes that are nothing: who looks at them says malformed, who refuses them by number never looks.
TEST_F(Undecoded, IsWhatAChainRefusesByPeerNumberOrSize) {
    bool is_open = true;
    net.server_remotes->use(Direction::inbound, authorise([&](TimePoint, ConnectionId) { return is_open; }));
    start();
    const std::array junk{std::byte{0x04}, std::byte{0xff}, std::byte{0xff}};  // a whole contract message
    const std::array lie{std::byte{1}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};  // version 1, whole
    std::string contract;
    for (const Remote* const remote : client.remotes->remotes())
        if (remote->info().kind == RemoteKind::contract) contract = remote->info().name;
    send_raw("claim", lie);
    send_raw(contract, junk);
    const auto& property = statistics_of(*net.server_remotes, "claim");
    const auto& state = statistics_of(*net.server_remotes, contract.c_str());
    EXPECT_EQ(property.in.of(Outcome::malformed), 1U);
    EXPECT_EQ(state.in.of(Outcome::malformed), 1U);
    is_open = false;
    send_raw("claim", lie);
    send_raw(contract, junk);
    EXPECT_EQ(property.in.of(Outcome::malformed), 1U);
    EXPECT_EQ(state.in.of(Outcome::malformed), 1U);
    EXPECT_EQ(property.in.of(Outcome::unauthorised), 1U);
    EXPECT_EQ(state.in.of(Outcome::unauthorised), 1U);
    EXPECT_EQ(told, 0);
}

// One order: what looks at the object sees it, wherever it stands, and the end has it.
TEST_F(Undecoded, IsDecodedForWhoLooks) {
    std::vector<std::string> log;
    const auto seen = [&](const char* where) {
        return [&log, where](Message& message, const Next& next) {
            const Claim* const claim = message.object<Claim>();
            log.push_back(std::string(where) + " " + (claim == nullptr ? "?" : claim->name));
            return next();
        };
    };
    net.server_remotes->use(Direction::inbound, limit_rate({.per_second = 100}));
    net.server_remotes->use(Direction::inbound, seen("registry"));
    at_server.use(Direction::inbound, seen("contract"));
    there.use(Direction::inbound, seen("property"));
    start();
    ASSERT_TRUE(here.set(net.now, {1, "ada", {1}}));
    net.run(50ms);
    ASSERT_TRUE(here.set(net.now, {2, "bob", {1}}));  // a change
    net.run(50ms);
    ASSERT_TRUE(at_client.send(net.now, {3, "eve", {}}, Tracking::tracked));
    net.run(200ms);
    ASSERT_TRUE(at_client.send(net.now, {4, "eva", {}}, Tracking::tracked));  // a change
    net.run(50ms);
    EXPECT_EQ(log,
              (std::vector<std::string>{"registry ada", "property ada", "registry bob", "property bob",
                                        "registry eve", "contract eve", "registry eva", "contract eva"}));
    EXPECT_EQ(there.value(), (Claim{2, "bob", {1}}));
    EXPECT_EQ(told, 2);
}

// The transport acknowledged what the chain refused, so later changes build upon it.
TEST_F(Undecoded, AValueThatWasRefusedStopsNoneBehindIt) {
    there.use(Direction::inbound, limit_rate({.per_second = 1, .burst = 3}));
    there.use(Direction::inbound,
              validate<Claim>([](TimePoint, ConnectionId, const Claim& claim) { return claim.gold <= 100; }));
    start();
    std::vector<std::int32_t> heard;
    there.watch([&](const Origin&, const Claim&, const Claim& now) { heard.push_back(now.gold); });
    const auto say = [&](std::int32_t gold, Duration after) {
        ASSERT_TRUE(here.set(net.now, {gold, "ada", {1, 2, 3}}));
        net.run(after);
    };
    say(10, 200ms);
    say(1000, 200ms);  // against the rules
    say(20, 200ms);
    EXPECT_EQ(heard, (std::vector<std::int32_t>{10, 20}));
    for (int i = 30; i < 34; ++i) say(i, 20ms);  // above the rate, undecoded
    net.run(5s);
    say(40, 200ms);
    EXPECT_EQ(there.value(), (Claim{40, "ada", {1, 2, 3}}));
    EXPECT_EQ(statistics_of(*net.server_remotes, "claim").in.of(Outcome::malformed), 0U);
    EXPECT_GE(statistics_of(*net.server_remotes, "claim").in.of(Outcome::rate_limited), 3U);
}

// What a chain changes is told; the sender knows nothing of it, and builds upon what it sent.
TEST_F(Undecoded, AChangeBuildsUponWhatWasSentNotUponWhatAChainMadeOfIt) {
    there.use(Direction::inbound, [](Message& message, const Next& next) {
        if (auto* claim = message.edit<Claim>()) claim->items.push_back(9);
        return next();
    });
    start();
    for (std::int32_t i = 1; i <= 5; ++i) {
        ASSERT_TRUE(here.set(net.now, {i, "ada", {1}}));
        net.run(100ms);
        EXPECT_EQ(there.value(), (Claim{i, "ada", {1, 9}}));
    }
}

// The same at a client, which refuses or changes what its server's table says.
TEST_F(Undecoded, AnObjectThatWasRefusedMayBeHadLater) {
    auto table = *net.server_remotes->table<Claim>("claims");
    auto shown = *client.remotes->table<Claim>("claims");
    bool is_open = false;
    shown.use(Direction::inbound, only_while([&](const Message&) { return is_open; }));
    shown.use(Direction::inbound, [](Message& message, const Next& next) {
        if (auto* claim = message.edit<Claim>()) claim->items.push_back(9);
        return next();
    });
    start();
    ASSERT_TRUE(table.spawn(net.now, ObjectId{1}, {1, "ada", {}}));
    ASSERT_TRUE(table.spawn(net.now, ObjectId{2}, {1, "bob", {}}));
    net.run(200ms);
    EXPECT_EQ(shown.size(), 0U);
    is_open = true;
    for (std::int32_t i = 2; i < 5; ++i) {
        ASSERT_TRUE(table.edit(net.now, ObjectId{1}, [&](Claim& claim) { claim.gold = i; }));
        net.run(200ms);
        ASSERT_NE(shown.find(ObjectId{1}), nullptr);
        EXPECT_EQ(*shown.find(ObjectId{1}), (Claim{i, "ada", {9}}));
    }
    ASSERT_TRUE(table.forget(net.now, ObjectId{1}));
    ASSERT_TRUE(table.forget(net.now, ObjectId{2}));
    net.run(200ms);
    EXPECT_EQ(shown.size(), 0U);
}

// A peer that says the same version again and again fills nothing.
TEST(ReceivedValues, AreBoundedWhateverThePeerNumbers) {
    detail::ReceivedValue<Claim> received;
    for (std::uint64_t i = 0; i < 1000; ++i) received.keep({7, Claim{}});
    for (std::uint64_t i = 0; i < 1000; ++i) received.keep_unread(8, 7, {});
    EXPECT_EQ(received.size(), 2U);
    for (std::uint64_t i = 0; i < 1000; ++i) received.keep_unread(i, 0, {});
    EXPECT_LE(received.size(), detail::kBaselineWindow + 1);
}

}  // namespace
}  // namespace squall::remotes::testing
