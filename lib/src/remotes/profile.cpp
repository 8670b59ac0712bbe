#include "squall/remotes/profile.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::remotes {
namespace {

// 1 % of precision up to 10 s: 27 KiB each.
constexpr trace::HistogramConfig kTimes{.highest_trackable = 10'000'000'000, .significant_digits = 2};

double total_of(const ProfileEntry& entry) {
    return static_cast<double>(entry.chain.mean()) * static_cast<double>(entry.chain.count()) +
           static_cast<double>(entry.handler.mean()) * static_cast<double>(entry.handler.count());
}

}  // namespace

ProfileEntry& Profile::entry_of(const Message& message) {
    const std::size_t place =
        std::size_t{message.remote.index} * 2 + (message.direction == Direction::outbound ? 1 : 0);
    if (place >= entries_.size()) entries_.resize(place + 1);
    if (entries_[place] == nullptr)
        entries_[place] = std::make_unique<ProfileEntry>(ProfileEntry{.remote = message.remote.name,
                                                                      .kind = message.remote.kind,
                                                                      .direction = message.direction,
                                                                      .chain = trace::Histogram(kTimes),
                                                                      .handler = trace::Histogram(kTimes)});
    return *entries_[place];
}

Middleware Profile::whole() {
    return [this](Message& message, const Next& next) {
        if (message.is_look()) return next();
        const std::size_t bytes = message.bytes().size();
        // A handler may fire, and what it fires be measured as well.
        const Duration outer = std::exchange(in_handler_, Duration{0});
        const Duration start = stopwatch_();
        const Outcome outcome = next();
        const Duration span = stopwatch_() - start;
        ProfileEntry& entry = entry_of(message);
        entry.chain.record(span - in_handler_);
        in_handler_ = outer;
        ++entry.messages;
        entry.bytes += bytes;
        if (outcome != Outcome::passed) ++entry.stopped;
        return outcome;
    };
}

Middleware Profile::end() {
    return [this](Message& message, const Next& next) {
        if (message.is_look()) return next();
        const Duration outer = in_handler_;
        const Duration start = stopwatch_();
        const Outcome outcome = next();
        const Duration span = stopwatch_() - start;
        entry_of(message).handler.record(span);
        in_handler_ = outer + span;
        return outcome;
    };
}

std::vector<const ProfileEntry*> Profile::entries() const {
    std::vector<const ProfileEntry*> out;
    for (const auto& entry : entries_)
        if (entry != nullptr) out.push_back(entry.get());
    return out;
}

const ProfileEntry* Profile::find(std::string_view remote, Direction direction) const {
    for (const auto& entry : entries_)
        if (entry != nullptr && entry->remote == remote && entry->direction == direction) return entry.get();
    return nullptr;
}

std::string Profile::to_text() const {
    auto rows = entries();
    std::ranges::sort(rows, [](const ProfileEntry* a, const ProfileEntry* b) {
        const double costs[] = {total_of(*a), total_of(*b)};
        return costs[0] != costs[1] ? costs[0] > costs[1] : a->remote < b->remote;
    });
    std::string out = fmt::format("{:<24} {:>4} {:>10} {:>12} {:>8} {:>12} {:>12} {:>12}\n", "remote", "way",
                                  "messages", "bytes", "stopped", "chain p50", "handler p50", "handler p99");
    for (const ProfileEntry* const row : rows)
        out += fmt::format("{:<24} {:>4} {:>10} {:>12} {:>8} {:>9} ns {:>9} ns {:>9} ns\n", row->remote,
                           row->direction == Direction::inbound ? "in" : "out", row->messages, row->bytes,
                           row->stopped, row->chain.value_at_percentile(percent(50)),
                           row->handler.value_at_percentile(percent(50)),
                           row->handler.value_at_percentile(percent(99)));
    return out;
}

}  // namespace squall::remotes
