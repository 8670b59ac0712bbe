#include "gui/data/dissection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "squall/recorder/packet_view.hpp"

namespace squall::gui {
namespace {

constexpr std::array<std::string_view, 18> kReasons = {"none",
                                                       "requested",
                                                       "requested by peer",
                                                       "timed out",
                                                       "server full",
                                                       "denied",
                                                       "server shutdown",
                                                       "kicked",
                                                       "protocol error",
                                                       "queue overflow",
                                                       "request timed out",
                                                       "response timed out",
                                                       "token expired",
                                                       "token invalid",
                                                       "rate limited",
                                                       "unauthorised",
                                                       "replaced",
                                                       "reserved slot expired"};
constexpr std::size_t kFramesMax = 4096;

// Walks over bytes and makes fields of them.
class Walker {
  public:
    explicit Walker(Bytes bytes, std::size_t begin = 0) : bytes_(bytes), at_(begin) {}

    [[nodiscard]] std::size_t at() const { return at_; }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - at_; }
    [[nodiscard]] bool failed() const { return failed_; }

    std::optional<std::uint64_t> integer(Field& parent, std::string name, std::size_t size) {
        if (remaining() < size) return cut(parent, std::move(name), size);
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::to_integer<std::uint64_t>(bytes_[at_ + i]) << (8 * i);
        add(parent, std::move(name), fmt::format("{}", value), size);
        return value;
    }
    std::optional<std::uint64_t> varint(Field& parent, std::string name) {
        std::uint64_t value = 0;
        for (std::size_t size = 0; size < 10; ++size) {
            if (remaining() <= size) return cut(parent, std::move(name), size + 1);
            const auto byte = std::to_integer<std::uint64_t>(bytes_[at_ + size]);
            value |= (byte & 0x7f) << (7 * size);
            if ((byte & 0x80) != 0) continue;
            const bool longer = byte == 0 && size > 0;
            Field& field =
                add(parent, std::move(name),
                    fmt::format("{}{}", value, longer ? " (longer than it needs to be)" : ""), size + 1);
            field.is_wrong = longer;
            return value;
        }
        return cut(parent, std::move(name), 10);
    }
    Field* bytes(Field& parent, std::string name, std::size_t size) {
        if (remaining() < size) {
            (void)cut(parent, std::move(name), size);
            return nullptr;
        }
        std::string text = to_hex(bytes_.subspan(at_, std::min<std::size_t>(size, 24)));
        if (size > 24) text += "…";
        return &add(parent, std::move(name), fmt::format("{} bytes  {}", size, text), size);
    }
    [[nodiscard]] Bytes peek(std::size_t size) const {
        return bytes_.subspan(at_, std::min(size, remaining()));
    }
    void skip(std::size_t size) { at_ += std::min(size, remaining()); }

