// The embedded arena of a real run: `squall-loadgen serve-arena` as a process of its own, its key and orders
// through a pipe.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "runner/arena_recorder.hpp"
#include "runner/arena_setup.hpp"
#include "runner/child_process.hpp"
#include "runner/live_view.hpp"
#include "runner/server_under_test.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::loadgen {

class ArenaProcess final : public ServerUnderTest {
  public:
    // Starts it and waits until it listens. `program` is the path of squall-loadgen. Errors: what the server
    // said.
    [[nodiscard]] static Result<std::unique_ptr<ArenaProcess>> start(
        AsioHost& host, const std::string& program, const ArenaSettings& settings, const Key& key,
        const RecordingOrder& record = {}, const LiveOptions& live = {});
    ~ArenaProcess() override;

    [[nodiscard]] Address address() const override { return address_; }
    [[nodiscard]] const Key& key() const override { return key_; }
    [[nodiscard]] std::string description() const override;
    void end_second(TimePoint now, std::uint32_t second) override;
    [[nodiscard]] std::optional<std::string> lost() override;
    void tell(const recorder::ProfileFrame& frame) override;
    void stop(TimePoint now) override;

  private:
    ArenaProcess(AsioHost& host, ChildProcess child, const Key& key)
        : host_(host), child_(std::move(child)), key_(key) {}
    Result<> wait_until_ready();
    Result<> watch();
    void read_output();
    void read_errors();
    void take_sample(const std::string& line);
    [[nodiscard]] ServerReport report_on(TimePoint now, std::uint32_t second);

    AsioHost& host_;
    ChildProcess child_;
    Key key_;
    Address address_;
    LineBuffer output_;
    LineBuffer errors_;
    Tail last_errors_;
    std::optional<WatchId> output_watch_;
    std::optional<WatchId> errors_watch_;
    std::deque<ServerReport> asked_;  // reports that wait for the server's sample
    TimePoint sampled_at_{};
    Duration sampled_cpu_{};
    bool stopping_ = false;
    bool broken_ = false;  // it said something that is not a sample
};

}  // namespace squall::loadgen
