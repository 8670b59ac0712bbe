// What the server remembers of its snapshots to one player: the views that are under way, and the newest that
// is known to have arrived, which is the baseline of the next. Knows message ids and views; neither bits nor
// the world.
#pragma once

#include <cstdint>
#include <span>

#include "arena/snapshot_codec.hpp"
#include "arena/view_pool.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/ring_buffer.hpp"

namespace squall::arena {

// The baseline of the next snapshot; distance 0 and no view: none that is young enough is known.
struct Baseline {
    std::uint32_t distance = 0;
    std::span<const EntityState> view;
};

class SentSnapshots {
  public:
    // The pool must outlive this.
    explicit SentSnapshots(ViewPool& pool) : pool_(&pool) {}
    SentSnapshots(const SentSnapshots&) = delete;
    SentSnapshots& operator=(const SentSnapshots&) = delete;
    ~SentSnapshots() { clear(); }

    // The number of the next snapshot; counts from 1.
    [[nodiscard]] std::uint64_t next_number() const { return next_number_; }
    // Valid until the next call of another member.
    [[nodiscard]] Baseline baseline() const;
    // The next snapshot left as this message and makes this view.
    void sent(MessageId message, std::span<const EntityState> view);
    // Its transport told: the peer has it. True if it is the new baseline.
    bool delivered(MessageId message);
    // Its transport told: lost, or never sent.
    void lost(MessageId message);
    // Forgets all views; numbers go on.
    void clear();
    // Views that are held.
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    struct Entry {
        MessageId message{};
        std::uint64_t number = 0;
        bool arrived = false;
        bool lost = false;
        View view;
    };
    Entry* find(MessageId message);
    void drop_front();

    ViewPool* pool_;
    std::uint64_t next_number_ = 1;
    // By rising number; the front is the baseline, if it arrived.
    RingBuffer<Entry> entries_;
};

}  // namespace squall::arena
