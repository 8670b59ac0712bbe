// A process that this one starts, with pipes to its standard streams. It dies with us, and a Ctrl-C in the
// terminal is ours alone. Knows nothing of what it runs.
#pragma once

#include <sys/types.h>

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall::loadgen {

// Collects bytes of a descriptor and cuts them into lines.
class LineBuffer {
  public:
    // Reads what is there without waiting; false at the end of the stream.
    bool read_from(int descriptor);
    // As read_from(), of one read: for a descriptor that would wait, when it is known to have something.
    bool read_once_from(int descriptor);
    [[nodiscard]] std::optional<std::string> next_line();
    // What is left when the stream has ended without a line break.
    [[nodiscard]] std::string rest() { return std::exchange(pending_, {}); }

  private:
    std::string pending_;
};

class ChildProcess {
  public:
    // Errors: io, invalid_argument (no such program). argv[0] is looked up in PATH.
    [[nodiscard]] static Result<ChildProcess> start(const std::vector<std::string>& argv);
    ChildProcess(ChildProcess&& other) noexcept;
    ChildProcess& operator=(ChildProcess&&) = delete;
    // Kills it if it still runs.
    ~ChildProcess();

    [[nodiscard]] pid_t id() const { return id_; }
    [[nodiscard]] int output() const { return output_; }
    [[nodiscard]] int errors() const { return errors_; }
    // Writes to its standard input; false if it does not take it.
    bool write(std::string_view text);
    void close_input();

    // "exit code 3", "signal 9 (Killed)"; nothing while it runs.
    [[nodiscard]] std::optional<std::string> ended();
    void terminate();
    // Waits for its end, calling `pump` meanwhile; kills it at the deadline.
    void wait(Duration at_most, const std::function<void()>& pump);

  private:
    ChildProcess() = default;
    pid_t id_ = -1;
    int input_ = -1;
    int output_ = -1;
    int errors_ = -1;
    std::optional<std::string> ended_;
};

// The last lines of a stream, for the message when its process has died.
class Tail {
  public:
    void add(std::string line) {
        if (lines_.size() == kLines) lines_.pop_front();
        lines_.push_back(std::move(line));
    }
    [[nodiscard]] std::string text(std::string_view indent) const;

  private:
    static constexpr std::size_t kLines = 10;
    std::deque<std::string> lines_;
};

}  // namespace squall::loadgen
