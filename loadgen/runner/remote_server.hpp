// A server that runs elsewhere, or one that a command of the scenario starts here. All that is known of it
// from outside: its address, its key, and of a started one what its process uses.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runner/child_process.hpp"
#include "runner/server_under_test.hpp"
#include "scenario/scenario.hpp"
#include "squall/runtime/asio_host.hpp"

namespace squall::loadgen {

class RemoteServer final : public ServerUnderTest {
  public:
    // Reads the key, and starts the target's command if it has one. Errors: from the key, io.
    [[nodiscard]] static Result<std::unique_ptr<RemoteServer>> start(AsioHost& host, const Target& target);
    ~RemoteServer() override;

    [[nodiscard]] Address address() const override { return address_; }
    [[nodiscard]] const Key& key() const override { return key_; }
    [[nodiscard]] std::string description() const override;
    void end_second(TimePoint now, std::uint32_t second) override;
    [[nodiscard]] std::optional<std::string> lost() override;
    void stop(TimePoint now) override;

  private:
    RemoteServer(AsioHost& host, Address address, const Key& key)
        : host_(host), address_(address), key_(key) {}
    Result<> launch(const std::vector<std::string>& command);
    void read_streams();

    AsioHost& host_;
    Address address_;
    Key key_{};
    std::optional<ChildProcess> child_;
    LineBuffer output_;
    LineBuffer errors_;
    Tail last_lines_;
    std::optional<WatchId> output_watch_;
    std::optional<WatchId> errors_watch_;
    TimePoint sampled_at_{};
    Duration sampled_cpu_{};
    bool stopping_ = false;
};

}  // namespace squall::loadgen
