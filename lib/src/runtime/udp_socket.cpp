#include "squall/runtime/udp_socket.hpp"

#include <linux/sock_diag.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "runtime/descriptor.hpp"
#include "runtime/socket_address.hpp"
#include "runtime/system_error.hpp"
#include "runtime/udp_batch_state.hpp"

namespace squall {
namespace {

using runtime::SocketAddress;

// Errors that arrived for the socket are read and skipped, but not for ever in one call.
constexpr int kMaxErrorsSkipped = 16;
// How many datagrams may leave as one: the kernel's UDP_MAX_SEGMENTS before 6.9, and what fits into a 16-bit
// length.
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMaxSegmentedBytes = 65'000;

bool set_option(int fd, int level, int name, int value) {
    return ::setsockopt(fd, level, name, &value, sizeof value) == 0;
}

// The limit of an ordinary user is net.core.*mem_max; with CAP_NET_ADMIN there is none.
void set_buffer(int fd, int forced, int plain, std::size_t bytes) {
    if (bytes == 0) return;
    const int value = static_cast<int>(std::min<std::size_t>(bytes, 1U << 30U));
    if (!set_option(fd, SOL_SOCKET, forced, value)) (void)set_option(fd, SOL_SOCKET, plain, value);
}

// The kernel reports twice what it was asked for: its own share is in it.
std::size_t get_buffer(int fd, int name) {
    int value = 0;
    socklen_t length = sizeof value;
    if (::getsockopt(fd, SOL_SOCKET, name, &value, &length) != 0) return 0;
    return static_cast<std::size_t>(value) / 2;
}

std::optional<std::uint32_t> read_drops(int fd) {
    std::array<std::uint32_t, SK_MEMINFO_VARS> values{};
    socklen_t length = sizeof values;
    if (::getsockopt(fd, SOL_SOCKET, SO_MEMINFO, values.data(), &length) != 0) return std::nullopt;
    if (length <= SK_MEMINFO_DROPS * sizeof(std::uint32_t)) return std::nullopt;
    return values[SK_MEMINFO_DROPS];
}

struct ControlValues {
    std::optional<std::uint32_t> drops;
    std::size_t segment_bytes = 0;
};
ControlValues read_control(msghdr& header) {
    ControlValues values;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SO_RXQ_OVFL) {
            std::uint32_t drops = 0;
            std::memcpy(&drops, CMSG_DATA(control), sizeof drops);
            values.drops = drops;
        } else if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
            int segment = 0;
            std::memcpy(&segment, CMSG_DATA(control), sizeof segment);
            values.segment_bytes = static_cast<std::size_t>(std::max(segment, 0));
        }
    }
    return values;
}

// What one buffer holds: a datagram, or several of `segment` bytes that the kernel put together (the last may
// be shorter).
void cut_up(ReceiveBatch::State& state, std::uint32_t buffer, std::size_t segment_bytes, bool truncated,
            SocketStatistics& statistics) {
    const std::uint32_t size = state.headers[buffer].msg_len;
    const auto segment =
        segment_bytes > 0 ? static_cast<std::uint32_t>(segment_bytes) : std::max<std::uint32_t>(size, 1);
    std::uint32_t offset = 0;
    do {
        const std::uint32_t bytes = std::min(segment, size - offset);
        ++statistics.datagrams_received;
        statistics.bytes_received += bytes;
        if (truncated || bytes > kMaxDatagramBytes || state.places.size() == state.places.capacity())
            ++statistics.oversized_drops;
        else
            state.places.push_back({buffer, offset, bytes});
        offset += bytes;
    } while (offset < size);
}

// How many of the first transmits can leave as one: one address, one size, only the last may be smaller.
std::size_t run_length(std::span<const Transmit> transmits) {
    const Transmit& head = transmits[0];
    if (head.size == 0) return 1;
    std::size_t bytes = head.size;
    std::size_t count = 1;
    while (count < std::min(transmits.size(), kMaxSegments)) {
        const Transmit& next = transmits[count];
        if (next.size == 0 || next.size > head.size || bytes + next.size > kMaxSegmentedBytes ||
            next.to != head.to)
            break;
        bytes += next.size;
        ++count;
        if (next.size < head.size) break;
    }
    return count;
}

void write_segment_size(msghdr& header, SegmentControl& place, std::size_t bytes) {
    header.msg_control = place.bytes.data();
    header.msg_controllen = place.bytes.size();
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto segment = static_cast<std::uint16_t>(bytes);
    std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
}

}  // namespace

