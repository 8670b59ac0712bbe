// Values that an outbound chain stops stay owed: they arrive when the chain lets them, without another set().
// And interest: who comes near gets the whole value, who goes away is told the object's end.
#include <gtest/gtest.h>

#include <cmath>

#include "squall/remotes/bandwidth_budget.hpp"
#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

struct Number {
    std::uint32_t value = 0;
    bool operator==(const Number&) const = default;
};
struct Place {
    float x = 0;
    std::uint32_t kind = 0;
    bool operator==(const Place&) const = default;
};

// One client, and everything declared at both ends.
class StoppedValues : public ::testing::Test {
  protected:
    void start() {
        net.connect(client, 1);
        net.run(500ms);
        ASSERT_EQ(net.server_remotes->peers().size(), 1U);
    }
    RemoteNet net;
    RemoteNet::Client& client = net.add_client();
};

class StoppedText : public StoppedValues {
  protected:
    static Chat text(std::uint32_t number) {
        std::string out(200, 'x');
        for (std::size_t i = 0; i < out.size(); ++i)
            out[i] = static_cast<char>('a' + ((number * 31 + i * 7) % 23));
        return {std::move(out)};
    }
    RemoteProperty<Chat> at_server = *net.server_remotes->property<Chat>("text");
    RemoteProperty<Chat> at_client = *client.remotes->property<Chat>("text");
    RemoteTable<Chat> table = *net.server_remotes->table<Chat>("texts");
    RemoteTable<Chat> shown = *client.remotes->table<Chat>("texts");
};

