// Recorded clients against a server in virtual time: what they said arrives, when it was said, from as many
// as asked.
#include "replay/recorded_client.hpp"

#include <gtest/gtest.h>

#include <map>

#include "arena/arena_remotes.hpp"
#include "replay/redrive.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using recorder::ConnectionRecord;

constexpr TimePoint kRecordedAt{5000s};

// A server that writes down what it is told.
class Listener final : public Node {
  public:
    explicit Listener(std::unique_ptr<ServerEndpoint> endpoint) : endpoint_(std::move(endpoint)) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        endpoint_->receive(now, from, datagram);
        drain(now);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return endpoint_->poll_transmit(now, buffer);
    }
    [[nodiscard]] TimePoint poll_timeout() const override { return endpoint_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        endpoint_->handle_timeout(now);
        drain(now);
    }
    struct Heard {
        TimePoint at{};
        std::string text;
    };
    std::map<ClientId, std::vector<Heard>> heard;
    std::map<ClientId, TimePoint> gone;

  private:
    void drain(TimePoint now) {
        while (const auto event = endpoint_->poll_event()) {
            if (const auto* message = std::get_if<MessageReceived>(&*event)) {
                const auto* text = reinterpret_cast<const char*>(message->bytes.data());
                heard[*endpoint_->client_id(message->connection)].push_back(
                    {now, {text, message->bytes.size()}});
            }
            if (const auto* ended = std::get_if<Disconnected>(&*event)) gone[ended->client_id] = now;
        }
    }
    std::unique_ptr<ServerEndpoint> endpoint_;
};

struct Observer final : arena::ClientObserver {
    void on_joined(TimePoint, Duration, bool) override { ++joined; }
    void on_input_sent(TimePoint now, TimePoint planned) override {
        ++sent;
        latest = std::max(latest, now - planned);
    }
    void on_request_sent(TimePoint, TimePoint) override {}
    void on_chat_sent(TimePoint, TimePoint) override {}
    void on_reply(TimePoint now, arena::ReplyKind, TimePoint planned, TimePoint) override {
        ++acknowledged;
        slowest = std::max(slowest, now - planned);
    }
    void on_snapshot(TimePoint, const arena::SnapshotSeen&) override {}
    void on_chat_received(TimePoint, TimePoint) override {}
    void on_disconnected(TimePoint, DisconnectReason its_reason) override { reason = its_reason; }
    void on_error(TimePoint, std::string_view text) override { errors.emplace_back(text); }
    int joined = 0;
    int sent = 0;
    int acknowledged = 0;
    Duration latest{0};
    Duration slowest{0};
    std::optional<DisconnectReason> reason;
    std::vector<std::string> errors;
};

