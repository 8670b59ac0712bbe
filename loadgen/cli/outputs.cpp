#include "cli/outputs.hpp"

#include <filesystem>

#include "report/histogram_file.hpp"
#include "report/summary_json.hpp"
#include "report/timeline_csv.hpp"

namespace squall::loadgen {
namespace {

std::string path_of(const std::string& wanted, const std::string& folder, const char* usual) {
    if (folder.empty()) return wanted;
    const auto name =
        wanted.empty() ? std::filesystem::path(usual) : std::filesystem::path(wanted).filename();
    return (std::filesystem::path(folder) / name).string();
}

Result<> open_one(std::optional<OutputFile>& to, const std::string& path) {
    if (path.empty()) return {};
    auto file = OutputFile::open(path);
    if (!file) return std::unexpected(file.error());
    to.emplace(std::move(*file));
    return {};
}

}  // namespace

Result<RunOutputs> RunOutputs::open(const Outputs& wanted, const std::string& folder) {
    RunOutputs out;
    if (const auto opened = open_one(out.summary_, path_of(wanted.summary, folder, "summary.json")); !opened)
        return std::unexpected(opened.error());
    if (const auto opened = open_one(out.timeline_, path_of(wanted.timeline, folder, "timeline.csv"));
        !opened)
        return std::unexpected(opened.error());
    if (const auto opened = open_one(out.histograms_, path_of(wanted.histograms, folder, "run.hlog"));
        !opened)
        return std::unexpected(opened.error());
    if (out.timeline_) out.timeline_->write(timeline_header());
    return out;
}

void RunOutputs::on_second(const SecondView& view, const Scenario& scenario) {
    if (timeline_) timeline_->write(timeline_rows(view, scenario));
}

void RunOutputs::on_server(const ServerReport& report, const MetricStore& metrics, Phase phase) {
    if (timeline_) timeline_->write(timeline_rows(report, metrics, phase));
}

std::vector<std::string> RunOutputs::finish(const RunRecord& record, const Scenario& scenario,
                                            const std::vector<std::string>& overrides) {
    if (histograms_) histograms_->write(histogram_file(record, scenario));
    if (summary_) summary_->write(summary_json(record, scenario, overrides));
    std::vector<std::string> out;
    for (auto* file : {&summary_, &timeline_, &histograms_}) {
        if (!*file) continue;
        if (auto failure = (*file)->finish()) out.push_back(std::move(*failure));
    }
    return out;
}

std::vector<std::string> RunOutputs::paths() const {
    std::vector<std::string> out;
    for (const auto* file : {&summary_, &timeline_, &histograms_})
        if (*file) out.push_back((*file)->path());
    return out;
}

}  // namespace squall::loadgen
