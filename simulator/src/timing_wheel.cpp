// The wheel's levels, cascades and the order within one slot.
#include "squall/simulator/timing_wheel.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace squall::simulator {
namespace {

constexpr std::size_t kChunksPerSlab = 64;

bool comes_before(const WheelEntry& a, const WheelEntry& b) {
    return a.at != b.at ? a.at < b.at : a.number < b.number;
}
bool comes_after(const WheelEntry& a, const WheelEntry& b) {
    return comes_before(b, a);
}

std::uint64_t ticks_of(TimePoint at) {
    assert(at.time_since_epoch().count() >= 0);
    return static_cast<std::uint64_t>(at.time_since_epoch().count());
}

// Slots mostly hold a handful of entries.
void sort_entries(std::vector<WheelEntry>& entries) {
    constexpr std::size_t kFew = 24;
    if (entries.size() > kFew) {
        std::sort(entries.begin(), entries.end(), comes_before);
        return;
    }
    for (std::size_t i = 1; i < entries.size(); ++i) {
        const WheelEntry entry = entries[i];
        std::size_t k = i;
        for (; k > 0 && comes_before(entry, entries[k - 1]); --k) entries[k] = entries[k - 1];
        entries[k] = entry;
    }
}

}  // namespace

TimingWheel::TimingWheel(TimePoint start) : present_(ticks_of(start) >> kTickBits << kTickBits) {}

void TimingWheel::push(const WheelEntry& entry) {
    ++size_;
    const std::uint64_t ticks = ticks_of(entry.at);
    if (in_present_slot(ticks)) {
        late_.push_back(entry);
        std::push_heap(late_.begin(), late_.end(), comes_after);
        return;
    }
    place(entry, ticks);
}

void TimingWheel::place(const WheelEntry& entry, std::uint64_t ticks) {
    const unsigned highest_difference = static_cast<unsigned>(std::bit_width(ticks ^ present_)) - 1;
    Level& level = levels_[(highest_difference - kTickBits) / kLevelBits];
    const unsigned shift = kTickBits + (highest_difference - kTickBits) / kLevelBits * kLevelBits;
    const std::size_t slot = (ticks >> shift) & (kSlotCount - 1);
    Chunk* chunk = level.slots[slot];
    if (chunk == nullptr || chunk->count == kChunkEntries) {
        Chunk* fresh = take_chunk();
        fresh->next = chunk;
        level.slots[slot] = chunk = fresh;
        level.occupied[slot / 64] |= std::uint64_t{1} << (slot % 64);
    }
    chunk->entries[chunk->count++] = entry;
}

bool TimingWheel::pop_until(TimePoint deadline, WheelEntry& entry) {
    if (ready_position_ == ready_.size() && late_.empty()) {
        if (size_ == 0 || deadline.time_since_epoch().count() < 0 || !advance(ticks_of(deadline)))
            return false;
    }
    const bool from_late = !late_.empty() && (ready_position_ == ready_.size() ||
                                              comes_before(late_.front(), ready_[ready_position_]));
    entry = from_late ? late_.front() : ready_[ready_position_];
    if (entry.at > deadline) return false;
    --size_;
    if (from_late) {
        std::pop_heap(late_.begin(), late_.end(), comes_after);
        late_.pop_back();
    } else {
        ++ready_position_;
    }
    return true;
}

const WheelEntry* TimingWheel::guess_next() const {
    if (ready_position_ < ready_.size()) return &ready_[ready_position_];
    const Level& finest = levels_[0];
    for (std::size_t word = 0; word < finest.occupied.size(); ++word) {
        if (finest.occupied[word] == 0) continue;
        const auto bit = static_cast<std::size_t>(std::countr_zero(finest.occupied[word]));
        return finest.slots[word * 64 + bit]->entries.data();
    }
    return nullptr;
}

bool TimingWheel::advance(std::uint64_t deadline) {
    ready_.clear();
    ready_position_ = 0;
    std::size_t level = 0;
    while (ready_.empty()) {
        Level& here = levels_[level];
        std::size_t word = 0;
        while (word < here.occupied.size() && here.occupied[word] == 0) ++word;
        if (word == here.occupied.size()) {
            ++level;
            assert(level < kLevelCount && "the wheel lost an entry");
            continue;
        }
        const std::size_t slot = word * 64 + static_cast<std::size_t>(std::countr_zero(here.occupied[word]));
        const unsigned shift = shift_of(level);
        const std::uint64_t higher_digits =
            shift + kLevelBits >= 64 ? 0 : present_ >> (shift + kLevelBits) << (shift + kLevelBits);
        const std::uint64_t start = higher_digits | static_cast<std::uint64_t>(slot) << shift;
        if (start > deadline) return false;
        present_ = start;
        here.occupied[word] &= here.occupied[word] - 1;
        spread(std::exchange(here.slots[slot], nullptr));
        level = 0;
    }
    sort_entries(ready_);
    return true;
}

void TimingWheel::spread(Chunk* chunk) {
    while (chunk != nullptr) {
        for (std::size_t i = 0; i < chunk->count; ++i) {
            const WheelEntry& entry = chunk->entries[i];
            const std::uint64_t ticks = ticks_of(entry.at);
            if (in_present_slot(ticks))
                ready_.push_back(entry);
            else
                place(entry, ticks);
        }
        Chunk* next = chunk->next;
        give_back(chunk);
        chunk = next;
    }
}

TimingWheel::Chunk* TimingWheel::take_chunk() {
    if (free_ == nullptr) {
        slabs_.push_back(std::make_unique<Chunk[]>(kChunksPerSlab));
        for (std::size_t i = kChunksPerSlab; i-- > 0;) give_back(&slabs_.back()[i]);
    }
    Chunk* chunk = free_;
    free_ = chunk->next;
    chunk->count = 0;
    return chunk;
}

void TimingWheel::give_back(Chunk* chunk) {
    chunk->next = free_;
    free_ = chunk;
}

}  // namespace squall::simulator
