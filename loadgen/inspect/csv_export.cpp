// A recording as rows of a spreadsheet.
#include <fmt/format.h>

#include "inspect/record_export.hpp"
#include "report/output_file.hpp"

namespace squall::loadgen {
namespace {

std::string_view word(recorder::Direction direction) {
    return direction == recorder::Direction::outbound ? "sent" : "received";
}

std::string connection_text(ConnectionId id) {
    return id.is_valid() ? fmt::format("{}:{}", id.slot, id.generation) : std::string();
}

class CsvExport final : public RecordExport {
  public:
    explicit CsvExport(OutputFile file) : file_(std::move(file)) {
        file_.write(
            "time_ns,realtime_ns,record,direction,connection,peer,channel,remote,message,packet,wire_bytes,"
            "message_bytes,opened,refused,detail\n");
    }

    Result<> add(const recorder::Record& record, const recorder::RecordingReader& reader) override {
        std::visit([&](const auto& specific) { row(specific, reader); }, record);
        return {};
    }
    Result<> finish(const RecordingSummary&) override {
        if (auto failure = file_.finish()) return fail(ErrorCode::io, *failure);
        return {};
    }

  private:
    void row(const recorder::WireRecord& record, const recorder::RecordingReader& reader) {
        file_.write(fmt::format("{},{},datagram,{},{},{},,,,{},{},,{},{},{}\n",
                                record.at.time_since_epoch().count(), reader.realtime_ns(record.at),
                                word(record.direction), connection_text(record.connection),
                                to_string(record.peer), record.sequence, record.wire_bytes,
                                record.is_opened ? 1 : 0, record.is_refused ? 1 : 0, record.cause));
    }
    void row(const recorder::MessageRecord& record, const recorder::RecordingReader& reader) {
        file_.write(fmt::format("{},{},message,{},{},,{},{},{},{},{},{},,,{}\n",
                                record.at.time_since_epoch().count(), reader.realtime_ns(record.at),
                                word(record.direction), connection_text(record.connection),
                                record.channel.value, record.remote, record.message, record.packet,
                                record.wire_bytes, record.message_bytes, record.cause));
    }
    void row(const recorder::ControlRecord& record, const recorder::RecordingReader& reader) {
        file_.write(fmt::format("{},{},{},,,,,,,,,,,,\n", record.at.time_since_epoch().count(),
                                reader.realtime_ns(record.at), to_string(record.type)));
    }

    OutputFile file_;
};

}  // namespace

Result<std::unique_ptr<RecordExport>> csv_export(const std::string& path) {
    auto file = OutputFile::open(path);
    if (!file) return std::unexpected(file.error());
    return std::make_unique<CsvExport>(std::move(*file));
}

}  // namespace squall::loadgen
