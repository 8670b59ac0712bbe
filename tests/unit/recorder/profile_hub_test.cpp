// The hub and its viewers over a port in memory: what each is told, what the slow and the hostile get.
#include "squall/recorder/profile_hub.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "squall/core/rng.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_viewer.hpp"
#include "unit/recorder/profile_samples.hpp"

namespace squall::recorder {
namespace {

using namespace std::chrono_literals;

struct Port final : ViewerPort {
    void send(ViewerId viewer, Bytes bytes) override {
        queued[viewer].insert(queued[viewer].end(), bytes.begin(), bytes.end());
    }
    [[nodiscard]] std::size_t queued_bytes(ViewerId viewer) const override {
        const auto place = queued.find(viewer);
        return place == queued.end() ? 0 : place->second.size();
    }
    void close(ViewerId viewer) override { closed.insert(viewer); }
    std::map<ViewerId, std::vector<std::byte>> queued;
    std::set<ViewerId> closed;
};

struct Stage {
    explicit Stage(ProfileHubConfig config = {}) : hub((config.token = "token", config), port) {
        hub.on_frame(Hello{.name = "server"});
        hub.on_frame(Dictionary{{{.id = 1, .name = "shot"}}});
    }
    // The process counts a little and a tenth of a second passes.
    void round() {
        now += 100ms;
        ++stats.sequence;
        stats.at = now;
        stats.is_keyframe = true;
        stats.endpoint.bytes_sent += 1000;
        if (stats.remotes.empty()) stats.remotes = {{1, Direction::outbound, {}}};
        stats.remotes[0].counters.messages += 3;
        hub.on_frame(stats);
    }
    ViewerId join(ProfileViewer& viewer) {
        const ViewerId id = hub.open(now).value();
        talk(id, viewer);
        return id;
    }
    // Both directions.
    Result<> talk(ViewerId id, ProfileViewer& viewer, const ProfileViewer::OnFrame& on_frame = {}) {
        const std::vector<std::byte> said(viewer.output().begin(), viewer.output().end());
        viewer.clear_output();
        hub.receive(now, id, said);
        const auto told = std::exchange(port.queued[id], {});
        return viewer.receive(told, on_frame);
    }
    Port port;
    ProfileHub hub;
    TimePoint now{1s};
    Stats stats;
};

TEST(ProfileHub, AViewerKnowsWithinARoundWhatTheProcessCounted) {
    Stage stage;
    stage.hub.on_frame(ConnectionChange{.is_open = true, .connection = {3, 1}, .client_id = 8});
    stage.hub.on_frame(Note{.text = "before"});
    for (int i = 0; i < 5; ++i) stage.round();
    ProfileViewer viewer("token", {});
    const ViewerId id = stage.join(viewer);
    EXPECT_EQ(viewer.state().hello().name, "server");
    ASSERT_NE(viewer.state().find_remote(1), nullptr);
    EXPECT_EQ(viewer.state().connections().at({0, {3, 1}}).opened.client_id, 8u);
    EXPECT_EQ(viewer.state().notes().size(), 1u);
    EXPECT_EQ(viewer.state().stats().endpoint.bytes_sent, 5000u);
    for (int i = 0; i < 37; ++i) {
        stage.round();
        ASSERT_TRUE(stage.talk(id, viewer).has_value());
        ASSERT_TRUE(viewer.state().is_current());
        ASSERT_EQ(viewer.state().stats().remotes, stage.stats.remotes);
        ASSERT_EQ(viewer.state().stats().endpoint, stage.stats.endpoint);
    }
    EXPECT_EQ(viewer.state().missed(), 0u);
}

TEST(ProfileHub, GivesEachViewerItsRate) {
    Stage stage;
    ProfileViewer fast("token", {.rate_hz = 10});
    ProfileViewer slow("token", {.rate_hz = 2});
    const ViewerId fast_id = stage.join(fast);
    const ViewerId slow_id = stage.join(slow);
    int fast_frames = 0;
    int slow_frames = 0;
    for (int i = 0; i < 50; ++i) {
        stage.round();
        ASSERT_TRUE(stage.talk(fast_id, fast, [&](const ProfileFrame& frame) {
            fast_frames += std::holds_alternative<Stats>(frame);
        }));
        ASSERT_TRUE(stage.talk(slow_id, slow, [&](const ProfileFrame& frame) {
            slow_frames += std::holds_alternative<Stats>(frame);
        }));
    }
    EXPECT_EQ(fast_frames, 50);
    EXPECT_EQ(slow_frames, 10);
    EXPECT_EQ(fast.state().stats().remotes[0].counters.messages, 150u);
    EXPECT_GE(slow.state().stats().remotes[0].counters.messages, 138u) << "the sum of what was left out";
}

TEST(ProfileHub, ASlowViewerGetsTheSumAndNeverAQueue) {
    Stage stage({.max_backlog_bytes = 2000});
    ProfileViewer viewer("token", {});
    const ViewerId id = stage.join(viewer);
    for (int i = 0; i < 1000; ++i) stage.round();  // it reads nothing
    EXPECT_LT(stage.port.queued_bytes(id), 3000u);
    EXPECT_GT(stage.hub.coalesced(), 800u);
    ASSERT_TRUE(stage.talk(id, viewer).has_value());
    stage.round();
    ASSERT_TRUE(stage.talk(id, viewer).has_value());
    EXPECT_TRUE(viewer.state().is_current());
    EXPECT_EQ(viewer.state().stats().remotes, stage.stats.remotes);
    EXPECT_EQ(viewer.state().stats().endpoint, stage.stats.endpoint);
    EXPECT_EQ(viewer.state().missed(), 0u);
}

TEST(ProfileHub, ASlowViewerThatMissedAConnectionIsToldAllAnew) {
    Stage stage({.max_backlog_bytes = 500});
    ProfileViewer viewer("token", {});
    const ViewerId id = stage.join(viewer);
    stage.hub.on_frame(ConnectionChange{.is_open = true, .connection = {1, 1}});
    ASSERT_TRUE(stage.talk(id, viewer).has_value());
    while (stage.port.queued_bytes(id) <= 500) stage.round();
    stage.hub.on_frame(ConnectionChange{.is_open = false, .connection = {1, 1}});
    stage.hub.on_frame(ConnectionChange{.is_open = true, .connection = {2, 1}, .client_id = 5});
    ASSERT_TRUE(stage.talk(id, viewer).has_value());
    EXPECT_TRUE(viewer.state().connections().contains({0, {1, 1}}));
    stage.round();
    ASSERT_TRUE(stage.talk(id, viewer).has_value());
    EXPECT_FALSE(viewer.state().connections().contains({0, {1, 1}}));
    EXPECT_EQ(viewer.state().connections().at({0, {2, 1}}).opened.client_id, 5u);
    EXPECT_TRUE(viewer.state().is_current());
}

TEST(ProfileHub, CommandsComeBackToWhoAsked) {
    Stage stage;
    stage.hub.on_own_command("history.save", [](const Command&) -> Result<std::string> { return "saved"; });
    ProfileViewer one("token", {});
    ProfileViewer other("token", {});
    const ViewerId one_id = stage.join(one);
    const ViewerId other_id = stage.join(other);
    const std::uint64_t asked = one.command("mark", {{"text", "now"}});
    const std::uint64_t saved = one.command("history.save");
    const std::uint64_t others = other.command("conditions.set");
    std::map<std::uint64_t, std::string> results;
    const auto note = [&](const ProfileFrame& frame) {
        if (const auto* const result = std::get_if<CommandResult>(&frame)) results[result->id] = result->text;
    };
    ASSERT_TRUE(stage.talk(one_id, one, note));
    EXPECT_EQ(results.at(saved), "saved") << "at once";
    ASSERT_TRUE(stage.talk(other_id, other, note));
    const auto first = stage.hub.poll_command();
    const auto second = stage.hub.poll_command();
    ASSERT_TRUE(first && second);
    EXPECT_FALSE(stage.hub.poll_command());
    EXPECT_EQ(first->verb, "mark");
    EXPECT_EQ(*first->find("text"), "now");
    stage.hub.on_result({second->id, false, "no such group"});
    stage.hub.on_result({first->id, true, "marked"});
    stage.hub.on_result({first->id, true, "marked twice"});
    results.clear();
    ASSERT_TRUE(stage.talk(one_id, one, note));
    EXPECT_EQ(results.size(), 1u);
    EXPECT_EQ(results.at(asked), "marked");
    results.clear();
    ASSERT_TRUE(stage.talk(other_id, other, note));
    EXPECT_EQ(results.at(others), "no such group");
}

TEST(ProfileHub, SamplesAreThoseAskedForAndWhatWasDroppedIsCounted) {
    Stage stage;
    ProfileViewer viewer("token",
                         {.streams = bit(Stream::samples), .sampled_remotes = {2}, .samples_per_second = 5});
    const ViewerId id = stage.join(viewer);
    EXPECT_EQ(stage.hub.wanted().sampled_remotes, std::vector<std::uint32_t>{2});
    EXPECT_EQ(stage.hub.wanted().streams, bit(Stream::samples));
    stage.hub.on_frame(Samples{4, {{.remote = 1}, {.remote = 2, .bytes = 9}}});
    std::vector<Samples> seen;
    ASSERT_TRUE(stage.talk(id, viewer, [&](const ProfileFrame& frame) {
        if (const auto* const samples = std::get_if<Samples>(&frame)) seen.push_back(*samples);
    }));
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].dropped, 4u);
    ASSERT_EQ(seen[0].samples.size(), 1u);
    EXPECT_EQ(seen[0].samples[0].bytes, 9u);
}