Result<UdpSocket> UdpSocket::open(const UdpOptions& options) {
    const int family = runtime::family_of(options.bind);
    if (family == AF_UNSPEC)
        return fail(
            ErrorCode::invalid_argument,
            "cannot open a UDP socket without an address: give one to bind, as 0.0.0.0:40000 or [::1]:0");
    const auto error = [&] { return std::unexpected(runtime::bind_error(errno, "UDP", options.bind)); };
    runtime::Descriptor fd(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!fd.is_open()) return error();
    if (family == AF_INET6 && !set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, options.bind.is_any() ? 0 : 1))
        return error();
    if (options.reuse_port && !set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1)) return error();
    set_buffer(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer_bytes);
    set_buffer(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer_bytes);
    // The kernel's count of drops can be asked for (SO_MEMINFO); only a system that does not tell it needs a
    // message with each datagram (SO_RXQ_OVFL, the same count), which costs a percent or two.
    if (!read_drops(fd.get())) (void)set_option(fd.get(), SOL_SOCKET, SO_RXQ_OVFL, 1);

    SocketAddress address;
    const socklen_t length = runtime::write_address(options.bind, family, address);
    if (::bind(fd.get(), &address.any, length) != 0) return error();
    socklen_t bound_length = sizeof address;
    if (::getsockname(fd.get(), &address.any, &bound_length) != 0) return error();

    UdpSocket socket;
    socket.family_ = family;
    socket.local_ = runtime::read_address(address);
    socket.segmented_send_ = options.segmented_send;
    socket.coalesced_receive_ = options.coalesced_receive && set_option(fd.get(), SOL_UDP, UDP_GRO, 1);
    socket.fd_ = fd.release();
    return socket;
}

UdpSocket::UdpSocket(UdpSocket&& other) noexcept {
    *this = std::move(other);
}

UdpSocket& UdpSocket::operator=(UdpSocket&& other) noexcept {
    if (this == &other) return *this;
    close();
    fd_ = std::exchange(other.fd_, -1);
    family_ = other.family_;
    coalesced_receive_ = other.coalesced_receive_;
    segmented_send_ = other.segmented_send_;
    local_ = other.local_;
    kernel_drops_seen_ = other.kernel_drops_seen_;
    statistics_ = other.statistics_;
    return *this;
}

UdpSocket::~UdpSocket() {
    close();
}

void UdpSocket::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

SocketBuffers UdpSocket::buffers() const {
    return {get_buffer(fd_, SO_RCVBUF), get_buffer(fd_, SO_SNDBUF)};
}

SocketStatistics UdpSocket::statistics() const {
    if (const auto drops = read_drops(fd_)) note_kernel_drops(*drops);
    return statistics_;
}

