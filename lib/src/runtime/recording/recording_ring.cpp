#include "runtime/recording/recording_ring.hpp"

#include <new>
#include <type_traits>

namespace squall::runtime {

using recorder::Control;
using recorder::Dropped;
using recorder::MessageRecord;
using recorder::WireRecord;

static_assert(std::is_trivially_copyable_v<WireRecord> && std::is_trivially_copyable_v<MessageRecord>);
static_assert(alignof(WireRecord) <= 8 && alignof(MessageRecord) <= 8);

std::byte* RecordingRing::reserve(TimePoint at, std::size_t size, std::uint64_t Dropped::* counter) {
    if (untold_.total() > 0) tell_drops(at);
    std::byte* const to = untold_.total() > 0 ? nullptr : ring_.reserve(size);
    if (to != nullptr) return to;
    ++(untold_.*counter);
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
}

template <class T>
T* RecordingRing::put_with_bytes(Kind kind, const T& record, Bytes T::* bytes,
                                 std::uint64_t Dropped::* counter) {
    const Bytes from = record.*bytes;
    std::byte* const to = reserve(record.at, sizeof(kind) + sizeof(T) + from.size(), counter);
    if (to == nullptr) return nullptr;
    std::memcpy(to, &kind, sizeof(kind));
    T* const copy = ::new (to + sizeof(kind)) T(record);
    std::byte* const its_bytes = to + sizeof(kind) + sizeof(T);
    if (!from.empty()) std::memcpy(its_bytes, from.data(), from.size());
    copy->*bytes = Bytes(its_bytes, from.size());
    return copy;
}

WireRecord* RecordingRing::put(const WireRecord& record) {
    return put_with_bytes(Kind::datagram, record, &WireRecord::packet, &Dropped::datagrams);
}

MessageRecord* RecordingRing::put(const MessageRecord& record) {
    return put_with_bytes(Kind::message, record, &MessageRecord::payload, &Dropped::messages);
}

void RecordingRing::withdraw(WireRecord& record) {
    const Kind kind = Kind::withdrawn;
    std::memcpy(reinterpret_cast<std::byte*>(&record) - sizeof(kind), &kind, sizeof(kind));
}

bool RecordingRing::put(TimePoint at, const Control& control) {
    if (untold_.total() > 0) tell_drops(at);
    if (untold_.total() == 0 && put_control(at, control)) return true;
    ++untold_.controls;
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return false;
}

bool RecordingRing::put_control(TimePoint at, const Control& control) {
    // The room is for the largest encoding; what it does not fill is given to nobody.
    const std::size_t most = recorder::encoded_size_max(control);
    const Kind kind = Kind::control;
    std::byte* const to = ring_.reserve(sizeof(kind) + sizeof(ControlHead) + most);
    if (to == nullptr) return false;
    const Bytes body = recorder::encode(control, {to + sizeof(kind) + sizeof(ControlHead), most});
    const ControlHead head{at, static_cast<std::uint64_t>(recorder::type_of(control)), body.size()};
    std::memcpy(to, &kind, sizeof(kind));
    std::memcpy(to + sizeof(kind), &head, sizeof(head));
    return true;
}

void RecordingRing::tell_drops(TimePoint at) {
    if (untold_.total() > 0 && put_control(at, untold_)) untold_ = {};
}

}  // namespace squall::runtime
