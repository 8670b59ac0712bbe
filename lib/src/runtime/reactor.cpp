#include "runtime/reactor.hpp"

#include "runtime/asio_config.hpp"

#include <fmt/format.h>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>

#include <system_error>

namespace squall::runtime {

struct Reactor::Outer {
    asio::io_context io{1};
    asio::posix::stream_descriptor inner{io};
    bool waiting = false;

    void wait_for_inner() {
        if (waiting) return;
        waiting = true;
        inner.async_wait(asio::posix::stream_descriptor::wait_read,
                         [this](const asio::error_code&) { waiting = false; });
    }
};

Result<std::unique_ptr<Reactor>> Reactor::make() {
    auto poller = Poller::make();
    if (!poller) return std::unexpected(poller.error());
    if (auto added = poller->add_interrupt(kInterruptToken); !added) return std::unexpected(added.error());
    return std::unique_ptr<Reactor>(new Reactor(std::move(*poller)));
}

Reactor::Reactor(Poller poller) : poller_(std::move(poller)) {}

Reactor::~Reactor() {
    if (outer_ && outer_->inner.is_open()) outer_->inner.release();  // the poller closes it
    outer_.reset();  // handlers that never ran end their use of this now
}

Result<asio::io_context*> Reactor::io() {
    if (!outer_) {
        try {
            auto outer = std::make_unique<Outer>();
            outer->inner.assign(poller_.native_handle());
            outer_ = std::move(outer);
        } catch (const std::system_error& error) {
            return fail(
                ErrorCode::io,
                fmt::format("cannot start asio: {}; the limit of open files may be too low ('ulimit -n')",
                            error.code().message()));
        }
    }
    return &outer_->io;
}

std::span<const std::uint64_t> Reactor::wait(TimePoint now, TimePoint until) {
    if (users_ == 0) {
        if (outer_) (void)poller_.arm(kNever, kTimerToken);
        return poller_.wait(until == kNever ? Poller::kForever : until - now);
    }
    const auto ready = poller_.wait(Duration::zero());
    if (outer_->io.stopped()) outer_->io.restart();
    // What asio's handlers change (deadlines, wakes) must be seen before the next sleep: return after any of
    // them.
    if (outer_->io.poll() > 0 || !ready.empty() || until <= now) return ready;
    if (!poller_.arm(until, kTimerToken)) return ready;
    outer_->wait_for_inner();
    outer_->io.run_one();
    return poller_.wait(Duration::zero());
}

}  // namespace squall::runtime
