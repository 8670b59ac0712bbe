// What a recording costs whoever records: 100,000 messages a second, each call timed. At most 2 us at
// the 99.9th percentile, and nothing dropped.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <filesystem>
#include <vector>

#include "squall/runtime/recording.hpp"
#include "squall/trace/histogram.hpp"

using namespace squall;

namespace {

double cpu_seconds(int who) {
    rusage usage{};
    (void)getrusage(who, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::int64_t clock_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("What a recording costs its producer");
    double seconds = 5;
    std::uint64_t rate = 100'000;
    std::size_t bytes = 72;
    app.add_option("--seconds", seconds);
    app.add_option("--rate", rate);
    app.add_option("--bytes", bytes);
    CLI11_PARSE(app, argc, argv);

    std::string folder = (std::filesystem::temp_directory_path() / "squall-recorder-XXXXXX").string();
    if (::mkdtemp(folder.data()) == nullptr) return 2;
    const TimePoint start{Duration(clock_ns())};
    auto recording =
        Recording::start(start, {.path = folder + "/run.pcapng"}, {start, 1'700'000'000'000'000'000});
    if (!recording) {
        fmt::print(stderr, "{}\n", recording.error().message);
        return 2;
    }
    std::vector<std::byte> payload(bytes, std::byte{0x5a});
    recorder::MessageRecord record;
    record.direction = recorder::Direction::outbound;
    record.connection = {3, 1};
    record.payload = payload;
    record.message_bytes = static_cast<std::uint32_t>(bytes);
    const auto count = static_cast<std::uint64_t>(seconds * static_cast<double>(rate));
    const auto step = static_cast<std::int64_t>(1'000'000'000 / rate);
    trace::Histogram nanoseconds;
    const double cpu_before = cpu_seconds(RUSAGE_SELF);
    const double own_before = cpu_seconds(RUSAGE_THREAD);
    const std::int64_t began = clock_ns();
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::int64_t due = began + static_cast<std::int64_t>(i) * step;
        std::int64_t before = clock_ns();
        while (before < due) before = clock_ns();
        record.at = TimePoint{Duration(before)};
        record.message = i;
        (*recording)->put(record);
        (*recording)->publish();
        nanoseconds.record(static_cast<std::uint64_t>(clock_ns() - before));
    }
    const double took = static_cast<double>(clock_ns() - began) / 1e9;
    const double writer = cpu_seconds(RUSAGE_SELF) - cpu_before - (cpu_seconds(RUSAGE_THREAD) - own_before);
    (*recording)->stop(TimePoint{Duration(clock_ns())});
    const RecordingStatus status = (*recording)->status();
    std::filesystem::remove_all(folder);
    const auto at = [&](std::uint64_t millionths) {
        return nanoseconds.value_at_percentile(per_million(static_cast<std::uint32_t>(millionths)));
    };
    fmt::print(
        "| messages/s | bytes | p50 | p99 | p99.9 | max | dropped | writer, % of a core |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| {:.0f} | {} | {} ns | {} ns | {} ns | {} ns | {} | {:.1f} |\n",
        static_cast<double>(count) / took, bytes, at(500'000), at(990'000), at(999'000), nanoseconds.max(),
        status.records.dropped, 100 * writer / took);
    return at(999'000) <= 2000 && status.records.dropped == 0 ? 0 : 1;
}
