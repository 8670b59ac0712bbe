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
#include "runner/told_frames.hpp"
#include "squall/core/bytes.hpp"
#include "squall/recorder/profile_codec.hpp"
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
    static constexpr std::string_view kTold = "told ";
    void sample();
    void be_told(std::string_view text);
    Result<> record(const RecordingOrder& order);
    Result<> show();
    void show_recorder();
    Result<std::string> obey(TimePoint now, const recorder::Command& command);
    Result<std::string> start_recording(const recorder::Command& command);
    Result<std::string> save_recording(const recorder::Command& command);
    [[nodiscard]] static Result<> check_new_file(const std::string& name);
    std::string stop_recording(TimePoint now);
    [[nodiscard]] static std::string unused_name();

    const ServeOptions& options_;
    AsioHost& host_;
    Key key_{};
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
    key_ = key;
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
    if (options_.record.is_wanted()) {
        if (auto recorded = record(options_.record); !recorded) return recorded;
    } else {
        server_entropy_.forget();
    }
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

Result<> ArenaProgram::record(const RecordingOrder& order) {
    auto started = ArenaRecorder::start(host_.now(), order, {host_.now(), system_realtime_ns()}, false,
                                        {*server_, options_.public_address.value_or(host_.local_address(id_)),
                                         facts_, key_, server_entropy_});
    if (!started) return std::unexpected(started.error());
    recorder_ = std::move(*started);
    socket_.set_inner(recorder_->node());
    return {};
}

Result<> ArenaProgram::show() {
    constexpr Duration kSecond = std::chrono::seconds(1);
    LiveOptions options = options_.live;
    options.has_history = options_.record.keep.empty();
    auto live = LiveView::start(host_, options, "arena server", kSecond / options_.settings.tick_rate);
    if (!live) return std::unexpected(live.error());
    live_ = std::move(*live);
    Profiler& profiler = live_->profiler();
    profiler.watch(0, server_->endpoint());
    profiler.watch(server_->registry());
    server_->time_handlers();
    profiler.on_command(
        [this](TimePoint now, const recorder::Command& command) { return obey(now, command); });
    if (recorder_)
        show_recorder();
    else
        server_->set_trace(&profiler, 0);
    profiler.on_world([this](TimePoint now, ConnectionId viewpoint) {
        return arena_view(now, *server_, viewpoint, arena::ArenaServerConfig{}.max_in_view);
    });
    if (options_.live.is_on()) fmt::print(stderr, "note: {}\n", live_->description());
    return {};
}

// The profiler sees what the recorder sees, and the recorder what the profiler tells.
void ArenaProgram::show_recorder() {
    recorder_->set_trace(&live_->profiler(), 0);
    frames_.emplace(host_.now(), recorder_->recorded(), false);
    live_->profiler().add(*frames_);
}

Result<std::string> ArenaProgram::obey(TimePoint now, const recorder::Command& command) {
    if (command.verb == "record.start") return start_recording(command);
    if (command.verb == "history.save") return save_recording(command);
    if (command.verb == "record.stop") {
        if (!recorder_)
            return fail(ErrorCode::invalid_argument, "nothing is recorded; record.start begins a recording");
        std::string done = stop_recording(now);
        fmt::print(stderr, "note: {}, as a viewer ordered\n", done);
        return done;
    }
    if (command.verb == "conditions.set")
        return fail(ErrorCode::unsupported,
                    "the simulated networks are the generator's: attach to that process to change them");
    return fail(
        ErrorCode::unsupported,
        fmt::format("'{}' is not known here; 'mark', 'record.start', 'record.stop' and 'history.save' are",
                    command.verb));
}

std::string ArenaProgram::unused_name() {
    for (unsigned n = 1;; ++n) {
        std::string name = fmt::format("arena-{}-{}.pcapng", getpid(), n);
        if (access(name.c_str(), F_OK) != 0) return name;
    }
}

// Where the server runs, and nowhere else; and nothing is written over.
Result<> ArenaProgram::check_new_file(const std::string& name) {
    if (name.empty() || name.find('/') != std::string::npos || name.starts_with('.'))
        return fail(ErrorCode::invalid_argument, "'file' must be a file's name, without a path");
    if (access(name.c_str(), F_OK) == 0)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("'{}' is there already; give another file=NAME", name));
    return {};
}

Result<std::string> ArenaProgram::start_recording(const recorder::Command& command) {
    if (recorder_)
        return fail(ErrorCode::invalid_argument,
                    "this server is being recorded; record.stop ends that first");
    const std::string* const name = command.find("file");
    RecordingOrder order;
    order.path = name != nullptr ? *name : unused_name();
    order.facts["session.title"] = "arena server, recorded by order";
    order.facts["session.mode"] = "real";
    order.facts["build.version"] = SQUALL_VERSION;
    if (auto wrong = check_new_file(order.path); !wrong) return std::unexpected(wrong.error());
    if (auto started = record(order); !started) return std::unexpected(started.error());
    show_recorder();
    return fmt::format("recording into {}", order.path);
}

// The flight recorder's last minute, with its packets.
Result<std::string> ArenaProgram::save_recording(const recorder::Command& command) {
    if (!recorder_) return fail(ErrorCode::invalid_argument, "the flight recorder was stopped");
    const std::string* const given = command.find("file");
    const std::string name = given != nullptr ? *given : unused_name();
    if (auto wrong = check_new_file(name); !wrong) return std::unexpected(wrong.error());
    recorder_->save(name);
    return fmt::format("what the flight recorder has is being saved as {}", name);
}

std::string ArenaProgram::stop_recording(TimePoint now) {
    if (frames_) {
        live_->profiler().tell_now(now);
        live_->profiler().remove(*frames_);
    }
    frames_.reset();
    std::string text = recorder_->stop(now);
    socket_.set_inner(*server_);
    recorder_.reset();
    server_->trace_packets(PacketTrace::sealed);
    if (live_) server_->set_trace(&live_->profiler(), 0);
    return text;
}

void ArenaProgram::sample() {
    if (recorder_) {
        if (const auto failure = recorder_->new_failure()) fmt::print(stderr, "note: {}\n", *failure);
        if (const auto saved = recorder_->new_save()) fmt::print(stderr, "note: {}\n", *saved);
    }
    say(to_json_line(sampler_.take(*server_, host_.statistics(id_), stalls_.take())));
}

// A profile frame of the generator's, in hexadecimal digits.
void ArenaProgram::be_told(std::string_view text) {
    if (!live_) return;
    const auto bytes = from_hex(text);
    if (!bytes) return fmt::print(stderr, "note: 'told' takes hexadecimal digits\n");
    const auto raw = recorder::parse_envelope(*bytes);
    if (!raw || !*raw) return fmt::print(stderr, "note: what was told is no profile frame\n");
    const auto frame = recorder::decode(**raw);
    if (!frame) return fmt::print(stderr, "note: what was told: {}\n", frame.error().message);
    if (*frame) pass_on(host_.now(), **frame, live_->profiler());
}

void ArenaProgram::obey(LineBuffer& input) {
    const bool open = input.read_from(0);
    while (const auto order = input.next_line()) {
        if (*order == "sample") sample();
        if (*order == "stop") stopping_ = true;
        if (order->starts_with(kTold)) be_told(std::string_view(*order).substr(kTold.size()));
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
    if (recorder_) fmt::print(stderr, "note: {}\n", stop_recording(host_.now()));
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
