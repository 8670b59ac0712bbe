#include "runner/child_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

namespace squall::loadgen {
namespace {

struct Pipe {
    int read = -1;
    int write = -1;
};

std::optional<Pipe> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
    return Pipe{ends[0], ends[1]};
}

void close_if_open(int& descriptor) {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
}

// After fork(): only calls that are safe between fork and exec.
[[noreturn]] void become(char* const* argv, int input, int output, int errors, int report, pid_t parent) {
    dup2(input, 0);
    dup2(output, 1);
    dup2(errors, 2);
    setpgid(0, 0);                     // a Ctrl-C in the terminal is not for it
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // and it does not outlive us
    if (getppid() != parent) _exit(127);
    (void)signal(SIGPIPE, SIG_DFL);
    execvp(argv[0], argv);
    const int number = errno;
    (void)!::write(report, &number, sizeof number);
    _exit(127);
}

}  // namespace

bool LineBuffer::read_from(int descriptor) {
    std::array<char, 16 * 1024> buffer;
    for (;;) {
        const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
        if (count > 0)
            pending_.append(buffer.data(), static_cast<std::size_t>(count));
        else if (count == 0)
            return false;
        else if (errno != EINTR)
            return errno == EAGAIN;
    }
}

bool LineBuffer::read_once_from(int descriptor) {
    std::array<char, 16 * 1024> buffer;
    ssize_t count = -1;
    do count = ::read(descriptor, buffer.data(), buffer.size());
    while (count < 0 && errno == EINTR);
    if (count > 0) pending_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
}

std::optional<std::string> LineBuffer::next_line() {
    const auto end = pending_.find('\n');
    if (end == std::string::npos) return std::nullopt;
    std::string line = pending_.substr(0, end);
    pending_.erase(0, end + 1);
    return line;
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& argv) {
    auto input = make_pipe(), output = make_pipe(), errors = make_pipe(), report = make_pipe();
    const auto close_all = [&] {
        for (auto* pipe : {&input, &output, &errors, &report}) {
            if (!*pipe) continue;
            close_if_open((*pipe)->read);
            close_if_open((*pipe)->write);
        }
    };
    if (!input || !output || !errors || !report) {
        close_all();
        return fail(ErrorCode::io, fmt::format("no pipe could be made: {}", std::strerror(errno)));
    }
    std::vector<char*> words;
    words.reserve(argv.size() + 1);
    for (const auto& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    const pid_t parent = getpid();
    const pid_t id = fork();
    if (id == 0) become(words.data(), input->read, output->write, errors->write, report->write, parent);
    if (id < 0) {
        close_all();
        return fail(ErrorCode::io, fmt::format("no process could be started: {}", std::strerror(errno)));
    }
    close_if_open(report->write);
    int number = 0;
    const bool failed = ::read(report->read, &number, sizeof number) == static_cast<ssize_t>(sizeof number);
    ChildProcess child;
    child.id_ = id;
    child.input_ = std::exchange(input->write, -1);
    child.output_ = std::exchange(output->read, -1);
    child.errors_ = std::exchange(errors->read, -1);
    close_all();
    for (const int descriptor : {child.output_, child.errors_}) fcntl(descriptor, F_SETFL, O_NONBLOCK);
    if (failed)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("'{}' cannot be started: {}", argv[0], std::strerror(number)));
    return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : id_(std::exchange(other.id_, -1)),
      input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      ended_(std::move(other.ended_)) {}

ChildProcess::~ChildProcess() {
    close_if_open(input_);
    close_if_open(output_);
    close_if_open(errors_);
    if (id_ > 0 && !ended_) {
        kill(id_, SIGKILL);
        waitpid(id_, nullptr, 0);
    }
}

bool ChildProcess::write(std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(input_, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

void ChildProcess::close_input() {
    close_if_open(input_);
}

std::optional<std::string> ChildProcess::ended() {
    if (ended_ || id_ <= 0) return ended_;
    int status = 0;
    if (waitpid(id_, &status, WNOHANG) != id_) return std::nullopt;
    if (WIFSIGNALED(status))
        ended_ = fmt::format("signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else
        ended_ = fmt::format("exit code {}", WEXITSTATUS(status));
    return ended_;
}

void ChildProcess::terminate() {
    if (id_ > 0 && !ended()) kill(id_, SIGTERM);
}

void ChildProcess::wait(Duration at_most, const std::function<void()>& pump) {
    constexpr int kStepMs = 20;
    for (auto left = at_most; !ended(); left -= std::chrono::milliseconds(kStepMs)) {
        if (left <= Duration{0}) {
            kill(id_, SIGKILL);
            waitpid(id_, nullptr, 0);
            ended_ = "it did not end when asked to, and was killed";
            break;
        }
        pollfd ends[2] = {{output_, POLLIN, 0}, {errors_, POLLIN, 0}};
        poll(ends, 2, kStepMs);
        pump();
        // At the end of both streams poll() returns at once.
        if (((ends[0].revents | ends[1].revents) & POLLHUP) != 0) poll(nullptr, 0, kStepMs);
    }
    pump();
}

std::string Tail::text(std::string_view indent) const {
    std::string out;
    for (const auto& line : lines_) out += fmt::format("\n{}{}", indent, line);
    return out;
}

}  // namespace squall::loadgen
