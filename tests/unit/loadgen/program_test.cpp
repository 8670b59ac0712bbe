// The program as its users meet it: exit codes, helps, real runs of a second on loopback, and what happens to
// them when the server dies or Ctrl-C is pressed. Nothing here judges speed: every limit on time is far away.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "runner/child_process.hpp"

namespace squall::loadgen {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

// One run of the program, with all that it prints.
class Program {
  public:
    explicit Program(std::vector<std::string> arguments) : child_(start(std::move(arguments))) {}

    // Reads until a line of standard error holds this text; false if the program ended before.
    bool wait_for(std::string_view text) {
        while (errors.find(text) == std::string::npos) {
            const bool ended = child_.ended().has_value();
            pump(ended ? 0 : 100);
            if (ended) return errors.find(text) != std::string::npos;
        }
        return true;
    }
    std::string finish() {
        child_.wait(60s, [this] { pump(0); });
        return child_.ended().value_or("it still runs");
    }
    [[nodiscard]] pid_t id() const { return child_.id(); }
    bool write(std::string_view text) { return child_.write(text); }
    bool wait_for_output(std::string_view text) {
        while (output.find(text) == std::string::npos && !child_.ended()) pump(100);
        return output.find(text) != std::string::npos;
    }

    std::string output;
    std::string errors;

  private:
    static ChildProcess start(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), SQUALL_LOADGEN_PROGRAM);
        auto child = ChildProcess::start(arguments);
        if (!child) throw std::runtime_error(child.error().message);
        return std::move(*child);
    }
    void pump(int timeout_ms) {
        pollfd ends[2] = {{child_.output(), POLLIN, 0}, {child_.errors(), POLLIN, 0}};
        poll(ends, 2, timeout_ms);
        output_lines_.read_from(child_.output());
        while (const auto line = output_lines_.next_line()) output += *line + "\n";
        error_lines_.read_from(child_.errors());
        while (const auto line = error_lines_.next_line()) errors += *line + "\n";
    }

    ChildProcess child_;
    LineBuffer output_lines_;
    LineBuffer error_lines_;
};

class ProgramTest : public testing::Test {
  protected:
    ProgramTest()
        : folder_(std::filesystem::temp_directory_path() / fmt::format("squall-program-{}", getpid())) {
        std::filesystem::create_directories(folder_);
    }
    ~ProgramTest() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name, std::string_view text) const {
        const auto path = (folder_ / name).string();
        std::ofstream(path) << text;
        return path;
    }
    // A few clients; the generator's lateness is of no interest here.
    std::string scenario(std::string_view duration, std::string_view more = {}) const {
        return file("test.toml",
                    fmt::format("version = 1\nduration = \"{}\"\n[[groups]]\nname = \"players\"\nexecutor = "
                                "\"constant-vus\"\nvus = 5\n"
                                "[thresholds]\n\"generator.send_lateness\" = [\"p(50)<60s\"]\n{}",
                                duration, more));
    }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

  private:
    std::filesystem::path folder_;
};

std::string last_line(std::string text) {
    if (!text.empty() && text.back() == '\n') text.pop_back();
    return text.substr(text.rfind('\n') + 1);
}

TEST_F(ProgramTest, HelpIsEverywhereAndHasExamples) {
    for (const char* command :
         {"run", "replay", "inspect", "validate", "list", "completion", "serve-arena", "watch"}) {
        Program help({command, "--help"});
        EXPECT_EQ(help.finish(), "exit code 0");
        EXPECT_THAT(help.output, HasSubstr("Example")) << command;
        EXPECT_THAT(help.output, HasSubstr("squall-loadgen")) << command;
    }
    Program version({"--version"});
    EXPECT_EQ(version.finish(), "exit code 0");
    EXPECT_THAT(version.output, StartsWith("squall-loadgen "));
}

