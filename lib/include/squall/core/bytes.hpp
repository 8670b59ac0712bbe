// Views of bytes, and little-endian reading and writing with bounds. Knows no format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace squall {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

[[nodiscard]] inline Bytes as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(Bytes bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Lower-case hexadecimal, two digits a byte.
[[nodiscard]] std::string to_hex(Bytes bytes);
// The bytes of a hexadecimal string; nothing if a character is not a digit or their number is odd.
[[nodiscard]] std::optional<std::vector<std::byte>> from_hex(std::string_view hex);

template <class T>
concept WireInteger = std::is_integral_v<T> && !std::is_same_v<T, bool>;

// Bytes that an unsigned LEB128 of the value takes: 1 to 10.
[[nodiscard]] constexpr std::size_t varint_size(std::uint64_t value) {
    std::size_t size = 1;
    for (; value >= 0x80; value >>= 7) ++size;
    return size;
}

// Appends little-endian values to a fixed buffer. A write that does not fit is not done and sticks as !ok().
class ByteWriter {
  public:
    explicit ByteWriter(MutableBytes buffer) : buffer_(buffer) {}

    template <WireInteger T>
    void write(T value) {
        write_low_bytes(static_cast<std::uint64_t>(value), sizeof(T));
    }
    // The low `count` (0 to 8) bytes of a value, least significant first.
    void write_low_bytes(std::uint64_t value, std::size_t count) {
        if (!reserve(count)) return;
        for (std::size_t i = 0; i < count; ++i)
            buffer_[size_ + i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
        size_ += count;
    }
    void write_bytes(Bytes bytes) {
        if (!reserve(bytes.size())) return;
        if (!bytes.empty()) std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
        size_ += bytes.size();
    }
    // Unsigned LEB128: seven bits a byte, least significant first, high bit = more follow. 1 to 10 bytes.
    void write_varint(std::uint64_t value) {
        if (!reserve(varint_size(value))) return;
        for (; value >= 0x80; value >>= 7) buffer_[size_++] = static_cast<std::byte>((value & 0x7f) | 0x80);
        buffer_[size_++] = static_cast<std::byte>(value);
    }
    void write_zeros(std::size_t count) {
        if (!reserve(count)) return;
        if (count != 0) std::memset(buffer_.data() + size_, 0, count);
        size_ += count;
    }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t remaining() const { return buffer_.size() - size_; }
    [[nodiscard]] MutableBytes written() const { return buffer_.first(size_); }

  private:
    bool reserve(std::size_t count) {
        if (!ok_ || count > remaining()) ok_ = false;
        return ok_;
    }
    MutableBytes buffer_;
    std::size_t size_ = 0;
    bool ok_ = true;
};

// Reads little-endian values from a buffer. A read past the end yields zero and sticks as !ok().
class ByteReader {
  public:
    explicit ByteReader(Bytes buffer) : buffer_(buffer) {}

    template <WireInteger T>
    [[nodiscard]] T read() {
        return static_cast<T>(read_low_bytes(sizeof(T)));
    }
    [[nodiscard]] std::uint64_t read_low_bytes(std::size_t count) {
        if (!take(count)) return 0;
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i)
            value |= static_cast<std::uint64_t>(buffer_[position_ - count + i]) << (8 * i);
        return value;
    }
    // A view of the next `count` bytes; empty and !ok() where fewer are left.
    [[nodiscard]] Bytes read_bytes(std::size_t count) {
        if (!take(count)) return {};
        return buffer_.subspan(position_ - count, count);
    }
    // Unsigned LEB128; an encoding longer than 10 bytes, above 2^64 - 1 or not minimal is !ok().
    [[nodiscard]] std::uint64_t read_varint() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = read<std::uint8_t>();
            if (!ok_) return 0;
            if (shift == 63 && byte > 1) break;
            value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if ((byte & 0x80) == 0) {
                if (byte == 0 && shift != 0) break;
                return value;
            }
        }
        ok_ = false;
        return 0;
    }
    void skip(std::size_t count) { (void)take(count); }

    [[nodiscard]] bool ok() const { return ok_; }
    [[nodiscard]] std::size_t position() const { return position_; }
    [[nodiscard]] std::size_t remaining() const { return buffer_.size() - position_; }
    [[nodiscard]] bool at_end() const { return ok_ && remaining() == 0; }

  private:
    bool take(std::size_t count) {
        if (!ok_ || count > remaining()) {
            ok_ = false;
            return false;
        }
        position_ += count;
        return true;
    }
    Bytes buffer_;
    std::size_t position_ = 0;
    bool ok_ = true;
};

}  // namespace squall
