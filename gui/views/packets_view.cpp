#include "gui/views/packets_view.hpp"

#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSplitter>
#include <QTextBlock>
#include <QVBoxLayout>

#include "gui/views/theme.hpp"

namespace squall::gui {
namespace {

enum TreeRole : int { BitRole = Qt::UserRole, LengthRole };
constexpr int kBitsShown = 12;  // bytes whose bits are spelled out

}  // namespace

PacketsView::PacketsView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Packets"), parent),
      model_(new PacketsModel(this)),
      filter_(new QLineEdit(this)),
      message_(new QLabel(this)),
      count_(new QLabel(this)),
      list_(new QTableView(this)),
      tree_(new QTreeWidget(this)),
      hex_(new QPlainTextEdit(this)),
      bits_(new QLabel(this)) {
    filter_->setPlaceholderText(tr("Filter: dir:in remote:move bytes>200 kind:payload  (Ctrl+F)"));
    filter_->setClearButtonEnabled(true);
    filter_->setAccessibleName(tr("Filter"));
    filter_->setToolTip(QString::fromStdString(filter_help(PacketsModel::filterColumns())));
    message_->setProperty("role", "error");
    message_->setTextFormat(Qt::PlainText);
    message_->hide();
    count_->setProperty("role", "muted");
    list_->setModel(model_);
    list_->setSelectionBehavior(QAbstractItemView::SelectRows);
    list_->setSelectionMode(QAbstractItemView::SingleSelection);
    list_->setShowGrid(false);
    list_->setWordWrap(false);
    list_->setTabKeyNavigation(false);
    list_->setAccessibleName(tr("Packets and messages"));
    list_->verticalHeader()->hide();
    list_->verticalHeader()->setSectionResizeMode(QHeaderView::Fixed);
    list_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    list_->horizontalHeader()->setHighlightSections(false);
    const int widths[] = {100, 44, 120, 50, 76, 150, 64};
    for (int i = 0; i < PacketsModel::column_count; ++i) list_->setColumnWidth(i, widths[i]);
    list_->horizontalHeader()->setSectionResizeMode(PacketsModel::remote, QHeaderView::Stretch);
    tree_->setHeaderLabels({tr("Field"), tr("Value"), tr("Where")});
    tree_->setColumnWidth(0, 260);
    tree_->setColumnWidth(1, 220);
    tree_->setAccessibleName(tr("Fields of the packet"));
    const QFont fixed = QFontDatabase::systemFont(QFontDatabase::FixedFont);
    hex_->setFont(fixed);
    hex_->setReadOnly(true);
    hex_->setLineWrapMode(QPlainTextEdit::NoWrap);
    hex_->setAccessibleName(tr("Bytes of the packet"));
    bits_->setFont(fixed);
    bits_->setWordWrap(true);
    bits_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    bits_->setAccessibleName(tr("Bits of the field"));

    auto* top = new QHBoxLayout;
    top->addWidget(filter_, 1);
    top->addWidget(count_);
    auto* left = new QWidget(this);
    auto* left_layout = new QVBoxLayout(left);
    left_layout->setContentsMargins(0, 0, 0, 0);
    left_layout->addLayout(top);
    left_layout->addWidget(message_);
    left_layout->addWidget(list_, 1);
    auto* lower = new QWidget(this);
    auto* lower_layout = new QVBoxLayout(lower);
    lower_layout->setContentsMargins(0, 0, 0, 0);
    lower_layout->addWidget(bits_);
    lower_layout->addWidget(hex_, 1);
    auto* right = new QSplitter(Qt::Vertical, this);
    right->addWidget(tree_);
    right->addWidget(lower);
    right->setSizes({400, 260});
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setSizes({620, 620});
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(splitter);

    connect(filter_, &QLineEdit::textChanged, this, &PacketsView::applyFilter);
    connect(filter_, &QLineEdit::returnPressed, this, [this] { selectRow(0); });
    connect(list_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) { showRow(current.isValid() ? current.row() : -1); });
    connect(tree_, &QTreeWidget::currentItemChanged, this,
            [this](const QTreeWidgetItem* item) { showField(item); });
    connect(&workspace, &Workspace::sessionReplaced, this, &PacketsView::restart);
    connect(&workspace, &Workspace::recordingLoaded, this, &PacketsView::restart);
    restart();
}

void PacketsView::restart() {
    if (workspace().kind() == SourceKind::recording && !workspace().packets().entries().empty())
        model_->setRecording(&workspace().packets(), &session());
    else
        model_->setSamples(&session());
    showRow(-1);
    updateCount();
}

void PacketsView::updateCount() {
    const auto all = model_->totalRows();
    const auto shown = static_cast<std::size_t>(model_->rowCount());
    QString text = shown == all ? tr("%1 rows").arg(all) : tr("%1 of %2").arg(shown).arg(all);
    if (all == 0)
        text = workspace().kind() == SourceKind::live ? tr("no messages were sampled yet")
                                                      : tr("the recording holds no packets");
    if (workspace().kind() == SourceKind::live && session().samples_dropped() > 0)
        text += tr(" · %1 not sampled").arg(session().samples_dropped());
    if (workspace().packets().left_out() > 0)
        text += tr(" · %1 more than can be listed").arg(workspace().packets().left_out());
    count_->setText(text);
}

void PacketsView::applyFilter() {
    model_->setFilter(filter_->text());
    const FilterError& error = model_->filterError();
    message_->setVisible(!error.message.empty());
    message_->setText(
        error.message.empty()
            ? QString()
            : tr("At character %1: %2").arg(error.position + 1).arg(QString::fromStdString(error.message)));
    updateCount();
}

