// What is seen while nothing is open: processes that can be looked at now, files that were open before, and
// what to do if there are none.
#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QTimer>
#include <QWidget>

#include "gui/sources/discovery.hpp"

namespace squall::gui {

class WelcomePage : public QWidget {
    Q_OBJECT
  public:
    explicit WelcomePage(QWidget* parent = nullptr);
    // Looks for processes, now and from then on once a second while it is seen.
    void refresh();
    // To where Enter opens something.
    void takeFocus();
    [[nodiscard]] QListWidget& processes() { return *processes_; }
    [[nodiscard]] QListWidget& files() { return *files_; }
    // Where processes are looked for; the user's runtime directory by default.
    void setFolder(const QString& folder);

    [[nodiscard]] static QStringList recentFiles();
    static void remember(const QString& path);

  Q_SIGNALS:
    void processChosen(const squall::gui::LiveProcess& process);
    void fileChosen(const QString& path);
    void openRequested();

  protected:
    void showEvent(QShowEvent* event) override;

  private:
    QString folder_;
    QListWidget* processes_;
    QListWidget* files_;
    QLabel* no_processes_;
    QLabel* no_files_;
    QLineEdit* address_;
    QLabel* address_error_;
    QTimer timer_;
    std::vector<LiveProcess> found_;
};

}  // namespace squall::gui
