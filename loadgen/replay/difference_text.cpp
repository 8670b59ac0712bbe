#include "replay/difference_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "squall/recorder/packet_view.hpp"

namespace squall::loadgen {
namespace {

using RemoteName = std::function<std::string(std::uint16_t)>;

constexpr std::size_t kBytesShown = 16;  // before and behind the one that differs

std::string_view packet_type(const std::vector<std::byte>& packet) {
    if (packet.empty()) return "unknown";
    return recorder::packet_type_name(std::to_integer<std::uint8_t>(packet[0] & std::byte{0x0f}));
}

std::string hex_around(const std::vector<std::byte>& bytes, std::size_t at) {
    const std::size_t begin = at > kBytesShown ? at - kBytesShown : 0;
    const std::size_t end = std::min(bytes.size(), at + kBytesShown);
    std::string out;
    for (std::size_t i = begin; i < end; ++i)
        out += fmt::format("{}{:02x}{}", i == at ? "[" : " ", std::to_integer<unsigned>(bytes[i]),
                           i == at ? "]" : "");
    if (at >= bytes.size()) out += "[--]";
    return out;
}

std::string name_of(const SentMessage& message, const RemoteName& remote_name) {
    std::string out = fmt::format("message {} of channel {}", message.number, message.channel.value);
    if (message.remote == 0) return out;
    const std::string name = remote_name(message.remote);
    return out + (name.empty() ? fmt::format(" (remote {})", message.remote) : fmt::format(" ('{}')", name));
}

std::string list_of(const std::vector<SentMessage>& messages, const RemoteName& remote_name) {
    if (messages.empty()) return "no message";
    std::string out;
    for (const SentMessage& message : messages) {
        if (!out.empty()) out += ", ";
        out += fmt::format("{}, {} bytes", name_of(message, remote_name), message.bytes.size());
    }
    return out;
}

// The first message that is not the same, if both packets have messages.
std::string message_text(const Difference& difference, const RemoteName& remote_name) {
    const auto& recorded = difference.recorded_messages;
    const auto& again = difference.again_messages;
    for (std::size_t i = 0; i < std::min(recorded.size(), again.size()); ++i) {
        const SentMessage& one = recorded[i];
        const SentMessage& other = again[i];
        if (one.channel != other.channel || one.number != other.number || one.remote != other.remote)
            return fmt::format("  where the recording has {}, the re-run has {}\n", name_of(one, remote_name),
                               name_of(other, remote_name));
        if (one.bytes == other.bytes) continue;
        const auto [left, right] =
            std::mismatch(one.bytes.begin(), one.bytes.end(), other.bytes.begin(), other.bytes.end());
        const auto at = static_cast<std::size_t>(left - one.bytes.begin());
        return fmt::format("  in {}, byte {} of {}:\n    recorded: {}\n    again:    {}\n",
                           name_of(one, remote_name), at, one.bytes.size(), hex_around(one.bytes, at),
                           hex_around(other.bytes, at));
    }
    if (recorded.size() == again.size()) return {};
    return fmt::format("  the recorded packet has {}\n  the re-run's has {}\n",
                       list_of(recorded, remote_name), list_of(again, remote_name));
}

// Whose byte of a packet it is, by its place: for packets that came of the same messages.
std::string place_text(const Difference& difference, const RemoteName& remote_name) {
    recorder::PacketView view;
    const auto is_readable = [&view](Bytes packet) {
        return recorder::parse_packet(packet, view) && view.has_payload;
    };
    // What differs may be what the frames are read by; then the other packet tells.
    if (!is_readable(difference.recorded) && !is_readable(difference.again))
        return "  the packet's frames cannot be read\n";
    const std::size_t at = difference.byte;
    if (at < view.header_bytes) return "  in netcode's header\n";
    if (at < view.header_bytes + 1 + view.ack_bytes) return "  in the packet's flags and acknowledgement\n";
    for (const recorder::FrameView& frame : view.frames) {
        const std::size_t end = frame.offset + frame.header_bytes + frame.bytes.size();
        if (at < frame.offset || at >= end) continue;
        const auto same = std::ranges::find_if(difference.recorded_messages, [&](const SentMessage& message) {
            return message.channel == frame.channel && (message.number & 0xffff) == frame.message;
        });
        SentMessage message{frame.channel, frame.message, 0, {}};
        if (same != difference.recorded_messages.end()) message.remote = same->remote;
        const std::string name = name_of(message, remote_name);
        if (at < frame.offset + frame.header_bytes) return fmt::format("  in the frame header of {}\n", name);
        return fmt::format("  in {}{}, byte {} of {}\n", name,
                           frame.fragment_count > 1 ? fmt::format(", fragment {}", frame.fragment) : "",
                           at - frame.offset - frame.header_bytes, frame.bytes.size());
    }
    return "  in the packet's padding\n";
}

std::string whose(const Difference& difference) {
    std::string out = to_string(difference.peer);
    if (difference.connection.is_valid())
        out = fmt::format("connection {}.{} ({})", difference.connection.slot,
                          difference.connection.generation, out);
    return out;
}

}  // namespace

std::string describe(const Difference& difference, TimePoint began, const RemoteName& remote_name) {
    const double seconds = std::chrono::duration<double>(difference.at - began).count();
    std::string out = fmt::format("first difference: at {:.6f} s, tick {}, ", seconds, difference.tick);
    switch (difference.kind) {
        case Difference::Kind::content:
            out += fmt::format(
                "{}, packet {} ({})\n  byte {} of {} in plain text:\n    recorded: {}\n    again:    {}\n",
                whose(difference), difference.packet, packet_type(difference.recorded), difference.byte,
                difference.recorded.size(), hex_around(difference.recorded, difference.byte),
                hex_around(difference.again, difference.byte));
            break;
        case Difference::Kind::peer:
            out += fmt::format("packet {} ({}) went to {}, and goes to somebody else now\n",
                               difference.packet, packet_type(difference.recorded), whose(difference));
            break;
        case Difference::Kind::missing:
            out +=
                fmt::format("packet {} ({}, {} bytes) went to {}, and is not sent again\n", difference.packet,
                            packet_type(difference.recorded), difference.recorded.size(), whose(difference));
            break;
        case Difference::Kind::additional:
            out += fmt::format("a packet ({}, {} bytes) goes to {} that is not in the recording\n",
                               packet_type(difference.again), difference.again.size(), whose(difference));
            break;
        case Difference::Kind::state:
            return out + fmt::format("the server's state hashes to {:016x}, and did to {:016x}\n",
                                     difference.again_hash, difference.recorded_hash);
    }
    if (difference.kind == Difference::Kind::missing)
        return out + fmt::format("  it had {}\n", list_of(difference.recorded_messages, remote_name));
    if (difference.kind == Difference::Kind::additional)
        return out + fmt::format("  it has {}\n", list_of(difference.again_messages, remote_name));
    const std::string text = message_text(difference, remote_name);
    if (!text.empty() || difference.kind != Difference::Kind::content) return out + text;
    return out + place_text(difference, remote_name);
}

}  // namespace squall::loadgen
