// How the process is, at a glance: findings in words, the figures that matter, the ledger, and four charts.
#pragma once

#include <QLabel>
#include <vector>

#include "gui/models/session_models.hpp"
#include "gui/views/chart_panel.hpp"
#include "gui/views/view.hpp"

class QListWidget;
class QVBoxLayout;

namespace squall::gui {

class OverviewView : public View {
    Q_OBJECT
  public:
    explicit OverviewView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshValues() override;
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override;
    [[nodiscard]] QListWidget& findings() { return *findings_; }

  private:
    struct Figure {
        QLabel* value;
        QLabel* detail;
    };
    QWidget* makeFigure(const QString& name, Figure& figure);
    void fillCharts();
    void refreshFindings();
    void openFinding(int row);

    std::vector<Figure> figures_;
    QListWidget* findings_;
    QLabel* title_;
    QLabel* ledger_;
    std::vector<ChartPanel*> charts_;
    std::vector<Finding> shown_;
};

}  // namespace squall::gui
