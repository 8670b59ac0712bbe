// What is under way: every payload packet that was sent and whose fate is open, with what it carried. A ring
// keyed by packet number. Knows nothing of time-outs or congestion; it only remembers.
#pragma once

#include <cassert>
#include <cstdint>

#include "squall/core/ids.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/core/time.hpp"

namespace squall::connection {

// One message or fragment inside a packet.
struct CarriedMessage {
    std::uint32_t id_low = 0;  // low bits of the message id
    std::uint16_t fragment = 0;
    ChannelId channel;
};

struct SentPacket {
    enum class State : std::uint8_t { none, in_flight, acked, lost };
    TimePoint sent_at{};
    std::uint64_t first_carried = 0;  // index of its first CarriedMessage
    std::uint64_t told_largest = 0;   // the acknowledgement it carried, if any
    std::uint32_t bytes = 0;          // the whole datagram
    std::uint16_t carried_count = 0;
    std::uint16_t told_epoch = 0;
    State state = State::none;  // none: the number went to a control packet
    bool told_any = false;
    bool is_eliciting = false;  // carries messages: its loss matters
    bool is_wanted = false;     // carries reliable ones: its acknowledgement is waited for
};

class SentPackets {
  public:
    // Packets beyond this many are settled as lost, oldest first, so that a silent peer costs bounded memory.
    static constexpr std::size_t kMaxOutstanding = 2048;

    // Numbers must grow; those left out belong to control packets. Add what it carries before the next
    // on_sent().
    SentPacket& on_sent(std::uint64_t number);
    // The packet was not sent after all; only right after its on_sent(), before anything was carried.
    void cancel_last() {
        assert(packets_.back().carried_count == 0);
        packets_.pop_back();
    }
    void carry(CarriedMessage message) {
        CarriedMessage& place = carried_.extend();
        place.id_low = message.id_low;
        place.fragment = message.fragment;
        place.channel = message.channel;
        ++packets_.back().carried_count;
    }

    [[nodiscard]] SentPacket* find(std::uint64_t number) {
        if (number < first_number_ || number - first_number_ >= packets_.size()) return nullptr;
        return &packets_[number - first_number_];
    }
    [[nodiscard]] const CarriedMessage& carried(const SentPacket& packet, std::size_t index) const {
        return carried_[packet.first_carried + index - carried_base_];
    }
    // Drops packets from the front whose fate is settled. Lost ones stay for a while, so that a late
    // acknowledgement is noticed.
    void forget_settled(TimePoint now, Duration keep_lost);

    // Gives back memory that nothing needs now.
    void rest() {
        packets_.shrink();
        carried_.shrink();
    }

    void prefetch() const {
        packets_.prefetch_items();
        carried_.prefetch_items();
    }

    [[nodiscard]] bool empty() const { return packets_.empty(); }
    [[nodiscard]] std::size_t size() const { return packets_.size(); }
    [[nodiscard]] std::uint64_t first_number() const { return first_number_; }
    [[nodiscard]] std::uint64_t end_number() const { return first_number_ + packets_.size(); }

  private:
    RingBuffer<SentPacket> packets_;
    RingBuffer<CarriedMessage> carried_;
    std::uint64_t first_number_ = 0;
    std::uint64_t carried_base_ = 0;
};

}  // namespace squall::connection
