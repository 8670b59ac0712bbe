// A one-way link that holds packets: bytes go in, and come out when the model says. Passive: no clock, no
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/byte_pool.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/rng.hpp"
#include "squall/core/time.hpp"
#include "squall/simulator/link_config.hpp"
#include "squall/simulator/link_model.hpp"

namespace squall::simulator {

// A packet that has arrived. The bytes are the caller's to change until the next call of dequeue() or
// enqueue().
struct ArrivedPacket {
    TimePoint at{};  // when it was due
    Address from;
    Address to;
    MutableBytes bytes;
};

class Link {
  public:
    // Packets in flight at most, copies included; what goes beyond is dropped as Verdict::overflow, counted
    // and traced.
    static constexpr std::size_t kMaxInFlight = std::size_t{1} << 20;

    // All randomness is drawn from this stream's seed. Errors: invalid_argument, with the field.
    [[nodiscard]] static Result<std::unique_ptr<Link>> make(const LinkConfig& config, const Rng& rng);
    Link(const Link&) = delete;
    Link& operator=(const Link&) = delete;

    // Takes a copy of the bytes, or drops them; says which. Packets that arrive at the same time come out as
    // they went in.
    LinkDecision enqueue(TimePoint now, const Address& from, const Address& to, Bytes bytes);
    // When the next packet comes out; kNever if none is in flight.
    [[nodiscard]] TimePoint next_delivery() const {
        return in_flight_.empty() ? kNever : in_flight_.front().at;
    }
    // The next packet that is due at `now`; nothing if none is.
    [[nodiscard]] std::optional<ArrivedPacket> dequeue(TimePoint now);

    // Fetches what the next packet touches into the cache; the link itself is there already.
    void prefetch() const;

    // What is in flight stays as it is. Errors: invalid_argument; then nothing changes.
    Result<> set_config(const LinkConfig& config);
    [[nodiscard]] const LinkConfig& config() const { return config_; }
    [[nodiscard]] LinkModel& model() { return model_; }
    [[nodiscard]] const LinkModel& model() const { return model_; }
    [[nodiscard]] std::size_t in_flight_count() const { return in_flight_.size(); }

  private:
    Link(LinkConfig config, const Rng& rng) : config_(std::move(config)), model_(config_, rng) {}

    struct Packet {
        Address from;
        Address to;
        PooledBytes bytes;
    };
    struct InFlight {
        TimePoint at{};
        std::uint64_t number = 0;
        std::uint32_t packet = 0;
    };
    static bool arrives_later(const InFlight& a, const InFlight& b) {
        return a.at != b.at ? a.at > b.at : a.number > b.number;
    }
    std::uint32_t take_place();

    LinkConfig config_;
    LinkModel model_;
    BytePool pool_;
    std::vector<Packet> packets_;
    std::vector<std::uint32_t> free_;
    std::vector<InFlight> in_flight_;  // a heap, the next to arrive in front
    std::uint64_t next_number_ = 0;
    PooledBytes arrived_;
};

}  // namespace squall::simulator
