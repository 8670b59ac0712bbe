#include "gui/views/conditions_view.hpp"

#include <fmt/format.h>

#include <QGridLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

namespace squall::gui {
namespace {

constexpr int kTenthsOfUnit = 10;

// "12.5ms" of 12.5; the number of a setting's text, whatever its unit.
double number_of(const std::string& text) {
    try {
        return std::stod(text);
    } catch (const std::exception&) {
        return 0;
    }
}
// In milliseconds or percent, as the sliders count.
double in_units(const std::string& text, const std::string& suffix) {
    const double value = number_of(text);
    if (suffix != "ms") return value;
    if (text.ends_with("ns")) return value / 1e6;
    if (text.ends_with("us")) return value / 1000;
    if (text.ends_with("ms")) return value;
    return text.ends_with("s") ? value * 1000 : value;
}

}  // namespace

const std::vector<ConditionPreset>& condition_presets() {
    static const std::vector<ConditionPreset> presets = {
        {QObject::tr("No faults"),
         QObject::tr("As if there were no simulated network"),
         {{"delay", "0ms"},
          {"jitter", "0ms"},
          {"loss", "0%"},
          {"duplicate", "0%"},
          {"reorder", "0%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Home"),
         QObject::tr("14 ms one way, nearly no loss"),
         {{"delay", "14ms"},
          {"jitter", "1ms"},
          {"loss", "0%"},
          {"duplicate", "0%"},
          {"reorder", "0%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Wi-Fi"),
         QObject::tr("40 ms, jitter 5 ms, loss 0.2 %"),
         {{"delay", "40ms"},
          {"jitter", "5ms"},
          {"loss", "0.2%"},
          {"duplicate", "0%"},
          {"reorder", "0%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Mobile"),
         QObject::tr("35 ms, jitter 15 ms, loss 1 %"),
         {{"delay", "35ms"},
          {"jitter", "15ms"},
          {"loss", "1%"},
          {"duplicate", "0%"},
          {"reorder", "1%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Train"),
         QObject::tr("90 ms, jitter 60 ms, loss 6 %"),
         {{"delay", "90ms"},
          {"jitter", "60ms"},
          {"loss", "6%"},
          {"duplicate", "0.5%"},
          {"reorder", "3%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Satellite"),
         QObject::tr("300 ms, jitter 10 ms, loss 0.5 %"),
         {{"delay", "300ms"},
          {"jitter", "10ms"},
          {"loss", "0.5%"},
          {"duplicate", "0%"},
          {"reorder", "0%"},
          {"corrupt", "0%"}}},
        {QObject::tr("Storm"),
         QObject::tr("150 ms, jitter 80 ms, loss 20 %"),
         {{"delay", "150ms"},
          {"jitter", "80ms"},
          {"loss", "20%"},
          {"duplicate", "2%"},
          {"reorder", "10%"},
          {"corrupt", "1%"}}},
    };
    return presets;
}

ConditionsView::ConditionsView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Conditions"), parent),
      group_(new QComboBox(this)),
      direction_(new QComboBox(this)),
      at_once_(new QCheckBox(tr("Apply while moving a slider"), this)),
      apply_(new QPushButton(tr("Apply  (Ctrl+Return)"), this)),
      hint_(new QLabel(this)),
      now_(new QTableWidget(this)),
      results_(new QListWidget(this)) {
    auto* presets = new QHBoxLayout;
    for (std::size_t i = 0; i < condition_presets().size(); ++i) {
        const ConditionPreset& preset = condition_presets()[i];
        auto* button = new QPushButton(QStringLiteral("%1  %2").arg(i + 1).arg(preset.name), this);
        button->setToolTip(tr("%1 (Alt+%2)").arg(preset.meaning).arg(i + 1));
        button->setShortcut(QKeySequence(QStringLiteral("Alt+%1").arg(i + 1)));
        button->setAccessibleName(tr("Preset %1: %2").arg(preset.name, preset.meaning));
        connect(button, &QPushButton::clicked, this, [this, i] { choosePreset(static_cast<int>(i)); });
        presets->addWidget(button);
        presets_.push_back(button);
    }
    presets->addStretch(1);
    auto* grid = new QGridLayout;
    grid->setHorizontalSpacing(14);
    grid->setVerticalSpacing(10);
    addControl(*grid, tr("Delay, one way"), "delay", "ms", 1000, kTenthsOfUnit);
    addControl(*grid, tr("Jitter"), "jitter", "ms", 500, kTenthsOfUnit);
    addControl(*grid, tr("Loss"), "loss", "%", 500, 1);
    addControl(*grid, tr("Duplicates"), "duplicate", "%", 200, 1);
    addControl(*grid, tr("Reordered"), "reorder", "%", 500, 1);
    addControl(*grid, tr("Corrupted"), "corrupt", "%", 100, 1);
    group_->setAccessibleName(tr("Group of clients"));
    group_->setMinimumWidth(160);
    direction_->addItems({tr("both directions"), tr("to the server"), tr("to the clients")});
    direction_->setAccessibleName(tr("Direction"));
    auto* target = new QHBoxLayout;
    target->addWidget(new QLabel(tr("For"), this));
    target->addWidget(group_);
    target->addWidget(direction_);
    target->addWidget(at_once_);
    target->addStretch(1);
    target->addWidget(apply_);
    apply_->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_Return));
    hint_->setWordWrap(true);
    hint_->setProperty("role", "muted");
    now_->setColumnCount(3);
    now_->setHorizontalHeaderLabels({tr("Group"), tr("Direction"), tr("Now")});
    now_->verticalHeader()->hide();
    now_->horizontalHeader()->setStretchLastSection(true);
    now_->setColumnWidth(0, 140);
    now_->setColumnWidth(1, 120);
    now_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    now_->setTabKeyNavigation(false);
    now_->setAccessibleName(tr("Conditions now"));
    results_->setAccessibleName(tr("What came of it"));
    auto* lower = new QGridLayout;
    lower->addWidget(new QLabel(tr("Conditions now"), this), 0, 0);
    lower->addWidget(new QLabel(tr("What came of it"), this), 0, 1);
    lower->addWidget(now_, 1, 0);
    lower->addWidget(results_, 1, 1);
    lower->setColumnStretch(0, 3);
    lower->setColumnStretch(1, 2);
    auto* layout = new QVBoxLayout(this);
    layout->setSpacing(12);
    layout->addWidget(hint_);
    layout->addLayout(presets);
    layout->addLayout(grid);
    layout->addLayout(target);
    layout->addLayout(lower, 1);
    connect(apply_, &QPushButton::clicked, this, &ConditionsView::apply);
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        results_shown_ = 0;
        results_->clear();
        refreshAll();
    });
    updateLabels();
    refreshAll();
}

void ConditionsView::addControl(QGridLayout& grid, const QString& title, const char* setting,
                                const char* suffix, int steps, int tenths) {
    Control control{setting, suffix, tenths, new QSlider(Qt::Horizontal, this), new QLabel(this)};
    control.slider->setRange(0, steps);
    control.slider->setPageStep(std::max(1, steps / 20));
    control.slider->setAccessibleName(title);
    control.value->setMinimumWidth(80);
    control.value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    auto* label = new QLabel(title, this);
    label->setBuddy(control.slider);
    const int row = static_cast<int>(controls_.size());
    grid.addWidget(label, row, 0);
    grid.addWidget(control.slider, row, 1);
    grid.addWidget(control.value, row, 2);
    connect(control.slider, &QSlider::valueChanged, this, &ConditionsView::updateLabels);
    connect(control.slider, &QSlider::valueChanged, this, [this] {
        if (at_once_->isChecked()) apply();
    });
    controls_.push_back(control);
}

std::string ConditionsView::valueOf(const Control& control) {
    const int tenths = control.slider->value() * control.per_step;
    return tenths % 10 == 0 ? fmt::format("{}{}", tenths / 10, control.suffix)
                            : fmt::format("{}.{}{}", tenths / 10, tenths % 10, control.suffix);
}

void ConditionsView::updateLabels() {
    for (const Control& control : controls_) control.value->setText(QString::fromStdString(valueOf(control)));
}

QSlider& ConditionsView::slider(const QString& setting) {
    return *std::ranges::find(controls_, setting.toStdString(), &Control::setting)->slider;
}

std::vector<std::pair<std::string, std::string>> ConditionsView::settings() const {
    std::vector<std::pair<std::string, std::string>> out;
    for (const Control& control : controls_) out.emplace_back(control.setting, valueOf(control));
    return out;
}

void ConditionsView::setSettings(const std::vector<std::pair<std::string, std::string>>& settings) {
    for (Control& control : controls_) {
        const QSignalBlocker quiet(control.slider);
        const auto found =
            std::ranges::find(settings, control.setting, &std::pair<std::string, std::string>::first);
        const double value = found == settings.end() ? 0 : in_units(found->second, control.suffix);
        control.slider->setValue(static_cast<int>(std::lround(value * 10 / control.per_step)));
    }
    updateLabels();
}

void ConditionsView::choosePreset(int index) {
    if (index < 0 || index >= static_cast<int>(condition_presets().size())) return;
    setSettings(condition_presets()[static_cast<std::size_t>(index)].settings);
    apply();
}

void ConditionsView::apply() {
    if (!apply_->isEnabled()) return;
    recorder::Command command;
    command.verb = "conditions.set";
    // Without a group all of them are meant, without a direction both.
    if (group_->currentIndex() > 0)
        command.arguments.emplace_back("group", group_->currentText().toStdString());
    if (direction_->currentIndex() > 0)
        command.arguments.emplace_back("direction", direction_->currentIndex() == 1 ? "inbound" : "outbound");
    for (auto& setting : settings()) command.arguments.push_back(std::move(setting));
    workspace().command(std::move(command));
}

void ConditionsView::refreshNow() {
    const auto& links = session().state().conditions().links;
    // The sliders show what is, until they are moved; and again when it changes.
    if (links != shown_ && !links.empty()) {
        shown_ = links;
        setSettings(links.front().settings);
    }
    now_->setRowCount(static_cast<int>(links.size()));
    QStringList groups;
    for (int row = 0; row < now_->rowCount(); ++row) {
        const recorder::LinkCondition& link = links[static_cast<std::size_t>(row)];
        QString settings;
        for (const auto& [name, value] : link.settings)
            settings += (settings.isEmpty() ? QString() : QStringLiteral(", ")) +
                        QString::fromStdString(name + " " + value);
        const QString cells[] = {
            QString::fromStdString(link.group),
            link.direction == recorder::Direction::inbound ? tr("to the server") : tr("to the clients"),
            settings.isEmpty() ? tr("no faults") : settings};
        if (!groups.contains(cells[0])) groups << cells[0];
        for (int column = 0; column < 3; ++column) {
            if (now_->item(row, column) == nullptr) now_->setItem(row, column, new QTableWidgetItem);
            if (now_->item(row, column)->text() != cells[column])
                now_->item(row, column)->setText(cells[column]);
        }
    }
    QStringList known;
    for (int i = 1; i < group_->count(); ++i) known << group_->itemText(i);
    if (known != groups || group_->count() == 0) {
        group_->clear();
        group_->addItem(tr("all groups"));
        group_->addItems(groups);
    }
}

void ConditionsView::refreshAll() {
    refreshNow();
    const bool live = workspace().kind() == SourceKind::live;
    const bool simulated = !session().state().conditions().links.empty();
    for (const Control& control : controls_) control.slider->setEnabled(live && simulated);
    apply_->setEnabled(live && simulated);
    at_once_->setEnabled(live && simulated);
    for (QPushButton* preset : presets_) preset->setEnabled(live && simulated);
    group_->setEnabled(live && simulated);
    direction_->setEnabled(live && simulated);
    if (!live)
        hint_->setText(workspace().kind() == SourceKind::recording
                           ? tr("A recording keeps its conditions: the timeline shows them as bands. They "
                                "can be changed while a process runs.")
                           : tr("Attach to a running process to change its simulated network: squall-loadgen "
                                "run scenarios/arena.toml --live"));
    else if (!simulated)
        hint_->setText(
            tr("This process tells of no simulated network. squall-loadgen run has one: choose its process, "
               "the generator."
               " Over a real network there is nothing to change."));
    else
        hint_->setText(
            tr("What is set here acts on the running process at once, is recorded, and is drawn as a band on "
               "every chart."));
    const auto& results = session().results();
    if (results.size() < results_shown_) results_shown_ = 0;
    for (; results_shown_ < results.size(); ++results_shown_) {
        const recorder::CommandResult& result = results[results_shown_];
        results_->insertItem(0, (result.is_ok ? QStringLiteral("✔ ") : QStringLiteral("✖ ")) +
                                    QString::fromStdString(result.text));
    }
}

}  // namespace squall::gui
