#include "transport/connection/sent_packets.hpp"

namespace squall::connection {

SentPacket& SentPackets::on_sent(std::uint64_t number) {
    if (packets_.empty()) first_number_ = number;
    assert(number >= end_number());
    while (end_number() < number) {
        SentPacket& gap = packets_.push_back(SentPacket{});
        gap.first_carried = carried_base_ + carried_.size();
    }
    SentPacket& packet = packets_.push_back(SentPacket{});
    packet.first_carried = carried_base_ + carried_.size();
    packet.state = SentPacket::State::in_flight;
    return packet;
}

void SentPackets::forget_settled(TimePoint now, Duration keep_lost) {
    while (!packets_.empty()) {
        const SentPacket& front = packets_.front();
        if (front.state == SentPacket::State::in_flight) return;
        if (front.state == SentPacket::State::lost && now - front.sent_at < keep_lost &&
            packets_.size() < kMaxOutstanding)
            return;
        for (std::size_t i = 0; i < front.carried_count; ++i) carried_.pop_front();
        carried_base_ += front.carried_count;
        packets_.pop_front();
        ++first_number_;
    }
}

}  // namespace squall::connection
