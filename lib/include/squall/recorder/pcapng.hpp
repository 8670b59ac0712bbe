// The blocks of pcapng (IETF draft-ietf-opsawg-pcapng), as far as a recording needs them: written in
// little-endian order, read in both. Knows no record of Squall and no file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "squall/core/bytes.hpp"

namespace squall::recorder::pcapng {

enum class BlockType : std::uint32_t {
    interface_description = 1,
    name_resolution = 4,
    interface_statistics = 5,
    enhanced_packet = 6,
    section_header = 0x0A0D0D0A,  // the same in both byte orders
};

// What link types mean: https://www.tcpdump.org/linktypes.html
enum class LinkType : std::uint16_t {
    raw_ip = 101,
    user0 = 147,
    user1 = 148,
};

namespace option {
inline constexpr std::uint16_t kEnd = 0;
inline constexpr std::uint16_t kComment = 1;
inline constexpr std::uint16_t kHardware = 2;         // section
inline constexpr std::uint16_t kSystem = 3;           // section
inline constexpr std::uint16_t kApplication = 4;      // section
inline constexpr std::uint16_t kInterfaceName = 2;    // interface
inline constexpr std::uint16_t kTimeResolution = 9;   // interface
inline constexpr std::uint16_t kPacketFlags = 2;      // packet: bits 0 and 1: 1 inbound, 2 outbound
inline constexpr std::uint16_t kPacketId = 5;         // packet
inline constexpr std::uint16_t kPacketsReceived = 4;  // interface statistics
inline constexpr std::uint16_t kPacketsDropped = 5;   // interface statistics
inline constexpr std::uint16_t kCustomText = 2988;    // enterprise number, then UTF-8
inline constexpr std::uint16_t kCustomBytes = 2989;   // enterprise number, then bytes
}  // namespace option

// The number that RFC 5612 sets aside for documentation, until Squall has one of its own.
inline constexpr std::uint32_t kEnterpriseNumber = 32473;
inline constexpr std::uint32_t kByteOrderMagic = 0x1A2B3C4D;
// A block without a body: type, length, length.
inline constexpr std::size_t kBlockOverhead = 12;
// Of one option's value.
inline constexpr std::size_t kMaxOptionBytes = 65532;

[[nodiscard]] constexpr std::size_t padded(std::size_t bytes) {
    return (bytes + 3) / 4 * 4;
}

// Appends blocks to memory of its own, which grows until clear() and is kept then. Between begin() and end()
// come the fixed fields of the block, then its options.
class BlockWriter {
  public:
    void begin(BlockType type) {
        start_ = size_;
        u32(static_cast<std::uint32_t>(type));
        u32(0);
    }
    void end();

    void u16(std::uint16_t value) { number(value); }
    void u32(std::uint32_t value) { number(value); }
    void u64(std::uint64_t value) { number(value); }
    void bytes(Bytes value);
    void zeros(std::size_t count);
    // Zeros up to the next multiple of four from where the block began.
    void pad() { zeros(padded(size_ - start_) - (size_ - start_)); }

    void option_bytes(std::uint16_t code, Bytes value);
    void option_text(std::uint16_t code, std::string_view value) { option_bytes(code, as_bytes(value)); }
    void option_u32(std::uint16_t code, std::uint32_t value) {
        u16(code), u16(sizeof(value));
        u32(value);
    }
    void option_u64(std::uint16_t code, std::uint64_t value) {
        u16(code), u16(sizeof(value));
        u64(value);
    }
    // A custom option with our enterprise number.
    void option_custom(std::uint16_t code, Bytes value);
    void end_options() { u32(0); }

    // What has been written since clear(): whole blocks, unless one is open.
    [[nodiscard]] Bytes written() const { return Bytes(memory_).first(size_); }
    [[nodiscard]] std::size_t size() const { return size_; }
    void clear() { size_ = 0; }

  private:
    template <class T>
    void number(T value) {
        std::byte* to = room(sizeof(T));
        for (std::size_t i = 0; i < sizeof(T); ++i) to[i] = static_cast<std::byte>((value >> (8 * i)) & 0xff);
    }
    std::byte* room(std::size_t count) {
        if (size_ + count > memory_.size()) grow(count);
        std::byte* const to = memory_.data() + size_;
        size_ += count;
        return to;
    }
    void grow(std::size_t count);

    std::vector<std::byte> memory_;
    std::size_t size_ = 0;
    std::size_t start_ = 0;  // of the open block
};

// Reads numbers in the order of the section that they stand in.
class Reader {
  public:
    Reader(Bytes bytes, bool big_endian) : bytes_(bytes), big_endian_(big_endian) {}

    [[nodiscard]] std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    [[nodiscard]] std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    [[nodiscard]] std::uint64_t u64() { return number(8); }
    [[nodiscard]] Bytes bytes(std::size_t count);
    void skip(std::size_t count) { (void)bytes(count); }
    [[nodiscard]] std::size_t remaining() const { return bytes_.size() - position_; }
    // False once a read went past the end; such reads give zero.
    [[nodiscard]] bool ok() const { return ok_; }

  private:
    [[nodiscard]] std::uint64_t number(std::size_t count);

    Bytes bytes_;
    std::size_t position_ = 0;
    bool big_endian_;
    bool ok_ = true;
};

// One option of a block.
struct Option {
    std::uint16_t code = 0;
    Bytes value{};
};

// Walks over the options that `reader` stands before; nothing at their end. Options that are cut short make
// the reader !ok().
[[nodiscard]] std::optional<Option> next_option(Reader& reader);

// The value of a custom option with our enterprise number; nothing if it is another's.
[[nodiscard]] std::optional<Bytes> custom_value(const Option& option, bool big_endian);

}  // namespace squall::recorder::pcapng
