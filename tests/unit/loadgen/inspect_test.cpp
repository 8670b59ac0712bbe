// Recordings of whole virtual runs: what inspect makes of them agrees with the server's socket, to the byte,
// and with the simulated network; exports are what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "inspect/record_export.hpp"
#include "inspect/summary_text.hpp"
#include "replay/record_source.hpp"
#include "runner/run.hpp"
#include "scenario/scenario.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

// Adds up what the server's socket saw in all seconds, the last ones included.
class SocketCount final : public RunListener {
  public:
    void on_second(const SecondView&) override {}
    void on_server(const ServerReport& report, const MetricStore&, Phase) override {
        if (report.inside) totals.add(*report.inside);
    }
    ServerSample totals;
};

class Inspect : public testing::TestWithParam<int> {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "squall-inspect-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        path_ = folder_ + "/run.pcapng";
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    RunRecord record(int loss_percent, RecordingOrder order = {}) {
        const std::string text =
            "version = 1\nname = \"small\"\nseed = 11\nduration = \"4s\"\n[[groups]]\n"
            "name = \"players\"\nexecutor = \"constant-vus\"\nvus = 12\nnetwork = \"net\"\n"
            "[networks.net]\ndelay = \"20ms\"\nloss = \"" +
            std::to_string(loss_percent) + "%\"\n";
        const auto scenario = parse_scenario(text, "small.toml", {.behaviours = {"wander"}, .overrides = {}});
        EXPECT_TRUE(scenario);
        order.path = path_;
        auto run = run_scenario(*scenario, {true, "", std::move(order)}, count_);
        EXPECT_TRUE(run) << run.error().message;
        return std::move(*run);
    }
    RecordingSummary summarise(RecordFilter filter = {}) {
        auto source = RecordSource::open(path_).value();
        RecordingSummary out(std::move(filter));
        while (const auto record = source->next().value()) out.add(*record);
        EXPECT_FALSE(source->cut());
        facts_ = source->facts();
        return out;
    }

    std::string folder_;
    std::string path_;
    SocketCount count_;
    recorder::Facts facts_;
};