  private:
    Field& add(Field& parent, std::string name, std::string value, std::size_t size) {
        parent.children.push_back({std::move(name), std::move(value), at_ * 8, size * 8, false, {}});
        at_ += size;
        return parent.children.back();
    }
    std::nullopt_t cut(Field& parent, std::string name, std::size_t size) {
        parent.children.push_back(
            {std::move(name),
             fmt::format("missing: {} bytes are wanted and {} are left", size, remaining()),
             at_ * 8,
             remaining() * 8,
             true,
             {}});
        at_ = bytes_.size();
        failed_ = true;
        return std::nullopt;
    }
    Bytes bytes_;
    std::size_t at_;
    bool failed_ = false;
};

void bit_field(Field& parent, std::string name, std::string value, std::size_t bit, std::size_t bits,
               bool wrong = false) {
    parent.children.push_back({std::move(name), std::move(value), bit, bits, wrong, {}});
}

void flags(Walker& walker, Field& payload, std::uint64_t& value) {
    const std::size_t bit = walker.at() * 8;
    const auto read = walker.integer(payload, "flags", 1);
    if (!read) return;
    value = *read;
    Field& field = payload.children.back();
    field.value = fmt::format("0x{:02x}", value);
    bit_field(field, "acknowledgement follows", (value & 1) != 0 ? "yes" : "no", bit, 1);
    bit_field(field, "acknowledgement wanted", (value & 2) != 0 ? "yes" : "no", bit + 1, 1);
    if ((value >> 2) != 0) bit_field(field, "unknown bits", "must be zero", bit + 2, 6, true);
}

void acknowledgement(Walker& walker, Field& payload) {
    Field ack{"acknowledgement", "", walker.at() * 8, 0, false, {}};
    const std::size_t begin = walker.at();
    const auto largest = walker.integer(ack, "largest", 2);
    const auto delay = largest ? walker.varint(ack, "delay") : std::nullopt;
    if (delay) ack.children.back().value = fmt::format("{} ({} µs)", *delay, *delay * 32);
    const auto size = delay ? walker.integer(ack, "mask bytes", 1) : std::nullopt;
    if (size && *size > 32) ack.children.back().is_wrong = true;
    if (size && *size > 0) {
        const Bytes mask = walker.peek(*size);
        const std::size_t mask_bit = walker.at() * 8;
        if (Field* field = walker.bytes(ack, "mask", *size)) {
            std::size_t received = 0;
            for (std::size_t i = 0; i < mask.size() * 8; ++i) {
                const bool set = (std::to_integer<unsigned>(mask[i / 8]) >> (i % 8) & 1u) != 0;
                received += set ? 1 : 0;
                const auto number = static_cast<std::uint16_t>(*largest - 1 - i);
                bit_field(*field, fmt::format("packet …{}", number), set ? "received" : "not told",
                          mask_bit + i, 1);
            }
            field->value = fmt::format("{} of {} received", received, mask.size() * 8);
        }
    }
    ack.bits = (walker.at() - begin) * 8;
    if (largest) ack.value = fmt::format("up to packet …{}", *largest);
    payload.children.push_back(std::move(ack));
}

void message_body(Walker& walker, Field& frame, std::uint64_t length, const RemoteNames& names) {
    if (length == 0 || walker.remaining() < length) {
        (void)walker.bytes(frame, "message", std::max<std::uint64_t>(length, 1));
        return;
    }
    const Bytes bytes = walker.peek(length);
    frame.children.push_back(dissect_message(bytes, names, walker.at()));
    walker.skip(length);
}

void frame_of(Walker& walker, Field& payload, const RemoteNames& names) {
    const std::size_t begin = walker.at();
    Field frame{"frame", "", begin * 8, 0, false, {}};
    const auto head = walker.integer(frame, "head", 1);
    if (!head) return;
    const std::uint64_t type = *head >> 5;
    const std::uint64_t channel = *head & 31;
    Field& head_field = frame.children.back();
    head_field.value = fmt::format("0x{:02x}", *head);
    bit_field(head_field, "channel", fmt::format("{}", channel), begin * 8, 5);
    bit_field(head_field, "type", fmt::format("{}", type), begin * 8 + 5, 3, type > 3);
    switch (type) {
        case 0: {
            frame.name = "padding";
            const Bytes rest = walker.peek(walker.remaining());
            const bool zero =
                *head == 0 && std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; });
            frame.value = fmt::format("{} bytes", rest.size() + 1);
            frame.is_wrong = !zero;
            walker.skip(rest.size());
            break;
        }
        case 1: {
            frame.name = "message";
            const auto id = walker.integer(frame, "id", 2);
            const auto length = id ? walker.varint(frame, "length") : std::nullopt;
            if (length) message_body(walker, frame, *length, names);
            frame.value = fmt::format("channel {}", channel);
            break;
        }
        case 2: {
            frame.name = "messages";
            const auto id = walker.integer(frame, "first id", 2);
            const auto count = id ? walker.integer(frame, "count", 1) : std::nullopt;
            for (std::uint64_t i = 0; count && i < *count && !walker.failed(); ++i)
                if (const auto length = walker.varint(frame, "length"))
                    message_body(walker, frame, *length, names);
            frame.value = fmt::format("{} on channel {}", count.value_or(0), channel);
            break;
        }
        case 3: {
            frame.name = "fragment";
            const auto id = walker.integer(frame, "id", 2);
            const auto index = id ? walker.varint(frame, "index") : std::nullopt;
            const auto count = index ? walker.varint(frame, "count") : std::nullopt;
            const auto total = count ? walker.varint(frame, "total") : std::nullopt;
            if (total && *count > 1 && *count <= 8192 && *index < *count && *total >= *count &&
                *total <= (1u << 20)) {
                const std::uint64_t size = (*total + *count - 1) / *count;
                (void)walker.bytes(frame, "part",
                                   std::min((*index + 1) * size, *total) - std::min(*index * size, *total));
            } else if (total) {
                frame.is_wrong = true;
                walker.skip(walker.remaining());
            }
            frame.value =
                fmt::format("{} of {}, channel {}", index.value_or(0) + 1, count.value_or(0), channel);
            break;
        }
        default:
            frame.value = "unknown type";
            frame.is_wrong = true;
            walker.skip(walker.remaining());
    }
    frame.bits = (walker.at() - begin) * 8;
    payload.children.push_back(std::move(frame));
}

