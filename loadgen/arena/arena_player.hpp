// The inside of ArenaClient: what happens when the server speaks and when an input is due. Private to the
// client.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "arena/arena_client.hpp"
#include "arena/arena_remotes.hpp"
#include "arena/planned_times.hpp"
#include "arena/received_snapshots.hpp"

namespace squall::arena {

class ArenaClient::Player {
  public:
    Player(TimePoint now, ArenaClientConfig config, std::unique_ptr<ClientEndpoint> endpoint, Rng rng,
           ClientObserver& observer);

    void receive(TimePoint now, const Address& from, MutableBytes datagram);
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer);
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);
    void expect(const Address& from, unsigned step);
    void leave(TimePoint now);

    [[nodiscard]] bool finished() const { return ended_ && drained_; }
    [[nodiscard]] bool joined() const { return welcome_.has_value(); }
    [[nodiscard]] std::span<const EntityState> view() const;
    [[nodiscard]] std::uint64_t view_tick() const;
    [[nodiscard]] std::uint32_t player() const { return welcome_ ? welcome_->player : 0; }
    [[nodiscard]] ClientEndpoint& endpoint() { return *endpoint_; }
    void set_trace(trace::Sink* sink, std::uint32_t source) { registry_.set_trace(sink, source); }

  private:
    struct OpenRequest {
        bool is_open = false;
        TimePoint planned{};
        TimePoint sent{};
    };
    void listen();
    void on_welcome(TimePoint now, const Welcome& welcome);
    void on_reply(TimePoint now, std::size_t place, const Result<ItemReply>& reply);
    void on_snapshot(TimePoint now, Bytes bytes);
    void on_end(TimePoint now, DisconnectReason reason);

    void send_due_inputs(TimePoint now);
    void send_input(TimePoint now, TimePoint planned);
    void send_chat(TimePoint now, TimePoint planned, std::size_t length);
    void send_request(TimePoint now, TimePoint planned, std::uint8_t item);
    // True if it left; else the observer is told.
    bool has_left(TimePoint now, std::string_view remote, const remotes::Fired& fired);
    [[nodiscard]] Sight look(TimePoint now) const;
    [[nodiscard]] TimePoint next_input_at() const;
    [[nodiscard]] Duration age_of_view(TimePoint now);

    // What each input and each snapshot touches stands first (prefetch.hpp).
    ClientObserver* observer_;
    std::unique_ptr<ClientEndpoint> endpoint_;
    std::unique_ptr<Behaviour> behaviour_;
    Rng rng_;
    std::uint32_t send_rate_;
    bool shared_clock_;
    bool leaving_ = false;
    bool ended_ = false;
    bool drained_ = false;
    Duration first_send_;
    TimePoint made_at_;
    TimePoint inputs_from_{};       // the schedule's start, once joined
    std::uint64_t inputs_due_ = 0;  // sent or tried
    std::optional<std::uint64_t> newest_input_;
    PlannedTimes inputs_;
    std::optional<Duration>
        earliest_arrival_;  // smallest arrival minus planned tick time, where clocks differ
    std::optional<Welcome> welcome_;
    remotes::Remotes registry_;
    ArenaRemotes remotes_;
    std::optional<ReceivedSnapshots> snapshots_;
    std::vector<OpenRequest> requests_;
    ChatMessage chat_;  // working memory
};

}  // namespace squall::arena
