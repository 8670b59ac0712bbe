#include "squall/recorder/profile_hub.hpp"

#include <algorithm>

#include "squall/recorder/profile_codec.hpp"

namespace squall::recorder {
namespace {

constexpr std::size_t kNotesAtWelcome = 100;
// Who has so many times the allowed backlog ahead of it, by asking again and again, is closed.
constexpr std::size_t kHopelessBacklogs = 4;
constexpr std::size_t kHistogramsPerFrame = 256;

// In the same time whatever they differ in, so that a token cannot be guessed byte by byte.
bool is_same(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |=
            static_cast<unsigned>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
    return difference == 0;
}

// A little earlier is on time: rounds do not come to the nanosecond.
bool is_due(TimePoint last, TimePoint now, std::uint32_t rate_hz) {
    const Duration interval = Duration{1'000'000'000} / std::max<std::uint32_t>(rate_hz, 1);
    return now - last >= interval - interval / 8;
}

}  // namespace

// --- to viewers

void ProfileHub::send(ViewerId id, const ProfileFrame& frame) {
    std::vector<std::byte> bytes;
    if (encode(frame, bytes)) port_.send(id, bytes);
}

void ProfileHub::refuse(ViewerId id, const std::string& why) {
    send(id, CommandResult{0, false, why});
    viewers_.erase(id);
    std::erase_if(open_commands_, [&](const auto& entry) { return entry.second.viewer == id; });
    port_.close(id);
}

void ProfileHub::for_everything(const std::function<void(const ProfileFrame&)>& each) const {
    each(state_.hello());
    each(state_.dictionary());
    for (const auto& [key, connection] : state_.connections()) each(connection.opened);
    each(state_.conditions());
}

void ProfileHub::tell_everything(ViewerId id, Viewer& viewer) {
    for_everything([&](const ProfileFrame& frame) { send(id, frame); });
    const auto& notes = state_.notes();
    for (std::size_t i = notes.size() - std::min(notes.size(), kNotesAtWelcome); i < notes.size(); ++i)
        send(id, notes[i]);
    viewer.must_restart = false;
    viewer.has_base = false;
    if (wants(viewer, Stream::histograms)) tell_histograms(id);
    if (wants(viewer, Stream::stats) && state_.is_current()) {
        // With all connections, of which each round tells some.
        Stats all = state_.stats();
        all.connections.clear();
        for (const auto& [key, connection] : state_.connections())
            if (all.connections.size() < 4096)
                all.connections.push_back({key.first, key.second, connection.counters});
        tell_stats(id, viewer, all);
    }
}

void ProfileHub::tell_histograms(ViewerId id) const {
    Histograms frame{.at = state_.stats().at};
    const auto flush = [&] {
        std::vector<std::byte> bytes;
        if (!frame.entries.empty() && encode(frame, bytes)) port_.send(id, bytes);
        frame.entries.clear();
    };
    for (const auto& [key, entry] : state_.histograms()) {
        frame.entries.push_back(entry);
        if (frame.entries.size() >= kHistogramsPerFrame) flush();
    }
    flush();
}

void ProfileHub::tell_stats(ViewerId id, Viewer& viewer, const Stats& stats) {
    const bool is_keyframe = !viewer.has_base || stats.at - viewer.keyframe_at >= config_.keyframe_interval;
    if (is_keyframe) viewer.keyframe_at = stats.at;
    std::vector<std::byte> bytes;
    if (encode_stats(is_keyframe ? nullptr : &viewer.base, stats, ++viewer.sequence, bytes))
        port_.send(id, bytes);
    viewer.base = stats;
    viewer.has_base = true;
    viewer.stats_at = stats.at;
}

void ProfileHub::on_frame(const ProfileFrame& frame) {
    state_.apply(frame);
    keep(frame);
    for (auto& [id, viewer] : viewers_) {
        if (!viewer.is_welcome) continue;
        const bool slow = is_slow(id);
        if (const auto* const stats = std::get_if<Stats>(&frame)) {
            if (slow) {
                ++coalesced_;
            } else if (viewer.must_restart) {
                tell_everything(id, viewer);
            } else if (wants(viewer, Stream::stats) &&
                       is_due(viewer.stats_at, stats->at, viewer.subscribed.rate_hz)) {
                tell_stats(id, viewer, *stats);
            }
        } else if (const auto* const world = std::get_if<World>(&frame)) {
            if (!wants(viewer, Stream::world) ||
                !is_due(viewer.world_at, world->at, viewer.subscribed.rate_hz))
                continue;
            if (slow) continue;
            viewer.world_at = world->at;
            send(id, frame);
        } else if (const auto* const samples = std::get_if<Samples>(&frame)) {
            if (!wants(viewer, Stream::samples)) continue;
            viewer.samples_dropped += samples->dropped;
            Samples kept;
            for (const Sample& sample : samples->samples) {
                const auto& only = viewer.subscribed.sampled_remotes;
                if (!only.empty() && std::ranges::find(only, sample.remote) == only.end()) continue;
                if (slow) {
                    ++viewer.samples_dropped;
                } else {
                    kept.samples.push_back(sample);
                }
            }
            if (slow) continue;
            kept.dropped = std::exchange(viewer.samples_dropped, 0);
            if (!kept.samples.empty() || kept.dropped != 0) send(id, kept);
        } else if (std::holds_alternative<Histograms>(frame)) {
            if (!wants(viewer, Stream::histograms)) continue;
            if (slow || viewer.owes_histograms) {
                viewer.owes_histograms = slow;
                if (!slow) tell_histograms(id);
            } else {
                send(id, frame);
            }
        } else if (slow) {
            viewer.must_restart = true;
        } else if (!viewer.must_restart) {
            send(id, frame);
        }
    }
}

// --- from viewers

std::optional<ViewerId> ProfileHub::open(TimePoint now) {
    if (viewers_.size() >= config_.max_viewers) return std::nullopt;
    const ViewerId id{++last_viewer_};
    viewers_.emplace(id, Viewer(now + config_.hello_timeout));
    return id;
}

void ProfileHub::forget(ViewerId viewer) {
    viewers_.erase(viewer);
    std::erase_if(open_commands_, [&](const auto& entry) { return entry.second.viewer == viewer; });
}

void ProfileHub::receive(TimePoint now, ViewerId id, Bytes bytes) {
    const auto place = viewers_.find(id);
    if (place == viewers_.end()) return;
    Viewer& viewer = place->second;
    viewer.reader.feed(bytes);
    for (;;) {
        const auto raw = viewer.reader.next();
        if (!raw) return refuse(id, raw.error().message);
        if (!*raw) return;
        const auto frame = decode(**raw);
        if (!frame) return refuse(id, frame.error().message);
        if (*frame && !on_viewer_frame(now, id, viewer, **frame)) return;
    }
}

// False: the viewer is not there any more.
bool ProfileHub::on_viewer_frame(TimePoint now, ViewerId id, Viewer& viewer, const ProfileFrame& frame) {
    if (const auto* const hello = std::get_if<Hello>(&frame)) return on_hello(id, viewer, *hello);
    if (!viewer.is_welcome) {
        refuse(id, "the first frame must be hello, with the token");
        return false;
    }
    if (port_.queued_bytes(id) > kHopelessBacklogs * config_.max_backlog_bytes) {
        refuse(id, "it asks for more than it reads");
        return false;
    }
    if (const auto* const wanted = std::get_if<Subscribe>(&frame)) {
        const StreamSet before = viewer.subscribed.streams;
        viewer.subscribed = *wanted;
        const StreamSet more = wanted->streams & ~before;
        if ((more & bit(Stream::histograms)) != 0) tell_histograms(id);
        if ((more & bit(Stream::stats)) != 0 && state_.is_current()) tell_stats(id, viewer, state_.stats());
    } else if (const auto* const command = std::get_if<Command>(&frame)) {
        on_command(id, *command);
    } else if (const auto* const ping = std::get_if<Ping>(&frame)) {
        // Answers to somebody who does not read them are left out.
        if (!is_slow(id)) send(id, Pong{ping->id, ping->sent_at, now});
    } else {
        refuse(id, "a viewer says hello, subscribe, command and ping; this was " +
                       std::string(to_string(type_of(frame))));
        return false;
    }
    return true;
}

bool ProfileHub::on_hello(ViewerId id, Viewer& viewer, const Hello& hello) {
    if (config_.token.empty() || !is_same(hello.token, config_.token)) {
        refuse(id, "the token is wrong; it stands in the discovery file of the process");
        return false;
    }
    viewer.is_welcome = true;
    viewer.hello_until = kNever;
    tell_everything(id, viewer);
    return true;
}

void ProfileHub::on_command(ViewerId id, const Command& command) {
    if (const auto own = own_commands_.find(command.verb); own != own_commands_.end()) {
        const auto result = own->second(command);
        return send(id,
                    CommandResult{command.id, result.has_value(), result ? *result : result.error().message});
    }
    if (open_commands_.size() >= config_.max_open_commands)
        return send(
            id, CommandResult{command.id, false, "too many commands wait for their turn; ask again later"});
    const std::uint64_t number = ++last_command_;
    open_commands_[number] = {id, command.id};
    commands_.push_back(command);
    commands_.back().id = number;
}

std::optional<Command> ProfileHub::poll_command() {
    if (commands_.empty()) return std::nullopt;
    Command out = std::move(commands_.front());
    commands_.pop_front();
    return out;
}

void ProfileHub::on_result(const CommandResult& result) {
    const auto place = open_commands_.find(result.id);
    if (place == open_commands_.end()) return;  // who asked has left
    const OpenCommand asked = place->second;
    open_commands_.erase(place);
    send(asked.viewer, CommandResult{asked.id, result.is_ok, result.text});
}

Subscribe ProfileHub::wanted() const {
    Subscribe out{.rate_hz = 1, .streams = 0, .samples_per_second = 0};
    bool samples_all = false;
    for (const auto& [id, viewer] : viewers_) {
        if (!viewer.is_welcome) continue;
        const Subscribe& one = viewer.subscribed;
        out.streams |= one.streams;
        out.rate_hz = std::max(out.rate_hz, one.rate_hz);
        if (one.viewpoint.is_valid()) out.viewpoint = one.viewpoint;
        if (!wants(viewer, Stream::samples)) continue;
        samples_all = samples_all || one.sampled_remotes.empty();
        out.sampled_remotes.insert(out.sampled_remotes.end(), one.sampled_remotes.begin(),
                                   one.sampled_remotes.end());
        out.samples_per_second = std::max(out.samples_per_second, one.samples_per_second);
    }
    if (samples_all) out.sampled_remotes.clear();
    return out;
}

TimePoint ProfileHub::poll_timeout() const {
    TimePoint next = kNever;
    for (const auto& [id, viewer] : viewers_) next = std::min(next, viewer.hello_until);
    return next;
}

void ProfileHub::handle_timeout(TimePoint now) {
    std::vector<ViewerId> late;
    for (const auto& [id, viewer] : viewers_)
        if (viewer.hello_until <= now) late.push_back(id);
    for (const ViewerId id : late) refuse(id, "no hello came in time");
}

// --- the last minute

void ProfileHub::keep(const ProfileFrame& frame) {
    if (config_.history <= Duration{0}) return;
    std::vector<std::byte> bytes;
    const auto* const stats = std::get_if<Stats>(&frame);
    if (stats == nullptr) {
        if (!std::holds_alternative<Hello>(frame) && encode(frame, bytes))
            keep_bytes(state_.stats().at, false, std::move(bytes));
        return;
    }
    const bool is_keyframe =
        !has_history_base_ || stats->at - history_keyframe_at_ >= config_.keyframe_interval;
    if (is_keyframe) history_keyframe_at_ = stats->at;
    if (encode_stats(is_keyframe ? nullptr : &history_base_, *stats, ++history_sequence_, bytes))
        keep_bytes(stats->at, is_keyframe, std::move(bytes));
    history_base_ = *stats;
    has_history_base_ = true;
}

void ProfileHub::keep_bytes(TimePoint at, bool is_keyframe, std::vector<std::byte> frame) {
    Kept kept{at, is_keyframe, std::move(frame)};
    history_bytes_ += kept.bytes.size();
    history_.push_back(std::move(kept));
    while (!history_.empty() &&
           (at - history_.front().at > config_.history || history_bytes_ > config_.max_history_bytes)) {
        history_bytes_ -= history_.front().bytes.size();
        history_.pop_front();
    }
}

void ProfileHub::for_history(const std::function<void(TimePoint, Bytes frame)>& each) const {
    // Differences before the first keyframe say nothing.
    auto begin = std::ranges::find(history_, true, &Kept::is_keyframe);
    if (begin == history_.end()) return;
    std::vector<std::byte> bytes;
    for_everything([&](const ProfileFrame& frame) {
        bytes.clear();
        if (encode(frame, bytes)) each(begin->at, bytes);
    });
    for (; begin != history_.end(); ++begin) each(begin->at, begin->bytes);
}

}  // namespace squall::recorder
