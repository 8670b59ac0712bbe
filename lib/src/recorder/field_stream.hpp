// Writing and reading of fields with one description for both: varints, texts and lists, each with its
// limit. The first thing that is wrong is kept and stops the rest. Knows no frame.
#pragma once

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/ids.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/trace/counters.hpp"

namespace squall::recorder {

// Small numbers of either sign, modulo 2^64, as small unsigned ones.
[[nodiscard]] constexpr std::uint64_t zigzag(std::uint64_t value) {
    return (value << 1) ^ (0 - (value >> 63));
}
[[nodiscard]] constexpr std::uint64_t unzigzag(std::uint64_t value) {
    return (value >> 1) ^ (0 - (value & 1));
}

inline constexpr std::size_t kMaxVarintBytes = 10;
// Writes unsigned LEB128 of at most so many bytes; returns how many.
inline std::size_t put_varint(std::byte* out, std::uint64_t value) {
    std::size_t size = 0;
    for (; value >= 0x80; value >>= 7) out[size++] = static_cast<std::byte>((value & 0x7f) | 0x80);
    out[size++] = static_cast<std::byte>(value);
    return size;
}

class FieldStream {
  public:
    [[nodiscard]] bool ok() const { return !fault_.has_value(); }
    void refuse(ErrorCode code, std::string what) {
        if (ok()) fault_ = Error{code, std::move(what)};
    }
    [[nodiscard]] Error fault() const { return fault_.value_or(Error{}); }

  private:
    std::optional<Error> fault_;
};

class FieldWriter : public FieldStream {
  public:
    static constexpr bool kIsReading = false;
    explicit FieldWriter(std::vector<std::byte>& out) : out_(out) {}

