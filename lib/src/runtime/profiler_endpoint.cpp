#include "squall/runtime/profiler_endpoint.hpp"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <map>
#include <mutex>
#include <thread>

#include "runtime/descriptor.hpp"
#include "squall/recorder/profile_hub.hpp"
#include "squall/recorder/recording_encoder.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/process_directory.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/tcp_socket.hpp"

namespace squall {
namespace {

using recorder::Command;
using recorder::CommandResult;
using recorder::ProfileFrame;
using recorder::ViewerId;

// Frames that may wait for the thread, besides Stats, of which only the last one does.
constexpr std::size_t kMaxWaitingFrames = 65'536;

std::string random_token() {
    std::array<std::byte, 16> bytes{};
    SystemEntropy entropy;
    entropy.fill(bytes);
    return to_hex(bytes);
}

// The sockets of viewers, by their numbers in the hub. One that is closed gets a moment to take its last
// words.
class ViewerSockets final : public recorder::ViewerPort {
  public:
    void set_host(const Host& host) { host_ = &host; }
    void add(ViewerId viewer, std::unique_ptr<TcpSocket> socket) { sockets_[viewer] = std::move(socket); }
    void remove(ViewerId viewer) {
        sockets_.erase(viewer);
        std::erase_if(closing_, [viewer](const Closing& closing) { return closing.viewer == viewer; });
    }
    void send(ViewerId viewer, Bytes bytes) override {
        const auto place = sockets_.find(viewer);
        // Full: somebody far too slow, who misses what he missed anyway.
        if (place != sockets_.end()) (void)place->second->send(bytes);
    }
    [[nodiscard]] std::size_t queued_bytes(ViewerId viewer) const override {
        const auto place = sockets_.find(viewer);
        return place == sockets_.end() ? 0 : place->second->queued_bytes();
    }
    void close(ViewerId viewer) override {
        const auto place = sockets_.find(viewer);
        if (place == sockets_.end()) return;
        place->second->finish();
        closing_.push_back({viewer, host_->now() + std::chrono::seconds(1)});
        if (closing_.size() > kMaxClosing) remove(ViewerId{closing_.front().viewer});
    }
    [[nodiscard]] TimePoint poll_timeout() const {
        return closing_.empty() ? kNever : closing_.front().until;
    }
    void handle_timeout(TimePoint now) {
        while (!closing_.empty() && closing_.front().until <= now) remove(ViewerId{closing_.front().viewer});
    }

  private:
    struct Closing {
        ViewerId viewer{};
        TimePoint until{};
    };
    static constexpr std::size_t kMaxClosing = 16;
    const Host* host_ = nullptr;
    std::map<ViewerId, std::unique_ptr<TcpSocket>> sockets_;
    std::vector<Closing> closing_;
};

// What has a deadline on the thread's host.
class HubTimer final : public Node {
  public:
    HubTimer(recorder::ProfileHub& hub, ViewerSockets& sockets) : hub_(hub), sockets_(sockets) {}
    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override {
        return std::min(hub_.poll_timeout(), sockets_.poll_timeout());
    }
    void handle_timeout(TimePoint now) override {
        hub_.handle_timeout(now);
        sockets_.handle_timeout(now);
    }

  private:
    recorder::ProfileHub& hub_;
    ViewerSockets& sockets_;
};

bool is_file_name(const std::string& name) {
    return !name.empty() && name.size() <= 200 && name.front() != '.' &&
           name.find_first_of(std::string_view("/\0", 2)) == std::string::npos;
}

}  // namespace

struct ProfilerEndpoint::State {
    explicit State(ProfilerEndpointOptions its_options)
        : options(std::move(its_options)),
          hub({.token = options.token,
               .max_viewers = options.max_viewers,
               .max_backlog_bytes = options.max_backlog_bytes,
               .history = options.history,
               .max_history_bytes = options.max_history_bytes},
              sockets),
          timer(hub, sockets) {}

    Result<> open();
    void run();
    void on_accepted(std::unique_ptr<TcpSocket> socket);
    void take_mail();
    [[nodiscard]] Result<std::string> save_history(const Command& command) const;
    void wake() const {
        const std::uint64_t one = 1;
        (void)!write(bell.get(), &one, sizeof one);
    }

    ProfilerEndpointOptions options;
    std::string file;
    Address address;

    // --- of the thread
    std::unique_ptr<AsioHost> host;
    ViewerSockets sockets;
    recorder::ProfileHub hub;
    HubTimer timer;
    NodeId timer_id{};
    std::unique_ptr<TcpListener> listener;
    std::uint64_t refused = 0;

