// The two ends of one value's way from one peer to another: numbered versions, each whole or as a delta to
// one that the receiver is known to have. What is lost is never repeated: the present value takes its place.
// Knows no remote and no connection.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/ring_buffer.hpp"
#include "squall/core/time.hpp"
#include "squall/remotes/message.hpp"
#include "squall/transport/endpoint.hpp"
#include "squall/wire/delta.hpp"

namespace squall::remotes::detail {

// Values behind the newest that may be a delta's baseline.
inline constexpr std::uint64_t kBaselineWindow = 32;

template <wire::Described T>
struct Version {
    std::uint64_t number = 0;  // of this sender's values to this receiver, from 1
    T value{};
};

// Appends the value, whole or as a delta, and gives what the receiver will make of it. `scratch` is used.
template <wire::Described T>
[[nodiscard]] bool append_value(std::vector<std::byte>& out, std::vector<std::byte>& scratch,
                                const T* baseline, const T& value, double epsilon, T& reconstructed) {
    const wire::DeltaOptions delta{epsilon};
    const std::size_t bits =
        baseline != nullptr ? wire::measure_delta(*baseline, value, delta) : wire::measure(value);
    scratch.resize((bits + 7) / 8);
    const std::optional<Bytes> encoded = baseline != nullptr
                                             ? wire::encode_delta(scratch, *baseline, value, delta)
                                             : wire::encode(scratch, value);
    if (!encoded) return false;
    const bool is_read = baseline != nullptr ? wire::decode_delta(*encoded, *baseline, reconstructed)
                                             : wire::decode(*encoded, reconstructed);
    if (!is_read) return false;
    const Bytes written = *encoded;
    out.insert(out.end(), written.begin(), written.end());
    return true;
}

// What one peer has of a value of ours.
template <wire::Described T>
class SentValue {
  public:
    // The value that the next version may be a delta to; nullptr: none.
    [[nodiscard]] const Version<T>* baseline() const {
        return acked_ && next_version() - acked_->number <= kBaselineWindow ? &*acked_ : nullptr;
    }
    [[nodiscard]] std::uint64_t next_version() const { return last_version_ + 1; }
    // A version left, as this message; `value` is what the receiver makes of it.
    void sent(MessageId message, T value) {
        if (under_way_.size() == kBaselineWindow) under_way_.pop_front();
        under_way_.push_back({message, {++last_version_, std::move(value)}});
        newest_sent_ = last_version_;
    }
    // A version left in some other way; accepted() says if it arrived.
    std::uint64_t take_version() { return ++last_version_; }
    void accepted(Version<T> version) {
        if (acked_ && acked_->number > version.number) return;
        acked_ = std::move(version);
        while (!under_way_.empty() && under_way_.front().second.number <= acked_->number)
            under_way_.pop_front();
    }
    enum class Settled : std::uint8_t { arrived, newest_lost, of_no_concern };
    Settled settle(MessageId message, MessageFate fate) {
        for (std::size_t i = 0; i < under_way_.size(); ++i) {
            if (under_way_[i].first != message) continue;
            if (fate == MessageFate::delivered) {
                accepted(Version<T>(under_way_[i].second));
                return Settled::arrived;
            }
            return under_way_[i].second.number == newest_sent_ ? Settled::newest_lost
                                                               : Settled::of_no_concern;
        }
        return Settled::of_no_concern;
    }

