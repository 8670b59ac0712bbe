#include "gui/data/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <ranges>

#include "gui/data/baseline.hpp"
#include "gui/data/format.hpp"

namespace squall::gui {
namespace {

using recorder::Direction;
using recorder::HistogramKind;

// Above so many rows, remotes have the newest values only and no history.
constexpr std::size_t kRemoteRowsMax = 8192;
constexpr std::size_t kResultsMax = 256;
constexpr std::size_t kWorldEntitiesMax = 400'000;  // in all worlds kept
// A client that leaves says so several times, because nobody answers: all but the first come from somebody
// who is no longer known. No more than so many of each, and no longer than this after the last one left.
constexpr double kGoodbyesEach = 12;
constexpr std::int64_t kGoodbyesLast = 3'000'000'000;
constexpr std::string_view kUnknownSender = "unknown sender";

std::int64_t nanoseconds(TimePoint at) {
    return at.time_since_epoch().count();
}

std::uint64_t total(const auto& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

double percent_of(double part, double whole) {
    return whole > 0 ? 100 * part / whole : 0;
}

// "0ms", "0%", "unlimited": as if it were not there.
bool is_nothing(const std::string& value) {
    return value.empty() || value == "unlimited" || value.find_first_not_of("0.mnush%") == std::string::npos;
}

// One line of what is simulated; groups are named where they differ.
std::string label_of(const std::vector<recorder::LinkCondition>& links) {
    std::string label;
    std::vector<std::string> seen;
    for (const recorder::LinkCondition& link : links) {
        std::string settings;
        for (const auto& [name, value] : link.settings)
            if (!is_nothing(value)) settings += (settings.empty() ? "" : ", ") + name + " " + value;
        if (settings.empty() || std::ranges::find(seen, settings) != seen.end()) continue;
        seen.push_back(settings);
        label += (label.empty() ? "" : " · ") + settings;
    }
    return !label.empty() ? label : links.empty() ? "conditions not known" : "no faults";
}

template <class Deque>
void keep_newest(Deque& rows, std::size_t count) {
    while (rows.size() > count) rows.pop_front();
}

}  // namespace

Percentiles::Percentiles()
    : mean(std::numeric_limits<double>::quiet_NaN()),
      p50(std::numeric_limits<double>::quiet_NaN()),
      p95(std::numeric_limits<double>::quiet_NaN()),
      p99(std::numeric_limits<double>::quiet_NaN()) {}

Percentiles percentiles_of(const recorder::HistogramEntry& now, const recorder::HistogramEntry* before) {
    Percentiles out;
    const recorder::HistogramEntry growth = before == nullptr ? now : growth_of(now, *before);
    if (growth.counts.empty()) return out;
    const auto histogram = recorder::to_histogram(growth);
    if (!histogram || histogram->empty()) return out;
    const auto at = [&](std::uint64_t share) {
        return static_cast<double>(histogram->value_at_percentile(percent(share))) / 1e6;
    };
    out.p50 = at(50);
    out.p95 = at(95);
    out.p99 = at(99);
    out.mean = static_cast<double>(histogram->mean()) / 1e6;
    out.count = histogram->count();
    return out;
}

std::uint64_t RemoteRow::stopped() const {
    return total(counters.stopped);
}
std::uint64_t ConnectionRow::bytes_sent() const {
    return total(counters.sent);
}
std::uint64_t ConnectionRow::bytes_received() const {
    return total(counters.received);
}
double ConnectionRow::loss_percent() const {
    const double lost = packets.growth(0);
    const double known = lost + packets.growth(1);
    return known > 0 ? percent_of(lost, known) : std::numeric_limits<double>::quiet_NaN();
}
double ConnectionRow::loss_percent_in_all() const {
    const auto lost = static_cast<double>(counters.packets_lost);
    const double known = lost + static_cast<double>(counters.packets_acked);
    return known > 0 ? percent_of(lost, known) : std::numeric_limits<double>::quiet_NaN();
}

std::string format_client(std::uint64_t client_id) {
    return fmt::format("{:016x}", client_id);
}

std::string Session::causes_of(const RemoteRow& row) const {
    std::vector<std::pair<std::uint64_t, std::uint32_t>> causes;
    for (std::uint32_t i = 0; i < row.counters.stopped.size(); ++i)
        if (row.counters.stopped[i] > 0) causes.emplace_back(row.counters.stopped[i], i);
    std::ranges::stable_sort(causes, std::greater{}, &std::pair<std::uint64_t, std::uint32_t>::first);
    std::string out;
    for (const auto& [count, cause] : causes)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", format_count(count),
                           name_in(state_.hello().outcomes, cause));
    return out;
}

Session::Session() = default;
Session::~Session() = default;

std::string Session::name_in(const std::vector<std::string>& names, std::uint32_t number) {
    return number < names.size() && !names[number].empty() ? names[number] : fmt::format("{}", number);
}

void Session::saw(std::int64_t at) {
    if (!first_at_) {
        first_at_ = at;
        last_at_ = at;
    }
    last_at_ = std::max(last_at_, at);
}

void Session::apply(std::int64_t at, const recorder::ProfileFrame& frame) {
    ++frame_count_;
    state_.apply(frame);
    std::visit([&](const auto& it) { on(at, it); }, frame);
}

const RemoteRow* Session::find_remote(std::uint32_t id, Direction direction) const {
    const auto found = remote_index_.find({id, direction});
    return found == remote_index_.end() ? nullptr : &remotes_[found->second];
}

void Session::set_budgets(BudgetOf budget_of) {
    budget_of_ = std::move(budget_of);
    for (RemoteRow& row : remotes_) tell_budget(row);
}

void Session::tell_budget(RemoteRow& row) const {
    const recorder::RemoteEntry* entry = state_.find_remote(row.id);
    row.budget = budget_of_ ? budget_of_(row.name, row.direction) : 0;
    if (row.budget <= 0 && entry != nullptr) row.budget = static_cast<double>(entry->budget_bytes_per_second);
}

void Session::name_remote(RemoteRow& row) const {
    const recorder::RemoteEntry* entry = state_.find_remote(row.id);
    if (entry == nullptr) {
        row.name =
            row.id == trace::kNoRemote ? std::string(trace::kNoRemoteName) : fmt::format("remote {}", row.id);
        return;
    }
    row.name = entry->name.empty() ? fmt::format("remote {}", row.id) : entry->name;
    row.codec = entry->codec;
    if (row.id == trace::kNoRemote) return;
    row.kind = name_in(state_.hello().remote_kinds, entry->kind);
    row.mode = name_in(state_.hello().channel_modes, entry->mode);
    tell_budget(row);
}

RemoteRow& Session::remote_row(std::uint32_t id, Direction direction) {
    const auto found = remote_index_.find({id, direction});
    if (found != remote_index_.end()) return remotes_[found->second];
    remote_index_.emplace(std::pair(id, direction), remotes_.size());
    RemoteRow& row = remotes_.emplace_back();
    row.id = id;
    row.direction = direction;
    name_remote(row);
    return row;
}

void Session::on(std::int64_t /*at*/, const recorder::Dictionary& /*frame*/) {
    for (RemoteRow& row : remotes_) name_remote(row);
}

ConnectionRow* Session::connection_row(std::uint32_t source, ConnectionId id, std::int64_t at) {
    const auto found = connection_index_.find({source, id});
    if (found != connection_index_.end()) return found->second;
    if (open_connections_ >= kConnectionsMax) return nullptr;
    ConnectionRow* row = connections_.emplace_back(std::make_unique<ConnectionRow>()).get();
    connection_index_.emplace(std::pair(source, id), row);
    row->source = source;
    row->id = id;
    row->opened_at = at;
    ++open_connections_;
    return row;
}

void Session::on(std::int64_t /*at*/, const recorder::ConnectionChange& frame) {
    const std::int64_t at = nanoseconds(frame.at);
    saw(at);
    ConnectionRow* row = connection_row(frame.source, frame.connection, at);
    if (row == nullptr) return;
    if (frame.client_id != 0) row->client_id = frame.client_id;
    if (!frame.address.empty()) row->address = frame.address;
    if (frame.is_open) {
        row->suite = name_in(state_.hello().suites, frame.suite);
        row->opened_at = at;
        return;
    }
    if (!row->is_open) return;
    row->is_open = false;
    row->closed_at = at;
    row->reason = name_in(state_.hello().disconnect_reasons, frame.reason);
    connection_index_.erase({frame.source, frame.connection});
    --open_connections_;
    ++closed_connections_;
    drop_old_closed();
}

// In batches, so that the models that show them seldom start over.
void Session::drop_old_closed() {
    if (closed_connections_ <= kClosedMax + kClosedMax / 4) return;
    std::size_t surplus = closed_connections_ - kClosedMax;
    closed_connections_ = kClosedMax;
    const auto goes = [&](const auto& row) { return !row->is_open && surplus > 0 && surplus-- > 0; };
    std::vector<std::unique_ptr<ConnectionRow>> kept;
    for (auto& row : connections_) (goes(row) ? retired_ : kept).push_back(std::move(row));
    connections_ = std::move(kept);
    ++connections_revision_;
}

void Session::on(std::int64_t /*at*/, const recorder::Stats& frame) {
    const std::int64_t at = nanoseconds(frame.at);
    saw(at);
    if (!state_.is_current()) return;
    update_remotes(at);
    update_connections(at, frame);
    update_totals(at);
}

void Session::update_remotes(std::int64_t at) {
    for (const recorder::RemoteStats& stats : state_.stats().remotes) {
        RemoteRow& row = remote_row(stats.remote, stats.direction);
        row.counters = stats.counters;
        const auto& counters = stats.counters;
        row.rates.add(
            at, {counters.messages, counters.payload, counters.framing,
                 counters.retransmission + counters.early_repeat, counters.headers, counters.on_wire()});
        if (remotes_.size() > kRemoteRowsMax) continue;
        row.wire_rate.append(at, row.rates.newest(RemoteRow::on_wire));
        row.message_rate.append(at, row.rates.newest(RemoteRow::messages));
    }
}

void Session::update_connections(std::int64_t at, const recorder::Stats& frame) {
    for (const recorder::ConnectionStats& stats : frame.connections) {
        const auto known = state_.connections().find({stats.source, stats.connection});
        if (known == state_.connections().end()) continue;
        ConnectionRow* row = connection_row(stats.source, stats.connection, at);
        if (row == nullptr) continue;
        const auto& counters = known->second.counters;
        row->counters = counters;
        row->rates.add(at, {total(counters.sent), total(counters.received)});
        row->packets.add(at, {counters.packets_lost, counters.packets_acked});
        row->rtt.append(at, static_cast<double>(counters.rtt_smoothed) / 1e6);
        if (const double percent = row->loss_percent(); !std::isnan(percent)) row->loss.append(at, percent);
        row->rate.append(at,
                         row->rates.newest(ConnectionRow::sent) + row->rates.newest(ConnectionRow::received));
    }
}

void Session::update_totals(std::int64_t at) {
    const auto& endpoint = state_.stats().endpoint;
    const auto& process = state_.stats().process;
    total_rates_.add(at, {endpoint.bytes_sent, endpoint.bytes_received, endpoint.datagrams_sent,
                          endpoint.datagrams_received, endpoint.packets_acked, endpoint.packets_lost,
                          total(state_.stats().refusals.refused), process.cpu_time});
    std::uint64_t resent = 0;
    for (const recorder::RemoteStats& stats : state_.stats().remotes)
        if (stats.direction == Direction::outbound)
            resent += stats.counters.retransmission + stats.counters.early_repeat;
    process_rates_.add(at, {process.ticks, process.tick_time, resent, endpoint.bytes_sent});

    totals_.sent.append(at, total_rates_.newest(sent));
    totals_.received.append(at, total_rates_.newest(received));
    totals_.datagrams_sent.append(at, total_rates_.newest(datagrams_sent));
    totals_.datagrams_received.append(at, total_rates_.newest(datagrams_received));
    const double lost_rate = total_rates_.per_second(lost);
    totals_.loss.append(at, percent_of(lost_rate, lost_rate + total_rates_.per_second(acked)));
    totals_.retransmitted.append(at, percent_of(process_rates_.per_second(2), process_rates_.per_second(3)));
    totals_.packets_lost.append(at, total_rates_.newest_growth(lost));
    totals_.packets_acked.append(at, total_rates_.newest_growth(acked));
    totals_.refused.append(at, total_rates_.newest(refused));
    const auto& causes = state_.hello().refusal_causes;
    const auto unknown = static_cast<std::size_t>(std::ranges::find(causes, kUnknownSender) - causes.begin());
    const auto& refusals = state_.stats().refusals.refused;
    farewells_.add(at, {unknown < std::min(causes.size(), refusals.size()) ? refusals[unknown] : 0,
                        endpoint.connections_closed});
    totals_.unexpected.append(
        at, total_rates_.newest_growth(refused) - expected_goodbyes(at, farewells_.newest_growth(0)));
    totals_.cpu.append(at, total_rates_.per_second(cpu) / 1e9 * 100);
    totals_.memory.append(at, static_cast<double>(process.memory_bytes));
    totals_.connections.append(at, static_cast<double>(open_connections_));
    // Mean and percentiles are of the same ticks, where there are percentiles.
    if (process_rates_.newest(0) > 0 && process.tick_time > 0 && !has_tick_histogram_)
        totals_.tick_mean.append(at, process_rates_.newest(1) / process_rates_.newest(0) / 1e6);
    double messages = 0;
    for (const RemoteRow& row : remotes_) messages += row.rates.newest(RemoteRow::messages);
    totals_.messages.append(at, messages);
}

// Of so many datagrams of unknown senders, those that are goodbyes.
double Session::expected_goodbyes(std::int64_t at, double grown) {
    if (const double closed = farewells_.newest_growth(1); closed > 0) {
        goodbyes_allowed_ += closed * kGoodbyesEach;
        closed_at_ = at;
    } else if (at - closed_at_ > kGoodbyesLast) {
        goodbyes_allowed_ = 0;
    }
    const double expected = std::min(grown, goodbyes_allowed_);
    goodbyes_allowed_ -= expected;
    goodbyes_ += static_cast<std::uint64_t>(expected);
    return expected;
}

trace::RefusalCounters Session::unexpected_refusals() const {
    trace::RefusalCounters out = state_.stats().refusals;
    const auto& causes = state_.hello().refusal_causes;
    for (std::size_t i = 0; i < std::min(causes.size(), out.refused.size()); ++i)
        if (causes[i] == kUnknownSender) out.refused[i] -= std::min(out.refused[i], goodbyes_);
    return out;
}

double Session::loss_percent(std::int64_t begin, std::int64_t end, double least) const {
    const double gone = totals_.packets_lost.sum(begin, end);
    const double known = gone + totals_.packets_acked.sum(begin, end);
    return known < least ? std::numeric_limits<double>::quiet_NaN() : percent_of(gone, known);
}

void Session::on(std::int64_t /*at*/, const recorder::Histograms& frame) {
    const std::int64_t at = nanoseconds(frame.at);
    saw(at);
    for (const recorder::HistogramEntry& entry : frame.entries) {
        const auto key = std::pair(entry.kind, entry.remote);
        const auto before = histograms_.find(key);
        const recorder::HistogramEntry* previous = before == histograms_.end() ? nullptr : &before->second;
        if (entry.kind == HistogramKind::connection_rtt || entry.kind == HistogramKind::tick) {
            const Percentiles recent = percentiles_of(entry, previous);
            if (recent.count > 0 && entry.kind == HistogramKind::connection_rtt) {
                totals_.rtt_p50.append(at, recent.p50);
                totals_.rtt_p95.append(at, recent.p95);
                totals_.rtt_p99.append(at, recent.p99);
            } else if (recent.count > 0 && recent.mean > 0) {
                has_tick_histogram_ = true;
                totals_.tick_mean.append(at, recent.mean);
                totals_.tick_p99.append(at, recent.p99);
            }
            histograms_.insert_or_assign(key, entry);
            continue;
        }
        // What is queued, wired and answered was sent; what is handled was received.
        const Direction direction =
            entry.kind == HistogramKind::handler ? Direction::inbound : Direction::outbound;
        RemoteRow& row = remote_row(entry.remote, direction);
        Percentiles& place = entry.kind == HistogramKind::queue     ? row.queue
                             : entry.kind == HistogramKind::wire    ? row.wire
                             : entry.kind == HistogramKind::handler ? row.handler
                                                                    : row.call;
        place = percentiles_of(entry);
    }
}

void Session::on(std::int64_t /*at*/, const recorder::Samples& frame) {
    samples_dropped_ += frame.dropped;
    for (const recorder::Sample& sample : frame.samples) {
        saw(nanoseconds(sample.at));
        samples_.push_back(sample);
        ++samples_total_;
    }
    keep_newest(samples_, kSamplesMax);
}

void Session::on(std::int64_t /*at*/, const recorder::Conditions& frame) {
    const std::int64_t at = nanoseconds(frame.at);
    saw(at);
    if (!spans_.empty()) {
        // Told again with nothing changed, as after attaching.
        if (spans_.back().links == frame.links) return;
        spans_.back().range.end = at;
    }
    spans_.push_back({{at, std::numeric_limits<std::int64_t>::max()}, frame.links, label_of(frame.links)});
    keep_newest(spans_, kSpansMax);
}

void Session::on(std::int64_t /*at*/, const recorder::Note& frame) {
    const std::int64_t at = nanoseconds(frame.at);
    saw(at);
    notes_.push_back({at, frame.kind, frame.text});
    keep_newest(notes_, kNotesMax);
}

void Session::on(std::int64_t /*at*/, const recorder::World& frame) {
    saw(nanoseconds(frame.at));
    worlds_.push_back(frame);
    const std::size_t each = std::max<std::size_t>(1, frame.entities.size() + frame.sees.size());
    keep_newest(worlds_, std::clamp<std::size_t>(kWorldEntitiesMax / each, 2, kWorldsMax));
}

void Session::on(std::int64_t /*at*/, const recorder::CommandResult& frame) {
    results_.push_back(frame);
    if (results_.size() > kResultsMax) results_.erase(results_.begin());
}

const recorder::World* Session::world_at(std::int64_t at) const {
    const recorder::World* newest = nullptr;
    for (const recorder::World& world : worlds_ | std::views::reverse) {
        newest = &world;
        if (nanoseconds(world.at) <= at) return newest;
    }
    return nullptr;
}

Session::Ledger Session::ledger() const {
    Ledger ledger;
    for (const recorder::RemoteStats& stats : state_.stats().remotes)
        if (stats.direction == Direction::outbound) ledger.remotes += stats.counters.on_wire();
    ledger.overhead = total(state_.stats().endpoint.overhead_sent);
    ledger.socket = state_.stats().endpoint.bytes_sent;
    return ledger;
}

}  // namespace squall::gui
