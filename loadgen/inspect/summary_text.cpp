#include "inspect/summary_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "squall/transport/disconnect_reason.hpp"

namespace squall::loadgen {
namespace {

constexpr std::size_t kMostRows = 20;

std::string share_text(std::uint64_t part, std::uint64_t whole) {
    return whole == 0
               ? "-"
               : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string milliseconds(double us) {
    return fmt::format("{:.1f} ms", us / 1000);
}

// The networks of the clients, at the end of the recording.
std::string networks(const RecordingSummary& summary) {
    std::string out;
    for (const recorder::LinkCondition& link : summary.networks()) {
        std::string settings;
        for (const auto& [name, value] : link.settings)
            settings += fmt::format("{}{} {}", settings.empty() ? "" : ", ", name, value);
        out +=
            fmt::format("  network {}, {}: {}\n", link.group,
                        link.direction == recorder::Direction::inbound ? "to the server" : "to the clients",
                        settings.empty() ? "no faults" : settings);
    }
    return out;
}

std::string overview(const RecordingSummary& summary, const recorder::Facts& facts) {
    const auto& totals = summary.totals();
    std::string out = fmt::format("{}\n", recorder::find_fact(facts, "session.title"));
    out += fmt::format("  {:.3f} s, {} connections, {} ticks, {} marks\n", to_seconds(summary.length()),
                       summary.connections().size(), totals.ticks, totals.marks);
    constexpr const char* kNames[] = {"received", "sent"};
    for (std::size_t i = 0; i < 2; ++i)
        out += fmt::format("  {:<9}{:>12} datagrams {:>14} bytes {:>12} messages\n", kNames[i],
                           totals.datagrams[i], totals.bytes[i], totals.messages[i]);
    out += fmt::format(
        "  {} datagrams were refused, {} packets declared lost, {} records dropped by the recorder\n",
        totals.refused, totals.lost, totals.dropped);
    if (totals.rtt_us.count() > 0)
        out += fmt::format("  round trips: p50 {}, p95 {}, p99 {} of {}\n",
                           milliseconds(static_cast<double>(totals.rtt_us.value_at_percentile(percent(50)))),
                           milliseconds(static_cast<double>(totals.rtt_us.value_at_percentile(percent(95)))),
                           milliseconds(static_cast<double>(totals.rtt_us.value_at_percentile(percent(99)))),
                           totals.rtt_us.count());
    out += networks(summary);
    if (const auto& end = summary.end(); end) {
        const bool agrees = end->bytes_received == totals.bytes[0] && end->bytes_sent == totals.bytes[1];
        out += fmt::format("  the recording's end says {} bytes received and {} sent{}\n",
                           end->bytes_received, end->bytes_sent, agrees ? ": the same" : "");
    }
    if (summary.is_profile_only())
        return out +
               "  it holds the server's figures only, no packets: a history that was saved afterwards; "
               "squall-gui shows it\n";
    if (const auto told = summary.told(); told && summary.is_whole()) {
        const bool agrees = told->bytes_received == totals.bytes[0] && told->bytes_sent == totals.bytes[1];
        out += fmt::format("  the server's own figures say {} bytes received and {} sent{}\n",
                           told->bytes_received, told->bytes_sent, agrees ? ": the same" : "");
    }
    return out;
}

std::string where_bytes_went(const RecordingSummary& summary) {
    std::string out =
        fmt::format("\n{:<34}{:>16}{:>9}{:>16}{:>9}\n", "bytes on the wire", "received", "", "sent", "");
    const auto& in = summary.totals().shares[0];
    const auto& sent = summary.totals().shares[1];
    const auto row = [&](const char* name, std::uint64_t ByteShares::* part) {
        out +=
            fmt::format("  {:<32}{:>16}{:>9}{:>16}{:>9}\n", name, in.*part, share_text(in.*part, in.total()),
                        sent.*part, share_text(sent.*part, sent.total()));
    };
    row("messages, the first time", &ByteShares::payload);
    row("messages again", &ByteShares::repeated);
    row("frame headers", &ByteShares::framing);
    row("packet headers, acks", &ByteShares::header);
    row("protection", &ByteShares::protection);
    row("acknowledgements alone", &ByteShares::alone);
    row("handshake, keep-alive, goodbye", &ByteShares::control);
    row("refused, or left out", &ByteShares::unread);
    out += fmt::format("  {:<32}{:>16}{:>9}{:>16}\n", "together", in.total(), "", sent.total());
    return out;
}

std::string by_remote(const RecordingSummary& summary, std::size_t most) {
    struct Row {
        std::uint16_t number = 0;
        std::size_t direction = 0;
        const RemoteRow* row = nullptr;
    };
    std::vector<Row> rows;
    for (const auto& [number, both] : summary.remotes())
        for (std::size_t i = 0; i < 2; ++i)
            if (both[i].on_wire() > 0) rows.push_back({number, i, &both[i]});
    std::ranges::sort(rows, [](const Row& a, const Row& b) {
        return std::tuple(b.row->on_wire(), a.number, a.direction) <
               std::tuple(a.row->on_wire(), b.number, b.direction);
    });
    std::string out = fmt::format("\n{:<28}{:<5}{:>12}{:>14}{:>14}{:>12}{:>12}\n", "remote", "", "messages",
                                  "payload", "on the wire", "again", "share");
    for (std::size_t i = 0; i < std::min(most, rows.size()); ++i) {
        const auto& [number, direction, row] = rows[i];
        out += fmt::format("  {:<26}{:<5}{:>12}{:>14}{:>14}{:>12}{:>12}\n", summary.remote_name(number),
                           direction == 1 ? "out" : "in", row->messages, row->message_bytes, row->on_wire(),
                           row->repeated, share_text(row->on_wire(), summary.totals().bytes[direction]));
    }
    if (rows.size() > most) out += fmt::format("  ... {} more: --by remote\n", rows.size() - most);
    return out;
}

std::string by_connection(const RecordingSummary& summary, std::size_t most) {
    std::vector<std::pair<ConnectionId, const ConnectionRow*>> rows;
    for (const auto& [id, row] : summary.connections()) rows.emplace_back(id, &row);
    const auto traffic = [](const ConnectionRow& row) { return row.bytes[0] + row.bytes[1]; };
    if (rows.size() > most)
        std::ranges::sort(rows, [&](const auto& a, const auto& b) {
            return std::pair(traffic(*b.second), a.first) < std::pair(traffic(*a.second), b.first);
        });
    std::string out =
        fmt::format("\n{:<12}{:<20}{:<26}{:>10}{:>10}{:>14}{:>14}{:>8}{:>11}  {}\n", "connection", "client",
                    "peer", "from", "to", "bytes in", "bytes out", "lost", "RTT", "ended");
    const auto time = [&](const std::optional<TimePoint>& at) {
        return at ? fmt::format("{:.2f} s", to_seconds(*at - summary.first())) : std::string("-");
    };
    for (std::size_t i = 0; i < std::min(most, rows.size()); ++i) {
        const auto& [id, row] = rows[i];
        out += fmt::format(
            "  {:<10}{:<20x}{:<26}{:>10}{:>10}{:>14}{:>14}{:>8}{:>11}  {}\n",
            fmt::format("{}:{}", id.slot, id.generation), row->client.value, to_string(row->peer),
            time(row->opened), time(row->closed), row->bytes[0], row->bytes[1], row->lost,
            row->acked == 0
                ? "-"
                : milliseconds(static_cast<double>(row->rtt_sum_us) / static_cast<double>(row->acked)),
            row->closed ? to_string(static_cast<DisconnectReason>(row->reason)) : std::string_view("-"));
    }
    if (rows.size() > most) out += fmt::format("  ... {} more: --by connection\n", rows.size() - most);
    return out;
}

std::string by_second(const RecordingSummary& summary) {
    std::string out =
        fmt::format("\n{:>8}{:>14}{:>14}{:>12}{:>12}{:>12}{:>12}{:>10}{:>8}{:>8}\n", "second", "bytes in",
                    "bytes out", "in", "out", "messages in", "out", "refused", "lost", "ticks");
    for (const auto& [second, row] : summary.seconds())
        out += fmt::format("{:>8}{:>14}{:>14}{:>12}{:>12}{:>12}{:>12}{:>10}{:>8}{:>8}\n", second,
                           row.bytes[0], row.bytes[1], row.datagrams[0], row.datagrams[1], row.messages[0],
                           row.messages[1], row.refused, row.lost, row.ticks);
    return out;
}

}  // namespace

std::string summary_text(const RecordingSummary& summary, const recorder::Facts& facts,
                         const std::string& by) {
    constexpr auto kAll = ~std::size_t{0};
    if (by == "remote") return by_remote(summary, kAll);
    if (by == "connection") return by_connection(summary, kAll);
    if (by == "second") return by_second(summary);
    return overview(summary, facts) + where_bytes_went(summary) + by_remote(summary, kMostRows) +
           by_connection(summary, kMostRows);
}

}  // namespace squall::loadgen
