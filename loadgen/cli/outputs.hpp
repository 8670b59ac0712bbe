// Where a run's files go: opened before it, written during and after it. A full disk costs the rest of a
// file, not the run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/output_file.hpp"
#include "runner/run_listener.hpp"
#include "runner/run_record.hpp"
#include "scenario/scenario.hpp"

namespace squall::loadgen {

class RunOutputs {
  public:
    // Opens what the scenario asks for; with a folder, all of the files go there, under their own names or
    // the usual ones. Error: which one cannot be written, and why.
    [[nodiscard]] static Result<RunOutputs> open(const Outputs& wanted, const std::string& folder);

    void on_second(const SecondView& view, const Scenario& scenario);
    void on_server(const ServerReport& report, const MetricStore& metrics, Phase phase);
    // Writes summary and histograms and closes everything; what went wrong, one sentence a file.
    [[nodiscard]] std::vector<std::string> finish(const RunRecord& record, const Scenario& scenario,
                                                  const std::vector<std::string>& overrides);
    // The paths, for the report.
    [[nodiscard]] std::vector<std::string> paths() const;

  private:
    std::optional<OutputFile> summary_;
    std::optional<OutputFile> timeline_;
    std::optional<OutputFile> histograms_;
};

}  // namespace squall::loadgen
