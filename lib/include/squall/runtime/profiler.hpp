// Watches the endpoints and registries of one process, and tells ten times a second what they do, as profile
// frames: to the live endpoint, to the metrics endpoint, to a recorder. A node without a socket: attach it to
// the host that drives what it watches, and all of it happens on that host's thread, in virtual time as well.
// Commands of viewers are run there too, between other nodes' callbacks: a safe point.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "squall/recorder/profile_frame.hpp"
#include "squall/remotes/registry.hpp"
#include "squall/trace/account.hpp"
#include "squall/transport/node.hpp"

namespace squall {

// What an output needs of the frames that cost something to make.
struct ProfileWants {
    recorder::StreamSet streams = 0;
    std::vector<std::uint32_t> sampled_remotes{};  // none: all
    std::uint32_t samples_per_second = 0;
    ConnectionId viewpoint{};
};

// Where the frames go. Called on the profiler's thread.
class ProfileOutput {
  public:
    virtual ~ProfileOutput() = default;
    // Stats are keyframes always; differences are the output's own business (recorder::difference_between).
    virtual void on_frame(const recorder::ProfileFrame& frame) = 0;
    // Asked once a round.
    [[nodiscard]] virtual ProfileWants wants() { return {}; }
    // The next command of a viewer, oldest first, and what came of one that was taken.
    [[nodiscard]] virtual std::optional<recorder::Command> poll_command() { return std::nullopt; }
    virtual void on_result(const recorder::CommandResult& /*result*/) {}
};

// What the process took of the machine.
struct ProcessUsage {
    Duration cpu_time{};
    std::uint64_t memory_bytes = 0;
};
// Of this process; zeros where the system does not tell.
[[nodiscard]] ProcessUsage process_usage();

// A Hello with the names of this library's enumerations.
[[nodiscard]] recorder::Hello profile_hello(std::string name);

struct ProfilerConfig {
    // What the process calls itself.
    std::string name = "squall";
    std::string build{};  // version of the application
    // A round of frames so often.
    Duration interval = std::chrono::milliseconds(100);
    // Of a tick; drawn as a line. 0: not known.
    Duration tick_budget{};
    // In virtual time leave it, so that a run is repeatable.
    std::function<ProcessUsage()> usage{};
    // A moment of the time line, and the nanoseconds since 1970 at it, if known.
    TimePoint at{};
    std::int64_t wall_time = 0;
    trace::AccountConfig account{};
    // Connections whose counters one round tells; of more, these in turn.
    std::size_t connections_per_round = 512;
    // Messages that may wait for the next round as samples.
    std::size_t max_samples = 200;
};

class Profiler final : public Node, public trace::Sink {
  public:
    explicit Profiler(ProfilerConfig config = {});

    // --- What is watched. Call Remotes::set_trace(&profiler, source) or Endpoint::set_trace() besides, with
    // the same number; sources are the process's own numbers. What is watched must outlive the profiler or be
    // given back by unwatch().
    void watch(std::uint32_t source, const ServerEndpoint& endpoint);
    void watch(std::uint32_t source, const ClientEndpoint& endpoint);
    void unwatch(std::uint32_t source);
    // The names of remotes, once they have their numbers. Registries of one process declare the same remotes.
    void watch(const remotes::Remotes& registry) { registry_ = &registry; }
    void unwatch(const remotes::Remotes& registry) {
        if (registry_ == &registry) registry_ = nullptr;
    }
    // A budget of the remote of that name, in bytes a second over all connections.
    void set_budget(const std::string& remote, std::uint64_t bytes_per_second);

    // --- Where it goes. An output must outlive the profiler or be removed.
    void add(ProfileOutput& output);
    void remove(ProfileOutput& output);
    // A round at once, histograms included, whether one is due or not: before an output is removed whose last
    // figures count. Runs no commands.
    void tell_now(TimePoint now);

