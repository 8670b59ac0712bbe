// What each page of the window is: it shows a workspace, is refreshed when its turn comes, and can give what
// it shows as a table.
#pragma once

#include <QAbstractItemModel>
#include <QWidget>

#include "gui/views/workspace.hpp"

namespace squall::gui {

class View : public QWidget {
    Q_OBJECT
  public:
    View(Workspace& workspace, const QString& title, QWidget* parent)
        : QWidget(parent), workspace_(workspace), title_(title) {
        setAccessibleName(title);
    }
    [[nodiscard]] QString title() const { return title_; }

    // Ten times a second while it is seen: newer values.
    virtual void refreshValues() {}
    // Once a second while it is seen, and when it comes to be seen: everything, in its right place.
    virtual void refreshAll() {}
    // The table that is exported as CSV; null: there is none now.
    [[nodiscard]] virtual const QAbstractItemModel* table() const { return nullptr; }
    // Asks for a part of what it shows.
    virtual void setFilter(const QString& /*filter*/) {}

  protected:
    [[nodiscard]] Workspace& workspace() const { return workspace_; }
    [[nodiscard]] const Session& session() const { return workspace_.session(); }

  private:
    Workspace& workspace_;
    QString title_;
};

}  // namespace squall::gui
