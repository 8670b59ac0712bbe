// The summary of a recording, for programs.
#include <nlohmann/json.hpp>

#include "inspect/record_export.hpp"

namespace squall::loadgen {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kDirections[] = {"received", "sent"};

Json of(const ByteShares& shares) {
    return {{"payload", shares.payload}, {"repeated", shares.repeated},     {"framing", shares.framing},
            {"header", shares.header},   {"protection", shares.protection}, {"acks_alone", shares.alone},
            {"control", shares.control}, {"unread", shares.unread},         {"total", shares.total()}};
}

Json of(const RemoteRow& row) {
    return {{"messages", row.messages}, {"message_bytes", row.message_bytes},
            {"payload", row.payload},   {"repeated", row.repeated},
            {"framing", row.framing},   {"share", row.share},
            {"on_wire", row.on_wire()}};
}

Json percentiles(const trace::Histogram& histogram) {
    if (histogram.count() == 0) return nullptr;
    return {{"count", histogram.count()},
            {"p50", histogram.value_at_percentile(percent(50))},
            {"p95", histogram.value_at_percentile(percent(95))},
            {"p99", histogram.value_at_percentile(percent(99))},
            {"max", histogram.max()}};
}

Json connections(const RecordingSummary& summary) {
    Json out = Json::array();
    const auto since = [&](const std::optional<TimePoint>& at) {
        return at ? Json(to_seconds(*at - summary.first())) : Json(nullptr);
    };
    for (const auto& [id, row] : summary.connections())
        out.push_back({{"slot", id.slot},
                       {"generation", id.generation},
                       {"client", row.client.value},
                       {"peer", to_string(row.peer)},
                       {"opened_s", since(row.opened)},
                       {"closed_s", since(row.closed)},
                       {"reason", row.reason},
                       {"datagrams_received", row.datagrams[0]},
                       {"datagrams_sent", row.datagrams[1]},
                       {"bytes_received", row.bytes[0]},
                       {"bytes_sent", row.bytes[1]},
                       {"packets_lost", row.lost},
                       {"rtt_us", row.acked == 0 ? Json(nullptr) : Json(row.rtt_sum_us / row.acked)}});
    return out;
}

Json seconds(const RecordingSummary& summary) {
    Json out = Json::array();
    for (const auto& [second, row] : summary.seconds())
        out.push_back({{"second", second},
                       {"datagrams_received", row.datagrams[0]},
                       {"datagrams_sent", row.datagrams[1]},
                       {"bytes_received", row.bytes[0]},
                       {"bytes_sent", row.bytes[1]},
                       {"messages_received", row.messages[0]},
                       {"messages_sent", row.messages[1]},
                       {"refused", row.refused},
                       {"packets_lost", row.lost},
                       {"ticks", row.ticks},
                       {"tick_us_max", row.tick_us_max},
                       {"dropped", row.dropped}});
    return out;
}

}  // namespace

std::string summary_as_json(const RecordingSummary& summary, const recorder::Facts& facts) {
    const auto& totals = summary.totals();
    Json out;
    out["facts"] = facts;
    out["length_s"] = to_seconds(summary.length());
    for (std::size_t i = 0; i < 2; ++i)
        out[kDirections[i]] = {{"datagrams", totals.datagrams[i]},
                               {"bytes", totals.bytes[i]},
                               {"messages", totals.messages[i]},
                               {"shares", of(totals.shares[i])}};
    out["refused"] = totals.refused;
    out["packets_lost"] = totals.lost;
    out["records_dropped"] = totals.dropped;
    out["ticks"] = totals.ticks;
    out["rtt_us"] = percentiles(totals.rtt_us);
    out["tick_us"] = percentiles(totals.tick_us);
    Json remotes = Json::array();
    for (const auto& [number, rows] : summary.remotes()) {
        Json row = {{"number", number}, {"name", summary.remote_name(number)}};
        for (std::size_t i = 0; i < 2; ++i) row[kDirections[i]] = of(rows[i]);
        remotes.push_back(row);
    }
    out["remotes"] = remotes;
    out["connections"] = connections(summary);
    out["seconds"] = seconds(summary);
    return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace squall::loadgen
