// What the profiler knows of one process or recording: the newest of everything, rates over the last second,
// and history in bounded memory. Fed with profile frames in order, from a socket or a file alike. Knows no
// Qt, no socket and no file.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gui/data/scale.hpp"
#include "gui/data/series.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall::gui {

// The growth of a few counters over the last seconds.
template <std::size_t N, std::int64_t Seconds = 1>
class RateWindow {
  public:
    using Values = std::array<std::uint64_t, N>;
    static constexpr std::int64_t kLength = Seconds * 1'000'000'000;

    void add(std::int64_t at, const Values& values) {
        if (!entries_.empty() && at <= entries_.back().first) return;
        entries_.emplace_back(at, values);
        // One entry older than the window stays: growth is counted from it.
        while (entries_.size() > 2 && at - entries_[1].first >= kLength) entries_.pop_front();
        if (entries_.size() > kEntriesMax) entries_.pop_front();
    }
    // Of value `index`, a second; 0 with less than two entries.
    [[nodiscard]] double per_second(std::size_t index) const {
        return entries_.size() < 2 ? 0 : between(entries_.front(), entries_.back(), index);
    }
    // In the whole window.
    [[nodiscard]] double growth(std::size_t index) const {
        return entries_.size() < 2 ? 0 : grown(entries_.front(), entries_.back(), index);
    }
    // Over the newest step only.
    [[nodiscard]] double newest_growth(std::size_t index) const {
        return entries_.size() < 2 ? 0 : grown(entries_[entries_.size() - 2], entries_.back(), index);
    }
    // Over the newest step only, a second.
    [[nodiscard]] double newest(std::size_t index) const {
        return entries_.size() < 2 ? 0 : between(entries_[entries_.size() - 2], entries_.back(), index);
    }

  private:
    static constexpr std::size_t kEntriesMax = 64;
    using Entry = std::pair<std::int64_t, Values>;
    static double grown(const Entry& from, const Entry& to, std::size_t index) {
        const auto growth = static_cast<std::int64_t>(to.second[index] - from.second[index]);
        return growth <= 0 ? 0 : static_cast<double>(growth);
    }
    static double between(const Entry& from, const Entry& to, std::size_t index) {
        return grown(from, to, index) * 1e9 / static_cast<double>(to.first - from.first);
    }
    std::deque<Entry> entries_;
};

// Client ids are 64 random bits: as hexadecimal digits, all of them, as inspect writes them.
[[nodiscard]] std::string format_client(std::uint64_t client_id);

// Of a histogram, in milliseconds; NaN where nothing was measured.
struct Percentiles {
    double mean;
    double p50;
    double p95;
    double p99;
    std::uint64_t count = 0;
    Percentiles();
};
// Of what `now` has more than `before` (null: all of it).
[[nodiscard]] Percentiles percentiles_of(const recorder::HistogramEntry& now,
                                         const recorder::HistogramEntry* before = nullptr);

// One remote in one direction.
struct RemoteRow {
    enum Counter : std::size_t { messages, payload, framing, resent, headers, on_wire, counter_count };

    std::uint32_t id = 0;
    recorder::Direction direction{};
    std::string name;
    std::string kind;
    std::string mode;
    std::string codec;
    double budget = 0;  // bytes a second; 0: none
    trace::RemoteCounters counters{};
    RateWindow<counter_count> rates;
    Percentiles queue;
    Percentiles wire;
    Percentiles handler;
    Percentiles call;
    Series wire_rate{1200};     // bytes a second on the wire
    Series message_rate{1200};  // a second

    [[nodiscard]] std::uint64_t stopped() const;
    [[nodiscard]] bool is_over_budget() const { return budget > 0 && rates.per_second(on_wire) > budget; }
};

struct ConnectionRow {
    enum Counter : std::size_t { sent, received, counter_count };

    std::uint32_t source = 0;
    ConnectionId id{};
    std::uint64_t client_id = 0;
    std::string address;
    std::string suite;
    std::string reason;  // of its end; empty while it is open
    bool is_open = true;
    std::int64_t opened_at = 0;
    std::int64_t closed_at = 0;
    trace::ConnectionCounters counters{};
    RateWindow<counter_count> rates;
    // A client's few packets of one second say little about its loss.
    RateWindow<2, 5> packets;  // lost, acknowledged
    Series rtt{256};           // milliseconds
    Series loss{256};          // percent
    Series rate{256};          // bytes a second, sent and received

