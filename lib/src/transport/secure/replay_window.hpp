// Accepts each packet number of one direction at most once. Knows nothing else of a packet: the caller marks
// a number only after the packet has been found authentic.
#pragma once

#include <array>
#include <cstdint>

namespace squall::secure {

class ReplayWindow {
  public:
    static constexpr std::uint64_t kSize = 1024;

    enum class Verdict : std::uint8_t { fresh, replayed, too_old };

    [[nodiscard]] Verdict check(std::uint64_t sequence) const {
        // From the top downwards: adding to a number near 2^64 would wrap (IMPLEMENTERS.md, finding 1).
        if (newest_ >= kSize && sequence <= newest_ - kSize) return Verdict::too_old;
        if (sequence > newest_) return Verdict::fresh;
        return is_marked(sequence) ? Verdict::replayed : Verdict::fresh;
    }
    // The number was fresh and its packet is authentic.
    void mark(std::uint64_t sequence) {
        if (sequence > newest_) advance(sequence);
        words_[word_of(sequence)] |= bit_of(sequence);
    }
    [[nodiscard]] std::uint64_t newest() const { return newest_; }

  private:
    static constexpr std::size_t word_of(std::uint64_t sequence) { return (sequence % kSize) / 64; }
    static constexpr std::uint64_t bit_of(std::uint64_t sequence) {
        return std::uint64_t{1} << (sequence % 64);
    }
    [[nodiscard]] bool is_marked(std::uint64_t sequence) const {
        return (words_[word_of(sequence)] & bit_of(sequence)) != 0;
    }
    // Forgets the numbers that fall out of the window, so that their bits can stand for the new ones.
    void advance(std::uint64_t sequence) {
        if (sequence - newest_ >= kSize) {
            words_.fill(0);
        } else {
            for (std::uint64_t number = newest_ + 1; number != sequence; ++number)
                words_[word_of(number)] &= ~bit_of(number);
            words_[word_of(sequence)] &= ~bit_of(sequence);
        }
        newest_ = sequence;
    }

    std::uint64_t newest_ = 0;
    std::array<std::uint64_t, kSize / 64> words_{};
};

}  // namespace squall::secure