TEST_P(Inspect, BytesAreTheSocketsAndLossAndRttTheNetworks) {
    const RunRecord run = record(GetParam());
    const RecordingSummary summary = summarise();
    const auto& totals = summary.totals();
    EXPECT_EQ(totals.datagrams[0], count_.totals.datagrams_received);
    EXPECT_EQ(totals.datagrams[1], count_.totals.datagrams_sent);
    EXPECT_EQ(totals.bytes[0], count_.totals.bytes_received);
    EXPECT_EQ(totals.bytes[1], count_.totals.bytes_sent);
    EXPECT_GT(totals.bytes[1], 50'000U);
    EXPECT_EQ(totals.refused, count_.totals.refused);
    // Every byte has a cause; remotes and what is not theirs make up the whole.
    for (std::size_t i = 0; i < 2; ++i) {
        const ByteShares& shares = totals.shares[i];
        EXPECT_EQ(shares.total(), totals.bytes[i]);
        std::uint64_t of_remotes = 0;
        for (const auto& [number, rows] : summary.remotes()) of_remotes += rows[i].on_wire();
        EXPECT_EQ(of_remotes + shares.alone + shares.control + shares.unread, totals.bytes[i]);
        std::uint64_t of_seconds = 0;
        for (const auto& [second, row] : summary.seconds()) of_seconds += row.bytes[i];
        EXPECT_EQ(of_seconds, totals.bytes[i]);
    }
    ASSERT_TRUE(summary.end());
    EXPECT_EQ(summary.end()->bytes_sent, totals.bytes[1]);
    // Twice the delay, and no less; acknowledgements wait a little.
    EXPECT_GE(totals.rtt_us.min(), 40'000U);
    EXPECT_LT(totals.rtt_us.value_at_percentile(percent(50)), 60'000U);
    const double lost = static_cast<double>(totals.lost);
    const double truth = static_cast<double>(run.links.down.dropped());
    EXPECT_NEAR(lost, truth, 0.25 * truth + 3);
    EXPECT_EQ(GetParam() == 0, truth == 0);
}

// What the server's account put into the recording is what a reader of the packets makes of them.
TEST_P(Inspect, AgreesWithTheAccountByRemoteInBothDirections) {
    record(GetParam());
    auto source = RecordSource::open(path_).value();
    RecordingSummary summary;
    recorder::ProfileState account;
    while (const auto record = source->next().value()) {
        summary.add(*record);
        const auto* const control = std::get_if<recorder::ControlRecord>(&*record);
        if (control == nullptr) continue;
        const auto fact = recorder::decode(*control);
        ASSERT_TRUE(fact);
        const auto* const frame = std::get_if<recorder::FrameRecord>(&*fact);
        if (frame == nullptr) continue;
        const auto raw = recorder::parse_envelope(frame->frame);
        ASSERT_TRUE(raw && *raw);
        const auto whole = recorder::decode(**raw);
        ASSERT_TRUE(whole && *whole);
        account.apply(**whole);
    }
    std::size_t compared = 0;
    for (const recorder::RemoteStats& told : account.stats().remotes) {
        const std::size_t direction = told.direction == recorder::Direction::outbound ? 1 : 0;
        const auto place = summary.remotes().find(static_cast<std::uint16_t>(told.remote));
        ASSERT_NE(place, summary.remotes().end()) << told.remote;
        const RemoteRow& read = place->second[direction];
        const trace::RemoteCounters& it = told.counters;
        EXPECT_EQ(it.on_wire(), read.on_wire()) << summary.remote_name(place->first) << direction;
        EXPECT_EQ(it.payload, read.payload) << summary.remote_name(place->first) << direction;
        EXPECT_EQ(it.framing, read.framing) << summary.remote_name(place->first) << direction;
        EXPECT_EQ(it.retransmission + it.early_repeat, read.repeated) << direction;
        ++compared;
    }
    EXPECT_EQ(compared, 5U);  // input and buying in, snapshot out, other messages both ways
    EXPECT_EQ(account.stats().endpoint.bytes_sent, summary.totals().bytes[1]);
    EXPECT_EQ(account.stats().endpoint.bytes_received, summary.totals().bytes[0]);
}
INSTANTIATE_TEST_SUITE_P(Loss, Inspect, testing::Values(0, 5, 20));

TEST_F(Inspect, FiltersByTimeConnectionAndDirection) {
    record(0);
    const RecordingSummary all = summarise();
    const RecordingSummary early =
        summarise({.from = 1s, .to = 2s, .slot = {}, .client = {}, .direction = {}});
    EXPECT_LT(early.totals().datagrams[0], all.totals().datagrams[0] / 2);
    EXPECT_EQ(early.seconds().size(), 1U);
    RecordFilter one;
    one.slot = 3;
    one.direction = recorder::Direction::outbound;
    const RecordingSummary sent = summarise(one);
    EXPECT_EQ(sent.totals().datagrams[0], 0U);
    EXPECT_GT(sent.totals().datagrams[1], 50U);
    EXPECT_LT(sent.totals().datagrams[1], all.totals().datagrams[1] / 8);
    RecordFilter client;
    client.client = all.connections().begin()->second.client;
    EXPECT_GT(summarise(client).totals().datagrams[0], 50U);
}

TEST_F(Inspect, WithoutPayloadTheBytesAreStillTheSockets) {
    RecordingOrder order;
    order.payload = false;
    order.anonymize = true;
    record(5, order);
    const RecordingSummary summary = summarise();
    EXPECT_EQ(summary.totals().bytes[0], count_.totals.bytes_received);
    EXPECT_EQ(summary.totals().bytes[1], count_.totals.bytes_sent);
    EXPECT_EQ(summary.totals().shares[1].total(), summary.totals().bytes[1]);
    EXPECT_LT(std::filesystem::file_size(path_), 1'000'000U);
    for (const auto& [id, row] : summary.connections()) EXPECT_LE(row.client.value, 20U);
}

TEST_F(Inspect, Exports) {
    record(5);
    auto source = RecordSource::open(path_).value();
    RecordingSummary summary;
    std::vector<std::unique_ptr<RecordExport>> exports;
    exports.push_back(csv_export(folder_ + "/run.csv").value());
    exports.push_back(sqlite_export(folder_ + "/run.db").value());
    exports.push_back(perfetto_export(folder_ + "/run.json").value());
    std::uint64_t records = 0;
    while (const auto record = source->next().value()) {
        ++records;
        summary.add(*record);
        for (const auto& to : exports) ASSERT_TRUE(to->add(*record, source->reader()));
    }
    for (const auto& to : exports) ASSERT_TRUE(to->finish(summary));

    std::ifstream csv(folder_ + "/run.csv");
    std::string line;
    std::uint64_t lines = 0;
    while (std::getline(csv, line)) {
        ++lines;
        ASSERT_EQ(std::ranges::count(line, ','), 14) << line;
    }
    EXPECT_EQ(lines, records + 1);

    std::ifstream trace(folder_ + "/run.json");
    const auto json = nlohmann::json::parse(trace);
    std::size_t ticks = 0;
    for (const auto& event : json["traceEvents"]) ticks += event.value("name", "") == "tick" ? 1 : 0;
    EXPECT_EQ(ticks, summary.totals().ticks);

    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((folder_ + "/run.db").c_str(), &db), SQLITE_OK);
    std::string answer;
    const auto keep = [](void* to, int, char** values, char**) {
        *static_cast<std::string*>(to) = values[0] == nullptr ? "null" : values[0];
        return 0;
    };
    const char* const sql = "SELECT sum(wire_bytes) FROM datagram WHERE direction = 'sent'";
    EXPECT_EQ(sqlite3_exec(db, sql, keep, &answer, nullptr), SQLITE_OK);
    EXPECT_EQ(answer, std::to_string(summary.totals().bytes[1]));
    EXPECT_EQ(sqlite3_exec(db, "SELECT count(*) FROM connection", keep, &answer, nullptr), SQLITE_OK);
    EXPECT_EQ(answer, std::to_string(summary.connections().size()));
    sqlite3_close(db);

    const auto summed = nlohmann::json::parse(summary_as_json(summary, source->facts()));
    EXPECT_EQ(summed["sent"]["bytes"], summary.totals().bytes[1]);
    EXPECT_EQ(summed["connections"].size(), summary.connections().size());
    EXPECT_THAT(summary_text(summary, source->facts(), ""), HasSubstr(": the same"));
    EXPECT_THAT(summary_text(summary, source->facts(), "second"), HasSubstr("bytes in"));
}

TEST_F(Inspect, SaysWhatIsWrongWithAFile) {
    const auto message_of = [&](std::string_view content) {
        std::ofstream(path_, std::ios::binary) << content;
        const auto opened = RecordSource::open(path_);
        return opened ? std::string("opened") : opened.error().message;
    };
    EXPECT_THAT(message_of(""), HasSubstr("empty at byte 0: the file is empty"));
    EXPECT_THAT(message_of("hello, this is a text"), HasSubstr("foreign at byte 0: not a recording"));
    EXPECT_THAT(message_of(std::string_view("\x0a\x0d\x0d\x0a\xc4\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0", 16)),
                HasSubstr("cut at byte 0: the file ends 16 bytes into a block of 196; what is before that is "
                          "whole, and that is nothing"));
    EXPECT_THAT(RecordSource::open(folder_).error().message, HasSubstr("folder"));
    EXPECT_THAT(RecordSource::open(folder_ + "/none").error().message, HasSubstr("No such file"));
    EXPECT_EQ(recording_settings({.path = "x", .keys = true, .anonymize = true}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_THAT(recording_settings({.path = "x", .keep = "1h"}).error().message,
                HasSubstr("--flight-recorder 1h"));
    EXPECT_EQ(recording_settings({.path = "x", .keep = "60s"})->rotate_after, 15s);
    EXPECT_EQ(recording_settings({.path = "x", .keep = "8"})->keep_files, 8U);
}

}  // namespace
}  // namespace squall::loadgen
