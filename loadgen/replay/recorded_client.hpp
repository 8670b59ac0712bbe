// One recorded client, played against a server: it connects anew, sends the messages of its session when they
// were sent, and leaves when it left. Knows its session; neither what the messages mean nor the other
// clients.
#pragma once

#include <memory>
#include <optional>

#include "arena/arena_client.hpp"
#include "play/playback_clock.hpp"
#include "play/played_client.hpp"
#include "replay/recorded_sessions.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::loadgen {

struct RecordedClientConfig {
    ClientConfig client;
    ConnectTokenBytes token{};
    // Since the recording began; later copies of a session are shifted.
    Duration start{0};
};

class RecordedClient final : public PlayedClient {
  public:
    // Starts to connect. What is given by reference outlives the client. The observer's round trips are those
    // from a message's planned time to its acknowledgement. Errors: those of ClientEndpoint::make and
    // connect().
    [[nodiscard]] static Result<std::unique_ptr<RecordedClient>> make(
        TimePoint now, const RecordedClientConfig& config, const RecordedSessions& sessions,
        const RecordedSession& session, const PlaybackClock& playback, EntropySource& entropy,
        arena::ClientObserver& observer);

    void receive(TimePoint now, const Address& from, MutableBytes datagram) override;
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override;
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;
    void expect(const Address& from, unsigned step) override;

    void leave(TimePoint now) override;
    [[nodiscard]] bool finished() const override { return has_ended_ && is_drained_; }
    [[nodiscard]] const ClientEndpoint& endpoint() const override { return *endpoint_; }
    void set_trace(trace::Sink* sink, std::uint32_t source) override { endpoint_->set_trace(sink, source); }
    [[nodiscard]] std::uint64_t messages_received() const { return messages_received_; }

  private:
    RecordedClient(TimePoint now, Duration start, const RecordedSessions& sessions,
                   const RecordedSession& session, const PlaybackClock& playback,
                   std::unique_ptr<ClientEndpoint> endpoint, arena::ClientObserver& observer);
    void drain_events(TimePoint now);
    void send_due(TimePoint now);
    bool send(TimePoint now, TimePoint planned, const RecordedMessage& message);
    [[nodiscard]] bool has_more() const { return next_ < session_.messages.size(); }
    // Of a moment of the session.
    [[nodiscard]] TimePoint due(Duration moment) const { return playback_.due(start_ + moment); }
    [[nodiscard]] TimePoint next_at() const;
    void on_message(TimePoint now, const MessageReceived& message);
    void on_settled(TimePoint now, const MessageSettled& settled);
    void on_end(TimePoint now, DisconnectReason reason);

    const RecordedSessions& sessions_;
    const RecordedSession& session_;
    std::unique_ptr<ClientEndpoint> endpoint_;
    arena::ClientObserver* observer_;
    const PlaybackClock& playback_;
    Duration start_;
    TimePoint made_at_;
    std::size_t next_ = 0;  // message
    struct Sent {
        ChannelId channel{};
        MessageId number{};
        TimePoint planned{};
        TimePoint sent{};
    };
    RingBuffer<Sent> unsettled_;   // in the order of sending
    TimePoint retry_at_ = kNever;  // when the connection took no more
    std::uint64_t messages_received_ = 0;
    bool is_connected_ = false;
    TimePoint greet_until_{};
    bool has_greeted_ = false;  // by its recorded messages, or with the server's own greeting
    bool is_leaving_ = false;
    bool has_ended_ = false;
    bool is_drained_ = false;
};

}  // namespace squall::loadgen
