// contract_benchmark: the benchmark of roblox-network-contract, over a real connection: the same objects as a
// table of plain bytes, as JSON, as a contract's whole objects and as its deltas, at 512 to 4096 messages a
// second, 1024 to 25,000 messages. Each cell is a process with a server's and a client's thread; the four
// ways of a cell run side by side. A table, and a picture.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <optional>

#include "bench/contract/cell.hpp"
#include "bench/support/bar_chart.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"

namespace {

using namespace squall;
using namespace squall::bench;

constexpr std::array kRates{512, 1024, 2048, 4096};
constexpr std::array kMessages{1024, 5000, 25000};

struct Measured {
    CellOptions options;
    CellResult result;
};

struct Child {
    pid_t process = -1;
    int pipe = -1;
};

Child start(const CellOptions& options) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return {};
    const pid_t process = ::fork();
    if (process == 0) {
        ::close(ends[0]);
        const CellResult result = run_cell(options);
        const bool written = ::write(ends[1], &result, sizeof result) == sizeof result;
        ::_exit(written ? 0 : 1);
    }
    ::close(ends[1]);
    return {process, ends[0]};
}

CellResult finish(const Child& child) {
    CellResult result;
    result.failed = true;
    std::string_view("the process crashed").copy(result.failure.data(), result.failure.size() - 1);
    if (child.process < 0) return result;
    CellResult read{};
    std::size_t size = 0;
    for (ssize_t got = 1; got > 0 && size < sizeof read;
         size += static_cast<std::size_t>(std::max<ssize_t>(got, 0)))
        got = ::read(child.pipe, reinterpret_cast<char*>(&read) + size, sizeof read - size);
    ::close(child.pipe);
    int status = 0;
    ::waitpid(child.process, &status, 0);
    return size == sizeof read ? read : result;
}

std::string spread(const Summary& s, int digits) {
    return fmt::format("{:.{}f} / {:.{}f} / {:.{}f}", s.min, digits, s.mean, digits, s.max, digits);
}

MarkdownTable table_of(const std::vector<Measured>& all) {
    MarkdownTable table({"messages", "msg/s", "way", "TPS min / mean / max", "kbit/s min / mean / max",
                         "p50 / p95", "tick us min / mean / max", "p50 / p95 / p99", "MiB min / mean / max",
                         "total s", "object B", "message B", "IP B/message"});
    for (const auto& [options, r] : all)
        table.add({std::to_string(options.messages), std::to_string(options.per_second),
                   std::string(to_string(options.way)), spread(r.tps, 0), spread(r.kilobits, 0),
                   fmt::format("{:.0f} / {:.0f}", r.kilobits.p50, r.kilobits.p95), spread(r.tick_us, 0),
                   fmt::format("{:.0f} / {:.0f} / {:.0f}", r.tick_us.p50, r.tick_us.p95, r.tick_us.p99),
                   spread(r.memory_mib, 1), fmt::format("{:.2f}", r.total_s),
                   fmt::format("{:.1f}", r.object_bytes), fmt::format("{:.1f}", r.message_bytes),
                   fmt::format("{:.1f}", r.ip_bytes)});
    return table;
}

BarPage page_of(const std::vector<Measured>& all, int messages) {
    BarPage page;
    page.title = "Contract benchmark: 16 attributes, each changed with probability 1/2";
    page.subtitle = fmt::format("{} messages a run, UDP on loopback, aes256-gcm, server ticks at 60 Hz; {}",
                                messages, machine_text());
    for (const Way way : kWays) page.series.emplace_back(to_string(way));
    for (const int rate : kRates) page.groups.push_back(std::to_string(rate));
    page.group_label = "messages a second";
    const auto panel = [&](std::string title, std::string note, auto bar_of) {
        Panel out{std::move(title), std::move(note), {}};
        for (const int rate : kRates) {
            out.groups.emplace_back();
            for (const auto& [options, result] : all)
                if (options.per_second == rate && options.messages == messages)
                    out.groups.back().push_back(bar_of(result));
        }
        page.panels.push_back(std::move(out));
    };
    const auto spread_bar = [](const Summary& s) { return Bar{s.mean, s.min, s.max, 0}; };
    panel("Received, kbit/s", "with IP and UDP headers; mean, least and most of the samples",
          [&](const CellResult& r) { return spread_bar(r.kilobits); });
    panel("Bytes a message", "solid: the message; pale: packets, headers, early repeats",
          [](const CellResult& r) { return Bar{r.ip_bytes, 0, 0, r.message_bytes}; });
    panel("Server's tick, us", "median, up to p99: encode and send what is due",
          [](const CellResult& r) { return Bar{r.tick_us.p50, r.tick_us.p50, r.tick_us.p99, 0}; });
    panel("Heard, messages a second", "mean, least and most of the samples",
          [&](const CellResult& r) { return spread_bar(r.tps); });
    panel("Memory, MiB", "resident: both ends and the objects; mean, least and most",
          [&](const CellResult& r) { return spread_bar(r.memory_mib); });
    panel("Total time, s", "from the first message sent to the last one heard",
          [](const CellResult& r) { return Bar{r.total_s, 0, 0, 0}; });
    return page;
}

}  // namespace

int main(int argc, char** argv) {
    bool is_quick = false;
    bool is_serial = false;
    std::string picture;
    CLI::App app(
        "The contract benchmark: 4 ways x 4 rates x 3 numbers of messages. The four ways run side by side: "
        "about "
        "2 minutes; --quick: 25 s, without the 25,000 messages; --serial: 8 minutes, one cell at a time");
    app.add_flag("--quick", is_quick, "1024 and 5000 messages only");
    app.add_flag("--serial", is_serial, "one cell at a time: ticks are not disturbed by the other ways");
    app.add_option("--picture", picture, "writes a picture (SVG) to this file");
    CLI11_PARSE(app, argc, argv);

    std::vector<Measured> all;
    bool failed = false;
    for (const int messages : kMessages) {
        if (is_quick && messages == kMessages.back()) break;
        for (const int rate : kRates) {
            std::vector<Child> children;
            for (const Way way : kWays) {
                all.push_back({{way, rate, messages}, {}});
                children.push_back(start(all.back().options));
                if (!is_serial) continue;
                all.back().result = finish(children.back());
            }
            for (std::size_t i = 0; i < children.size(); ++i) {
                Measured& each = all[all.size() - children.size() + i];
                if (!is_serial) each.result = finish(children[i]);
                if (!each.result.failed) continue;
                fmt::print(stderr, "{}, {} messages at {}/s: {}\n", to_string(each.options.way), messages,
                           rate, each.result.failure.data());
                failed = true;
            }
        }
    }
    fmt::print(
        "Server to client over UDP on loopback, aes256-gcm, reliable ordered, ticks at 60 Hz, {}; {}\n\n{}",
        is_serial ? "one cell at a time" : "the four ways of a cell side by side", machine_text(),
        table_of(all).to_string());
    if (!picture.empty()) {
        std::ofstream file(picture);
        file << to_svg(page_of(all, all.back().options.messages));
        if (!file.flush()) {
            fmt::print(stderr, "the picture could not be written to {}\n", picture);
            return 1;
        }
    }
    return failed ? 1 : 0;
}