    [[nodiscard]] std::uint64_t bytes_sent() const;
    [[nodiscard]] std::uint64_t bytes_received() const;
    // Of the last 5 seconds' packets, those that were declared lost; NaN where there were none.
    [[nodiscard]] double loss_percent() const;
    // Of all its packets.
    [[nodiscard]] double loss_percent_in_all() const;
};

struct NoteRow {
    std::int64_t at = 0;
    recorder::NoteKind kind{};
    std::string text;
};

// Simulated conditions and how long they held.
struct ConditionsSpan {
    TimeRange range;
    std::vector<recorder::LinkCondition> links;
    std::string label;  // one line: "loss 5%, delay 50ms"
};

// History of the whole process.
struct TotalsHistory {
    Series sent{8192};  // bytes a second
    Series received{8192};
    Series datagrams_sent{8192};
    Series datagrams_received{8192};
    Series loss{8192};     // percent
    Series rtt_p50{8192};  // milliseconds
    Series rtt_p95{8192};
    Series rtt_p99{8192};
    Series tick_mean{8192};  // milliseconds
    Series tick_p99{8192};
    Series cpu{8192};  // percent of a core
    Series memory{4096};
    Series connections{4096};
    Series refused{4096};       // datagrams a second
    Series unexpected{4096};    // of those refused, without the goodbyes of clients that just left; how many
    Series packets_lost{8192};  // how many, not how many a second
    Series packets_acked{8192};
    Series messages{8192};       // a second, both directions
    Series retransmitted{8192};  // percent of what was sent
};

class Session {
  public:
    static constexpr std::size_t kConnectionsMax =
        4096;  // open ones with history of their own, and as many closed ones below
    static constexpr std::size_t kClosedMax = 512;
    static constexpr std::size_t kSamplesMax = 20'000;
    static constexpr std::size_t kWorldsMax = 1200;
    static constexpr std::size_t kNotesMax = 5000;
    static constexpr std::size_t kSpansMax = 500;

    Session();
    ~Session();
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;

    // `at`: when the frame was recorded, for frames that carry no time of their own.
    void apply(std::int64_t at, const recorder::ProfileFrame& frame);

    // Budgets of remotes from elsewhere, before those that the process gives: bytes a second, 0 for none.
    using BudgetOf = std::function<double(const std::string& name, recorder::Direction direction)>;
    void set_budgets(BudgetOf budget_of);

    [[nodiscard]] const recorder::ProfileState& state() const { return state_; }
    [[nodiscard]] bool has_data() const { return first_at_.has_value(); }
    // From the first to the newest moment that was told of.
    [[nodiscard]] TimeRange limits() const { return {first_at_.value_or(0), last_at_ + 1}; }
    [[nodiscard]] std::int64_t origin() const { return first_at_.value_or(0); }
    [[nodiscard]] std::uint64_t frame_count() const { return frame_count_; }

    // Rows never move or go, once there; new ones come at the end.
    [[nodiscard]] const std::deque<RemoteRow>& remotes() const { return remotes_; }
    [[nodiscard]] const RemoteRow* find_remote(std::uint32_t id, recorder::Direction direction) const;
    // In the order in which they were first told of. When old closed ones are let go, the revision changes.
    [[nodiscard]] const std::vector<std::unique_ptr<ConnectionRow>>& connections() const {
        return connections_;
    }
    [[nodiscard]] std::uint64_t connections_revision() const { return connections_revision_; }
    // Rows that were let go live on until this is called, so that whoever shows one can look elsewhere first.
    void release_retired() { retired_.clear(); }
    [[nodiscard]] std::size_t open_connections() const { return open_connections_; }
    [[nodiscard]] const TotalsHistory& totals() const { return totals_; }
    [[nodiscard]] const std::deque<NoteRow>& notes() const { return notes_; }
    [[nodiscard]] const std::deque<ConditionsSpan>& conditions() const { return spans_; }
    [[nodiscard]] const std::deque<recorder::Sample>& samples() const { return samples_; }
    [[nodiscard]] std::uint64_t samples_dropped() const { return samples_dropped_; }
    // How many were ever kept: the newest is number total - 1.
    [[nodiscard]] std::uint64_t samples_total() const { return samples_total_; }
    [[nodiscard]] const std::deque<recorder::World>& worlds() const { return worlds_; }
    // The last one not after a time; null if there is none.
    [[nodiscard]] const recorder::World* world_at(std::int64_t at) const;
    [[nodiscard]] const std::vector<recorder::CommandResult>& results() const { return results_; }

