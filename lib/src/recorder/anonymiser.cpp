#include "squall/recorder/anonymiser.hpp"

#include <array>

#include "recorder/netcode_layout.hpp"

namespace squall::recorder {
namespace {

std::uint64_t read_u64(Bytes from) {
    ByteReader reader(from);
    return reader.read<std::uint64_t>();
}

}  // namespace

Address Anonymiser::address(const Address& original) {
    if (!original.is_valid()) return original;
    const auto number = static_cast<std::uint32_t>(addresses_.size() + 1);
    const std::uint32_t n = addresses_.try_emplace(original.with_port(0), number).first->second;
    const auto byte = [n](unsigned shift) { return static_cast<std::uint8_t>((n >> shift) & 0xff); };
    if (original.family() == Address::Family::ipv4)
        return Address::ipv4(10, byte(16), byte(8), byte(0), original.port());
    std::array<std::uint8_t, 16> bytes{0xfd};
    for (unsigned i = 0; i < 4; ++i) bytes[15 - i] = byte(8 * i);
    return Address::ipv6(bytes, original.port());
}

ClientId Anonymiser::client(ClientId original) {
    const std::uint64_t number = clients_.size() + 1;
    return ClientId{clients_.try_emplace(original.value, number).first->second};
}

void Anonymiser::request(MutableBytes plain) {
    if (plain.size() != netcode::kRequestBytes || plain[0] != std::byte{0}) return;
    const MutableBytes token = plain.subspan(netcode::kRequestTokenOffset);
    ByteWriter id(token);
    id.write(client(ClientId{read_u64(token)}).value);
    ByteReader reader(token);
    reader.skip(12);
    const auto count = reader.read<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && i < netcode::kMaxTokenAddresses && reader.ok(); ++i) {
        const auto family = reader.read<std::uint8_t>();
        const std::size_t size = family == 1 ? 4 : 16;
        const std::size_t at = reader.position();
        std::array<std::uint8_t, 16> bytes{};
        for (std::size_t k = 0; k < size; ++k) bytes[k] = reader.read<std::uint8_t>();
        const auto port = reader.read<std::uint16_t>();
        const Address replaced =
            address(family == 1 ? Address::ipv4(bytes[0], bytes[1], bytes[2], bytes[3], port)
                                : Address::ipv6(bytes, port));
        for (std::size_t k = 0; k < size && reader.ok(); ++k) token[at + k] = std::byte{replaced.bytes()[k]};
    }
    const std::size_t user_data = reader.position() + netcode::kTokenKeyBytes;
    if (!reader.ok() || user_data + netcode::kUserDataBytes > token.size()) return;
    ByteWriter zero(token.subspan(user_data, netcode::kUserDataBytes));
    zero.write_zeros(netcode::kUserDataBytes);
}

}  // namespace squall::recorder
