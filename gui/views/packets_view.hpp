// Packets and messages one by one: the list, what each byte and bit of one means, and its bytes.
#pragma once

#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QTableView>
#include <QTreeWidget>

#include "gui/data/dissection.hpp"
#include "gui/models/packets_model.hpp"
#include "gui/views/view.hpp"

namespace squall::gui {

class PacketsView : public View {
    Q_OBJECT
  public:
    explicit PacketsView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return model_; }
    void setFilter(const QString& filter) override { filter_->setText(filter); }
    [[nodiscard]] QTableView& list() { return *list_; }
    [[nodiscard]] QTreeWidget& tree() { return *tree_; }
    void selectRow(int row);

  private:
    void restart();
    void applyFilter();
    void showRow(int row);
    void showField(const QTreeWidgetItem* item);
    void addField(QTreeWidgetItem* parent, const Field& field);
    void updateCount();

    PacketsModel* model_;
    QLineEdit* filter_;
    QLabel* message_;
    QLabel* count_;
    QTableView* list_;
    QTreeWidget* tree_;
    QPlainTextEdit* hex_;
    QLabel* bits_;
    std::vector<std::byte> bytes_;
};

}  // namespace squall::gui
