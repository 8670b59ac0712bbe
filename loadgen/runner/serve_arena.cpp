#include "runner/serve_arena.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>

#include "runner/arena_facts.hpp"
#include "runner/arena_view.hpp"
#include "runner/child_process.hpp"
#include "runner/key_text.hpp"
#include "runner/late_node.hpp"
#include "runner/process_usage.hpp"
#include "runner/recorded_frames.hpp"
#include "runner/server_sample.hpp"
#include "runner/stall_detector.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/wall_clock.hpp"

namespace squall::loadgen {
namespace {

std::atomic<AsioHost*> running_host{nullptr};
volatile std::sig_atomic_t told_to_stop = 0;

void on_stop_signal(int) {
    told_to_stop = 1;
    if (AsioHost* host = running_host.load()) host->stop();
}

void say(const std::string& line) {
    (void)std::fwrite(line.data(), 1, line.size(), stdout);
    (void)std::fputc('\n', stdout);
    (void)std::fflush(stdout);
}

// The key that the run sends as the first line.
Result<Key> key_from_input(LineBuffer& input) {
    for (;;) {
        const bool open = input.read_from(0);
        if (const auto line = input.next_line()) return parse_key(*line, "standard input");
        if (!open) return fail(ErrorCode::malformed, "standard input ended before it brought a key");
        pollfd end{0, POLLIN, 0};
        poll(&end, 1, -1);
    }
}

// One server on one host, and what it is told.
class ArenaProgram {
  public:
    ArenaProgram(const ServeOptions& options, AsioHost& host)
        : options_(options), host_(host), stalls_(host.now(), own_cpu_time) {}

    Result<> start(const Key& key);
    void obey(LineBuffer& input);
    void run();

  private:
    void sample();
    Result<> record(const Key& key);
    Result<> show();

