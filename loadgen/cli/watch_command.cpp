// `squall-loadgen watch`: the live numbers of a process in the terminal, a table a second; or one order to
// it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <map>

#include "cli/commands.hpp"
#include "report/exit_code.hpp"
#include "runner/interrupt.hpp"
#include "runner/live_view.hpp"
#include "squall/recorder/profile_viewer.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/process_directory.hpp"
#include "squall/runtime/tcp_socket.hpp"

namespace squall::loadgen {
namespace {

using recorder::ProfileState;
using recorder::Stats;

int refuse(const std::string& line) {
    fmt::print(stderr, "squall-loadgen watch: {}\n", line);
    return static_cast<int>(ExitCode::bad_input);
}

// The process that is meant: that of the number, or an arena server, or the only one.
Result<WatchableProcess> choose(std::uint64_t number) {
    const auto all = find_processes(live_directory());
    if (all.empty())
        return fail(
            ErrorCode::unknown_id,
            fmt::format("no process of this user can be watched (looked in {}); start one with --live",
                        live_directory()));
    std::string names;
    for (const WatchableProcess& process : all) {
        if (process.process == number) return process;
        names += fmt::format("\n  {:>8}  {}  {}", process.process, process.name,
                             squall::to_string(process.address));
    }
    if (number != 0)
        return fail(ErrorCode::unknown_id,
                    fmt::format("process {} cannot be watched; these can:{}", number, names));
    for (const WatchableProcess& process : all)
        if (process.name == "arena server") return process;
    return all.front();
}

std::string per_second(double bytes) {
    if (bytes >= 1e6) return fmt::format("{:.2f} MB/s", bytes / 1e6);
    if (bytes >= 1e3) return fmt::format("{:.1f} kB/s", bytes / 1e3);
    return fmt::format("{:.0f} B/s", bytes);
}

double milliseconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e6;
}

std::uint64_t percentile(const ProfileState& state, recorder::HistogramKind kind, std::uint32_t remote,
                         std::uint64_t share) {
    const auto place = state.histograms().find({kind, remote});
    if (place == state.histograms().end()) return 0;
    const auto histogram = recorder::to_histogram(place->second);
    return histogram ? histogram->value_at_percentile(percent(share)) : 0;
}

// What happened between two moments, as a table.
void print(const ProfileState& state, const Stats& before) {
    const Stats& now = state.stats();
    const double seconds = std::max(to_seconds(now.at - before.at), 0.001);
    const Stats grown = recorder::difference_between(before, now);
    const auto rate = [seconds](std::uint64_t count) { return static_cast<double>(count) / seconds; };
    const auto& endpoint = grown.endpoint;
    const double sent = rate(endpoint.packets_acked + endpoint.packets_lost);
    fmt::print(
        "\n{}  {} connections  out {} in {}  rtt p50 {:.1f} p99 {:.1f} ms  loss {:.1f} %  ticks {:.0f}/s of "
        "{:.2f} ms  cpu {:.0f} %\n",
        state.hello().name, now.endpoint.connections_opened - now.endpoint.connections_closed,
        per_second(rate(endpoint.bytes_sent)), per_second(rate(endpoint.bytes_received)),
        milliseconds(percentile(state, recorder::HistogramKind::connection_rtt, 0, 50)),
        milliseconds(percentile(state, recorder::HistogramKind::connection_rtt, 0, 99)),
        sent > 0 ? 100 * rate(endpoint.packets_lost) / sent : 0.0, rate(grown.process.ticks),
        grown.process.ticks == 0 ? 0.0 : milliseconds(grown.process.tick_time / grown.process.ticks),
        100 * rate(grown.process.cpu_time) / 1e9);
    fmt::print("{:<28} {:>4} {:>11} {:>12} {:>12} {:>9} {:>9} {:>9}\n", "remote", "way", "messages/s",
               "payload", "on wire", "queue p99", "wire p50", "lost/s");
    auto rows = grown.remotes;
    std::ranges::sort(rows, [](const recorder::RemoteStats& a, const recorder::RemoteStats& b) {
        return a.counters.on_wire() > b.counters.on_wire();
    });
    for (const recorder::RemoteStats& row : rows) {
        const auto* const remote = state.find_remote(row.remote);
        const bool is_out = row.direction == recorder::Direction::outbound;
        fmt::print("{:<28.28} {:>4} {:>11.1f} {:>12} {:>12}",
                   remote != nullptr ? remote->name
                   : row.remote == 0 ? std::string(trace::kNoRemoteName)
                                     : fmt::format("remote {}", row.remote),
                   is_out ? "out" : "in", rate(row.counters.messages), per_second(rate(row.counters.payload)),
                   per_second(rate(row.counters.on_wire())));
        if (is_out)
            fmt::print(" {:>6.1f} ms {:>6.1f} ms {:>9.1f}",
                       milliseconds(percentile(state, recorder::HistogramKind::queue, row.remote, 99)),
                       milliseconds(percentile(state, recorder::HistogramKind::wire, row.remote, 50)),
                       rate(row.counters.lost));
        fmt::print("\n");
    }
    (void)std::fflush(stdout);
}

// A viewer on a socket.
class Watcher final : public Node {
  public:
    Watcher(AsioHost& host, const WatchCommand& command, const WatchableProcess& process)
        : host_(host),
          command_(command),
          viewer_(process.token, {.streams = recorder::bit(recorder::Stream::stats) |
                                             recorder::bit(recorder::Stream::histograms)}) {}
    Result<> connect(const Address& to) {
        TcpCallbacks callbacks;
        callbacks.on_received = [this](Bytes bytes) { take(bytes); };
        callbacks.on_closed = [this](const Error* error) {
            end(error == nullptr ? "the process has ended" : error->message);
        };
        auto socket = TcpSocket::connect(host_, to, std::move(callbacks));
        if (!socket) return std::unexpected(socket.error());
        socket_ = std::move(*socket);
        if (!command_.order.empty()) order_ = send_order();
        (void)socket_->send(viewer_.output());
        viewer_.clear_output();
        next_ = host_.now() + std::chrono::seconds(1);
        return {};
    }
    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return next_; }
    void handle_timeout(TimePoint now) override {
        if (now < next_) return;
        next_ += std::chrono::seconds(1);
        if (!command_.order.empty()) {
            if (++waited_ > 5) end("no answer within five seconds");
            return;
        }
        if (viewer_.state().is_current()) {
            if (has_before_) print(viewer_.state(), before_);
            before_ = viewer_.state().stats();
            if (std::exchange(has_before_, true)) ++printed_;
        }
        if (command_.seconds != 0 && printed_ >= command_.seconds) host_.stop();
        if (!has_before_ && ++waited_ > 5) end("it says nothing");
    }
    [[nodiscard]] const std::string& trouble() const { return trouble_; }
    [[nodiscard]] bool is_refused() const { return is_refused_; }

