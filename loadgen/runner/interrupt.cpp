#include "runner/interrupt.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

#include "report/exit_code.hpp"

namespace squall::loadgen {
namespace {

std::atomic<Host*> guarded{nullptr};
std::atomic<int> count{0};

void on_signal(int) {
    if (count.fetch_add(1) > 0) {
        constexpr char kText[] = "\nstopped at once; no report\n";
        (void)!write(2, kText, sizeof kText - 1);
        _exit(static_cast<int>(ExitCode::interrupted));
    }
    if (Host* host = guarded.load()) host->stop();
}

}  // namespace

InterruptGuard::InterruptGuard(Host& host) {
    guarded = &host;
    (void)std::signal(SIGINT, on_signal);
    (void)std::signal(SIGTERM, on_signal);
    (void)std::signal(SIGPIPE, SIG_IGN);
}

InterruptGuard::~InterruptGuard() {
    (void)std::signal(SIGINT, SIG_DFL);
    (void)std::signal(SIGTERM, SIG_DFL);
    guarded = nullptr;
}

bool InterruptGuard::interrupted() const {
    return count.load() > 0;
}

}  // namespace squall::loadgen
