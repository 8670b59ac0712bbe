// RemoteTable, ObjectEvent and ObjectGroup: values and events of many objects; streaming; who lies about it.
#include "squall/remotes/remote_table.hpp"

#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Health {
    std::int32_t points = 0;
    std::string name;
    bool operator==(const Health&) const = default;
};
constexpr ObjectId id(std::uint64_t value) {
    return ObjectId{value};
}

class Tables : public ::testing::Test {
  protected:
    void start(std::size_t count, const TableOptions& options = {}, RemotesConfig config = {}) {
        net.emplace(1, config);
        server.emplace(*net->server_remotes->table<Health>("health", options));
        for (std::size_t i = 0; i < count; ++i) join(options);
    }
    RemoteNet::Client& join(const TableOptions& options = {}) {
        auto& client = net->add_client();
        clients.push_back(*client.remotes->table<Health>("health", options));
        net->connect(client, 100 + clients.size());
        net->run(500ms);
        return client;
    }
    std::optional<RemoteNet> net;
    std::optional<RemoteTable<Health>> server;
    std::vector<RemoteTable<Health>> clients;
};

TEST_F(Tables, HaveAValueForEachObjectAtEachClient) {
    start(1);
    std::vector<std::string> seen;
    clients[0].watch([&](const Origin&, ObjectId object, const Health* before, const Health* now) {
        seen.push_back(std::to_string(object.value) + ": " + (before ? std::to_string(before->points) : "-") +
                       " " + (now ? std::to_string(now->points) : "-"));
    });
    ASSERT_TRUE(server->spawn(net->now, id(17), {100, "ada"}));
    ASSERT_TRUE(server->spawn(net->now, id(~std::uint64_t{0}), {50, "bob"}));
    net->run(1s);
    const auto whole = server->statistics().out.bytes;
    ASSERT_TRUE(server->edit(net->now, id(17), [](Health& h) { h.points = 90; }));
    net->run(200ms);
    EXPECT_LE(server->statistics().out.bytes - whole, 10U) << "what changed, alone";
    join();
    EXPECT_EQ(*clients[1].find(id(17)), (Health{90, "ada"})) << "late joiners have it";
    EXPECT_EQ(clients[1].size(), 2U);
    ASSERT_TRUE(server->forget(net->now, id(17)));
    net->run(200ms);
    for (const auto& client : clients) EXPECT_EQ(client.find(id(17)), nullptr);
    ASSERT_TRUE(server->spawn(net->now, id(17), {1, "ada again"}));
    net->run(200ms);
    for (const auto& client : clients) EXPECT_EQ(*client.find(id(17)), (Health{1, "ada again"}));
    EXPECT_EQ(seen, (std::vector<std::string>{"17: - 100", "18446744073709551615: - 50", "17: 100 90",
                                              "17: 90 -", "17: - 1"}));
    // What was never sent needs no end.
    const auto messages = server->statistics().out.messages;
    ASSERT_TRUE(server->spawn(net->now, id(3), {}));
    ASSERT_TRUE(server->forget(net->now, id(3)));
    net->run(200ms);
    EXPECT_EQ(server->statistics().out.messages, messages);
}

TEST_F(Tables, RefuseWhatIsWrong) {
    start(1, {.max_objects = 2});
    const auto code = [](const Result<>& result) { return result.error().code; };
    EXPECT_EQ(code(clients[0].spawn(net->now, id(1), {})), ErrorCode::unauthorised);
    EXPECT_EQ(code(server->set(net->now, id(1), {})), ErrorCode::unknown_id);
    EXPECT_EQ(code(server->edit(net->now, id(1), [](Health&) {})), ErrorCode::unknown_id);
    EXPECT_EQ(code(server->forget(net->now, id(1))), ErrorCode::unknown_id);
    ASSERT_TRUE(server->spawn(net->now, id(1), {}));
    EXPECT_EQ(code(server->spawn(net->now, id(1), {})), ErrorCode::invalid_argument);
    ASSERT_TRUE(server->spawn(net->now, id(2), {}));
    EXPECT_EQ(code(server->spawn(net->now, id(3), {})), ErrorCode::queue_full);
    EXPECT_EQ(code(clients[0].loaded(net->now, id(1))), ErrorCode::invalid_argument) << "not streamed";
    // A client cannot send values of its own.
    const std::vector<std::byte> forged{std::byte{1}, std::byte{1}, std::byte{0}, std::byte{1}, std::byte{9}};
    ASSERT_TRUE(net->clients[0]->endpoint->send(net->now, net->clients[0]->server(), ChannelId{0}, forged));
    net->run(100ms);
    EXPECT_EQ(net->server_remotes->strays().of(Outcome::unknown_remote), 1U);
    EXPECT_EQ(server->size(), 2U);
}

