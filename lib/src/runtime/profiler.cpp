#include "squall/runtime/profiler.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "squall/recorder/packet_view.hpp"
#include "squall/recorder/profile_codec.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall {
namespace {

using recorder::ConnectionChange;
using recorder::HistogramKind;
using trace::EventKind;

// Histograms and the dictionary every tenth round.
constexpr std::uint64_t kSlowRounds = 10;
constexpr std::size_t kHistogramsPerFrame = 256;
// Of netcode and its extensions, by number.
constexpr std::uint8_t kPacketTypes = 14;
// Bytes of messages that fit into one frame of samples with room to spare.
constexpr std::size_t kMaxSampleFrameBytes = recorder::kMaxFrameBytes / 2;

template <class Enumeration>
std::vector<std::string> names_of(std::size_t count) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < count; ++i) out.emplace_back(to_string(static_cast<Enumeration>(i)));
    return out;
}

std::string cut(std::string text) {
    if (text.size() > recorder::kMaxTextBytes) text.resize(recorder::kMaxTextBytes);
    return text;
}

trace::ConnectionCounters counters_of(const ConnectionStatistics& from) {
    static_assert(kByteCauseCount <= trace::kMaxByteCauses);
    trace::ConnectionCounters out;
    std::ranges::copy(from.sent.bytes, out.sent.begin());
    std::ranges::copy(from.received.bytes, out.received.begin());
    const auto nanoseconds = [](Duration span) {
        return static_cast<std::uint64_t>(std::max<std::int64_t>(span.count(), 0));
    };
    out.packets_sent = from.packets_sent;
    out.packets_received = from.packets_received;
    out.packets_acked = from.packets_acked;
    out.packets_lost = from.packets_lost;
    out.packets_spuriously_lost = from.packets_spuriously_lost;
    out.packets_reordered = from.packets_reordered;
    out.path_changes = from.path_changes;
    out.rtt_latest = nanoseconds(from.rtt_latest);
    out.rtt_smoothed = nanoseconds(from.rtt_smoothed);
    out.rtt_variation = nanoseconds(from.rtt_variation);
    out.rtt_minimum = nanoseconds(from.rtt_minimum);
    out.send_rate = from.send_rate.bits_per_second;
    out.bytes_in_flight = from.bytes_in_flight;
    out.bytes_queued = from.bytes_queued;
    return out;
}

}  // namespace

ProcessUsage process_usage() {
    ProcessUsage out;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto span = [](const timeval& time) {
            return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
        };
        out.cpu_time = span(usage.ru_utime) + span(usage.ru_stime);
    }
    if (std::FILE* const file = std::fopen("/proc/self/statm", "re")) {
        unsigned long long size = 0;
        unsigned long long resident = 0;
        if (std::fscanf(file, "%llu %llu", &size, &resident) == 2)
            out.memory_bytes = resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        (void)std::fclose(file);
    }
    return out;
}

recorder::Hello profile_hello(std::string name) {
    static_assert(remotes::kOutcomeCount <= trace::kMaxOutcomes &&
                  kRefusalCauseCount <= trace::kMaxRefusalCauses);
    recorder::Hello out;
    out.streams = recorder::kAllStreams;
    out.name = cut(std::move(name));
    out.process = static_cast<std::uint64_t>(getpid());
    out.remote_kinds = names_of<remotes::RemoteKind>(static_cast<std::size_t>(remotes::kLastRemoteKind) + 1);
    out.channel_modes = names_of<ChannelMode>(4);
    out.outcomes = names_of<remotes::Outcome>(remotes::kOutcomeCount);
    out.byte_causes = names_of<ByteCause>(kByteCauseCount);
    for (std::uint8_t type = 0; type < kPacketTypes; ++type)
        out.packet_types.emplace_back(recorder::packet_type_name(type));
    out.refusal_causes = names_of<RefusalCause>(kRefusalCauseCount);
    out.disconnect_reasons =
        names_of<DisconnectReason>(static_cast<std::size_t>(DisconnectReason::reserved_slot_expired) + 1);
    out.suites = names_of<Suite>(kSuiteCount);
    return out;
}

Profiler::Profiler(ProfilerConfig config)
    : config_(std::move(config)),
      account_(config_.account),
      hello_(profile_hello(config_.name)),
      stats_frame_(recorder::Stats{}) {
    hello_.build = cut(config_.build);
    hello_.at = config_.at;
    hello_.wall_time = config_.wall_time;
    dictionary_.remotes = {{.id = trace::kNoRemote, .name = std::string(trace::kNoRemoteName)}};
}

