#include "wire/codec/message_pack_writer.hpp"

#include <bit>
#include <cmath>

#include "wire/codec/scalars.hpp"

namespace squall::wire {
namespace {

class MessagePackWriter {
  public:
    MessagePackWriter(bool names, std::vector<std::byte>& out) : names_(names), out_(out) {}

    void write(const ConstValue& value) {
        switch (value.kind()) {
            case Kind::boolean: return put(value.as_bool() ? 0xc3 : 0xc2, 0, 0);
            case Kind::signed_integer:
            case Kind::unsigned_integer:
            case Kind::enumeration: return write_integer(value.as_integer());
            case Kind::floating: return write_floating(value);
            case Kind::text: return write_text(value.as_text());
            case Kind::bytes: return write_bytes(value.as_bytes());
            case Kind::optional: return write_optional(value);
            case Kind::list:
            case Kind::array: return write_elements(value);
            case Kind::map: return write_map(value);
            case Kind::variant:
                begin(0x90, 0xdc, 2);
                write_integer(static_cast<std::uint64_t>(value.alternative_index()));
                return write(value.alternative());
            case Kind::structure: return write_structure(value);
        }
    }

  private:
    // A byte, and so many of a number, big-endian.
    void put(unsigned first, std::uint64_t number, std::size_t size) {
        std::byte bytes[9];
        bytes[0] = static_cast<std::byte>(first);
        for (std::size_t i = 0; i < size; ++i)
            bytes[1 + i] = static_cast<std::byte>(number >> (8 * (size - 1 - i)));
        out_.insert(out_.end(), bytes, bytes + 1 + size);
    }
    // An array or a map: fewer than 16 entries are in the first byte.
    void begin(unsigned fixed, unsigned first, std::size_t count) {
        if (count < 16) return put(fixed | static_cast<unsigned>(count), 0, 0);
        if (count < 0x10000) return put(first, count, 2);
        put(first + 1, count, 4);
    }
    void write_integer(WideInteger value) {
        if (value >= 0) {
            const auto number = static_cast<std::uint64_t>(value);
            if (number < 0x80) return put(static_cast<unsigned>(number), 0, 0);
            if (number < 0x100) return put(0xcc, number, 1);
            if (number < 0x10000) return put(0xcd, number, 2);
            if (number < 0x100000000) return put(0xce, number, 4);
            return put(0xcf, number, 8);
        }
        const auto number = static_cast<std::int64_t>(value);
        const auto bits = static_cast<std::uint64_t>(number);
        if (number >= -32) return put(static_cast<unsigned>(bits & 0xff), 0, 0);
        if (number >= -0x80) return put(0xd0, bits, 1);
        if (number >= -0x8000) return put(0xd1, bits, 2);
        if (number >= -0x80000000LL) return put(0xd2, bits, 4);
        put(0xd3, bits, 8);
    }
    void write_floating(const ConstValue& value) {
        const double number = value.as_floating();
        const bool is_negative_zero = number == 0 && std::signbit(number);
        if (!is_negative_zero && number >= -0x1p63 && number < 0x1p64 && std::trunc(number) == number)
            return write_integer(number < 0 ? WideInteger{static_cast<std::int64_t>(number)}
                                            : WideInteger{static_cast<std::uint64_t>(number)});
        if (value.type().size == 4)
            return put(0xca, std::bit_cast<std::uint32_t>(static_cast<float>(number)), 4);
        put(0xcb, std::bit_cast<std::uint64_t>(number), 8);
    }
    void append(Bytes bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
    void write_text(std::string_view text) {
        const std::size_t size = text.size();
        if (size < 32)
            put(0xa0 | static_cast<unsigned>(size), 0, 0);
        else if (size < 0x100)
            put(0xd9, size, 1);
        else if (size < 0x10000)
            put(0xda, size, 2);
        else
            put(0xdb, size, 4);
        append(as_bytes(text));
    }
    void write_bytes(Bytes bytes) {
        if (bytes.size() < 0x100)
            put(0xc4, bytes.size(), 1);
        else if (bytes.size() < 0x10000)
            put(0xc5, bytes.size(), 2);
        else
            put(0xc6, bytes.size(), 4);
        append(bytes);
    }
    void write_optional(const ConstValue& value) {
        if (is_nested_optional(value.type())) return write_elements(value);
        if (!value.has_content()) return put(0xc0, 0, 0);
        write(value.at(0));
    }
    void write_elements(const ConstValue& value) {
        begin(0x90, 0xdc, value.size());
        for (std::size_t i = 0; i < value.size(); ++i) write(value.at(i));
    }
    void write_map(const ConstValue& value) {
        begin(0x80, 0xde, value.size());
        value.each_entry([&](const ConstValue& key, const ConstValue& content) {
            write(key);
            write(content);
            return true;
        });
    }
    void write_structure(const ConstValue& value) {
        begin(names_ ? 0x80 : 0x90, names_ ? 0xde : 0xdc, value.size());
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (names_) write_text(value.name_of(i));
            write(value.at(i));
        }
    }

    bool names_;
    std::vector<std::byte>& out_;
};

}  // namespace

void write_message_pack(const ConstValue& value, bool names, std::vector<std::byte>& out) {
    MessagePackWriter(names, out).write(value);
}

}  // namespace squall::wire