    // --- What the application tells
    void note(TimePoint now, recorder::NoteKind kind, std::string text);
    // All links, each time that one changes; a note says what.
    void set_conditions(TimePoint now, std::vector<recorder::LinkCondition> links);
    // Asked for each round that somebody wants it; nullopt: there is none now.
    void on_world(std::function<std::optional<recorder::World>(TimePoint, ConnectionId viewpoint)> make) {
        make_world_ = std::move(make);
    }
    // Answers commands, but for "mark", which the profiler does itself. The text is for the viewer.
    void on_command(std::function<Result<std::string>(TimePoint, const recorder::Command&)> handler) {
        on_command_ = std::move(handler);
    }
    // Of the recorder, if there is one.
    void set_recorder_counts(std::uint64_t recorded_bytes, std::uint64_t dropped_records) {
        recorded_bytes_ = recorded_bytes;
        recorder_dropped_ = dropped_records;
    }

    [[nodiscard]] const trace::Account& account() const { return account_; }
    [[nodiscard]] const recorder::Hello& hello() const { return hello_; }
    // All counters now; reuses the memory of `out`.
    void snapshot(TimePoint now, recorder::Stats& out);

    // --- trace::Sink
    void on_event(const trace::Event& event) override;

    // --- Node
    void receive(TimePoint, const Address&, MutableBytes) override {}
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes) override { return std::nullopt; }
    [[nodiscard]] TimePoint poll_timeout() const override { return next_round_; }
    // A round, if it is due.
    void handle_timeout(TimePoint now) override;

  private:
    struct Watched {
        const Endpoint* endpoint = nullptr;
        const ServerEndpoint* server = nullptr;
    };
    struct Open {
        std::uint64_t client_id = 0;
        bool is_told = false;
    };
    using ConnectionKey = std::pair<std::uint32_t, ConnectionId>;

    void emit(const recorder::ProfileFrame& frame);
    void gather_wants();
    void tell(TimePoint now);
    void tell_dictionary();
    void tell_connections(TimePoint now);
    [[nodiscard]] recorder::ConnectionChange opened(TimePoint now, const ConnectionKey& key,
                                                    const Open& open) const;
    void tell_histograms(TimePoint now);
    void tell_samples();
    void run_commands(TimePoint now);
    [[nodiscard]] Result<std::string> run(TimePoint now, const recorder::Command& command);
    void fill_connections(recorder::Stats& out);
    void sample(const trace::Event& event);

    ProfilerConfig config_;
    trace::Account account_;
    recorder::Hello hello_;
    const remotes::Remotes* registry_ = nullptr;
    std::map<std::uint32_t, Watched> watched_;
    std::map<std::string, std::uint64_t, std::less<>> budgets_;
    recorder::Dictionary dictionary_;
    bool has_new_budgets_ = false;
    std::vector<ProfileOutput*> outputs_;
    std::function<std::optional<recorder::World>(TimePoint, ConnectionId)> make_world_;
    std::function<Result<std::string>(TimePoint, const recorder::Command&)> on_command_;

    std::map<ConnectionKey, Open> open_;
    std::optional<ConnectionKey> last_told_;  // where the next round's connections begin, behind it
    std::vector<recorder::ConnectionChange> changes_;
    recorder::ProfileFrame stats_frame_;
    std::uint64_t sequence_ = 0;
    std::map<std::pair<recorder::HistogramKind, std::uint32_t>, std::uint64_t>
        told_histograms_;  // their counts
    std::uint64_t rounds_ = 0;
    TimePoint next_round_{};
    std::vector<recorder::LinkCondition> conditions_;
    std::uint64_t recorded_bytes_ = 0;
    std::uint64_t recorder_dropped_ = 0;

    ProfileWants wants_;  // of all outputs together
    bool samples_all_ = false;
    recorder::Samples samples_;
    std::uint32_t sample_allowance_ = 0;  // of this round
    std::uint64_t samples_dropped_ = 0;
};

}  // namespace squall
