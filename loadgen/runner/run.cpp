#include "runner/run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "runner/arena_in_process.hpp"
#include "runner/arena_process.hpp"
#include "runner/interrupt.hpp"
#include "runner/live_conditions.hpp"
#include "runner/process_usage.hpp"
#include "runner/remote_server.hpp"
#include "runner/session_of_run.hpp"
#include "runner/told_frames.hpp"
#include "squall/core/hash.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/system_limits.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/simulator/sim_host.hpp"

namespace squall::loadgen {
namespace {

std::string processor_name() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
    return "unknown";
}

Machine this_machine() {
    Machine out;
    utsname names{};
    if (uname(&names) == 0) {
        out.host = names.nodename;
        out.kernel = std::string(names.sysname) + " " + names.release;
    }
    out.processor = processor_name();
    out.cores = static_cast<unsigned>(sysconf(_SC_NPROCESSORS_ONLN));
    out.started_unix = system_wall_clock().value;
    return out;
}

// What this machine must allow before the first socket is opened.
Result<> check_limits(const Plan& plan) {
    constexpr std::uint64_t kOthers = 64;  // files, pipes, the pump's own
    if (const auto limit = require_descriptors(plan.peak + kOthers); !limit) {
        return fail(limit.error().code, fmt::format("{} clients at a time need a socket each: {}", plan.peak,
                                                    limit.error().message));
    }
    const auto ports = ephemeral_port_range();
    if (ports && plan.peak > ports->size()) {
        return fail(
            ErrorCode::invalid_argument,
            fmt::format(
                "{} clients at a time need a port each, and the system gives out {} ({} to {}); widen "
                "net.ipv4.ip_local_port_range or use fewer clients",
                plan.peak, ports->size(), ports->first, ports->last));
    }
    return {};
}

Result<> check_plan(const Scenario& scenario, const Plan& plan) {
    if (plan.peak > arena::kMaxPlayers)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("{}: {} clients at a time are more than arena's {}", scenario.file, plan.peak,
                                arena::kMaxPlayers));
    if (plan.sessions.empty())
        return fail(ErrorCode::invalid_argument, fmt::format("{}: nobody joins within {}", scenario.file,
                                                             squall::to_string(scenario.duration)));
    return {};
}

std::string hex_text(std::uint64_t hash) {
    return fmt::format("{:016x}", hash);
}

// Where clients bind: the same kind of address as the server's, on loopback where it is.
Address client_address(const Address& server) {
    const bool v6 = server.family() == Address::Family::ipv6;
    std::array<std::uint8_t, 16> loopback6{};
    loopback6[15] = 1;
    if (v6) return Address::ipv6(server.bytes() == loopback6 ? loopback6 : std::array<std::uint8_t, 16>{}, 0);
    return server.bytes()[0] == 127 ? Address::loopback(0) : Address::ipv4(0, 0, 0, 0, 0);
}

bool is_loopback(const Address& address) {
    return client_address(address).port() == 0 && !client_address(address).is_any();
}

// What the recording tells of the run.
RecordingOrder with_facts(RecordingOrder order, const Scenario& scenario, std::string_view mode) {
    order.facts["session.title"] = fmt::format("{} ({}, seed {})", scenario.name, mode, scenario.seed);
    order.facts["session.mode"] = mode;
    order.facts["scenario.name"] = scenario.name;
    order.facts["scenario.file"] = scenario.file;
    order.facts["scenario.seed"] = fmt::format("{}", scenario.seed);
    order.facts["scenario.duration_ns"] = fmt::format("{}", scenario.duration.count());
    order.facts["build.version"] = SQUALL_VERSION;
    return order;
}

// The server's process has ports of its own: a free one, and the one behind the generator's metrics.
LiveOptions live_of_server(const LiveOptions& own) {
    LiveOptions out;
    if (own.port) out.port = 0;
    if (own.metrics) {
        const std::uint16_t port = own.metrics->port();
        out.metrics = own.metrics->with_port(port == 0 ? 0 : static_cast<std::uint16_t>(port + 1));
    }
    return out;
}

