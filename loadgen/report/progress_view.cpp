#include "report/progress_view.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "report/timeline_csv.hpp"

namespace squall::loadgen {

TerminalStyle style_of(std::FILE* stream) {
    TerminalStyle out;
    const int descriptor = fileno(stream);
    const char* term = std::getenv("TERM");
    const char* no_colour = std::getenv("NO_COLOR");
    const bool capable = isatty(descriptor) != 0 && term != nullptr && std::strcmp(term, "dumb") != 0;
    out.in_place = capable;
    out.colour = capable && (no_colour == nullptr || *no_colour == '\0');
    winsize size{};
    if (capable && ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) out.width = size.ws_col;
    return out;
}

struct ProgressView::Figures {
    std::uint64_t inputs = 0;
    std::uint64_t snapshots = 0;
    std::string rtt_p50 = "-";
    std::string rtt_p99 = "-";
    std::string age_p99 = "-";
    std::string lateness_p99 = "-";
    std::string generator_cpu = "-";
    std::string tick_p99 = "-";
    std::string server_cpu = "-";
    double loss_percent = 0;
};

namespace {

std::string cell(const MetricStore& store, Metric metric, Ratio share) {
    const auto values = store.second_of(metric, store.places(metric));
    return values.empty() ? "-" : shown(info(metric).unit, values.value_at_percentile(share));
}

std::uint64_t sum(const MetricStore& store, Metric metric) {
    std::uint64_t out = 0;
    for (const auto place : store.places(metric)) out += store.counter(metric, place).second();
    return out;
}

}  // namespace

ProgressView::ProgressView(const Scenario& scenario, TerminalStyle style, std::FILE* stream)
    : scenario_(scenario), style_(style), stream_(stream) {}

ProgressView::~ProgressView() {
    finish();
}

ProgressView::Figures ProgressView::figures(const SecondView& view) const {
    Figures out;
    out.inputs = sum(view.metrics, Metric::inputs);
    out.snapshots = sum(view.metrics, Metric::snapshots);
    out.rtt_p50 = cell(view.metrics, Metric::rtt, percent(50));
    out.rtt_p99 = cell(view.metrics, Metric::rtt, percent(99));
    out.age_p99 = cell(view.metrics, Metric::snapshot_age, percent(99));
    out.lateness_p99 = cell(view.metrics, Metric::generator_send_lateness, percent(99));
    out.generator_cpu = cell(view.metrics, Metric::generator_cpu, percent(50));
    if (tick_p99_) out.tick_p99 = shown(MetricUnit::nanoseconds, *tick_p99_);
    if (server_cpu_) out.server_cpu = shown(MetricUnit::share_ppm, *server_cpu_);
    const auto sent = view.transport.packets_sent - std::min(packets_sent_, view.transport.packets_sent);
    const auto lost = view.transport.packets_lost - std::min(packets_lost_, view.transport.packets_lost);
    // Losses are declared late, so a second may declare more than it sent.
    out.loss_percent =
        sent == 0 ? 0 : std::min(100.0, 100.0 * static_cast<double>(lost) / static_cast<double>(sent));
    return out;
}

std::string ProgressView::plain_line(const SecondView& view) const {
    const Figures f = figures(view);
    return fmt::format(
        "{:>4.0f}s/{:.0f}s {:<9} clients {:>5} | in {:>6}/s out {:>6}/s | rtt p50 {} p99 {} | tick p99 {} | "
        "loss {:.1f}% | "
        "disconnects {} errors {} | late p99 {}\n",
        to_seconds(view.elapsed), to_seconds(scenario_.duration), to_string(view.phase), view.heads.connected,
        f.inputs, f.snapshots, f.rtt_p50, f.rtt_p99, f.tick_p99, f.loss_percent, view.disconnects,
        view.errors, f.lateness_p99);
}

std::string ProgressView::picture(const SecondView& view) const {
    const Figures f = figures(view);
    const double done = std::min(1.0, to_seconds(view.elapsed) / to_seconds(scenario_.duration));
    const unsigned width = std::clamp(style_.width, 40U, 120U) - 32;
    const auto filled = static_cast<unsigned>(done * width);
    const std::string_view on = style_.colour ? "\x1b[36m" : "";
    const std::string_view off = style_.colour ? "\x1b[0m" : "";
    std::string out =
        fmt::format("  [{}{}{}{}] {:>3.0f}%  {:.0f} of {:.0f} s, {}\n", on, std::string(filled, '#'), off,
                    std::string(width - filled, '.'), done * 100, to_seconds(view.elapsed),
                    to_seconds(scenario_.duration), to_string(view.phase));
    out += fmt::format("  clients    {} connected, {} joining, {} leaving\n", view.heads.connected,
                       view.heads.joining, view.heads.leaving);
    out += fmt::format("  messages   {}/s inputs, {}/s snapshots, {:.1f} % lost\n", grouped(f.inputs),
                       grouped(f.snapshots), f.loss_percent);
    out += fmt::format("  rtt        p50 {}, p99 {}; snapshot age p99 {}\n", f.rtt_p50, f.rtt_p99, f.age_p99);
    out += fmt::format("  server     tick p99 {} of {:.1f} ms, cpu {}\n", f.tick_p99,
                       1000.0 / scenario_.target.tick_rate, f.server_cpu);
    out += fmt::format("  generator  late p99 {}, cpu {}\n", f.lateness_p99, f.generator_cpu);
    out += fmt::format("  trouble    {} disconnects, {} errors\n", view.disconnects, view.errors);
    return out;
}

void ProgressView::on_second(const SecondView& view) {
    std::string text;
    if (style_.in_place) {
        if (drawn_lines_ != 0) text += fmt::format("\x1b[{}A", drawn_lines_);
        const std::string lines = picture(view);
        for (const char c : lines) {
            if (c == '\n') text += "\x1b[K";
            text.push_back(c);
        }
        drawn_lines_ = static_cast<unsigned>(std::count(lines.begin(), lines.end(), '\n'));
    } else {
        text = plain_line(view);
    }
    // Who watches may go away; the run does not depend on it.
    (void)std::fwrite(text.data(), 1, text.size(), stream_);
    (void)std::fflush(stream_);
    packets_sent_ = view.transport.packets_sent;
    packets_lost_ = view.transport.packets_lost;
}

void ProgressView::on_server(const ServerReport& report, const MetricStore& metrics) {
    if (report.inside && !report.inside->tick.empty() && report.inside->tick.max() > 0) {
        const auto& tick = metrics.trend(Metric::server_tick, kWholeRun).second();
        tick_p99_ = tick.value_at_percentile(percent(99));
    }
    if (report.cpu_ppm) server_cpu_ = report.cpu_ppm;
}

void ProgressView::finish() {
    drawn_lines_ = 0;
}

}  // namespace squall::loadgen
