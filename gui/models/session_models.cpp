#include "gui/models/session_models.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace squall::gui {
namespace {

using recorder::Direction;

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

TableColumn text_column(const QString& title, const char* name, std::vector<std::string> aliases,
                        const QString& tip, int width, bool shown = true) {
    return {title, {name, std::move(aliases), false, Unit::none, tip.toStdString()}, tip, false, width,
            shown};
}
TableColumn number_column(const QString& title, const char* name, std::vector<std::string> aliases, Unit unit,
                          const QString& tip, bool shown = true, bool bar = false, int width = 84) {
    return {title, {name, std::move(aliases), true, unit, tip.toStdString()}, tip, bar, width, shown};
}

// Somebody wanted it so.
bool is_usual_end(std::string_view reason) {
    return reason == "requested" || reason == "requested by peer" || reason == "server shutdown";
}

std::string_view direction_name(Direction direction) {
    return direction == Direction::inbound ? "in" : "out";
}

// Median, 95th and 99th percentile of one kind of time. The aliases are the one's that most ask for.
void add_percentiles(std::vector<TableColumn>& columns, const QString& title, const std::string& name,
                     std::vector<std::string> aliases, std::size_t asked_for, const QString& tip,
                     std::array<bool, 3> shown) {
    using M = RemotesModel;
    const std::array<QString, 3> words = {M::tr("median"), M::tr("95th percentile"),
                                          M::tr("99th percentile")};
    const std::array<const char*, 3> numbers = {"50", "95", "99"};
    for (std::size_t i = 0; i < numbers.size(); ++i)
        columns.push_back(
            number_column(M::tr("%1 p%2").arg(title, QLatin1String(numbers[i])), (name + numbers[i]).c_str(),
                          i == asked_for ? aliases : std::vector<std::string>{}, Unit::milliseconds,
                          M::tr("%1, %2").arg(tip, words[i]), shown[i], false, title.size() > 4 ? 86 : 72));
}

std::vector<TableColumn> remote_columns() {
    using M = RemotesModel;
    std::vector<TableColumn> out = {
        text_column(M::tr("Remote"), "name", {"n"}, M::tr("Name of the remote"), 150),
        text_column(M::tr("Dir"), "dir", {"d"}, M::tr("in: received by the process; out: sent by it"), 38),
        text_column(M::tr("Kind"), "kind", {"k"}, M::tr("Event, function, property, ..."), 72),
        text_column(M::tr("Mode"), "mode", {}, M::tr("How it is delivered"), 130, false),
        number_column(M::tr("Calls"), "calls", {"c", "messages"}, Unit::per_second,
                      M::tr("Messages a second"), true, false, 66),
        number_column(M::tr("Payload"), "payload", {"p"}, Unit::bytes_per_second,
                      M::tr("Bytes of the messages alone"), true, false, 78),
        number_column(
            M::tr("On wire"), "bytes", {"b", "onwire"}, Unit::bytes_per_second,
            M::tr(
                "All that it took of the socket: payload, frames, what was sent again, its share of headers"),
            true, true, 96),
        number_column(M::tr("Share"), "share", {}, Unit::percent, M::tr("Of all bytes in this direction"),
                      true, false, 60),
        number_column(M::tr("Sent again"), "resent", {"r"}, Unit::bytes_per_second, M::tr("Retransmissions"),
                      true, false, 76),
        number_column(M::tr("Headers"), "headers", {"h"}, Unit::bytes_per_second,
                      M::tr("Frame headers and its share of packet headers and acks"), true, false, 76),
        number_column(M::tr("Total"), "total", {}, Unit::bytes,
                      M::tr("Bytes on the wire since the start, or since the recording began"), false),
        number_column(M::tr("Budget"), "budget", {}, Unit::percent,
                      M::tr("On wire, of the budget that it was given"), true, false, 62),
    };
    add_percentiles(out, M::tr("Queue"), "queue", {"queue", "q"}, 1,
                    M::tr("From being queued to leaving for the first time"), {false, true, false});
    add_percentiles(out, M::tr("Wire"), "wire", {"wire", "rtt"}, 1,
                    M::tr("The round trip: from leaving to being acknowledged"), {true, true, true});
    add_percentiles(out, M::tr("Handler"), "handler", {"handler"}, 2,
                    M::tr("What its middleware and handler took"), {false, false, true});
    add_percentiles(out, M::tr("Call"), "call", {"call"}, 1,
                    M::tr("Of a function: from the call to its answer"), {false, false, false});
    out.push_back(number_column(M::tr("Errors"), "errors", {"e"}, Unit::count, M::tr("Handlers that failed"),
                                true, false, 52));
    out.push_back(number_column(M::tr("Lost"), "lost", {}, Unit::count,
                                M::tr("Transmissions in packets that were declared lost"), true, false, 50));
    out.push_back(number_column(M::tr("Refused"), "refused", {"stopped"}, Unit::count,
                                M::tr("Stopped before the handler: over rate, no authority, malformed, ..."),
                                true, false, 62));
    out.push_back(text_column(M::tr("Refused because"), "cause", {"causes"},
                              M::tr("What stopped how many messages before the handler"), 220, false));
    return out;
}

std::vector<TableColumn> connection_columns() {
    using M = ConnectionsModel;
    return {
        text_column(M::tr("Client"), "client", {"id"}, M::tr("Client id of its token, in hexadecimal"), 146),
        text_column(M::tr("Address"), "address", {"a"}, M::tr("Where it comes from"), 142),
        text_column(M::tr("State"), "state", {}, M::tr("open or closed"), 58),
        number_column(M::tr("RTT"), "rtt", {}, Unit::milliseconds, M::tr("Smoothed round trip"), true, true),
        number_column(M::tr("Jitter"), "jitter", {}, Unit::milliseconds, M::tr("Variation of the round trip"),
                      true, false, 68),
        number_column(M::tr("RTT min"), "rttmin", {}, Unit::milliseconds,
                      M::tr("The shortest round trip so far"), false),
        number_column(M::tr("Loss"), "loss", {"l"}, Unit::percent,
                      M::tr("Of the last 5 s' packets, those that were declared lost"), true, false, 60),
        number_column(M::tr("Loss in all"), "lossall", {}, Unit::percent,
                      M::tr("Of all its packets, those that were declared lost"), true, false, 76),
        number_column(M::tr("Sent"), "sent", {}, Unit::bytes_per_second, M::tr("To this client"), true, true),
        number_column(M::tr("Received"), "received", {}, Unit::bytes_per_second, M::tr("From this client")),
        number_column(M::tr("Queue"), "queue", {"q"}, Unit::bytes, M::tr("Waiting to be sent"), true, false,
                      64),
        number_column(M::tr("In flight"), "flight", {}, Unit::bytes, M::tr("Sent and not yet acknowledged"),
                      true, false, 70),
        number_column(M::tr("Allowed"), "rate", {}, Unit::bytes_per_second,
                      M::tr("What congestion control allows")),
        text_column(M::tr("Suite"), "suite", {}, M::tr("How its packets are protected"), 86),
        number_column(M::tr("Age"), "age", {}, Unit::milliseconds,
                      M::tr("Since it was opened, or for how long it was open"), true, false, 62),
        number_column(M::tr("Lost"), "lost", {}, Unit::count, M::tr("Packets lost since it was opened"),
                      false),
        number_column(M::tr("Reordered"), "reordered", {}, Unit::count,
                      M::tr("Packets that arrived out of order"), false),
        number_column(M::tr("Paths"), "paths", {}, Unit::count, M::tr("How often its address changed"),
                      false),
        text_column(M::tr("Ended"), "reason", {}, M::tr("Why it was closed"), 126),
    };
}

}  // namespace

