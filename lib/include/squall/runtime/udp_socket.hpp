// A non-blocking UDP socket, IPv4 or IPv6, one datagram or a batch a system call. Knows no pump: whoever has
// it decides when to call. An AsioHost drives its nodes through these; a program may use one by itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "squall/core/address.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"
#include "squall/runtime/host.hpp"
#include "squall/runtime/system_limits.hpp"
#include "squall/runtime/udp_batch.hpp"

struct mmsghdr;

namespace squall {

struct UdpOptions {
    // Port 0 takes a free one. [::] takes IPv4 as well, and shows its peers as IPv4 addresses; any other IPv6
    // address is IPv6 only.
    Address bind = Address::loopback(0);
    // Wanted kernel buffers in bytes; 0: the system's default. Beyond net.core.rmem_max only with
    // CAP_NET_ADMIN.
    std::size_t receive_buffer_bytes = 0;
    std::size_t send_buffer_bytes = 0;
    bool reuse_port = false;
    // Let the kernel hand over several datagrams of one peer as one (UDP_GRO); needs a ReceiveBatch that is
    // made for it.
    bool coalesced_receive = false;
    // Let runs of datagrams to one peer leave as one system packet that is cut up later (UDP_SEGMENT).
    bool segmented_send = false;
};

class UdpSocket {
  public:
    // Errors name the address and the way out: address_in_use, permission_denied, invalid_argument,
    // unsupported, io.
    [[nodiscard]] static Result<UdpSocket> open(const UdpOptions& options);

    UdpSocket(UdpSocket&& other) noexcept;
    UdpSocket& operator=(UdpSocket&& other) noexcept;
    ~UdpSocket();

    struct Received {
        Address from;
        std::size_t size = 0;  // of the datagram; if larger than the buffer, the rest is lost
    };
    // One datagram, or nothing if none waits. Errors that the peer's system reported are skipped and counted.
    [[nodiscard]] std::optional<Received> receive_from(MutableBytes buffer);
    // False: the system refused it, and it is lost (see statistics().send_drops): a datagram that waits is
    // worth less than a lost one.
    bool send_to(Bytes datagram, const Address& to);

    // Fills the batch with what waits, at most its capacity; the number of datagrams. What the batch held
    // before is gone.
    std::size_t receive(ReceiveBatch& batch);
    // Sends all and empties the batch. What the system refuses is lost and counted; the rest goes out.
    void send(TransmitBatch& batch);

    [[nodiscard]] const Address& local_address() const { return local_; }
    // What the system granted.
    [[nodiscard]] SocketBuffers buffers() const;
    // Asks the system for the drops of this moment.
    [[nodiscard]] SocketStatistics statistics() const;
    // For select, poll and epoll.
    [[nodiscard]] int native_handle() const { return fd_; }

  private:
    UdpSocket() = default;
    void close();
    // Counts what the kernel says that it dropped so far (a 32-bit counter that wraps).
    void note_kernel_drops(std::uint32_t total) const;
    // True if nothing waits; otherwise the error has been taken off the socket and counted.
    bool nothing_waits(int number);
    std::size_t plan_messages(TransmitBatch& batch);
    void send_messages(mmsghdr* messages, std::size_t count);
    void send_one_by_one(const mmsghdr& message);

    int fd_ = -1;
    int family_ = 0;
    bool coalesced_receive_ = false;
    bool segmented_send_ = false;
    Address local_;
    mutable std::uint32_t kernel_drops_seen_ = 0;
    mutable SocketStatistics statistics_;
};

}  // namespace squall
