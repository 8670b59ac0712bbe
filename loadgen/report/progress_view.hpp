// The live view of a run: redrawn in place on a terminal, one plain line a second elsewhere. Goes to standard
// error, so that standard output holds the report alone.
#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "runner/run_listener.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

struct TerminalStyle {
    bool in_place = false;  // a terminal that can be redrawn
    bool colour = false;
    unsigned width = 80;
};
// What this stream can do; NO_COLOR and TERM=dumb are honoured.
[[nodiscard]] TerminalStyle style_of(std::FILE* stream);

class ProgressView {
  public:
    ProgressView(const Scenario& scenario, TerminalStyle style, std::FILE* stream);
    ~ProgressView();
    ProgressView(const ProgressView&) = delete;
    ProgressView& operator=(const ProgressView&) = delete;

    void on_second(const SecondView& view);
    void on_server(const ServerReport& report, const MetricStore& metrics);
    // Leaves the last picture as it is and goes on below it.
    void finish();

    // The text of one second, for both kinds of output.
    [[nodiscard]] std::string plain_line(const SecondView& view) const;
    [[nodiscard]] std::string picture(const SecondView& view) const;

  private:
    struct Figures;
    [[nodiscard]] Figures figures(const SecondView& view) const;

    const Scenario& scenario_;
    TerminalStyle style_;
    std::FILE* stream_;
    std::uint64_t packets_sent_ = 0;  // at the end of the second before
    std::uint64_t packets_lost_ = 0;
    std::optional<std::uint64_t> tick_p99_;
    std::optional<std::uint64_t> server_cpu_;
    unsigned drawn_lines_ = 0;
};

}  // namespace squall::loadgen