// This process as viewers see it, and what they may change in it.
Result<std::unique_ptr<LiveView>> show_generator(AsioHost& host, const LiveOptions& options,
                                                 LiveConditions& conditions) {
    auto live = LiveView::start(host, options, "generator");
    if (!live) return live;
    Profiler& profiler = (*live)->profiler();
    profiler.set_conditions(host.now(), conditions.links());
    profiler.on_command([&profiler, &conditions](TimePoint now,
                                                 const recorder::Command& command) -> Result<std::string> {
        if (command.verb != "conditions.set")
            return fail(ErrorCode::unsupported,
                        fmt::format("'{}' is not known here; 'mark', 'conditions.set' and 'history.save' are",
                                    command.verb));
        auto done = conditions.set(command.arguments);
        if (!done) return done;
        profiler.set_conditions(now, conditions.links());
        profiler.note(now, recorder::NoteKind::condition, *done);
        return done;
    });
    return live;
}

Result<std::unique_ptr<ServerUnderTest>> start_server(AsioHost& host, const Scenario& scenario,
                                                      const Plan& plan, const RunOptions& options) {
    if (scenario.target.address) {
        if (options.record.is_wanted())
            return fail(
                ErrorCode::invalid_argument,
                fmt::format("{}: a server elsewhere records itself (squall-loadgen serve-arena --record); "
                            "leave out [target] address or --record",
                            scenario.file));
        auto server = RemoteServer::start(host, scenario.target);
        if (!server) return std::unexpected(server.error());
        return std::unique_ptr<ServerUnderTest>(std::move(*server));
    }
    SystemEntropy entropy;
    auto server =
        ArenaProcess::start(host, options.program, arena_settings(scenario, plan), entropy.bytes<kKeyBytes>(),
                            with_facts(options.record, scenario, "real"), live_of_server(options.live));
    if (!server) return std::unexpected(server.error());
    return std::unique_ptr<ServerUnderTest>(std::move(*server));
}

Unmeasured unmeasured_in_real(const Target& target) {
    if (!target.address) return {};
    Unmeasured out{{Metric::server_tick, Metric::server_tick_lateness}, "a server elsewhere does not tell"};
    if (target.launch.empty()) {
        out.metrics.push_back(Metric::server_cpu);
        out.metrics.push_back(Metric::server_memory);
    }
    return out;
}

// What the players decide of a run's surroundings.
void complete(World& world, const RunPlayers& players) {
    world.playback = players.playback;
    world.playback_length = players.playback_length;
    if (players.unmeasured.empty()) return;
    Unmeasured& unmeasured = world.unmeasured;
    unmeasured.metrics.insert(unmeasured.metrics.end(), players.unmeasured.begin(), players.unmeasured.end());
    unmeasured.why =
        unmeasured.why.empty() ? players.why_unmeasured : unmeasured.why + "; " + players.why_unmeasured;
}

// Lines of standard input, while a replay that takes them runs.
class OrdersFromInput {
  public:
    OrdersFromInput(AsioHost& host, const RunPlayers& players, SessionOfRun& session)
        : host_(host), players_(players), session_(session) {
        if (!players.on_order) return;
        flags_ = fcntl(0, F_GETFL);
        fcntl(0, F_SETFL, flags_ | O_NONBLOCK);
        const auto watch = host.watch(0, [this] { read(); });
        if (watch)
            watch_ = *watch;
        else
            fmt::print(stderr, "note: no orders are taken: {}\n", watch.error().message);
    }
    ~OrdersFromInput() {
        if (watch_) host_.unwatch(*watch_);
        // The terminal belongs to the shell, too.
        if (players_.on_order) fcntl(0, F_SETFL, flags_);
    }
    OrdersFromInput(const OrdersFromInput&) = delete;
    OrdersFromInput& operator=(const OrdersFromInput&) = delete;

  private:
    void read() {
        const bool is_open = input_.read_from(0);
        while (const auto line = input_.next_line()) {
            const auto [answer, has_changed] = players_.on_order(host_.now(), *line);
            fmt::print(stderr, "{}\n", answer);
            if (has_changed) session_.on_playback_changed();
        }
        if (!is_open) host_.unwatch(*std::exchange(watch_, std::nullopt));
    }
    AsioHost& host_;
    const RunPlayers& players_;
    SessionOfRun& session_;
    LineBuffer input_;
    std::optional<WatchId> watch_;
    int flags_ = 0;
};