TEST_F(ProgramTest, BadInputIsExitCode2WithAReason) {
    const struct {
        std::vector<std::string> arguments;
        const char* reason;
    } cases[] = {
        {{}, "subcommand"},
        {{"rum"}, "there is no command 'rum'; did you mean 'run'?"},
        {{"run"}, "scenario is required"},
        {{"run", "/no/such.toml"}, "/no/such.toml: cannot be read: No such file"},
        {{"run", "/"}, "this is a folder"},
        {{"run", scenario("1s"), "--seed", "x"}, "'seed' of the scenario is text"},
        {{"run", scenario("1s"), "--duration", "30"}, "30 without a unit"},
        {{"run", scenario("1s"), "--set", "gropus.x=1"}, "did you mean 'groups'?"},
        {{"run", scenario("1s"), "--out", "/proc/nowhere"}, "cannot be written"},
        {{"validate", file("bad.toml", "versoin = 1\n")},
         "bad.toml:1:1: unknown key 'versoin' in the scenario; did you mean 'version'?"},
        {{"serve-arena"}, "no key"},
        {{"serve-arena", "--key-file", file("bad.key", "zz")}, "64 hexadecimal digits"},
        {{"list", "nonsense"}, "nonsense"},
        {{"run", scenario("1s"), "--live", "70000"}, "--live: '70000' is no port"},
        {{"run", scenario("1s"), "--metrics", "9464"}, "--metrics: "},
        {{"run", scenario("1s"), "--virtual", "--live"}, "for real sockets"},
        {{"run", scenario("1s"), "--durable"}, "--durable requires --record"},
        {{"serve-arena", "--flight-recorder", "8"}, "--flight-recorder requires --record"},
        {{"watch", "999999999"}, "watched"},
        {{"completion", "fish"}, "fish"},
    };
    for (const auto& wrong : cases) {
        Program program(wrong.arguments);
        EXPECT_EQ(program.finish(), "exit code 2") << wrong.reason;
        EXPECT_THAT(program.errors + program.output, HasSubstr(wrong.reason));
    }
}

TEST_F(ProgramTest, ARealRunPassesAndWritesItsFiles) {
    Program program({"run", scenario("1500ms", "disconnects = [\"count==0\"]\nerrors = [\"count==0\"]\n"),
                     "--out", path("out")});
    EXPECT_EQ(program.finish(), "exit code 0") << program.output << program.errors;
    EXPECT_THAT(program.output, StartsWith("seed: 1\n"));
    EXPECT_THAT(last_line(program.output), MatchesRegex("trace hash: [0-9a-f]{16}"));
    EXPECT_THAT(program.output, Not(HasSubstr("\x1b")));
    EXPECT_THAT(program.errors, Not(HasSubstr("\x1b")));
    std::ifstream file(path("out") + "/summary.json");
    const auto json = nlohmann::json::parse(file);
    EXPECT_EQ(json["verdict"]["result"], "PASS");
    EXPECT_EQ(json["clients"]["joined"], 5);
    EXPECT_GT(json["metrics"]["server_tick"]["all"]["count"], 10);
    EXPECT_GT(json["metrics"]["server_memory"]["all"]["max"], 1'000'000);
    EXPECT_GT(json["server"]["messages_received"], 50);
    EXPECT_TRUE(std::filesystem::exists(path("out") + "/timeline.csv"));
    EXPECT_TRUE(std::filesystem::exists(path("out") + "/run.hlog"));
}

TEST_F(ProgramTest, ALiveRunIsFoundWatchedAndItsConditionsChange) {
    (void)setenv("XDG_RUNTIME_DIR", path("").c_str(), 1);
    Program run({"run", scenario("8s"), "--live", "--metrics", "127.0.0.1:0", "--quiet"});
    ASSERT_TRUE(run.wait_for("live: ")) << run.errors;
    EXPECT_THAT(run.errors, HasSubstr("metrics: http://127.0.0.1:"));
    Program watch({"watch", "--seconds", "2"});
    EXPECT_EQ(watch.finish(), "exit code 0") << watch.errors;
    EXPECT_THAT(watch.output, StartsWith("arena server, process "));
    EXPECT_THAT(watch.output, HasSubstr("5 connections"));
    EXPECT_THAT(watch.output, HasSubstr("remote "));
    const std::string generator = fmt::format("{}", run.id());
    Program change({"watch", generator, "--order", "conditions.set", "loss=5%", "direction=outbound"});
    EXPECT_EQ(change.finish(), "exit code 0") << change.errors;
    EXPECT_THAT(change.output, HasSubstr("all networks from the server: loss 5% (5 clients)"));
    Program nonsense({"watch", generator, "--order", "conditions.set", "lag=5ms"});
    EXPECT_EQ(nonsense.finish(), "exit code 2");
    EXPECT_THAT(nonsense.output, HasSubstr("'lag' is no condition"));
    EXPECT_EQ(run.finish(), "exit code 0") << run.output << run.errors;
    EXPECT_TRUE(std::filesystem::is_empty(path("squall"))) << "the files go with the processes";
    (void)unsetenv("XDG_RUNTIME_DIR");
}

