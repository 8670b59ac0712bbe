// The window: pages, tool bar, what is open, and the clock that refreshes whatever is seen (charts at 30 Hz,
// values at 10 Hz, places of rows once a second). Remembers its layout.
#pragma once

#include <QElapsedTimer>
#include <QLabel>
#include <QMainWindow>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTimer>
#include <vector>

#include "gui/sources/live_source.hpp"
#include "gui/sources/recording_loader.hpp"
#include "gui/views/theme.hpp"
#include "gui/views/view.hpp"
#include "gui/views/workspace.hpp"

class QAction;
class QProgressBar;

namespace squall::gui {

class CompareView;
class ConditionsView;
class OverviewView;
class PacketsView;
class ReplayView;
class TimelineView;
class WelcomePage;
class WorldView;
class RemotesView;
class ConnectionsView;

class MainWindow : public QMainWindow {
    Q_OBJECT
  public:
    explicit MainWindow(QWidget* parent = nullptr);
    ~MainWindow() override;

    void openRecording(const QString& path);
    void attach(const LiveProcess& process);
    void closeSource();
    // Reads a second recording for the page Compare.
    void compareWith(const QString& path);
    // Budgets for all pages; what is wrong with the file is said in the status bar.
    void openBudgets(const QString& path);
    // Frames from elsewhere, as if they were live: for tests and pictures.
    void startMadeUp(const QString& name, SourceKind kind = SourceKind::live);

    [[nodiscard]] Workspace& workspace() { return workspace_; }
    [[nodiscard]] const std::vector<View*>& views() const { return views_; }
    [[nodiscard]] View* currentView() const;
    // By its title, in any case; null if there is none.
    [[nodiscard]] View* viewNamed(const QString& name) const;
    void showView(View* view);
    [[nodiscard]] bool isWelcome() const;
    [[nodiscard]] WelcomePage& welcome() { return *welcome_; }
    void setTheme(ThemeKind kind);
    // Everything that is due, at once.
    void refreshNow();
    // Opening has come to its end: the last part was shown.
    [[nodiscard]] bool isLoading() const { return loading_; }
    // All shortcuts: keys and what they do.
    [[nodiscard]] std::vector<std::pair<QString, QString>> shortcuts() const;

  Q_SIGNALS:
    void firstPicture();
    // `problem`: what is wrong with the recording, shown or not; empty if nothing is.
    void loadingFinished(bool ok, const QString& problem);
    void comparisonFinished(bool ok, const QString& problem);

  protected:
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

  private:
    QAction* addCommand(const QString& text, const QKeySequence& keys, const QString& tip,
                        std::function<void()> action);
    void makeViews();
    void makeCommands();
    void makeToolBar();
    void connectSources();
    void tick();
    void updateTitle();
    void updateStatus();
    void updateCommands();
    void showShortcuts();
    void exportCurrent();
    void toggleRecording();
    void sendMark();
    void say(const QString& text);
    void restoreLayout();
    void storeLayout() const;
    void resetLayout();
    void chooseFile();
    void chooseBudgets();

    Workspace workspace_;
    LiveSource live_;
    RecordingLoader loader_;
    QTimer timer_;
    QElapsedTimer clock_;
    qint64 last_tick_ = 0;
    qint64 last_values_ = 0;
    qint64 last_all_ = 0;
    bool loading_ = false;
    bool painted_ = false;
    bool recording_ = false;
    bool made_up_ = false;
    quint64 record_command_ = 0;

    QStackedWidget* stack_;
    WelcomePage* welcome_;
    QTabWidget* tabs_;
    std::vector<View*> views_;
    OverviewView* overview_ = nullptr;
    RemotesView* remotes_ = nullptr;
    ConnectionsView* connections_ = nullptr;
    TimelineView* timeline_ = nullptr;
    ReplayView* replay_ = nullptr;
    CompareView* compare_ = nullptr;
    QLabel* source_label_;
    QLabel* state_label_;
    QProgressBar* progress_;
    QToolBar* tool_bar_ = nullptr;
    struct Command {
        QAction* action;
        QString tip;
    };
    std::vector<Command> commands_;
    QAction* follow_action_ = nullptr;
    QAction* record_action_ = nullptr;
    QAction* save_action_ = nullptr;
    QAction* mark_action_ = nullptr;
    QAction* play_action_ = nullptr;
    QAction* back_action_ = nullptr;
    QAction* close_action_ = nullptr;
    QAction* export_action_ = nullptr;
};

}  // namespace squall::gui
