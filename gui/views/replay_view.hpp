// The transport controls of a recording: play, pause, step, seek and speed. While it plays, every page shows
// what was known at the moment under the playhead, as if the process were running now.
#pragma once

#include <QComboBox>
#include <QElapsedTimer>
#include <QLabel>
#include <QPushButton>
#include <QSlider>

#include "gui/models/session_models.hpp"
#include "gui/views/chart_panel.hpp"
#include "gui/views/data_table.hpp"
#include "gui/views/view.hpp"

namespace squall::gui {

class ReplayView : public View {
    Q_OBJECT
  public:
    explicit ReplayView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshAll() override;
    void refreshValues() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return model_; }

    [[nodiscard]] bool isPlaying() const { return playing_; }
    // Lets time pass: called by the window with what has gone by.
    void advance(std::int64_t nanoseconds);
    [[nodiscard]] double speed() const;

  public Q_SLOTS:
    void togglePlay();
    void setPlaying(bool playing);
    void step(int frames);  // of a tenth of a second
    void seek(std::int64_t at);
    void changeSpeed(int by);
    void toStart();
    void toEnd();

  Q_SIGNALS:
    void playingChanged(bool playing);

  private:
    void show();
    void updateEnabled();
    RemotesModel* model_;
    DataTable* table_;
    ChartPanel* chart_;
    QPushButton* play_;
    std::vector<QPushButton*> buttons_;
    QComboBox* speed_;
    QSlider* slider_;
    QLabel* time_;
    QLabel* hint_;
    bool playing_ = false;
};

}  // namespace squall::gui