  private:
    std::uint64_t send_order() {
        std::vector<std::pair<std::string, std::string>> arguments;
        for (std::size_t i = 1; i < command_.order.size(); ++i) {
            const std::string& word = command_.order[i];
            const auto equals = word.find('=');
            arguments.emplace_back(word.substr(0, equals),
                                   equals == std::string::npos ? "" : word.substr(equals + 1));
        }
        return viewer_.command(command_.order[0], std::move(arguments));
    }
    void take(Bytes bytes) {
        const auto taken = viewer_.receive(bytes, [this](const recorder::ProfileFrame& frame) {
            const auto* const result = std::get_if<recorder::CommandResult>(&frame);
            if (result == nullptr || result->id != order_) return;
            fmt::print("{}\n", result->text);
            is_refused_ = !result->is_ok;
            host_.stop();
        });
        if (!taken) end(taken.error().message);
    }
    void end(std::string why) {
        if (trouble_.empty()) trouble_ = std::move(why);
        host_.stop();
    }
    AsioHost& host_;
    const WatchCommand& command_;
    recorder::ProfileViewer viewer_;
    std::unique_ptr<TcpSocket> socket_;
    TimePoint next_ = kNever;
    Stats before_;
    bool has_before_ = false;
    std::uint32_t printed_ = 0;
    std::uint32_t waited_ = 0;
    std::uint64_t order_ = 0;
    std::string trouble_;
    bool is_refused_ = false;
};

}  // namespace

int watch_command(const WatchCommand& command) {
    const auto process = choose(command.process);
    if (!process) return refuse(process.error().message);
    auto host = AsioHost::make();
    if (!host) return refuse(host.error().message);
    const InterruptGuard interrupt(**host);
    Watcher watcher(**host, command, *process);
    if (const auto connected = watcher.connect(process->address); !connected)
        return refuse(connected.error().message);
    AttachOptions timer_only;
    timer_only.with_socket = false;
    const auto id = (*host)->attach(watcher, timer_only);
    if (!id) return refuse(id.error().message);
    if (command.order.empty())
        fmt::print("{}, process {}, at {}\n", process->name, process->process,
                   squall::to_string(process->address));
    (*host)->run_until(kNever);
    (*host)->detach(*id);
    if (!watcher.trouble().empty()) return refuse(watcher.trouble());
    return watcher.is_refused() ? static_cast<int>(ExitCode::bad_input) : 0;
}

}  // namespace squall::loadgen
