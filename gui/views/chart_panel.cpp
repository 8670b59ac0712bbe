#include "gui/views/chart_panel.hpp"

#include <QHeaderView>
#include <QShortcut>
#include <QTableView>

namespace squall::gui {

ChartPanel::ChartPanel(TimeAxis& axis, QWidget* parent)
    : QStackedWidget(parent),
      axis_(axis),
      chart_(new StripChart(axis, this)),
      model_(new ChartTableModel(this)),
      table_(new QTableView(this)) {
    table_->setModel(model_);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    table_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 6);
    table_->setToolTip(tr("T shows the chart again"));
    addWidget(chart_);
    addWidget(table_);
    connect(chart_, &StripChart::tableRequested, this, [this] { setTableShown(true); });
    auto* back = new QShortcut(Qt::Key_T, table_);
    back->setContext(Qt::WidgetWithChildrenShortcut);
    connect(back, &QShortcut::activated, this, [this] { setTableShown(false); });
}

void ChartPanel::setTableShown(bool shown) {
    if (shown) refreshTable();
    setCurrentIndex(shown ? 1 : 0);
    currentWidget()->setFocus();
}

const ChartTableModel& ChartPanel::tableModel() {
    refreshTable();
    return *model_;
}

void ChartPanel::refreshTable() {
    model_->setContent(chart_->content(), axis_.range(), chart_->origin());
    table_->setAccessibleName(tr("%1, as a table").arg(chart_->content().title));
}

}  // namespace squall::gui