// --- who is not welcome

std::string last_word(Port& port, ViewerId id) {
    FrameReader reader;
    reader.feed(port.queued[id]);
    std::string out;
    while (const auto raw = reader.next().value_or(std::nullopt))
        if (const auto frame = decode(*raw); frame && *frame)
            if (const auto* const result = std::get_if<CommandResult>(&**frame)) out = result->text;
    return out;
}

TEST(ProfileHub, LetsNobodyInWithoutTheToken) {
    Stage stage;
    for (const char* const wrong : {"", "toke", "token2", "tokem"}) {
        ProfileViewer viewer(wrong, {});
        const ViewerId id = stage.hub.open(stage.now).value();
        const auto result = stage.talk(id, viewer);
        ASSERT_FALSE(result.has_value()) << wrong;
        EXPECT_EQ(result.error().code, ErrorCode::unauthorised);
        EXPECT_TRUE(stage.port.closed.contains(id));
        EXPECT_TRUE(viewer.state().hello().name.empty()) << "told nothing";
    }
    EXPECT_EQ(stage.hub.viewer_count(), 0u);
    Port port;
    ProfileHub closed({.token = ""}, port);
    ProfileViewer viewer("", {});
    const ViewerId id = closed.open(stage.now).value();
    closed.receive(stage.now, id, viewer.output());
    EXPECT_TRUE(port.closed.contains(id)) << "no token lets nobody in";
}

