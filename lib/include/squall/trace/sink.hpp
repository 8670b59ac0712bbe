// Where trace events go. A producer holds a pointer to one sink or none; none costs one comparison.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "squall/core/hash.hpp"
#include "squall/trace/event.hpp"

namespace squall::trace {

class Sink {
  public:
    virtual ~Sink() = default;
    // Called in the order of what happened, on the producer's thread. Must not call back into the producer.
    virtual void on_event(const Event& event) = 0;
};

// Hands every event to several sinks, in the order in which they were added. Owns none of them.
class FanOutSink final : public Sink {
  public:
    void add(Sink& sink) { sinks_.push_back(&sink); }
    void on_event(const Event& event) override {
        for (Sink* sink : sinks_) sink->on_event(event);
    }

  private:
    std::vector<Sink*> sinks_;
};

// Folds the whole stream into one number: two runs with the same hash did the same things at the same times.
class HashSink final : public Sink {
  public:
    void on_event(const Event& event) override;
    [[nodiscard]] std::uint64_t hash() const { return hash_.value(); }
    [[nodiscard]] std::uint64_t event_count() const { return count_; }

  private:
    StableHash hash_;
    std::uint64_t count_ = 0;
};

// Counts events and bytes by kind.
class CountingSink final : public Sink {
  public:
    void on_event(const Event& event) override;
    [[nodiscard]] std::uint64_t count(EventKind kind) const {
        return counts_[static_cast<std::size_t>(kind)];
    }
    [[nodiscard]] std::uint64_t bytes(EventKind kind) const { return bytes_[static_cast<std::size_t>(kind)]; }

  private:
    std::array<std::uint64_t, 32> counts_{};
    std::array<std::uint64_t, 32> bytes_{};
};

}  // namespace squall::trace