void payload_of(Walker& walker, Field& packet, const RemoteNames& names) {
    Field payload{"payload",       fmt::format("{} bytes", walker.remaining()),
                  walker.at() * 8, walker.remaining() * 8,
                  false,           {}};
    std::uint64_t set = 0;
    flags(walker, payload, set);
    if ((set & 1) != 0 && !walker.failed()) acknowledgement(walker, payload);
    for (std::size_t i = 0; i < kFramesMax && walker.remaining() > 0 && !walker.failed(); ++i)
        frame_of(walker, payload, names);
    packet.children.push_back(std::move(payload));
}

void reason_of(Walker& walker, Field& packet) {
    const auto reason = walker.integer(packet, "reason", 1);
    if (reason && *reason < kReasons.size())
        packet.children.back().value = fmt::format("{} ({})", *reason, kReasons[*reason]);
}

// One of the addresses that a token is for: netcode's type, then 4 bytes or 8 words, then the port.
bool address_of(Walker& walker, Field& token, std::uint64_t number) {
    const std::size_t begin = walker.at();
    Field address{fmt::format("server address {}", number), "", begin * 8, 0, false, {}};
    const auto type = walker.integer(address, "type", 1);
    const bool is_v4 = type == 1U;
    const bool is_known = is_v4 || type == 2U;
    const Bytes host = walker.peek(is_v4 ? 4 : 16);
    if (is_known &&
        walker.bytes(address, is_v4 ? "IPv4 address" : "IPv6 address", is_v4 ? 4 : 16) != nullptr) {
        const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(host[i]); };
        std::string text = fmt::format("{}.{}.{}.{}", byte(0), byte(1), byte(2), byte(3));
        for (std::size_t i = 0; !is_v4 && i < 8; ++i)
            text = fmt::format("{}{}{:x}", i == 0 ? "[" : text, i == 0 ? "" : ":",
                               byte(2 * i) | byte(2 * i + 1) << 8);
        if (!is_v4) text += ']';
        const auto port = walker.integer(address, "port", 2);
        if (port) address.value = fmt::format("{}:{}", text, *port);
    }
    address.is_wrong = type && !is_known;
    address.bits = (walker.at() - begin) * 8;
    token.children.push_back(std::move(address));
    return is_known && !walker.failed();
}

// netcode 1.02's private connect token, as the server opened it. Recordings without keys have them blanked.
void private_token_of(Walker& walker, Field& packet) {
    constexpr std::size_t kSize = 1008;
    const std::size_t begin = walker.at();
    Field token{"private token (opened)", "", begin * 8, kSize * 8, false, {}};
    if (const auto client = walker.integer(token, "client id", 8))
        token.children.back().value = fmt::format("0x{:016x}", *client);
    if (const auto timeout = walker.integer(token, "timeout", 4)) {
        const auto seconds = static_cast<std::int32_t>(static_cast<std::uint32_t>(*timeout));
        token.children.back().value = seconds < 0 ? "none" : fmt::format("{} s", seconds);
    }
    const auto count = walker.failed() ? std::nullopt : walker.integer(token, "server addresses", 4);
    if (count && (*count == 0 || *count > 32)) token.children.back().is_wrong = true;
    bool is_readable = count && *count <= 32;
    for (std::uint64_t i = 0; is_readable && i < *count; ++i) is_readable = address_of(walker, token, i + 1);
    for (const char* const key : {"key from client to server", "key from server to client"}) {
        if (!is_readable) break;
        const Bytes bytes = walker.peek(32);
        Field* const field = walker.bytes(token, key, 32);
        is_readable = field != nullptr;
        if (field != nullptr && std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; }))
            field->value = "left out of the recording";
    }
    if (is_readable) is_readable = walker.bytes(token, "user data", 256) != nullptr;
    const std::size_t used = walker.at() - begin;
    if (!walker.failed() && used < kSize) (void)walker.bytes(token, "zeros", kSize - used);
    packet.children.push_back(std::move(token));
    if (!walker.failed()) (void)walker.bytes(packet, "authentication tag of the token", 16);
}