// --- what is watched

void Profiler::watch(std::uint32_t source, const ServerEndpoint& endpoint) {
    watched_[source] = {&endpoint, &endpoint};
}
void Profiler::watch(std::uint32_t source, const ClientEndpoint& endpoint) {
    watched_[source] = {&endpoint, nullptr};
}
void Profiler::unwatch(std::uint32_t source) {
    watched_.erase(source);
}

void Profiler::set_budget(const std::string& remote, std::uint64_t bytes_per_second) {
    budgets_[remote] = bytes_per_second;
    has_new_budgets_ = true;
}

void Profiler::add(ProfileOutput& output) {
    outputs_.push_back(&output);
    output.on_frame(hello_);
    output.on_frame(dictionary_);
    // Before the first round there is no time yet but the one that was given.
    const TimePoint now = std::max(next_round_, config_.at);
    for (const auto& [key, open] : open_)
        if (open.is_told) output.on_frame(opened(now, key, open));
    output.on_frame(recorder::Conditions{now, conditions_});
}
void Profiler::remove(ProfileOutput& output) {
    std::erase(outputs_, &output);
}

void Profiler::emit(const recorder::ProfileFrame& frame) {
    for (ProfileOutput* const output : outputs_) output->on_frame(frame);
}

// --- what the application tells

void Profiler::note(TimePoint now, recorder::NoteKind kind, std::string text) {
    emit(recorder::Note{now, kind, cut(std::move(text))});
}

void Profiler::set_conditions(TimePoint now, std::vector<recorder::LinkCondition> links) {
    conditions_ = std::move(links);
    emit(recorder::Conditions{now, conditions_});
}

// --- what happens

void Profiler::on_event(const trace::Event& event) {
    account_.on_event(event);
    switch (event.kind) {
        case EventKind::connection_connected:
            open_[{event.source, event.connection}] = {event.id, false};
            return;
        case EventKind::connection_disconnected: {
            const auto place = open_.find({event.source, event.connection});
            if (place == open_.end()) return;
            if (!place->second.is_told) changes_.push_back(opened(event.at, place->first, place->second));
            changes_.push_back({.at = event.at,
                                .is_open = false,
                                .source = event.source,
                                .connection = event.connection,
                                .client_id = place->second.client_id,
                                .reason = event.detail});
            open_.erase(place);
            return;
        }
        case EventKind::message_sent:
        case EventKind::remote_received:
            if (sample_allowance_ != 0) sample(event);
            return;
        case EventKind::mark:
            note(event.at, recorder::NoteKind::mark, std::string(as_text(event.payload)));
            return;
        default: return;
    }
}

void Profiler::sample(const trace::Event& event) {
    const bool is_sent = event.kind == EventKind::message_sent;
    // Only what is sent for the first time; of fragments, each.
    if (is_sent && event.detail % 256 != 0) return;
    const auto remote =
        is_sent ? event.detail / 256
                : static_cast<std::uint32_t>(std::min<std::uint64_t>(event.id, recorder::kMaxRemoteId));
    if (!samples_all_ && !std::ranges::binary_search(wants_.sampled_remotes, remote)) return;
    if (samples_.samples.size() >= sample_allowance_) {
        ++samples_.dropped;
        ++samples_dropped_;
        return;
    }
    recorder::Sample& out = samples_.samples.emplace_back();
    out.at = event.at;
    out.source = event.source;
    out.connection = event.connection;
    out.remote = remote;
    out.direction = is_sent ? recorder::Direction::outbound : recorder::Direction::inbound;
    out.outcome = is_sent ? 0 : event.detail;
    out.message = is_sent ? event.id : 0;
    out.bytes = static_cast<std::uint32_t>(event.payload.size());
    const Bytes kept = event.payload.first(std::min(event.payload.size(), recorder::kMaxSamplePayload));
    out.payload.assign(kept.begin(), kept.end());
}

// --- a round

void Profiler::handle_timeout(TimePoint now) {
    if (now < next_round_) return;
    next_round_ =
        now - next_round_ > config_.interval ? now + config_.interval : next_round_ + config_.interval;
    gather_wants();
    run_commands(now);
    tell(now);
    if (rounds_ % kSlowRounds == 0) tell_histograms(now);
    tell_samples();
    if (make_world_ && (wants_.streams & bit(recorder::Stream::world)) != 0)
        if (const auto world = make_world_(now, wants_.viewpoint)) emit(*world);
    ++rounds_;
}

