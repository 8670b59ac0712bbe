// Deadlines of many things, updated lazily: one entry each, which may be early but never late. When an early
// one comes due, its owner looks at the true deadline and puts it back; so a busy connection touches the heap
// once per entry, not once per packet, and an idle one costs nothing. Knows no meaning of its keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::secure {

class DeadlineHeap {
  public:
    enum class Kind : std::uint8_t { slot, pending, reservation };
    struct Entry {
        TimePoint at;
        std::uint64_t key = 0;         // slot, client id, or place of a pending client
        std::uint32_t generation = 0;  // which tenant of that key; an older one's entry means nothing
        Kind kind{};
    };

    void add(const Entry& entry) {
        if (entry.at == kNever) return;
        entries_.push_back(entry);
        std::push_heap(entries_.begin(), entries_.end(), is_later);
    }
    // The earliest entry that is due at `now`, taken out.
    std::optional<Entry> pop_due(TimePoint now) {
        if (entries_.empty() || entries_.front().at > now) return std::nullopt;
        std::pop_heap(entries_.begin(), entries_.end(), is_later);
        const auto entry = entries_.back();
        entries_.pop_back();
        return entry;
    }
    [[nodiscard]] TimePoint next() const { return entries_.empty() ? kNever : entries_.front().at; }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }

  private:
    // A total order, so that ties come out the same on every library.
    static bool is_later(const Entry& a, const Entry& b) {
        if (a.at != b.at) return a.at > b.at;
        if (a.kind != b.kind) return a.kind > b.kind;
        if (a.key != b.key) return a.key > b.key;
        return a.generation > b.generation;
    }
    std::vector<Entry> entries_;
};

}  // namespace squall::secure
