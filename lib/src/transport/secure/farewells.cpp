#include "transport/secure/farewells.hpp"

namespace squall::secure {

std::size_t Farewell::total_bytes() const {
    std::size_t bytes = 0;
    for (unsigned i = 0; i < with_reason + plain; ++i) {
        const bool tells = i < with_reason;
        bytes += header_bytes(tells ? PacketType::disconnect_with_reason : PacketType::disconnect,
                              next_sequence + i) +
                 (tells ? kReasonBodyBytes : 0) + cipher->tag_bytes();
    }
    return bytes;
}

std::optional<Transmit> Farewells::poll_transmit(MutableBytes buffer) {
    while (!queue_.empty() && queue_.front().with_reason + queue_.front().plain == 0) queue_.pop_front();
    if (queue_.empty()) return std::nullopt;
    auto& farewell = queue_.front();
    PacketHeader header;
    header.sequence = farewell.next_sequence++;
    std::size_t body_bytes = 0;
    if (farewell.with_reason > 0) {
        --farewell.with_reason;
        header.type = PacketType::disconnect_with_reason;
        buffer[header_bytes(header.type, header.sequence)] = static_cast<std::byte>(farewell.reason);
        body_bytes = kReasonBodyBytes;
    } else {
        --farewell.plain;
        header.type = PacketType::disconnect;
    }
    const auto size = farewell.binding.seal(*farewell.cipher, header, buffer, body_bytes);
    return Transmit{farewell.to, size};
}

}  // namespace squall::secure
