// A table with a filter line above it: sorted by a click or the keyboard, filtered in the filter language
// with the place of a mistake marked, copied with Ctrl+C. Rows change places at most once a second, and never
// under the mouse or a selection.
#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QTableView>

#include "gui/models/row_table_model.hpp"

namespace squall::gui {

class DataTable : public QWidget {
    Q_OBJECT
  public:
    // `key` names its columns' widths and order in the settings.
    DataTable(RowTableModel& model, const QString& key, const QString& emptyText, QWidget* parent = nullptr);

    [[nodiscard]] QTableView& view() { return *view_; }
    [[nodiscard]] QLineEdit& filterLine() { return *filter_; }
    void setFilter(const QString& text);
    // New values, in place.
    void refreshValues();
    // Filters and sorts anew, unless that would move rows under the user's hand.
    void refreshAll(bool force = false);
    // Rows stay where they are now.
    [[nodiscard]] bool isFrozen() const;
    // The shown row with the focus; -1 if there is none.
    [[nodiscard]] int currentRow() const;
    void copySelection() const;

  Q_SIGNALS:
    void currentRowChanged(int row);
    void rowActivated(int row);

  protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

  private:
    void applyFilter();
    void updateCount();
    void showColumnMenu(const QPoint& at);
    [[nodiscard]] QString settingsKey() const;
    void restoreColumns();
    void storeColumns() const;

    RowTableModel& model_;
    QString key_;
    QString empty_text_;
    QLineEdit* filter_;
    QLabel* message_;
    QLabel* count_;
    QTableView* view_;
};

}  // namespace squall::gui
