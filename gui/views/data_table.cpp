#include "gui/views/data_table.hpp"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMenu>
#include <QPainter>
#include <QSettings>
#include <QStyledItemDelegate>
#include <QToolButton>
#include <QVBoxLayout>

#include "gui/views/theme.hpp"

namespace squall::gui {
namespace {

QColor tone_color(const Theme& theme, Tone tone) {
    switch (tone) {
        case Tone::plain: return theme.text;
        case Tone::muted: return theme.muted;
        case Tone::good: return theme.good;
        case Tone::warning: return theme.warning;
        case Tone::bad: return theme.bad;
    }
    return theme.text;
}

// Draws a cell by hand: text in the colour of its tone, and a bar for its share. Cheaper than the style's
// way, which matters at ten times a second.
class CellDelegate final : public QStyledItemDelegate {
  public:
    using QStyledItemDelegate::QStyledItemDelegate;

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const Theme& theme = Theme::from(option.palette);
        const bool selected = option.state.testFlag(QStyle::State_Selected);
        if (selected) painter->fillRect(option.rect, theme.accent);
        const QVariant share = index.data(RowTableModel::BarRole);
        if (share.isValid() && !selected) {
            // Below the text, and not under it.
            QRect bar(option.rect.left() + 6, option.rect.bottom() - 2, option.rect.width() - 12, 2);
            bar.setWidth(static_cast<int>(bar.width() * std::clamp(share.toDouble(), 0.0, 1.0)));
            painter->fillRect(bar, theme.line(0));
        }
        const auto tone = static_cast<Tone>(index.data(RowTableModel::ToneRole).toInt());
        QString text = index.data().toString();
        // A sign besides the colour.
        if (tone == Tone::bad && !text.isEmpty()) text.prepend(QStringLiteral("▲ "));
        painter->setPen(selected ? theme.accent_text : tone_color(theme, tone));
        const QRect inner = option.rect.adjusted(6, 0, -6, 0);
        const auto alignment = static_cast<Qt::Alignment>(index.data(Qt::TextAlignmentRole).toInt());
        if (option.fontMetrics.horizontalAdvance(text) > inner.width())
            text = option.fontMetrics.elidedText(text, Qt::ElideRight, inner.width());
        painter->drawText(inner, static_cast<int>(alignment), text);
        if (option.state.testFlag(QStyle::State_HasFocus)) {
            painter->setPen(theme.text);
            painter->setBrush(Qt::NoBrush);
            painter->drawRect(option.rect.adjusted(0, 0, -1, -1));
        }
    }
};

}  // namespace

DataTable::DataTable(RowTableModel& model, const QString& key, const QString& emptyText, QWidget* parent)
    : QWidget(parent),
      model_(model),
      key_(key),
      empty_text_(emptyText),
      filter_(new QLineEdit(this)),
      message_(new QLabel(this)),
      count_(new QLabel(this)),
      view_(new QTableView(this)) {
    auto* top = new QHBoxLayout;
    filter_->setPlaceholderText(tr("Filter: a word, /regular expression/, or dir:in bytes>100  (Ctrl+F)"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter"));
    filter_->setToolTip(QString::fromStdString(filter_help(model.filterColumns())));
    count_->setProperty("role", "muted");
    top->addWidget(filter_, 1);
    top->addWidget(count_);
    auto* columns = new QToolButton(this);
    columns->setText(tr("Columns"));
    columns->setToolTip(tr("Which columns are shown; a right click on a head does the same"));
    columns->setAccessibleName(tr("Columns of %1").arg(key));
    connect(columns, &QToolButton::clicked, this,
            [this, columns] { showColumnMenu(columns->mapToGlobal(QPoint(0, columns->height()))); });
    top->addWidget(columns);
    message_->setProperty("role", "error");
    message_->setTextFormat(Qt::PlainText);
    message_->hide();
    view_->setModel(&model_);
    view_->setItemDelegate(new CellDelegate(view_));
    view_->setSelectionBehavior(QAbstractItemView::SelectRows);
    view_->setAlternatingRowColors(false);
    view_->setShowGrid(false);
    view_->setWordWrap(false);
    view_->setTabKeyNavigation(false);
    view_->setAccessibleName(key);
    view_->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    view_->verticalHeader()->hide();
    view_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    view_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 8);
    view_->horizontalHeader()->setSectionsMovable(true);
    view_->horizontalHeader()->setHighlightSections(false);
    view_->horizontalHeader()->setContextMenuPolicy(Qt::CustomContextMenu);
    // The model is sorted already: the arrow only shows how, and a click sorts otherwise.
    view_->horizontalHeader()->setSortIndicator(model_.sortColumn(), model_.sortOrder());
    view_->setSortingEnabled(true);
    view_->viewport()->installEventFilter(this);
    view_->installEventFilter(this);
    filter_->installEventFilter(this);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(6);
    layout->addLayout(top);
    layout->addWidget(message_);
    layout->addWidget(view_, 1);
    restoreColumns();
    connect(filter_, &QLineEdit::textChanged, this, &DataTable::applyFilter);
    connect(view_->horizontalHeader(), &QHeaderView::customContextMenuRequested, this,
            [this](const QPoint& at) { showColumnMenu(view_->horizontalHeader()->mapToGlobal(at)); });
    connect(view_->horizontalHeader(), &QHeaderView::sectionResized, this, &DataTable::storeColumns);
    connect(view_->horizontalHeader(), &QHeaderView::sectionMoved, this, &DataTable::storeColumns);
    connect(view_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) {
                Q_EMIT currentRowChanged(current.isValid() ? current.row() : -1);
            });
    connect(view_, &QTableView::activated, this,
            [this](const QModelIndex& index) { Q_EMIT rowActivated(index.row()); });
    updateCount();
}

