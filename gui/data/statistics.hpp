// Whether two samples of a rate differ by more than chance: Welch's test with the effective number of
// samples, because neighbouring seconds of a game resemble each other. Pure numbers.
#pragma once

#include <cstddef>
#include <span>

namespace squall::gui {

struct SampleSummary {
    double mean = 0;
    double variance = 0;   // of the samples
    double effective = 0;  // number of independent samples that these are worth
    std::size_t count = 0;
};
[[nodiscard]] SampleSummary summarise(std::span<const double> samples);

struct WelchResult {
    double difference = 0;  // second minus first
    double low = 0;         // of the 95 % interval of the difference
    double high = 0;
    double p = 1;           // how likely so great a difference is without a cause
    bool is_known = false;  // false: too few samples to say anything
};
[[nodiscard]] WelchResult welch(const SampleSummary& first, const SampleSummary& second);

// Probability that Student's t with so many degrees of freedom lies further from 0 than `t`.
[[nodiscard]] double student_two_sided(double t, double degrees);
// The t that is exceeded (on either side) with probability `p`.
[[nodiscard]] double student_quantile(double p, double degrees);

}  // namespace squall::gui