Result<RunRecord> run_real(const Scenario& scenario, const RunPlayers& players, const RunOptions& options,
                           RunListener& listener) {
    const Plan& plan = players.plan;
    if (const auto allowed = check_limits(plan); !allowed) return std::unexpected(allowed.error());
    AsioHostOptions host_options;
    host_options.precise_timers = true;
    auto host = AsioHost::make(host_options);
    if (!host) return std::unexpected(host.error());
    const InterruptGuard interrupt(**host);
    auto server = start_server(**host, scenario, plan, options);
    if (!server) return std::unexpected(server.error());
    SystemEntropy entropy;
    StallDetector stalls((*host)->now(), own_cpu_time);
    AttachOptions timer_only;
    timer_only.with_socket = false;
    if (const auto attached = (*host)->attach(stalls, timer_only); !attached)
        return std::unexpected(attached.error());
    LiveConditions conditions(scenario);
    ToldFrames told(**server);
    std::unique_ptr<LiveView> live;
    if (options.live.is_on()) {
        auto shown = show_generator(**host, options.live, conditions);
        if (!shown) return std::unexpected(shown.error());
        live = std::move(*shown);
        fmt::print(stderr, "{}\n", live->description());
        live->profiler().add(told);
    } else {
        (*server)->tell(recorder::Conditions{(*host)->now(), conditions.links()});
    }
    RealClientNet net(**host, client_address((*server)->address()), live ? &conditions : nullptr);
    World world{**host,
                net,
                players.maker,
                **server,
                wall_clock_anchor(**host),
                is_loopback((*server)->address()),
                &entropy,
                live ? &live->profiler() : nullptr,
                &stalls,
                unmeasured_in_real(scenario.target)};
    complete(world, players);
    SessionOfRun session(scenario, plan, std::move(world), interrupt, listener);
    const OrdersFromInput orders(**host, players, session);
    auto record = session.run();
    if (!record) return record;
    record->mode = "real";
    record->machine = this_machine();
    record->trace_hash = hex_text(plan.hash());
    return record;
}

Result<RunRecord> run_virtual(const Scenario& scenario, const RunPlayers& players, const RunOptions& options,
                              RunListener& listener) {
    const Plan& plan = players.plan;
    if (scenario.target.address)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format(
                "{}: a server elsewhere cannot run in virtual time; leave out [target] address or --virtual",
                scenario.file));
    const Rng rng(scenario.seed);
    simulator::SimHost host(rng.fork("network"));
    const InterruptGuard interrupt(host);
    trace::HashSink hash;
    host.set_trace(&hash);
    const WallClockAnchor wall_clock{host.now(), UnixSeconds{1'700'000'000 + scenario.seed % 1'000'000}};
    auto server = ArenaInProcess::start(host, arena_settings(scenario, plan), wall_clock, rng);
    if (!server) return std::unexpected(server.error());
    if (options.record.is_wanted()) {
        if (auto recorded = (*server)->record(with_facts(options.record, scenario, "virtual")); !recorded)
            return std::unexpected(recorded.error());
        (*server)->tell(recorder::Conditions{host.now(), LiveConditions(scenario).links()});
    }
    (*server)->set_trace(&hash, 0);
    VirtualClientNet net(host);
    World world{
        host,
        net,
        players.maker,
        **server,
        wall_clock,
        true,
        nullptr,
        &hash,
        nullptr,
        {{Metric::server_tick, Metric::server_tick_lateness, Metric::server_cpu, Metric::server_memory,
          Metric::generator_send_lateness, Metric::generator_cpu, Metric::generator_socket_drops},
         "not in virtual time, where work takes none"}};
    complete(world, players);
    SessionOfRun session(scenario, plan, std::move(world), interrupt, listener);
    auto record = session.run();
    if (!record) return record;
    record->mode = "virtual";
    StableHash all;
    all.add(plan.hash());
    all.add(hash.hash());
    all.add(hash.event_count());
    record->trace_hash = hex_text(all.value());
    return record;
}

}  // namespace

Result<RunRecord> run_scenario(const Scenario& scenario, const RunOptions& options, RunListener& listener) {
    const Plan plan = make_plan(scenario);
    const ArenaClientMaker maker(scenario);
    return run_players(scenario, {plan, maker}, options, listener);
}

Result<RunRecord> run_players(const Scenario& scenario, const RunPlayers& players, const RunOptions& options,
                              RunListener& listener) {
    if (const auto possible = check_plan(scenario, players.plan); !possible)
        return std::unexpected(possible.error());
    return options.virtual_time ? run_virtual(scenario, players, options, listener)
                                : run_real(scenario, players, options, listener);
}

}  // namespace squall::loadgen