    // --- between the threads
    runtime::Descriptor bell;
    mutable std::mutex mutex;
    std::vector<ProfileFrame> frames;  // to the thread, in order
    recorder::Stats stats;             // the last one, if has_stats: it comes after `frames`
    bool has_stats = false;
    std::vector<CommandResult> results;
    std::vector<Command> commands;  // from the thread
    ProfileWants wanted;
    ProfilerEndpointStatistics statistics;
    std::vector<ProfileFrame> mail;  // of the thread: what it took
    recorder::ProfileFrame mail_stats = recorder::Stats{};
    std::atomic<bool> stopping{false};
    std::thread thread;
};

Result<> ProfilerEndpoint::State::open() {
    auto made = AsioHost::make();
    if (!made) return std::unexpected(made.error());
    host = std::move(*made);
    sockets.set_host(*host);
    bell = runtime::Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!bell.is_open()) return fail(ErrorCode::io, "no descriptor left for the live endpoint");
    TcpOptions tcp;
    tcp.max_queued_bytes = options.max_backlog_bytes * 8 + 2 * recorder::kMaxFrameBytes;
    auto listening = TcpListener::listen(
        *host, options.bind, [this](std::unique_ptr<TcpSocket> socket) { on_accepted(std::move(socket)); },
        tcp);
    if (!listening) return std::unexpected(listening.error());
    listener = std::move(*listening);
    address = listener->local_address();
    AttachOptions timer_only;
    timer_only.with_socket = false;
    const auto attached = host->attach(timer, timer_only);
    if (!attached) return std::unexpected(attached.error());
    timer_id = *attached;
    if (auto watched = host->watch(bell.get(), [this] { take_mail(); }); !watched)
        return std::unexpected(watched.error());
    if (!options.history_directory.empty())
        hub.on_own_command("history.save", [this](const Command& command) { return save_history(command); });
    return {};
}

void ProfilerEndpoint::State::run() {
    while (!stopping.load()) host->run_until(kNever);
}

void ProfilerEndpoint::State::on_accepted(std::unique_ptr<TcpSocket> socket) {
    const auto viewer = hub.open(host->now());
    if (!viewer) {  // counted before it is closed: who sees the one has seen the other
        const std::lock_guard lock(mutex);
        statistics.refused = ++refused;
        return;
    }
    TcpCallbacks callbacks;
    callbacks.on_received = [this, id = *viewer](Bytes bytes) {
        hub.receive(host->now(), id, bytes);
        // A command, or another subscription: the profiler's thread looks at it when it comes by.
        take_mail();
        host->wake(timer_id);
    };
    callbacks.on_closed = [this, id = *viewer](const Error*) {
        State* const state = this;  // this function goes with its socket
        state->hub.forget(id);
        state->sockets.remove(ViewerId{id});
        state->take_mail();
    };
    TcpSocket& accepted = *socket;
    sockets.add(*viewer, std::move(socket));
    accepted.set_callbacks(std::move(callbacks));
    host->wake(timer_id);
}

// Both ways: what the profiler's thread left here, and what viewers ask of it.
void ProfilerEndpoint::State::take_mail() {
    std::uint64_t rings = 0;
    (void)!read(bell.get(), &rings, sizeof rings);
    std::vector<CommandResult> answered;
    bool with_stats = false;
    {
        const std::lock_guard lock(mutex);
        mail.swap(frames);
        answered.swap(results);
        with_stats = std::exchange(has_stats, false);
        if (with_stats) std::swap(stats, std::get<recorder::Stats>(mail_stats));
    }
    for (const ProfileFrame& frame : mail) hub.on_frame(frame);
    mail.clear();
    if (with_stats) hub.on_frame(mail_stats);
    for (const CommandResult& result : answered) hub.on_result(result);
    const auto subscribed = hub.wanted();
    const std::lock_guard lock(mutex);
    wanted = {subscribed.streams, subscribed.sampled_remotes, subscribed.samples_per_second,
              subscribed.viewpoint};
    while (auto command = hub.poll_command()) commands.push_back(std::move(*command));
    statistics.viewers = hub.viewer_count();
    statistics.refused = refused;
    statistics.coalesced = hub.coalesced();
}