// What anybody can read of a request, and the private token, which a recording has as the server opened it.
void request_of(Walker& walker, Field& packet) {
    const Bytes version = walker.peek(13);
    if (Field* field = walker.bytes(packet, "version", 13)) {
        std::string text;
        for (const std::byte byte : version)
            if (byte != std::byte{0}) text += static_cast<char>(std::to_integer<unsigned char>(byte));
        field->is_wrong = version.back() != std::byte{0} ||
                          std::ranges::any_of(text, [](char it) { return it < ' ' || it > '~'; });
        field->value = field->is_wrong ? field->value : text;
    }
    if (const auto protocol = walker.integer(packet, "protocol id", 8))
        packet.children.back().value = fmt::format("0x{:016x}", *protocol);
    if (!walker.failed() && walker.integer(packet, "token expires", 8))
        packet.children.back().value += " s after 1970";
    if (!walker.failed()) (void)walker.bytes(packet, "nonce of the private token", 24);
    if (!walker.failed()) private_token_of(walker, packet);
    if (walker.remaining() > 0 && !walker.failed()) {
        (void)walker.bytes(packet, "more", walker.remaining());
        packet.children.back().is_wrong = true;
    }
}

void shift(Field& field, std::size_t bits) {
    field.bit += bits;
    for (Field& child : field.children) shift(child, bits);
}

void rest_of(Walker& walker, Field& message, const std::string& name) {
    if (walker.remaining() > 0 && !walker.failed()) (void)walker.bytes(message, name, walker.remaining());
}

// The name of an operation behind its number.
template <std::size_t N>
std::optional<std::uint64_t> operation_of(Walker& walker, Field& message,
                                          const std::array<std::string_view, N>& names) {
    const auto operation = walker.integer(message, "operation", 1);
    if (!operation) return operation;
    Field& field = message.children.back();
    field.is_wrong = *operation >= N || names[*operation].empty();
    field.value = fmt::format("{} ({})", *operation, field.is_wrong ? "not known" : names[*operation]);
    return operation;
}

void control_of(Walker& walker, Field& message) {
    static constexpr std::array<std::string_view, 3> kOperations = {"", "hello", "contract"};
    const auto operation = operation_of(walker, message, kOperations);
    if (operation != 1) return rest_of(walker, message, "declared remotes");
    if (walker.integer(message, "version", 1) && walker.integer(message, "hash of what is declared", 8))
        rest_of(walker, message, "more");
}

void function_of(Walker& walker, Field& message, const std::string& object) {
    static constexpr std::array<std::string_view, 5> kOperations = {"request", "reply", "error", "cancel",
                                                                    "keyed request"};
    const auto operation = operation_of(walker, message, kOperations);
    if (!operation || !walker.varint(message, "call id")) return;
    if (operation == 2 && !walker.integer(message, "error code", 1)) return;
    if (operation == 4 && !walker.integer(message, "key", 8)) return;
    rest_of(walker, message, operation == 2 ? "text" : object);
}

// What stands behind the remote's number, by its kind (lib/STANDARD.md, section 7).
void body_of(Walker& walker, Field& message, const RemoteLabel& label) {
    const std::string object =
        label.codec.empty() ? std::string("object") : fmt::format("object (codec {})", label.codec);
    if (label.kind == "control") return control_of(walker, message);
    if (label.kind == "function") return function_of(walker, message, object);
    if (label.kind == "property") {
        if (walker.varint(message, "version") && walker.varint(message, "versions back to the baseline"))
            rest_of(walker, message, "value");
        return;
    }
    if (label.kind == "table") {
        const bool has_handle = walker.varint(message, "handle").has_value();
        const auto distance =
            has_handle ? walker.varint(message, "versions back to the baseline") : std::nullopt;
        if (!distance) return;
        if (*distance == 0x21) {
            message.children.back().value = "33 (the end of the object)";
            return rest_of(walker, message, "more");
        }
        if (walker.varint(message, "version") && (*distance != 0 || walker.varint(message, "object id")))
            rest_of(walker, message, *distance == 0 ? "value" : "change of the value");
        return;
    }
    rest_of(walker, message, label.kind.empty() ? "body" : object);
}

}  // namespace

