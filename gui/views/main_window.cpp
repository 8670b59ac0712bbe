#include "gui/views/main_window.hpp"

#include <QApplication>
#include <QComboBox>
#include <QDialog>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHeaderView>
#include <QInputDialog>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressBar>
#include <QSettings>
#include <QStatusBar>
#include <QTableWidget>
#include <QToolBar>
#include <QVBoxLayout>

#include "gui/sources/budget_file.hpp"
#include "gui/views/compare_view.hpp"
#include "gui/views/conditions_view.hpp"
#include "gui/views/export.hpp"
#include "gui/views/overview_view.hpp"
#include "gui/views/packets_view.hpp"
#include "gui/views/replay_view.hpp"
#include "gui/views/table_views.hpp"
#include "gui/views/timeline_view.hpp"
#include "gui/views/welcome_page.hpp"
#include "gui/views/world_view.hpp"

namespace squall::gui {
namespace {

constexpr int kFrameMilliseconds = 33;
constexpr qint64 kValuesMilliseconds = 100;
constexpr qint64 kAllMilliseconds = 1000;
constexpr int kMessageMilliseconds = 10'000;

}  // namespace

MainWindow::MainWindow(QWidget* parent)
    : QMainWindow(parent),
      stack_(new QStackedWidget(this)),
      welcome_(new WelcomePage(this)),
      tabs_(new QTabWidget(this)),
      source_label_(new QLabel(this)),
      state_label_(new QLabel(this)),
      progress_(new QProgressBar(this)) {
    setObjectName(QStringLiteral("main"));
    setAcceptDrops(true);
    makeViews();
    makeCommands();
    makeToolBar();
    stack_->addWidget(welcome_);
    stack_->addWidget(tabs_);
    setCentralWidget(stack_);
    progress_->setMaximumWidth(180);
    progress_->setRange(0, 1000);
    progress_->hide();
    source_label_->setProperty("role", "muted");
    state_label_->setProperty("role", "muted");
    statusBar()->setContentsMargins(8, 0, 8, 0);
    statusBar()->setSizeGripEnabled(false);
    statusBar()->addWidget(source_label_);
    statusBar()->addPermanentWidget(progress_);
    statusBar()->addPermanentWidget(state_label_);
    connectSources();
    restoreLayout();
    updateTitle();
    updateCommands();
    clock_.start();
    connect(&timer_, &QTimer::timeout, this, &MainWindow::tick);
    timer_.setTimerType(Qt::PreciseTimer);
    timer_.start(kFrameMilliseconds);
}

MainWindow::~MainWindow() {
    // Views hold pointers into the workspace, which goes before a QObject's children do.
    timer_.stop();
    tabs_->disconnect(this);
    workspace_.disconnect(this);
    workspace_.axis().disconnect(this);
    replay_->disconnect(this);
    delete takeCentralWidget();
}

void MainWindow::makeViews() {
    views_ = {overview_ = new OverviewView(workspace_, tabs_),
              remotes_ = new RemotesView(workspace_, tabs_),
              connections_ = new ConnectionsView(workspace_, tabs_),
              timeline_ = new TimelineView(workspace_, tabs_),
              new PacketsView(workspace_, tabs_),
              new WorldView(workspace_, tabs_),
              compare_ = new CompareView(workspace_, tabs_),
              new ConditionsView(workspace_, tabs_),
              replay_ = new ReplayView(workspace_, tabs_)};
    for (View* view : views_) tabs_->addTab(view, view->title());
    tabs_->setDocumentMode(true);
    tabs_->setAccessibleName(tr("Pages"));
    connect(tabs_, &QTabWidget::currentChanged, this, [this] {
        if (View* view = currentView()) view->refreshAll();
    });
}

QAction* MainWindow::addCommand(const QString& text, const QKeySequence& keys, const QString& tip,
                                std::function<void()> action) {
    auto* command = new QAction(text, this);
    command->setShortcut(keys);
    command->setToolTip(keys.isEmpty() ? tip
                                       : tr("%1 (%2)").arg(tip, keys.toString(QKeySequence::NativeText)));
    connect(command, &QAction::triggered, this, [action = std::move(action)] { action(); });
    addAction(command);
    commands_.push_back({command, tip});
    return command;
}

void MainWindow::makeCommands() {
    addCommand(tr("Open…"), QKeySequence::Open, tr("Open a recording"), [this] { chooseFile(); });
    close_action_ = addCommand(tr("Close"), QKeySequence(Qt::CTRL | Qt::Key_W),
                               tr("Close what is open and choose anew"), [this] { closeSource(); });
    follow_action_ = addCommand(tr("Pause"), QKeySequence(Qt::CTRL | Qt::Key_Space),
                                tr("Stop the charts, or let them follow the newest data"),
                                [this] { workspace_.axis().setFollowing(!workspace_.axis().isFollowing()); });
    back_action_ = addCommand(tr("Zoom before"), QKeySequence(Qt::ALT | Qt::Key_Left),
                              tr("Back to the part of the time line that was shown before"),
                              [this] { workspace_.axis().goBack(); });
    addCommand(tr("Show all"), QKeySequence(Qt::CTRL | Qt::Key_0), tr("Show the whole time line"),
               [this] { workspace_.axis().showAll(); });
    record_action_ = addCommand(tr("Record"), QKeySequence(Qt::CTRL | Qt::Key_R),
                                tr("Start or stop a recording by the process that is looked at"),
                                [this] { toggleRecording(); });
    save_action_ = addCommand(tr("Save the last minute"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R),
                              tr("Save what happened in the last 60 s, after the fact"), [this] {
                                  recorder::Command command;
                                  command.verb = "history.save";
                                  workspace_.command(std::move(command));
                              });
    mark_action_ =
        addCommand(tr("Mark"), QKeySequence(Qt::CTRL | Qt::Key_M),
                   tr("Put a mark with a text into the time line and the recording"), [this] { sendMark(); });
    play_action_ = addCommand(tr("Play"), QKeySequence(Qt::Key_P), tr("Play or pause the recording"),
                              [this] { replay_->togglePlay(); });
    addCommand(tr("Step back"), QKeySequence(Qt::Key_Comma), tr("A tenth of a second back in the recording"),
               [this] { replay_->step(-1); });
    addCommand(tr("Step forward"), QKeySequence(Qt::Key_Period),
               tr("A tenth of a second forward in the recording"), [this] { replay_->step(1); });
    addCommand(tr("Slower"), QKeySequence(Qt::Key_BracketLeft), tr("Play slower"),
               [this] { replay_->changeSpeed(-1); });
    addCommand(tr("Faster"), QKeySequence(Qt::Key_BracketRight), tr("Play faster"),
               [this] { replay_->changeSpeed(1); });
    addCommand(tr("To the start"), QKeySequence(Qt::CTRL | Qt::Key_Home), tr("To the start of the recording"),
               [this] { replay_->toStart(); });
    addCommand(tr("To the end"), QKeySequence(Qt::CTRL | Qt::Key_End), tr("To the end of the recording"),
               [this] { replay_->toEnd(); });
    addCommand(tr("Filter"), QKeySequence::Find, tr("To the filter of this page"), [this] {
        if (View* view = currentView())
            if (auto* line = view->findChild<QLineEdit*>()) line->setFocus();
    });
    addCommand(tr("Budgets…"), QKeySequence(Qt::CTRL | Qt::Key_B),
               tr("Read budgets (TOML, as for --check): the pages show and judge by them"),
               [this] { chooseBudgets(); });
    export_action_ = addCommand(tr("Export…"), QKeySequence(Qt::CTRL | Qt::Key_E),
                                tr("Write this page as PNG, SVG or CSV"), [this] { exportCurrent(); });
    addCommand(tr("Theme"), QKeySequence(Qt::CTRL | Qt::Key_T), tr("Dark or light"), [this] {
        setTheme(Theme::from(palette()).kind == ThemeKind::dark ? ThemeKind::light : ThemeKind::dark);
    });
    addCommand(tr("Reset layout"), {}, tr("Forget sizes, columns and the theme"), [this] { resetLayout(); });
    addCommand(tr("Keys"), QKeySequence(Qt::Key_F1), tr("All keys on one sheet"),
               [this] { showShortcuts(); });
    commands_.back().action->setShortcuts({QKeySequence(Qt::Key_F1), QKeySequence(Qt::Key_Question)});
    for (std::size_t i = 0; i < views_.size(); ++i)
        addCommand(views_[i]->title(), QKeySequence(QStringLiteral("Ctrl+%1").arg(i + 1)),
                   tr("Page %1").arg(views_[i]->title()), [this, i] { showView(views_[i]); });
    addCommand(tr("Quit"), QKeySequence::Quit, tr("End the program"), [this] { close(); });
}

void MainWindow::makeToolBar() {
    tool_bar_ = addToolBar(tr("Commands"));
    tool_bar_->setObjectName(QStringLiteral("commands"));
    tool_bar_->setMovable(false);
    const auto named = [this](const QString& text) {
        for (const Command& command : commands_)
            if (command.action->text() == text) return command.action;
        return static_cast<QAction*>(nullptr);
    };
    tool_bar_->addAction(named(tr("Open…")));
    tool_bar_->addAction(close_action_);
    tool_bar_->addSeparator();
    tool_bar_->addAction(follow_action_);
    auto* window = new QComboBox(tool_bar_);
    const std::pair<QString, int> lengths[] = {{tr("10 s"), 10},   {tr("30 s"), 30},    {tr("1 min"), 60},
                                               {tr("5 min"), 300}, {tr("15 min"), 900}, {tr("1 h"), 3600}};
    for (const auto& [text, seconds] : lengths) window->addItem(text, seconds);
    window->setCurrentIndex(2);
    window->setAccessibleName(tr("How much time is shown"));
    window->setToolTip(tr("How much of the newest time the charts show"));
    connect(window, &QComboBox::currentIndexChanged, this, [this, window] {
        workspace_.axis().setWindow(window->currentData().toLongLong() * 1'000'000'000);
    });
    tool_bar_->addWidget(window);
    tool_bar_->addAction(back_action_);
    tool_bar_->addSeparator();
    tool_bar_->addAction(record_action_);
    tool_bar_->addAction(save_action_);
    tool_bar_->addAction(mark_action_);
    tool_bar_->addSeparator();
    tool_bar_->addAction(play_action_);
    auto* space = new QWidget(tool_bar_);
    space->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Preferred);
    tool_bar_->addWidget(space);
    tool_bar_->addAction(named(tr("Budgets…")));
    tool_bar_->addAction(export_action_);
    tool_bar_->addAction(named(tr("Theme")));
    tool_bar_->addAction(named(tr("Keys")));
}

void MainWindow::connectSources() {
    connect(welcome_, &WelcomePage::fileChosen, this, &MainWindow::openRecording);
    connect(welcome_, &WelcomePage::processChosen, this, &MainWindow::attach);
    connect(welcome_, &WelcomePage::openRequested, this, &MainWindow::chooseFile);
    connect(&live_, &LiveSource::frameReceived, this, [this](const recorder::ProfileFrame& frame) {
        workspace_.apply(workspace_.session().limits().end, frame);
        if (const auto* result = std::get_if<recorder::CommandResult>(&frame)) {
            say((result->is_ok ? QString() : tr("Not done: ")) + QString::fromStdString(result->text));
            if (result->id == record_command_ && result->is_ok) recording_ = !recording_;
            updateCommands();
        }
    });
    connect(&live_, &LiveSource::connected, this, [this] { updateStatus(); });
    connect(&live_, &LiveSource::ended, this, [this](const QString& why) {
        say(why);
        recording_ = false;
        if (!workspace_.session().has_data()) closeSource();
        updateCommands();
        updateStatus();
    });
    connect(&loader_, &RecordingLoader::partLoaded, this, [this](const LoadedPartPointer& part) {
        if (!loading_) return;
        workspace_.addPart(*part);
        progress_->setValue(
            static_cast<int>(1000 * part->bytes_read / std::max<std::uint64_t>(1, part->bytes_total)));
        if (painted_) return;
        painted_ = true;
        workspace_.updateLimits();
        refreshNow();
        Q_EMIT firstPicture();
    });
    connect(&loader_, &RecordingLoader::finished, this, [this](const LoadResult& result) {
        loading_ = false;
        progress_->hide();
        if (!result.is_ok) {
            closeSource();
            say(result.problem);
        } else {
            workspace_.finishRecording(result);
            updateTitle();
            WelcomePage::remember(workspace_.recordingPath());
            if (!result.problem.isEmpty())
                say(result.problem);
            else if (result.frames == 0)
                say(
                    tr("This recording has no figures of the profiler, only packets: see the page Packets. "
                       "Record with the live endpoint on for the rest."));
            refreshNow();
        }
        updateCommands();
        updateStatus();
        Q_EMIT loadingFinished(result.is_ok, result.problem);
    });
    connect(&workspace_, &Workspace::placeRequested, this, [this](Place place, const QString& filter) {
        View* view = place == Place::remotes       ? static_cast<View*>(remotes_)
                     : place == Place::connections ? static_cast<View*>(connections_)
                     : place == Place::timeline    ? static_cast<View*>(timeline_)
                                                   : overview_;
        view->setFilter(filter);
        showView(view);
    });
    connect(&workspace_, &Workspace::commandRequested, this, [this](const recorder::Command& command) {
        const quint64 id = live_.send(command);
        if (command.verb.starts_with("record.")) record_command_ = id;
        if (id == 0) say(tr("Nothing is attached that could do this."));
    });
    connect(&workspace_, &Workspace::subscriptionRequested, &live_, &LiveSource::subscribe);
    connect(&workspace_, &Workspace::said, this, &MainWindow::say);
    connect(&workspace_.axis(), &TimeAxis::followingChanged, this, [this] { updateCommands(); });
    connect(&workspace_.axis(), &TimeAxis::rangeChanged, this,
            [this] { back_action_->setEnabled(workspace_.axis().canGoBack()); });
    connect(compare_, &CompareView::secondRead, this, &MainWindow::comparisonFinished);
    connect(replay_, &ReplayView::playingChanged, this, [this] { updateCommands(); });
}

// --- what is open
// ----------------------------------------------------------------------------------------------------------

void MainWindow::openRecording(const QString& path) {
    live_.disconnectFrom();
    made_up_ = false;
    loading_ = true;
    painted_ = false;
    recording_ = false;
    workspace_.start(SourceKind::recording, QFileInfo(path).fileName(), path);
    progress_->setValue(0);
    progress_->show();
    stack_->setCurrentWidget(tabs_);
    loader_.open(path);
    updateTitle();
    updateCommands();
}

void MainWindow::attach(const LiveProcess& process) {
    loading_ = made_up_ = false;
    progress_->hide();
    recording_ = false;
    workspace_.start(SourceKind::live, process.name);
    stack_->setCurrentWidget(tabs_);
    live_.connectTo(process);
    updateTitle();
    updateCommands();
    updateStatus();
}

void MainWindow::startMadeUp(const QString& name, SourceKind kind) {
    made_up_ = true;
    workspace_.start(kind, name);
    stack_->setCurrentWidget(tabs_);
    updateTitle();
    updateCommands();
}

void MainWindow::closeSource() {
    live_.disconnectFrom();
    loading_ = false;
    progress_->hide();
    workspace_.start(SourceKind::none, {});
    stack_->setCurrentWidget(welcome_);
    welcome_->takeFocus();
    updateTitle();
    updateCommands();
    updateStatus();
}

void MainWindow::chooseFile() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open a recording"), {},
                                     tr("Recordings (*.pcapng *.pcapng.gz *.pcapng.zst);;All files (*)"));
    if (!path.isEmpty()) openRecording(path);
}