TEST(ProfileHub, WantsTheTokenFirst) {
    Stage stage;
    const ViewerId id = stage.hub.open(stage.now).value();
    std::vector<std::byte> bytes;
    ASSERT_TRUE(encode(Command{.verb = "mark"}, bytes).has_value());
    stage.hub.receive(stage.now, id, bytes);
    EXPECT_TRUE(stage.port.closed.contains(id));
    EXPECT_EQ(last_word(stage.port, id), "the first frame must be hello, with the token");
    EXPECT_FALSE(stage.hub.poll_command());
}

TEST(ProfileHub, ClosesWhoTalksNonsense) {
    Stage stage;
    const std::vector<std::string> nonsense = {
        "ffffff7f01000000",                     // 2 GB
        "00000040",                             // 1 GB
        "0100000000",                           // shorter than itself
        "474554202f20485454502f312e310d0a0d0a"  // GET / HTTP/1.1
    };
    for (const std::string& hex : nonsense) {
        ProfileViewer viewer("token", {});
        const ViewerId id = stage.join(viewer);
        stage.hub.receive(stage.now, id, from_hex(hex).value());
        EXPECT_TRUE(stage.port.closed.contains(id)) << hex;
        EXPECT_FALSE(last_word(stage.port, id).empty());
        stage.hub.receive(stage.now, id, from_hex("0400000001000000").value());  // nobody listens any more
    }
    ProfileViewer viewer("token", {});
    const ViewerId id = stage.join(viewer);
    std::vector<std::byte> bytes;
    ASSERT_TRUE(encode(Note{.text = "from the wrong side"}, bytes).has_value());
    stage.hub.receive(stage.now, id, bytes);
    EXPECT_TRUE(stage.port.closed.contains(id));
    EXPECT_EQ(stage.hub.viewer_count(), 0u);
}

