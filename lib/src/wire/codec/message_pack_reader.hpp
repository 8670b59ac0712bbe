// MessagePack's grammar: one item after the other out of untrusted bytes. Knows no table. Accepts every valid
// form of a number, not only the shortest.
#pragma once

#include <cstdint>
#include <optional>

#include "squall/core/bytes.hpp"
#include "squall/wire/type_description.hpp"

namespace squall::wire {

struct PackedItem {
    enum class Kind : std::uint8_t { nil, boolean, integer, floating, text, bytes, array, map, extension };
    Kind kind = Kind::nil;
    bool truth = false;
    WideInteger integer = 0;
    double floating = 0;
    std::size_t count = 0;  // elements of an array, entries of a map
    Bytes bytes{};          // of a text, bytes or extension
};
// "an array".
[[nodiscard]] std::string_view to_string(PackedItem::Kind kind);

class MessagePackReader {
  public:
    explicit MessagePackReader(Bytes bytes) : bytes_(bytes) {}

    // The next item; of an array or a map only its beginning, whose count is not more than the bytes left can
    // hold. Nothing: the bytes end in it, or it is not MessagePack.
    [[nodiscard]] std::optional<PackedItem> next();
    // The same without taking it: whether it is nil.
    [[nodiscard]] bool next_is_nil() const {
        return position_ < bytes_.size() && bytes_[position_] == std::byte{0xc0};
    }
    // Passes over a whole item. False as above, or nested too deep.
    [[nodiscard]] bool skip();
    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] bool at_end() const { return position_ == bytes_.size(); }

  private:
    [[nodiscard]] std::optional<std::uint64_t> number(std::size_t size);
    [[nodiscard]] std::optional<PackedItem> sized(PackedItem::Kind kind, std::optional<std::uint64_t> size);
    [[nodiscard]] std::optional<PackedItem> counted(PackedItem::Kind kind,
                                                    std::optional<std::uint64_t> count);
    [[nodiscard]] std::optional<PackedItem> integer_item(std::size_t size, bool is_signed);
    [[nodiscard]] std::optional<PackedItem> other(unsigned first);

    Bytes bytes_;
    std::size_t position_ = 0;
};

}  // namespace squall::wire
