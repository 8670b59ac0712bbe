// The live endpoint: a profiler's frames over TCP, for viewers on this machine (squall-gui, squall-loadgen
// watch). On a thread of its own; the profiler's thread hands frames over and never waits for a viewer. Off
// unless somebody makes one. Bound to the loopback unless told otherwise; a viewer needs the token always,
// which stands in a file that only this user can read (process_directory.hpp).
#pragma once

#include <memory>
#include <string>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"
#include "squall/runtime/profiler.hpp"

namespace squall {

struct ProfilerEndpointOptions {
    // Port 0 takes a free one.
    Address bind = Address::loopback(0);
    // What viewers must know; empty: 32 random hexadecimal digits.
    std::string token{};
    // Where it is announced (process_directory()); empty: nowhere.
    std::string directory{};
    std::string name = "squall";
    UnixSeconds started{};
    // Where "history.save" may put files (the command's `file` is a name without a path); empty: the command
    // is the application's, as others are (Profiler::on_command()).
    std::string history_directory{};
    std::size_t max_viewers = 8;
    // What waits for one viewer; with more ahead of it, it gets sums later instead.
    std::size_t max_backlog_bytes = 512 * 1024;
    // Frames that are kept, to be saved after the fact.
    Duration history = std::chrono::seconds(60);
    std::size_t max_history_bytes = 64 * 1024 * 1024;
};

struct ProfilerEndpointStatistics {
    std::size_t viewers = 0;
    std::uint64_t refused = 0;    // connections beyond max_viewers
    std::uint64_t coalesced = 0;  // frames that slow viewers got in a later one
    std::uint64_t dropped = 0;    // frames, other than stats, that came faster than the thread took them
};

class ProfilerEndpoint final : public ProfileOutput {
  public:
    // Listens, announces itself, and serves from then on. Errors: address_in_use, permission_denied,
    // invalid_argument, io.
    [[nodiscard]] static Result<std::unique_ptr<ProfilerEndpoint>> start(
        const ProfilerEndpointOptions& options);
    // Closes all viewers and removes the file.
    ~ProfilerEndpoint() override;
    ProfilerEndpoint(const ProfilerEndpoint&) = delete;
    ProfilerEndpoint& operator=(const ProfilerEndpoint&) = delete;

    // With the real port.
    [[nodiscard]] Address local_address() const;
    [[nodiscard]] const std::string& token() const;
    // The discovery file; empty if there is none.
    [[nodiscard]] const std::string& file() const;
    [[nodiscard]] ProfilerEndpointStatistics statistics() const;

    // --- ProfileOutput, on the profiler's thread
    void on_frame(const recorder::ProfileFrame& frame) override;
    [[nodiscard]] ProfileWants wants() override;
    [[nodiscard]] std::optional<recorder::Command> poll_command() override;
    void on_result(const recorder::CommandResult& result) override;

  private:
    struct State;
    explicit ProfilerEndpoint(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
