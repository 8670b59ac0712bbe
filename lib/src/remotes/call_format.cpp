// The bytes of calls, answers and property values behind the remote's number; STANDARD.md section 7.
#include <fmt/format.h>

#include "squall/remotes/remotes.hpp"

namespace squall::remotes::detail {

bool read_call_head(ByteReader& reader, CallHead& head) {
    const auto op = reader.read<std::uint8_t>();
    if (op > static_cast<std::uint8_t>(CallOp::keyed_request)) return false;
    head.op = static_cast<CallOp>(op);
    head.id = reader.read_varint();
    head.key = head.op == CallOp::keyed_request ? reader.read<std::uint64_t>() : 0;
    if (head.op == CallOp::keyed_request && head.key == 0) return false;
    return reader.ok() && head.id != 0;
}

void write_call_head(std::vector<std::byte>& out, std::uint32_t index, const CallHead& head) {
    append_varint(out, std::uint64_t{index} + 1);
    out.push_back(static_cast<std::byte>(head.op));
    append_varint(out, head.id);
    if (head.op != CallOp::keyed_request) return;
    for (unsigned shift = 0; shift < 64; shift += 8)
        out.push_back(static_cast<std::byte>((head.key >> shift) & 0xff));
}

void write_call_error(std::vector<std::byte>& out, const Error& error) {
    out.push_back(static_cast<std::byte>(error.code));
    const Bytes text = as_bytes(error.message).first(std::min(error.message.size(), kMaxErrorText));
    out.insert(out.end(), text.begin(), text.end());
}

bool read_call_error(ByteReader& reader, Error& error) {
    const auto code = reader.read<std::uint8_t>();
    if (!reader.ok() || code > static_cast<std::uint8_t>(ErrorCode::unsupported) ||
        reader.remaining() > kMaxErrorText)
        return false;
    error.code = static_cast<ErrorCode>(code);
    error.message = as_text(reader.read_bytes(reader.remaining()));
    return true;
}

bool read_property_head(ByteReader& reader, PropertyHead& head) {
    head.version = reader.read_varint();
    const std::uint64_t back = reader.read_varint();  // how far behind the version its baseline is; 0: none
    if (!reader.ok() || head.version == 0 || back >= head.version || back > kBaselineWindow) return false;
    head.baseline = back == 0 ? 0 : head.version - back;
    return true;
}

Result<> check_values(const std::string& name, std::uint16_t priority, Duration recheck) {
    if (recheck < kMinRecheck)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("'{}': recheck {}; needs {} or more", name, squall::to_string(recheck),
                                squall::to_string(kMinRecheck)));
    if ((priority >= 1 && priority <= kMaxPriority) || priority == kCriticalPriority) return {};
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("'{}': priority {}; needs 1 to {}, or kCriticalPriority", name, priority, kMaxPriority));
}

void write_property_head(std::vector<std::byte>& out, std::uint32_t index, const PropertyHead& head) {
    append_varint(out, std::uint64_t{index} + 1);
    append_varint(out, head.version);
    append_varint(out, head.baseline == 0 ? 0 : head.version - head.baseline);
}

}  // namespace squall::remotes::detail