  private:
    std::optional<Version<T>> acked_;
    RingBuffer<std::pair<MessageId, Version<T>>> under_way_;
    std::uint64_t last_version_ = 0;
    std::uint64_t newest_sent_ = 0;  // of those that left by sent()
};

// Reads what append_value() wrote.
template <wire::Described T>
[[nodiscard]] bool read_value(Bytes bytes, const T* baseline, T& value) {
    return baseline != nullptr ? wire::decode_delta(bytes, *baseline, value) : wire::decode(bytes, value);
}

// What came from one peer of a value of its. A version that a chain refused is kept too, as its bytes: it
// arrived, so the sender may build upon it.
template <wire::Described T>
class ReceivedValue {
  public:
    [[nodiscard]] bool contains(std::uint64_t number) const { return place_of(number) < versions_.size(); }
    // nullptr: not here, or its bytes are no valid value.
    [[nodiscard]] const T* find(std::uint64_t number) {
        const std::size_t place = place_of(number);
        return place < versions_.size() && read(versions_[place]) ? &versions_[place].value : nullptr;
    }
    [[nodiscard]] bool is_newest(std::uint64_t number) const { return number > newest_; }
    [[nodiscard]] std::size_t size() const { return versions_.size(); }
    void keep(Version<T> version) {
        newest_ = std::max(newest_, version.number);
        insert({version.number, 0, true, std::move(version.value), {}});
    }
    // `baseline`: what its bytes are a change of; 0: a whole value.
    void keep_unread(std::uint64_t number, std::uint64_t baseline, Bytes bytes) {
        insert({number, baseline, false, T{}, {bytes.begin(), bytes.end()}});
    }

  private:
    struct Kept {
        std::uint64_t number = 0;
        std::uint64_t baseline = 0;
        bool is_read = false;
        T value{};
        std::vector<std::byte> bytes;  // until it is read
    };
    [[nodiscard]] std::size_t place_of(std::uint64_t number) const {
        std::size_t place = 0;
        while (place < versions_.size() && versions_[place].number != number) ++place;
        return place;
    }
    // Baselines have lower numbers, so this ends.
    bool read(Kept& kept) {
        if (kept.is_read) return true;
        const T* const baseline =
            kept.baseline != 0 && kept.baseline < kept.number ? find(kept.baseline) : nullptr;
        if (kept.baseline != 0 && baseline == nullptr) return false;
        kept.is_read = read_value(Bytes(kept.bytes), baseline, kept.value);
        if (kept.is_read) kept.bytes = {};
        return kept.is_read;
    }
    void insert(Kept kept) {
        if (contains(kept.number)) return;  // no friendly sender says a version twice
        // In order of number, so that the oldest leaves first.
        versions_.push_back(std::move(kept));
        for (std::size_t i = versions_.size() - 1; i > 0 && versions_[i].number < versions_[i - 1].number;
             --i)
            std::swap(versions_[i], versions_[i - 1]);
        while (versions_.front().number + kBaselineWindow < versions_.back().number) versions_.pop_front();
    }

    RingBuffer<Kept> versions_;
    std::uint64_t newest_ = 0;  // of those that were not refused
};

// What becomes of a value that a chain stopped. All but what failed stays owed.
[[nodiscard]] constexpr bool stays_owed(Outcome outcome) {
    return outcome != Outcome::passed && outcome != Outcome::failed;
}
// Nothing about the value or the peer stopped it: it is tried again as it is. Else the chain is looked at
// first, which costs less.
[[nodiscard]] constexpr bool is_shortage(Outcome outcome) {
    return outcome == Outcome::over_budget || outcome == Outcome::rate_limited;
}

// When a value may leave for one peer, and how long it has waited: at most one message in each interval, on
// the average also where time goes in coarse steps.
class SendSchedule {
  public:
    // The value changed, unless the peer was owed one already.
    void owe(TimePoint now) {
        if (is_owed_) return;
        is_owed_ = true;
        since_ = std::max(now, next_);
    }
    [[nodiscard]] bool is_owed() const { return is_owed_; }
    [[nodiscard]] TimePoint next() const { return next_; }
    void settle_debt() { is_owed_ = false; }
    void sent(TimePoint now, Duration interval) {
        is_owed_ = false;
        next_ = now - next_ < interval ? next_ + interval : now + interval;
    }
    void wait_until(TimePoint time) { next_ = std::max(next_, time); }
    // It might not have left before now, so it did not wait.
    void begin_anew(TimePoint now) { since_ = std::max(now, next_); }
    // Grows with priority and time, so that nothing waits for ever.
    [[nodiscard]] std::uint64_t score(TimePoint now, std::uint16_t priority) const {
        const auto waited = static_cast<std::uint64_t>(std::max(now - since_, Duration{0}).count());
        return priority * (waited / 1024 + 1);
    }

  private:
    bool is_owed_ = false;
    TimePoint since_{};
    TimePoint next_{};
};

}  // namespace squall::remotes::detail
