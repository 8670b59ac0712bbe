// What this machine and this process allow: open files, socket buffers, ports, timer slack; and the sentence
// that says which setting to raise where that is too little. Linux only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "squall/core/result.hpp"

namespace squall {

struct DescriptorLimit {
    std::uint64_t soft = 0;  // what holds now
    std::uint64_t hard = 0;  // what this process may raise it to
};
[[nodiscard]] DescriptorLimit descriptor_limit();
// Raises the soft limit of open files so that `wanted` fit; returns the limit that holds then. Error:
// permission_denied, with the command that raises the hard limit.
Result<std::uint64_t> require_descriptors(std::uint64_t wanted);

struct PortRange {
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    [[nodiscard]] constexpr std::size_t size() const { return std::size_t{last} - first + 1; }
};
// The ports that the system gives to sockets bound to port 0; nothing where it does not say.
[[nodiscard]] std::optional<PortRange> ephemeral_port_range();

// Buffer sizes of one socket, in bytes of payload space as setsockopt counts them.
struct SocketBuffers {
    std::size_t receive = 0;
    std::size_t send = 0;
};
// Where the system granted less than was asked for (0 asks for nothing): one line that names the sysctl to
// raise and to what. `who` names the socket. Nothing if all was granted.
[[nodiscard]] std::optional<std::string> buffer_advice(std::string_view who, const SocketBuffers& wanted,
                                                       const SocketBuffers& granted);
// The receive buffer in which so many small datagrams can wait at once: the kernel charges 768 bytes and more
// for each.
[[nodiscard]] constexpr std::size_t receive_buffer_for(std::size_t small_datagrams) {
    return small_datagrams * 1024;
}

// Makes this thread's waits end within microseconds of their deadline (the default lets them oversleep by 50
// us), at the price of more wake-ups. Error: io.
Result<> pin_timer_slack();

}  // namespace squall
