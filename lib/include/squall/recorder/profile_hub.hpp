// The process's side of the live protocol: everything behind the listening socket, without the socket. Takes
// frames from a profiler and bytes from viewers, and gives each viewer what it asked for. A viewer that is
// slow gets fewer frames, never a queue; one that is not authorised or talks nonsense is told why and closed.
// Keeps the last minute of frames, so that it can be saved after the fact.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "squall/recorder/frame.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall::recorder {

using ViewerId = StrongId<struct ViewerTag, std::uint64_t>;

// What carries the bytes. May not call back into the hub.
class ViewerPort {
  public:
    virtual ~ViewerPort() = default;
    virtual void send(ViewerId viewer, Bytes bytes) = 0;
    // Bytes that were given to send() and have not left.
    [[nodiscard]] virtual std::size_t queued_bytes(ViewerId viewer) const = 0;
    // Sends what is queued, then closes. The hub has forgotten the viewer.
    virtual void close(ViewerId viewer) = 0;
};

struct ProfileHubConfig {
    // What a viewer must say; empty: nobody is let in.
    std::string token{};
    std::size_t max_viewers = 8;
    // A viewer that has more than this ahead of it is left out until it has less.
    std::size_t max_backlog_bytes = 512 * 1024;
    // How long a viewer may take for its hello.
    Duration hello_timeout = std::chrono::seconds(5);
    std::size_t max_open_commands = 64;  // of all viewers together
    Duration keyframe_interval = std::chrono::seconds(1);
    // What is kept: the shorter of both; 0: nothing.
    Duration history = std::chrono::seconds(60);
    std::size_t max_history_bytes = 64 * 1024 * 1024;
};

class ProfileHub {
  public:
    // The port must outlive the hub.
    ProfileHub(ProfileHubConfig config, ViewerPort& port) : config_(std::move(config)), port_(port) {}

    // --- from the profiler
    // Stats are keyframes here; what viewers get are differences to what each of them has.
    void on_frame(const ProfileFrame& frame);
    void on_result(const CommandResult& result);
    [[nodiscard]] std::optional<Command> poll_command();
    // A command that is answered here and goes no further.
    void on_own_command(std::string verb, std::function<Result<std::string>(const Command&)> run) {
        own_commands_[std::move(verb)] = std::move(run);
    }
    // What all viewers together asked for. Rates are the highest.
    [[nodiscard]] Subscribe wanted() const;

    // --- from viewers
    // Nothing if there are too many; then the caller closes it.
    [[nodiscard]] std::optional<ViewerId> open(TimePoint now);
    // May end with close(viewer).
    void receive(TimePoint now, ViewerId viewer, Bytes bytes);
    // The viewer is gone.
    void forget(ViewerId viewer);

    // When a viewer's time for its hello is over; kNever if none has to say it.
    [[nodiscard]] TimePoint poll_timeout() const;
    void handle_timeout(TimePoint now);

    [[nodiscard]] std::size_t viewer_count() const { return viewers_.size(); }
    // Frames that viewers did not get because they were slow; they got the sum later.
    [[nodiscard]] std::uint64_t coalesced() const { return coalesced_; }
    // What is known of the process.
    [[nodiscard]] const ProfileState& state() const { return state_; }
    // The last minute as a stream of frames that stands alone, with the time of each.
    void for_history(const std::function<void(TimePoint, Bytes frame)>& each) const;
    [[nodiscard]] std::size_t history_bytes() const { return history_bytes_; }

  private:
    struct Viewer {
        explicit Viewer(TimePoint until) : hello_until(until), reader(kMaxViewerFrameBytes) {}
        TimePoint hello_until;
        bool is_welcome = false;
        bool must_restart = false;  // it missed what cannot be summed up
        FrameReader reader;
        Subscribe subscribed{.streams = 0};
        Stats base;
        bool has_base = false;
        std::uint64_t sequence = 0;
        TimePoint keyframe_at{};
        TimePoint stats_at{};
        TimePoint world_at{};
        std::uint64_t samples_dropped = 0;
        // Told by histograms that it did not get, by kind and remote.
        bool owes_histograms = false;
    };
    struct Kept {
        TimePoint at{};
        bool is_keyframe = false;
        std::vector<std::byte> bytes;
    };
    struct OpenCommand {
        ViewerId viewer{};
        std::uint64_t id = 0;
    };
    // A viewer says little: names and numbers.
    static constexpr std::size_t kMaxViewerFrameBytes = 64 * 1024;

    [[nodiscard]] bool wants(const Viewer& viewer, Stream stream) const {
        return viewer.is_welcome && (viewer.subscribed.streams & bit(stream)) != 0;
    }
    [[nodiscard]] bool is_slow(ViewerId id) const {
        return port_.queued_bytes(id) > config_.max_backlog_bytes;
    }
    void send(ViewerId id, const ProfileFrame& frame);
    void refuse(ViewerId id, const std::string& why);
    bool on_viewer_frame(TimePoint now, ViewerId id, Viewer& viewer, const ProfileFrame& frame);
    bool on_hello(ViewerId id, Viewer& viewer, const Hello& hello);
    void on_command(ViewerId id, const Command& command);
    void tell_everything(ViewerId id, Viewer& viewer);
    void for_everything(const std::function<void(const ProfileFrame&)>& each) const;
    void tell_histograms(ViewerId id) const;
    void tell_stats(ViewerId id, Viewer& viewer, const Stats& stats);
    void keep(const ProfileFrame& frame);
    void keep_bytes(TimePoint at, bool is_keyframe, std::vector<std::byte> frame);

    ProfileHubConfig config_;
    ViewerPort& port_;
    ProfileState state_;
    std::map<ViewerId, Viewer> viewers_;
    std::uint64_t last_viewer_ = 0;
    std::uint64_t coalesced_ = 0;

    std::deque<Command> commands_;
    std::map<std::uint64_t, OpenCommand> open_commands_;
    std::uint64_t last_command_ = 0;
    std::map<std::string, std::function<Result<std::string>(const Command&)>, std::less<>> own_commands_;

    std::deque<Kept> history_;
    std::size_t history_bytes_ = 0;
    Stats history_base_;
    std::uint64_t history_sequence_ = 0;  // its own: a round that was passed over leaves no hole
    TimePoint history_keyframe_at_{};
    bool has_history_base_ = false;
};

}  // namespace squall::recorder
