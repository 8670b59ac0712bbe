// Sinks: the hash sees every field and the order, the counter counts by kind, the fan-out keeps order.
#include "squall/trace/sink.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace squall::trace {
namespace {

using namespace std::chrono_literals;

Event sample() {
    Event event;
    event.at = TimePoint{1s};
    event.kind = EventKind::message_received;
    event.channel = ChannelId{2};
    event.source = 3;
    event.connection = ConnectionId{4, 5};
    event.id = 6;
    event.bytes = 7;
    event.detail = 8;
    event.payload = as_bytes("payload");
    return event;
}

std::uint64_t hash_of(const std::vector<Event>& events) {
    HashSink sink;
    for (const Event& event : events) sink.on_event(event);
    return sink.hash();
}

TEST(HashSink, SeesEveryFieldOfAnEvent) {
    const std::vector<std::function<void(Event&)>> changes = {
        [](Event& e) { e.at += 1ns; },
        [](Event& e) { e.kind = EventKind::message_sent; },
        [](Event& e) { e.channel.value = 9; },
        [](Event& e) { e.source = 9; },
        [](Event& e) { e.connection.slot = 9; },
        [](Event& e) { e.connection.generation = 9; },
        [](Event& e) { e.id = 9; },
        [](Event& e) { e.bytes = 9; },
        [](Event& e) { e.detail = 9; },
        [](Event& e) { e.payload = as_bytes("Payload"); },
        [](Event& e) { e.payload = {}; },
    };
    std::set<std::uint64_t> hashes{hash_of({sample()})};
    for (const auto& change : changes) {
        Event event = sample();
        change(event);
        hashes.insert(hash_of({event}));
    }
    EXPECT_EQ(hashes.size(), changes.size() + 1);
}

TEST(HashSink, SeesOrderAndNumberAndRepeats) {
    Event other = sample();
    other.id = 99;
    EXPECT_EQ(hash_of({sample(), other}), hash_of({sample(), other}));
    EXPECT_NE(hash_of({sample(), other}), hash_of({other, sample()}));
    EXPECT_NE(hash_of({sample()}), hash_of({sample(), sample()}));
    HashSink sink;
    sink.on_event(sample());
    sink.on_event(other);
    EXPECT_EQ(sink.event_count(), 2U);
}

TEST(CountingSink, CountsEventsAndBytesByKind) {
    CountingSink sink;
    sink.on_event(sample());
    sink.on_event(sample());
    Event last = sample();
    last.kind = EventKind::mark;
    sink.on_event(last);
    EXPECT_EQ(sink.count(EventKind::message_received), 2U);
    EXPECT_EQ(sink.bytes(EventKind::message_received), 14U);
    EXPECT_EQ(sink.count(EventKind::mark), 1U);
    EXPECT_EQ(sink.count(EventKind::tick), 0U);
}

TEST(FanOutSink, HandsOnInTheOrderOfAdding) {
    struct Named final : Sink {
        Named(std::string& log, char name) : log_(log), name_(name) {}
        void on_event(const Event&) override { log_.push_back(name_); }
        std::string& log_;
        char name_;
    };
    std::string log;
    Named first(log, 'a');
    Named second(log, 'b');
    FanOutSink fan;
    fan.on_event(sample());
    fan.add(first);
    fan.add(second);
    fan.on_event(sample());
    fan.on_event(sample());
    EXPECT_EQ(log, "abab");
}

}  // namespace
}  // namespace squall::trace
