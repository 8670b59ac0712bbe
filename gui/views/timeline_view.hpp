// Eight charts under each other on one time axis, with bands for conditions and marks, and what happened when
// beside them. Measures a selected stretch in words.
#pragma once

#include <QLabel>
#include <vector>

#include "gui/models/session_models.hpp"
#include "gui/views/chart_panel.hpp"
#include "gui/views/data_table.hpp"
#include "gui/views/view.hpp"

namespace squall::gui {

class TimelineView : public View {
    Q_OBJECT
  public:
    explicit TimelineView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshValues() override;
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override;
    [[nodiscard]] const std::vector<ChartPanel*>& charts() const { return charts_; }
    // What is said of the selected stretch.
    [[nodiscard]] QString measurement() const { return measure_->text(); }

  private:
    void fillCharts();
    void measure();
    std::vector<ChartPanel*> charts_;
    NotesModel* notes_;
    DataTable* notes_table_;
    QLabel* measure_;
};

}  // namespace squall::gui
