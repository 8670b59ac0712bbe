#include "squall/runtime/udp_batch.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "runtime/udp_batch_state.hpp"

namespace squall {
namespace {

constexpr std::size_t kMaxBatch = 1024;
// A cache line more than the largest datagram, so that a larger one shows as such.
constexpr std::size_t kPlainStride = 1536;
constexpr std::size_t kCoalescedStride = 64 * 1024;
// The kernel puts at most so many datagrams into one (UDP_MAX_SEGMENTS of the newest kernels).
constexpr std::size_t kMaxCoalesced = 128;
static_assert(kPlainStride > kMaxDatagramBytes);

}  // namespace

ReceiveBatch::ReceiveBatch(std::size_t buffers, bool coalesced) : state_(std::make_unique<State>()) {
    const std::size_t count = std::clamp<std::size_t>(buffers, 1, kMaxBatch);
    State& s = *state_;
    s.stride = coalesced ? kCoalescedStride : kPlainStride;
    s.memory = std::make_unique_for_overwrite<std::byte[]>(count * s.stride);
    s.headers.resize(count);
    s.vectors.resize(count);
    s.addresses.resize(count);
    s.controls.resize(count);
    s.places.reserve(coalesced ? count * kMaxCoalesced : count);
    for (std::size_t i = 0; i < count; ++i) s.vectors[i] = {s.memory.get() + i * s.stride, s.stride};
    s.reset_headers(count);
}

ReceiveBatch::ReceiveBatch(ReceiveBatch&&) noexcept = default;
ReceiveBatch& ReceiveBatch::operator=(ReceiveBatch&&) noexcept = default;
ReceiveBatch::~ReceiveBatch() = default;

void ReceiveBatch::State::reset_headers(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        msghdr& header = headers[i].msg_hdr;
        header.msg_name = &addresses[i];
        header.msg_namelen = sizeof addresses[i];
        header.msg_iov = &vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = controls[i].bytes.data();
        header.msg_controllen = controls[i].bytes.size();
        header.msg_flags = 0;
    }
}

ReceiveBatch::Item ReceiveBatch::operator[](std::size_t index) const {
    assert(index < size_);
    const State::Place& place = state_->places[index];
    return {runtime::read_address(state_->addresses[place.buffer]),
            {state_->memory.get() + place.buffer * state_->stride + place.offset, place.size}};
}

bool ReceiveBatch::was_filled() const {
    return state_->buffers_filled == state_->headers.size();
}

TransmitBatch::TransmitBatch(std::size_t datagrams) : state_(std::make_unique<State>()) {
    capacity_ = std::clamp<std::size_t>(datagrams, 1, kMaxBatch);
    State& s = *state_;
    s.memory = std::make_unique_for_overwrite<std::byte[]>(capacity_ * kMaxDatagramBytes);
    s.transmits.resize(capacity_);
    s.vectors.resize(capacity_);
    s.headers.resize(capacity_);
    s.addresses.resize(capacity_);
    s.controls.resize(capacity_);
}

TransmitBatch::TransmitBatch(TransmitBatch&&) noexcept = default;
TransmitBatch& TransmitBatch::operator=(TransmitBatch&&) noexcept = default;
TransmitBatch::~TransmitBatch() = default;

MutableBytes TransmitBatch::next() {
    assert(!full());
    return {state_->memory.get() + size_ * kMaxDatagramBytes, kMaxDatagramBytes};
}

void TransmitBatch::commit(const Transmit& transmit, MutableBytes written) {
    assert(!full() && transmit.size <= kMaxDatagramBytes);
    std::byte* place = state_->memory.get() + size_ * kMaxDatagramBytes;
    if (place != written.data()) std::memmove(place, written.data(), transmit.size);
    state_->transmits[size_++] = transmit;
}

}  // namespace squall