TEST(ProfileHub, SurvivesAnyBytes) {
    Stage stage;
    Rng rng(5);
    std::vector<std::byte> seed;
    for (const ProfileFrame& frame : one_of_each()) (void)encode(frame, seed);
    for (int i = 0; i < 2000; ++i) {
        const ViewerId id = stage.hub.open(stage.now).value();
        ProfileViewer viewer("token", {});
        auto bytes = std::vector<std::byte>(viewer.output().begin(), viewer.output().end());
        bytes.insert(bytes.end(), seed.begin(), seed.end());
        for (int k = 0; k < 5; ++k) bytes[rng.below(bytes.size())] = static_cast<std::byte>(rng.below(256));
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t piece = std::min<std::size_t>(bytes.size() - at, rng.below(60) + 1);
            stage.hub.receive(stage.now, id, Bytes(bytes).subspan(at, piece));
            at += piece;
        }
        EXPECT_TRUE(stage.port.closed.contains(id) || !stage.hub.state().hello().name.empty());
        stage.hub.forget(id);
    }
    EXPECT_EQ(stage.hub.viewer_count(), 0u);
}

TEST(ProfileHub, GivesUpOnASilentOneAndHasRoomForFew) {
    Stage stage({.max_viewers = 2});
    ProfileViewer viewer("token", {});
    (void)stage.join(viewer);
    const ViewerId silent = stage.hub.open(stage.now).value();
    EXPECT_FALSE(stage.hub.open(stage.now));
    EXPECT_EQ(stage.hub.poll_timeout(), stage.now + 5s);
    stage.hub.handle_timeout(stage.now + 4s);
    EXPECT_FALSE(stage.port.closed.contains(silent));
    stage.hub.handle_timeout(stage.now + 5s);
    EXPECT_TRUE(stage.port.closed.contains(silent));
    EXPECT_EQ(stage.hub.poll_timeout(), kNever);
    EXPECT_TRUE(stage.hub.open(stage.now));
}

TEST(ProfileHub, OneThatAsksAndNeverReadsIsClosed) {
    Stage stage({.max_backlog_bytes = 2000});
    ProfileViewer viewer("token", {});
    const ViewerId id = stage.join(viewer);
    std::size_t most = 0;
    for (int i = 0; i < 100'000 && !stage.port.closed.contains(id); ++i) {
        viewer.ping(1);
        (void)viewer.command("mark");
        stage.hub.receive(stage.now, id, viewer.output());
        viewer.clear_output();
        most = std::max(most, stage.port.queued_bytes(id));
    }
    EXPECT_TRUE(stage.port.closed.contains(id));
    EXPECT_LT(most, 20'000u);
}

// --- the last minute

TEST(ProfileHub, TheLastMinuteStandsAlone) {
    Stage stage({.history = 10s});
    stage.hub.on_frame(ConnectionChange{.is_open = true, .connection = {3, 1}, .client_id = 8});
    for (int i = 0; i < 600; ++i) {
        stage.round();
        if (i % 7 == 0) ++stage.stats.sequence;  // a round that was coalesced on its way
    }
    ProfileState again;
    std::vector<TimePoint> times;
    stage.hub.for_history([&](TimePoint at, Bytes bytes) {
        times.push_back(at);
        again.apply(decode(parse_envelope(bytes).value().value()).value().value());
    });
    EXPECT_TRUE(std::ranges::is_sorted(times));
    EXPECT_GE(times.back() - times.front(), 9s);
    EXPECT_LE(times.back() - times.front(), 10s);
    EXPECT_EQ(again.hello().name, "server");
    EXPECT_EQ(again.connections().size(), 1u);
    EXPECT_EQ(again.stats().remotes, stage.stats.remotes);
    EXPECT_EQ(again.missed(), 0u);
}

TEST(ProfileHub, TheLastMinuteIsBounded) {
    Stage stage({.max_history_bytes = 10'000});
    for (int i = 0; i < 600; ++i) stage.round();
    EXPECT_LE(stage.hub.history_bytes(), 10'000u);
    EXPECT_GT(stage.hub.history_bytes(), 9'000u);
}

}  // namespace
}  // namespace squall::recorder
