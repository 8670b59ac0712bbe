#include "recorder/ip_header.hpp"

namespace squall::recorder {
namespace {

constexpr std::size_t kUdpBytes = 8;
constexpr std::byte kUdp{17};
constexpr std::byte kHops{64};

void put16(std::byte* to, std::uint32_t value) {
    to[0] = static_cast<std::byte>((value >> 8) & 0xff);
    to[1] = static_cast<std::byte>(value & 0xff);
}

std::uint16_t get16(const std::byte* from) {
    return static_cast<std::uint16_t>((std::to_integer<unsigned>(from[0]) << 8) |
                                      std::to_integer<unsigned>(from[1]));
}

void put_address(std::byte* to, const Address& address, Address::Family family) {
    const std::size_t size = family == Address::Family::ipv6 ? 16 : 4;
    if (address.family() == family)
        std::memcpy(to, address.bytes().data(), size);
    else
        std::memset(to, 0, size);
}

std::array<std::uint8_t, 16> get_address(const std::byte* from, std::size_t size) {
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), from, size);
    return bytes;
}

std::uint16_t ipv4_checksum(const std::byte* header) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < 20; i += 2) sum += get16(header + i);
    while ((sum >> 16) != 0) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<std::uint16_t>(~sum & 0xffff);
}

}  // namespace

std::size_t write_headers(const IpUdpHeader& header, std::span<std::byte, kMaxIpHeaderBytes> out) {
    const bool v6 =
        header.from.family() == Address::Family::ipv6 || header.to.family() == Address::Family::ipv6;
    const auto udp_bytes = static_cast<std::uint32_t>(header.payload_bytes + kUdpBytes);
    std::byte* const ip = out.data();
    std::byte* const udp = ip + (v6 ? 40 : 20);
    std::memset(ip, 0, v6 ? 48 : 28);
    if (v6) {
        ip[0] = std::byte{0x60};
        put16(ip + 2, static_cast<std::uint16_t>(header.form));
        put16(ip + 4, udp_bytes);
        ip[6] = kUdp, ip[7] = kHops;
        put_address(ip + 8, header.from, Address::Family::ipv6);
        put_address(ip + 24, header.to, Address::Family::ipv6);
        // IPv6 knows no datagram without a checksum; a wrong one is not looked at in packets that are cut.
        put16(udp + 6, 0xffff);
    } else {
        ip[0] = std::byte{0x45};
        put16(ip + 2, udp_bytes + 20);
        put16(ip + 4, static_cast<std::uint16_t>(header.form));
        ip[8] = kHops, ip[9] = kUdp;
        put_address(ip + 12, header.from, Address::Family::ipv4);
        put_address(ip + 16, header.to, Address::Family::ipv4);
        put16(ip + 10, ipv4_checksum(ip));
    }
    put16(udp, header.from.port());
    put16(udp + 2, header.to.port());
    put16(udp + 4, udp_bytes);
    return v6 ? 48 : 28;
}

std::optional<IpUdpHeader> parse_headers(Bytes packet) {
    if (packet.size() < 28) return std::nullopt;
    const unsigned version = std::to_integer<unsigned>(packet[0]) >> 4;
    const std::byte* const ip = packet.data();
    IpUdpHeader out;
    out.header_bytes = version == 6 ? 48 : 28;
    if (packet.size() < out.header_bytes) return std::nullopt;
    const std::byte* const udp = ip + out.header_bytes - kUdpBytes;
    const std::uint16_t from_port = get16(udp);
    const std::uint16_t to_port = get16(udp + 2);
    if (version == 4) {
        if (ip[0] != std::byte{0x45} || ip[9] != kUdp) return std::nullopt;
        const auto from = get_address(ip + 12, 4);
        const auto to = get_address(ip + 16, 4);
        out.from = Address::ipv4(from[0], from[1], from[2], from[3], from_port);
        out.to = Address::ipv4(to[0], to[1], to[2], to[3], to_port);
        out.form = static_cast<PacketForm>(get16(ip + 4));
    } else if (version == 6) {
        if (ip[6] != kUdp) return std::nullopt;
        out.from = Address::ipv6(get_address(ip + 8, 16), from_port);
        out.to = Address::ipv6(get_address(ip + 24, 16), to_port);
        out.form = static_cast<PacketForm>(get16(ip + 2));
    } else {
        return std::nullopt;
    }
    const std::uint16_t udp_bytes = get16(udp + 4);
    if (udp_bytes < kUdpBytes || out.form > PacketForm::opened) return std::nullopt;
    out.payload_bytes = static_cast<std::uint32_t>(udp_bytes - kUdpBytes);
    return out;
}

}  // namespace squall::recorder
