// The profiler on a virtual network: its frames against what endpoints and registry count themselves.
#include "squall/runtime/profiler.hpp"

#include <gtest/gtest.h>

#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_state.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using recorder::Stream;
using remotes::testing::Chat;
using remotes::testing::RemoteNet;
using remotes::testing::Shot;

struct Output final : ProfileOutput {
    void on_frame(const recorder::ProfileFrame& frame) override {
        std::vector<std::byte> bytes;
        const auto encoded = recorder::encode(frame, bytes);
        ASSERT_TRUE(encoded.has_value()) << encoded.error().message;
        state.apply(frame);
        if (const auto* const some = std::get_if<recorder::Samples>(&frame)) {
            samples.insert(samples.end(), some->samples.begin(), some->samples.end());
            samples_dropped += some->dropped;
        }
        rounds += std::holds_alternative<recorder::Stats>(frame);
    }
    ProfileWants wants() override { return wanted; }
    std::optional<recorder::Command> poll_command() override {
        if (commands.empty()) return std::nullopt;
        auto out = commands.front();
        commands.erase(commands.begin());
        return out;
    }
    void on_result(const recorder::CommandResult& result) override { results.push_back(result); }
    recorder::ProfileState state;
    std::vector<recorder::Sample> samples;
    std::uint64_t samples_dropped = 0;
    int rounds = 0;
    ProfileWants wanted;
    std::vector<recorder::Command> commands;
    std::vector<recorder::CommandResult> results;
};

struct Scene {
    explicit Scene(ProfilerConfig config = {.name = "scene"})
        : profiler(std::move(config)),
          client(net.add_client()),
          shot(*net.server_remotes->event<Shot>("shot", {.mode = ChannelMode::unreliable})),
          chat(*net.server_remotes->event<Chat>("chat")),
          client_shot(*client.remotes->event<Shot>("shot", {.mode = ChannelMode::unreliable})),
          client_chat(*client.remotes->event<Chat>("chat")) {
        net.server_remotes->set_trace(&profiler, 1);
        profiler.watch(1, *net.server_endpoint);
        profiler.watch(*net.server_remotes);
        profiler.add(output);
        net.connect(client, 77);
        run(200ms);
    }
    // In steps, so that the profiler's rounds come in time.
    void run(Duration span) {
        for (const TimePoint end = net.now + span; net.now < end;) {
            net.run(20ms);
            if (profiler.poll_timeout() <= net.now) profiler.handle_timeout(net.now);
        }
    }
    RemoteNet net{5};
    Profiler profiler;
    RemoteNet::Client& client;
    remotes::RemoteEvent<Shot> shot;
    remotes::RemoteEvent<Chat> chat;
    remotes::RemoteEvent<Shot> client_shot;
    remotes::RemoteEvent<Chat> client_chat;
    Output output;
};

TEST(Profiler, TellsRemotesByNameWithTheirTraffic) {
    Scene scene;
    scene.profiler.set_budget("shot", 5000);
    for (int i = 0; i < 100; ++i) {
        scene.shot.fire(scene.net.now, Shot{});
        scene.client_chat.fire(scene.net.now, Chat{"hello"});
        scene.run(20ms);
    }
    scene.run(1s);
    const auto& state = scene.output.state;
    EXPECT_EQ(state.hello().name, "scene");
    ASSERT_EQ(state.dictionary().remotes.size(), 3u);
    for (const remotes::Remote* const remote : scene.net.server_remotes->remotes()) {
        const std::uint32_t id = remote->info().index + 1;
        ASSERT_NE(state.find_remote(id), nullptr);
        EXPECT_EQ(state.find_remote(id)->name, remote->info().name);
        EXPECT_EQ(state.hello().remote_kinds[state.find_remote(id)->kind], "event");
        EXPECT_EQ(state.find_remote(id)->budget_bytes_per_second, remote->info().name == "shot" ? 5000u : 0u);
        for (const recorder::RemoteStats& entry : state.stats().remotes) {
            if (entry.remote != id) continue;
            const bool is_inbound = entry.direction == recorder::Direction::inbound;
            const auto& counted = is_inbound ? remote->statistics().in : remote->statistics().out;
            EXPECT_EQ(entry.counters.messages, counted.messages);
            EXPECT_EQ(entry.counters.payload, counted.bytes);
        }
    }
    EXPECT_EQ(state.stats().endpoint.bytes_sent, scene.net.server_endpoint->statistics().bytes_sent);
    EXPECT_TRUE(
        state.histograms().contains({recorder::HistogramKind::wire, state.stats().remotes.back().remote}));
    EXPECT_NEAR(scene.output.rounds, 33, 3);
}

TEST(Profiler, TellsConnectionsAsTheyAre) {
    Scene scene;
    scene.run(500ms);
    ASSERT_EQ(scene.output.state.connections().size(), 1u);
    const auto& [key, connection] = *scene.output.state.connections().begin();
    EXPECT_EQ(key.first, 1u);
    EXPECT_EQ(connection.opened.client_id, 77u);
    EXPECT_EQ(connection.opened.address, to_string(*scene.net.server_endpoint->peer(key.second)));
    EXPECT_EQ(scene.output.state.hello().suites[connection.opened.suite], "none");
    EXPECT_GE(connection.counters.rtt_smoothed, 40'000'000u);
    const auto statistics = scene.net.server_endpoint->statistics(key.second);
    EXPECT_EQ(connection.counters.sent[0], statistics->sent.bytes[0]);
    scene.net.server_remotes->disconnect(scene.net.now, key.second, DisconnectReason::kicked);
    scene.run(300ms);
    EXPECT_TRUE(scene.output.state.connections().empty());
    ASSERT_EQ(scene.output.state.closed().size(), 1u);
    EXPECT_EQ(scene.output.state.hello().disconnect_reasons[scene.output.state.closed()[0].closed->reason],
              "kicked");
}

