// Numbers as people read them: three significant digits and a unit. The same text in tables, charts, exports
// and reports.
#pragma once

#include <cstdint>
#include <string>

namespace squall::gui {

enum class Unit : std::uint8_t {
    none,        // a plain number
    count,       // a number of things
    per_second,  // things in a second
    bytes,       // kB = 1000 bytes
    bytes_per_second,
    milliseconds,
    percent,
};

// "1.24 MB/s", "12.5 ms", "0.4 %", "1,234". A negative value keeps its sign; what is not a number is "–".
[[nodiscard]] std::string format_value(double value, Unit unit);
// The unit alone, for the head of a column or an axis: "bytes/s", "ms". Empty for plain numbers.
[[nodiscard]] std::string unit_name(Unit unit);
// A time since the start of what is shown: "0:12.5", "1:02:03"; more digits where `resolution` (ns) asks for
// them.
[[nodiscard]] std::string format_time(std::int64_t nanoseconds, std::int64_t resolution = 100'000'000);
// A length of time: "850 ns", "12.5 µs", "3.2 ms", "4.0 s", "2 min 05 s".
[[nodiscard]] std::string format_duration(std::int64_t nanoseconds);
// With separators after each three digits: "1,234,567".
[[nodiscard]] std::string format_count(std::uint64_t value);
// A number with a point and no unit, as short as it is exact enough for a CSV file.
[[nodiscard]] std::string format_plain(double value);
// One field of a line of CSV (RFC 4180): quoted where it must be.
[[nodiscard]] std::string csv_field(const std::string& text);

}  // namespace squall::gui
