// The live endpoint over real sockets on the loopback: what a viewer gets, its file, and what strangers get.
#include "squall/runtime/profiler_endpoint.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_viewer.hpp"
#include "squall/recorder/recording_reader.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/process_directory.hpp"
#include "squall/runtime/tcp_socket.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using recorder::ProfileViewer;

class ProfilerEndpointTest : public ::testing::Test {
  protected:
    void SetUp() override {
        directory = (std::filesystem::temp_directory_path() /
                     ("squall-test-" + std::to_string(getpid()) + "-" +
                      ::testing::UnitTest::GetInstance()->current_test_info()->name()))
                        .string();
        std::filesystem::remove_all(directory);
        std::filesystem::create_directory(directory);
        host = std::move(*AsioHost::make());
        (void)host->attach(keeper, {.with_socket = false});
        profiler.add(start());
    }
    void TearDown() override {
        sockets.clear();
        if (endpoint) profiler.remove(*endpoint);
        endpoint.reset();
        std::filesystem::remove_all(directory);
    }
    ProfilerEndpoint& start() {
        ProfilerEndpointOptions options;
        options.token = "token";
        options.name = "tested";
        options.directory = directory + "/run";
        options.history_directory = directory;
        options.max_viewers = 3;
        options.max_backlog_bytes = 20'000;
        auto made = ProfilerEndpoint::start(options);
        EXPECT_TRUE(made.has_value()) << (made ? "" : made.error().message);
        endpoint = std::move(*made);
        return *endpoint;
    }
    struct Client {
        std::unique_ptr<TcpSocket> socket;
        std::unique_ptr<ProfileViewer> viewer;
        Result<> result{};
        std::vector<recorder::CommandResult> results;
        bool is_closed = false;
    };
    // A viewer with that token; nullptr: raw bytes only.
    Client& connect(const char* token) {
        auto& client = *sockets.emplace_back(std::make_unique<Client>());
        if (token != nullptr)
            client.viewer =
                std::make_unique<ProfileViewer>(token, recorder::Subscribe{.streams = recorder::kAllStreams});
        TcpCallbacks callbacks;
        callbacks.on_received = [&client](Bytes bytes) {
            if (!client.viewer) return;
            client.result = client.viewer->receive(bytes, [&client](const recorder::ProfileFrame& frame) {
                if (const auto* const result = std::get_if<recorder::CommandResult>(&frame))
                    client.results.push_back(*result);
            });
        };
        callbacks.on_closed = [&client](const Error*) { client.is_closed = true; };
        client.socket = std::move(*TcpSocket::connect(*host, endpoint->local_address(), callbacks));
        flush(client);
        return client;
    }
    static void flush(Client& client) {
        if (!client.viewer) return;
        (void)client.socket->send(client.viewer->output());
        client.viewer->clear_output();
    }
    // Rounds of the profiler until it is so.
    template <class Condition>
    bool until(Condition holds) {
        for (int i = 0; i < 2000 && !holds(); ++i) {
            now += 100ms;
            profiler.handle_timeout(now);
            host->run_until(host->now() + 2ms);
        }
        return holds();
    }
    struct Keeper final : Node {
        void receive(TimePoint, const Address&, MutableBytes) override {}
        std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
        [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
        void handle_timeout(TimePoint) override {}
    };
    std::string directory;
    Keeper keeper;
    std::unique_ptr<AsioHost> host;
    Profiler profiler{{.name = "tested", .at = TimePoint{1s}, .wall_time = 1'700'000'000'000'000'000}};
    TimePoint now{1s};
    std::unique_ptr<ProfilerEndpoint> endpoint;
    std::vector<std::unique_ptr<Client>> sockets;
};

TEST_F(ProfilerEndpointTest, AViewerSeesTheProcessAndItsCommandsAreRun) {
    Client& client = connect("token");
    ASSERT_TRUE(until([&] { return client.viewer->state().is_current(); }));
    EXPECT_EQ(client.viewer->state().hello().name, "tested");
    const std::uint64_t id = client.viewer->command("mark", {{"text", "here"}});
    flush(client);
    ASSERT_TRUE(until([&] { return !client.results.empty() && !client.viewer->state().notes().empty(); }));
    EXPECT_EQ(client.results[0].id, id);
    EXPECT_TRUE(client.results[0].is_ok);
    EXPECT_EQ(client.viewer->state().notes().back().text, "here");
    EXPECT_NE(profiler.account().ticks(), 1u);
    EXPECT_EQ(endpoint->wants().streams, recorder::kAllStreams);
    sockets.clear();
    ASSERT_TRUE(until([&] { return endpoint->statistics().viewers == 0; }));
    EXPECT_TRUE(until([&] { return endpoint->wants().streams == 0; })) << "nobody asks for anything any more";
}

TEST_F(ProfilerEndpointTest, StrangersAreToldWhyAndClosed) {
    Client& wrong = connect("guess");
    Client& raw = connect(nullptr);
    (void)raw.socket->send(as_bytes("GET / HTTP/1.1\r\n\r\n"));
    ASSERT_TRUE(until([&] { return wrong.is_closed && raw.is_closed; }));
    ASSERT_FALSE(wrong.result.has_value());
    EXPECT_EQ(wrong.result.error().code, ErrorCode::unauthorised);
    Client& friendly = connect("token");
    EXPECT_TRUE(until([&] { return friendly.viewer->state().is_current(); }));
}

TEST_F(ProfilerEndpointTest, HalfAFrameHoldsNobodyUp) {
    Client& half = connect(nullptr);
    (void)half.socket->send(from_hex("ff0000000100").value());
    Client& whole = connect("token");
    EXPECT_TRUE(until([&] { return whole.viewer->state().is_current(); }));
    EXPECT_FALSE(half.is_closed) << "it has five seconds";
}

TEST_F(ProfilerEndpointTest, HasRoomForSoManyAndNoMore) {
    for (int i = 0; i < 3; ++i) (void)connect(nullptr);
    ASSERT_TRUE(until([&] { return sockets[2]->socket->is_connected(); }));
    ASSERT_TRUE(
        until([&] { return endpoint->statistics().viewers == 3 || endpoint->statistics().refused > 0; }));
    Client& fourth = connect("token");
    EXPECT_TRUE(until([&] { return fourth.is_closed; }));
    EXPECT_EQ(endpoint->statistics().refused, 1u);
}

TEST_F(ProfilerEndpointTest, ASlowReaderCostsNoMemoryAndCatchesUp) {
    // Much to tell: ten thousand remotes would be, so do notes of 4 KB each.
    Client& slow = connect("token");
    ASSERT_TRUE(until([&] { return slow.viewer->state().is_current(); }));
    slow.socket->pause_receiving();
    for (int i = 0; i < 5000; ++i) profiler.note(now, recorder::NoteKind::info, std::string(4000, 'x'));
    ASSERT_TRUE(until([&] { return endpoint->statistics().coalesced > 0; }));
    slow.socket->resume_receiving();
    profiler.note(now, recorder::NoteKind::info, "the last");
    EXPECT_TRUE(until([&] {
        const auto& notes = slow.viewer->state().notes();
        return slow.viewer->state().is_current() && !notes.empty() && notes.back().text == "the last";
    }));
    EXPECT_TRUE(slow.result.has_value());
}

TEST_F(ProfilerEndpointTest, IsFoundByItsFileWhichGoesWithIt) {
    const auto found = find_processes(directory + "/run");
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "tested");
    EXPECT_EQ(found[0].process, static_cast<std::uint64_t>(getpid()));
    EXPECT_EQ(found[0].address, endpoint->local_address());
    EXPECT_EQ(found[0].token, "token");
    struct stat status{};
    ASSERT_EQ(stat(endpoint->file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    ASSERT_EQ(stat((directory + "/run").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
    profiler.remove(*endpoint);
    endpoint.reset();
    EXPECT_TRUE(find_processes(directory + "/run").empty());
    EXPECT_TRUE(std::filesystem::is_empty(directory + "/run"));
}

TEST_F(ProfilerEndpointTest, TheLastMinuteIsSavedAsARecording) {
    Client& client = connect("token");
    ASSERT_TRUE(until([&] { return client.viewer->state().is_current(); }));
    client.viewer->command("history.save", {{"file", "../escape"}});
    client.viewer->command("history.save", {{"file", "kept.squall.pcapng"}});
    client.viewer->command("history.save", {{"file", "kept.squall.pcapng"}});
    flush(client);
    ASSERT_TRUE(until([&] { return client.results.size() == 3; }));
    EXPECT_FALSE(client.results[0].is_ok);
    EXPECT_TRUE(client.results[1].is_ok) << client.results[1].text;
    EXPECT_FALSE(client.results[2].is_ok) << "never over a file that is there";
    std::ifstream file(directory + "/kept.squall.pcapng", std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    recorder::RecordingReader reader;
    reader.feed(as_bytes(text));
    reader.finish();
    recorder::ProfileState state;
    while (const auto record = reader.next()) {
        const auto* const control = std::get_if<recorder::ControlRecord>(&*record);
        if (control == nullptr) continue;
        const auto what = recorder::decode(*control);
        if (!what) continue;
        if (const auto* const kept = std::get_if<recorder::FrameRecord>(&*what))
            if (const auto raw = recorder::parse_envelope(kept->frame); raw && *raw)
                if (const auto frame = recorder::decode(**raw); frame && *frame) state.apply(**frame);
    }
    EXPECT_FALSE(reader.problem()) << reader.problem()->message;
    EXPECT_EQ(state.hello().name, "tested");
    EXPECT_TRUE(state.is_current());
}

TEST(ProcessDirectory, PassesOverTheDeadAndRemovesThem) {
    const auto root = std::filesystem::temp_directory_path() / ("squall-dead-" + std::to_string(getpid()));
    std::filesystem::remove_all(root);
    const std::string directory = root.string();
    ASSERT_TRUE(announce_process(directory, {.name = "me",
                                             .process = static_cast<std::uint64_t>(getpid()),
                                             .address = Address::loopback(1),
                                             .token = "t"}));
    // A process that never was, one of another start, and no JSON at all.
    std::ofstream(directory + "/999999999.json")
        << R"({"name":"dead","pid":999999999,"address":"127.0.0.1:1","started":1,"process_start":1,"token":"t"})";
    std::ofstream(directory + "/1.json")
        << R"({"name":"reused","pid":1,"address":"127.0.0.1:1","started":1,"process_start":18446744073709551615,"token":"t"})";
    std::ofstream(directory + "/2.json") << "[1, 2";
    std::ofstream(directory + "/notes.txt") << "not ours";
    auto found = find_processes(directory);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "me");
    const auto second = announce_process(directory, {.name = "me too",
                                                     .process = static_cast<std::uint64_t>(getpid()),
                                                     .address = Address::loopback(2),
                                                     .token = "t"});
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(find_processes(directory).size(), 2u);
    EXPECT_FALSE(std::filesystem::exists(directory + "/999999999.json"));
    EXPECT_FALSE(std::filesystem::exists(directory + "/2.json"));
    EXPECT_TRUE(std::filesystem::exists(directory + "/notes.txt"));
    std::filesystem::permissions(root, std::filesystem::perms::all);
    EXPECT_EQ(announce_process(directory, {.name = "open"}).error().code, ErrorCode::permission_denied);
    std::filesystem::remove_all(root);
    std::filesystem::create_directory_symlink(std::filesystem::temp_directory_path(), root);
    EXPECT_EQ(announce_process(directory, {.name = "linked"}).error().code, ErrorCode::permission_denied);
    std::filesystem::remove_all(root);
    EXPECT_TRUE(find_processes(directory).empty());
}

TEST(ProcessDirectory, IsUnderTheRuntimeDirectoryIfThereIsOne) {
    EXPECT_EQ(process_directory("/run/me"), "/run/me/squall");
    EXPECT_NE(process_directory("").find("squall"), std::string::npos);
}

}  // namespace
}  // namespace squall
