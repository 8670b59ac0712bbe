#include "transport/secure/address_list.hpp"

#include <utility>

namespace squall::secure {
namespace {

void write_address(ByteWriter& writer, const Address& address) {
    const auto& bytes = address.bytes();
    writer.write(static_cast<std::uint8_t>(address.family()));
    if (address.family() == Address::Family::ipv4) {
        for (std::size_t i = 0; i < 4; ++i) writer.write(bytes[i]);
    } else {
        for (std::size_t i = 0; i < 16; i += 2) {
            writer.write(bytes[i + 1]);
            writer.write(bytes[i]);
        }
    }
    writer.write(address.port());
}

std::optional<Address> read_address(ByteReader& reader) {
    const auto type = reader.read<std::uint8_t>();
    std::array<std::uint8_t, 16> bytes{};
    if (type == static_cast<std::uint8_t>(Address::Family::ipv4)) {
        for (std::size_t i = 0; i < 4; ++i) bytes[i] = reader.read<std::uint8_t>();
        const auto port = reader.read<std::uint16_t>();
        return Address::ipv4(bytes[0], bytes[1], bytes[2], bytes[3], port);
    }
    if (type != static_cast<std::uint8_t>(Address::Family::ipv6)) return std::nullopt;
    for (std::size_t i = 0; i < 16; i += 2) {
        bytes[i + 1] = reader.read<std::uint8_t>();
        bytes[i] = reader.read<std::uint8_t>();
    }
    return Address::ipv6(bytes, reader.read<std::uint16_t>());
}

}  // namespace

void write_addresses(ByteWriter& writer, std::span<const Address> addresses) {
    writer.write(static_cast<std::uint32_t>(addresses.size()));
    for (const auto& address : addresses) write_address(writer, address);
}

std::optional<AddressList> read_addresses(ByteReader& reader) {
    const auto count = reader.read<std::uint32_t>();
    if (!reader.ok() || count < 1 || count > kMaxServerAddresses) return std::nullopt;
    AddressList list;
    for (list.count = 0; list.count < count; ++list.count) {
        const auto address = read_address(reader);
        if (!address) return std::nullopt;
        list.items[list.count] = *address;
    }
    if (!reader.ok()) return std::nullopt;
    return list;
}

}  // namespace squall::secure