void Profiler::tell(TimePoint now) {
    tell_dictionary();
    tell_connections(now);
    snapshot(now, std::get<recorder::Stats>(stats_frame_));
    emit(stats_frame_);
}

void Profiler::tell_now(TimePoint now) {
    tell(now);
    tell_histograms(now);
    tell_samples();
}

void Profiler::gather_wants() {
    wants_ = {};
    samples_all_ = false;
    for (ProfileOutput* const output : outputs_) {
        const ProfileWants wants = output->wants();
        wants_.streams |= wants.streams;
        if ((wants.streams & bit(recorder::Stream::samples)) != 0) {
            samples_all_ = samples_all_ || wants.sampled_remotes.empty();
            wants_.sampled_remotes.insert(wants_.sampled_remotes.end(), wants.sampled_remotes.begin(),
                                          wants.sampled_remotes.end());
            wants_.samples_per_second = std::max(wants_.samples_per_second, wants.samples_per_second);
        }
        if (wants.viewpoint.is_valid()) wants_.viewpoint = wants.viewpoint;
    }
    std::ranges::sort(wants_.sampled_remotes);
    // What a round may have, rounded up.
    const auto rounds_per_second =
        static_cast<std::uint32_t>(std::max<std::int64_t>(1, std::chrono::seconds(1) / config_.interval));
    const auto allowed = wants_.samples_per_second / rounds_per_second +
                         (wants_.samples_per_second % rounds_per_second != 0 ? 1U : 0U);
    sample_allowance_ = static_cast<std::uint32_t>(std::min<std::size_t>(allowed, config_.max_samples));
}

void Profiler::tell_dictionary() {
    if (registry_ == nullptr || (rounds_ % kSlowRounds != 0 && dictionary_.remotes.size() > 1)) return;
    const auto remotes = registry_->remotes();
    if (dictionary_.remotes.size() == remotes.size() + 1 && !has_new_budgets_) return;
    dictionary_.remotes = {{.id = trace::kNoRemote, .name = std::string(trace::kNoRemoteName)}};
    for (const remotes::Remote* const remote : remotes) {
        const auto budget = budgets_.find(remote->info().name);
        dictionary_.remotes.push_back(
            {.id = remote->info().index + 1,
             .name = cut(remote->info().name),
             .kind = static_cast<std::uint32_t>(remote->info().kind),
             .mode = static_cast<std::uint32_t>(remote->info().mode),
             .codec = std::string(remote->codec().name()),
             .budget_bytes_per_second = budget == budgets_.end() ? 0 : budget->second});
    }
    // Numbers are final once the first peer came; until then the order may change.
    std::ranges::sort(dictionary_.remotes, {}, &recorder::RemoteEntry::id);
    const auto twice = std::ranges::adjacent_find(dictionary_.remotes, {}, &recorder::RemoteEntry::id);
    if (twice != dictionary_.remotes.end()) {
        dictionary_.remotes.resize(1);
        return;
    }
    has_new_budgets_ = false;
    emit(dictionary_);
}

ConnectionChange Profiler::opened(TimePoint now, const ConnectionKey& key, const Open& open) const {
    ConnectionChange out{.at = now,
                         .is_open = true,
                         .source = key.first,
                         .connection = key.second,
                         .client_id = open.client_id};
    const auto place = watched_.find(key.first);
    if (place == watched_.end() || place->second.server == nullptr) return out;
    if (const auto address = place->second.server->peer(key.second)) out.address = to_string(*address);
    if (const auto suite = place->second.server->suite(key.second))
        out.suite = static_cast<std::uint32_t>(*suite);
    return out;
}

void Profiler::tell_connections(TimePoint now) {
    // Those that ended are told before those that came since, as their slots may be the same.
    for (const ConnectionChange& change : changes_) emit(change);
    changes_.clear();
    for (auto& [key, open] : open_) {
        if (std::exchange(open.is_told, true)) continue;
        emit(opened(now, key, open));
    }
}

