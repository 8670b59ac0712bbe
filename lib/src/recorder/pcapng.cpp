#include "squall/recorder/pcapng.hpp"

#include <algorithm>
#include <cassert>

namespace squall::recorder::pcapng {

void BlockWriter::grow(std::size_t count) {
    constexpr std::size_t kFirst = std::size_t{64} * 1024;
    memory_.resize(std::max({kFirst, memory_.size() * 2, size_ + count}));
}

void BlockWriter::bytes(Bytes value) {
    if (value.empty()) return;
    std::memcpy(room(value.size()), value.data(), value.size());
}

void BlockWriter::zeros(std::size_t count) {
    if (count == 0) return;
    std::memset(room(count), 0, count);
}

void BlockWriter::option_bytes(std::uint16_t code, Bytes value) {
    assert(value.size() <= kMaxOptionBytes);
    u16(code), u16(static_cast<std::uint16_t>(value.size()));
    bytes(value);
    zeros(padded(value.size()) - value.size());
}

void BlockWriter::option_custom(std::uint16_t code, Bytes value) {
    assert(value.size() <= kMaxOptionBytes - 4);
    u16(code), u16(static_cast<std::uint16_t>(value.size() + 4));
    u32(kEnterpriseNumber);
    bytes(value);
    zeros(padded(value.size()) - value.size());
}

void BlockWriter::end() {
    pad();
    const auto total = static_cast<std::uint32_t>(size_ - start_ + 4);
    u32(total);
    for (std::size_t i = 0; i < 4; ++i)
        memory_[start_ + 4 + i] = static_cast<std::byte>((total >> (8 * i)) & 0xff);
}

Bytes Reader::bytes(std::size_t count) {
    if (!ok_ || count > remaining()) {
        ok_ = false;
        return {};
    }
    position_ += count;
    return bytes_.subspan(position_ - count, count);
}

std::uint64_t Reader::number(std::size_t count) {
    const Bytes from = bytes(count);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const std::size_t shift = 8 * (big_endian_ ? from.size() - 1 - i : i);
        value |= std::to_integer<std::uint64_t>(from[i]) << shift;
    }
    return value;
}

std::optional<Option> next_option(Reader& reader) {
    if (!reader.ok() || reader.remaining() == 0) return std::nullopt;
    Option option;
    option.code = reader.u16();
    const std::uint16_t length = reader.u16();
    if (!reader.ok() || option.code == option::kEnd) return std::nullopt;
    option.value = reader.bytes(padded(length));
    if (!reader.ok()) return std::nullopt;
    option.value = option.value.first(length);
    return option;
}

std::optional<Bytes> custom_value(const Option& option, bool big_endian) {
    Reader reader(option.value, big_endian);
    if (reader.u32() != kEnterpriseNumber || !reader.ok()) return std::nullopt;
    return option.value.subspan(4);
}

}  // namespace squall::recorder::pcapng
