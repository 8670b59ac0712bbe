#include "wire/codec/message_pack_reader.hpp"

#include <array>
#include <bit>

#include "squall/wire/codec.hpp"

namespace squall::wire {

std::string_view to_string(PackedItem::Kind kind) {
    switch (kind) {
        case PackedItem::Kind::nil: return "nil";
        case PackedItem::Kind::boolean: return "a truth value";
        case PackedItem::Kind::integer: return "an integer";
        case PackedItem::Kind::floating: return "a floating point number";
        case PackedItem::Kind::text: return "a text";
        case PackedItem::Kind::bytes: return "bytes";
        case PackedItem::Kind::array: return "an array";
        case PackedItem::Kind::map: return "a map";
        case PackedItem::Kind::extension: return "an extension";
    }
    return "an unknown item";
}

// Big-endian.
std::optional<std::uint64_t> MessagePackReader::number(std::size_t size) {
    if (bytes_.size() - position_ < size) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i)
        value = (value << 8) | std::to_integer<std::uint64_t>(bytes_[position_ + i]);
    position_ += size;
    return value;
}

std::optional<PackedItem> MessagePackReader::sized(PackedItem::Kind kind, std::optional<std::uint64_t> size) {
    if (!size || *size > bytes_.size() - position_) return std::nullopt;
    PackedItem item{.kind = kind, .bytes = bytes_.subspan(position_, static_cast<std::size_t>(*size))};
    position_ += item.bytes.size();
    return item;
}

std::optional<PackedItem> MessagePackReader::counted(PackedItem::Kind kind,
                                                     std::optional<std::uint64_t> count) {
    const std::uint64_t least = kind == PackedItem::Kind::map ? 2 : 1;
    if (!count || *count > (bytes_.size() - position_) / least) return std::nullopt;
    return PackedItem{.kind = kind, .count = static_cast<std::size_t>(*count)};
}

std::optional<PackedItem> MessagePackReader::integer_item(std::size_t size, bool is_signed) {
    const auto value = number(size);
    if (!value) return std::nullopt;
    WideInteger integer = *value;
    if (is_signed && (*value >> (size * 8 - 1)) != 0) integer -= WideInteger{1} << (size * 8);
    return PackedItem{.kind = PackedItem::Kind::integer, .integer = integer};
}

std::optional<PackedItem> MessagePackReader::next() {
    const auto head = number(1);
    if (!head) return std::nullopt;
    const auto first = static_cast<unsigned>(*head);
    if (first < 0x80) return PackedItem{.kind = PackedItem::Kind::integer, .integer = first};
    if (first >= 0xe0)
        return PackedItem{.kind = PackedItem::Kind::integer, .integer = static_cast<int>(first) - 256};
    if (first < 0x90) return counted(PackedItem::Kind::map, first & 0x0f);
    if (first < 0xa0) return counted(PackedItem::Kind::array, first & 0x0f);
    if (first < 0xc0) return sized(PackedItem::Kind::text, first & 0x1f);
    return other(first);
}

std::optional<PackedItem> MessagePackReader::other(unsigned first) {
    using Item = PackedItem::Kind;
    switch (first) {
        case 0xc0: return PackedItem{.kind = Item::nil};
        case 0xc2:
        case 0xc3: return PackedItem{.kind = Item::boolean, .truth = first == 0xc3};
        case 0xc4:
        case 0xc5:
        case 0xc6: return sized(Item::bytes, number(std::size_t{1} << (first - 0xc4)));
        case 0xc7:
        case 0xc8:
        case 0xc9: {
            auto size = number(std::size_t{1} << (first - 0xc7));
            if (size) ++*size;  // its type
            return sized(Item::extension, size);
        }
        case 0xca: {
            const auto bits = number(4);
            if (!bits) return std::nullopt;
            return PackedItem{.kind = Item::floating,
                              .floating = double{std::bit_cast<float>(static_cast<std::uint32_t>(*bits))}};
        }
        case 0xcb: {
            const auto bits = number(8);
            if (!bits) return std::nullopt;
            return PackedItem{.kind = Item::floating, .floating = std::bit_cast<double>(*bits)};
        }
        case 0xcc:
        case 0xcd:
        case 0xce:
        case 0xcf: return integer_item(std::size_t{1} << (first - 0xcc), false);
        case 0xd0:
        case 0xd1:
        case 0xd2:
        case 0xd3: return integer_item(std::size_t{1} << (first - 0xd0), true);
        case 0xd4:
        case 0xd5:
        case 0xd6:
        case 0xd7:
        case 0xd8: return sized(Item::extension, (std::uint64_t{1} << (first - 0xd4)) + 1);
        case 0xd9:
        case 0xda:
        case 0xdb: return sized(Item::text, number(std::size_t{1} << (first - 0xd9)));
        case 0xdc:
        case 0xdd: return counted(Item::array, number(std::size_t{2} << (first - 0xdc)));
        case 0xde:
        case 0xdf: return counted(Item::map, number(std::size_t{2} << (first - 0xde)));
        default: return std::nullopt;  // 0xc1, never used
    }
}

bool MessagePackReader::skip() {
    std::array<std::uint64_t, kMaxCodecDepth> left{};  // items that are still to come, a level each
    std::size_t depth = 0;
    for (left[0] = 1;;) {
        while (left[depth] == 0) {
            if (depth == 0) return true;
            --depth;
        }
        --left[depth];
        const auto item = next();
        if (!item) return false;
        if (item->count == 0) continue;
        if (++depth == left.size()) return false;
        left[depth] = item->kind == PackedItem::Kind::map ? item->count * 2 : item->count;
    }
}

}  // namespace squall::wire
