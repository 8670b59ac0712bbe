// Notices when this process was not run although it had something to do: its own timer comes late, and the
// process did not use the time itself. What both the generator and the server slept through is a stall of the
// host.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "squall/core/time.hpp"
#include "squall/transport/node.hpp"

namespace squall::loadgen {

struct Stall {
    TimePoint begin{};
    TimePoint end{};
    [[nodiscard]] Duration length() const { return end - begin; }
    friend bool operator==(const Stall&, const Stall&) = default;
};

// What lies in both lists; each is in the order of time and without overlaps of its own.
[[nodiscard]] std::vector<Stall> overlap(const std::vector<Stall>& a, const std::vector<Stall>& b);

// A node without a socket. `cpu_time` reads how much CPU the process has used so far.
class StallDetector final : public Node {
  public:
    StallDetector(TimePoint now, std::function<Duration()> cpu_time)
        : cpu_time_(std::move(cpu_time)), last_(now), last_cpu_(cpu_time_()) {}

    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return last_ + kInterval; }
    void handle_timeout(TimePoint now) override;

    // What was noticed since the last call.
    [[nodiscard]] std::vector<Stall> take() { return std::exchange(found_, {}); }

    static constexpr Duration kInterval = std::chrono::milliseconds(5);
    // Shorter delays are the scheduler's everyday business.
    static constexpr Duration kShortest = std::chrono::milliseconds(20);

  private:
    std::function<Duration()> cpu_time_;
    TimePoint last_;
    Duration last_cpu_;
    std::vector<Stall> found_;
};

}  // namespace squall::loadgen
