// What is known of an error in a handler, as a value, and where such reports go. Sinks that need files,
// sockets or threads are in runtime (error_reporter.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/remotes/message.hpp"

namespace squall::remotes {

struct StackFrame {
    std::uint64_t address = 0;
    std::string function{};    // empty if nobody names it: a stripped program
    std::string module{};      // the file name of the program or library
    std::uint64_t offset = 0;  // of the address in it, as addr2line takes it
};

struct ErrorReport {
    UnixSeconds time{};
    std::string remote{};
    RemoteKind kind{};
    ConnectionId peer{};
    std::optional<ClientId> player{};
    std::string type{};  // of the exception
    std::string what{};
    std::size_t payload_bytes = 0;
    std::uint64_t payload_hash = 0;
    std::vector<StackFrame> trace{};  // the place of the throw first
    std::uint64_t suppressed = 0;  // reports that were not made since the last one, for there were too many
};

class ErrorSink {
  public:
    virtual ~ErrorSink() = default;
    // On the thread that drives the registry: must not wait for anything.
    virtual void report(const ErrorReport& report) = 0;
};

// The report as one line of printable text, without a line break: for logs.
[[nodiscard]] std::string to_line(const ErrorReport& report);

}  // namespace squall::remotes