std::string packet_type_name(std::uint8_t prefix) {
    const std::size_t type = prefix & 15;
    if (prefix == 0) return "connection request";
    return std::string(recorder::packet_type_name(static_cast<std::uint8_t>(type)));
}

Field dissect_packet(Bytes bytes, const RemoteNames& names) {
    Field packet{"packet", fmt::format("{} bytes", bytes.size()), 0, bytes.size() * 8, false, {}};
    Walker walker(bytes);
    const auto prefix = walker.integer(packet, "prefix", 1);
    if (!prefix) return packet;
    const std::uint64_t type = *prefix & 15;
    const std::uint64_t sequence_bytes = *prefix >> 4;
    Field& head = packet.children.back();
    head.value = fmt::format("0x{:02x}", *prefix);
    bit_field(head, "type",
              fmt::format("{} ({})", type, packet_type_name(static_cast<std::uint8_t>(*prefix))), 0, 4);
    bit_field(head, "bytes of the packet number", fmt::format("{}", sequence_bytes), 4, 4,
              type != 0 && (sequence_bytes < 1 || sequence_bytes > 8));
    packet.name = packet_type_name(static_cast<std::uint8_t>(*prefix));
    if (type == 0) {
        request_of(walker, packet);
        return packet;
    }
    if (sequence_bytes < 1 || sequence_bytes > 8 || !walker.integer(packet, "packet number", sequence_bytes))
        return packet;
    if (type == 10 || type == 12 || type == 13) (void)walker.bytes(packet, "connection id", 8);
    if (walker.failed()) return packet;
    switch (type) {
        case 2:
        case 3:
            if (walker.integer(packet, "challenge number", 8))
                (void)walker.bytes(packet, "challenge token (sealed by the server for itself)", 300);
            break;
        case 4: {
            if (walker.remaining() == 0) break;
            if (walker.integer(packet, "client index", 4)) (void)walker.integer(packet, "max clients", 4);
            break;
        }
        case 5:
        case 10: payload_of(walker, packet, names); break;
        case 7:
        case 8: reason_of(walker, packet); break;
        default:
            if (walker.remaining() > 0) (void)walker.bytes(packet, "body", walker.remaining());
    }
    if (walker.remaining() > 0 && !walker.failed()) {
        (void)walker.bytes(packet, "more", walker.remaining());
        packet.children.back().is_wrong = true;
    }
    return packet;
}

Field dissect_message(Bytes message, const RemoteNames& names, std::size_t first_byte) {
    Field out{"message", fmt::format("{} bytes", message.size()), first_byte * 8, message.size() * 8, false,
              {}};
    // Offsets of the fields count from the packet's start: the walker sees the message behind that many bytes
    // that are not there.
    Walker walker(message);
    const auto remote = walker.varint(out, "remote");
    if (remote) {
        const RemoteLabel label = *remote == 0 ? RemoteLabel("control", "control")
                                  : names      ? names(*remote)
                                               : RemoteLabel();
        if (!label.name.empty()) {
            out.children.back().value = fmt::format("{} ({})", *remote, label.name);
            out.value = fmt::format("{}, {} bytes", label.name, message.size());
        }
        body_of(walker, out, label);
    }
    for (Field& child : out.children) shift(child, first_byte * 8);
    return out;
}

std::string hex_dump(Bytes bytes) {
    std::string out;
    for (std::size_t line = 0; line < bytes.size(); line += 16) {
        out += fmt::format("{:04x}  ", line);
        std::string text;
        for (std::size_t i = line; i < line + 16; ++i) {
            if (i >= bytes.size()) {
                out += "   ";
                continue;
            }
            const auto byte = std::to_integer<unsigned>(bytes[i]);
            out += fmt::format("{:02x} ", byte);
            text += byte >= 0x20 && byte < 0x7f ? static_cast<char>(byte) : '.';
        }
        out += " " + text + "\n";
    }
    return out;
}

std::string bit_dump(Bytes bytes, std::size_t first_byte, std::size_t count) {
    std::string out;
    for (std::size_t i = first_byte; i < std::min(bytes.size(), first_byte + count); ++i) {
        if (!out.empty()) out += ' ';
        for (int bit = 7; bit >= 0; --bit)
            out += (std::to_integer<unsigned>(bytes[i]) >> bit & 1u) != 0 ? '1' : '0';
    }
    return out;
}

}  // namespace squall::gui
