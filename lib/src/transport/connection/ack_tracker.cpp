#include "transport/connection/ack_tracker.hpp"

#include <algorithm>

namespace squall::connection {

void AckTracker::on_packet(TimePoint now, std::uint64_t number, Need need, Duration max_ack_delay) {
    bool gap = false;
    if (!has_any_ || number > largest_) {
        if (has_any_) {
            gap = number != largest_ + 1;
            const std::uint64_t first_new = number - largest_ > kWindow ? number - kWindow + 1 : largest_ + 1;
            for (std::uint64_t n = first_new; n <= number; ++n) clear_bit(n);
        } else {
            floor_ = number;
        }
        largest_ = number;
        largest_at_ = now;
    } else {
        ++reordered_;
        ++epoch_;
        if (largest_ - number >= kWindow) return;  // too old to tell of; its sender will repeat what mattered
        floor_ = std::min(floor_, number);
    }
    has_any_ = true;
    has_news_ = true;
    set_bit(number);
    if (need == Need::none) return;
    // At once when something that is waited for seems to be missing, but not again and again where packets
    // overtake each other.
    if (gap && need == Need::soon && now >= next_urgent_) {
        next_urgent_ = now + max_ack_delay / 2;
        due_ = now;
        return;
    }
    due_ = std::min(due_, now + (need == Need::later ? kLazyAckFactor * max_ack_delay : max_ack_delay));
}

bool AckTracker::was_received(std::uint64_t number) const {
    return has_any_ && number <= largest_ && largest_ - number < kWindow && bit(number);
}

AckFrame AckTracker::make_ack(TimePoint now) const {
    AckFrame ack;
    ack.largest = WireSequence<std::uint16_t>::of(largest_);
    ack.delay_units =
        static_cast<std::uint64_t>(std::max<Duration>(now - largest_at_, Duration{0}) / kAckDelayUnit);
    const std::uint64_t span = std::min<std::uint64_t>(largest_ - floor_, kMaxAckMaskBytes * 8);
    for (std::uint64_t i = 0; i < span; ++i) {
        const std::uint64_t number = largest_ - 1 - i;
        if (!was_received(number)) continue;
        ack.mask[i / 8] = static_cast<std::uint8_t>(ack.mask[i / 8] | (1U << (i % 8)));
        ack.mask_bytes = static_cast<std::uint8_t>(i / 8 + 1);
    }
    return ack;
}

void AckTracker::on_ack_sent() {
    has_news_ = false;
    due_ = kNever;
}

void AckTracker::on_ack_heard(std::uint64_t largest, std::uint16_t epoch) {
    if (epoch == epoch_ && largest > floor_) floor_ = std::min(largest, largest_);
}

}  // namespace squall::connection
