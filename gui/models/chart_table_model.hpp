// The table twin of a chart: the same numbers as rows, one per time at which any of its lines has a point in
// the range. For those who cannot see the picture, and for export.
#pragma once

#include <QAbstractTableModel>

#include "gui/models/chart_content.hpp"

namespace squall::gui {

class ChartTableModel : public QAbstractTableModel {
    Q_OBJECT
  public:
    explicit ChartTableModel(QObject* parent = nullptr);

    // Copies what the lines have in the range; at most kRowsMax rows, else every so many are merged into one.
    void setContent(const ChartContent& content, TimeRange range, std::int64_t origin);

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

    static constexpr std::size_t kRowsMax = 2000;

  private:
    struct Row {
        std::int64_t at = 0;
        std::vector<double> values;  // per line; NaN where there is none
    };
    std::vector<QString> heads_;
    std::vector<Row> rows_;
    Unit unit_ = Unit::none;
    std::int64_t origin_ = 0;
};

}  // namespace squall::gui
