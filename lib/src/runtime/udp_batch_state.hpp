// What is inside the UDP batches: the arrays that recvmmsg and sendmmsg read and fill.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <vector>

#include "runtime/socket_address.hpp"
#include "squall/runtime/udp_batch.hpp"

namespace squall {

// Room for a drop count (SO_RXQ_OVFL) and a segment size (UDP_GRO).
struct ReceiveControl {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint32_t)) + CMSG_SPACE(sizeof(int))> bytes;
};

struct ReceiveBatch::State {
    struct Place {
        std::uint32_t buffer = 0;  // which of the buffers
        std::uint32_t offset = 0;
        std::uint32_t size = 0;
    };
    std::size_t stride = 0;
    std::unique_ptr<std::byte[]> memory;
    std::vector<mmsghdr> headers;
    std::vector<iovec> vectors;
    std::vector<runtime::SocketAddress> addresses;
    std::vector<ReceiveControl> controls;
    std::vector<Place> places;  // one a datagram; reserved for the most that can come
    std::size_t buffers_filled = 0;

    // Makes the first `count` headers ready for the kernel again.
    void reset_headers(std::size_t count);
};

// One UDP_SEGMENT control message.
struct SegmentControl {
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(std::uint16_t))> bytes;
};

struct TransmitBatch::State {
    std::unique_ptr<std::byte[]> memory;
    std::vector<Transmit> transmits;
    std::vector<iovec> vectors;
    std::vector<mmsghdr> headers;
    std::vector<runtime::SocketAddress> addresses;
    std::vector<SegmentControl> controls;
};

}  // namespace squall
