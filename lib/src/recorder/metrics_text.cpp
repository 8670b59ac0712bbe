#include "squall/recorder/metrics_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

#include "squall/core/units.hpp"

namespace squall::recorder {
namespace {

constexpr std::string_view kOther = "_OTHER";
// netcode's packet types, as far as the overhead's cause depends on them.
constexpr std::size_t kKeepAlive = 4;
constexpr std::size_t kPayload = 5;
constexpr std::size_t kDisconnect = 6;
constexpr std::size_t kReasonedDisconnect = 8;
constexpr std::size_t kPayloadWithId = 10;

double seconds(std::uint64_t nanoseconds) {
    return static_cast<double>(nanoseconds) / 1e9;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        if (c == '\n') {
            out += "\\n";
        } else {
            out += c;
        }
    }
    return out;
}

std::string name_at(const std::vector<std::string>& names, std::size_t number) {
    return number < names.size() && !names[number].empty() ? names[number] : fmt::format("{}", number);
}

}  // namespace

// The text under construction: families with their head, samples with their labels.
class MetricsText::Page {
  public:
    using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

    void family(std::string_view name, std::string_view type, std::string_view help) {
        name_ = name;
        fmt::format_to(std::back_inserter(out_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
    }
    template <class Number>
    void sample(Labels labels, Number value) {
        sample_as("", labels, value);
    }
    // Cumulative counts up to round limits; the sum is that of the buckets' middles.
    void histogram(Labels labels, const HistogramEntry& entry) {
        static constexpr std::array kLimits = {0.000001, 0.00001, 0.0001, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                               0.05,     0.1,     0.25,   0.5,   1.0,    2.5,   5.0,  10.0};
        const auto decoded = to_histogram(entry);
        if (!decoded) return;
        for (const double limit : kLimits) {
            const std::uint64_t below =
                decoded->count() - decoded->count_above(static_cast<std::uint64_t>(limit * 1e9));
            bucket(labels, fmt::format("{}", limit), below);
        }
        bucket(labels, "+Inf", decoded->count());
        sample_as("_sum", labels,
                  static_cast<double>(decoded->mean()) * static_cast<double>(decoded->count()) / 1e9);
        sample_as("_count", labels, decoded->count());
    }
    [[nodiscard]] std::string take() { return std::move(out_); }

  private:
    template <class Number>
    void sample_as(std::string_view suffix, Labels labels, Number value) {
        fmt::format_to(std::back_inserter(out_), "{}{}", name_, suffix);
        put(labels, {});
        fmt::format_to(std::back_inserter(out_), " {}\n", value);
    }
    void bucket(Labels labels, std::string_view limit, std::uint64_t count) {
        fmt::format_to(std::back_inserter(out_), "{}_bucket", name_);
        put(labels, limit);
        fmt::format_to(std::back_inserter(out_), " {}\n", count);
    }
    void put(Labels labels, std::string_view limit) {
        if (labels.size() == 0 && limit.empty()) return;
        char before = '{';
        for (const auto& [name, value] : labels) {
            fmt::format_to(std::back_inserter(out_), "{}{}=\"{}\"", before, name, escaped(value));
            before = ',';
        }
        if (!limit.empty()) fmt::format_to(std::back_inserter(out_), "{}le=\"{}\"", before, limit);
        out_ += '}';
    }
    std::string out_;
    std::string_view name_;
};

void MetricsText::apply(const ProfileFrame& frame) {
    if (const auto* const change = std::get_if<ConnectionChange>(&frame);
        change != nullptr && !change->is_open)
        ++closed_[change->reason];
    state_.apply(frame);
}

std::string MetricsText::label_of(std::uint32_t remote) const {
    if (remote > config_.max_remotes) return std::string(kOther);
    const RemoteEntry* const entry = state_.find_remote(remote);
    return entry == nullptr ? fmt::format("remote {}", remote) : entry->name;
}

std::string MetricsText::kind_of(std::uint32_t remote) const {
    if (remote > config_.max_remotes) return std::string(kOther);
    const RemoteEntry* const entry = state_.find_remote(remote);
    return entry == nullptr || remote == trace::kNoRemote ? "none"
                                                          : name_at(state_.hello().remote_kinds, entry->kind);
}

std::string MetricsText::render() const {
    Page page;
    page.family("squall_build_info", "gauge", "What runs here; always 1.");
    page.sample({{"name", state_.hello().name}, {"version", state_.hello().build}}, 1);
    connections(page);
    remotes(page);
    overhead(page);
    refusals(page);
    times(page);
    conditions(page);
    process(page);
    return page.take();
}

void MetricsText::connections(Page& page) const {
    const auto& endpoint = state_.stats().endpoint;
    page.family("squall_connections", "gauge", "Connections that are open.");
    page.sample({}, endpoint.connections_opened - endpoint.connections_closed);
    page.family("squall_connections_opened_total", "counter", "Connections since the start.");
    page.sample({}, endpoint.connections_opened);
    page.family("squall_connections_closed_total", "counter", "Connections that ended, by reason.");
    for (const auto& [reason, count] : closed_)
        page.sample({{"reason", name_at(state_.hello().disconnect_reasons, reason)}}, count);
    page.family("squall_wire_bytes_total", "counter", "UDP payload bytes of the socket.");
    page.sample({{"direction", "transmit"}}, endpoint.bytes_sent);
    page.sample({{"direction", "receive"}}, endpoint.bytes_received);
    page.family("squall_packets_total", "counter", "Datagrams of the socket.");
    page.sample({{"direction", "transmit"}}, endpoint.datagrams_sent);
    page.sample({{"direction", "receive"}}, endpoint.datagrams_received);
    page.family("squall_packets_acked_total", "counter", "Packets that peers acknowledged.");
    page.sample({}, endpoint.packets_acked);
    page.family("squall_packets_lost_total", "counter", "Packets declared lost.");
    page.sample({}, endpoint.packets_lost);
    std::uint64_t queued = 0;
    std::uint64_t variation = 0;
    for (const auto& [key, connection] : state_.connections()) {
        queued += connection.counters.bytes_queued;
        variation += connection.counters.rtt_variation;
    }
    page.family("squall_send_queue_bytes", "gauge",
                "Message bytes of all connections that have not left yet.");
    page.sample({}, queued);
    page.family("squall_jitter_seconds", "gauge",
                "Mean deviation of the round trip, averaged over connections.");
    page.sample({}, state_.connections().empty()
                        ? 0.0
                        : seconds(variation) / static_cast<double>(state_.connections().size()));
}

void MetricsText::remotes(Page& page) const {
    struct Sum {
        std::string remote;
        std::string kind;
        std::string_view direction;
        std::uint64_t messages = 0;
        std::uint64_t payload = 0;
        std::uint64_t on_wire = 0;
        std::uint64_t errors = 0;
    };
    std::vector<Sum> sums;
    std::array<Sum, 2> others;
    for (const RemoteStats& entry : state_.stats().remotes) {
        const bool is_inbound = entry.direction == Direction::inbound;
        const bool is_folded = entry.remote > config_.max_remotes;
        Sum& sum = is_folded ? others[is_inbound ? 0 : 1] : sums.emplace_back();
        sum.remote = label_of(entry.remote);
        sum.kind = kind_of(entry.remote);
        sum.direction = is_inbound ? "receive" : "transmit";
        sum.messages += entry.counters.messages;
        sum.payload += entry.counters.payload;
        sum.on_wire += entry.counters.on_wire();
        sum.errors += entry.counters.errors;
    }
    for (const Sum& sum : others)
        if (!sum.remote.empty()) sums.push_back(sum);
    page.family("squall_messages_total", "counter", "Messages of each remote, one a recipient.");
    for (const Sum& sum : sums)
        page.sample({{"remote", sum.remote}, {"kind", sum.kind}, {"direction", sum.direction}}, sum.messages);
    page.family("squall_message_bytes_total", "counter", "Bytes of those messages, once.");
    for (const Sum& sum : sums)
        page.sample({{"remote", sum.remote}, {"kind", sum.kind}, {"direction", sum.direction}}, sum.payload);
    page.family("squall_remote_wire_bytes_total", "counter",
                "Bytes that each remote took of the socket: messages, framing, repetitions and its share of "
                "headers.");
    for (const Sum& sum : sums)
        page.sample({{"remote", sum.remote}, {"kind", sum.kind}, {"direction", sum.direction}}, sum.on_wire);
}

void MetricsText::overhead(Page& page) const {
    struct Causes {
        std::uint64_t headers = 0;
        std::uint64_t repeated = 0;
        std::uint64_t acks = 0;  // alone, in datagrams of their own
        std::uint64_t keep_alives = 0;
        std::uint64_t handshake = 0;
    };
    Causes sent;
    Causes received;
    std::uint64_t received_by_remotes = 0;
    for (const RemoteStats& entry : state_.stats().remotes) {
        Causes& causes = entry.direction == Direction::inbound ? received : sent;
        causes.headers += entry.counters.framing + entry.counters.headers;
        causes.repeated += entry.counters.retransmission + entry.counters.early_repeat;
        if (entry.direction == Direction::inbound) received_by_remotes += entry.counters.on_wire();
    }
    const auto& endpoint = state_.stats().endpoint;
    for (std::size_t type = 0; type < endpoint.overhead_sent.size(); ++type) {
        const bool is_ack = type == kPayload || type == kPayloadWithId;
        const bool is_idle = type == kKeepAlive || type == kDisconnect || type == kReasonedDisconnect;
        (is_ack ? sent.acks : is_idle ? sent.keep_alives : sent.handshake) += endpoint.overhead_sent[type];
    }
    page.family("squall_overhead_bytes_total", "counter",
                "Bytes of the socket that are no message sent for the first time, by cause.");
    page.sample({{"direction", "transmit"}, {"cause", "header"}}, sent.headers);
    page.sample({{"direction", "transmit"}, {"cause", "retransmit"}}, sent.repeated);
    page.sample({{"direction", "transmit"}, {"cause", "ack"}}, sent.acks);
    page.sample({{"direction", "transmit"}, {"cause", "keep_alive"}}, sent.keep_alives);
    page.sample({{"direction", "transmit"}, {"cause", "handshake"}}, sent.handshake);
    page.sample({{"direction", "receive"}, {"cause", "header"}}, received.headers);
    page.sample({{"direction", "receive"}, {"cause", "retransmit"}}, received.repeated);
    // Acknowledgements alone, keep-alives, handshakes, refused datagrams.
    page.sample({{"direction", "receive"}, {"cause", "no_message"}},
                endpoint.bytes_received - received_by_remotes);
}

void MetricsText::refusals(Page& page) const {
    std::array<std::uint64_t, trace::kMaxOutcomes> stopped{};
    for (const RemoteStats& entry : state_.stats().remotes)
        for (std::size_t i = 0; i < stopped.size(); ++i) stopped[i] += entry.counters.stopped[i];
    page.family("squall_rejected_messages_total", "counter",
                "Messages that did not reach their handler, by outcome.");
    for (std::size_t i = 1; i < std::min(stopped.size(), state_.hello().outcomes.size()); ++i)
        page.sample({{"reason", name_at(state_.hello().outcomes, i)}}, stopped[i]);
    page.family("squall_refused_packets_total", "counter", "Datagrams that were refused, by cause.");
    const auto& refused = state_.stats().refusals.refused;
    for (std::size_t i = 0; i < refused.size(); ++i)
        if (refused[i] != 0) page.sample({{"reason", name_at(state_.hello().refusal_causes, i)}}, refused[i]);
}

void MetricsText::times(Page& page) const {
    const auto put = [&](HistogramKind kind, std::string_view name, std::string_view help) {
        page.family(name, "histogram", help);
        for (const auto& [key, entry] : state_.histograms()) {
            if (key.first != kind) continue;
            if (kind == HistogramKind::connection_rtt || kind == HistogramKind::tick) {
                page.histogram({}, entry);
            } else if (key.second <= config_.max_remotes) {
                page.histogram({{"remote", label_of(key.second)}}, entry);
            }
        }
    };
    put(HistogramKind::connection_rtt, "squall_rtt_seconds", "Round trips of all connections.");
    put(HistogramKind::call, "squall_call_duration_seconds", "From a function's call to its answer.");
    put(HistogramKind::handler, "squall_handler_duration_seconds",
        "What a message's chain and handler took.");
    put(HistogramKind::tick, "squall_tick_duration_seconds", "Steps of the application.");
}

void MetricsText::conditions(Page& page) const {
    const auto put = [&](std::string_view name, std::string_view setting, std::string_view help, auto parse) {
        page.family(name, "gauge", help);
        for (const LinkCondition& link : state_.conditions().links)
            for (const auto& [key, value] : link.settings) {
                if (key != setting) continue;
                if (const auto number = parse(value))
                    page.sample(
                        {{"group", link.group},
                         {"direction", link.direction == Direction::inbound ? "receive" : "transmit"}},
                        *number);
            }
    };
    put("squall_simulated_delay_seconds", "delay", "Delay that the simulated network adds.",
        [](const std::string& text) -> std::optional<double> {
            const auto span = parse_duration(text);
            return span ? std::optional(to_seconds(*span)) : std::nullopt;
        });
    put("squall_simulated_loss_ratio", "loss", "Share of packets that the simulated network loses.",
        [](const std::string& text) -> std::optional<double> {
            const auto ratio = parse_ratio(text);
            return ratio ? std::optional(ratio->value()) : std::nullopt;
        });
}

void MetricsText::process(Page& page) const {
    const auto& process = state_.stats().process;
    page.family("squall_tick_budget_seconds", "gauge", "What a tick may take.");
    page.sample({}, seconds(process.tick_budget));
    page.family("squall_recorder_bytes_total", "counter", "Bytes that the recorder wrote.");
    page.sample({}, process.recorded_bytes);
    page.family("squall_recorder_dropped_records_total", "counter",
                "Records that the recorder could not keep.");
    page.sample({}, process.recorder_dropped);
    page.family("process_cpu_seconds_total", "counter", "Processor time of the process.");
    page.sample({}, seconds(process.cpu_time));
    page.family("process_resident_memory_bytes", "gauge", "Memory of the process.");
    page.sample({}, process.memory_bytes);
}

}  // namespace squall::recorder
