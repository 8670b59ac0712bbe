#include "bench/support/bar_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <string_view>

namespace squall::bench {
namespace {

constexpr double kPanelWidth = 400;
constexpr double kPanelHeight = 300;
constexpr double kMargin = 28;
constexpr double kHeader = 104;
constexpr double kFooter = 34;
constexpr std::size_t kColumns = 3;
// Told apart by people who see few colours, and in grey.
constexpr std::array<std::string_view, 4> kColours{"#7f7f7f", "#d98c00", "#3b8fd0", "#00805c"};

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            default: out += c;
        }
    return out;
}

// The least of 1, 2, 2.5, 5 times a power of ten that needs at most five steps.
double tick_step(double highest) {
    const double power = std::pow(10, std::floor(std::log10(highest / 5)));
    for (const double factor : {1.0, 2.0, 2.5, 5.0})
        if (power * factor * 5 >= highest) return power * factor;
    return power * 10;
}

std::string number_text(double value) {
    if (value >= 10'000) return fmt::format("{:.0f}k", value / 1000);
    if (value >= 1000) return fmt::format("{:.1f}k", value / 1000);
    return value >= 100 || value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                      : fmt::format("{:.1f}", value);
}

class Drawing {
  public:
    template <class... Arguments>
    void add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        fmt::format_to(std::back_inserter(text_), format, std::forward<Arguments>(arguments)...);
        text_ += '\n';
    }
    void text(double x, double y, std::string_view anchor, std::string_view style, std::string_view what) {
        add(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}" class="{}">{}</text>)", x, y, anchor, style,
            escaped(what));
    }
    void line(double x1, double y1, double x2, double y2, std::string_view colour, double width) {
        add(R"(<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" stroke="{}" stroke-width="{:.1f}"/>)",
            x1, y1, x2, y2, colour, width);
    }
    void box(double x, double y, double width, double height, std::string_view colour, double opacity) {
        add(R"(<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill="{}" fill-opacity="{:.2f}"/>)",
            x, y, width, height, colour, opacity);
    }
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

void draw_panel(Drawing& out, const BarPage& page, const Panel& panel, double left, double top) {
    const double plot_left = left + 48;
    const double plot_top = top + 50;
    const double plot_width = kPanelWidth - 48;
    const double plot_height = kPanelHeight - 50 - 44;
    const double floor_y = plot_top + plot_height;
    double highest = 0;
    for (const auto& group : panel.groups)
        for (const Bar& bar : group) highest = std::max({highest, bar.value, bar.high});
    const double step = tick_step(std::max(highest, 1e-9));
    const double top_value = std::ceil(highest / step - 1e-9) * step;
    const auto y_of = [&](double value) { return floor_y - value / top_value * plot_height; };

    out.text(left, top + 14, "start", "panel", panel.title);
    out.text(left, top + 32, "start", "note", panel.note);
    for (double at = 0; at <= top_value + step / 2; at += step) {
        out.line(plot_left, y_of(at), plot_left + plot_width, y_of(at), at == 0 ? "#404040" : "#e2e2e2", 1);
        out.text(plot_left - 7, y_of(at) + 4, "end", "axis", number_text(at));
    }
    const double group_width = plot_width / static_cast<double>(panel.groups.size());
    const double bar_width = group_width * 0.8 / static_cast<double>(page.series.size());
    for (std::size_t g = 0; g < panel.groups.size(); ++g) {
        const double group_left = plot_left + (static_cast<double>(g) + 0.1) * group_width;
        for (std::size_t s = 0; s < panel.groups[g].size(); ++s) {
            const Bar& bar = panel.groups[g][s];
            const double x = group_left + static_cast<double>(s) * bar_width;
            const std::string_view colour = kColours[s % kColours.size()];
            const double y = y_of(bar.value);
            out.box(x + 1, y, bar_width - 2, floor_y - y, colour, bar.inner > 0 ? 0.35 : 1);
            if (bar.inner > 0)
                out.box(x + 1, y_of(bar.inner), bar_width - 2, floor_y - y_of(bar.inner), colour, 1);
            if (bar.high <= 0) continue;
            const double middle = x + bar_width / 2;
            out.line(middle, y_of(bar.low), middle, y_of(bar.high), "#202020", 1.2);
            for (const double end : {bar.low, bar.high})
                out.line(middle - 3, y_of(end), middle + 3, y_of(end), "#202020", 1.2);
        }
        out.text(group_left + group_width * 0.4, floor_y + 17, "middle", "axis", page.groups[g]);
    }
    out.text(plot_left + plot_width / 2, floor_y + 35, "middle", "note", page.group_label);
}

}  // namespace

std::string to_svg(const BarPage& page) {
    const std::size_t rows = (page.panels.size() + kColumns - 1) / kColumns;
    const double width = kMargin + static_cast<double>(kColumns) * (kPanelWidth + kMargin);
    const double height = kHeader + static_cast<double>(rows) * (kPanelHeight + kMargin) + kFooter - kMargin;
    Drawing out;
    out.add(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0:.0f} {1:.0f}" width="{0:.0f}" height="{1:.0f}">)",
        width, height);
    out.add(
        "<style>text{{font-family:'DejaVu Sans',Verdana,Arial,sans-serif;fill:#202020}}"
        ".title{{font-size:20px;font-weight:bold}}.panel{{font-size:14px;font-weight:bold}}"
        ".note{{font-size:11px;fill:#606060}}.axis{{font-size:11px}}.key{{font-size:13px}}</style>");
    out.box(0, 0, width, height, "#ffffff", 1);
    out.text(kMargin, 34, "start", "title", page.title);
    out.text(kMargin, 54, "start", "note", page.subtitle);
    double x = kMargin;
    for (std::size_t s = 0; s < page.series.size(); ++s) {
        out.box(x, 68, 14, 14, kColours[s % kColours.size()], 1);
        out.text(x + 20, 80, "start", "key", page.series[s]);
        x += 20 + 7.5 * static_cast<double>(page.series[s].size()) + 30;
    }
    for (std::size_t i = 0; i < page.panels.size(); ++i)
        draw_panel(out, page, page.panels[i],
                   kMargin + static_cast<double>(i % kColumns) * (kPanelWidth + kMargin),
                   kHeader + static_cast<double>(i / kColumns) * (kPanelHeight + kMargin));
    out.add("</svg>");
    return out.take();
}

}  // namespace squall::bench
