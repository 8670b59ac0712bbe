#include "gui/views/replay_view.hpp"

#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>

namespace squall::gui {
namespace {
constexpr int kSliderSteps = 10'000;
constexpr std::int64_t kStep = 100'000'000;
constexpr double kSpeeds[] = {0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 64};
constexpr int kNormalSpeed = 3;
}  // namespace

ReplayView::ReplayView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Replay"), parent),
      model_(new RemotesModel(this)),
      table_(new DataTable(*model_, tr("Remotes at the playhead"), tr("nothing known at this moment"), this)),
      chart_(new ChartPanel(workspace.axis(), this)),
      play_(new QPushButton(this)),
      speed_(new QComboBox(this)),
      slider_(new QSlider(Qt::Horizontal, this)),
      time_(new QLabel(this)),
      hint_(new QLabel(this)) {
    auto* bar = new QHBoxLayout;
    const auto add = [&](const QString& text, const QString& name, const QString& tip, auto action) {
        auto* button = new QPushButton(text, this);
        button->setAccessibleName(name);
        button->setToolTip(tip);
        button->setMaximumWidth(56);
        connect(button, &QPushButton::clicked, this, action);
        buttons_.push_back(button);
        bar->addWidget(button);
    };
    add(QStringLiteral("|◀"), tr("To the start"), tr("To the start (Ctrl+Home)"), [this] { toStart(); });
    add(QStringLiteral("◀"), tr("Step back"), tr("A tenth of a second back (,)"), [this] { step(-1); });
    play_->setMinimumWidth(110);
    play_->setToolTip(tr("Play or pause (P)"));
    connect(play_, &QPushButton::clicked, this, &ReplayView::togglePlay);
    bar->addWidget(play_);
    add(QStringLiteral("▶"), tr("Step forward"), tr("A tenth of a second forward (.)"), [this] { step(1); });
    add(QStringLiteral("▶|"), tr("To the end"), tr("To the end (Ctrl+End)"), [this] { toEnd(); });
    for (const double speed : kSpeeds) speed_->addItem(tr("%1×").arg(speed));
    speed_->setCurrentIndex(kNormalSpeed);
    speed_->setAccessibleName(tr("Speed"));
    speed_->setToolTip(tr("Speed ([ and ])"));
    bar->addWidget(speed_);
    slider_->setRange(0, kSliderSteps);
    slider_->setAccessibleName(tr("Playhead"));
    slider_->setPageStep(kSliderSteps / 20);
    bar->addWidget(slider_, 1);
    time_->setMinimumWidth(150);
    time_->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    bar->addWidget(time_);
    hint_->setWordWrap(true);
    hint_->setProperty("role", "muted");
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->addWidget(chart_);
    splitter->addWidget(table_);
    splitter->setSizes({220, 420});
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(bar);
    layout->addWidget(hint_);
    layout->addWidget(splitter, 1);
    connect(slider_, &QSlider::valueChanged, this, [this](int value) {
        const TimeRange range = this->workspace().fullRange();
        seek(range.begin +
             static_cast<std::int64_t>(static_cast<double>(range.length()) * value / kSliderSteps));
    });
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        model_->setSession(&session());
        refreshAll();
    });
    connect(&workspace, &Workspace::sourceChanged, this, [this] {
        setPlaying(false);
        refreshAll();
    });
    model_->setSession(&workspace.session());
    refreshAll();
}

double ReplayView::speed() const {
    return kSpeeds[std::clamp(speed_->currentIndex(), 0, static_cast<int>(std::size(kSpeeds)) - 1)];
}

void ReplayView::togglePlay() {
    setPlaying(!playing_);
}

void ReplayView::setPlaying(bool playing) {
    playing = playing && workspace().kind() == SourceKind::recording && workspace().isComplete();
    if (playing && workspace().playhead() >= workspace().fullRange().end)
        workspace().seek(workspace().fullRange().begin);
    if (playing) workspace().axis().setFollowing(true);
    const bool changed = playing != playing_;
    playing_ = playing;
    updateEnabled();
    if (changed) Q_EMIT playingChanged(playing);
}

void ReplayView::advance(std::int64_t nanoseconds) {
    if (!playing_) return;
    const std::int64_t to =
        workspace().playhead() + static_cast<std::int64_t>(static_cast<double>(nanoseconds) * speed());
    workspace().seek(to);
    show();
    if (to >= workspace().fullRange().end) setPlaying(false);
}

void ReplayView::step(int frames) {
    setPlaying(false);
    seek(workspace().playhead() + frames * kStep);
}
void ReplayView::seek(std::int64_t at) {
    if (workspace().kind() != SourceKind::recording) return;
    workspace().seek(at);
    workspace().axis().setCrosshair(workspace().playhead());
    model_->reorder();
    show();
}
void ReplayView::changeSpeed(int by) {
    speed_->setCurrentIndex(std::clamp(speed_->currentIndex() + by, 0, speed_->count() - 1));
}
void ReplayView::toStart() {
    seek(workspace().fullRange().begin);
}
void ReplayView::toEnd() {
    seek(workspace().fullRange().end);
}

void ReplayView::show() {
    const TimeRange range = workspace().fullRange();
    const QSignalBlocker quiet(slider_);
    if (range.length() > 0)
        slider_->setValue(static_cast<int>(static_cast<double>(workspace().playhead() - range.begin) /
                                           static_cast<double>(range.length()) * kSliderSteps));
    time_->setText(tr("%1 of %2")
                       .arg(QString::fromStdString(format_time(workspace().playhead() - range.begin)),
                            QString::fromStdString(format_time(range.length()))));
}

void ReplayView::updateEnabled() {
    const bool can = workspace().kind() == SourceKind::recording && workspace().isComplete();
    for (QPushButton* button : buttons_) button->setEnabled(can);
    play_->setEnabled(can);
    speed_->setEnabled(can);
    slider_->setEnabled(can);
    const QString text = playing_ ? tr("❚❚  Pause") : tr("▶  Play");
    if (play_->text() != text) play_->setText(text);
    play_->setAccessibleName(playing_ ? tr("Pause") : tr("Play"));
    if (workspace().kind() == SourceKind::recording)
        hint_->setText(
            tr("Every page shows what was known at the playhead. To run the recorded session itself again: "
               "squall-loadgen replay FILE --verify (the same server, "
               "the same bytes) or --target HOST:PORT (its clients against another server)."));
    else
        hint_->setText(tr(
            "Only a recording can be replayed: open one with Ctrl+O, or record this process with Ctrl+R."));
}

void ReplayView::refreshValues() {
    table_->refreshValues();
}

void ReplayView::refreshAll() {
    updateEnabled();
    show();
    table_->refreshAll();
    ChartContent content{tr("Bandwidth"),
                         Unit::bytes_per_second,
                         {{tr("sent"), &session().totals().sent, 0, true},
                          {tr("received"), &session().totals().received, 1, false}},
                         workspace().bands(),
                         workspace().marks(),
                         {},
                         1000};
    chart_->chart().setOrigin(session().origin());
    chart_->chart().setContent(std::move(content));
}

}  // namespace squall::gui
