// A recording, run again from its file: forward to a moment, tick by tick, back to an earlier moment by
// beginning anew, or to its end. Says what came of it; prints nothing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "replay/arena_rerun.hpp"
#include "replay/record_source.hpp"
#include "replay/rerun.hpp"

namespace squall::loadgen {

class RerunSession {
  public:
    // Errors: those of RecordSource::open() and ArenaRerun::make().
    [[nodiscard]] static Result<std::unique_ptr<RerunSession>> open(const std::string& path);

    enum class State : std::uint8_t { going, ended, different };
    // Runs while `more` says so, asked before each record; then tells where it stands. Errors: what the
    // recording lacks or what is wrong with it.
    Result<State> run(const std::function<bool(const RerunSession&)>& more);
    Result<State> run_to_end() {
        return run([](const RerunSession&) { return true; });
    }
    // Everything up to this moment, counted from the recording's beginning. One that has passed begins anew.
    Result<State> seek(Duration moment);
    // So many ticks further.
    Result<State> step(std::uint64_t ticks);

    [[nodiscard]] State state() const { return state_; }
    // Since the recording's beginning.
    [[nodiscard]] Duration position() const { return rerun_->now() - began_.value_or(rerun_->now()); }
    [[nodiscard]] std::uint64_t tick() const { return rerun_->tick(); }
    [[nodiscard]] const Rerun::Counts& counts() const { return rerun_->counts(); }
    [[nodiscard]] const RecordSource& source() const { return *source_; }
    // The recording has its keys: datagrams were compared as they were on the wire.
    [[nodiscard]] bool is_to_the_byte() const { return server_->has_keys(); }
    // Of State::different: what, where and when, in a few lines.
    [[nodiscard]] std::string difference_text() const;

  private:
    explicit RerunSession(std::string path) : path_(std::move(path)) {}
    Result<> begin();
    [[nodiscard]] Result<std::optional<RecordedKeys>> recorded_keys(const recorder::Facts& facts) const;

    std::string path_;
    std::unique_ptr<RecordSource> source_;
    std::unique_ptr<ArenaRerun> server_;
    std::unique_ptr<Rerun> rerun_;
    std::optional<TimePoint> began_;
    State state_ = State::going;
};

}  // namespace squall::loadgen
