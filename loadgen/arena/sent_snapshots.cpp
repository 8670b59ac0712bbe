#include "arena/sent_snapshots.hpp"

#include <utility>

namespace squall::arena {

Baseline SentSnapshots::baseline() const {
    if (entries_.empty() || !entries_.front().arrived) return {};
    const std::uint64_t distance = next_number_ - entries_.front().number;
    if (distance > kMaxBaselineDistance) return {};
    return {static_cast<std::uint32_t>(distance), entries_.front().view};
}

void SentSnapshots::sent(MessageId message, std::span<const EntityState> view) {
    // What could never be named again need not be kept.
    while (!entries_.empty() && next_number_ - entries_.front().number >= kMaxBaselineDistance) drop_front();
    entries_.push_back(Entry{message, next_number_, false, false, pool_->copy_of(view)});
    ++next_number_;
}

bool SentSnapshots::delivered(MessageId message) {
    Entry* entry = find(message);
    if (entry == nullptr || entry->lost) return false;
    entry->arrived = true;
    while (&entries_.front() != entry) drop_front();
    return true;
}

void SentSnapshots::lost(MessageId message) {
    Entry* entry = find(message);
    if (entry == nullptr || entry->arrived) return;
    entry->lost = true;
    pool_->give_back(std::exchange(entry->view, {}));
    // A baseline stays at the front; lost ones behind nothing are of no use.
    while (!entries_.empty() && entries_.front().lost) drop_front();
}

void SentSnapshots::clear() {
    while (!entries_.empty()) drop_front();
}

SentSnapshots::Entry* SentSnapshots::find(MessageId message) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (entries_[i].message == message) return &entries_[i];
    return nullptr;
}

void SentSnapshots::drop_front() {
    pool_->give_back(std::move(entries_.front().view));
    entries_.pop_front();
}

}  // namespace squall::arena
