#include "cli/command_line.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

#include "cli/commands.hpp"
#include "report/exit_code.hpp"
#include "scenario/diagnostic.hpp"
#include "squall/transport/suite.hpp"

namespace squall::loadgen {
namespace {

// The options of all commands, and which command was asked for.
struct Request {
    std::function<int()> command;
    RunCommand run;
    InspectCommand inspect;
    ReplayCommand replay;
    std::vector<std::string> files;
    std::string what;
    std::string shell;
    ServeOptions serve;
    WatchCommand watch;
    std::optional<std::string> live;
    std::optional<std::string> metrics;
    std::string bind = "127.0.0.1:40000";
    std::string public_address;
    std::string suite = "aes256-gcm";
    bool key_stdin = false;
    std::vector<std::string> record_facts;
};

constexpr const char* kExitCodes =
    "Exit codes: 0 pass, 99 a threshold failed, 98 invalid (the generator itself was saturated), 97 the "
    "server\n"
    "was lost, 130 interrupted (with a report), 2 bad input (nothing was run).";

// What a recording leaves out or keeps, the same for all that record.
void add_recording_details(CLI::App& command, RecordingOrder& record) {
    command.add_flag(
        "--record-keys", record.keys,
        "Record keys too: then the datagrams can be repeated to the byte, and whoever has the file "
        "can read them on the wire");
    command.add_flag("--no-payload{false}", record.payload, "Record headers and lengths only");
    command.add_flag("--anonymize", record.anonymize,
                     "Replace addresses and client ids, the same by the same");
    command.add_flag("--durable", record.durable,
                     "Have the recording on the disk once a second: a power cut loses no more than that");
    command
        .add_option("--flight-recorder", record.keep,
                    "Keep only the last files: 8 of them, or those of the last 60s")
        ->type_name("8|60s");
    // Said of no recording they would be passed over in silence. A viewer may order one later.
    command.parse_complete_callback([&command] {
        if (command.count("--record") > 0 || command.count("--live") > 0) return;
        for (const char* detail :
             {"--record-keys", "--no-payload", "--anonymize", "--durable", "--flight-recorder"})
            if (command.count(detail) > 0) throw CLI::RequiresError(detail, "--record");
    });
}

void add_live(CLI::App& command, Request& request) {
    command
        .add_option_function<std::string>(
            "--live", [&request](const std::string& port) { request.live = port; },
            "Let viewers of this machine look in (squall-gui, squall-loadgen watch); a free port without one")
        ->expected(0, 1)
        ->default_str("0")
        ->trigger_on_parse()
        ->type_name("PORT");
    command.add_option("--metrics", request.metrics, "Answer GET /metrics here, in Prometheus' format")
        ->type_name("ADDRESS");
}

// What --live and --metrics mean; a sentence if they mean nothing.
std::optional<std::string> resolve_live(const Request& request, LiveOptions& out) {
    if (request.live) {
        const std::string& text = *request.live;
        std::uint64_t port = 0;
        const auto parsed = std::from_chars(text.data(), text.data() + text.size(), port);
        if (!text.empty() &&
            (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || port > 65'535))
            return fmt::format("--live: '{}' is no port; give 0 to 65535, or nothing for a free one", text);
        out.port = static_cast<std::uint16_t>(port);
    }
    if (request.metrics) {
        const auto address = Address::parse(*request.metrics);
        if (!address) return fmt::format("--metrics: {}", address.error().message);
        out.metrics = *address;
    }
    return std::nullopt;
}

void add_run(CLI::App& app, Request& request) {
    CLI::App* run = app.add_subcommand("run", "Run a scenario and report on it");
    run->add_option("scenario", request.run.file, "The scenario file")->required()->type_name("FILE");
    run->add_flag("--virtual", request.run.virtual_time,
                  "In virtual time: no sockets, faster than the clock, and the same from the same seed");
    run->add_option("--seed", request.run.seed, "Instead of the scenario's seed")->type_name("N");
    run->add_option("--duration", request.run.duration, "Instead of the scenario's duration")
        ->type_name("30s");
    run->add_option("--set", request.run.overrides, "Change any key: --set groups.players.vus=100")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false);
    run->add_option("--out", request.run.out_folder,
                    "Write summary.json, timeline.csv and run.hlog into this folder")
        ->type_name("DIR");
    run->add_option(
           "--record", request.run.record.path,
           "Record the server's session: it opens in Wireshark and replays. Without FILE it gets a name "
           "that is printed")
        ->expected(0, 1)
        ->type_name("[FILE]");
    add_recording_details(*run, request.run.record);
    run->add_flag("--quiet", request.run.quiet, "No live view, only the report");
    add_live(*run, request);
    run->footer(std::string("Examples:\n"
                            "  squall-loadgen run scenarios/arena.toml\n"
                            "  squall-loadgen run scenarios/smoke.toml --virtual --seed 7\n"
                            "  squall-loadgen run scenarios/arena.toml --duration 10s --set "
                            "networks.mobile.loss=5% --out out\n"
                            "The live view goes to standard error, the report to standard output. Ctrl-C "
                            "ends a run with its report,\n"
                            "a second Ctrl-C at once.\n") +
                kExitCodes);
    run->callback([&request, run] {
        request.run.wants_recording = run->count("--record") > 0;
        request.command = [&request] {
            auto wrong = resolve_live(request, request.run.live);
            if (!wrong && request.run.live.is_on() && request.run.virtual_time)
                wrong =
                    "--live and --metrics are for real sockets; a virtual run is over before anybody looks: "
                    "record it";
            if (wrong) {
                fmt::print(stderr, "squall-loadgen run: {}\n", *wrong);
                return static_cast<int>(ExitCode::bad_input);
            }
            return run_command(request.run);
        };
    });
}

void add_replay(CLI::App& app, Request& request) {
    ReplayCommand& replay = request.replay;
    CLI::App* command = app.add_subcommand(
        "replay", "Run a recording again and compare, or play its clients against a server");
    command->add_option("recording", replay.file, "The recording (run --record made it)")
        ->required()
        ->type_name("FILE");
    CLI::Option* verify = command->add_flag(
        "--verify", replay.verify,
        "Run the recorded server again: each datagram that it sends is compared with the recorded one");
    command
        ->add_flag("--step", replay.step,
                   "With --verify: orders through standard input, a line each: step, run, pause, speed, "
                   "seek, where, end, quit")
        ->needs(verify);
    CLI::Option* target =
        command
            ->add_option(
                "--target", replay.target,
                "Play the recorded clients against this server: an address, or arena for one of our own")
            ->type_name("ADDRESS|arena")
            ->excludes(verify);
    command
        ->add_option("--key-file", replay.key_file,
                     "The target's private key: a file with 64 hexadecimal digits")
        ->type_name("FILE")
        ->needs(target);
    command->add_option("--key-env", replay.key_env, "An environment variable with the same")
        ->type_name("NAME")
        ->needs(target);
    command
        ->add_option("--speed", replay.speed,
                     "Times the recorded pace; 0: each message as soon as the connection takes it")
        ->check(CLI::Range(0.0, 1000.0))
        ->capture_default_str()
        ->type_name("X")
        ->needs(target);
    command->add_option("--copies", replay.copies, "Each recorded client so many times")
        ->check(CLI::Range(1, 65'536))
        ->capture_default_str()
        ->type_name("N")
        ->needs(target);
    command->add_option("--until", replay.until, "Only the recording's beginning")->type_name("12.5s");
    command
        ->add_option("--threshold", replay.thresholds,
                     "What must hold, as in a scenario: --threshold 'rtt: p(99)<100ms'")
        ->type_name("'METRIC: CONDITION'")
        ->allow_extra_args(false)
        ->needs(target);
    command->add_option("--set", replay.overrides, "Change any key of the scenario that this makes")
        ->type_name("PATH=VALUE")
        ->allow_extra_args(false)
        ->needs(target);
    CLI::Option* control = command
                               ->add_flag("--control", replay.control,
                                          "Orders through standard input while it runs: pause, resume, step "
                                          "50ms, speed 2, seek 30s, where")
                               ->needs(target);
    command->add_flag("--virtual", replay.virtual_time, "Against an arena in virtual time")
        ->needs(target)
        ->excludes(control);
    command
        ->add_option("--out", replay.out_folder,
                     "Write summary.json, timeline.csv and run.hlog into this folder")
        ->type_name("DIR")
        ->needs(target);
    command->add_flag("--quiet", replay.quiet, "No live view, only the report");
    command->footer(
        "Examples:\n"
        "  squall-loadgen run scenarios/arena.toml --record arena.pcapng\n"
        "  squall-loadgen replay arena.pcapng --verify\n"
        "  squall-loadgen replay arena.pcapng --target arena --speed 2 --threshold 'rtt: p(99)<200ms'\n"
        "  squall-loadgen replay arena.pcapng --target 127.0.0.1:40000 --key-file server.key --copies 10\n"
        "Recorded clients measure rtt from a message's planned time to its acknowledgement.\n"
        "Exit codes of --verify: 0 identical, 99 different (the first difference is shown), 2 it cannot be "
        "run again "
        "(and why).\n"
        "Else those of run.");
    command->callback(
        [&request] { request.command = [&request] { return replay_command(request.replay); }; });
}

void add_inspect(CLI::App& app, Request& request) {
    InspectCommand& inspect = request.inspect;
    CLI::App* command = app.add_subcommand("inspect", "Show what is in a recording, or give it another form");
    command->add_option("recording", inspect.file, "The recording; .gz and .zst are fine")
        ->required()
        ->type_name("FILE");
    command->add_option("--by", inspect.by, "A row each remote, connection or second")
        ->check(CLI::IsMember({"remote", "connection", "second"}))
        ->type_name("WHAT");
    command->add_option("--from", inspect.from, "Only what came so long after the beginning, or later")
        ->type_name("2s");
    command->add_option("--to", inspect.to, "Only what came before")->type_name("5s");
    command->add_option("--connection", inspect.slot, "Only this slot's")->type_name("SLOT");
    command->add_option("--client", inspect.client, "Only this client id's")->type_name("ID");
    command->add_option("--direction", inspect.direction, "Only what the node received, or sent")
        ->check(CLI::IsMember({"in", "out"}))
        ->type_name("in|out");
    command->add_option("--csv", inspect.csv, "Write a row a record")->type_name("FILE");
    command->add_option("--json", inspect.json, "Write the summary; - for standard output")
        ->type_name("FILE");
    command->add_option("--sqlite", inspect.sqlite, "Write a database")->type_name("FILE");
    command->add_option("--perfetto", inspect.perfetto, "Write a timeline for ui.perfetto.dev")
        ->type_name("FILE");
    command->footer(
        "Examples:\n  squall-loadgen inspect run.pcapng\n  squall-loadgen inspect run.pcapng --by second "
        "--from 10s "
        "--to 20s\n  squall-loadgen inspect run.pcapng.zst --sqlite run.db\n"
        "Exit codes: 0 read (if it was cut: all that is whole), 2 no recording, or a damaged one.");
    command->callback(
        [&request] { request.command = [&request] { return inspect_command(request.inspect); }; });
}

void add_validate(CLI::App& app, Request& request) {
    CLI::App* validate = app.add_subcommand("validate", "Check scenario files without running them");
    validate->add_option("scenarios", request.files, "Scenario files")->required()->type_name("FILE");
    validate->footer(
        "Example:\n  squall-loadgen validate scenarios/*.toml\nPrints every mistake with file, line, column "
        "and what would be right.\n"
        "Exit codes: 0 all are valid, 2 one is not.");
    validate->callback(
        [&request] { request.command = [&request] { return validate_command(request.files); }; });
}

void add_list(CLI::App& app, Request& request) {
    CLI::App* list = app.add_subcommand("list", "Show what a scenario can name");
    list->add_option("what", request.what, "behaviours, executors, metrics or scenarios; all without it")
        ->check(CLI::IsMember({"behaviours", "executors", "metrics", "scenarios"}))
        ->type_name("WHAT");
    list->footer("Example:\n  squall-loadgen list metrics");
    list->callback([&request] { request.command = [&request] { return list_command(request.what); }; });
}

void add_completion(CLI::App& app, Request& request) {
    CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell");
    completion->add_option("shell", request.shell, "bash")
        ->required()
        ->check(CLI::IsMember({"bash"}))
        ->type_name("SHELL");
    completion->footer("Example:\n  source <(squall-loadgen completion bash)");
    completion->callback([&request] { request.command = [] { return completion_command(); }; });
}

// What the text options of serve-arena mean; a sentence if one means nothing.
std::optional<std::string> resolve(Request& request) {
    if (request.key_stdin) {
        request.bind = request.bind == "127.0.0.1:40000" ? "127.0.0.1:0" : request.bind;
    } else if (request.serve.key_file.empty() && request.serve.key_env.empty()) {
        return "no key: give --key-file FILE or --key-env NAME (64 hexadecimal digits, as `openssl rand -hex "
               "32` prints them)";
    }
    const auto bind = Address::parse(request.bind);
    if (!bind) return fmt::format("--bind: {}", bind.error().message);
    request.serve.bind = *bind;
    if (!request.public_address.empty()) {
        const auto address = Address::parse(request.public_address);
        if (!address) return fmt::format("--public-address: {}", address.error().message);
        request.serve.public_address = *address;
    }
    if (bind->is_any() && request.public_address.empty())
        return fmt::format(
            "--bind {} listens on every address, so tokens need the one that clients use: give "
            "--public-address",
            request.bind);
    for (const auto& fact : request.record_facts) {
        const auto equals = fact.find('=');
        if (equals == std::string::npos) return fmt::format("--record-fact: '{}' has no '='", fact);
        request.serve.record.facts[fact.substr(0, equals)] = fact.substr(equals + 1);
    }
    const auto suite = suite_from_string(request.suite);
    if (!suite)
        return fmt::format("--suite: '{}' must be netcode, aes256-gcm, signed or none", request.suite);
    request.serve.settings.suite = *suite;
    return resolve_live(request, request.serve.live);
}

void add_serve(CLI::App& app, Request& request) {
    CLI::App* serve =
        app.add_subcommand("serve-arena", "Run the arena game server by itself, for load from elsewhere");
    ArenaSettings& settings = request.serve.settings;
    serve->add_option("--bind", request.bind, "Where to listen; port 0 takes a free one")
        ->type_name("ADDRESS")
        ->capture_default_str();
    serve
        ->add_option("--public-address", request.public_address,
                     "The address that tokens name, if it is another (behind a NAT)")
        ->type_name("ADDRESS");
    CLI::Option* file = serve
                            ->add_option("--key-file", request.serve.key_file,
                                         "A file with the private key: 64 hexadecimal digits")
                            ->type_name("FILE");
    CLI::Option* variable =
        serve->add_option("--key-env", request.serve.key_env, "An environment variable with the key")
            ->type_name("NAME");
    CLI::Option* input =
        serve->add_flag("--key-stdin", request.key_stdin,
                        "The key is the first line of standard input, orders follow (what `run` uses)");
    file->excludes(variable)->excludes(input);
    variable->excludes(input);
    CLI::Option* stats = serve->add_flag("--stats", request.serve.print_samples,
                                         "Print what the server did as a line of JSON every second");
    stats->excludes(input);
    serve->add_option("--record", request.serve.record.path, "Record the session into this file")
        ->type_name("FILE");
    add_recording_details(*serve, request.serve.record);
    serve->add_option("--record-fact", request.record_facts, "A fact for the recording (what `run` uses)")
        ->type_name("NAME=VALUE")
        ->allow_extra_args(false);
    add_live(*serve, request);
    serve->add_option("--tick-rate", settings.tick_rate, "Ticks per second")
        ->check(CLI::Range(1, 240))
        ->capture_default_str();
    serve->add_option("--snapshot-rate", settings.snapshot_rate, "Snapshots per second and player")
        ->check(CLI::Range(1, 240))
        ->capture_default_str();
    serve->add_option("--players-in-view", settings.players_in_view, "Others that a player sees on average")
        ->check(CLI::Range(1, 64))
        ->capture_default_str();
    serve->add_option("--expected-players", settings.expected_players, "Sets the world's size")
        ->check(CLI::Range(1, 65'536))
        ->capture_default_str();
    serve->add_option("--max-clients", settings.max_clients, "Slots")
        ->check(CLI::Range(1, 65'536))
        ->capture_default_str();
    serve->add_option("--protocol-id", settings.protocol_id, "Instead of arena's own");
    serve
        ->add_option("--suite", request.suite,
                     "The one suite that is accepted: netcode, aes256-gcm, signed or none")
        ->capture_default_str();
    serve->footer(
        "Example:\n  openssl rand -hex 32 > server.key\n  squall-loadgen serve-arena --bind 127.0.0.1:40000 "
        "--key-file server.key --stats\n"
        "and in the scenario:\n  [target]\n  address = \"127.0.0.1:40000\"\n  key_file = "
        "\"server.key\"\nCtrl-C ends it.");
    serve->callback([&request] {
        request.command = [&request] {
            if (const auto wrong = resolve(request)) {
                fmt::print(stderr, "squall-loadgen serve-arena: {}\n", *wrong);
                return static_cast<int>(ExitCode::bad_input);
            }
            return serve_command(request.serve);
        };
    });
}

void add_watch(CLI::App& app, Request& request) {
    CLI::App* watch = app.add_subcommand("watch", "Show what a process with --live does, a table a second");
    watch
        ->add_option("process", request.watch.process,
                     "Its id; without one the arena server, or the first there is")
        ->type_name("PID");
    watch->add_option("--seconds", request.watch.seconds, "So many tables, then end")->type_name("N");
    watch
        ->add_option("--order", request.watch.order,
                     "Give it an order and print what came of it: a verb and name=value each")
        ->expected(1, 20)
        ->type_name("VERB [NAME=VALUE]...");
    watch->footer(
        "Examples:\n  squall-loadgen watch\n  squall-loadgen watch 4242 --seconds 5\n"
        "  squall-loadgen watch 4242 --order conditions.set loss=5% direction=outbound\n"
        "  squall-loadgen watch 4242 --order mark text=here\n"
        "  squall-loadgen watch 4242 --order history.save file=last-minute.squall.pcapng\n"
        "Exit codes: 0, 2 there is no such process, or it refused.");
    watch->callback([&request] { request.command = [&request] { return watch_command(request.watch); }; });
}

// A first word that is no command; CLI11 would only say that one is missing.
std::optional<std::string> wrong_command(const CLI::App& app, int argc, const char* const* argv) {
    if (argc < 2 || argv[1][0] == '-') return std::nullopt;
    const std::string word = argv[1];
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
    std::vector<std::string_view> known(names.begin(), names.end());
    if (std::find(known.begin(), known.end(), word) != known.end()) return std::nullopt;
    const auto near = nearest_word(word, known);
    return near.empty() ? fmt::format("there is no command '{}'; there are {}", word, one_of(known))
                        : fmt::format("there is no command '{}'; did you mean '{}'?", word, near);
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
    CLI::App app(
        "squall-loadgen: spawns thousands of virtual players, each behind its own simulated network,\n"
        "against a game server, and gives a report, a verdict and an exit code.",
        "squall-loadgen");
    Request request;
    app.require_subcommand(1);
    app.set_version_flag("--version", std::string("squall-loadgen ") + SQUALL_VERSION);
    app.set_help_all_flag("--help-all", "Show the help of every command");
    app.footer(
        "Examples:\n  squall-loadgen run scenarios/arena.toml\n  squall-loadgen validate scenarios/*.toml\n  "
        "squall-loadgen list\n"
        "Each command has its own --help.");
    add_run(app, request);
    add_replay(app, request);
    add_inspect(app, request);
    add_validate(app, request);
    add_list(app, request);
    add_serve(app, request);
    add_watch(app, request);
    add_completion(app, request);
    if (const auto wrong = wrong_command(app, argc, argv)) {
        fmt::print(stderr, "{}\n", *wrong);
        return static_cast<int>(ExitCode::bad_input);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        return code == 0 ? 0 : static_cast<int>(ExitCode::bad_input);
    }
    return request.command();
}

}  // namespace squall::loadgen