RemotesModel::RemotesModel(QObject* parent) : RowTableModel(remote_columns(), parent) {
    sort(wire, Qt::DescendingOrder);
}

void RemotesModel::setSession(const Session* session) {
    restart([&] { session_ = session; });
}
const RemoteRow* RemotesModel::rowAt(int row) const {
    return row < 0 || row >= rowCount() ? nullptr : &session_->remotes()[sourceRow(row)];
}
std::size_t RemotesModel::sourceRows() const {
    return session_ == nullptr ? 0 : session_->remotes().size();
}

double RemotesModel::numberAt(std::size_t row, int column) const {
    const RemoteRow& it = session_->remotes()[row];
    const auto rate = [&](RemoteRow::Counter counter) { return it.rates.per_second(counter); };
    switch (column) {
        case calls: return rate(RemoteRow::messages);
        case payload: return rate(RemoteRow::payload);
        case wire: return rate(RemoteRow::on_wire);
        case share: {
            const double all = session_->total_rates().per_second(
                it.direction == Direction::inbound ? Session::received : Session::sent);
            return all > 0 ? 100 * rate(RemoteRow::on_wire) / all : 0;
        }
        case resent: return rate(RemoteRow::resent);
        case headers: return rate(RemoteRow::headers) + rate(RemoteRow::framing);
        case total: return static_cast<double>(it.counters.on_wire());
        case budget: return it.budget > 0 ? 100 * rate(RemoteRow::on_wire) / it.budget : kNothing;
        case queue_p50: return it.queue.p50;
        case queue_p95: return it.queue.p95;
        case queue_p99: return it.queue.p99;
        case wire_p50: return it.wire.p50;
        case wire_p95: return it.wire.p95;
        case wire_p99: return it.wire.p99;
        case handler_p50: return it.handler.p50;
        case handler_p95: return it.handler.p95;
        case handler_p99: return it.handler.p99;
        case call_p50: return it.call.p50;
        case call_p95: return it.call.p95;
        case call_p99: return it.call.p99;
        case errors: return static_cast<double>(it.counters.errors);
        case lost: return static_cast<double>(it.counters.lost);
        case stopped: return static_cast<double>(it.stopped());
        default: return kNothing;
    }
}

