#include "gui/models/packets_model.hpp"

#include <algorithm>

#include "gui/data/dissection.hpp"
#include "gui/models/row_table_model.hpp"

namespace squall::gui {

PacketsModel::PacketsModel(QObject* parent) : QAbstractTableModel(parent) {}

const std::vector<FilterColumn>& PacketsModel::filterColumns() {
    static const std::vector<FilterColumn> columns = {
        {"time", {"t"}, true, Unit::none, "seconds since the start"},
        {"dir", {"d"}, false, Unit::none, "in or out"},
        {"kind", {"k"}, false, Unit::none, "message, payload, keep-alive, ..."},
        {"slot", {"c", "connection"}, true, Unit::count, "of the connection"},
        {"number", {"n"}, true, Unit::count, "of the packet or message"},
        {"remote", {"r", "name"}, false, Unit::none, "name of the remote"},
        {"bytes", {"b"}, true, Unit::bytes, "on the wire"}};
    return columns;
}

void PacketsModel::setRecording(const PacketIndex* index, const Session* session) {
    beginResetModel();
    index_ = index;
    session_ = session;
    samples_.clear();
    samples_seen_ = 0;
    listed_ = index == nullptr ? 0 : index->entries().size();
    rebuild();
    endResetModel();
}

void PacketsModel::setSamples(const Session* session) {
    beginResetModel();
    index_ = nullptr;
    session_ = session;
    samples_.assign(session->samples().begin(), session->samples().end());
    samples_seen_ = session->samples_total();
    listed_ = samples_.size();
    rebuild();
    endResetModel();
}

void PacketsModel::grow() {
    if (session_ == nullptr) return;
    std::size_t now = 0;
    if (index_ != nullptr) {
        now = index_->entries().size();
    } else {
        const std::uint64_t fresh =
            std::min<std::uint64_t>(session_->samples_total() - samples_seen_, session_->samples().size());
        // Full: starts over with what the session still has.
        if (samples_.size() + fresh > 2 * Session::kSamplesMax) return setSamples(session_);
        samples_.insert(samples_.end(), session_->samples().end() - static_cast<std::ptrdiff_t>(fresh),
                        session_->samples().end());
        samples_seen_ = session_->samples_total();
        now = samples_.size();
    }
    if (now <= listed_) return;
    if (filter_.empty()) {
        beginInsertRows({}, static_cast<int>(listed_), static_cast<int>(now) - 1);
        listed_ = now;
        endInsertRows();
        return;
    }
    std::vector<std::uint32_t> added;
    for (std::size_t i = listed_; i < now; ++i) {
        filtered_ = row(i);
        if (filter_.matches(*this)) added.push_back(static_cast<std::uint32_t>(i));
    }
    listed_ = now;
    if (added.empty()) return;
    beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(added.size()) - 1);
    shown_.insert(shown_.end(), added.begin(), added.end());
    endInsertRows();
}

void PacketsModel::setFilter(const QString& text) {
    if (text == filter_text_) return;
    beginResetModel();
    filter_text_ = text;
    filter_ = Filter::parse(text.toStdString(), filterColumns());
    rebuild();
    endResetModel();
}

void PacketsModel::rebuild() {
    shown_.clear();
    if (filter_.empty()) return;
    for (std::size_t i = 0; i < listed_; ++i) {
        filtered_ = row(i);
        if (filter_.matches(*this)) shown_.push_back(static_cast<std::uint32_t>(i));
    }
}

PacketsModel::Row PacketsModel::row(std::size_t source) const {
    Row out;
    if (index_ != nullptr) {
        const PacketEntry& entry = index_->entries()[source];
        out.at = entry.at;
        out.is_inbound = entry.is_inbound;
        out.is_wrong = entry.is_refused;
        out.kind = entry.is_message   ? "message"
                   : entry.is_refused ? "refused"
                   : entry.is_opened  ? packet_type_name(entry.prefix)
                                      : "as on the wire";
        out.slot = entry.slot;
        out.has_connection = entry.generation != 0;
        out.number = entry.sequence;
        out.remote = entry.remote;
        out.bytes = entry.bytes;
        return out;
    }
    const recorder::Sample& sample = samples_[source];
    out.at = sample.at.time_since_epoch().count();
    out.is_inbound = sample.direction == recorder::Direction::inbound;
    out.is_wrong = sample.outcome != 0;
    out.kind = sample.outcome == 0 ? "message"
                                   : Session::name_in(session_->state().hello().outcomes, sample.outcome);
    out.slot = sample.connection.slot;
    out.has_connection = sample.connection.is_valid();
    out.number = sample.message;
    out.remote = sample.remote;
    out.bytes = sample.bytes;
    return out;
}

