// The simulated network of the running process: what it does now, sliders and presets to change it, and what
// came of each change. What is changed here is recorded and drawn as bands on every time axis.
#pragma once

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSlider>
#include <QTableWidget>
#include <vector>

#include "gui/views/view.hpp"

class QGridLayout;

namespace squall::gui {

// A name and what it sets; "" for a setting means: as it is without faults.
struct ConditionPreset {
    QString name;
    QString meaning;
    std::vector<std::pair<std::string, std::string>> settings;
};
[[nodiscard]] const std::vector<ConditionPreset>& condition_presets();

class ConditionsView : public View {
    Q_OBJECT
  public:
    explicit ConditionsView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return now_->model(); }
    // What the sliders say, in the words of a scenario.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> settings() const;
    void choosePreset(int index);
    void apply();
    [[nodiscard]] QSlider& slider(const QString& setting);

  private:
    struct Control {
        std::string setting;
        std::string suffix;
        int per_step = 1;  // tenths of the unit a step
        QSlider* slider;
        QLabel* value;
    };
    void addControl(QGridLayout& grid, const QString& title, const char* setting, const char* suffix,
                    int steps, int tenths);
    [[nodiscard]] static std::string valueOf(const Control& control);
    void updateLabels();
    void refreshNow();
    void setSettings(const std::vector<std::pair<std::string, std::string>>& settings);

    std::vector<Control> controls_;
    QComboBox* group_;
    QComboBox* direction_;
    QCheckBox* at_once_;
    QPushButton* apply_;
    std::vector<QPushButton*> presets_;
    QLabel* hint_;
    QTableWidget* now_;
    QListWidget* results_;
    std::size_t results_shown_ = 0;
    std::vector<recorder::LinkCondition> shown_;
};

}  // namespace squall::gui
