// Recordings in other forms: rows for a spreadsheet, a database, a timeline. Each takes records one by one,
// in their order, and writes its file as it goes.
#pragma once

#include <memory>
#include <string>

#include "inspect/recording_summary.hpp"
#include "squall/recorder/recording_reader.hpp"

namespace squall::loadgen {

class RecordExport {
  public:
    virtual ~RecordExport() = default;
    // `reader` knows the wall clock. Errors: io, with the path.
    virtual Result<> add(const recorder::Record& record, const recorder::RecordingReader& reader) = 0;
    // After the last one.
    virtual Result<> finish(const RecordingSummary& summary) = 0;
};

// A row a record.
[[nodiscard]] Result<std::unique_ptr<RecordExport>> csv_export(const std::string& path);
// Tables datagram, message, packet_fate, tick, mark, connection, remote, second and fact. Replaces the file.
[[nodiscard]] Result<std::unique_ptr<RecordExport>> sqlite_export(const std::string& path);
// The trace format in JSON that ui.perfetto.dev opens: ticks, connections and marks as slices, bytes and
// round trips as counters.
[[nodiscard]] Result<std::unique_ptr<RecordExport>> perfetto_export(const std::string& path);

// The summary, for programs.
[[nodiscard]] std::string summary_as_json(const RecordingSummary& summary, const recorder::Facts& facts);

}  // namespace squall::loadgen