TEST_F(Tables, GroupsAreAsEachOfTheirMembers) {
    start(1);
    for (std::uint64_t i = 1; i <= 5; ++i) ASSERT_TRUE(server->spawn(net->now, id(i), {100, ""}));
    ObjectGroup squad;
    squad.add(net->now, id(2));
    squad.add(net->now, id(4));
    ObjectGroup watched;
    watched.add(net->now, id(4));
    watched.add(net->now, id(5));
    int heard = 0;
    clients[0].watch(watched, [&](const Origin&, ObjectId, const Health*, const Health*) { ++heard; });
    EXPECT_TRUE(squad.members(net->now).empty()) << "membership takes effect with the next tick";
    ASSERT_TRUE(server->edit(net->now, squad, [](Health& h) { h.points -= 10; }));
    net->run(200ms);
    EXPECT_EQ(server->find(id(2))->points, 100);
    EXPECT_EQ(heard, 2);
    ASSERT_TRUE(server->edit(net->now, squad, [](Health& h) { h.points -= 10; }));
    squad.remove(net->now, id(4));
    squad.add(net->now, id(1));
    squad.add(net->now, id(99));  // not in the table
    ASSERT_TRUE(server->edit(net->now, squad, [](Health& h) { h.points -= 10; }));
    net->run(200ms);
    const auto points = [&](const RemoteTable<Health>& table) {
        std::vector<std::int32_t> out;
        for (std::uint64_t i = 1; i <= 5; ++i) out.push_back(table.find(id(i))->points);
        return out;
    };
    EXPECT_EQ(points(clients[0]), (std::vector<std::int32_t>{100, 80, 100, 80, 100}));
    EXPECT_EQ(heard, 3);
    ASSERT_TRUE(server->set(net->now, squad, {7, "x"}));
    net->run(200ms);
    EXPECT_EQ(points(clients[0]), (std::vector<std::int32_t>{7, 7, 100, 80, 100}));
    EXPECT_EQ(heard, 3);
}

TEST_F(Tables, EventsReachTheListenersOfEachObject) {
    start(0);
    auto at_server = *net->server_remotes->object_event<Shot>("hit");
    auto& client = net->add_client();
    (void)*client.remotes->table<Health>("health");
    auto at_client = *client.remotes->object_event<Shot>("hit");
    net->connect(client, 1);
    net->run(500ms);
    at_server.fire(net->now, id(1), Shot{{}, 0, 1});
    net->run(100ms);
    std::vector<std::pair<char, std::uint64_t>> heard;
    const auto hear = [&](char who) {
        return [&heard, who](const Origin&, ObjectId object, const Shot&) {
            heard.emplace_back(who, object.value);
        };
    };
    at_client.listen(hear('a'));
    EXPECT_EQ(heard.size(), 1U) << "early events wait for the first listener";
    heard.clear();
    ObjectGroup watched;
    watched.add(net->now, id(3));
    const ListenerId two = at_client.listen(id(2), hear('2'));
    at_client.listen(watched, hear('g'));
    at_client.listen(id(2), [](const Origin&, ObjectId, const Shot&) { throw std::runtime_error("no"); });
    at_client.listen(id(2), hear('3'));
    ObjectGroup squad;
    for (std::uint64_t i = 2; i <= 300; ++i) squad.add(net->now, id(i));
    net->run(10ms);
    const Fired fired = at_server.fire(net->now, squad, Shot{{}, 0, 5});
    EXPECT_EQ(fired.sent, 2U) << "two messages for 299 objects";
    net->run(100ms);
    EXPECT_EQ(heard.size(), 302U);
    EXPECT_EQ(
        (std::vector(heard.begin(), heard.begin() + 5)),
        (std::vector<std::pair<char, std::uint64_t>>{{'a', 2}, {'2', 2}, {'3', 2}, {'a', 3}, {'g', 3}}));
    EXPECT_EQ(at_client.statistics().in.of(Outcome::failed), 1U);
    EXPECT_TRUE(at_client.forget(two));
    EXPECT_FALSE(at_client.forget(two));
    heard.clear();
    at_server.fire(net->now, id(2), Shot{});
    net->run(100ms);
    EXPECT_EQ(heard, (std::vector<std::pair<char, std::uint64_t>>{{'a', 2}, {'3', 2}}));
}

