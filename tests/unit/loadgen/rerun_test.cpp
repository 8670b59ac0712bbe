// The calls of a recording reach the node in their order, at their times; what cannot be run again is refused
// with the reason. (Whole sessions are run again in tests/replay.)
#include "replay/rerun.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace squall::loadgen {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;
using recorder::NodeCall;

constexpr TimePoint kAt{50s};

// Writes down what is done to it. Sends a datagram of one byte for each that `sends` has.
class Witness final : public RerunServer, public Node {
  public:
    Node& node() override { return *this; }
    Result<> apply(TimePoint now, std::string_view name, Bytes /*data*/) override {
        if (name == "unknown") return fail(ErrorCode::unsupported, "what is unknown?");
        note(now, std::string(name));
        return {};
    }
    void set_trace(trace::Sink* its_sink) override { sink = its_sink; }
    void tick(std::uint64_t number) const {
        trace::Event event;
        event.kind = trace::EventKind::tick;
        event.id = number;
        sink->on_event(event);
    }
    [[nodiscard]] std::optional<std::uint64_t> state_hash() const override { return hash; }

    void receive(TimePoint now, const Address& /*from*/, MutableBytes datagram) override {
        note(now, "receive " + std::to_string(datagram.size()));
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        note(now, "poll");
        if (sends == 0) return std::nullopt;
        --sends;
        buffer[0] = std::byte{0x15};
        return Transmit{Address::loopback(9), 1};
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint now) override { note(now, "timeout"); }

    std::vector<std::string> done;
    int sends = 0;
    std::optional<std::uint64_t> hash;
    trace::Sink* sink = nullptr;

  private:
    void note(TimePoint now, const std::string& what) {
        done.push_back(what + " at " + std::to_string((now - kAt) / 1ms));
    }
};

class RerunTest : public ::testing::Test {
  protected:
    Result<bool> control(Duration after, const recorder::Control& what) {
        room_.assign(recorder::encoded_size_max(what), std::byte{0});
        const Bytes body = recorder::encode(what, room_);
        return rerun_.take(recorder::ControlRecord{kAt + after, recorder::type_of(what), 1, body});
    }
    Result<bool> junk(Duration after, std::size_t bytes) {
        room_.assign(bytes, std::byte{0x7f});
        recorder::WireRecord record;
        record.at = kAt + after;
        record.is_refused = true;
        record.peer = Address::loopback(9);
        record.packet = room_;
        return rerun_.take(record);
    }
    SeededEntropy entropy_{Rng(1)};
    Witness witness_;
    RecordedPeers peers_{1, Key{}, entropy_};
    Rerun rerun_{witness_, peers_};
    std::vector<std::byte> room_;
};

TEST_F(RerunTest, EachCallIsDrainedBeforeTheNext) {
    ASSERT_TRUE(*junk(1ms, 20));
    ASSERT_TRUE(*control(2ms, NodeCall{NodeCall::Kind::timeout}));
    ASSERT_TRUE(*control(3ms, NodeCall{.kind = NodeCall::Kind::input, .name = "shut_down"}));
    ASSERT_TRUE(*control(4ms, NodeCall{NodeCall::Kind::drain}));
    ASSERT_TRUE(*rerun_.finish());
    EXPECT_THAT(witness_.done, ElementsAre("receive 20 at 1", "poll at 1", "timeout at 2", "poll at 2",
                                           "shut_down at 3", "poll at 4"));
    EXPECT_EQ(rerun_.counts().received, 1U);
}

TEST_F(RerunTest, ADrainThatTheHostEndedIsEndedToo) {
    ASSERT_TRUE(*junk(1ms, 20));
    ASSERT_TRUE(*control(1ms, NodeCall{.kind = NodeCall::Kind::drain_ended, .polls = 0}));
    ASSERT_TRUE(*control(2ms, NodeCall{NodeCall::Kind::timeout}));
    EXPECT_THAT(witness_.done, ElementsAre("receive 20 at 1", "timeout at 2"));
}

