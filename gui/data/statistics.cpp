#include "gui/data/statistics.hpp"

#include <algorithm>
#include <cmath>

namespace squall::gui {
namespace {

constexpr double kFewest = 3;  // effective samples below which nothing is said

// Continued fraction of the incomplete beta function (Lentz).
double beta_fraction(double a, double b, double x) {
    constexpr double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (std::abs(d) < tiny ? tiny : d);
    double h = d;
    for (int m = 1; m <= 200; ++m) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (const double term : {even, odd}) {
            d = 1 + term * d;
            d = 1 / (std::abs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            if (std::abs(c) < tiny) c = tiny;
            h *= d * c;
        }
        if (std::abs(d * c - 1) < 1e-12) break;
    }
    return h;
}

double incomplete_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) +
                                  b * std::log(1 - x));
    if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
    return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

}  // namespace

SampleSummary summarise(std::span<const double> samples) {
    SampleSummary out;
    out.count = samples.size();
    if (samples.empty()) return out;
    for (const double value : samples) out.mean += value;
    out.mean /= static_cast<double>(samples.size());
    double lagged = 0;
    double squares = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        squares += (samples[i] - out.mean) * (samples[i] - out.mean);
        if (i > 0) lagged += (samples[i] - out.mean) * (samples[i - 1] - out.mean);
    }
    if (samples.size() > 1) out.variance = squares / static_cast<double>(samples.size() - 1);
    // First-order autocorrelation: n (1 - r) / (1 + r) independent samples are worth as much.
    const double r = squares > 0 ? std::clamp(lagged / squares, 0.0, 0.99) : 0;
    out.effective = static_cast<double>(samples.size()) * (1 - r) / (1 + r);
    return out;
}

double student_two_sided(double t, double degrees) {
    return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

double student_quantile(double p, double degrees) {
    double low = 0;
    double high = 1000;
    for (int i = 0; i < 100; ++i) {
        const double middle = (low + high) / 2;
        (student_two_sided(middle, degrees) > p ? low : high) = middle;
    }
    return high;
}

WelchResult welch(const SampleSummary& first, const SampleSummary& second) {
    WelchResult out;
    out.difference = second.mean - first.mean;
    out.low = out.high = out.difference;
    if (first.effective < kFewest || second.effective < kFewest) return out;
    out.is_known = true;
    const double a = first.variance / first.effective;
    const double b = second.variance / second.effective;
    const double error = std::sqrt(a + b);
    if (error <= 0) {
        out.p = out.difference == 0 ? 1 : 0;
        return out;
    }
    const double degrees =
        (a + b) * (a + b) / (a * a / (first.effective - 1) + b * b / (second.effective - 1));
    out.p = student_two_sided(out.difference / error, degrees);
    const double reach = student_quantile(0.05, degrees) * error;
    out.low = out.difference - reach;
    out.high = out.difference + reach;
    return out;
}

}  // namespace squall::gui