TEST_F(ProgramTest, AVirtualRunRepeatsItsHash) {
    std::string hashes[2];
    for (auto& hash : hashes) {
        Program program({"run", scenario("1s"), "--virtual", "--quiet", "--seed", "9"});
        EXPECT_EQ(program.finish(), "exit code 0") << program.output;
        EXPECT_THAT(program.errors, testing::IsEmpty());
        EXPECT_THAT(program.output, StartsWith("seed: 9\n"));
        hash = last_line(program.output);
    }
    EXPECT_EQ(hashes[0], hashes[1]);
}

TEST_F(ProgramTest, AFailedThresholdIsExitCode99AndASaturatedGenerator98) {
    Program failed({"run", scenario("1s", "rtt = [\"max<1us\"]\n"), "--quiet"});
    EXPECT_EQ(failed.finish(), "exit code 99");
    EXPECT_THAT(failed.output, HasSubstr("FAILED: a threshold failed"));
    Program invalid({"run", scenario("1s", "\"generator.cpu\" = [\"max<0%\"]\n"), "--quiet"});
    EXPECT_EQ(invalid.finish(), "exit code 98");
    EXPECT_THAT(invalid.output, HasSubstr("INVALID: the generator was the bottleneck"));
}

// The children of a process, from /proc.
std::vector<pid_t> children_of(pid_t process) {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process));
    std::vector<pid_t> out;
    for (pid_t child = 0; file >> child;) out.push_back(child);
    return out;
}

TEST_F(ProgramTest, AServerThatDiesIsExitCode97WithAReport) {
    Program program({"run", scenario("60s")});
    ASSERT_TRUE(program.wait_for("clients     5")) << program.errors;
    const auto children = children_of(program.id());
    ASSERT_EQ(children.size(), 1U);
    kill(children[0], SIGKILL);
    EXPECT_EQ(program.finish(), "exit code 97") << program.output;
    EXPECT_THAT(program.output, HasSubstr("SERVER LOST"));
    EXPECT_THAT(program.output, HasSubstr("the server's process ended: signal 9"));
    EXPECT_THAT(last_line(program.output), StartsWith("trace hash: "));
}

TEST_F(ProgramTest, CtrlCEndsWithAReportAndExitCode130) {
    Program program({"run", scenario("60s"), "--out", path("out")});
    ASSERT_TRUE(program.wait_for("clients     5")) << program.errors;
    const auto children = children_of(program.id());
    kill(program.id(), SIGINT);
    EXPECT_EQ(program.finish(), "exit code 130") << program.output;
    EXPECT_THAT(program.output, HasSubstr("INTERRUPTED: stopped by hand"));
    EXPECT_THAT(program.output, HasSubstr("joined 5, never joined 0"));
    std::ifstream file(path("out") + "/summary.json");
    EXPECT_EQ(nlohmann::json::parse(file)["verdict"]["exit_code"], 130);
    for (const auto child : children) EXPECT_NE(kill(child, 0), 0) << "the server outlived the run";
}

class ServerElsewhere : public ProgramTest, public ::testing::WithParamInterface<const char*> {};
INSTANTIATE_TEST_SUITE_P(Families, ServerElsewhere, ::testing::Values("127.0.0.1:0", "[::1]:0"),
                         [](const auto& family) { return *family.param == '[' ? "ipv6" : "ipv4"; });

TEST_P(ServerElsewhere, IsDrivenByItsAddress) {
    const auto key = file("server.key", std::string(64, 'a') + "\n");
    Program server({"serve-arena", "--bind", GetParam(), "--key-file", key, "--stats"});
    ASSERT_TRUE(server.wait_for_output("READY ")) << server.errors;
    const auto address = server.output.substr(6, server.output.find('\n') - 6);
    const auto target = fmt::format(
        "errors = [\"count==0\"]\ndisconnects = [\"count==0\"]\njoins = [\"count==5\"]\n[target]\naddress = "
        "\"{}\"\nkey_file = \"{}\"\n",
        address, key);
    Program program({"run", scenario("1s", target), "--quiet"});
    EXPECT_EQ(program.finish(), "exit code 0") << program.output << program.errors;
    EXPECT_THAT(program.output, HasSubstr("a server elsewhere, at " + address));
    // Another key: nobody is let in, and the run says that nobody answers.
    const auto wrong_key = file("wrong.key", std::string(64, 'b') + "\n");
    const auto locked =
        fmt::format("[target]\naddress = \"{}\"\nkey_file = \"{}\"\ntimeout = \"1s\"\n", address, wrong_key);
    Program refused({"run", scenario("60s", locked), "--quiet"});
    EXPECT_EQ(refused.finish(), "exit code 97") << refused.output;
    EXPECT_THAT(refused.output, HasSubstr("does not answer"));
    // The same if the run ends before its clients lose patience.
    const auto patient =
        fmt::format("[target]\naddress = \"{}\"\nkey_file = \"{}\"\ntimeout = \"30s\"\n", address, wrong_key);
    Program brief({"run", scenario("1s", patient), "--quiet"});
    EXPECT_EQ(brief.finish(), "exit code 97") << brief.output;
    EXPECT_THAT(brief.output, HasSubstr("never let anybody in"));
    kill(server.id(), SIGINT);
    EXPECT_EQ(server.finish(), "exit code 0");
    EXPECT_THAT(server.output, HasSubstr("\"players\":"));
}