TEST(Profiler, TakesConnectionsInTurn) {
    Scene scene({.connections_per_round = 1});
    auto& other = scene.net.add_client();
    (void)other.remotes->event<Shot>("shot", {.mode = ChannelMode::unreliable});
    (void)other.remotes->event<Chat>("chat");
    scene.net.connect(other, 78);
    scene.run(1s);
    ASSERT_EQ(scene.output.state.connections().size(), 2u);
    for (const auto& [key, connection] : scene.output.state.connections())
        EXPECT_GT(connection.counters.rtt_smoothed, 0u) << key.second.slot;
    EXPECT_EQ(scene.output.state.stats().connections.size(), 1u);
}

TEST(Profiler, SamplesOnlyWhatIsAskedForAndCountsTheRest) {
    Scene scene;
    scene.shot.fire(scene.net.now, Shot{});
    scene.run(200ms);
    EXPECT_TRUE(scene.output.samples.empty());
    const std::uint32_t chat = scene.net.server_remotes->find("chat")->info().index + 1;
    scene.output.wanted = {
        .streams = bit(Stream::samples), .sampled_remotes = {chat}, .samples_per_second = 20};
    scene.run(100ms);
    for (int i = 0; i < 50; ++i) {
        scene.chat.fire(scene.net.now, Chat{"number " + std::to_string(i)});
        scene.shot.fire(scene.net.now, Shot{});
        scene.client_chat.fire(scene.net.now, Chat{"answer"});
        scene.run(20ms);
    }
    scene.run(200ms);
    ASSERT_GE(scene.output.samples.size(), 15u);
    EXPECT_LE(scene.output.samples.size(), 26u) << "two a round";
    EXPECT_EQ(scene.output.samples.size() + scene.output.samples_dropped, 100u);
    bool saw_inbound = false;
    for (const recorder::Sample& sample : scene.output.samples) {
        EXPECT_EQ(sample.remote, chat);
        saw_inbound = saw_inbound || sample.direction == recorder::Direction::inbound;
    }
    EXPECT_TRUE(saw_inbound);
    EXPECT_NE(as_text(scene.output.samples[0].payload).find("number"), std::string_view::npos);
}

TEST(Profiler, RunsCommandsBetweenCallbacksAndSaysWhatCameOfThem) {
    Scene scene;
    scene.output.commands = {{1, "mark", {{"text", "here"}}}, {2, "conditions.set", {{"loss", "2%"}}}};
    scene.run(200ms);
    ASSERT_EQ(scene.output.results.size(), 2u);
    EXPECT_TRUE(scene.output.results[0].is_ok);
    EXPECT_FALSE(scene.output.results[1].is_ok);
    EXPECT_EQ(scene.output.state.notes().back().text, "here");
    std::string seen;
    scene.profiler.on_command([&](TimePoint now, const recorder::Command& command) -> Result<std::string> {
        scene.profiler.set_conditions(now, {{"players", recorder::Direction::inbound, command.arguments}});
        scene.profiler.note(now, recorder::NoteKind::condition, "loss is 2%");
        return "done";
    });
    scene.output.commands = {{3, "conditions.set", {{"loss", "2%"}}}};
    scene.run(200ms);
    EXPECT_EQ(scene.output.results.back().text, "done");
    ASSERT_EQ(scene.output.state.conditions().links.size(), 1u);
    EXPECT_EQ(scene.output.state.conditions().links[0].settings[0].second, "2%");
    // Who comes later is told as well.
    Output later;
    scene.profiler.add(later);
    EXPECT_EQ(later.state.conditions().links.size(), 1u);
    EXPECT_EQ(later.state.connections().size(), 1u);
    EXPECT_EQ(later.state.dictionary().remotes.size(), 3u);
    scene.profiler.remove(later);
    scene.run(200ms);
    EXPECT_EQ(later.rounds, 0);
}

TEST(Profiler, AsksForTheWorldOnlyIfSomebodyLooks) {
    Scene scene;
    int asked = 0;
    scene.profiler.on_world([&](TimePoint now, ConnectionId viewpoint) -> std::optional<recorder::World> {
        ++asked;
        return recorder::World{.at = now, .side = 100, .entities = {{1, viewpoint, 2, 3}}};
    });
    scene.run(300ms);
    EXPECT_EQ(asked, 0);
    scene.output.wanted = {.streams = bit(Stream::world), .viewpoint = {3, 1}};
    scene.run(300ms);
    EXPECT_GE(asked, 2);
    ASSERT_TRUE(scene.output.state.world().has_value());
    EXPECT_EQ(scene.output.state.world()->entities[0].connection, (ConnectionId{3, 1}));
}

TEST(ProcessUsage, IsThatOfThisProcess) {
    const ProcessUsage usage = process_usage();
    EXPECT_GT(usage.cpu_time, 0ns);
    EXPECT_GT(usage.memory_bytes, 1'000'000u);
}

}  // namespace
}  // namespace squall
