// transport_cost: what a message costs a server's CPU. Two processes over loopback, many clients, 30 messages
// a second of 64 bytes each way, server flush at 60 Hz; raw UDP, ENet and Squall with each suite, in turns.
// The server process is measured by its own CPU clock (user + system), and each figure is put in relation to
// raw sendto/recvfrom of the same round.
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <map>
#include <memory>
#include <new>

#include "bench/cost/contest.hpp"
#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "squall/runtime/system_limits.hpp"

namespace {

using namespace std::chrono_literals;
using namespace squall;
using namespace squall::bench;

struct Settings {
    ContestOptions contest;
    int rounds = 1;
    bool pinned = true;
    std::vector<std::string> only;
    std::string output;
};

struct Outcome {
    SideReport server;
    SideReport clients;
    double ratio = 0;  // to the raw arm of the same round
};

// One process of a contest. Both give way to nobody: the server has one core, the clients the other.
pid_t start(const Settings& settings, Contest& contest, std::size_t core,
            const std::function<void(const ContestOptions&, Contest&)>& body) {
    const pid_t child = ::fork();
    if (child != 0) return child;
    if (settings.pinned && ::sysconf(_SC_NPROCESSORS_ONLN) >= 2) {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        CPU_SET(core, &cores);
        (void)::sched_setaffinity(0, sizeof cores, &cores);
    }
    body(settings.contest, contest);
    ::_exit(contest.failed.load() ? 1 : 0);
}

bool wait_for(Contest& contest, const std::function<bool()>& condition, std::string_view what) {
    const TimePoint give_up = read_clock() + 30s;
    while (!contest.failed.load() && !condition()) {
        if (read_clock() > give_up) {
            contest.fail(fmt::format("{} took longer than 30 s", what));
            break;
        }
        sleep_until(read_clock() + 1ms);
    }
    return !contest.failed.load();
}

// Waits for a process that was told to end; one that does not within ten seconds is killed.
bool ends_well(pid_t child) {
    int status = 0;
    const TimePoint give_up = read_clock() + 10s;
    while (::waitpid(child, &status, WNOHANG) == 0) {
        if (read_clock() > give_up) ::kill(child, SIGKILL);
        sleep_until(read_clock() + 1ms);
    }
    return WIFEXITED(status);
}

void conduct(const Settings& settings, Contest& contest) {
    if (!wait_for(contest, [&] { return contest.clients_are_ready.load(); }, "connecting")) return;
    contest.phase.store(Phase::warming);
    sleep_until(read_clock() + 500ms);
    contest.phase.store(Phase::measuring);
    sleep_until(read_clock() + settings.contest.seconds);
    contest.phase.store(Phase::draining);
    sleep_until(read_clock() + 300ms);
}

Result<Outcome> run(const Settings& settings, const Arm& arm) {
    void* memory =
        ::mmap(nullptr, sizeof(Contest), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return fail(ErrorCode::io, "no shared memory");
    auto* contest = new (memory) Contest();
    const pid_t server = start(settings, *contest, 0, arm.run_server);
    pid_t clients = -1;
    if (wait_for(*contest, [&] { return contest->server_port.load() != 0; }, "starting the server")) {
        clients = start(settings, *contest, 1, arm.run_clients);
        conduct(settings, *contest);
    }
    contest->phase.store(Phase::finished);
    bool crashed = false;
    for (const pid_t child : {server, clients})
        if (child > 0) crashed = !ends_well(child) || crashed;
    Outcome outcome{contest->server, contest->clients};
    const bool failed = contest->failed.load() || crashed;
    const std::string message = crashed && !contest->failed.load()
                                    ? "a process crashed, or did not end when told"
                                    : contest->failure.data();
    ::munmap(memory, sizeof(Contest));
    if (failed) return fail(ErrorCode::io, fmt::format("{}: {}", arm.name, message));
    return outcome;
}

double share(std::uint64_t part, std::uint64_t whole) {
    return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

// The outcome in the middle, by the server's cost; of two the cheaper.
const Outcome& median(std::vector<Outcome>& outcomes, double (*key)(const Outcome&)) {
    const auto middle = outcomes.begin() + static_cast<std::ptrdiff_t>((outcomes.size() - 1) / 2);
    std::nth_element(outcomes.begin(), middle, outcomes.end(),
                     [&](const Outcome& a, const Outcome& b) { return key(a) < key(b); });
    return *middle;
}

std::vector<std::string> row(const std::string& name, std::vector<Outcome> outcomes) {
    const auto cost = [](const Outcome& o) { return o.server.nanoseconds_per_message(); };
    const double ratio = median(outcomes, [](const Outcome& o) { return o.ratio; }).ratio;
    double best = cost(outcomes.front());
    for (const Outcome& outcome : outcomes) best = std::min(best, cost(outcome));
    const Outcome& o = median(outcomes, cost);
    const double messages = static_cast<double>(o.server.sent + o.server.received);
    const double seconds = static_cast<double>(o.server.elapsed_ns) / 1e9;
    // Datagrams of both directions, each counted where it was sent.
    const std::uint64_t datagrams = o.server.wire.datagrams + o.clients.wire.datagrams;
    const double bytes =
        static_cast<double>(o.server.wire.bytes + o.clients.wire.bytes + datagrams * kIpAndUdpBytes);
    const auto percent = [&](std::uint64_t ns) { return static_cast<double>(ns) / 1e7 / seconds; };
    return {name,
            fmt::format("{:.0f}", cost(o)),
            fmt::format("{:.0f}", best),
            ratio > 0 ? fmt::format("{:.2f}", ratio) : "-",
            fmt::format("{:.0f}/{:.0f}", percent(o.server.user_ns), percent(o.server.system_ns)),
            fmt::format("{:.0f}", messages / seconds / 1000),
            fmt::format("{:.3f}", share(o.server.delivered, o.clients.sent)),
            fmt::format("{:.3f}", share(o.clients.delivered, o.server.sent)),
            fmt::format("{:.1f}", bytes / static_cast<double>(o.server.sent + o.clients.sent)),
            fmt::format("{}/{}", o.server.kernel_drops, o.clients.kernel_drops)};
}

std::vector<Arm> choose_arms(const Settings& settings) {
    std::vector<Arm> arms{raw_arm(false), raw_arm(true), host_arm(), enet_arm(false), enet_arm(true)};
    for (const Suite suite : {Suite::aes256_gcm, Suite::netcode, Suite::hmac_signed, Suite::none})
        if (is_available(suite)) arms.push_back(squall_arm(suite));
    if (settings.only.empty()) return arms;
    std::erase_if(arms, [&](const Arm& arm) {
        return std::none_of(settings.only.begin(), settings.only.end(), [&](const std::string& word) {
            return arm.name.find(word) != std::string::npos;
        });
    });
    return arms;
}

void run_rounds(const Settings& settings, const std::vector<Arm>& arms,
                std::map<std::string, std::vector<Outcome>>& outcomes) {
    const std::string raw = raw_arm(false).name;
    for (int round = 0; round < settings.rounds; ++round) {
        double floor = 0;
        for (const Arm& arm : arms) {
            auto outcome = run(settings, arm);
            if (!outcome) {
                fmt::print(stderr, "transport_cost: {}\n", outcome.error().message);
                continue;
            }
            const double cost = outcome->server.nanoseconds_per_message();
            if (arm.name == raw) floor = cost;
            outcome->ratio = floor > 0 ? cost / floor : 0;
            fmt::print(stderr, "round {} of {}: {:<32} {:>6.0f} ns/message\n", round + 1, settings.rounds,
                       arm.name, cost);
            outcomes[arm.name].push_back(*outcome);
        }
    }
}

std::string report(const Settings& settings, const std::vector<Arm>& arms,
                   const std::map<std::string, std::vector<Outcome>>& outcomes) {
    MarkdownTable table({"server", "ns/message", "best", "ratio to raw", "CPU user/sys %", "k msg/s",
                         "delivered c->s", "delivered s->c", "IP B/message", "kernel drops s/c"});
    for (const Arm& arm : arms)
        if (const auto found = outcomes.find(arm.name); found != outcomes.end())
            table.add(row(arm.name, found->second));
    return fmt::format(
        "{} clients, {} messages/s x {} B each way, flush at {} Hz, {}; {} s x {} rounds, medians\n{}\n\n{}",
        settings.contest.clients, kMessagesPerSecond, kMessageBytes, kTicksPerSecond,
        settings.contest.event_driven ? "server waits for datagrams" : "server looks at its socket every ms",
        to_seconds(settings.contest.seconds), settings.rounds, machine_text(), table.to_string());
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    double seconds = 2;
    CLI::App app(
        "What a message costs a server's CPU: raw UDP, ENet and Squall, in turns, as ratios to raw UDP");
    app.add_option("--clients", settings.contest.clients, "clients, one socket each")
        ->check(CLI::Range(1, 15'000));
    app.add_option("--seconds", seconds, "measured time of each turn")->check(CLI::Range(0.1, 600.0));
    app.add_option("--rounds", settings.rounds, "turns of each arm")->check(CLI::Range(1, 100));
    app.add_flag("--event-driven", settings.contest.event_driven,
                 "the server wakes for every datagram instead of every ms");
    app.add_flag("!--no-pin", settings.pinned, "do not pin server and clients to a core each");
    app.add_option("--only", settings.only,
                   "arms whose name contains one of these words (raw is needed for ratios)");
    app.add_option("--output", settings.output, "write the table to this file too");
    CLI11_PARSE(app, argc, argv);
    settings.contest.seconds = Duration(static_cast<std::int64_t>(seconds * 1e9));
    if (const auto limit = require_descriptors(settings.contest.clients + 100); !limit) {
        fmt::print(stderr, "transport_cost: {}\n", limit.error().message);
        return 2;
    }
    const std::vector<Arm> arms = choose_arms(settings);
    std::map<std::string, std::vector<Outcome>> outcomes;
    run_rounds(settings, arms, outcomes);
    const std::string text = report(settings, arms, outcomes);
    fmt::print("{}", text);
    if (!settings.output.empty() && !(std::ofstream(settings.output) << text)) {
        fmt::print(stderr, "transport_cost: cannot write {}\n", settings.output);
        return 2;
    }
    return outcomes.size() == arms.size() ? 0 : 1;
}