    // A name that Hello gave for a number; the number itself where it gave none.
    [[nodiscard]] static std::string name_in(const std::vector<std::string>& names, std::uint32_t number);
    [[nodiscard]] const RateWindow<8>& total_rates() const { return total_rates_; }
    enum Total : std::size_t {
        sent,
        received,
        datagrams_sent,
        datagrams_received,
        acked,
        lost,
        refused,
        cpu
    };

    // What stopped a remote's messages: "2 filtered, 5 over rate", the most frequent first; empty if nothing
    // did.
    [[nodiscard]] std::string causes_of(const RemoteRow& row) const;

    // The ledger of what was sent: all remotes' bytes and the overhead, against the socket's.
    struct Ledger {
        std::uint64_t remotes = 0;
        std::uint64_t overhead = 0;
        std::uint64_t socket = 0;
        [[nodiscard]] std::int64_t difference() const {
            return static_cast<std::int64_t>(socket) - static_cast<std::int64_t>(remotes + overhead);
        }
    };
    [[nodiscard]] Ledger ledger() const;

    // Packets that were lost of those whose fate was known in [begin, end), in percent; NaN where there were
    // fewer than `least`.
    [[nodiscard]] double loss_percent(std::int64_t begin, std::int64_t end, double least = 1) const;
    // By cause, since the start, without goodbyes.
    [[nodiscard]] trace::RefusalCounters unexpected_refusals() const;

  private:
    void on(std::int64_t at, const recorder::Dictionary& frame);
    void on(std::int64_t at, const recorder::ConnectionChange& frame);
    void on(std::int64_t at, const recorder::Stats& frame);
    void on(std::int64_t at, const recorder::Histograms& frame);
    void on(std::int64_t at, const recorder::Samples& frame);
    void on(std::int64_t at, const recorder::Conditions& frame);
    void on(std::int64_t at, const recorder::Note& frame);
    void on(std::int64_t at, const recorder::World& frame);
    void on(std::int64_t at, const recorder::CommandResult& frame);
    template <class Other>
    void on(std::int64_t /*at*/, const Other& /*frame*/) {}

    void saw(std::int64_t at);
    RemoteRow& remote_row(std::uint32_t id, recorder::Direction direction);
    void name_remote(RemoteRow& row) const;
    void tell_budget(RemoteRow& row) const;
    ConnectionRow* connection_row(std::uint32_t source, ConnectionId id, std::int64_t at);
    void update_remotes(std::int64_t at);
    void update_connections(std::int64_t at, const recorder::Stats& frame);
    void update_totals(std::int64_t at);
    void drop_old_closed();
    [[nodiscard]] double expected_goodbyes(std::int64_t at, double grown);

    recorder::ProfileState state_;
    std::optional<std::int64_t> first_at_;
    std::int64_t last_at_ = 0;
    std::uint64_t frame_count_ = 0;
    BudgetOf budget_of_;
    std::deque<RemoteRow> remotes_;
    std::map<std::pair<std::uint32_t, recorder::Direction>, std::size_t> remote_index_;
    std::vector<std::unique_ptr<ConnectionRow>> connections_;
    std::map<std::pair<std::uint32_t, ConnectionId>, ConnectionRow*> connection_index_;
    std::vector<std::unique_ptr<ConnectionRow>> retired_;
    std::uint64_t connections_revision_ = 0;
    std::size_t open_connections_ = 0;
    std::size_t closed_connections_ = 0;
    TotalsHistory totals_;
    RateWindow<8> total_rates_;
    RateWindow<4> process_rates_;  // ticks, tick time, bytes resent, bytes sent
    RateWindow<2> farewells_;      // datagrams of unknown senders, connections closed
    double goodbyes_allowed_ = 0;  // that connections closed lately may still send
    std::uint64_t goodbyes_ = 0;
    std::int64_t closed_at_ = 0;
    bool has_tick_histogram_ = false;
    std::map<std::pair<recorder::HistogramKind, std::uint32_t>, recorder::HistogramEntry> histograms_;
    std::deque<NoteRow> notes_;
    std::deque<ConditionsSpan> spans_;
    std::deque<recorder::Sample> samples_;
    std::uint64_t samples_dropped_ = 0;
    std::uint64_t samples_total_ = 0;
    std::deque<recorder::World> worlds_;
    std::vector<recorder::CommandResult> results_;
};

}  // namespace squall::gui
