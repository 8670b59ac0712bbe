// Records an arena server: the file, the node before the server, and the facts that make the recording run
// again. Does not know who asked for it.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "arena/arena_server.hpp"
#include "runner/entropy_tap.hpp"
#include "squall/recorder/facts.hpp"
#include "squall/runtime/recording.hpp"
#include "squall/runtime/recording_node.hpp"

namespace squall::loadgen {

// What a command line asks for.
struct RecordingOrder {
    std::string path;  // empty: nothing is recorded
    bool keys = false;
    bool payload = true;
    bool anonymize = false;
    bool durable = false;  // on the disk, once a second
    // Flight recorder: "60s" keeps the last minute at least, "8" the last eight files; empty: all is kept.
    std::string keep{};
    recorder::Facts facts{};  // on the session, besides the server's
    [[nodiscard]] bool is_wanted() const { return !path.empty(); }
};

// Errors: invalid_argument (a combination or a length that makes no sense).
[[nodiscard]] Result<RecordingSettings> recording_settings(const RecordingOrder& order);

class ArenaRecorder final : private trace::Sink {
  public:
    struct Server {
        arena::ArenaServer& node;
        Address local{};
        recorder::Facts facts{};  // arena_facts()
        const Key& key;
        EntropyTap& entropy;  // that the server draws from
    };
    // In virtual time: no thread, and the wall clock is the anchor's. Errors: those of recording_settings()
    // and Recording::start().
    [[nodiscard]] static Result<std::unique_ptr<ArenaRecorder>> start(TimePoint now,
                                                                      const RecordingOrder& order,
                                                                      recorder::ClockAnchor clock,
                                                                      bool is_virtual, const Server& server);
    ~ArenaRecorder() override;

    // What the host drives instead of the server.
    [[nodiscard]] Node& node() { return node_; }
    // The server's trace goes through here. `next` gets what it would get without a recording; or nullptr.
    void set_trace(trace::Sink* next, std::uint32_t source);
    // Nothing is recorded, and it costs nothing, until resume(). What is missing is told: such a recording
    // does not run again.
    void pause(TimePoint now);
    void resume(TimePoint now);
    // Before the server is shut down.
    void on_shut_down(TimePoint now) { node_.input(now, "shut_down"); }
    // A flight recorder's files stay under this name, too; new_save() says once what became of it.
    void save(std::string path);
    [[nodiscard]] std::optional<std::string> new_save();
    // Says once what ended the recording too early.
    [[nodiscard]] std::optional<std::string> new_failure();
    // The end of the file; one line that says what is in it.
    [[nodiscard]] std::string stop(TimePoint now);

    [[nodiscard]] RecordingNode& recorded() { return node_; }
    [[nodiscard]] Recording& recording() { return *recording_; }

  private:
    ArenaRecorder(std::unique_ptr<Recording> recording, arena::ArenaServer& server,
                  RecordedNodeOptions options, bool with_keys);
    void on_event(const trace::Event& event) override;

    std::unique_ptr<Recording> recording_;
    arena::ArenaServer& server_;
    RecordingNode node_;
    trace::Sink* next_ = nullptr;
    std::uint32_t source_ = 0;
    bool with_keys_;
    bool is_flight_recorder_ = false;
    std::string saving_;
    std::uint32_t told_saves_ = 0;
    bool has_told_failure_ = false;
    EntropyTap* entropy_ = nullptr;
    TimePoint now_{};  // of the newest that was recorded
};

}  // namespace squall::loadgen
