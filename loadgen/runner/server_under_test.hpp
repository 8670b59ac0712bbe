// The server that a run drives, wherever it is: where it listens, its key, what it did each second, and
// whether it is still there. Knows no client.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "runner/server_sample.hpp"
#include "squall/core/address.hpp"
#include "squall/core/time.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/transport/suite.hpp"

namespace squall::loadgen {

// What is known of the server in one second.
struct ServerReport {
    std::uint32_t second = 0;              // since the start of the run
    std::optional<ServerSample> inside;    // what it says itself; only an arena of ours does
    std::optional<std::uint64_t> cpu_ppm;  // of one core; only of a process that we started
    std::optional<std::uint64_t> resident_bytes;
};

class ServerUnderTest {
  public:
    virtual ~ServerUnderTest() = default;
    [[nodiscard]] virtual Address address() const = 0;
    [[nodiscard]] virtual const Key& key() const = 0;
    // One line for the report: what it is and where.
    [[nodiscard]] virtual std::string description() const = 0;
    // Asks for the report on the second that has just ended; it comes through the callback, at once or a
    // little later.
    virtual void end_second(TimePoint now, std::uint32_t second) = 0;
    // Why it is gone, if it is gone without having been told to.
    [[nodiscard]] virtual std::optional<std::string> lost() = 0;
    // Of the run, for the server's own viewers and its recording: the networks of its clients, each time that
    // they change, and notes.
    virtual void tell(const recorder::ProfileFrame& /*frame*/) {}
    // Ends it where the run started it; a last report may come through the callback. Returns when it is gone.
    virtual void stop(TimePoint now) = 0;

    // What the server had to remark, for the report.
    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

    void on_report(std::function<void(const ServerReport&)> callback) { report_ = std::move(callback); }

  protected:
    void report(const ServerReport& what) {
        if (report_) report_(what);
    }

    std::vector<std::string> notes_;

  private:
    std::function<void(const ServerReport&)> report_;
};

}  // namespace squall::loadgen