TEST_F(RerunTest, WhatIsSentBeyondTheRecordingIsADifference) {
    witness_.sends = 1;
    ASSERT_TRUE(*junk(1ms, 20));
    EXPECT_FALSE(*control(2ms, NodeCall{NodeCall::Kind::timeout}));
    ASSERT_TRUE(rerun_.difference());
    EXPECT_EQ(rerun_.difference()->kind, Difference::Kind::additional);
    EXPECT_EQ(rerun_.difference()->at, kAt + 1ms);
    EXPECT_FALSE(*junk(3ms, 20)) << "the first one is the last";
}

TEST_F(RerunTest, WhatIsNotSentAgainIsADifference) {
    ASSERT_TRUE(*control(1ms, NodeCall{NodeCall::Kind::timeout}));
    const std::array<std::byte, 3> packet{std::byte{0x15}, std::byte{7}, std::byte{1}};
    recorder::WireRecord record;
    record.at = kAt + 1ms;
    record.direction = recorder::Direction::outbound;
    record.is_opened = true;
    record.sequence = 7;
    record.peer = Address::loopback(9);
    record.packet = packet;
    EXPECT_FALSE(*rerun_.take(record));
    EXPECT_EQ(rerun_.difference()->kind, Difference::Kind::missing);
    EXPECT_EQ(rerun_.difference()->packet, 7U);
}

TEST_F(RerunTest, AServerWithoutAHashIsNotAsked) {
    witness_.tick(5);
    EXPECT_TRUE(*control(1ms, recorder::StateHash{5, 1234}));
    EXPECT_EQ(rerun_.counts().hashes, 0U);
}

TEST_F(RerunTest, AnotherStateIsADifference) {
    witness_.hash = 1234;
    witness_.tick(6);
    EXPECT_TRUE(*control(1ms, recorder::StateHash{6, 1234}));
    EXPECT_TRUE(*control(2ms, recorder::StateHash{7, 1234})) << "the re-run has not told of this tick yet";
    witness_.tick(7);
    EXPECT_TRUE(*control(3ms, NodeCall{NodeCall::Kind::timeout}));
    EXPECT_TRUE(*control(4ms, recorder::StateHash{8, 1235}));
    witness_.tick(8);
    EXPECT_FALSE(*control(5ms, NodeCall{NodeCall::Kind::timeout}));
    ASSERT_TRUE(rerun_.difference());
    EXPECT_EQ(rerun_.difference()->kind, Difference::Kind::state);
    EXPECT_EQ(rerun_.difference()->tick, 8U);
}

TEST_F(RerunTest, RefusesWhatCannotBeRunAgain) {
    EXPECT_TRUE(*control(0ms, recorder::Dropped{}));
    EXPECT_THAT(control(0ms, recorder::Dropped{1, 2, 3}).error().message, HasSubstr("6 records did not fit"));
    EXPECT_THAT(
        control(0ms, recorder::ConnectionRecord{recorder::ConnectionRecord::Kind::is_open, 0,
                                                ConnectionId{0, 1}, ClientId{1}, Address::loopback(9)})
            .error()
            .message,
        HasSubstr("in the middle of a session"));
    EXPECT_THAT(control(0ms, NodeCall{.kind = NodeCall::Kind::input, .name = "unknown"}).error().message,
                HasSubstr("what is unknown?"));
    recorder::WireRecord cut;
    cut.is_payload_cut = true;
    EXPECT_THAT(rerun_.take(cut).error().message, HasSubstr("payloads were left out"));
    EXPECT_EQ(junk(0ms, 1501).error().code, ErrorCode::malformed);
}

TEST_F(RerunTest, ARecordOfALaterFileTellsNothingNew) {
    ASSERT_TRUE(*junk(1ms, 20));
    EXPECT_TRUE(
        *control(2ms, recorder::ConnectionRecord{recorder::ConnectionRecord::Kind::is_open, 0,
                                                 ConnectionId{0, 1}, ClientId{1}, Address::loopback(9)}));
}

}  // namespace
}  // namespace squall::loadgen