TEST_F(Tables, SubscriptionsFitObjectsThatComeLater) {
    start(0);
    auto& client = net->add_client();
    (void)*client.remotes->table<Health>("health");
    std::vector<std::string> heard;
    const auto tens = *client.remotes->subscribe("health/1[0-9]", [&](const Heard& what) {
        heard.push_back(std::to_string(what.object->value) + " " +
                        (what.value<Health>() ? std::to_string(what.value<Health>()->points) : "ended"));
    });
    net->connect(client, 1);
    net->run(500ms);
    for (const std::uint64_t object : {9, 10, 19, 20})
        ASSERT_TRUE(server->spawn(net->now, id(object), {1, ""}));
    net->run(100ms);
    int all = 0;
    (void)*client.remotes->subscribe("health", [&](const Heard&) { ++all; });
    ASSERT_TRUE(server->edit(net->now, id(10), [](Health& h) { h.points = 5; }));
    ASSERT_TRUE(server->edit(net->now, id(20), [](Health& h) { h.points = 5; }));
    ASSERT_TRUE(server->forget(net->now, id(19)));
    net->run(100ms);
    std::ranges::sort(heard);
    EXPECT_EQ(heard, (std::vector<std::string>{"10 1", "10 5", "19 1", "19 ended"}));
    EXPECT_EQ(all, 3);
    EXPECT_TRUE(client.remotes->unsubscribe(tens));
    ASSERT_TRUE(server->edit(net->now, id(10), [](Health& h) { h.points = 6; }));
    net->run(100ms);
    EXPECT_EQ(heard.size(), 4U);
}

TEST_F(Tables, StreamedObjectsWaitUntilTheyAreLoaded) {
    const TableOptions options{.streamed = true};
    start(2, options);
    for (std::uint64_t i = 1; i <= 10; ++i)
        ASSERT_TRUE(server->spawn(net->now, id(i), {100, std::string(100, 'x')}));
    net->run(200ms);
    EXPECT_EQ(server->statistics().out.messages, 0U);
    ASSERT_TRUE(clients[0].loaded(net->now, id(1)));
    ASSERT_TRUE(clients[0].loaded(net->now, id(77)));  // before the server has it
    net->run(200ms);
    EXPECT_EQ(clients[0].size(), 1U);
    EXPECT_EQ(server->statistics().out.messages, 1U) << "one whole value";
    for (int i = 0; i < 100; ++i) {
        for (std::uint64_t object = 1; object <= 10; ++object)
            ASSERT_TRUE(server->edit(net->now, id(object), [](Health& h) { --h.points; }));
        net->run(50ms);
    }
    EXPECT_EQ(server->statistics().out.messages, 101U) << "changes of the one object, for the one client";
    EXPECT_EQ(server->withheld().updates, 100U * 19) << "ten objects, two clients, but one of one";
    // What a table without streaming sends for the same changes to as many.
    {
        RemoteNet other;
        auto table = *other.server_remotes->table<Health>("health");
        auto& client = other.add_client();
        (void)*client.remotes->table<Health>("health");
        other.connect(client, 1);
        other.run(500ms);
        ASSERT_TRUE(table.spawn(other.now, id(1), {100, std::string(100, 'x')}));
        other.run(1s);
        const auto before = table.statistics().out.bytes;
        for (int i = 0; i < 100; ++i) {
            ASSERT_TRUE(table.edit(other.now, id(1), [](Health& h) { --h.points; }));
            other.run(50ms);
        }
        const auto really = static_cast<double>(table.statistics().out.bytes - before) * 19;
        EXPECT_NEAR(static_cast<double>(server->withheld().bytes) / really, 1.0, 0.1);
    }
    ASSERT_TRUE(server->spawn(net->now, id(77), {7, ""}));
    net->run(200ms);
    EXPECT_EQ(clients[0].find(id(77))->points, 7);
    // It has no use for it any more, and has it again later: one whole value, the present one.
    ASSERT_TRUE(clients[0].unloaded(net->now, id(1)));
    EXPECT_EQ(clients[0].find(id(1)), nullptr);
    ASSERT_TRUE(server->edit(net->now, id(1), [](Health& h) { h.points = 3; }));
    net->run(200ms);
    EXPECT_EQ(clients[0].find(id(1)), nullptr);
    ASSERT_TRUE(clients[0].loaded(net->now, id(1)));
    net->run(200ms);
    EXPECT_EQ(clients[0].find(id(1))->points, 3);
    EXPECT_EQ(clients[1].size(), 0U);
}