void PacketsView::refreshAll() {
    const bool at_end = list_->currentIndex().isValid() == false;
    model_->grow();
    if (at_end && workspace().kind() == SourceKind::live) list_->scrollToBottom();
    if (!list_->currentIndex().isValid() && model_->rowCount() > 0 &&
        workspace().kind() == SourceKind::recording)
        selectRow(0);
    updateCount();
}

void PacketsView::selectRow(int row) {
    if (row >= 0 && row < model_->rowCount()) list_->setCurrentIndex(model_->index(row, 0));
}

void PacketsView::showRow(int row) {
    tree_->clear();
    bytes_.clear();
    hex_->clear();
    bits_->setText(tr("Choose a row to see what its bytes mean."));
    const RemoteNames names = [this](std::uint64_t number) {
        const auto& state = session().state();
        const recorder::RemoteEntry* entry = state.find_remote(static_cast<std::uint32_t>(number));
        if (entry == nullptr) return RemoteLabel();
        return RemoteLabel(entry->name, Session::name_in(state.hello().remote_kinds, entry->kind),
                           entry->codec);
    };
    Field root;
    if (const PacketEntry* entry = model_->entryAt(row)) {
        StoredRecord record = read_record(workspace().files(), entry->offset);
        bytes_ = record.bytes;
        if (record.wire && record.wire->is_payload_cut)
            root = {tr("packet").toStdString(),
                    tr("recorded without payload").toStdString(),
                    0,
                    bytes_.size() * 8,
                    false,
                    {}};
        else if (record.wire && record.wire->is_opened)
            root = dissect_packet(bytes_, names);
        else if (record.wire)
            root = {tr("datagram").toStdString(),
                    tr("%1 bytes, not opened").arg(bytes_.size()).toStdString(),
                    0,
                    bytes_.size() * 8,
                    record.wire->is_refused,
                    {}};
        else if (record.message)
            root = dissect_message(bytes_, names);
        else
            root = {tr("record").toStdString(), record.problem.toStdString(), 0, 0, true, {}};
    } else if (const recorder::Sample* sample = model_->sampleAt(row)) {
        bytes_ = sample->payload;
        root = dissect_message(bytes_, names);
        if (bytes_.size() < sample->bytes)
            root.value += tr(" (the first %1 of %2 bytes were sampled)")
                              .arg(bytes_.size())
                              .arg(sample->bytes)
                              .toStdString();
    } else {
        return;
    }
    addField(nullptr, root);
    tree_->expandToDepth(2);
    hex_->setPlainText(QString::fromStdString(hex_dump(bytes_)));
    if (tree_->topLevelItemCount() > 0) tree_->setCurrentItem(tree_->topLevelItem(0));
}

void PacketsView::addField(QTreeWidgetItem* parent, const Field& field) {
    auto* item = parent == nullptr ? new QTreeWidgetItem(tree_) : new QTreeWidgetItem(parent);
    item->setText(0,
                  (field.is_wrong ? QStringLiteral("▲ ") : QString()) + QString::fromStdString(field.name));
    item->setText(1, QString::fromStdString(field.value));
    const std::size_t byte = field.bit / 8;
    item->setText(2, field.bits % 8 == 0 && field.bit % 8 == 0
                         ? tr("byte %1, %2 B").arg(byte).arg(field.bits / 8)
                         : tr("byte %1, bit %2, %3 bit").arg(byte).arg(field.bit % 8).arg(field.bits));
    item->setData(0, BitRole, static_cast<qulonglong>(field.bit));
    item->setData(0, LengthRole, static_cast<qulonglong>(field.bits));
    if (field.is_wrong)
        for (int column = 0; column < 3; ++column) item->setForeground(column, Theme::from(palette()).bad);
    for (const Field& child : field.children) addField(item, child);
}

// Marks the field's bytes in the dump and spells out its first bits.
void PacketsView::showField(const QTreeWidgetItem* item) {
    if (item == nullptr) return;
    const auto bit = static_cast<std::size_t>(item->data(0, BitRole).toULongLong());
    const auto length = static_cast<std::size_t>(item->data(0, LengthRole).toULongLong());
    const std::size_t first = bit / 8;
    const std::size_t last = length == 0 ? first : (bit + length - 1) / 8;
    QList<QTextEdit::ExtraSelection> marks;
    for (std::size_t line = first / 16; length > 0 && line <= last / 16; ++line) {
        const QTextBlock block = hex_->document()->findBlockByNumber(static_cast<int>(line));
        if (!block.isValid()) break;
        const std::size_t from = line == first / 16 ? first % 16 : 0;
        const std::size_t to = line == last / 16 ? last % 16 : 15;
        QTextEdit::ExtraSelection mark;
        mark.cursor = QTextCursor(block);
        mark.cursor.movePosition(QTextCursor::Right, QTextCursor::MoveAnchor, static_cast<int>(6 + from * 3));
        mark.cursor.movePosition(QTextCursor::Right, QTextCursor::KeepAnchor,
                                 static_cast<int>((to - from) * 3 + 2));
        mark.format.setBackground(Theme::from(palette()).accent);
        mark.format.setForeground(Theme::from(palette()).accent_text);
        marks.append(mark);
    }
    hex_->setExtraSelections(marks);
    const std::size_t count = std::min<std::size_t>(last - first + 1, kBitsShown);
    QString text = QString::fromStdString(bit_dump(bytes_, first, count));
    if (last - first + 1 > kBitsShown) text += QStringLiteral(" …");
    if (length > 0 && length < 8) {
        QString pointer(8, QLatin1Char(' '));
        for (std::size_t i = 0; i < length; ++i)
            pointer[static_cast<qsizetype>(7 - (bit % 8 + i) % 8)] = QLatin1Char('^');
        text += QLatin1Char('\n') + pointer;
    }
    bits_->setText(text);
}

}  // namespace squall::gui
