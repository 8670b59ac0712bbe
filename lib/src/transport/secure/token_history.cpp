#include "transport/secure/token_history.hpp"

#include <algorithm>

namespace squall::secure {

std::uint64_t TokenHistory::hash_of(const TokenTag& tag) const {
    return ByteReader(tag).read<std::uint64_t>();
}

std::optional<std::uint32_t> TokenHistory::find(const TokenTag& tag) const {
    return index_.find(hash_of(tag), [&](std::uint32_t place) { return entries_[place].tag == tag; });
}

TokenHistory::Verdict TokenHistory::show(const TokenTag& tag, const Address& from, UnixSeconds now,
                                         UnixSeconds expires) {
    if (const auto place = find(tag)) {
        const auto& entry = entries_[*place];
        return entry.from == from && !entry.is_spent ? Verdict::accepted : Verdict::reused;
    }
    forget_expired(now);
    if (index_.size() >= capacity_) return Verdict::full;
    std::uint32_t place = 0;
    if (free_.empty()) {
        place = static_cast<std::uint32_t>(entries_.size());
        entries_.emplace_back();
    } else {
        place = free_.back();
        free_.pop_back();
    }
    entries_[place] = {tag, from, expires, false};
    index_.insert(hash_of(tag), place);
    by_expiry_.push_back(place);
    std::ranges::push_heap(by_expiry_, std::greater{}, [&](std::uint32_t i) { return entries_[i].expires; });
    return Verdict::accepted;
}

void TokenHistory::spend(const TokenTag& tag) {
    if (const auto place = find(tag)) entries_[*place].is_spent = true;
}

void TokenHistory::forget_expired(UnixSeconds now) {
    while (!by_expiry_.empty() && entries_[by_expiry_.front()].expires <= now) {
        std::ranges::pop_heap(by_expiry_, std::greater{},
                              [&](std::uint32_t i) { return entries_[i].expires; });
        const auto place = by_expiry_.back();
        by_expiry_.pop_back();
        index_.erase(hash_of(entries_[place].tag), place);
        free_.push_back(place);
    }
}

}  // namespace squall::secure