Result<std::string> ProfilerEndpoint::State::save_history(const Command& command) const {
    const std::string* const name = command.find("file");
    const std::string chosen = name != nullptr ? *name : fmt::format("squall-{}.squall.pcapng", getpid());
    if (!is_file_name(chosen))
        return fail(ErrorCode::invalid_argument, "'file' must be a file's name, without a path");
    const auto& hello = hub.state().hello();
    auto encoder = recorder::RecordingEncoder::make({{"kind", "history"}, {"name", hello.name}},
                                                    {hello.at, hello.wall_time});
    if (!encoder) return std::unexpected(encoder.error());
    TimePoint last{};
    bool is_first = true;
    std::size_t count = 0;
    hub.for_history([&](TimePoint at, Bytes frame) {
        if (std::exchange(is_first, false)) encoder->begin_file(at);
        encoder->add(at, recorder::Control(recorder::FrameRecord{frame}));
        last = at;
        ++count;
    });
    if (count == 0) return fail(ErrorCode::not_connected, "there is no history yet; ask again in a second");
    encoder->end_file(last, recorder::RecordingEnd::Kind::finished);
    const std::string path = options.history_directory + "/" + chosen;
    std::FILE* const out = std::fopen(path.c_str(), "wxe");
    if (out == nullptr)
        return fail(ErrorCode::io, fmt::format("cannot make {} (is it there already?)", path));
    const Bytes bytes = encoder->pending();
    const bool is_whole = std::fwrite(bytes.data(), 1, bytes.size(), out) == bytes.size();
    if (std::fclose(out) != 0 || !is_whole) return fail(ErrorCode::io, "cannot write all of " + path);
    return fmt::format("{} frames in {}", count, path);
}

Result<std::unique_ptr<ProfilerEndpoint>> ProfilerEndpoint::start(const ProfilerEndpointOptions& options) {
    ProfilerEndpointOptions complete = options;
    if (complete.token.empty()) complete.token = random_token();
    auto state = std::make_unique<State>(std::move(complete));
    if (auto opened = state->open(); !opened) return std::unexpected(opened.error());
    if (!options.directory.empty()) {
        auto file = announce_process(options.directory, {.name = options.name,
                                                         .process = static_cast<std::uint64_t>(getpid()),
                                                         .address = state->address,
                                                         .started = options.started,
                                                         .token = state->options.token});
        if (!file) return std::unexpected(file.error());
        state->file = std::move(*file);
    }
    State* const running = state.get();
    state->thread = std::thread([running] { running->run(); });
    return std::unique_ptr<ProfilerEndpoint>(new ProfilerEndpoint(std::move(state)));
}

ProfilerEndpoint::ProfilerEndpoint(std::unique_ptr<State> state) : state_(std::move(state)) {}

ProfilerEndpoint::~ProfilerEndpoint() {
    if (!state_->file.empty()) (void)std::remove(state_->file.c_str());
    state_->stopping = true;
    state_->host->stop();
    state_->thread.join();
    state_->listener.reset();
    state_->sockets = {};
}

Address ProfilerEndpoint::local_address() const {
    return state_->address;
}
const std::string& ProfilerEndpoint::token() const {
    return state_->options.token;
}
const std::string& ProfilerEndpoint::file() const {
    return state_->file;
}
ProfilerEndpointStatistics ProfilerEndpoint::statistics() const {
    const std::lock_guard lock(state_->mutex);
    return state_->statistics;
}

void ProfilerEndpoint::on_frame(const ProfileFrame& frame) {
    State& s = *state_;
    {
        const std::lock_guard lock(s.mutex);
        if (const auto* const stats = std::get_if<recorder::Stats>(&frame)) {
            s.stats = *stats;  // one that nobody took is replaced
            s.has_stats = true;
        } else if (s.frames.size() < kMaxWaitingFrames) {
            s.frames.push_back(frame);
        } else {
            ++s.statistics.dropped;
        }
    }
    if (std::holds_alternative<recorder::Stats>(frame)) s.wake();
}

ProfileWants ProfilerEndpoint::wants() {
    const std::lock_guard lock(state_->mutex);
    return state_->wanted;
}

std::optional<Command> ProfilerEndpoint::poll_command() {
    const std::lock_guard lock(state_->mutex);
    auto& commands = state_->commands;
    if (commands.empty()) return std::nullopt;
    Command out = std::move(commands.front());
    commands.erase(commands.begin());
    return out;
}

void ProfilerEndpoint::on_result(const CommandResult& result) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->results.push_back(result);
    }
    state_->wake();
}

}  // namespace squall