void Profiler::snapshot(TimePoint now, recorder::Stats& out) {
    out.at = now;
    out.is_keyframe = true;
    out.sequence = ++sequence_;
    out.remotes.clear();
    const trace::RemoteCounters none;
    for (std::uint32_t remote = 0; remote < account_.remote_count(); ++remote) {
        if (account_.inbound(remote) != none)
            out.remotes.push_back({remote, recorder::Direction::inbound, account_.inbound(remote)});
        if (account_.outbound(remote) != none)
            out.remotes.push_back({remote, recorder::Direction::outbound, account_.outbound(remote)});
    }
    fill_connections(out);
    out.endpoint = account_.endpoint();
    out.refusals = account_.refusals();
    // Where packets are not traced, only the endpoints know what they refused.
    if (!watched_.empty()) {
        out.refusals = {};
        for (const auto& [source, watched] : watched_) {
            const EndpointStatistics& statistics = watched.endpoint->statistics();
            for (std::size_t i = 0; i < statistics.refused.size(); ++i)
                out.refusals.refused[i] += statistics.refused[i];
        }
    }
    out.process = {.ticks = account_.ticks(),
                   .tick_time = account_.tick_nanoseconds(),
                   .tick_budget = static_cast<std::uint64_t>(config_.tick_budget.count()),
                   .recorded_bytes = recorded_bytes_,
                   .recorder_dropped = recorder_dropped_,
                   .samples_dropped = samples_dropped_};
    if (config_.usage) {
        const ProcessUsage usage = config_.usage();
        out.process.cpu_time = static_cast<std::uint64_t>(usage.cpu_time.count());
        out.process.memory_bytes = usage.memory_bytes;
    }
}

void Profiler::fill_connections(recorder::Stats& out) {
    out.connections.clear();
    auto place = last_told_ ? open_.upper_bound(*last_told_) : open_.begin();
    const std::size_t count = std::min(config_.connections_per_round, open_.size());
    for (std::size_t i = 0; i < count; ++i, ++place) {
        if (place == open_.end()) place = open_.begin();
        last_told_ = place->first;
        const auto watched = watched_.find(place->first.first);
        if (watched == watched_.end()) continue;
        if (const auto statistics = watched->second.endpoint->statistics(place->first.second))
            out.connections.push_back({place->first.first, place->first.second, counters_of(*statistics)});
    }
    if (count == open_.size()) last_told_.reset();
    std::ranges::sort(out.connections, {}, [](const recorder::ConnectionStats& entry) {
        return std::pair(entry.source, entry.connection);
    });
}

void Profiler::tell_histograms(TimePoint now) {
    recorder::Histograms out{.at = now};
    const auto add = [&](HistogramKind kind, std::uint32_t remote, const trace::Histogram* histogram) {
        if (histogram == nullptr || histogram->empty()) return;
        auto& told = told_histograms_[{kind, remote}];
        if (std::exchange(told, histogram->count()) == histogram->count()) return;
        out.entries.push_back(recorder::to_entry(kind, remote, *histogram));
        if (out.entries.size() < kHistogramsPerFrame) return;
        emit(out);
        out.entries.clear();
    };
    add(HistogramKind::connection_rtt, 0, &account_.round_trips());
    add(HistogramKind::tick, 0, &account_.tick_times());
    for (std::uint32_t remote = 0; remote < account_.remote_count(); ++remote) {
        add(HistogramKind::queue, remote, account_.time_of(trace::Account::Time::queue, remote));
        add(HistogramKind::wire, remote, account_.time_of(trace::Account::Time::wire, remote));
        add(HistogramKind::handler, remote, account_.time_of(trace::Account::Time::handler, remote));
        add(HistogramKind::call, remote, account_.time_of(trace::Account::Time::call, remote));
    }
    if (!out.entries.empty()) emit(out);
}

void Profiler::tell_samples() {
    if (samples_.samples.empty() && samples_.dropped == 0) return;
    static_assert(200 * (recorder::kMaxSamplePayload + 64) < kMaxSampleFrameBytes);
    emit(samples_);
    samples_.samples.clear();
    samples_.dropped = 0;
}

void Profiler::run_commands(TimePoint now) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        ProfileOutput* const output = outputs_[i];
        while (const auto command = output->poll_command()) {
            const auto result = run(now, *command);
            output->on_result(
                {command->id, result.has_value(), cut(result ? *result : result.error().message)});
        }
    }
}

Result<std::string> Profiler::run(TimePoint now, const recorder::Command& command) {
    if (command.verb == "mark") {
        const std::string* const text = command.find("text");
        note(now, recorder::NoteKind::mark, text == nullptr ? "mark" : *text);
        return "marked";
    }
    if (!on_command_)
        return fail(ErrorCode::unsupported, "'" + command.verb + "' is not known here; only 'mark' is");
    return on_command_(now, command);
}

}  // namespace squall