// What was stored for a table of other columns is of no use.
QString DataTable::settingsKey() const {
    return QStringLiteral("columns/%1.%2").arg(key_).arg(model_.columns().size());
}

void DataTable::restoreColumns() {
    for (std::size_t i = 0; i < model_.columns().size(); ++i) {
        view_->setColumnWidth(static_cast<int>(i), model_.columns()[i].width);
        view_->setColumnHidden(static_cast<int>(i), !model_.columns()[i].shown);
    }
    const QByteArray stored = QSettings().value(settingsKey()).toByteArray();
    if (!stored.isEmpty()) {
        view_->horizontalHeader()->restoreState(stored);
        view_->setSortingEnabled(true);
    }
}
void DataTable::storeColumns() const {
    QSettings().setValue(settingsKey(), view_->horizontalHeader()->saveState());
}

void DataTable::setFilter(const QString& text) {
    filter_->setText(text);
}

void DataTable::applyFilter() {
    model_.setFilter(filter_->text());
    const FilterError& error = model_.filterError();
    message_->setVisible(!error.message.empty());
    if (!error.message.empty()) {
        const QString before =
            QString::fromUtf8(filter_->text().toUtf8().left(static_cast<qsizetype>(error.position)));
        message_->setText(
            tr("At character %1: %2").arg(before.size() + 1).arg(QString::fromStdString(error.message)));
    }
    updateCount();
}

void DataTable::updateCount() {
    const auto all = model_.totalRows();
    const auto shown = static_cast<std::size_t>(model_.rowCount());
    const QString rows = all == 1 ? tr("1 row") : tr("%1 rows").arg(all);
    QString text = shown == all ? rows : tr("%1 of %2").arg(shown).arg(rows);
    if (all == 0) text = empty_text_;
    if (count_->text() != text) count_->setText(text);
}

bool DataTable::isFrozen() const {
    return view_->viewport()->underMouse() ||
           (view_->selectionModel() != nullptr && view_->selectionModel()->hasSelection());
}

void DataTable::refreshValues() {
    // Nobody sees values of rows that are not in the viewport, but one signal for all is the cheapest way to
    // say so.
    model_.refresh();
}

void DataTable::refreshAll(bool force) {
    if (force || !isFrozen() || model_.rowCount() == 0) model_.reorder();
    updateCount();
}

int DataTable::currentRow() const {
    return view_->currentIndex().isValid() ? view_->currentIndex().row() : -1;
}

void DataTable::copySelection() const {
    QString text;
    QModelIndexList rows = view_->selectionModel()->selectedRows();
    std::ranges::sort(rows, {}, &QModelIndex::row);
    for (const QModelIndex& row : rows) {
        QStringList cells;
        for (int visual = 0; visual < model_.columnCount(); ++visual) {
            const int column = view_->horizontalHeader()->logicalIndex(visual);
            if (!view_->isColumnHidden(column)) cells << row.siblingAtColumn(column).data().toString();
        }
        text += cells.join(QLatin1Char('\t')) + QLatin1Char('\n');
    }
    if (!text.isEmpty()) QApplication::clipboard()->setText(text);
}

void DataTable::showColumnMenu(const QPoint& at) {
    auto* menu = new QMenu(this);
    menu->setAttribute(Qt::WA_DeleteOnClose);
    for (int column = 0; column < model_.columnCount(); ++column) {
        QAction* action = menu->addAction(model_.headerData(column, Qt::Horizontal).toString());
        action->setCheckable(true);
        action->setChecked(!view_->isColumnHidden(column));
        connect(action, &QAction::toggled, this, [this, column](bool shown) {
            view_->setColumnHidden(column, !shown);
            storeColumns();
        });
    }
    menu->popup(at);
}

bool DataTable::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        if (watched == view_ && key->matches(QKeySequence::Copy)) {
            copySelection();
            return true;
        }
        if (watched == view_ && key->key() == Qt::Key_Escape) {
            view_->clearSelection();
            return true;
        }
        if (watched == filter_ && (key->key() == Qt::Key_Down || key->key() == Qt::Key_Return)) {
            view_->setFocus();
            if (!view_->currentIndex().isValid() && model_.rowCount() > 0)
                view_->setCurrentIndex(model_.index(0, 0));
            return true;
        }
        if (watched == filter_ && key->key() == Qt::Key_Escape) {
            filter_->clear();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace squall::gui
