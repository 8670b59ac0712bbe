// What is known of a process from its profile frames so far, in order: the same from a socket as from a
// recording. Adds differences to the last keyframe, keeps the newest of everything else. Knows no rates and
// no history: who draws keeps those.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::recorder {

// What has to be told to somebody who knows `before`: each remote's growth, connections that are not as they
// were, and the growth of all else. Its sequence is that of `now`, and it is no keyframe.
[[nodiscard]] Stats difference_between(const Stats& before, const Stats& now);
// The opposite: remotes of the difference are added, connections replaced.
void add_difference(Stats& stats, const Stats& difference);

[[nodiscard]] HistogramEntry to_entry(HistogramKind kind, std::uint32_t remote,
                                      const trace::Histogram& histogram);
// With the counts in their buckets, which is all that percentiles need. Errors: malformed (buckets that such
// a histogram has not), too_large (more memory than a sane one takes).
[[nodiscard]] Result<trace::Histogram> to_histogram(const HistogramEntry& entry);

class ProfileState {
  public:
    struct Connection {
        // As it was opened; from a stream that began later only source and connection are known.
        ConnectionChange opened{};
        trace::ConnectionCounters counters{};
        std::optional<ConnectionChange> closed{};
    };
    using ConnectionKey = std::pair<std::uint32_t, ConnectionId>;  // source and id
    using HistogramKey = std::pair<HistogramKind, std::uint32_t>;  // kind and remote
    static constexpr std::size_t kMaxNotes = 1000;
    static constexpr std::size_t kMaxClosed = 256;
    static constexpr std::size_t kMaxConnections = 65'536;

    void apply(const ProfileFrame& frame);

    [[nodiscard]] const Hello& hello() const { return hello_; }
    [[nodiscard]] const Dictionary& dictionary() const { return dictionary_; }
    // Nullptr if there is none of that id.
    [[nodiscard]] const RemoteEntry* find_remote(std::uint32_t id) const;
    // False until a keyframe came, and after a frame is missing until the next one: stats() is then as it
    // was.
    [[nodiscard]] bool is_current() const { return is_current_; }
    // Counters since the start. Its connections are those of the last frame; connections() has all.
    [[nodiscard]] const Stats& stats() const { return stats_; }
    // Those that are open.
    [[nodiscard]] const std::map<ConnectionKey, Connection>& connections() const { return connections_; }
    // The last ones that were closed, oldest first.
    [[nodiscard]] const std::deque<Connection>& closed() const { return closed_; }
    [[nodiscard]] const std::map<HistogramKey, HistogramEntry>& histograms() const { return histograms_; }
    [[nodiscard]] const Conditions& conditions() const { return conditions_; }
    [[nodiscard]] const std::optional<World>& world() const { return world_; }
    // The last ones, oldest first.
    [[nodiscard]] const std::deque<Note>& notes() const { return notes_; }
    // Stats frames that were passed over because one before them was missing.
    [[nodiscard]] std::uint64_t missed() const { return missed_; }

  private:
    void on(const Hello& frame);
    void on(const Dictionary& frame) { dictionary_ = frame; }
    void on(const ConnectionChange& frame);
    void on(const Stats& frame);
    void on(const Histograms& frame);
    void on(const Conditions& frame) { conditions_ = frame; }
    void on(const Note& frame);
    void on(const World& frame) { world_ = frame; }
    // Samples, results and pongs are for whoever asked.
    template <class Other>
    void on(const Other& /*frame*/) {}

    Hello hello_;
    Dictionary dictionary_;
    Stats stats_;
    bool is_current_ = false;
    std::uint64_t missed_ = 0;
    std::map<ConnectionKey, Connection> connections_;
    std::deque<Connection> closed_;
    std::map<HistogramKey, HistogramEntry> histograms_;
    Conditions conditions_;
    std::optional<World> world_;
    std::deque<Note> notes_;
};

}  // namespace squall::recorder
