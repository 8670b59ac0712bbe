// The deadlines of many owners, one each, the earliest first; equal ones in the order in which they were set.
// A four-way heap that knows where each owner stands: to change a deadline moves one entry and leaves no
// garbage. Knows no clock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::runtime {

class DeadlineHeap {
  public:
    // Owners are small numbers: 0 to the highest ever used.
    using Owner = std::uint32_t;

    // kNever takes the owner out. Setting the same deadline again changes nothing.
    void set(Owner owner, TimePoint deadline);
    void remove(Owner owner) { set(owner, kNever); }
    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] std::size_t size() const { return entries_.size(); }
    // kNever if there is none.
    [[nodiscard]] TimePoint earliest() const { return entries_.empty() ? kNever : entries_.front().deadline; }
    // Only while not empty.
    [[nodiscard]] Owner earliest_owner() const { return entries_.front().owner; }

  private:
    struct Entry {
        TimePoint deadline;
        std::uint64_t order = 0;
        Owner owner = 0;
        [[nodiscard]] bool before(const Entry& other) const {
            return deadline != other.deadline ? deadline < other.deadline : order < other.order;
        }
    };
    static constexpr std::uint32_t kNowhere = UINT32_MAX;
    void place(std::size_t index, const Entry& entry);
    void sift_up(std::size_t index, const Entry& entry);
    void sift_down(std::size_t index, const Entry& entry);

    std::vector<Entry> entries_;
    std::vector<std::uint32_t> positions_;  // by owner
    std::uint64_t next_order_ = 0;
};

}  // namespace squall::runtime
