// A hierarchical timing wheel that hands out entries exactly by (time, number). Knows only that order: not
// what an entry means, nor what time it is.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::simulator {

struct WheelEntry {
    TimePoint at{};
    std::uint64_t number = 0;  // breaks ties of time; unique
    std::uint32_t target = 0;
    std::uint32_t payload = 0;
};

// Slots of 1.024 us; seven levels of 256 slots reach to the end of time, so there is no overflow list. A
// level's slots hold only entries that share all higher digits of their time with the present slot, so
// nothing wraps around. Entries lie in chunks, by value: a level is spread over the next lower one in the
// order of memory. Within the present slot entries are sorted. Times must not be negative. Allocates only
// while the number of entries grows.
class TimingWheel {
  public:
    explicit TimingWheel(TimePoint start);
    TimingWheel(const TimingWheel&) = delete;
    TimingWheel& operator=(const TimingWheel&) = delete;

    // O(1). An entry in the past is handed out before all later ones.
    void push(const WheelEntry& entry);
    // The first entry by (time, number) unless it lies after the deadline; then nothing moves and this is
    // false.
    [[nodiscard]] bool pop_until(TimePoint deadline, WheelEntry& entry);

    // Mostly what pop_until() will find next, at the price of a glance; nullptr where it has no idea. To warm
    // caches with.
    [[nodiscard]] const WheelEntry* guess_next() const;

    [[nodiscard]] std::size_t size() const { return size_; }

  private:
    static constexpr unsigned kTickBits = 10;
    static constexpr unsigned kLevelBits = 8;
    static constexpr std::size_t kLevelCount = 7;
    static constexpr std::size_t kSlotCount = std::size_t{1} << kLevelBits;
    static constexpr std::size_t kChunkEntries = 20;
    static_assert(kTickBits + kLevelBits * kLevelCount >= 63, "the wheel must reach the last TimePoint");

    struct Chunk {
        Chunk* next = nullptr;
        std::size_t count = 0;
        std::array<WheelEntry, kChunkEntries> entries;
    };
    struct Level {
        std::array<Chunk*, kSlotCount> slots{};
        std::array<std::uint64_t, kSlotCount / 64> occupied{};
    };

    static constexpr unsigned shift_of(std::size_t level) {
        return kTickBits + kLevelBits * static_cast<unsigned>(level);
    }
    [[nodiscard]] bool in_present_slot(std::uint64_t ticks) const {
        return ticks >> kTickBits <= present_ >> kTickBits;
    }
    void place(const WheelEntry& entry, std::uint64_t ticks);
    // Moves to the next slot that holds entries and sorts them into ready_; false if it starts after the
    // deadline.
    bool advance(std::uint64_t deadline);
    void spread(Chunk* chunk);
    Chunk* take_chunk();
    void give_back(Chunk* chunk);

    std::array<Level, kLevelCount> levels_{};
    std::uint64_t present_;          // the start of the slot whose entries are in ready_
    std::vector<WheelEntry> ready_;  // the present slot's entries, ascending
    std::size_t ready_position_ = 0;
    std::vector<WheelEntry> late_;  // a heap of those that came when their slot was already present
    Chunk* free_ = nullptr;
    std::vector<std::unique_ptr<Chunk[]>> slabs_;
    std::size_t size_ = 0;
};

}  // namespace squall::simulator