double PacketsModel::number(std::size_t column) const {
    switch (column) {
        case time:
            return session_ == nullptr ? 0 : static_cast<double>(filtered_.at - session_->origin()) / 1e9;
        case connection: return filtered_.slot;
        case number_: return static_cast<double>(filtered_.number);
        case bytes: return filtered_.bytes;
        default: return 0;
    }
}
std::string_view PacketsModel::text(std::size_t column) const {
    switch (column) {
        case direction: return filtered_.is_inbound ? "in" : "out";
        case kind: return filtered_.kind;
        case remote: return text_ = remoteName(filtered_.remote).toStdString();
        default: return {};
    }
}

QString PacketsModel::remoteName(std::uint32_t number) const {
    if (number == 0 || session_ == nullptr) return {};
    const recorder::RemoteEntry* entry = session_->state().find_remote(number);
    return entry == nullptr ? tr("remote %1").arg(number) : QString::fromStdString(entry->name);
}

const PacketEntry* PacketsModel::entryAt(int row) const {
    return index_ == nullptr || row < 0 || row >= rowCount() ? nullptr : &index_->entries()[source(row)];
}
const recorder::Sample* PacketsModel::sampleAt(int row) const {
    return index_ != nullptr || row < 0 || row >= rowCount() ? nullptr : &samples_[source(row)];
}
std::size_t PacketsModel::totalRows() const {
    return listed_;
}
std::int64_t PacketsModel::timeOf(int shown) const {
    return shown < 0 || shown >= rowCount() ? 0 : row(source(shown)).at;
}
int PacketsModel::rowAt(std::int64_t at) const {
    int low = 0;
    int high = rowCount();
    while (low < high) {
        const int middle = low + (high - low) / 2;
        if (timeOf(middle) < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int PacketsModel::rowCount(const QModelIndex& parent) const {
    if (parent.isValid()) return 0;
    return static_cast<int>(filter_.empty() ? listed_ : shown_.size());
}
int PacketsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : column_count;
}

QVariant PacketsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount()) return {};
    if (role == Qt::TextAlignmentRole)
        return QVariant((filterColumns()[static_cast<std::size_t>(index.column())].is_number
                             ? Qt::AlignRight
                             : Qt::AlignLeft) |
                        Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != RowTableModel::ToneRole) return {};
    const Row it = row(source(index.row()));
    if (role == RowTableModel::ToneRole)
        return static_cast<int>(it.is_wrong ? Tone::bad : index.column() == kind ? Tone::muted : Tone::plain);
    switch (index.column()) {
        case time: return QString::fromStdString(format_time(it.at - session_->origin(), 1'000));
        case direction: return it.is_inbound ? QStringLiteral("in") : QStringLiteral("out");
        case kind: return QString::fromStdString(it.kind);
        case connection: return it.has_connection ? QVariant(it.slot) : QVariant(QString());
        case number_: return QString::number(it.number);
        case remote: return remoteName(it.remote);
        case bytes: return it.bytes;
        default: return {};
    }
}

QVariant PacketsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= column_count) return {};
    static const QStringList heads = {tr("Time"),   tr("Dir"),    tr("Kind"), tr("Slot"),
                                      tr("Number"), tr("Remote"), tr("Bytes")};
    if (role == Qt::DisplayRole) return heads[section];
    if (role == Qt::TextAlignmentRole)
        return QVariant(
            (filterColumns()[static_cast<std::size_t>(section)].is_number ? Qt::AlignRight : Qt::AlignLeft) |
            Qt::AlignVCenter);
    return {};
}

}  // namespace squall::gui
