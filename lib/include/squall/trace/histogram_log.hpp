// HdrHistogram's text forms: one histogram as "V2 compressed" base64 (zlib inside), and the lines of a V2
// interval log that HistogramLogProcessor, hdr-histogram-js and their kin read. Produces and takes strings;
// opens no file, reads no clock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::trace {

// The base64 text of the V2 compressed encoding ("HISTFAAA...").
[[nodiscard]] std::string encode_histogram(const Histogram& histogram);
// Reads it back: counts, precision and range. Errors: malformed, unsupported (another version, or a unit
// above 1), too_large (more memory than a sane histogram takes).
[[nodiscard]] Result<Histogram> decode_histogram(std::string_view base64);

// The first lines of a log; `start` is the wall time that the intervals count from.
[[nodiscard]] std::string histogram_log_header(std::string_view comment, UnixSeconds start);
// One interval: its begin (since the start), its length, and what was recorded in it. A tag must have no
// comma, blank or line break; those are replaced by '_'. The largest value is written in units of
// `max_value_unit` (1,000,000: milliseconds of values in nanoseconds, as HdrHistogram's own writer has it).
[[nodiscard]] std::string histogram_log_line(std::string_view tag, Duration begin, Duration length,
                                             const Histogram& histogram,
                                             std::uint64_t max_value_unit = 1'000'000);

}  // namespace squall::trace
