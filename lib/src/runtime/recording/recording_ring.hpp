// Records on their way from the thread that makes them to the one that writes them. Counts what it has no
// room for, and says so in a record as soon as there is room again. Knows no file.
#pragma once

#include <atomic>
#include <cstdint>

#include "squall/core/byte_ring.hpp"
#include "squall/recorder/record.hpp"

namespace squall::runtime {

class RecordingRing {
  public:
    explicit RecordingRing(std::size_t bytes) : ring_(bytes) {}

    // --- the producer

    recorder::WireRecord* put(const recorder::WireRecord& record);
    recorder::MessageRecord* put(const recorder::MessageRecord& record);
    bool put(TimePoint at, const recorder::Control& control);
    // A datagram that was put and not published was none.
    static void withdraw(recorder::WireRecord& record);
    void publish() { ring_.publish(); }
    [[nodiscard]] std::size_t used() const { return ring_.used(); }
    [[nodiscard]] std::size_t capacity() const { return ring_.capacity(); }
    // Told if there is room for it.
    void tell_drops(TimePoint at);

    // --- the consumer

    // Hands out records, oldest first; `take` has an overload for each of Record's kinds.
    template <class Take>
    std::size_t read(Take&& take, std::size_t max_records) {
        return ring_.read([&](MutableBytes piece) { hand_out(piece, take); }, max_records);
    }

    // Any thread.
    [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  private:
    enum class Kind : std::uint64_t { datagram, message, control, withdrawn };
    struct ControlHead {
        TimePoint at{};
        std::uint64_t type = 0;
        std::uint64_t size = 0;
    };
    template <class T>
    T* put_with_bytes(Kind kind, const T& record, Bytes T::* bytes,
                      std::uint64_t recorder::Dropped::* counter);
    std::byte* reserve(TimePoint at, std::size_t size, std::uint64_t recorder::Dropped::* counter);
    bool put_control(TimePoint at, const recorder::Control& control);

    template <class Take>
    static void hand_out(MutableBytes piece, Take& take) {
        Kind kind{};
        std::memcpy(&kind, piece.data(), sizeof(kind));
        const Bytes rest = piece.subspan(sizeof(kind));
        if (kind == Kind::datagram) return take(with_bytes(rest, &recorder::WireRecord::packet));
        if (kind == Kind::message) return take(with_bytes(rest, &recorder::MessageRecord::payload));
        if (kind == Kind::withdrawn) return;
        ControlHead head;
        std::memcpy(&head, rest.data(), sizeof(head));
        take(recorder::ControlRecord{head.at, static_cast<recorder::RecordType>(head.type),
                                     recorder::kRecordVersion,
                                     rest.subspan(sizeof(head), static_cast<std::size_t>(head.size))});
    }
    // A copy of the record at the front, whose bytes are what stands behind it.
    template <class T>
    static T with_bytes(Bytes from, Bytes T::* bytes) {
        T record;
        std::memcpy(static_cast<void*>(&record), from.data(), sizeof(T));
        record.*bytes = from.subspan(sizeof(T), (record.*bytes).size());
        return record;
    }

    ByteRing ring_;
    recorder::Dropped untold_;
    std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace squall::runtime
