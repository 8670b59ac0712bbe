// What went wrong, by cause: how often, when first and last, and one example of each. Bounded. Knows no
// client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/time.hpp"

namespace squall::loadgen {

struct ErrorEntry {
    std::string cause;
    std::uint64_t count = 0;
    Duration first{};  // since the start of the run
    Duration last{};
    std::string example;
};

class ErrorLog {
  public:
    void add(Duration at, std::string_view cause, std::string_view text) {
        for (auto& entry : entries_) {
            if (entry.cause != cause) continue;
            ++entry.count;
            entry.last = at;
            return;
        }
        if (entries_.size() < kMost)
            entries_.push_back({std::string(cause), 1, at, at, std::string(text.substr(0, 300))});
    }
    // In the order of their first appearance.
    [[nodiscard]] const std::vector<ErrorEntry>& entries() const { return entries_; }
    [[nodiscard]] std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const auto& entry : entries_) sum += entry.count;
        return sum;
    }

  private:
    static constexpr std::size_t kMost = 64;
    std::vector<ErrorEntry> entries_;
};

}  // namespace squall::loadgen