// Half of what is set fits into the budget. Then nobody sets any more.
TEST_F(StoppedText, ThatABudgetStoppedArrivesWithoutAnotherSet) {
    BandwidthBudget budget({.per_peer = {.per_second = 5'000, .burst = 500}});
    net.server_remotes->use(Direction::outbound, budget.middleware());
    start();
    for (std::uint64_t object = 1; object <= 3; ++object)
        ASSERT_TRUE(table.spawn(net.now, ObjectId{object}, text(0)));
    for (std::uint32_t i = 1; i <= 100; ++i) {
        ASSERT_TRUE(at_server.set(net.now, text(i)));
        for (std::uint64_t object = 1; object <= 3; ++object)
            ASSERT_TRUE(table.set(net.now, ObjectId{object}, text(i + static_cast<std::uint32_t>(object))));
        net.run(40ms);
    }
    EXPECT_GT(at_server.statistics().out.of(Outcome::over_budget), 0U);
    net.run(2s);
    EXPECT_EQ(at_client.value(), at_server.value());
    for (std::uint64_t object = 1; object <= 3; ++object) {
        ASSERT_NE(shown.find(ObjectId{object}), nullptr) << object;
        EXPECT_EQ(*shown.find(ObjectId{object}), *table.find(ObjectId{object}));
    }
    // Nothing is owed any more, so nothing is tried.
    const auto tries = at_server.statistics().encodings + table.statistics().encodings;
    net.run(5s);
    EXPECT_EQ(at_server.statistics().encodings + table.statistics().encodings, tries);
}

TEST_F(StoppedText, ThatALimitStoppedArrivesWithoutAnotherSet) {
    at_server.use(Direction::outbound, limit_rate({.per_second = 2, .burst = 1}));
    table.use(Direction::outbound, limit_bandwidth({.per_second = 400, .burst = 300}));
    start();
    ASSERT_TRUE(at_server.set(net.now, text(1)));
    ASSERT_TRUE(table.spawn(net.now, ObjectId{1}, text(1)));
    ASSERT_TRUE(table.spawn(net.now, ObjectId{2}, text(2)));
    net.run(30ms);
    ASSERT_TRUE(at_server.set(net.now, text(2)));
    net.run(100ms);
    EXPECT_EQ(at_client.value(), text(1));
    EXPECT_EQ(shown.size(), 1U);
    net.run(1s);
    EXPECT_EQ(at_client.value(), text(2));
    EXPECT_EQ(shown.size(), 2U);
}

// A phase of the game ends, a filter changes its mind: the values come, although nobody sets them.
TEST_F(StoppedText, ThatWasFilteredArrivesWhenTheFilterHoldsNoMore) {
    bool is_day = false;
    at_server.use(Direction::outbound, only_while([&](const Message&) { return is_day; }));
    table.use(Direction::outbound, filter<Chat>([&](ConnectionId, const Chat&) { return is_day; }));
    start();
    ASSERT_TRUE(at_server.set(net.now, text(1)));
    ASSERT_TRUE(table.spawn(net.now, ObjectId{1}, text(1)));
    net.run(3s);
    EXPECT_EQ(at_client.value(), Chat{});
    EXPECT_EQ(shown.size(), 0U);
    EXPECT_EQ(at_server.statistics().encodings, 1U) << "looking again encodes nothing";
    EXPECT_EQ(at_server.statistics().out.of(Outcome::filtered), 1U);
    is_day = true;
    net.run(150ms);
    EXPECT_EQ(at_client.value(), text(1));
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(*shown.find(ObjectId{1}), text(1));
    // What a peer has stays when the filter holds it back again: it is no interest.
    is_day = false;
    ASSERT_TRUE(table.set(net.now, ObjectId{1}, text(2)));
    net.run(1s);
    ASSERT_EQ(shown.size(), 1U);
    EXPECT_EQ(*shown.find(ObjectId{1}), text(1));
    // A set() asks at once.
    is_day = true;
    ASSERT_TRUE(table.set(net.now, ObjectId{1}, text(3)));
    net.run(25ms);
    EXPECT_EQ(*shown.find(ObjectId{1}), text(3));
}

TEST_F(StoppedText, OfTheOwnerThatItsOwnChainStoppedArrives) {
    RemoteNet other;
    auto& owner = other.add_client();
    const PropertyOptions<Chat> owned{.authority = Authority::owner};
    auto there = *other.server_remotes->property<Chat>("text", owned);
    auto here = *owner.remotes->property<Chat>("text", owned);
    here.use(Direction::outbound, limit_rate({.per_second = 1, .burst = 1}));
    other.connect(owner, 1);
    other.run(500ms);
    there.set_owner(other.peer(0));
    here.claim();
    for (std::uint32_t i = 1; i <= 3; ++i) {
        ASSERT_TRUE(here.set(other.now, text(i)));
        other.run(50ms);
    }
    EXPECT_EQ(there.value(), text(1));
    other.run(2s);
    EXPECT_EQ(there.value(), text(3));
}

TEST_F(StoppedValues, TheIntervalOfLookingAgainIsAnOption) {
    auto slow = *net.server_remotes->property<Number>("slow", {.recheck = 2s});
    auto fast = *net.server_remotes->property<Number>("fast", {.recheck = 10ms});
    auto slow_here = *client.remotes->property<Number>("slow");
    auto fast_here = *client.remotes->property<Number>("fast");
    bool is_open = false;
    int asked = 0;
    net.server_remotes->use(Direction::outbound, only_while([&](const Message& message) {
                                asked += message.remote.name == "slow" ? 1 : 0;
                                return is_open;
                            }));
    start();
    ASSERT_TRUE(slow.set(net.now, {1}));
    ASSERT_TRUE(fast.set(net.now, {1}));
    net.run(100ms);
    EXPECT_EQ(asked, 1);
    is_open = true;
    net.run(100ms);
    EXPECT_EQ(fast_here.value().value, 1U);
    EXPECT_EQ(slow_here.value().value, 0U);
    net.run(2s);
    EXPECT_EQ(slow_here.value().value, 1U);
    // What waits to be looked at leaves with a flush, if it may.
    is_open = false;
    ASSERT_TRUE(slow.set(net.now, {2}));
    net.run(50ms);
    is_open = true;
    net.server_remotes->flush(net.now);
    net.run(50ms);
    EXPECT_EQ(slow_here.value().value, 2U);
}

TEST(RecheckIsChecked, LookingWithoutEndIsRefused) {
    RemoteNet net;
    const auto property = net.server_remotes->property<Number>("n", {.recheck = Duration{0}});
    ASSERT_FALSE(property);
    EXPECT_NE(property.error().message.find("needs 1ms or more"), std::string::npos)
        << property.error().message;
    EXPECT_FALSE(net.server_remotes->table<Number>("t", {.recheck = -1ms}));
}

// A middleware that throws is reported once a change, not for ever.
TEST_F(StoppedValues, AChainThatThrowsIsNotAskedUntilTheNextSet) {
    auto at_server = *net.server_remotes->property<Number>("number");
    auto at_client = *client.remotes->property<Number>("number");
    bool is_broken = true;
    at_server.use(Direction::outbound, [&](Message&, const Next& next) {
        if (is_broken) throw std::runtime_error("broken");
        return next();
    });
    int errors = 0;
    net.server_remotes->on_error([&](const HandlerError&) { ++errors; });
    start();
    ASSERT_TRUE(at_server.set(net.now, {1}));
    net.run(5s);
    EXPECT_EQ(errors, 1);
    is_broken = false;
    ASSERT_TRUE(at_server.set(net.now, {2}));
    net.run(100ms);
    EXPECT_EQ(at_client.value().value, 2U);
}

TEST_F(StoppedValues, EndWithTheirObject) {
    auto table = *net.server_remotes->table<Number>("numbers");
    auto shown = *client.remotes->table<Number>("numbers");
    bool is_open = false;
    table.use(Direction::outbound, only_while([&](const Message&) { return is_open; }));
    start();
    ASSERT_TRUE(table.spawn(net.now, ObjectId{1}, {1}));
    ASSERT_TRUE(table.spawn(net.now, ObjectId{2}, {2}));
    net.run(250ms);
    ASSERT_TRUE(table.forget(net.now, ObjectId{1}));
    is_open = true;
    net.run(500ms);
    EXPECT_EQ(shown.objects(), (std::vector<ObjectId>{ObjectId{2}}));
    // A peer that leaves while something is held back from it.
    is_open = false;
    ASSERT_TRUE(table.set(net.now, ObjectId{2}, {3}));
    net.run(50ms);
    net.server_remotes->disconnect(net.now, net.peer(0));
    net.run(1s);
    EXPECT_TRUE(net.server_remotes->peers().empty());
}

// --- interest

class InterestOfValues : public StoppedValues {
  protected:
    [[nodiscard]] Middleware near(std::size_t client_number = 0) {
        return interest<Place>([](const Place& place) { return std::uint64_t{place.kind}; },
                               [this, client_number](ConnectionId peer, const Place& place) {
                                   const bool is_first = !net.server_remotes->peers().empty() &&
                                                         peer == net.server_remotes->peers()[client_number];
                                   return is_first ? std::abs(static_cast<double>(place.x) - eye) : 0.0;
                               },
                               {.enter = 10, .leave = 15});
    }
    [[nodiscard]] std::vector<std::uint64_t> seen() const {
        std::vector<std::uint64_t> out;
        for (const ObjectId object : shown.objects()) out.push_back(object.value);
        return out;
    }
    using Ids = std::vector<std::uint64_t>;
    double eye = 0;
    RemoteTable<Place> table = *net.server_remotes->table<Place>("places");
    RemoteTable<Place> shown = *client.remotes->table<Place>("places");
};

// Things stand still, and the player walks past them.
TEST_F(InterestOfValues, EnteringIsTheWholeStateAndLeavingIsTheEnd) {
    table.use(Direction::outbound, near());
    start();
    for (std::uint32_t i = 0; i < 4; ++i)
        ASSERT_TRUE(table.spawn(net.now, ObjectId{i}, {static_cast<float>(i) * 20, i}));
    std::vector<std::pair<std::uint64_t, bool>> told;  // object, is it there now
    shown.watch([&](const Origin&, ObjectId object, const Place*, const Place* now) {
        told.emplace_back(object.value, now != nullptr);
    });
    net.run(200ms);
    EXPECT_EQ(seen(), Ids{0});
    eye = 14;  // 0 stays until 15, 1 is within 10
    net.run(200ms);
    EXPECT_EQ(seen(), (Ids{0, 1}));
    EXPECT_EQ(*shown.find(ObjectId{1}), (Place{20, 1}));
    eye = 40;
    net.run(200ms);
    EXPECT_EQ(seen(), (Ids{2})) << "0 and 1 are out of sight";
    EXPECT_EQ(*shown.find(ObjectId{2}), (Place{40, 2}));
    // What changes out of sight is not told, and comes whole with the next meeting.
    const auto messages = table.statistics().out.messages;
    for (std::uint32_t i = 0; i < 20; ++i) {
        ASSERT_TRUE(table.set(net.now, ObjectId{0}, {static_cast<float>(i) * 0.1F, 0}));
        net.run(20ms);
    }
    EXPECT_EQ(table.statistics().out.messages, messages);
    eye = 0;
    net.run(200ms);
    EXPECT_EQ(seen(), Ids{0});
    EXPECT_EQ(*shown.find(ObjectId{0}), *table.find(ObjectId{0}));
    EXPECT_EQ(told, (std::vector<std::pair<std::uint64_t, bool>>{
                        {0, true}, {1, true}, {0, false}, {1, false}, {2, true}, {2, false}, {0, true}}));
}

TEST_F(InterestOfValues, AThingThatMovesAwayIsGoneWithItsMove) {
    table.use(Direction::outbound, near());
    start();
    ASSERT_TRUE(table.spawn(net.now, ObjectId{1}, {1, 1}));
    net.run(100ms);
    EXPECT_EQ(seen(), Ids{1});
    ASSERT_TRUE(table.set(net.now, ObjectId{1}, {100, 1}));
    net.run(25ms);
    EXPECT_EQ(seen(), Ids{});
    ASSERT_TRUE(table.set(net.now, ObjectId{1}, {5, 1}));
    net.run(25ms);
    EXPECT_EQ(seen(), Ids{1});
    EXPECT_EQ(*shown.find(ObjectId{1}), (Place{5, 1}));
    ASSERT_TRUE(table.forget(net.now, ObjectId{1}));
    net.run(50ms);
    EXPECT_EQ(seen(), Ids{});
}

// Looking takes nothing from limits and budgets, and is not in profiles.
TEST_F(InterestOfValues, LookingCostsNoBudget) {
    LimitCounts counts;
    BandwidthBudget budget({.per_peer = {.per_second = 100'000}});
    int observed = 0;
    table.use(Direction::outbound, limit_rate({.per_second = 100}, {.counts = &counts}));
    table.use(Direction::outbound, observe([&](const Message&) { ++observed; }));
    table.use(Direction::outbound, near());
    table.use(Direction::outbound, budget.middleware());
    start();
    for (std::uint32_t i = 0; i < 4; ++i)
        ASSERT_TRUE(table.spawn(net.now, ObjectId{i}, {static_cast<float>(i) * 20, i}));
    net.run(50ms);
    const auto within = counts.within;
    const auto passed = budget.passed_bytes();
    const auto encodings = table.statistics().encodings;
    net.run(5s);
    EXPECT_EQ(counts.within, within);
    EXPECT_EQ(counts.dropped, 0U);
    EXPECT_EQ(budget.passed_bytes(), passed);
    EXPECT_EQ(observed, 4);
    EXPECT_EQ(table.statistics().encodings, encodings);
}

// However many there are: a bounded number is looked at at a time, and each has its turn.
TEST_F(InterestOfValues, ManyAreLookedAtInTurn) {
    std::map<TimePoint, std::size_t> asked;
    table.use(Direction::outbound, [&](Message& message, const Next& next) {
        if (message.is_look()) ++asked[message.now];
        return next();
    });
    table.use(Direction::outbound, near());
    start();
    constexpr std::uint32_t kCount = 5000;
    for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_TRUE(table.spawn(net.now, ObjectId{i}, {1000, i}));
    net.run(1s);
    asked.clear();
    net.run(1s);
    std::size_t all = 0;
    for (const auto& [when, count] : asked) {
        EXPECT_LE(count, 512U);
        all += count;
    }
    // Ten passes a second, if there is nothing to wait for.
    EXPECT_GE(all, kCount * 8);
    EXPECT_LE(all, kCount * 11);
    eye = 1000;
    net.run(2s);
    EXPECT_EQ(shown.size(), kCount);
}

// A property has no end: who is out of sight keeps what it had, and has the present value when it is back.
TEST_F(InterestOfValues, APropertyKeepsItsLastValueOutOfSight) {
    auto at_server = *net.server_remotes->property<Place>("place");
    auto at_client = *client.remotes->property<Place>("place");
    at_server.use(Direction::outbound, near());
    start();
    ASSERT_TRUE(at_server.set(net.now, {1, 7}));
    net.run(100ms);
    eye = 500;
    ASSERT_TRUE(at_server.set(net.now, {2, 7}));
    net.run(1s);
    EXPECT_EQ(at_client.value(), (Place{1, 7}));
    eye = 0;
    net.run(150ms);
    EXPECT_EQ(at_client.value(), (Place{2, 7}));
}

// Loss, doubles and jitter; things and the player move; transactions set some of them. In the end the client
// has exactly what is near, as it is.
TEST(InterestWeather, EndsWithExactlyWhatIsNear) {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        RemoteNet net(seed);
        net.loss = percent(20);
        net.duplicate = percent(5);
        net.jitter = 30ms;
        auto& client = net.add_client();
        const TableOptions options{.recheck = 30ms};
        auto table = *net.server_remotes->table<Place>("places", options);
        auto shown = *client.remotes->table<Place>("places", options);
        double eye = 0;
        table.use(Direction::outbound,
                  interest<Place>([](const Place& place) { return std::uint64_t{place.kind}; },
                                  [&](ConnectionId, const Place& place) {
                                      return std::abs(static_cast<double>(place.x) - eye);
                                  },
                                  {.enter = 10, .leave = 15}));
        table.use(Direction::outbound, limit_bandwidth({.per_second = 20'000, .burst = 200}));
        net.connect(client, 1);
        net.run(2s);
        ASSERT_EQ(net.server_remotes->peers().size(), 1U) << seed;
        Rng rng(seed);
        constexpr std::uint64_t kThings = 40;
        for (int step = 0; step < 300; ++step) {
            const ObjectId object{rng.below(kThings)};
            const Place place{static_cast<float>(rng.below(100)), static_cast<std::uint32_t>(object.value)};
            if (table.find(object) == nullptr) {
                ASSERT_TRUE(table.spawn(net.now, object, place));
            } else if (rng.chance(percent(10))) {
                ASSERT_TRUE(table.forget(net.now, object));
            } else {
                ASSERT_TRUE(table.set(net.now, object, place));
            }
            if (rng.chance(percent(20))) eye = static_cast<double>(rng.below(100));
            net.run(10ms);
        }
        net.run(5s);
        for (const ObjectId object : table.objects()) {
            const double away = std::abs(static_cast<double>(table.find(object)->x) - eye);
            if (away <= 10) {
                ASSERT_NE(shown.find(object), nullptr) << "seed " << seed << " object " << object.value;
            }
            if (away > 15) {
                EXPECT_EQ(shown.find(object), nullptr) << "seed " << seed << " object " << object.value;
            }
            if (shown.find(object) != nullptr) {
                EXPECT_EQ(*shown.find(object), *table.find(object)) << seed;
            }
        }
        for (const ObjectId object : shown.objects()) EXPECT_NE(table.find(object), nullptr) << seed;
    }
}

}  // namespace
}  // namespace squall::remotes::testing