std::string_view RemotesModel::textAt(std::size_t row, int column) const {
    const RemoteRow& it = session_->remotes()[row];
    switch (column) {
        case name: return it.name;
        case direction: return direction_name(it.direction);
        case kind: return it.kind;
        case mode: return it.mode;
        case causes: return text_ = session_->causes_of(it);
        default: return {};
    }
}

Tone RemotesModel::toneAt(std::size_t row, int column) const {
    const RemoteRow& it = session_->remotes()[row];
    switch (column) {
        case budget:
            if (it.budget <= 0) return Tone::plain;
            return it.is_over_budget() ? Tone::bad : numberAt(row, column) > 80 ? Tone::warning : Tone::good;
        case errors: return it.counters.errors > 0 ? Tone::bad : Tone::muted;
        case lost: return it.counters.lost > 0 ? Tone::warning : Tone::muted;
        case stopped: return it.stopped() > 0 ? Tone::warning : Tone::muted;
        case resent: return numberAt(row, column) > 0 ? Tone::warning : Tone::muted;
        case kind:
        case mode: return Tone::muted;
        default: return it.id == trace::kNoRemote ? Tone::muted : Tone::plain;
    }
}

QString RemotesModel::tipAt(std::size_t row, int column) const {
    const RemoteRow& it = session_->remotes()[row];
    if (column == budget && it.budget > 0)
        return tr("%1 of %2")
            .arg(QString::fromStdString(
                     format_value(it.rates.per_second(RemoteRow::on_wire), Unit::bytes_per_second)),
                 QString::fromStdString(format_value(it.budget, Unit::bytes_per_second)));
    return column == stopped ? QString::fromStdString(session_->causes_of(it)) : QString();
}

ConnectionsModel::ConnectionsModel(QObject* parent) : RowTableModel(connection_columns(), parent) {
    sort(rtt, Qt::DescendingOrder);
}

void ConnectionsModel::setSession(const Session* session) {
    restart([&] {
        session_ = session;
        revision_ = session == nullptr ? 0 : session->connections_revision();
        known_rows_ = session == nullptr ? 0 : session->connections().size();
    });
}
void ConnectionsModel::update() {
    if (session_ != nullptr && session_->connections_revision() != revision_) return setSession(session_);
    known_rows_ = session_ == nullptr ? 0 : session_->connections().size();
    reorder();
}
const ConnectionRow* ConnectionsModel::rowAt(int row) const {
    return row < 0 || row >= rowCount() ? nullptr : session_->connections()[sourceRow(row)].get();
}
// Rows that came since the last update() are not yet there, and of those that the session let go none is
// asked for.
std::size_t ConnectionsModel::sourceRows() const {
    return session_ == nullptr ? 0 : std::min(known_rows_, session_->connections().size());
}

int ConnectionsModel::groupAt(std::size_t row) const {
    return row < session_->connections().size() && session_->connections()[row]->is_open ? 0 : 1;
}

