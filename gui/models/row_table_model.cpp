#include "gui/models/row_table_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace squall::gui {

RowTableModel::RowTableModel(std::vector<TableColumn> columns, QObject* parent)
    : QAbstractTableModel(parent), columns_(std::move(columns)), maxima_(columns_.size(), 0) {}

std::vector<FilterColumn> RowTableModel::filterColumns() const {
    std::vector<FilterColumn> out;
    for (const TableColumn& column : columns_) out.push_back(column.filter);
    return out;
}

void RowTableModel::updateMaxima() {
    for (std::size_t column = 0; column < columns_.size(); ++column) {
        if (!columns_[column].bar) continue;
        double greatest = 0;
        for (const std::size_t row : order_) {
            const double value = numberAt(row, static_cast<int>(column));
            if (value > greatest) greatest = value;
        }
        maxima_[column] = greatest;
    }
}

void RowTableModel::refresh() {
    if (order_.empty()) return;
    updateMaxima();
    Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, columnCount() - 1));
}

std::vector<std::size_t> RowTableModel::wantedOrder() const {
    std::vector<std::size_t> rows;
    rows.reserve(sourceRows());
    for (std::size_t row = 0; row < sourceRows(); ++row) {
        filtered_row_ = row;
        if (filter_.matches(*this)) rows.push_back(row);
    }
    if (sort_column_ < 0) return rows;
    const bool falling = sort_order_ == Qt::DescendingOrder;
    if (columns_[static_cast<std::size_t>(sort_column_)].filter.is_number) {
        // Keys once a row, not once a comparison. What was not measured goes to the end.
        std::vector<double> keys(sourceRows());
        for (const std::size_t row : rows) {
            const double value = numberAt(row, sort_column_);
            keys[row] = std::isnan(value) ? -INFINITY : falling ? value : -value;
        }
        std::ranges::sort(rows, [&](std::size_t a, std::size_t b) {
            return keys[a] != keys[b] ? keys[a] > keys[b] : a < b;
        });
    } else {
        std::vector<std::string> keys(sourceRows());
        for (const std::size_t row : rows) keys[row] = textAt(row, sort_column_);
        std::ranges::sort(rows, [&](std::size_t a, std::size_t b) {
            if (keys[a] == keys[b]) return a < b;
            return falling ? keys[b] < keys[a] : keys[a] < keys[b];
        });
    }
    std::ranges::stable_sort(rows, {}, [this](std::size_t row) { return groupAt(row); });
    return rows;
}

// Rows that go are removed, rows that come are appended, and the rest is a permutation: so views keep
// selection and position.
void RowTableModel::reorder() {
    const std::vector<std::size_t> wanted = wantedOrder();
    // Rows may have gone at the source that are still shown here.
    const std::size_t known =
        std::max(sourceRows(), order_.empty() ? 0 : *std::ranges::max_element(order_) + 1);
    std::vector<bool> stays(known, false);
    for (const std::size_t row : wanted) stays[row] = true;
    for (int last = rowCount() - 1; last >= 0;) {
        if (stays[order_[static_cast<std::size_t>(last)]]) {
            --last;
            continue;
        }
        int first = last;
        while (first > 0 && !stays[order_[static_cast<std::size_t>(first - 1)]]) --first;
        beginRemoveRows({}, first, last);
        order_.erase(order_.begin() + first, order_.begin() + last + 1);
        endRemoveRows();
        last = first - 1;
    }
    std::vector<bool> shown(known, false);
    for (const std::size_t row : order_) shown[row] = true;
    std::vector<std::size_t> added;
    for (const std::size_t row : wanted)
        if (!shown[row]) added.push_back(row);
    if (!added.empty()) {
        beginInsertRows({}, rowCount(), rowCount() + static_cast<int>(added.size()) - 1);
        order_.insert(order_.end(), added.begin(), added.end());
        endInsertRows();
    }
    updateMaxima();
    if (order_ == wanted) return;
    Q_EMIT layoutAboutToBeChanged({}, VerticalSortHint);
    std::vector<int> place(known, -1);
    for (std::size_t i = 0; i < wanted.size(); ++i) place[wanted[i]] = static_cast<int>(i);
    const QModelIndexList from = persistentIndexList();
    QModelIndexList to;
    to.reserve(from.size());
    for (const QModelIndex& old : from)
        to.append(index(place[order_[static_cast<std::size_t>(old.row())]], old.column()));
    order_ = wanted;
    changePersistentIndexList(from, to);
    Q_EMIT layoutChanged({}, VerticalSortHint);
}