void MainWindow::compareWith(const QString& path) {
    compare_->openSecond(path);
}

void MainWindow::openBudgets(const QString& path) {
    const auto budgets = read_budgets(path);
    if (!budgets) return say(QString::fromStdString(budgets.error().message));
    workspace_.setBudgets(*budgets);
    say(tr("%1: %2 budgets").arg(QFileInfo(path).fileName()).arg(budgets->size()));
    refreshNow();
}

void MainWindow::chooseBudgets() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open budgets"), {}, tr("Budgets (*.toml);;All files (*)"));
    if (!path.isEmpty()) openBudgets(path);
}

// --- the clock
// -------------------------------------------------------------------------------------------------------------

View* MainWindow::currentView() const {
    return isWelcome() ? nullptr : qobject_cast<View*>(tabs_->currentWidget());
}
bool MainWindow::isWelcome() const {
    return stack_->currentWidget() == welcome_;
}

void MainWindow::tick() {
    const qint64 now = clock_.elapsed();
    const qint64 passed = now - std::exchange(last_tick_, now);
    if (isWelcome()) return;
    replay_->advance(passed * 1'000'000);
    workspace_.updateLimits();
    View* view = currentView();
    if (view == nullptr) return;
    if (now - last_all_ >= kAllMilliseconds) {
        last_all_ = last_values_ = now;
        view->refreshAll();
        workspace_.releaseRetired();
        updateStatus();
    } else if (now - last_values_ >= kValuesMilliseconds) {
        last_values_ = now;
        view->refreshValues();
    }
}

