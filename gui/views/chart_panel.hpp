// A chart and its table twin in one place: T changes between them.
#pragma once

#include <QStackedWidget>

#include "gui/models/chart_table_model.hpp"
#include "gui/views/strip_chart.hpp"

class QTableView;

namespace squall::gui {

class ChartPanel : public QStackedWidget {
    Q_OBJECT
  public:
    explicit ChartPanel(TimeAxis& axis, QWidget* parent = nullptr);
    [[nodiscard]] StripChart& chart() { return *chart_; }
    [[nodiscard]] const StripChart& chart() const { return *chart_; }
    [[nodiscard]] bool showsTable() const { return currentIndex() == 1; }
    // The numbers of the range that is shown now.
    [[nodiscard]] const ChartTableModel& tableModel();
    void setTableShown(bool shown);
    void refreshTable();

  private:
    TimeAxis& axis_;
    StripChart* chart_;
    ChartTableModel* model_;
    QTableView* table_;
};

}  // namespace squall::gui
