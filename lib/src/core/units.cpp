// Text to quantities and back. Exact or an error: nothing is rounded.
#include "squall/core/units.hpp"

#include <fmt/format.h>

#include <array>
#include <expected>
#include <numeric>
#include <optional>
#include <utility>

namespace squall {
namespace {

// A decimal number without sign or exponent: digits = all digits without the point, scale = 10^(digits after
// it).
struct Decimal {
    std::uint64_t digits = 0;
    std::uint64_t scale = 1;
};

// Takes a decimal number from the front of the text; at most 9 digits after the point and 19 in all.
std::optional<Decimal> take_decimal(std::string_view& text) {
    Decimal out;
    bool point = false;
    bool any = false;
    int count = 0;
    std::size_t i = 0;
    for (; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') break;
        any = true;
        if (++count > 19) return std::nullopt;
        out.digits = out.digits * 10 + static_cast<std::uint64_t>(c - '0');
        if (point) {
            out.scale *= 10;
            if (out.scale > 1'000'000'000) return std::nullopt;
        }
    }
    if (!any) return std::nullopt;
    text.remove_prefix(i);
    return out;
}

using Unit = std::pair<std::string_view, std::uint64_t>;

template <std::size_t N>
std::optional<std::uint64_t> factor_of(const std::array<Unit, N>& units, std::string_view name) {
    for (const auto& [unit, factor] : units)
        if (unit == name) return factor;
    return std::nullopt;
}

// Why a number times its unit is not a whole number of the smallest unit.
enum class ScaleFault { too_large, too_fine };

std::expected<std::uint64_t, ScaleFault> scaled(Decimal number, std::uint64_t factor) {
    const auto value = static_cast<unsigned __int128>(number.digits) * factor;
    if (value % number.scale != 0) return std::unexpected(ScaleFault::too_fine);
    if (value / number.scale > static_cast<unsigned __int128>(INT64_MAX))
        return std::unexpected(ScaleFault::too_large);
    return static_cast<std::uint64_t>(value / number.scale);
}

std::string_view take_letters(std::string_view& text) {
    std::size_t i = 0;
    while (i < text.size() && ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z'))) ++i;
    const auto out = text.substr(0, i);
    text.remove_prefix(i);
    return out;
}

constexpr std::array<Unit, 6> kDurationUnits{{{"ns", 1},
                                              {"us", 1'000},
                                              {"ms", 1'000'000},
                                              {"s", 1'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"h", 3'600'000'000'000}}};
constexpr std::array<Unit, 4> kRateUnits{
    {{"bit", 1}, {"kbit", 1'000}, {"mbit", 1'000'000}, {"gbit", 1'000'000'000}}};
constexpr std::array<Unit, 7> kSizeUnits{{{"B", 1},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"KiB", 1024},
                                          {"MiB", 1024 * 1024},
                                          {"GiB", 1024 * 1024 * 1024}}};

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(
            ErrorCode::malformed,
            fmt::format("'{}' is not a duration: {}; write for instance \"250ms\", \"1.5s\" or \"2m\" "
                        "(units ns, us, ms, s, m, h)",
                        text, why));
    };
    std::string_view rest = text;
    std::uint64_t total = 0;
    if (rest.empty()) return bad("it is empty");
    while (!rest.empty()) {
        const auto number = take_decimal(rest);
        if (!number) return bad("a number is missing");
        const auto unit = take_letters(rest);
        if (unit.empty()) return bad("the unit is missing");
        const auto factor = factor_of(kDurationUnits, unit);
        if (!factor) return bad(fmt::format("'{}' is not a unit", unit));
        const auto value = scaled(*number, *factor);
        if (!value && value.error() == ScaleFault::too_fine)
            return bad("it is not a whole number of nanoseconds");
        if (!value || *value > static_cast<std::uint64_t>(INT64_MAX) - total)
            return bad("it is longer than 292 years");
        total += *value;
    }
    return Duration{static_cast<std::int64_t>(total)};
}

Result<Ratio> parse_ratio(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(
            ErrorCode::malformed,
            fmt::format("'{}' is not a share: {}; write for instance \"1%\" or \"0.25%\" (0% to 100%)", text,
                        why));
    };
    std::string_view rest = text;
    const auto number = take_decimal(rest);
    if (!number) return bad("a number is missing");
    if (rest.empty()) return bad("the percent sign is missing");
    if (rest != "%") return bad(fmt::format("'{}' is not a unit", rest));
    Ratio ratio{number->digits, number->scale * 100};
    if (ratio.numerator > ratio.denominator) return bad("it is above 100%");
    const std::uint64_t divisor = std::gcd(ratio.numerator, ratio.denominator);
    if (divisor > 1) ratio = {ratio.numerator / divisor, ratio.denominator / divisor};
    return ratio;
}

Result<DataRate> parse_data_rate(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not a data rate: {}; write for instance \"64kbit\" or \"8mbit\" "
                                "(bits per second; units bit, kbit, mbit, gbit)",
                                text, why));
    };
    std::string_view rest = text;
    const auto number = take_decimal(rest);
    if (!number) return bad("a number is missing");
    if (rest.empty()) return bad("the unit is missing");
    const auto factor = factor_of(kRateUnits, rest);
    if (!factor) return bad(fmt::format("'{}' is not a unit", rest));
    const auto value = scaled(*number, *factor);
    if (!value)
        return bad(value.error() == ScaleFault::too_fine ? "it is not a whole number of bits"
                                                         : "it is too large");
    return DataRate{*value};
}

Result<std::uint64_t> parse_data_size(std::string_view text) {
    const auto bad = [&](std::string_view why) {
        return fail(ErrorCode::malformed,
                    fmt::format("'{}' is not a size: {}; write for instance \"1200B\" or \"64KiB\" "
                                "(units B, kB, MB, GB, KiB, MiB, GiB)",
                                text, why));
    };
    std::string_view rest = text;
    const auto number = take_decimal(rest);
    if (!number) return bad("a number is missing");
    if (rest.empty()) return bad("the unit is missing");
    const auto factor = factor_of(kSizeUnits, rest);
    if (!factor) return bad(fmt::format("'{}' is not a unit", rest));
    const auto value = scaled(*number, *factor);
    if (!value)
        return bad(value.error() == ScaleFault::too_fine ? "it is not a whole number of bytes"
                                                         : "it is too large");
    return *value;
}

namespace {

// value / scale without trailing zeros, exactly.
std::string decimal_text(std::uint64_t value, std::uint64_t scale) {
    std::string out = fmt::format("{}", value / scale);
    std::uint64_t rest = value % scale;
    if (rest == 0) return out;
    out.push_back('.');
    while (rest != 0) {
        rest *= 10;
        out.push_back(static_cast<char>('0' + rest / scale));
        rest %= scale;
    }
    return out;
}

}  // namespace

std::string to_string(Duration d) {
    const bool negative = d.count() < 0;
    const auto count = static_cast<std::uint64_t>(d.count());
    const std::uint64_t n = negative ? 0 - count : count;
    const std::string sign = negative ? "-" : "";
    if (n == 0) return "0s";
    if (n >= 1'000'000'000) return sign + decimal_text(n, 1'000'000'000) + "s";
    if (n >= 1'000'000) return sign + decimal_text(n, 1'000'000) + "ms";
    if (n >= 1'000) return sign + decimal_text(n, 1'000) + "us";
    return sign + decimal_text(n, 1) + "ns";
}

std::string to_string(Ratio r) {
    // Denominators of parsed ratios divide a power of ten; others are shown to nine digits.
    const auto scaled_value =
        static_cast<unsigned __int128>(r.numerator) * 100 * 1'000'000'000 / r.denominator;
    return decimal_text(static_cast<std::uint64_t>(scaled_value), 1'000'000'000) + "%";
}

std::string to_string(DataRate r) {
    const auto n = r.bits_per_second;
    if (n >= 1'000'000'000) return decimal_text(n, 1'000'000'000) + "gbit";
    if (n >= 1'000'000) return decimal_text(n, 1'000'000) + "mbit";
    if (n >= 1'000) return decimal_text(n, 1'000) + "kbit";
    return decimal_text(n, 1) + "bit";
}

}  // namespace squall
