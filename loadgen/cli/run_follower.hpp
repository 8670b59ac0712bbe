// Hands each second of a run to the live view and to the files.
#pragma once

#include "cli/outputs.hpp"
#include "report/progress_view.hpp"
#include "runner/run_listener.hpp"

namespace squall::loadgen {

class RunFollower final : public RunListener {
  public:
    // `view`: none is shown if nullptr. All outlive the follower.
    RunFollower(const Scenario& scenario, ProgressView* view, RunOutputs& outputs)
        : scenario_(scenario), view_(view), outputs_(outputs) {}
    void on_second(const SecondView& second) override {
        if (view_ != nullptr) view_->on_second(second);
        outputs_.on_second(second, scenario_);
    }
    void on_server(const ServerReport& report, const MetricStore& metrics, Phase phase) override {
        if (view_ != nullptr) view_->on_server(report, metrics);
        outputs_.on_server(report, metrics, phase);
    }

  private:
    const Scenario& scenario_;
    ProgressView* view_;
    RunOutputs& outputs_;
};

}  // namespace squall::loadgen