    const ServeOptions& options_;
    AsioHost& host_;
    SystemEntropy entropy_;
    EntropyTap server_entropy_{entropy_};
    LateNode socket_;
    StallDetector stalls_;
    std::unique_ptr<arena::ArenaServer> server_;
    recorder::Facts facts_;
    std::unique_ptr<ArenaRecorder> recorder_;
    NodeId id_{};
    ServerSampler sampler_;
    bool stopping_ = false;
    std::optional<RecordedFrames> frames_;
    std::unique_ptr<LiveView> live_;  // ends before what it shows
};

Result<> ArenaProgram::start(const Key& key) {
    AttachOptions attach;
    attach.bind = options_.bind;
    attach.receive_buffer_bytes = server_buffer_bytes(options_.settings.max_clients);
    attach.send_buffer_bytes = attach.receive_buffer_bytes / 4;
    const auto id = host_.attach(socket_, attach);
    if (!id) return std::unexpected(id.error());
    id_ = *id;
    const Address local = host_.local_address(id_);
    if (const auto advice =
            buffer_advice("the server's socket", {attach.receive_buffer_bytes, attach.send_buffer_bytes},
                          host_.granted_buffers(id_)))
        fmt::print(stderr, "note: {}\n", *advice);
    ArenaSurroundings around{host_.now(),
                             options_.public_address.value_or(local),
                             key,
                             wall_clock_anchor(host_),
                             server_entropy_,
                             Rng(entropy_.u64()),
                             [this] { return host_.read_clock(); }};
    facts_ = arena_facts(options_.settings, around);
    auto server = make_arena(options_.settings, std::move(around));
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    socket_.set_inner(*server_);
    if (auto recorded = record(key); !recorded) return recorded;
    host_.wake(id_);
    AttachOptions timer_only;
    timer_only.with_socket = false;
    if (const auto timer = host_.attach(stalls_, timer_only); !timer) return std::unexpected(timer.error());
    // A recording has the profiler's figures in it, live endpoint or not.
    if (options_.live.is_on() || recorder_)
        if (const auto shown = show(); !shown) return shown;
    say(fmt::format("READY {}", squall::to_string(local)));
    return {};
}

Result<> ArenaProgram::record(const Key& key) {
    if (!options_.record.is_wanted()) {
        server_entropy_.forget();
        return {};
    }
    auto started = ArenaRecorder::start(
        host_.now(), options_.record, {host_.now(), system_realtime_ns()}, false,
        {*server_, options_.public_address.value_or(host_.local_address(id_)), facts_, key, server_entropy_});
    if (!started) return std::unexpected(started.error());
    recorder_ = std::move(*started);
    socket_.set_inner(recorder_->node());
    return {};
}

Result<> ArenaProgram::show() {
    constexpr Duration kSecond = std::chrono::seconds(1);
    auto live = LiveView::start(host_, options_.live, "arena server", kSecond / options_.settings.tick_rate);
    if (!live) return std::unexpected(live.error());
    live_ = std::move(*live);
    Profiler& profiler = live_->profiler();
    if (recorder_)
        recorder_->set_trace(&profiler, 0);
    else
        server_->set_trace(&profiler, 0);
    profiler.watch(0, server_->endpoint());
    if (recorder_) {
        frames_.emplace(host_.now(), recorder_->recorded(), false);
        profiler.add(*frames_);
    }
    profiler.on_world([this](TimePoint now, ConnectionId viewpoint) {
        return arena_view(now, *server_, viewpoint, arena::ArenaServerConfig{}.max_in_view);
    });
    if (options_.live.is_on()) fmt::print(stderr, "note: {}\n", live_->description());
    return {};
}

void ArenaProgram::sample() {
    if (recorder_)
        if (const auto failure = recorder_->new_failure()) fmt::print(stderr, "note: {}\n", *failure);
    say(to_json_line(sampler_.take(*server_, host_.statistics(id_), stalls_.take())));
}

void ArenaProgram::obey(LineBuffer& input) {
    const bool open = input.read_from(0);
    while (const auto order = input.next_line()) {
        if (*order == "sample") sample();
        if (*order == "stop") stopping_ = true;
        if (*order == "record off" && recorder_) recorder_->pause(host_.now());
        if (*order == "record on" && recorder_) recorder_->resume(host_.now());
    }
    if (!open) stopping_ = true;
    if (stopping_) host_.stop();
}

void ArenaProgram::run() {
    constexpr Duration kSecond = std::chrono::seconds(1);
    for (TimePoint next = host_.now() + kSecond; !stopping_ && told_to_stop == 0;) {
        host_.run_until(next);
        if (host_.now() < next) continue;
        next += kSecond;
        if (options_.print_samples) sample();
    }
    if (recorder_) recorder_->on_shut_down(host_.now());
    server_->shut_down(host_.now());
    host_.wake(id_);
    host_.run_until(host_.now() + std::chrono::milliseconds(100));
    if (recorder_) fmt::print(stderr, "note: {}\n", recorder_->stop(host_.now()));
    sample();
    if (live_) server_->set_trace(nullptr, 0);
}

}  // namespace

Result<> serve_arena(const ServeOptions& options) {
    AsioHostOptions host_options;
    host_options.precise_timers = true;
    // Nothing that a player sends is answered before the next tick or within a millisecond; woken for every
    // datagram, the server would cost both sides more.
    host_options.gather = std::chrono::milliseconds(1);
    auto host = AsioHost::make(host_options);
    if (!host) return std::unexpected(host.error());
    running_host = host->get();
    const bool controlled = options.key_file.empty() && options.key_env.empty();
    LineBuffer input;
    if (controlled) fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    const auto key = !options.key_file.empty() ? read_key_file(options.key_file)
                     : controlled              ? key_from_input(input)
                                               : read_key_variable(options.key_env);
    if (!key) return std::unexpected(key.error());
    (void)std::signal(SIGINT, on_stop_signal);
    (void)std::signal(SIGTERM, on_stop_signal);
    (void)std::signal(SIGPIPE, SIG_IGN);
    ArenaProgram program(options, **host);
    if (const auto started = program.start(*key); !started) return started;
    if (controlled) {
        const auto watch = (*host)->watch(0, [&] { program.obey(input); });
        if (!watch) return std::unexpected(watch.error());
        program.obey(input);
    }
    program.run();
    running_host = nullptr;
    return {};
}

}  // namespace squall::loadgen