    void number(std::uint64_t value) {
        if (value < 0x80) return out_.push_back(static_cast<std::byte>(value));
        std::array<std::byte, kMaxVarintBytes> bytes;
        const std::size_t size = put_varint(bytes.data(), value);
        out_.insert(out_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
    template <class Integer>
    void bounded(Integer value, std::uint64_t max, const char* name) {
        if (static_cast<std::uint64_t>(value) > max)
            return refuse(ErrorCode::invalid_argument,
                          fmt::format("{} is {}; at most {}", name, static_cast<std::uint64_t>(value), max));
        number(static_cast<std::uint64_t>(value));
    }
    void signed_number(std::int64_t value) { number(zigzag(static_cast<std::uint64_t>(value))); }
    void time(TimePoint at) { signed_number(at.time_since_epoch().count()); }
    void flag(bool value) { number(value ? 1 : 0); }
    void real(float value, const char* name) {
        if (!std::isfinite(value))
            return refuse(ErrorCode::invalid_argument, std::string(name) + " is not finite");
        const auto bits = std::bit_cast<std::uint32_t>(value);
        for (unsigned shift = 0; shift < 32; shift += 8)
            out_.push_back(static_cast<std::byte>((bits >> shift) & 0xff));
    }
    void bytes(Bytes value, std::size_t max, const char* name) {
        if (value.size() > max)
            return refuse(ErrorCode::too_large,
                          fmt::format("{} has {} bytes; at most {}", name, value.size(), max));
        number(value.size());
        out_.insert(out_.end(), value.begin(), value.end());
    }
    void text(const std::string& value, std::size_t max, const char* name) {
        bytes(as_bytes(value), max, name);
    }
    template <class T, class Each>
    void list(const std::vector<T>& values, std::size_t max, const char* name, Each each) {
        if (values.size() > max)
            return refuse(ErrorCode::too_large,
                          fmt::format("there are {} {}; at most {}", values.size(), name, max));
        number(values.size());
        for (const T& value : values) each(*this, value);
    }
    // A list whose count is known once it is written; `fill` returns it.
    template <class Fill>
    void counted(std::size_t max, const char* name, Fill fill) {
        const std::size_t start = out_.size();
        out_.resize(start + kMaxVarintBytes);
        const std::size_t count = fill(*this);
        if (count > max)
            return refuse(ErrorCode::too_large, fmt::format("there are {} {}; at most {}", count, name, max));
        const auto place = out_.begin() + static_cast<std::ptrdiff_t>(start);
        const std::size_t size = put_varint(&*place, count);
        out_.erase(place + static_cast<std::ptrdiff_t>(size),
                   place + static_cast<std::ptrdiff_t>(kMaxVarintBytes));
    }
    // Those that are not zero: which, as a mask, then each.
    template <class Counters>
    void counters(const Counters& value) {
        const auto numbers = trace::numbers_of(value);
        masked(numbers, mask_of(numbers));
    }
    template <std::size_t kCount>
    void masked(const std::array<std::uint64_t, kCount>& numbers, std::uint64_t mask) {
        std::array<std::byte, (kCount + 1) * kMaxVarintBytes> bytes;
        std::size_t size = put_varint(bytes.data(), mask);
        for (; mask != 0; mask &= mask - 1)
            size += put_varint(bytes.data() + size,
                               zigzag(numbers[static_cast<std::size_t>(std::countr_zero(mask))]));
        out_.insert(out_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    }
    // A bit for each number that is not zero. Most are: so eight of them are looked at together first.
    template <std::size_t kCount>
    static std::uint64_t mask_of(const std::array<std::uint64_t, kCount>& numbers) {
        constexpr std::size_t kTogether = 8;
        std::uint64_t mask = 0;
        for (std::size_t begin = 0; begin < kCount; begin += kTogether) {
            const std::size_t end = std::min(begin + kTogether, kCount);
            std::uint64_t any = 0;
            for (std::size_t i = begin; i < end; ++i) any |= numbers[i];
            if (any == 0) continue;
            for (std::size_t i = begin; i < end; ++i) mask |= std::uint64_t{numbers[i] != 0} << i;
        }
        return mask;
    }

  private:
    std::vector<std::byte>& out_;
};

class FieldReader : public FieldStream {
  public:
    static constexpr bool kIsReading = true;
    explicit FieldReader(Bytes bytes) : reader_(bytes) {}

    [[nodiscard]] std::uint64_t number() {
        if (!ok()) return 0;
        const std::uint64_t value = reader_.read_varint();
        check_end();
        return value;
    }
    void number(std::uint64_t& value) { value = number(); }
    template <class Integer>
    void bounded(Integer& value, std::uint64_t max, const char* name) {
        const std::uint64_t read = number();
        if (read > max)
            return refuse(ErrorCode::malformed, fmt::format("{} is {}; at most {}", name, read, max));
        value = static_cast<Integer>(read);
    }
    void signed_number(std::int64_t& value) { value = static_cast<std::int64_t>(unzigzag(number())); }
    void time(TimePoint& at) {
        std::int64_t count = 0;
        signed_number(count);
        at = TimePoint{Duration{count}};
    }
    void flag(bool& value) {
        std::uint8_t read = 0;
        bounded(read, 1, "a flag");
        value = read != 0;
    }
    void real(float& value, const char* name) {
        const auto bits = ok() ? reader_.read<std::uint32_t>() : 0;
        check_end();
        value = std::bit_cast<float>(bits);
        if (!std::isfinite(value)) refuse(ErrorCode::malformed, std::string(name) + " is not finite");
    }
    [[nodiscard]] Bytes bytes(std::size_t max, const char* name) {
        const std::uint64_t size = number();
        if (size > max)
            refuse(ErrorCode::malformed, fmt::format("{} has {} bytes; at most {}", name, size, max));
        if (!ok()) return {};
        const Bytes value = reader_.read_bytes(static_cast<std::size_t>(size));
        check_end();
        return value;
    }
    void bytes(std::vector<std::byte>& value, std::size_t max, const char* name) {
        const Bytes read = bytes(max, name);
        value.assign(read.begin(), read.end());
    }
    void text(std::string& value, std::size_t max, const char* name) { value = as_text(bytes(max, name)); }
    // Grows with what is there, whatever the count says.
    template <class T, class Each>
    void list(std::vector<T>& values, std::size_t max, const char* name, Each each) {
        const std::uint64_t count = number();
        if (count > max)
            refuse(ErrorCode::malformed, fmt::format("there are {} {}; at most {}", count, name, max));
        values.clear();
        for (std::uint64_t i = 0; i < count && ok(); ++i) each(*this, values.emplace_back());
    }
    template <class Counters>
    void counters(Counters& value) {
        trace::Numbers<Counters> numbers{};
        for (std::uint64_t mask = number(); mask != 0 && ok(); mask &= mask - 1) {
            const auto place = static_cast<std::size_t>(std::countr_zero(mask));
            const std::uint64_t read = unzigzag(number());
            if (place < numbers.size()) numbers[place] = read;  // the rest are those of a newer version
        }
        value = trace::from_numbers<Counters>(numbers);
    }

  private:
    void check_end() {
        if (ok() && !reader_.ok())
            refuse(ErrorCode::malformed,
                   fmt::format("it ends, or has no varint, at byte {}", reader_.position()));
    }
    ByteReader reader_;
};

}  // namespace squall::recorder
