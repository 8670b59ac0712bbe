// Two sessions side by side: what is open now and a second recording (or a stretch of the first against the
// rest). Says per remote what changed, and whether that is more than chance.
#pragma once

#include <QComboBox>
#include <QLabel>
#include <QPushButton>
#include <memory>

#include "gui/models/session_models.hpp"
#include "gui/sources/recording_loader.hpp"
#include "gui/views/chart_panel.hpp"
#include "gui/views/data_table.hpp"
#include "gui/views/view.hpp"

namespace squall::gui {

class CompareView : public View {
    Q_OBJECT
  public:
    explicit CompareView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return model_; }
    void setFilter(const QString& filter) override { table_->setFilter(filter); }
    // Compares with this recording, which is read now.
    void openSecond(const QString& path);
    // As if it had been opened.
    void setSecond(std::unique_ptr<Session> session, const QString& name);
    [[nodiscard]] const ComparisonModel& model() const { return *model_; }
    // The result in one sentence.
    [[nodiscard]] QString verdict() const { return verdict_->text(); }

  Q_SIGNALS:
    // The second recording was read; `problem` as RecordingLoader tells it.
    void secondRead(bool ok, const QString& problem);

  private:
    void compareNow();
    void fillChart(int row);
    ComparisonModel* model_;
    DataTable* table_;
    QComboBox* what_;
    QPushButton* open_;
    QLabel* names_;
    QLabel* verdict_;
    ChartPanel* chart_;
    TimeAxis* axis_;
    std::unique_ptr<Session> second_;
    std::unique_ptr<Session> loading_;
    QString second_name_;
    RecordingLoader* loader_;
    Series first_line_{4096};
    Series second_line_{4096};
};

}  // namespace squall::gui
