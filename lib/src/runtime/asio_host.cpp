#include "squall/runtime/asio_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <chrono>
#include <map>
#include <utility>

#include "runtime/host_access.hpp"

namespace squall {
namespace {

using runtime::NodePump;
using runtime::Reactor;

// Tokens of watches; those of nodes are below.
constexpr std::uint64_t kWatchBit = 1ULL << 63U;

Result<> check(const AsioHostOptions& options) {
    if (options.batch < 1 || options.batch > 1024)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("AsioHostOptions::batch is {}: it must be 1 to 1024", options.batch));
    if (options.gather < Duration::zero() || options.gather > std::chrono::seconds(1))
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("AsioHostOptions::gather is {} ns: it must be 0 to 1 s", options.gather.count()));
    return {};
}

}  // namespace

struct AsioHost::State {
    State(const AsioHostOptions& host_options, const Host& clock, std::unique_ptr<Reactor> its_reactor)
        : options(host_options),
          reactor(std::move(its_reactor)),
          pump(host_options, clock, reactor->poller()) {}

    [[nodiscard]] std::span<const std::uint64_t> wait(const Host& clock, TimePoint until);
    void dispatch(std::uint64_t token);
    void call_watch(std::uint64_t token);

    AsioHostOptions options;
    std::unique_ptr<Reactor> reactor;
    NodePump pump;
    std::map<std::uint64_t, std::pair<int, std::function<void()>>> watches;  // by token
    std::uint64_t next_watch = 1;
    TimePoint gathering_until{};
    bool has_more = false;  // some socket was left with datagrams
    bool is_running = false;
    std::atomic<bool> is_stopped = false;
    static_assert(std::atomic<bool>::is_always_lock_free, "stop() is called from signal handlers");
};

AsioHost::AsioHost() = default;
AsioHost::~AsioHost() = default;

Result<std::unique_ptr<AsioHost>> AsioHost::make(const AsioHostOptions& options) {
    if (auto checked = check(options); !checked) return std::unexpected(checked.error());
    if (options.precise_timers) {
        if (auto pinned = pin_timer_slack(); !pinned) return std::unexpected(pinned.error());
    }
    auto reactor = Reactor::make();
    if (!reactor) return std::unexpected(reactor.error());
    std::unique_ptr<AsioHost> host(new AsioHost());
    host->state_ = std::make_unique<State>(options, *host, std::move(*reactor));
    return host;
}

TimePoint AsioHost::read_clock() const {
    return TimePoint(
        std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

TimePoint AsioHost::now() const {
    const auto frozen = state_->pump.callback_time();
    return frozen ? *frozen : read_clock();
}

Result<NodeId> AsioHost::attach(Node& node, const AttachOptions& options) {
    return state_->pump.attach(node, options);
}
void AsioHost::detach(NodeId id) {
    state_->pump.detach(id);
}
void AsioHost::wake(NodeId id) {
    state_->pump.wake(id);
}
void AsioHost::inject(NodeId id, const Address& from, MutableBytes datagram) {
    state_->pump.inject(id, from, datagram);
}

Address AsioHost::local_address(NodeId id) const {
    const UdpSocket* socket = state_->pump.socket(id);
    return socket != nullptr ? socket->local_address() : Address{};
}

SocketStatistics AsioHost::statistics(NodeId id) const {
    const UdpSocket* socket = state_->pump.socket(id);
    return socket != nullptr ? socket->statistics() : SocketStatistics{};
}

SocketBuffers AsioHost::granted_buffers(NodeId id) const {
    const UdpSocket* socket = state_->pump.socket(id);
    return socket != nullptr ? socket->buffers() : SocketBuffers{};
}

std::size_t AsioHost::attached_count() const {
    return state_->pump.attached_count();
}
const PumpStatistics& AsioHost::pump_statistics() const {
    return state_->pump.statistics();
}

Result<WatchId> AsioHost::watch(int descriptor, std::function<void()> on_readable) {
    const std::uint64_t token = kWatchBit | state_->next_watch;
    if (auto added = state_->reactor->poller().add(descriptor, token); !added)
        return std::unexpected(added.error());
    state_->watches.emplace(token, std::pair(descriptor, std::move(on_readable)));
    return WatchId{state_->next_watch++};
}

void AsioHost::unwatch(WatchId id) {
    const auto found = state_->watches.find(kWatchBit | id.value);
    if (found == state_->watches.end()) return;
    state_->reactor->poller().remove(found->second.first);
    state_->watches.erase(found);
}

void AsioHost::stop() {
    state_->is_stopped.store(true, std::memory_order_release);
    state_->reactor->poller().interrupt();
}

void AsioHost::run_until(TimePoint deadline) {
    State& s = *state_;
    assert(!s.is_running && "run_until() is not for callbacks");
    s.is_running = true;
    while (!s.is_stopped.load(std::memory_order_acquire)) {
        s.pump.serve_wakes();
        if (s.pump.attached_count() == 0 && s.reactor->users() == 0) break;
        const auto ready = s.wait(*this, std::min(deadline, s.pump.next_deadline()));
        for (std::size_t i = 0; i < ready.size(); ++i) {
            s.pump.look_ahead(ready, i);
            s.dispatch(ready[i]);
        }
        s.pump.serve_timeouts();
        if (deadline != kNever && read_clock() >= deadline) break;
    }
    if (s.is_stopped.exchange(false, std::memory_order_acq_rel)) s.reactor->poller().clear_interrupt();
    s.is_running = false;
}

std::span<const std::uint64_t> AsioHost::State::wait(const Host& clock, TimePoint until) {
    pump.count_wait();
    const TimePoint now = clock.read_clock();
    if (std::exchange(has_more, false)) gathering_until = now;
    if (now < gathering_until) {
        const TimePoint end = std::min(until, gathering_until);
        if (end > now) reactor->poller().sleep(end - now);
        if (end < gathering_until) return {};
        until = TimePoint{};
    }
    const auto ready = reactor->wait(now, until);
    if (options.gather > Duration::zero() && !ready.empty())
        gathering_until = clock.read_clock() + options.gather;
    return ready;
}

void AsioHost::State::dispatch(std::uint64_t token) {
    if (token >= kWatchBit)
        call_watch(token);
    else if (token >= NodePump::kFirstToken)
        has_more = pump.serve_socket(token) || has_more;
    else if (token == Reactor::kInterruptToken)
        reactor->poller().clear_interrupt();
    // Else the timer: the loop looks at the deadlines by itself.
}

void AsioHost::State::call_watch(std::uint64_t token) {
    const auto found = watches.find(token);
    if (found == watches.end()) return;
    // Moved out for the call, so that the callback may end its own watch; put back if it did not.
    std::function<void()> callback = std::move(found->second.second);
    callback();
    if (const auto still = watches.find(token); still != watches.end())
        still->second.second = std::move(callback);
}

namespace runtime {

Reactor& HostAccess::reactor(AsioHost& host) {
    return *host.state_->reactor;
}
NodePump& HostAccess::pump(AsioHost& host) {
    return host.state_->pump;
}

}  // namespace runtime
}  // namespace squall
