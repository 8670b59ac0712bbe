// What the generator tells the server of the run, for its viewers and its recording: the networks of the
// clients, and notes. The generator's side is an output of its profiler, the server's hands it to its own.
#pragma once

#include "runner/server_under_test.hpp"
#include "squall/runtime/profiler.hpp"

namespace squall::loadgen {

// To a server that outlives it.
class ToldFrames final : public ProfileOutput {
  public:
    explicit ToldFrames(ServerUnderTest& server) : server_(server) {}
    void on_frame(const recorder::ProfileFrame& frame) override;

  private:
    ServerUnderTest& server_;
};

// At the server, at its own time; other frames than conditions and notes are passed over.
void pass_on(TimePoint now, const recorder::ProfileFrame& frame, Profiler& to);

}  // namespace squall::loadgen
