// Which packets of the peer have arrived and what the peer must still be told about them. Never claims a
// packet that did not arrive. Knows numbers and times; nothing of what was in the packets.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "squall/core/time.hpp"
#include "transport/connection/packet_format.hpp"

namespace squall::connection {

// An acknowledgement that nobody waits for may take so many times the configured delay.
inline constexpr int kLazyAckFactor = 5;

class AckTracker {
  public:
    // How much its sender needs to know that a packet arrived.
    enum class Need : std::uint8_t {
        none,   // it carried no message: tell it only where there is a packet anyway
        later,  // nobody waits, but rates, losses and fates depend on it
        soon,   // something is sent again if it is not told
    };
    // Notes a packet that was opened, was new, and was accepted whole.
    void on_packet(TimePoint now, std::uint64_t number, Need need, Duration max_ack_delay);

    // True if there is anything that the peer has not been told.
    [[nodiscard]] bool has_news() const { return has_news_; }
    // When a packet must leave for the acknowledgement alone; kNever if none is owed.
    [[nodiscard]] TimePoint due() const { return due_; }

    // What to tell now. Only after has_any().
    [[nodiscard]] bool has_any() const { return has_any_; }
    [[nodiscard]] AckFrame make_ack(TimePoint now) const;
    // The acknowledgement went out in a packet.
    void on_ack_sent();
    [[nodiscard]] std::uint64_t largest() const { return largest_; }
    // The peer has acknowledged a packet of ours that told it about everything up to `largest`: no need to
    // repeat that, unless an older packet arrived since then (the epoch has changed).
    void on_ack_heard(std::uint64_t largest, std::uint16_t epoch);
    [[nodiscard]] std::uint16_t epoch() const { return epoch_; }

    [[nodiscard]] bool was_received(std::uint64_t number) const;
    [[nodiscard]] std::uint64_t reordered_count() const { return reordered_; }

  private:
    static constexpr std::size_t kWindow = 512;  // packets behind the largest that are remembered
    [[nodiscard]] bool bit(std::uint64_t number) const {
        return (words_[(number / 64) % words_.size()] >> (number % 64)) & 1;
    }
    void set_bit(std::uint64_t number) {
        words_[(number / 64) % words_.size()] |= std::uint64_t{1} << (number % 64);
    }
    void clear_bit(std::uint64_t number) {
        words_[(number / 64) % words_.size()] &= ~(std::uint64_t{1} << (number % 64));
    }

    std::array<std::uint64_t, kWindow / 64> words_{};
    std::uint64_t largest_ = 0;
    std::uint64_t floor_ = 0;  // the peer knows of everything below
    std::uint64_t reordered_ = 0;
    TimePoint largest_at_{};
    TimePoint due_ = kNever;
    TimePoint next_urgent_{};  // no acknowledgement of a gap before this
    std::uint16_t epoch_ = 0;  // counts packets that arrived behind a newer one
    bool has_any_ = false;
    bool has_news_ = false;
};

}  // namespace squall::connection
