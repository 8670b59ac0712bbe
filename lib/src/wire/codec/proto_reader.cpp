#include "wire/codec/proto_reader.hpp"

#include <array>

#include "squall/wire/codec.hpp"

namespace squall::wire {

std::optional<std::uint64_t> ProtoReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (at_end()) return std::nullopt;
        const auto byte = std::to_integer<std::uint64_t>(bytes_[position_++]);
        if (shift == 63 && byte > 1) return std::nullopt;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) return value;
    }
    return std::nullopt;
}

std::optional<std::uint64_t> ProtoReader::fixed(std::size_t size) {
    if (bytes_.size() - position_ < size) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value |= std::to_integer<std::uint64_t>(bytes_[position_ + i]) << (8 * i);
    position_ += size;
    return value;
}

// One field, or the beginning or end of a group.
std::optional<ProtoField> ProtoReader::any() {
    const auto tag = varint();
    if (!tag || *tag > 0xffffffff || (*tag >> 3) == 0) return std::nullopt;
    ProtoField field{.number = static_cast<std::uint32_t>(*tag >> 3),
                     .wire = static_cast<ProtoWire>(*tag & 7)};
    std::optional<std::uint64_t> value = 0;
    switch (field.wire) {
        case ProtoWire::varint: value = varint(); break;
        case ProtoWire::fixed64: value = fixed(8); break;
        case ProtoWire::fixed32: value = fixed(4); break;
        case ProtoWire::sized:
            value = varint();
            if (!value || *value > bytes_.size() - position_) return std::nullopt;
            field.bytes = bytes_.subspan(position_, static_cast<std::size_t>(*value));
            position_ += field.bytes.size();
            break;
        case ProtoWire::group:
        case ProtoWire::group_end: break;
        default: return std::nullopt;
    }
    if (!value) return std::nullopt;
    field.value = *value;
    return field;
}

std::optional<ProtoField> ProtoReader::next() {
    std::array<std::uint32_t, kMaxCodecDepth> open;  // the numbers of the groups that are being passed over
    std::size_t depth = 0;
    while (!at_end()) {
        const auto field = any();
        if (!field) return broken();
        if (field->wire == ProtoWire::group) {
            if (depth == open.size()) return broken();
            open[depth++] = field->number;
        } else if (field->wire == ProtoWire::group_end) {
            if (depth == 0 || open[--depth] != field->number) return broken();
        } else if (depth == 0) {
            return field;
        }
    }
    if (depth != 0) return broken();
    return std::nullopt;
}

}  // namespace squall::wire
