#include "gui/models/chart_table_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

namespace squall::gui {

ChartTableModel::ChartTableModel(QObject* parent) : QAbstractTableModel(parent) {}

void ChartTableModel::setContent(const ChartContent& content, TimeRange range, std::int64_t origin) {
    std::set<std::int64_t> times;
    for (const ChartLine& line : content.lines) {
        const auto points = line.series->points();
        for (std::size_t i = line.series->lower_bound(range.begin);
             i < points.size() && points[i].at < range.end; ++i)
            times.insert(points[i].at);
    }
    const std::size_t stride = times.size() / kRowsMax + 1;
    std::vector<Row> rows;
    rows.reserve(times.size() / stride + 1);
    for (auto at = times.begin(); at != times.end();) {
        auto next = at;
        for (std::size_t i = 0; i < stride && next != times.end(); ++i) ++next;
        Row row{*at, {}};
        const std::int64_t until = next == times.end() ? range.end : *next;
        for (const ChartLine& line : content.lines) {
            const auto points = line.series->points();
            const std::size_t first = line.series->lower_bound(*at);
            const bool any = first < points.size() && points[first].at < until;
            row.values.push_back(any ? line.series->mean(*at, until)
                                     : std::numeric_limits<double>::quiet_NaN());
        }
        rows.push_back(std::move(row));
        at = next;
    }
    beginResetModel();
    heads_.clear();
    heads_.emplace_back(tr("Time"));
    for (const ChartLine& line : content.lines) heads_.push_back(line.name);
    rows_ = std::move(rows);
    unit_ = content.unit;
    origin_ = origin;
    endResetModel();
}

int ChartTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}
int ChartTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(heads_.size());
}

QVariant ChartTableModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
    const Row& row = rows_[static_cast<std::size_t>(index.row())];
    if (role == Qt::TextAlignmentRole) return QVariant(Qt::AlignRight | Qt::AlignVCenter);
    if (index.column() == 0) {
        if (role == Qt::DisplayRole) return QString::fromStdString(format_time(row.at - origin_));
        if (role == Qt::EditRole) return static_cast<double>(row.at - origin_) / 1e9;
        return {};
    }
    const double value = row.values[static_cast<std::size_t>(index.column() - 1)];
    if (role == Qt::DisplayRole)
        return std::isnan(value) ? QString() : QString::fromStdString(format_value(value, unit_));
    if (role == Qt::EditRole) return std::isnan(value) ? QVariant() : QVariant(value);
    return {};
}

QVariant ChartTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (role != Qt::DisplayRole || section < 0) return {};
    if (orientation == Qt::Vertical) return section + 1;
    return section < static_cast<int>(heads_.size()) ? QVariant(heads_[static_cast<std::size_t>(section)])
                                                     : QVariant();
}

}  // namespace squall::gui
