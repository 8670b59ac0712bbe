// The reports' forms: the rows of the timeline, the live view's lines, files that cannot be written.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "report/output_file.hpp"
#include "report/progress_view.hpp"
#include "report/timeline_csv.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const TimePoint kStart{1h};

Scenario one_group() {
    Scenario scenario;
    scenario.duration = 10s;
    scenario.groups.resize(1);
    scenario.groups[0].name = "players";
    return scenario;
}

SecondView view_of(const MetricStore& store) {
    SecondView view{4, 5s, Phase::measuring, store, {}, {7}, {}, 2, 1};
    view.heads.connected = 7;
    view.transport.packets_sent = 200;
    view.transport.packets_lost = 5;
    return view;
}

TEST(TimelineCsv, HasARowForEachGroupAndMetricWithValues) {
    MetricStore store(1, kStart);
    store.record(Metric::rtt, 0, kStart, 12'345'678ns);
    store.record(Metric::bandwidth_up, 0, kStart, 64'000);
    store.count(Metric::inputs, 0, kStart, 20);
    store.record(Metric::generator_cpu, kWholeRun, kStart, 501'000);
    EXPECT_EQ(timeline_rows(view_of(store), one_group()),
              "4,measuring,players,clients,count,7,,,,,,\n"
              "4,measuring,players,rtt,ms,1,12.345,12.345,12.345,12.345,12.345,12.345\n"
              "4,measuring,players,bandwidth_up,kbit/s,1,64.000,64.000,64.000,64.000,64.000,64.000\n"
              "4,measuring,players,inputs,count,20,,,,,,\n"
              "4,measuring,(generator),generator.cpu,%,1,50.100,50.100,50.100,50.100,50.100,50.100\n");
    const auto columns = [](const std::string& line) { return std::count(line.begin(), line.end(), ','); };
    std::istringstream rows(timeline_rows(view_of(store), one_group()));
    for (std::string row; std::getline(rows, row);) EXPECT_EQ(columns(row), columns(timeline_header()));
}

TEST(TimelineCsv, TheServersRowsCarryTheirOwnSecond) {
    MetricStore store(1, kStart);
    store.record(Metric::server_tick, kWholeRun, kStart, 3ms);
    ServerReport report;
    report.second = 3;
    report.inside.emplace().players = 9;
    EXPECT_EQ(timeline_rows(report, store, Phase::warmup),
              "3,warmup,(server),players,count,9,,,,,,\n3,warmup,(server),server_tick,ms,1,3.000,3.000,3.000,"
              "3.000,3.000,3.000\n");
}

TEST(ProgressView, PlainLinesHaveNoEscapes) {
    MetricStore store(1, kStart);
    store.record(Metric::rtt, 0, kStart, 50ms);
    store.count(Metric::inputs, 0, kStart, 140);
    const Scenario scenario = one_group();
    std::FILE* file = std::tmpfile();
    {
        ProgressView view(scenario, {}, file);
        view.on_second(view_of(store));
    }
    std::rewind(file);
    char text[1000] = {};
    const auto size = std::fread(text, 1, sizeof text - 1, file);
    std::fclose(file);
    const std::string line(text, size);
    EXPECT_THAT(line, Not(HasSubstr("\x1b")));
    EXPECT_THAT(line, HasSubstr("5s/10s measuring clients     7 | in    140/s"));
    EXPECT_THAT(line, HasSubstr("rtt p50 50.0 ms"));
    EXPECT_THAT(line, HasSubstr("loss 2.5%"));
    EXPECT_THAT(line, HasSubstr("disconnects 2 errors 1"));
    EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(ProgressView, OnATerminalThePictureIsRedrawnInPlace) {
    MetricStore store(1, kStart);
    const Scenario scenario = one_group();
    std::FILE* file = std::tmpfile();
    ProgressView view(scenario, {true, false, 80}, file);
    const auto picture = view.picture(view_of(store));
    EXPECT_THAT(picture, HasSubstr("50%"));
    EXPECT_THAT(picture, Not(HasSubstr("\x1b")));  // no colour was asked for
    view.on_second(view_of(store));
    view.on_second(view_of(store));
    std::rewind(file);
    char text[4000] = {};
    const std::string all(text, std::fread(text, 1, sizeof text - 1, file));
    std::fclose(file);
    EXPECT_THAT(all, HasSubstr(fmt::format("\x1b[{}A", std::count(picture.begin(), picture.end(), '\n'))));
    std::istringstream lines(picture);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(OutputFile, MakesFoldersAndWrites) {
    const auto folder = std::filesystem::temp_directory_path() / fmt::format("squall-output-{}", getpid());
    const auto path = (folder / "deep" / "file.txt").string();
    auto file = OutputFile::open(path);
    ASSERT_TRUE(file) << file.error().message;
    file->write("some text");
    EXPECT_FALSE(file->finish());
    std::ifstream back(path);
    std::string text;
    std::getline(back, text);
    EXPECT_EQ(text, "some text");
    std::filesystem::remove_all(folder);
}

TEST(OutputFile, AnUnwritablePathIsFoundAtOnceAndAFullDiskLater) {
    const auto bad = OutputFile::open("/proc/no/such/file");
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error().message, HasSubstr("the output '/proc/no/such/file' cannot be written: "));
    if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
    auto full = OutputFile::open("/dev/full");
    ASSERT_TRUE(full);
    full->write(std::string(1 << 20, 'x'));
    full->write("more");
    EXPECT_THAT(full->finish().value(), StartsWith("'/dev/full' is incomplete: No space left"));
}

}  // namespace
}  // namespace squall::loadgen
