#include "gui/data/format.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>

namespace squall::gui {
namespace {

// Three significant digits, no more than two after the point.
std::string three_digits(double value) {
    const double size = std::abs(value);
    if (size >= 99.95) return fmt::format("{:.0f}", value);
    if (size >= 9.995) return fmt::format("{:.1f}", value);
    if (size == 0) return "0";
    if (size < 0.005) return fmt::format("{:.1g}", value);
    return fmt::format("{:.2f}", value);
}

std::string scaled(double value, const char* unit) {
    static constexpr std::array prefixes = {"", "k", "M", "G", "T", "P"};
    std::size_t prefix = 0;
    while (std::abs(value) >= 999.5 && prefix + 1 < prefixes.size()) {
        value /= 1000;
        ++prefix;
    }
    if (prefix == 0 && std::abs(value) >= 9.995) return fmt::format("{:.0f} {}", value, unit);
    return fmt::format("{} {}{}", three_digits(value), prefixes[prefix], unit);
}

}  // namespace

std::string format_count(std::uint64_t value) {
    std::string digits = std::to_string(value);
    for (std::size_t from_end = 3; from_end < digits.size(); from_end += 4)
        digits.insert(digits.size() - from_end, 1, ',');
    return digits;
}

std::string format_value(double value, Unit unit) {
    if (!std::isfinite(value)) return "–";
    switch (unit) {
        case Unit::none: return three_digits(value);
        case Unit::count:
            if (std::abs(value - std::round(value)) < 1e-9 && std::abs(value) < 1e15) {
                const auto whole = format_count(static_cast<std::uint64_t>(std::llabs(std::llround(value))));
                return value < -0.5 ? "-" + whole : whole;
            }
            return three_digits(value);
        case Unit::per_second:
            return std::abs(value) < 999.5 ? three_digits(value) + " /s" : scaled(value, "/s");
        case Unit::bytes: return scaled(value, "B");
        case Unit::bytes_per_second: return scaled(value, "B/s");
        case Unit::milliseconds:
            if (std::abs(value) >= 1000) return three_digits(value / 1000) + " s";
            if (value != 0 && std::abs(value) < 0.9995) return three_digits(value * 1000) + " µs";
            return three_digits(value) + " ms";
        case Unit::percent: return three_digits(value) + " %";
    }
    return {};
}

std::string unit_name(Unit unit) {
    switch (unit) {
        case Unit::none:
        case Unit::count: return {};
        case Unit::per_second: return "/s";
        case Unit::bytes: return "bytes";
        case Unit::bytes_per_second: return "bytes/s";
        case Unit::milliseconds: return "ms";
        case Unit::percent: return "%";
    }
    return {};
}

std::string format_time(std::int64_t nanoseconds, std::int64_t resolution) {
    const char* sign = nanoseconds < 0 ? "-" : "";
    const std::int64_t size = std::abs(nanoseconds);
    int digits = 0;
    for (std::int64_t step = 1'000'000'000; step > resolution && digits < 9; step /= 10) ++digits;
    const std::int64_t whole = size / 1'000'000'000;
    std::string fraction;
    if (digits > 0) {
        fraction = fmt::format("{:09}", size % 1'000'000'000).substr(0, static_cast<std::size_t>(digits));
        fraction.insert(fraction.begin(), '.');
    }
    if (whole >= 3600)
        return fmt::format("{}{}:{:02}:{:02}{}", sign, whole / 3600, whole / 60 % 60, whole % 60, fraction);
    return fmt::format("{}{}:{:02}{}", sign, whole / 60, whole % 60, fraction);
}

std::string format_duration(std::int64_t nanoseconds) {
    const auto value = static_cast<double>(nanoseconds);
    const double size = std::abs(value);
    if (size < 1e3) return fmt::format("{} ns", nanoseconds);
    if (size < 999.5e3) return three_digits(value / 1e3) + " µs";
    if (size < 999.5e6) return three_digits(value / 1e6) + " ms";
    if (size < 120e9) return three_digits(value / 1e9) + " s";
    const auto seconds = static_cast<std::int64_t>(std::llround(size / 1e9));
    if (seconds < 7200)
        return fmt::format("{}{} min {:02} s", value < 0 ? "-" : "", seconds / 60, seconds % 60);
    return fmt::format("{}{} h {:02} min", value < 0 ? "-" : "", seconds / 3600, seconds / 60 % 60);
}

std::string format_plain(double value) {
    if (!std::isfinite(value)) return {};
    if (value == std::round(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}", value);
    return fmt::format("{:.6g}", value);
}

std::string csv_field(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + "\"";
}

}  // namespace squall::gui
