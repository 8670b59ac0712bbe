// `squall-loadgen inspect`: what is in a recording, and the recording in other forms.
#include <fmt/format.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "inspect/record_export.hpp"
#include "inspect/summary_text.hpp"
#include "replay/record_source.hpp"
#include "report/exit_code.hpp"
#include "report/output_file.hpp"

namespace squall::loadgen {
namespace {

Result<RecordFilter> filter_of(const InspectCommand& command) {
    RecordFilter out;
    for (const auto& [text, to] : {std::pair{&command.from, &out.from}, std::pair{&command.to, &out.to}}) {
        if (text->empty()) continue;
        const auto parsed = parse_duration(*text);
        if (!parsed) return std::unexpected(parsed.error());
        *to = *parsed;
    }
    out.slot = command.slot;
    if (command.client) out.client = ClientId{*command.client};
    if (command.direction == "in") out.direction = recorder::Direction::inbound;
    if (command.direction == "out") out.direction = recorder::Direction::outbound;
    return out;
}

Result<std::vector<std::unique_ptr<RecordExport>>> exports_of(const InspectCommand& command) {
    std::vector<std::unique_ptr<RecordExport>> out;
    const auto add = [&](const std::string& path, auto make) -> Result<> {
        if (path.empty()) return {};
        auto made = make(path);
        if (!made) return std::unexpected(made.error());
        out.push_back(std::move(*made));
        return {};
    };
    if (auto added = add(command.csv, csv_export); !added) return std::unexpected(added.error());
    if (auto added = add(command.sqlite, sqlite_export); !added) return std::unexpected(added.error());
    if (auto added = add(command.perfetto, perfetto_export); !added) return std::unexpected(added.error());
    return out;
}

Result<> write_json(const std::string& path, const std::string& text) {
    if (path.empty()) return {};
    if (path == "-") {
        fmt::print("{}", text);
        return {};
    }
    auto file = OutputFile::open(path);
    if (!file) return std::unexpected(file.error());
    file->write(text);
    if (auto failure = file->finish()) return fail(ErrorCode::io, *failure);
    return {};
}

Result<> inspect(const InspectCommand& command) {
    const auto filter = filter_of(command);
    if (!filter) return std::unexpected(filter.error());
    auto source = RecordSource::open(command.file);
    if (!source) return std::unexpected(source.error());
    auto exports = exports_of(command);
    if (!exports) return std::unexpected(exports.error());
    RecordingSummary summary(*filter);
    for (;;) {
        auto record = (*source)->next();
        if (!record) return std::unexpected(record.error());
        if (!*record) break;
        if (!summary.add(**record)) continue;
        for (const auto& to : *exports)
            if (auto added = to->add(**record, (*source)->reader()); !added) return added;
    }
    for (const auto& to : *exports)
        if (auto finished = to->finish(summary); !finished) return finished;
    const auto& facts = (*source)->facts();
    if (auto written = write_json(command.json, summary_as_json(summary, facts)); !written) return written;
    if (command.json != "-") fmt::print("{}", summary_text(summary, facts, command.by));
    if (const auto& cut = (*source)->cut()) fmt::print(stderr, "note: {}\n", *cut);
    for (const std::string* path : {&command.csv, &command.json, &command.sqlite, &command.perfetto})
        if (!path->empty() && *path != "-") fmt::print("written: {}\n", *path);
    return {};
}

}  // namespace

int inspect_command(const InspectCommand& command) {
    const auto done = inspect(command);
    if (done) return static_cast<int>(ExitCode::pass);
    fmt::print(stderr, "{}\n", done.error().message);
    return static_cast<int>(ExitCode::bad_input);
}

}  // namespace squall::loadgen
