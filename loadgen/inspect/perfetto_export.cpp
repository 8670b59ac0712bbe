// A recording as a timeline: the JSON trace format, which ui.perfetto.dev and chrome://tracing open.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "inspect/record_export.hpp"
#include "report/output_file.hpp"

namespace squall::loadgen {
namespace {

// Tracks, as thread ids of the one process.
constexpr int kTicks = 1;
constexpr int kMarks = 2;
constexpr Duration kCounterStep = std::chrono::milliseconds(100);

std::string quoted(std::string_view text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

class PerfettoExport final : public RecordExport {
  public:
    explicit PerfettoExport(OutputFile file) : file_(std::move(file)) {
        file_.write("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n");
        file_.write(R"({"ph":"M","pid":1,"name":"process_name","args":{"name":"Squall"}})");
        event(R"("ph":"M","tid":1,"name":"thread_name","args":{"name":"ticks"})");
        event(R"("ph":"M","tid":2,"name":"thread_name","args":{"name":"marks"})");
    }

    Result<> add(const recorder::Record& record, const recorder::RecordingReader&) override {
        std::visit([&](const auto& specific) { on(specific); }, record);
        return {};
    }
    Result<> finish(const RecordingSummary& summary) override {
        if (began_) counters(*began_ + (summary.length() / kCounterStep + 1) * kCounterStep);
        file_.write("\n]}\n");
        if (auto failure = file_.finish()) return fail(ErrorCode::io, *failure);
        return {};
    }

  private:
    void event(const std::string& members) { file_.write(fmt::format(",\n{{\"pid\":1,{}}}", members)); }
    // Microseconds, with three digits behind the point.
    static std::string time_text(TimePoint at) {
        const std::int64_t ns = at.time_since_epoch().count();
        return fmt::format("{}.{:03}", ns / 1000, ns % 1000);
    }
    void on(const recorder::WireRecord& record) {
        step(record.at);
        bytes_[record.direction == recorder::Direction::outbound ? 1 : 0] += record.wire_bytes;
    }
    void on(const recorder::MessageRecord& record) { step(record.at); }
    void on(const recorder::ControlRecord& record) {
        step(record.at);
        const auto control = recorder::decode(record);
        if (!control) return;
        if (const auto* tick = std::get_if<recorder::TickMark>(&*control))
            event(fmt::format(R"("ph":"X","tid":{},"ts":{},"dur":{},"name":"tick","args":{{"number":{}}})",
                              kTicks, time_text(record.at), tick->duration_us, tick->number));
        if (const auto* mark = std::get_if<recorder::Mark>(&*control))
            event(fmt::format(R"("ph":"i","s":"g","tid":{},"ts":{},"name":{})", kMarks, time_text(record.at),
                              quoted(mark->text)));
        if (const auto* change = std::get_if<recorder::ConnectionRecord>(&*control)) on(record.at, *change);
        if (const auto* fate = std::get_if<recorder::PacketFate>(&*control)) {
            if (fate->is_lost) ++lost_;
            rtt_sum_us_ += fate->rtt_us;
            rtt_samples_ += fate->rtt_us > 0 ? 1 : 0;
        }
    }
    void on(TimePoint at, const recorder::ConnectionRecord& change) {
        using Kind = recorder::ConnectionRecord::Kind;
        if (change.kind == Kind::path_changed) return;
        const bool closes = change.kind == Kind::closed;
        event(fmt::format(
            R"("ph":"{}","cat":"connection","id":"{}.{}","ts":{},"name":"client {:x}","args":{{"reason":{}}})",
            closes ? 'e' : 'b', change.connection.slot, change.connection.generation, time_text(at),
            change.client.value, change.reason));
    }
    void step(TimePoint at) {
        if (!began_) began_ = at;
        if (at >= *began_ + kCounterStep) counters(at);
    }
    void counters(TimePoint at) {
        const auto text = time_text(*began_);
        event(fmt::format(R"("ph":"C","ts":{},"name":"kbit/s","args":{{"in":{},"out":{}}})", text,
                          bytes_[0] * 80 / 1000, bytes_[1] * 80 / 1000));
        event(fmt::format(R"("ph":"C","ts":{},"name":"lost packets","args":{{"lost":{}}})", text, lost_));
        if (rtt_samples_ > 0)
            event(fmt::format(R"("ph":"C","ts":{},"name":"RTT us","args":{{"mean":{}}})", text,
                              rtt_sum_us_ / rtt_samples_));
        bytes_ = {};
        lost_ = rtt_sum_us_ = rtt_samples_ = 0;
        *began_ += (at - *began_) / kCounterStep * kCounterStep;
    }

    OutputFile file_;
    std::optional<TimePoint> began_;
    std::array<std::uint64_t, 2> bytes_{};
    std::uint64_t lost_ = 0;
    std::uint64_t rtt_sum_us_ = 0;
    std::uint64_t rtt_samples_ = 0;
};

}  // namespace

Result<std::unique_ptr<RecordExport>> perfetto_export(const std::string& path) {
    auto file = OutputFile::open(path);
    if (!file) return std::unexpected(file.error());
    return std::make_unique<PerfettoExport>(std::move(*file));
}

}  // namespace squall::loadgen
