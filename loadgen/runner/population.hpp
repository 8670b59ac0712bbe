// Follows the plan: starts each client when its time comes, tells it to leave, and buries it. A node without
// a socket, so it runs on any host. Knows no metric but the dropped joins.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "plan/plan.hpp"
#include "runner/virtual_client.hpp"
#include "squall/transport/node.hpp"

namespace squall::loadgen {

// Heads, now.
struct Headcount {
    std::uint32_t connected = 0;
    std::uint32_t joining = 0;  // started, not (yet) connected
    std::uint32_t leaving = 0;  // told to leave, or ended, and not buried yet
};

// Of those who are gone.
struct Fates {
    std::uint64_t joined = 0;  // of all that are gone, those who were in the game
    std::uint64_t never_joined = 0;
    std::uint64_t lost = 0;  // ended although nobody asked for it
    std::uint64_t unanswered =
        0;  // of those, the ones that the server left without an answer, or told that it goes away
};

class Population final : public Node {
  public:
    Population(const Plan& plan, const ClientSurroundings& around);
    ~Population() override;

    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override;
    void handle_timeout(TimePoint now) override;

    // The playback clock was changed: all deadlines are asked anew.
    void wake_all();
    // Nobody joins any more and everybody leaves; wake the host afterwards.
    void stop(TimePoint now);
    // Everyone is gone and nobody is to come.
    [[nodiscard]] bool is_done() const;
    // Buries those that are left: their connections end without a word. Each counts as an error, unless
    // nobody could have answered its goodbye.
    void bury_all(TimePoint now, bool server_is_gone);
    // Each client's second ends.
    void end_second(TimePoint now);

    [[nodiscard]] Headcount headcount() const;
    // Per group: connected now.
    [[nodiscard]] std::vector<std::uint32_t> connected_by_group() const;
    [[nodiscard]] const Fates& fates() const { return fates_; }
    // Those who are there and those who are gone, together.
    [[nodiscard]] LinkTotals links() const;
    [[nodiscard]] VirtualClient::TransportTotals transport() const;
    [[nodiscard]] std::uint64_t started() const { return next_; }

    // How often the dead are looked for.
    static constexpr Duration kBurialInterval = std::chrono::milliseconds(50);

  private:
    void start_due(TimePoint now);
    void stop_due(TimePoint now);
    void bury_ended(TimePoint now);
    void bury(VirtualClient& client);
    [[nodiscard]] TimePoint moment(Duration offset) const {
        return around_.playback != nullptr ? around_.playback->due(offset) : around_.run_start + offset;
    }

    const Plan& plan_;
    const ClientSurroundings& around_;
    struct Departure {
        Duration at{};
        std::uint32_t session = 0;  // index into the plan
    };
    std::vector<Departure> departures_;  // before the end of the run, by time
    std::size_t next_ = 0;               // session to start
    std::size_t next_departure_ = 0;
    std::size_t next_drop_ = 0;
    std::vector<std::unique_ptr<VirtualClient>> clients_;  // by session; null before and after
    std::vector<std::uint32_t> alive_;  // sessions that have a client, in the order of their start
    TimePoint next_burial_{};
    bool stopped_ = false;
    Fates fates_;
    LinkTotals gone_links_;
    VirtualClient::TransportTotals gone_transport_;
};

}  // namespace squall::loadgen
