// A page of grouped bar charts as SVG, one panel a measure: written as text, without a library. Knows nothing
// of what is measured.
#pragma once

#include <string>
#include <vector>

namespace squall::bench {

struct Bar {
    double value = 0;
    double low = 0;  // a whisker from low to high; none if both are 0
    double high = 0;
    double inner = 0;  // a part of the value, drawn solid where the rest is pale; 0: all is solid
};
struct Panel {
    std::string title;
    std::string note;                      // what bar and whisker are
    std::vector<std::vector<Bar>> groups;  // by group, then by series
};
struct BarPage {
    std::string title;
    std::string subtitle;
    std::vector<std::string> series;
    std::vector<std::string> groups;
    std::string group_label;
    std::vector<Panel> panels;
};
// Three panels in a row.
[[nodiscard]] std::string to_svg(const BarPage& page);

}  // namespace squall::bench