double ConnectionsModel::numberAt(std::size_t row, int column) const {
    if (row >= session_->connections().size()) return kNothing;
    const ConnectionRow& it = *session_->connections()[row];
    const auto milliseconds = [](std::uint64_t ns) { return static_cast<double>(ns) / 1e6; };
    switch (column) {
        case rtt: return it.counters.rtt_smoothed == 0 ? kNothing : milliseconds(it.counters.rtt_smoothed);
        case jitter:
            return it.counters.rtt_smoothed == 0 ? kNothing : milliseconds(it.counters.rtt_variation);
        case rtt_min: return it.counters.rtt_minimum == 0 ? kNothing : milliseconds(it.counters.rtt_minimum);
        case loss: return it.is_open ? it.loss_percent() : kNothing;
        case loss_all: return it.loss_percent_in_all();
        case sent: return it.is_open ? it.rates.per_second(ConnectionRow::sent) : kNothing;
        case received: return it.is_open ? it.rates.per_second(ConnectionRow::received) : kNothing;
        case queue: return it.is_open ? static_cast<double>(it.counters.bytes_queued) : kNothing;
        case in_flight: return it.is_open ? static_cast<double>(it.counters.bytes_in_flight) : kNothing;
        case rate:
            return it.counters.send_rate == 0 ? kNothing : static_cast<double>(it.counters.send_rate) / 8;
        case age:
            return static_cast<double>((it.is_open ? session_->limits().end : it.closed_at) - it.opened_at) /
                   1e6;
        case lost: return static_cast<double>(it.counters.packets_lost);
        case reordered: return static_cast<double>(it.counters.packets_reordered);
        case paths: return static_cast<double>(it.counters.path_changes);
        default: return kNothing;
    }
}

std::string_view ConnectionsModel::textAt(std::size_t row, int column) const {
    if (row >= session_->connections().size()) return {};
    const ConnectionRow& it = *session_->connections()[row];
    switch (column) {
        case client: return text_ = format_client(it.client_id);
        case address:
            if (!it.address.empty()) return it.address;
            return text_ = "slot " + std::to_string(it.id.slot);
        case state: return it.is_open ? "open" : "closed";
        case suite: return it.suite;
        case reason: return it.reason;
        default: return {};
    }
}

Tone ConnectionsModel::toneAt(std::size_t row, int column) const {
    if (row >= session_->connections().size()) return Tone::muted;
    const ConnectionRow& it = *session_->connections()[row];
    const auto by_loss = [](double percent) {
        return percent >= 8 ? Tone::bad : percent >= 2 ? Tone::warning : Tone::plain;
    };
    // Who leaves of their own accord, or with the server, is no trouble.
    if (!it.is_open && column == reason) return is_usual_end(it.reason) ? Tone::muted : Tone::warning;
    if (!it.is_open) return Tone::muted;
    switch (column) {
        case rtt:
            return numberAt(row, rtt) >= 300   ? Tone::bad
                   : numberAt(row, rtt) >= 150 ? Tone::warning
                                               : Tone::plain;
        case loss: return by_loss(it.loss_percent());
        case loss_all: return by_loss(it.loss_percent_in_all());
        case queue:
            return it.counters.bytes_queued >= 64 * 1024 ? Tone::bad
                   : it.counters.bytes_queued > 0        ? Tone::warning
                                                         : Tone::muted;
        case suite: return it.suite == "none" ? Tone::bad : Tone::muted;
        default: return Tone::plain;
    }
}

ComparisonModel::ComparisonModel(QObject* parent)
    : RowTableModel(
          {text_column(tr("Remote"), "name", {"n"}, tr("Name of the remote"), 190),
           text_column(tr("Dir"), "dir", {"d"}, tr("in or out"), 44),
           number_column(tr("First"), "first", {}, Unit::bytes_per_second, tr("On the wire, mean")),
           number_column(tr("Second"), "second", {}, Unit::bytes_per_second, tr("On the wire, mean"), true,
                         true),
           number_column(tr("Difference"), "difference", {"diff"}, Unit::bytes_per_second,
                         tr("Second less first")),
           number_column(tr("Change"), "change", {}, Unit::percent, tr("Of the first")),
           number_column(tr("from"), "low", {}, Unit::bytes_per_second,
                         tr("Lower end of the 95 % interval of the difference")),
           number_column(tr("to"), "high", {}, Unit::bytes_per_second,
                         tr("Upper end of the 95 % interval of the difference")),
           number_column(
               tr("p"), "p", {}, Unit::none,
               tr("How likely chance alone makes so much difference (Welch's test, Holm's correction)")),
           text_column(tr("Verdict"), "verdict", {"v"}, tr("In words"), 210),
           number_column(tr("Calls, first"), "calls1", {}, Unit::per_second, tr("Messages a second"), false),
           number_column(tr("Calls, second"), "calls2", {}, Unit::per_second, tr("Messages a second"),
                         false)},
          parent) {}

