// Squall's schema codecs beside those that people use: the same objects, one run, bytes and time each way.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "bench/wire/contest.hpp"
#include "wire_peers.hpp"

namespace {

using squall::bench::MarkdownTable;
using squall::bench::Row;

void print(std::string_view heading, std::string_view unit, double scale, std::vector<Row> rows) {
    if (rows.empty()) return;
    const Row ours = rows.front();
    std::ranges::stable_sort(rows, {}, &Row::bytes);
    MarkdownTable table({"codec", "bytes", fmt::format("write {}", unit), fmt::format("read {}", unit),
                         "bytes : ours", "write : ours", "read : ours"});
    for (const Row& row : rows)
        table.add({row.codec, fmt::format("{:.1f}", row.bytes), fmt::format("{:.1f}", row.write_ns / scale),
                   fmt::format("{:.1f}", row.read_ns / scale), fmt::format("{:.2f}", row.bytes / ours.bytes),
                   fmt::format("{:.2f}", row.write_ns / ours.write_ns),
                   fmt::format("{:.2f}", row.read_ns / ours.read_ns)});
    fmt::print("### {}\n\n{}\n", heading, table.to_string());
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Squall's codecs beside Debian's protobuf, msgpack-cxx, flatbuffers, nlohmann-json and cereal: bytes "
        "and "
        "time of the same objects, ratios of one run");
    CLI11_PARSE(app, argc, argv);
    const squall::bench::Payload payload;
    squall::bench::Tables tables;
    squall::bench::add_squall(payload, tables);
#define SQUALL_BENCH_ADD(name) squall::bench::add_##name(payload, tables);
    SQUALL_BENCH_BUILT(SQUALL_BENCH_ADD)
    fmt::print(
        "Measured on {}. Ratios are to the first codec of Squall, which is quantised; missing here: {}\n\n",
        squall::bench::machine_text(),
        std::string_view(SQUALL_BENCH_MISSING).empty() ? "nothing" : SQUALL_BENCH_MISSING);
    print("A full object of seven attributes", "ns", 1, tables.full);
    print("Two of seven attributes changed, with finding the difference", "ns", 1, tables.change);
    print("Snapshot of 1000 entities, full", "us", 1000, tables.world);
    print("Snapshot of 1000 entities, 100 of them moved and turned", "us", 1000, tables.moved);
    print("A contract's sixteen attributes, whole", "ns", 1, tables.fighter);
    print("The same against one object, half of the numbers changed, with finding the difference", "ns", 1,
          tables.fighter_change);
    return 0;
}
