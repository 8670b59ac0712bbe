#include "squall/wire/rtt_average.hpp"

#include <algorithm>

namespace squall::wire {

void RttAverage::observe(Duration sample) {
    sample = std::max(sample, Duration{0});
    if (samples_++ == 0) {
        average_ = minimum_ = latest_ = sample;
        return;
    }
    const Duration distance = sample - average_;
    const double share = static_cast<double>(weight_.numerator) / static_cast<double>(weight_.denominator);
    const auto far = static_cast<double>(distance.count());
    variance_ = (1 - share) * (variance_ + share * far * far);
    const auto numerator = static_cast<std::int64_t>(weight_.numerator);
    const auto denominator = static_cast<std::int64_t>(weight_.denominator);
    // In two parts, so that hours times a weight of millionths do not overflow.
    average_ += distance / denominator * numerator + distance % denominator * numerator / denominator;
    jitter_ += ((sample > latest_ ? sample - latest_ : latest_ - sample) - jitter_) / 16;
    minimum_ = std::min(minimum_, sample);
    latest_ = sample;
}

}  // namespace squall::wire