void MainWindow::refreshNow() {
    workspace_.updateLimits();
    if (View* view = currentView()) {
        view->refreshAll();
        view->refreshValues();
    }
    updateStatus();
}

View* MainWindow::viewNamed(const QString& name) const {
    for (View* view : views_)
        if (view->title().compare(name, Qt::CaseInsensitive) == 0) return view;
    return nullptr;
}

void MainWindow::showView(View* view) {
    if (isWelcome()) return;
    tabs_->setCurrentWidget(view);
}

// --- words
// -----------------------------------------------------------------------------------------------------------------

void MainWindow::say(const QString& text) {
    if (!text.isEmpty()) statusBar()->showMessage(text, kMessageMilliseconds);
}

void MainWindow::updateTitle() {
    setWindowTitle(workspace_.kind() == SourceKind::none
                       ? tr("Squall profiler")
                       : tr("%1 – Squall profiler").arg(workspace_.sourceName()));
}

void MainWindow::updateStatus() {
    QString source;
    QString state;
    if (workspace_.kind() == SourceKind::live) {
        source = live_.isConnected() || made_up_ ? tr("Attached to %1").arg(workspace_.sourceName())
                                                 : tr("%1: no longer attached").arg(workspace_.sourceName());
        if (live_.roundTrip() >= 0)
            state = tr("%1 to the process · %2 received")
                        .arg(QString::fromStdString(format_value(live_.roundTrip(), Unit::milliseconds)),
                             QString::fromStdString(
                                 format_value(static_cast<double>(live_.bytesReceived()), Unit::bytes)));
        if (workspace_.session().state().missed() > 0)
            state += tr(" · %1 frames missed").arg(workspace_.session().state().missed());
    } else if (workspace_.kind() == SourceKind::recording) {
        source = tr("Recording %1, %2")
                     .arg(workspace_.sourceName(),
                          QString::fromStdString(format_duration(workspace_.fullRange().length())));
        state = tr("%1 packets and messages · %2 frames")
                    .arg(QString::fromStdString(format_count(workspace_.packets().entries().size())),
                         QString::fromStdString(format_count(workspace_.session().frame_count())));
    }
    if (source_label_->text() != source) source_label_->setText(source);
    if (state_label_->text() != state) state_label_->setText(state);
}