TEST_F(ProgramTest, APortInUseIsNamed) {
    const auto key = file("server.key", std::string(64, 'a') + "\n");
    Program first({"serve-arena", "--bind", "127.0.0.1:0", "--key-file", key});
    ASSERT_TRUE(first.wait_for_output("READY "));
    const auto address = first.output.substr(6, first.output.find('\n') - 6);
    Program second({"serve-arena", "--bind", address, "--key-file", key});
    EXPECT_EQ(second.finish(), "exit code 2");
    EXPECT_THAT(second.errors, HasSubstr(address));
    EXPECT_THAT(second.errors, HasSubstr("in use"));
}

TEST_F(ProgramTest, AServerThatTheScenarioLaunchesIsStartedAndStopped) {
    const auto key = file("server.key", std::string(64, 'c') + "\n");
    // The port is chosen by a first server that ends again; the launched one takes it over.
    Program finder({"serve-arena", "--bind", "127.0.0.1:0", "--key-file", key});
    ASSERT_TRUE(finder.wait_for_output("READY "));
    const auto address = finder.output.substr(6, finder.output.find('\n') - 6);
    kill(finder.id(), SIGTERM);
    EXPECT_EQ(finder.finish(), "exit code 0");
    const auto target = fmt::format(
        "joins = [\"count==5\"]\n[target]\naddress = \"{0}\"\nkey_file = \"{1}\"\n"
        "launch = [\"{2}\", \"serve-arena\", \"--bind\", \"{0}\", \"--key-file\", \"{1}\"]\n",
        address, key, SQUALL_LOADGEN_PROGRAM);
    Program program({"run", scenario("1s", target), "--quiet"});
    EXPECT_EQ(program.finish(), "exit code 0") << program.output << program.errors;
    EXPECT_THAT(program.output, HasSubstr("started by the scenario, at " + address));
    EXPECT_THAT(program.output, HasSubstr("server_memory"));
    const auto broken =
        fmt::format("[target]\naddress = \"{}\"\nkey_file = \"{}\"\nlaunch = [\"{}\", \"serve-arena\"]\n",
                    address, key, SQUALL_LOADGEN_PROGRAM);
    Program dead({"run", scenario("1s", broken), "--quiet"});
    EXPECT_EQ(dead.finish(), "exit code 2");
    EXPECT_THAT(dead.errors, HasSubstr("ended at once: exit code 2"));
}

TEST_F(ProgramTest, ListShowsWhatAScenarioCanName) {
    Program list({"list"});
    EXPECT_EQ(list.finish(), "exit code 0");
    for (const char* word :
         {"wander", "constant-arrival-rate", "snapshot_age", "generator.send_lateness", "scenarios"})
        EXPECT_THAT(list.output, HasSubstr(word));
    Program completion({"completion", "bash"});
    EXPECT_EQ(completion.finish(), "exit code 0");
    Program check({"completion", "bash"});
    const auto script = (check.finish(), file("completion", check.output));
    auto bash = ChildProcess::start({"bash", "-c",
                                     fmt::format("source {} && COMP_WORDS=(squall-loadgen run --vi) "
                                                 "COMP_CWORD=2 && _squall_loadgen && echo ${{COMPREPLY[0]}}",
                                                 script)});
    if (!bash) GTEST_SKIP() << "no bash";
    LineBuffer lines;
    bash->wait(30s, [&] { lines.read_from(bash->output()); });
    EXPECT_EQ(lines.next_line(), "--virtual");
}

}  // namespace
}  // namespace squall::loadgen
