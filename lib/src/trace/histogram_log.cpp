// The V2 encoding is HdrHistogram's (HdrHistogram/AbstractHistogram.java, ZigZagEncoding.java): a big-endian
// header of 40 bytes, then counts as ZigZag LEB128 of at most 9 bytes, a negative one standing for a run of
// so many zeros.
#include "squall/trace/histogram_log.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <ctime>
#include <vector>

#include "trace/base64.hpp"

namespace squall::trace {
namespace {

constexpr std::uint32_t kCookieV2 = 0x1c849303 | 0x10;
constexpr std::uint32_t kCookieV2Compressed = 0x1c849304 | 0x10;
constexpr std::size_t kHeaderBytes = 40;
constexpr std::size_t kMaxPlainBytes = 64 * 1024 * 1024;

using Buffer = std::vector<std::uint8_t>;

void put_big_endian(Buffer& out, std::uint64_t value, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t get_big_endian(const Buffer& in, std::size_t at, unsigned bytes) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < bytes; ++i) value = (value << 8) | in[at + i];
    return value;
}

void put_zigzag(Buffer& out, std::int64_t value) {
    auto rest = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
    for (int i = 0; i < 8; ++i) {
        if (rest < 0x80) {
            out.push_back(static_cast<std::uint8_t>(rest));
            return;
        }
        out.push_back(static_cast<std::uint8_t>(rest | 0x80));
        rest >>= 7;
    }
    out.push_back(static_cast<std::uint8_t>(rest));  // the ninth byte carries eight bits
}

bool get_zigzag(const Buffer& in, std::size_t& at, std::int64_t& value) {
    std::uint64_t raw = 0;
    for (unsigned i = 0; i < 9; ++i) {
        if (at >= in.size()) return false;
        const std::uint64_t byte = in[at++];
        if (i == 8) {
            raw |= byte << 56;
            break;
        }
        raw |= (byte & 0x7f) << (7 * i);
        if ((byte & 0x80) == 0) break;
    }
    value = static_cast<std::int64_t>((raw >> 1) ^ (~(raw & 1) + 1));
    return true;
}

Buffer plain_encoding(const Histogram& histogram) {
    Buffer payload;
    const std::size_t used = histogram.empty() ? 0 : histogram.index_of(histogram.max()) + 1;
    const auto& counts = histogram.counts();
    for (std::size_t i = 0; i < used;) {
        if (counts[i] != 0) {
            put_zigzag(payload, static_cast<std::int64_t>(counts[i++]));
            continue;
        }
        const std::size_t begin = i;
        while (i < used && counts[i] == 0) ++i;
        put_zigzag(payload, -static_cast<std::int64_t>(i - begin));
    }
    Buffer out;
    put_big_endian(out, kCookieV2, 4);
    put_big_endian(out, payload.size(), 4);
    put_big_endian(out, 0, 4);  // normalising index offset
    put_big_endian(out, histogram.config().significant_digits, 4);
    put_big_endian(out, 1, 8);  // lowest discernible value
    put_big_endian(out, histogram.config().highest_trackable, 8);
    put_big_endian(out, std::bit_cast<std::uint64_t>(1.0), 8);  // integer to double ratio
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

Result<Histogram> from_plain(const Buffer& plain) {
    const auto bad = [](std::string_view why) {
        return fail(ErrorCode::malformed, fmt::format("not an HdrHistogram V2 encoding: {}", why));
    };
    if (plain.size() < kHeaderBytes) return bad("shorter than its header of 40 bytes");
    if (get_big_endian(plain, 0, 4) != kCookieV2)
        return fail(ErrorCode::unsupported, "only HdrHistogram's V2 encoding is read");
    if (get_big_endian(plain, 4, 4) != plain.size() - kHeaderBytes)
        return bad("its length does not fit its header");
    if (get_big_endian(plain, 8, 4) != 0)
        return fail(ErrorCode::unsupported, "a shifted histogram (index offset not 0)");
    if (get_big_endian(plain, 16, 8) != 1)
        return fail(ErrorCode::unsupported, "a lowest discernible value other than 1");
    HistogramConfig config;
    config.significant_digits = static_cast<unsigned>(get_big_endian(plain, 12, 4));
    config.highest_trackable = get_big_endian(plain, 24, 8);
    if (config.significant_digits < 1 || config.significant_digits > 5)
        return bad("significant digits must be 1 to 5");
    if (config.highest_trackable < 2 || config.highest_trackable > static_cast<std::uint64_t>(INT64_MAX))
        return bad("its highest trackable value is out of range");
    Histogram histogram(config);
    std::size_t index = 0;
    std::uint64_t total = 0;
    for (std::size_t at = kHeaderBytes; at < plain.size();) {
        std::int64_t count = 0;
        if (!get_zigzag(plain, at, count)) return bad("a count is cut off");
        if (count == INT64_MIN) return bad("a run of zeros is impossibly long");
        const auto step = count < 0 ? static_cast<std::uint64_t>(-count) : 1;
        if (step > histogram.counts().size() - index) return bad("more counts than the range has places");
        if (count > 0) {
            if (static_cast<std::uint64_t>(count) > static_cast<std::uint64_t>(INT64_MAX) - total)
                return bad("too many values");
            total += static_cast<std::uint64_t>(count);
            const std::uint64_t low = histogram.lowest_at(index);
            const std::uint64_t middle = low + (histogram.highest_at(index) - low) / 2;
            histogram.record(std::min(middle, config.highest_trackable), static_cast<std::uint64_t>(count));
        }
        index += step;
    }
    return histogram;
}

// "Thu Jan 01 00:00:00 UTC 1970", as Java prints a date: the header line is for people, the parsers read the
// number.
std::string date_text(UnixSeconds at) {
    const auto seconds = static_cast<std::time_t>(at.value);
    std::tm parts{};
    if (gmtime_r(&seconds, &parts) == nullptr) return "unknown";
    char text[64];
    return {text, std::strftime(text, sizeof text, "%a %b %d %H:%M:%S UTC %Y", &parts)};
}

// Seconds with three digits after the point.
std::string seconds_text(Duration d) {
    const auto ms = d.count() < 0 ? 0 : d.count() / 1'000'000;
    return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

}  // namespace

std::string encode_histogram(const Histogram& histogram) {
    const Buffer plain = plain_encoding(histogram);
    uLongf size = compressBound(static_cast<uLong>(plain.size()));
    Buffer packed(size);
    compress2(packed.data(), &size, plain.data(), static_cast<uLong>(plain.size()), Z_DEFAULT_COMPRESSION);
    Buffer out;
    put_big_endian(out, kCookieV2Compressed, 4);
    put_big_endian(out, size, 4);
    out.insert(out.end(), packed.begin(), packed.begin() + static_cast<std::ptrdiff_t>(size));
    return base64_encode({reinterpret_cast<const std::byte*>(out.data()), out.size()});
}

Result<Histogram> decode_histogram(std::string_view base64) {
    const auto raw = base64_decode(base64);
    if (!raw) return fail(ErrorCode::malformed, "not base64: a character or the length does not fit");
    Buffer packed(raw->size());
    for (std::size_t i = 0; i < packed.size(); ++i) packed[i] = static_cast<std::uint8_t>((*raw)[i]);
    if (packed.size() < 8)
        return fail(ErrorCode::malformed, "shorter than the header of a compressed histogram");
    if (get_big_endian(packed, 0, 4) != kCookieV2Compressed)
        return fail(ErrorCode::unsupported, "only HdrHistogram's V2 compressed encoding is read");
    if (get_big_endian(packed, 4, 4) != packed.size() - 8)
        return fail(ErrorCode::malformed, "the compressed length does not fit the header");
    Buffer plain;
    for (std::size_t room = 64 * 1024; room <= kMaxPlainBytes; room *= 8) {
        plain.resize(room);
        auto size = static_cast<uLongf>(room);
        const int result =
            uncompress(plain.data(), &size, packed.data() + 8, static_cast<uLong>(packed.size() - 8));
        if (result == Z_BUF_ERROR && size == room) continue;
        if (result != Z_OK) return fail(ErrorCode::malformed, "its zlib data does not unpack");
        plain.resize(size);
        return from_plain(plain);
    }
    return fail(ErrorCode::too_large, "it unpacks to more than any histogram needs");
}

std::string histogram_log_header(std::string_view comment, UnixSeconds start) {
    std::string out;
    if (!comment.empty()) {
        out += "#[";
        for (const char c : comment) out.push_back(c == '\n' || c == '\r' ? ' ' : c);
        out += "]\n";
    }
    out += "#[Histogram log format version 1.3]\n";
    out += fmt::format("#[StartTime: {}.000 (seconds since epoch), {}]\n", start.value, date_text(start));
    out += "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";
    return out;
}

std::string histogram_log_line(std::string_view tag, Duration begin, Duration length,
                               const Histogram& histogram, std::uint64_t max_value_unit) {
    std::string out;
    if (!tag.empty()) {
        out += "Tag=";
        for (const char c : tag)
            out.push_back(c == ',' || c == ' ' || c == '\n' || c == '\r' || c == '\t' ? '_' : c);
        out += ",";
    }
    const std::uint64_t unit = max_value_unit == 0 ? 1 : max_value_unit;
    const auto thousandths = static_cast<unsigned __int128>(histogram.max()) * 1000 / unit;
    const auto whole = static_cast<std::uint64_t>(thousandths / 1000);
    const auto part = static_cast<std::uint64_t>(thousandths % 1000);
    out += fmt::format("{},{},{}.{:03},{}\n", seconds_text(begin), seconds_text(length), whole, part,
                       encode_histogram(histogram));
    return out;
}

}  // namespace squall::trace