class RecordedClientTest : public ::testing::Test {
  protected:
    RecordedClientTest() : host_(Rng(3)), entropy_(Rng(4)) {
        ServerConfig config;
        config.transport = arena::arena_transport();
        config.private_key = entropy_.bytes<kKeyBytes>();
        key_ = config.private_key;
        config.addresses = {kServer};
        config.suites = SuiteSet{}.with(Suite::aes256_gcm);
        config.wall_clock = {host_.now(), UnixSeconds{1'700'000'000}};
        wall_clock_ = config.wall_clock;
        server_ = std::make_unique<Listener>(*ServerEndpoint::make(host_.now(), config, entropy_));
        AttachOptions attach;
        attach.bind = kServer;
        EXPECT_TRUE(host_.attach(*server_, attach));
    }

    void record(TimePoint at, const recorder::Control& control) {
        std::vector<std::byte> room(recorder::encoded_size_max(control));
        const Bytes body = recorder::encode(control, room);
        ASSERT_TRUE(sessions_.add(recorder::ControlRecord{at, recorder::type_of(control), 1, body}));
    }
    void connects(TimePoint at, std::uint32_t slot, std::uint64_t client) {
        record(at,
               ConnectionRecord{ConnectionRecord::Kind::opened, 0, ConnectionId{slot, 1}, ClientId{client},
                                Address::loopback(static_cast<std::uint16_t>(50'000 + slot))});
    }
    void leaves(TimePoint at, std::uint32_t slot, std::uint64_t client) {
        record(at, ConnectionRecord{
                       ConnectionRecord::Kind::closed, 0, ConnectionId{slot, 1}, ClientId{client}, {}});
    }
    void says(TimePoint at, std::uint32_t slot, std::uint8_t channel, std::string_view text) {
        recorder::MessageRecord record;
        record.at = at;
        record.channel = ChannelId{channel};
        record.connection = ConnectionId{slot, 1};
        record.message_bytes = static_cast<std::uint32_t>(text.size());
        record.payload = std::as_bytes(std::span(text));
        ASSERT_TRUE(sessions_.add(record));
    }

    void play(double speed, std::uint32_t copies, Duration run) {
        playback_.emplace(speed);
        playback_->begin(host_.now());
        started_ = host_.now();
        const Plan plan = plan_of(sessions_, copies);
        const RecordedClientMaker maker(sessions_, *playback_, arena::kArenaProtocolId);
        for (const PlannedSession& session : plan.sessions) {
            host_.run_until(playback_->due(session.start));
            ConnectTokenRequest request;
            request.protocol_id = arena::kArenaProtocolId;
            request.suite = Suite::aes256_gcm;
            request.client_id = session.client_id;
            request.now = wall_clock_.unix_seconds(host_.now());
            request.public_addresses = {kServer};
            maker.complete(session, request);
            observers_.push_back(std::make_unique<Observer>());
            const ClientMaterials materials{*mint_connect_token(request, key_, entropy_), wall_clock_, Rng(1),
                                            entropy_, true};
            clients_.push_back(*maker.make(host_.now(), session, materials, *observers_.back()));
            EXPECT_TRUE(host_.attach(*clients_.back(), {}));
        }
        host_.run_until(started_ + run);
    }

    static inline const Address kServer = Address::loopback(40'000);
    simulator::SimHost host_;
    SeededEntropy entropy_;
    Key key_{};
    WallClockAnchor wall_clock_;
    std::unique_ptr<Listener> server_;
    RecordedSessions sessions_;
    std::optional<PlaybackClock> playback_;
    TimePoint started_{};
    std::vector<std::unique_ptr<Observer>> observers_;
    std::vector<std::unique_ptr<PlayedClient>> clients_;
};

TEST_F(RecordedClientTest, SaysWhatWasSaidWhenItWasSaid) {
    connects(kRecordedAt, 0, 11);
    says(kRecordedAt + 1s, 0, 2, "one");
    connects(kRecordedAt + 2s, 1, 22);
    says(kRecordedAt + 3s, 0, 3, "two");
    says(kRecordedAt + 3s, 1, 2, "three");
    leaves(kRecordedAt + 4s, 0, 11);
    play(1, 1, 6s);
    ASSERT_EQ(server_->heard[ClientId{11}].size(), 2U);
    EXPECT_EQ(server_->heard[ClientId{11}][0].text, "one");
    EXPECT_EQ(server_->heard[ClientId{11}][1].text, "two");
    EXPECT_NEAR(std::chrono::duration<double>(server_->heard[ClientId{11}][1].at - started_).count(), 3.0,
                0.2);
    ASSERT_EQ(server_->heard[ClientId{22}].size(), 1U);
    EXPECT_EQ(server_->heard[ClientId{22}][0].text, "three");
    ASSERT_TRUE(server_->gone.contains(ClientId{11}));
    EXPECT_GE(server_->gone[ClientId{11}], started_ + 4s);
    EXPECT_FALSE(server_->gone.contains(ClientId{22}));
    EXPECT_EQ(observers_[0]->acknowledged, 2);
    EXPECT_EQ(observers_[0]->reason, DisconnectReason::requested);
    EXPECT_TRUE(observers_[0]->errors.empty());
}

TEST_F(RecordedClientTest, TenTimesAsFast) {
    connects(kRecordedAt, 0, 11);
    says(kRecordedAt + 10s, 0, 2, "late");
    play(10, 1, 2s);
    ASSERT_EQ(server_->heard[ClientId{11}].size(), 1U);
    EXPECT_LT(server_->heard[ClientId{11}][0].at, started_ + 1200ms);
}

TEST_F(RecordedClientTest, AsFastAsItGoesNothingIsLeftOut) {
    connects(kRecordedAt, 0, 11);
    for (int i = 0; i < 3000; ++i)
        says(kRecordedAt + i * 1s, 0, 3, "message " + std::to_string(i) + std::string(80, '.'));
    leaves(kRecordedAt + 3000s, 0, 11);
    play(0, 1, 20s);
    ASSERT_EQ(server_->heard[ClientId{11}].size(), 3000U);
    EXPECT_TRUE(clients_[0]->finished());
}

TEST_F(RecordedClientTest, CopiesAreOthers) {
    connects(kRecordedAt, 0, 11);
    connects(kRecordedAt, 1, 22);
    says(kRecordedAt + 1s, 0, 2, "a");
    says(kRecordedAt + 1s, 1, 2, "b");
    play(1, 5, 4s);
    EXPECT_EQ(server_->heard.size(), 10U);
    for (const auto& [client, heard] : server_->heard) EXPECT_EQ(heard.size(), 1U) << client.value;
}

TEST_F(RecordedClientTest, WaitsWhilePaused) {
    connects(kRecordedAt, 0, 11);
    says(kRecordedAt + 1s, 0, 2, "soon");
    says(kRecordedAt + 2s, 0, 2, "later");
    play(1, 1, 1500ms);
    playback_->pause(host_.now());
    host_.run_until(started_ + 10s);
    EXPECT_EQ(server_->heard[ClientId{11}].size(), 1U);
    playback_->resume(host_.now());
    host_.wake(NodeId{2});
    host_.run_until(started_ + 12s);
    EXPECT_EQ(server_->heard[ClientId{11}].size(), 2U);
}

TEST(RecordedSessions, RefusesWhatCannotBePlayed) {
    RecordedSessions sessions(16);
    recorder::WireRecord cut;
    cut.is_payload_cut = true;
    EXPECT_EQ(sessions.add(cut).error().code, ErrorCode::unsupported);
    const recorder::Control opened = ConnectionRecord{ConnectionRecord::Kind::opened, 0, ConnectionId{0, 1},
                                                      ClientId{1}, Address::loopback(1)};
    std::vector<std::byte> room(recorder::encoded_size_max(opened));
    const Bytes body = recorder::encode(opened, room);
    ASSERT_TRUE(sessions.add(recorder::ControlRecord{kRecordedAt, recorder::type_of(opened), 1, body}));
    std::vector<std::byte> large(17);
    recorder::MessageRecord message;
    message.connection = ConnectionId{0, 1};
    message.message_bytes = 17;
    message.payload = large;
    EXPECT_EQ(sessions.add(message).error().code, ErrorCode::too_large);
    message.payload = {};
    EXPECT_EQ(sessions.add(message).error().code, ErrorCode::unsupported);
    recorder::WireRecord request;
    request.is_opened = true;
    request.packet = Bytes(large);
    EXPECT_EQ(sessions.add(request).error().code, ErrorCode::malformed);
}

}  // namespace
}  // namespace squall::loadgen