TEST_F(Tables, ClientsThatLieAboutLoadingAreStopped) {
    const TableOptions options{
        .streamed = true, .max_loaded = 100, .load_rate = {.per_second = 500, .burst = 2000}};
    RemotesConfig config;
    config.offences = {.per_second = 1, .burst = 5};
    start(2, options, config);
    server->may_load([](TimePoint, ConnectionId, ObjectId object) { return object.value != 13; });
    ASSERT_TRUE(server->spawn(net->now, id(13), {1, "hidden"}));
    ASSERT_TRUE(clients[0].loaded(net->now, id(13)));
    net->run(100ms);
    EXPECT_EQ(clients[0].find(id(13)), nullptr);
    EXPECT_EQ(server->statistics().in.of(Outcome::unauthorised), 1U);
    std::vector<ObjectId> many;
    for (std::uint64_t i = 1000; i < 1200; ++i) many.push_back(id(i));
    EXPECT_EQ(clients[0].loaded(net->now, many).error().code, ErrorCode::queue_full) << "its own limit";
    net->run(100ms);
    EXPECT_EQ(net->server_remotes->peers().size(), 2U);
    // A modified client declares millions.
    auto& endpoint = *net->clients[0]->endpoint;
    for (std::uint64_t i = 0; i < 1000 && net->server_remotes->peers().size() == 2; ++i) {
        std::vector<std::byte> frame{std::byte{1}, std::byte{1}};
        append_varint(frame, 1000);
        for (std::uint64_t k = 0; k < 1000; ++k) append_varint(frame, 1'000'000 + i * 1000 + k);
        if (!endpoint.send(net->now, endpoint.connection(), ChannelId{3}, frame)) net->run(20ms);
    }
    net->run(500ms);
    EXPECT_EQ(net->server_remotes->peers().size(), 1U) << "cut off";
    const auto& in = server->statistics().in;
    EXPECT_GE(in.of(Outcome::invalid) + in.of(Outcome::rate_limited), 5U);
    ASSERT_TRUE(clients[1].loaded(net->now, id(5)));
    ASSERT_TRUE(server->spawn(net->now, id(5), {5, ""}));
    net->run(200ms);
    EXPECT_EQ(clients[1].find(id(5))->points, 5) << "the other one notices nothing";
}

TEST(TableBytes, AreWhatTheStandardSays) {
    std::vector<std::byte> bytes;
    detail::write_table_head(bytes, 4, {300, 0, 1, ObjectId{1000}});
    detail::write_table_head(bytes, 4, {300, 2, 7, {}});
    detail::write_table_head(bytes, 4, {300, detail::TableHead::kGone, 0, {}});
    EXPECT_EQ(to_hex(bytes),
              "05ac020001e807"
              "05ac020207"
              "05ac0221");
    detail::TableHead head;
    for (const char* const bad :
         {"", "00", "0001", "0100", "010001", "01000005", "012201", "012100", "010202", "01"}) {
        const auto raw = *from_hex(bad);
        ByteReader reader(raw);
        EXPECT_FALSE(detail::read_table_head(reader, head)) << bad;
    }
}