void RowTableModel::restart(const std::function<void()>& change) {
    beginResetModel();
    order_.clear();
    if (change) change();
    order_ = wantedOrder();
    updateMaxima();
    endResetModel();
}

void RowTableModel::setFilter(const QString& text) {
    if (text == filter_text_) return;
    filter_text_ = text;
    filter_ = Filter::parse(text.toStdString(), filterColumns());
    reorder();
}

int RowTableModel::rowOf(std::size_t source) const {
    const auto found = std::ranges::find(order_, source);
    return found == order_.end() ? -1 : static_cast<int>(found - order_.begin());
}

int RowTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(order_.size());
}
int RowTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(columns_.size());
}

QVariant RowTableModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || index.row() >= rowCount() || index.column() >= columnCount()) return {};
    const std::size_t row = order_[static_cast<std::size_t>(index.row())];
    const TableColumn& column = columns_[static_cast<std::size_t>(index.column())];
    switch (role) {
        case Qt::DisplayRole:
            if (column.filter.is_number) {
                const double value = numberAt(row, index.column());
                return std::isnan(value) ? QString()
                                         : QString::fromStdString(format_value(value, column.filter.unit));
            } else {
                const std::string_view text = textAt(row, index.column());
                return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
            }
        case NumberRole:
            return column.filter.is_number ? QVariant(numberAt(row, index.column())) : QVariant();
        case Qt::TextAlignmentRole:
            return QVariant(column.filter.is_number ? (Qt::AlignRight | Qt::AlignVCenter)
                                                    : (Qt::AlignLeft | Qt::AlignVCenter));
        case Qt::ToolTipRole: {
            const QString tip = tipAt(row, index.column());
            return tip.isEmpty() ? QVariant() : QVariant(tip);
        }
        case ToneRole: return static_cast<int>(toneAt(row, index.column()));
        case BarRole: {
            const double greatest = maxima_[static_cast<std::size_t>(index.column())];
            return column.bar && greatest > 0 ? QVariant(numberAt(row, index.column()) / greatest)
                                              : QVariant();
        }
        case SourceRowRole: return static_cast<qulonglong>(row);
        default: return {};
    }
}

QVariant RowTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (section < 0) return {};
    if (orientation == Qt::Vertical) return role == Qt::DisplayRole ? QVariant(section + 1) : QVariant();
    if (section >= columnCount()) return {};
    const TableColumn& column = columns_[static_cast<std::size_t>(section)];
    if (role == Qt::EditRole) return column.title;
    if (role == Qt::DisplayRole && section == sort_column_)
        return QString(column.title +
                       (sort_order_ == Qt::DescendingOrder ? QStringLiteral(" ▾") : QStringLiteral(" ▴")));
    if (role == Qt::DisplayRole) return column.title;
    if (role == Qt::ToolTipRole)
        return column.tip.isEmpty()
                   ? QVariant()
                   : QVariant(tr("%1\nIn the filter: %2")
                                  .arg(column.tip, QString::fromStdString(column.filter.name)));
    if (role == Qt::TextAlignmentRole)
        return QVariant(column.filter.is_number ? (Qt::AlignRight | Qt::AlignVCenter)
                                                : (Qt::AlignLeft | Qt::AlignVCenter));
    return {};
}

void RowTableModel::sort(int column, Qt::SortOrder order) {
    sort_column_ = column < columnCount() ? column : -1;
    sort_order_ = order;
    Q_EMIT headerDataChanged(Qt::Horizontal, 0, columnCount() - 1);
    reorder();
}

}  // namespace squall::gui
