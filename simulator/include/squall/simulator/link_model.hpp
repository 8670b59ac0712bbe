// The one link model: says what becomes of a packet and when it arrives, as a pure function of its state, the
// time, the size and its randomness. Used by the virtual network, the in-process conditioner and the proxy.
// Holds no bytes.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "squall/core/ring_buffer.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"
#include "squall/simulator/link_config.hpp"
#include "squall/simulator/link_statistics.hpp"
#include "squall/simulator/packet_draws.hpp"
#include "squall/simulator/verdict.hpp"
#include "squall/trace/histogram.hpp"
#include "squall/trace/sink.hpp"

namespace squall::simulator {

inline constexpr std::uint32_t kNoBit = ~std::uint32_t{0};

struct Delivery {
    TimePoint at{};
    std::uint32_t flipped_bit = kNoBit;  // counted from the lowest bit of the first byte
    Verdict verdict = Verdict::delivered;
};

// None, one or two deliveries; the first is the packet itself, the second its copy.
struct LinkDecision {
    Verdict verdict = Verdict::delivered;  // of the packet itself
    std::uint8_t count = 0;
    std::array<Delivery, 2> copies{};
    [[nodiscard]] std::span<const Delivery> deliveries() const { return {copies.data(), count}; }
};

// Which way a link leads, seen from the node that it belongs to.
enum class Direction : std::uint8_t { up = 0, down = 1 };

class alignas(64) LinkModel {
  public:
    // The configuration is valid and outlives its use here. All randomness is drawn from this stream's seed.
    LinkModel(const LinkConfig& config, const Rng& rng) : config_(&config), key_(rng.seed()) {}

    // Takes the next packet; `now` never decreases. Size in UDP payload bytes.
    [[nodiscard]] LinkDecision verdict(TimePoint now, std::uint32_t size);
    // Takes the next packet and drops it for a reason that the link's owner has (Verdict::overflow).
    LinkDecision refuse(TimePoint now, std::uint32_t size, Verdict reason);

    // From now on. What was promised before stays: packets keep their arrival times, and the backlog before
    // the bottleneck leaves as the old rate said; new packets wait behind it.
    void set_config(const LinkConfig& config) {
        config_ = &config;
        busy_remainder_ = 0;  // it was a fraction of the old rate
    }
    [[nodiscard]] const LinkConfig& config() const { return *config_; }
    // While the link is down, everything that is offered to it is dropped (Verdict::blackhole).
    void set_down(bool is_down) { is_down_ = is_down; }
    [[nodiscard]] bool is_down() const { return is_down_; }

    [[nodiscard]] const LinkStatistics& statistics() const { return statistics_; }
    // Where total one-way delays of delivered packets are recorded, in nanoseconds; may be shared by many
    // links. nullptr: nowhere.
    void set_delay_histogram(trace::Histogram* histogram) {
        delays_ = histogram;
        is_observed_ = trace_ != nullptr || delays_ != nullptr;
    }
    // Where link_verdict events go: source as given, channel 0 for up and 1 for down, id = the packet's
    // number on this link from 0, detail = Verdict, bytes = size. nullptr: nowhere.
    void set_trace(trace::Sink* sink, std::uint32_t source, Direction direction) {
        trace_ = sink;
        is_observed_ = trace_ != nullptr || delays_ != nullptr;
        source_ = source;
        direction_ = direction;
    }

  private:
    enum class BurstState : std::uint8_t { unknown, good, bad };
    struct Waiting {
        TimePoint starts_at{};
        std::uint32_t bytes = 0;
    };

    bool admit(TimePoint now, std::uint32_t wire_bytes, TimePoint& departs);
    void forget_started(TimePoint now);
    void start_transmission(TimePoint now, std::uint32_t wire_bytes);
    bool lost_to_burst(const PacketDraws& draws);
    [[nodiscard]] Duration draw_jitter(DrawStream stream) const;
    TimePoint arrival(const PacketDraws& draws, TimePoint departs);
    LinkDecision drop(TimePoint now, Verdict verdict, std::uint32_t size);
    void deliver(TimePoint now, std::uint32_t size, const Delivery& delivery);
    void emit(TimePoint now, Verdict verdict, std::uint32_t size) const;

    // One cache line that every packet needs, then what only some do.
    const LinkConfig* config_;
    std::uint64_t key_;
    std::uint64_t packet_count_ = 0;
    TimePoint busy_until_{};            // the bottleneck is taken until then
    std::uint64_t busy_remainder_ = 0;  // and for this fraction (over the rate) of a nanosecond more
    TimePoint latest_arrival_{};        // of any original so far
    TimePoint latest_in_order_{};       // what keeps_order holds the next one back to
    BurstState burst_state_ = BurstState::unknown;
    Direction direction_ = Direction::up;
    bool is_down_ = false;
    bool is_observed_ = false;  // there is a sink or a histogram
    bool has_waiting_ = false;  // waiting_ is not empty
    LinkStatistics statistics_;
    RingBuffer<Waiting> waiting_;  // packets that wait for the bottleneck
    std::uint64_t waiting_bytes_ = 0;
    trace::Sink* trace_ = nullptr;
    trace::Histogram* delays_ = nullptr;
    std::uint32_t source_ = 0;
};

}  // namespace squall::simulator