void UdpSocket::note_kernel_drops(std::uint32_t total) const {
    // A message that waited in the queue carries an older count than one read since: only steps forward
    // count.
    const std::uint32_t step = total - kernel_drops_seen_;
    if (step == 0 || step > 0x7fff'ffffU) return;
    statistics_.kernel_drops += step;
    kernel_drops_seen_ = total;
}

std::optional<UdpSocket::Received> UdpSocket::receive_from(MutableBytes buffer) {
    for (int attempt = 0; attempt < kMaxErrorsSkipped; ++attempt) {
        SocketAddress from;
        ReceiveControl control;
        iovec vector{buffer.data(), buffer.size()};
        msghdr header{};
        header.msg_name = &from;
        header.msg_namelen = sizeof from;
        header.msg_iov = &vector;
        header.msg_iovlen = 1;
        header.msg_control = control.bytes.data();
        header.msg_controllen = control.bytes.size();
        ++statistics_.receive_calls;
        const ssize_t size = ::recvmsg(fd_, &header, MSG_TRUNC);
        if (size >= 0) {
            if (const auto values = read_control(header); values.drops) note_kernel_drops(*values.drops);
            ++statistics_.datagrams_received;
            statistics_.bytes_received += static_cast<std::uint64_t>(size);
            return Received{runtime::read_address(from), static_cast<std::size_t>(size)};
        }
        if (nothing_waits(errno)) break;
    }
    return std::nullopt;
}

bool UdpSocket::nothing_waits(int number) {
    if (number == EAGAIN || number == EWOULDBLOCK) return true;
    if (number != EINTR) ++statistics_.socket_errors;
    return false;
}

bool UdpSocket::send_to(Bytes datagram, const Address& to) {
    SocketAddress address;
    const socklen_t length = runtime::write_address(to, family_, address);
    if (length != 0) {
        ssize_t size = -1;
        do {
            ++statistics_.send_calls;
            size = ::sendto(fd_, datagram.data(), datagram.size(), MSG_NOSIGNAL, &address.any, length);
        } while (size < 0 && errno == EINTR);
        if (size >= 0) {
            ++statistics_.datagrams_sent;
            statistics_.bytes_sent += datagram.size();
            return true;
        }
    }
    ++statistics_.send_drops;
    return false;
}

std::size_t UdpSocket::receive(ReceiveBatch& batch) {
    ReceiveBatch::State& s = *batch.state_;
    s.places.clear();
    s.buffers_filled = 0;
    batch.size_ = 0;
    int count = -1;
    for (int attempt = 0; count < 0 && attempt < kMaxErrorsSkipped; ++attempt) {
        ++statistics_.receive_calls;
        count =
            ::recvmmsg(fd_, s.headers.data(), static_cast<unsigned>(s.headers.size()), MSG_DONTWAIT, nullptr);
        if (count < 0 && nothing_waits(errno)) return 0;
    }
    if (count <= 0) return 0;
    s.buffers_filled = static_cast<std::size_t>(count);
    for (std::uint32_t i = 0; i < s.buffers_filled; ++i) {
        msghdr& header = s.headers[i].msg_hdr;
        const ControlValues control = header.msg_controllen > 0 ? read_control(header) : ControlValues{};
        if (control.drops) note_kernel_drops(*control.drops);
        const bool truncated = (header.msg_flags & MSG_TRUNC) != 0;
        cut_up(s, i, control.segment_bytes, truncated, statistics_);
    }
    s.reset_headers(s.buffers_filled);
    batch.size_ = s.places.size();
    return batch.size_;
}

void UdpSocket::send(TransmitBatch& batch) {
    if (batch.empty()) return;
    const std::size_t messages = plan_messages(batch);
    send_messages(batch.state_->headers.data(), messages);
    batch.size_ = 0;
}

// One message a datagram; with segmentation, one a run of datagrams of one size to one address. Returns how
// many.
std::size_t UdpSocket::plan_messages(TransmitBatch& batch) {
    TransmitBatch::State& s = *batch.state_;
    std::size_t messages = 0;
    for (std::size_t first = 0; first < batch.size_;) {
        const std::span<const Transmit> rest(s.transmits.data() + first, batch.size_ - first);
        const std::size_t count = segmented_send_ ? run_length(rest) : 1;
        for (std::size_t i = first; i < first + count; ++i)
            s.vectors[i] = {s.memory.get() + i * kMaxDatagramBytes, s.transmits[i].size};
        const socklen_t length = runtime::write_address(rest[0].to, family_, s.addresses[messages]);
        if (length == 0) {
            statistics_.send_drops += count;
        } else {
            msghdr& header = s.headers[messages].msg_hdr;
            header = msghdr{};
            header.msg_name = &s.addresses[messages];
            header.msg_namelen = length;
            header.msg_iov = &s.vectors[first];
            header.msg_iovlen = count;
            if (count > 1) write_segment_size(header, s.controls[messages], rest[0].size);
            ++messages;
        }
        first += count;
    }
    return messages;
}

void UdpSocket::send_messages(mmsghdr* messages, std::size_t count) {
    while (count > 0) {
        ++statistics_.send_calls;
        const int sent = ::sendmmsg(fd_, messages, static_cast<unsigned>(count), MSG_NOSIGNAL);
        const int error = errno;
        if (sent > 0) {
            for (int i = 0; i < sent; ++i) {
                statistics_.datagrams_sent += messages[i].msg_hdr.msg_iovlen;
                statistics_.bytes_sent += messages[i].msg_len;
            }
            messages += sent;
            count -= static_cast<std::size_t>(sent);
            continue;
        }
        if (error == EINTR) continue;
        if (error == EAGAIN || error == EWOULDBLOCK) {
            // The send buffer is full: what is left is lost, as it would be in a full router.
            for (std::size_t i = 0; i < count; ++i) statistics_.send_drops += messages[i].msg_hdr.msg_iovlen;
            return;
        }
        if (messages->msg_hdr.msg_iovlen > 1) {
            // The device cannot segment (EIO), or not into such sizes.
            if (error == EIO) segmented_send_ = false;
            send_one_by_one(*messages);
        } else {
            if (error == ECONNREFUSED) ++statistics_.socket_errors;
            ++statistics_.send_drops;
        }
        ++messages;
        --count;
    }
}

void UdpSocket::send_one_by_one(const mmsghdr& message) {
    for (std::size_t i = 0; i < message.msg_hdr.msg_iovlen; ++i) {
        msghdr header = message.msg_hdr;
        header.msg_iov = message.msg_hdr.msg_iov + i;
        header.msg_iovlen = 1;
        header.msg_control = nullptr;
        header.msg_controllen = 0;
        ++statistics_.send_calls;
        if (::sendmsg(fd_, &header, MSG_NOSIGNAL) >= 0) {
            ++statistics_.datagrams_sent;
            statistics_.bytes_sent += header.msg_iov->iov_len;
        } else {
            ++statistics_.send_drops;
        }
    }
}

}  // namespace squall
