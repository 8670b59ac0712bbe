// The memory that batched UDP calls work on: datagrams received by one system call, and datagrams gathered
// for one. Allocated once; several sockets may share a batch as long as one is done with it before the next
// begins. Knows no socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/transport/node.hpp"

namespace squall {

inline constexpr std::size_t kUdpBatch = 64;

class ReceiveBatch {
  public:
    // `buffers` (1 to 1024) is how many the kernel may fill in one call. Coalesced: each holds up to 64 KiB,
    // and one may hold several datagrams.
    explicit ReceiveBatch(std::size_t buffers = kUdpBatch, bool coalesced = false);
    ReceiveBatch(ReceiveBatch&&) noexcept;
    ReceiveBatch& operator=(ReceiveBatch&&) noexcept;
    ~ReceiveBatch();

    struct Item {
        Address from;
        MutableBytes bytes;
    };
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] Item operator[](std::size_t index) const;
    // True if the last call filled every buffer, so that more may wait.
    [[nodiscard]] bool was_filled() const;

    struct State;

  private:
    friend class UdpSocket;
    std::unique_ptr<State> state_;
    std::size_t size_ = 0;
};

class TransmitBatch {
  public:
    // `datagrams` (1 to 1024) is how many it holds.
    explicit TransmitBatch(std::size_t datagrams = kUdpBatch);
    TransmitBatch(TransmitBatch&&) noexcept;
    TransmitBatch& operator=(TransmitBatch&&) noexcept;
    ~TransmitBatch();

    // Where the next datagram is to be written: kMaxDatagramBytes. Only while !full().
    [[nodiscard]] MutableBytes next();
    // Takes the datagram that was written to next(). `written` is where that was: if the batch was sent in
    // between, it moves.
    void commit(const Transmit& transmit, MutableBytes written);
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] bool full() const { return size_ == capacity_; }
    void clear() { size_ = 0; }

    struct State;

  private:
    friend class UdpSocket;
    std::unique_ptr<State> state_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace squall
