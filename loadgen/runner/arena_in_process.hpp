// The embedded arena of a virtual run: a node on the same host as the clients.
#pragma once

#include <memory>
#include <optional>

#include "runner/arena_recorder.hpp"
#include "runner/arena_setup.hpp"
#include "runner/late_node.hpp"
#include "runner/recorded_frames.hpp"
#include "runner/server_under_test.hpp"
#include "squall/core/entropy.hpp"
#include "squall/runtime/host.hpp"
#include "squall/trace/sink.hpp"

namespace squall::loadgen {

class ArenaInProcess final : public ServerUnderTest {
  public:
    // All randomness, the key too, comes from `rng`.
    [[nodiscard]] static Result<std::unique_ptr<ArenaInProcess>> start(Host& host,
                                                                       const ArenaSettings& settings,
                                                                       WallClockAnchor wall_clock,
                                                                       const Rng& rng);
    ~ArenaInProcess() override;

    [[nodiscard]] Address address() const override { return address_; }
    [[nodiscard]] const Key& key() const override { return key_; }
    [[nodiscard]] std::string description() const override;
    void end_second(TimePoint now, std::uint32_t second) override;
    [[nodiscard]] std::optional<std::string> lost() override { return std::nullopt; }
    void tell(const recorder::ProfileFrame& frame) override;
    void stop(TimePoint now) override;
    void set_trace(trace::Sink* sink, std::uint32_t source);
    // Before anything runs. Errors: those of ArenaRecorder::start().
    Result<> record(const RecordingOrder& order);

  private:
    ArenaInProcess(Host& host, const Rng& rng) : host_(host), entropy_(rng.fork("server entropy")) {}

    Host& host_;
    SeededEntropy entropy_;
    EntropyTap server_entropy_{entropy_};
    LateNode socket_;
    std::unique_ptr<arena::ArenaServer> server_;
    recorder::Facts facts_;
    WallClockAnchor wall_clock_;
    Duration tick_budget_{};
    std::unique_ptr<ArenaRecorder> recorder_;
    // While it is recorded: the figures that the recording has in it.
    std::optional<Profiler> profiler_;
    std::optional<RecordedFrames> frames_;
    std::optional<NodeId> profiler_id_;
    trace::FanOutSink sinks_;
    NodeId id_{};
    Address address_;
    Key key_{};
    ServerSampler sampler_;
    std::uint32_t last_second_ = 0;
};

}  // namespace squall::loadgen