void MainWindow::updateCommands() {
    const bool live = workspace_.kind() == SourceKind::live;
    const bool recording = workspace_.kind() == SourceKind::recording;
    follow_action_->setText(workspace_.axis().isFollowing() ? tr("Pause") : tr("Follow"));
    follow_action_->setEnabled(live || recording);
    record_action_->setText(recording_ ? tr("Stop recording") : tr("Record"));
    for (QAction* action : {record_action_, save_action_, mark_action_}) action->setEnabled(live);
    play_action_->setEnabled(recording && workspace_.isComplete());
    play_action_->setText(replay_->isPlaying() ? tr("Pause replay") : tr("Play"));
    close_action_->setEnabled(live || recording);
    export_action_->setEnabled(live || recording);
    back_action_->setEnabled(workspace_.axis().canGoBack());
}

std::vector<std::pair<QString, QString>> MainWindow::shortcuts() const {
    std::vector<std::pair<QString, QString>> out;
    for (const Command& command : commands_) {
        QStringList keys;
        for (const QKeySequence& sequence : command.action->shortcuts())
            keys << sequence.toString(QKeySequence::NativeText);
        if (!keys.isEmpty()) out.emplace_back(keys.join(tr(" or ")), command.tip);
    }
    const std::pair<QString, QString> in_charts[] = {
        {tr("← →"), tr("In a chart: move the crosshair; with Shift measure, with Ctrl move the picture")},
        {tr("+ −"), tr("In a chart: closer, further")},
        {tr("Home End"), tr("In a chart: to the start, to the end")},
        {tr("Space"), tr("In a chart: stop, follow")},
        {tr("Return"), tr("In a chart: zoom to what is measured; in a list: open")},
        {tr("Backspace"), tr("In a chart: the zoom before")},
        {tr("T"), tr("In a chart: the numbers as a table, and back")},
        {tr("Esc"), tr("Nothing chosen, nothing measured, no filter")},
        {tr("Ctrl+C"), tr("In a table: copy the chosen rows")},
        {tr("Alt+1 … Alt+7"), tr("On Conditions: presets")},
        {tr("Ctrl+Return"), tr("On Conditions: apply")}};
    out.insert(out.end(), std::begin(in_charts), std::end(in_charts));
    return out;
}