TEST(HandleSet, KeepsWhatIsMissing) {
    detail::HandleSet set;
    for (const std::uint64_t handle : {2, 3, 5, 1}) EXPECT_TRUE(set.add(handle));
    for (const std::uint64_t handle : {1, 2, 3, 5}) EXPECT_TRUE(set.contains(handle));
    EXPECT_FALSE(set.contains(4));
    EXPECT_TRUE(set.add(4));
    EXPECT_TRUE(set.contains(5));
    EXPECT_FALSE(set.contains(6));
    std::uint64_t handle = 8;
    while (set.add(handle)) ++handle;
    EXPECT_EQ(handle, 8U + 65'536) << "bounded";
}

// Objects that come, change, are loaded, unloaded and go, under bad weather: everybody ends with what the
// server has, and no object is told of after its end.
class TableWeather : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(TableWeather, EverybodyEndsWithTheSameObjects) {
    const std::uint64_t seed = GetParam();
    RemoteNet net(seed);
    net.loss = percent(20);
    net.duplicate = percent(5);
    net.jitter = 80ms;
    auto server = *net.server_remotes->table<Health>("health");
    auto streamed = *net.server_remotes->table<Health>("streamed", {.interval = 30ms, .streamed = true});
    struct Side {
        RemoteTable<Health> table;
        RemoteTable<Health> streamed;
        std::set<ObjectId> loaded;
        std::map<ObjectId, std::int32_t> newest;
    };
    std::vector<std::unique_ptr<Side>> sides;
    for (std::size_t i = 0; i < 2; ++i) {
        auto& client = net.add_client();
        sides.push_back(
            std::make_unique<Side>(Side{*client.remotes->table<Health>("health"),
                                        *client.remotes->table<Health>("streamed", {.streamed = true}),
                                        {},
                                        {}}));
        Side& side = *sides.back();
        side.table.watch([&](const Origin&, ObjectId object, const Health* before, const Health* now) {
            EXPECT_EQ(before != nullptr, side.newest.contains(object)) << "seed " << seed;
            if (now == nullptr) {
                side.newest.erase(object);
                return;
            }
            // The points grow over all lives of all objects.
            if (before != nullptr) {
                EXPECT_GT(now->points, before->points) << "seed " << seed;
            }
            side.newest[object] = now->points;
        });
        net.connect(client, i + 1);
    }
    Rng rng = Rng(seed).fork("objects");
    std::int32_t points = 0;
    for (int i = 0; i < 400; ++i) {
        const ObjectId object = id(static_cast<std::uint64_t>(rng.between(1, 12)));
        for (const auto& table : {server, streamed}) {
            if (table.find(object) == nullptr) {
                ASSERT_TRUE(table.spawn(net.now, object, {++points, "new"}));
            } else if (rng.chance(percent(20))) {
                ASSERT_TRUE(table.forget(net.now, object));
            } else {
                ASSERT_TRUE(table.edit(net.now, object, [&](Health& h) { h.points = ++points; }));
            }
        }
        Side& side = *sides[static_cast<std::size_t>(rng.between(0, 1))];
        if (side.loaded.insert(object).second) {
            ASSERT_TRUE(side.streamed.loaded(net.now, object));
        } else {
            side.loaded.erase(object);
            ASSERT_TRUE(side.streamed.unloaded(net.now, object));
        }
        net.run(Duration(rng.between(1'000'000, 40'000'000)));
    }
    net.loss = {};
    net.run(5s);
    for (const auto& side : sides) {
        EXPECT_EQ(side->table.objects(), server.objects()) << "seed " << seed;
        for (const ObjectId object : server.objects()) {
            ASSERT_NE(side->table.find(object), nullptr) << "seed " << seed;
            EXPECT_EQ(*side->table.find(object), *server.find(object)) << "seed " << seed;
        }
        std::vector<ObjectId> expected;
        for (const ObjectId object : streamed.objects())
            if (side->loaded.contains(object)) expected.push_back(object);
        EXPECT_EQ(side->streamed.objects(), expected) << "seed " << seed;
        for (const ObjectId object : expected)
            if (const Health* const there = side->streamed.find(object)) {
                EXPECT_EQ(*there, *streamed.find(object)) << "seed " << seed;
            }
    }
    EXPECT_GT(streamed.withheld().bytes, 0U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, TableWeather, ::testing::Range(std::uint64_t{1}, std::uint64_t{41}));

}  // namespace
}  // namespace squall::remotes::testing