void ComparisonModel::setRows(std::vector<ComparisonRow> rows) {
    restart([&] { rows_ = std::move(rows); });
}

double ComparisonModel::numberAt(std::size_t row, int column) const {
    const ComparisonRow& it = rows_[row];
    switch (column) {
        case first: return it.first;
        case second: return it.second;
        case difference: return it.test.difference;
        case change: return it.change_percent();
        case low: return it.test.is_known ? it.test.low : kNothing;
        case high: return it.test.is_known ? it.test.high : kNothing;
        case p: return it.test.is_known ? it.test.p : kNothing;
        case calls_first: return it.messages_first;
        case calls_second: return it.messages_second;
        default: return kNothing;
    }
}
std::string_view ComparisonModel::textAt(std::size_t row, int column) const {
    const ComparisonRow& it = rows_[row];
    switch (column) {
        case name: return it.name;
        case direction: return direction_name(it.direction);
        case verdict: return text_ = to_words(it.verdict);
        default: return {};
    }
}
Tone ComparisonModel::toneAt(std::size_t row, int column) const {
    const Verdict it = rows_[row].verdict;
    if (column != verdict && column != difference && column != change) return Tone::plain;
    if (it == Verdict::more || it == Verdict::only_second) return Tone::bad;
    if (it == Verdict::less || it == Verdict::only_first) return Tone::good;
    return Tone::muted;
}

NotesModel::NotesModel(QObject* parent)
    : RowTableModel({number_column(tr("Time"), "time", {"t"}, Unit::none, tr("Since the start, in seconds")),
                     text_column(tr("Kind"), "kind", {"k"}, tr("mark, condition, warning, ..."), 80),
                     text_column(tr("What"), "text", {}, tr("What happened"), 260)},
                    parent) {}

void NotesModel::setSession(const Session* session) {
    restart([&] { session_ = session; });
}
const NoteRow* NotesModel::rowAt(int row) const {
    return row < 0 || row >= rowCount() ? nullptr : &session_->notes()[sourceRow(row)];
}
std::size_t NotesModel::sourceRows() const {
    return session_ == nullptr ? 0 : session_->notes().size();
}
double NotesModel::numberAt(std::size_t row, int column) const {
    if (column != time || row >= session_->notes().size()) return kNothing;
    return static_cast<double>(session_->notes()[row].at - session_->origin()) / 1e9;
}
std::string_view NotesModel::textAt(std::size_t row, int column) const {
    if (row >= session_->notes().size()) return {};
    const NoteRow& it = session_->notes()[row];
    if (column == kind) return recorder::to_string(it.kind);
    return column == text ? std::string_view(it.text) : std::string_view();
}
Tone NotesModel::toneAt(std::size_t row, int column) const {
    if (column != kind || row >= session_->notes().size()) return Tone::plain;
    const recorder::NoteKind it = session_->notes()[row].kind;
    return it == recorder::NoteKind::warning || it == recorder::NoteKind::recorder ? Tone::bad
           : it == recorder::NoteKind::condition                                   ? Tone::warning
                                                                                   : Tone::muted;
}

static QString head_of(const QAbstractItemModel& model, int column) {
    // Without the arrow that says how a table is sorted.
    const QVariant plain = model.headerData(column, Qt::Horizontal, Qt::EditRole);
    return (plain.isValid() ? plain : model.headerData(column, Qt::Horizontal)).toString();
}

QString to_csv(const QAbstractItemModel& model) {
    std::string out;
    for (int column = 0; column < model.columnCount(); ++column)
        out += (column > 0 ? "," : "") + csv_field(head_of(model, column).toStdString());
    out += "\r\n";
    for (int row = 0; row < model.rowCount(); ++row) {
        for (int column = 0; column < model.columnCount(); ++column) {
            const QModelIndex index = model.index(row, column);
            QVariant number = index.data(RowTableModel::NumberRole);
            if (!number.isValid()) number = index.data(Qt::EditRole);
            bool is_number = false;
            const double value = number.toDouble(&is_number);
            if (column > 0) out += ',';
            out += is_number ? format_plain(value) : csv_field(index.data().toString().toStdString());
        }
        out += "\r\n";
    }
    return QString::fromStdString(out);
}

}  // namespace squall::gui
