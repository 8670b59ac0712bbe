// Parts of histograms: what was added between two states of one, and a copy at another precision. Knows no
// metric.
#pragma once

#include "squall/trace/histogram.hpp"

namespace squall::loadgen {

// What `now` holds and `before`, an earlier state of the same histogram, did not; values to the precision.
[[nodiscard]] trace::Histogram added_since(const trace::Histogram& now, const trace::Histogram& before);
// Records all of `from` into `to`, which may have another precision and range.
void record_all(const trace::Histogram& from, trace::Histogram& to);

}  // namespace squall::loadgen
