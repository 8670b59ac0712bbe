// The pages that are mostly a table: remotes and connections, each with charts of the row with the focus.
#pragma once

#include <QLabel>
#include <vector>

#include "gui/models/session_models.hpp"
#include "gui/views/chart_panel.hpp"
#include "gui/views/data_table.hpp"
#include "gui/views/view.hpp"

class QSplitter;

namespace squall::gui {

class RemotesView : public View {
    Q_OBJECT
  public:
    explicit RemotesView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshValues() override;
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return model_; }
    void setFilter(const QString& filter) override { table_->setFilter(filter); }
    [[nodiscard]] DataTable& dataTable() { return *table_; }

  private:
    void select(int row);
    void fillDetail();
    RemotesModel* model_;
    DataTable* table_;
    QLabel* detail_;
    std::vector<ChartPanel*> charts_;
    std::uint32_t selected_ = 0;
    bool has_selected_ = false;
};

class ConnectionsView : public View {
    Q_OBJECT
  public:
    explicit ConnectionsView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshValues() override;
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return model_; }
    void setFilter(const QString& filter) override { table_->setFilter(filter); }
    [[nodiscard]] DataTable& dataTable() { return *table_; }

  private:
    void fillDetail();
    [[nodiscard]] const ConnectionRow* selectedRow() const;
    ConnectionsModel* model_;
    DataTable* table_;
    QLabel* detail_;
    std::vector<ChartPanel*> charts_;
    std::pair<std::uint32_t, ConnectionId> selected_{};
};

}  // namespace squall::gui