void MainWindow::showShortcuts() {
    auto* dialog = new QDialog(this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setObjectName(QStringLiteral("shortcuts"));
    dialog->setWindowTitle(tr("Keys"));
    auto* table = new QTableWidget(dialog);
    const auto all = shortcuts();
    table->setColumnCount(2);
    table->setRowCount(static_cast<int>(all.size()));
    table->setHorizontalHeaderLabels({tr("Keys"), tr("What they do")});
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    table->horizontalHeader()->setStretchLastSection(true);
    table->setColumnWidth(0, 150);
    table->setShowGrid(false);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setAccessibleName(tr("Keys"));
    for (int row = 0; row < table->rowCount(); ++row) {
        table->setItem(row, 0, new QTableWidgetItem(all[static_cast<std::size_t>(row)].first));
        table->setItem(row, 1, new QTableWidgetItem(all[static_cast<std::size_t>(row)].second));
    }
    auto* layout = new QVBoxLayout(dialog);
    layout->addWidget(table);
    dialog->resize(640, 640);
    dialog->show();
}

// --- commands
// --------------------------------------------------------------------------------------------------------------

void MainWindow::toggleRecording() {
    recorder::Command command;
    command.verb = recording_ ? "record.stop" : "record.start";
    workspace_.command(std::move(command));
}

void MainWindow::sendMark() {
    bool ok = false;
    const QString text =
        QInputDialog::getText(this, tr("Mark"), tr("What happens now:"), QLineEdit::Normal, {}, &ok);
    if (!ok || text.trimmed().isEmpty()) return;
    recorder::Command command;
    command.verb = "mark";
    command.arguments = {{"text", text.trimmed().toStdString()}};
    workspace_.command(std::move(command));
}

void MainWindow::exportCurrent() {
    View* view = currentView();
    if (view == nullptr) return;
    const QString path = QFileDialog::getSaveFileName(this, tr("Write this page as"),
                                                      view->title().toLower() + QStringLiteral(".png"),
                                                      tr("Picture (*.png);;Drawing (*.svg);;Table (*.csv)"));
    if (path.isEmpty()) return;
    const QString problem = export_view(*view, view->table(), path);
    say(problem.isEmpty() ? tr("%1 was written").arg(path) : problem);
}

void MainWindow::setTheme(ThemeKind kind) {
    apply_theme(*qApp, kind);
    QSettings().setValue(QStringLiteral("theme"),
                         kind == ThemeKind::dark ? QStringLiteral("dark") : QStringLiteral("light"));
}

void MainWindow::restoreLayout() {
    resize(1360, 860);
    const QSettings settings;
    restoreGeometry(settings.value(QStringLiteral("geometry")).toByteArray());
    restoreState(settings.value(QStringLiteral("state")).toByteArray());
    const int page = settings.value(QStringLiteral("page"), 0).toInt();
    if (page >= 0 && page < tabs_->count()) tabs_->setCurrentIndex(page);
}

void MainWindow::storeLayout() const {
    QSettings settings;
    settings.setValue(QStringLiteral("geometry"), saveGeometry());
    settings.setValue(QStringLiteral("state"), saveState());
    settings.setValue(QStringLiteral("page"), tabs_->currentIndex());
}

void MainWindow::resetLayout() {
    QSettings settings;
    const QStringList recent = settings.value(QStringLiteral("recent")).toStringList();
    settings.clear();
    settings.setValue(QStringLiteral("recent"), recent);
    setTheme(ThemeKind::dark);
    resize(1360, 860);
    say(tr("The layout is as it was at first; widths of columns follow with the next start."));
}

void MainWindow::closeEvent(QCloseEvent* event) {
    storeLayout();
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) event->acceptProposedAction();
}
void MainWindow::dropEvent(QDropEvent* event) {
    const auto urls = event->mimeData()->urls();
    if (!urls.isEmpty() && urls[0].isLocalFile()) openRecording(urls[0].toLocalFile());
}

}  // namespace squall::gui
