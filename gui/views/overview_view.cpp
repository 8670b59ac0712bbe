#include "gui/views/overview_view.hpp"

#include <QAbstractTextDocumentLayout>
#include <QGridLayout>
#include <QListWidget>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QTextDocument>
#include <QVBoxLayout>
#include <cmath>

#include "gui/views/theme.hpp"

namespace squall::gui {
namespace {

enum FigureIndex : std::size_t { sent, received, rtt, loss, tick, messages, connections, cpu, figure_count };

QString text_of(double value, Unit unit) {
    return QString::fromStdString(format_value(value, unit));
}

// A finding as a card: sign and title in the colour of its severity, and the detail below, wrapped.
class FindingDelegate final : public QStyledItemDelegate {
  public:
    using QStyledItemDelegate::QStyledItemDelegate;

    static QString sign(Severity severity) {
        switch (severity) {
            case Severity::good: return QStringLiteral("✔");
            case Severity::note: return QStringLiteral("●");
            case Severity::warning: return QStringLiteral("▲");
            case Severity::bad: return QStringLiteral("✖");
        }
        return {};
    }
    static QColor color(const Theme& theme, Severity severity) {
        switch (severity) {
            case Severity::good: return theme.good;
            case Severity::note: return theme.line(0);
            case Severity::warning: return theme.warning;
            case Severity::bad: return theme.bad;
        }
        return theme.text;
    }
    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        const Theme& theme = Theme::from(option.palette);
        const auto severity = static_cast<Severity>(index.data(Qt::UserRole).toInt());
        const QRect card = option.rect.adjusted(0, 2, -2, -2);
        const bool focused =
            option.state.testFlag(QStyle::State_Selected) || option.state.testFlag(QStyle::State_MouseOver);
        painter->fillRect(card, focused ? theme.raised : theme.surface);
        painter->fillRect(QRect(card.left(), card.top(), 3, card.height()), color(theme, severity));
        QFont bold = option.font;
        bold.setWeight(QFont::DemiBold);
        const QFontMetrics metrics(bold);
        const QRect inner = card.adjusted(14, 7, -8, -7);
        painter->setFont(bold);
        painter->setPen(color(theme, severity));
        painter->drawText(inner.left(), inner.top() + metrics.ascent(), sign(severity));
        painter->setPen(theme.text);
        const QRect title(inner.left() + 20, inner.top(), inner.width() - 20, metrics.height());
        painter->drawText(title, Qt::AlignLeft,
                          metrics.elidedText(index.data().toString(), Qt::ElideRight, title.width()));
        painter->setFont(option.font);
        painter->setPen(theme.muted);
        painter->drawText(inner.adjusted(20, metrics.height() + 3, 0, 0), Qt::TextWordWrap,
                          index.data(Qt::UserRole + 1).toString());
    }
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const int width = std::max(160, (option.widget == nullptr ? 320 : option.widget->width()) - 62);
        const QRect text = option.fontMetrics.boundingRect(QRect(0, 0, width, 1000), Qt::TextWordWrap,
                                                           index.data(Qt::UserRole + 1).toString());
        return {width, text.height() + option.fontMetrics.height() + 24};
    }
};

}  // namespace

OverviewView::OverviewView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Overview"), parent),
      figures_(figure_count),
      findings_(new QListWidget(this)),
      title_(new QLabel(this)),
      ledger_(new QLabel(this)) {
    auto* grid = new QGridLayout;
    grid->setSpacing(8);
    const QStringList names = {tr("Sent"), tr("Received"), tr("Round trip, median"), tr("Loss"),
                               tr("Tick"), tr("Messages"), tr("Connections"),        tr("Processor")};
    for (std::size_t i = 0; i < figure_count; ++i) {
        const int row = static_cast<int>(i / 4);
        grid->addWidget(makeFigure(names[static_cast<qsizetype>(i)], figures_[i]), row,
                        static_cast<int>(i % 4));
    }
    auto* charts = new QGridLayout;
    charts->setSpacing(8);
    for (int i = 0; i < 4; ++i) {
        charts_.push_back(new ChartPanel(workspace.axis(), this));
        charts->addWidget(charts_.back(), i / 2, i % 2);
    }
    title_->setProperty("role", "title");
    ledger_->setProperty("role", "muted");
    ledger_->setWordWrap(true);
    ledger_->setToolTip(
        tr("What all remotes cost on the wire, and what belongs to none, is what the socket sent: to the "
           "byte."));
    findings_->setItemDelegate(new FindingDelegate(findings_));
    findings_->setAccessibleName(tr("Findings: what is wrong, in words"));
    findings_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    findings_->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    findings_->setMouseTracking(true);
    findings_->setMinimumWidth(240);  // titles are not cut, even beside long tiles
    findings_->setFrameShape(QFrame::NoFrame);
    QPalette clear = findings_->palette();
    clear.setColor(QPalette::Base, Qt::transparent);
    findings_->setPalette(clear);
    findings_->viewport()->setAutoFillBackground(false);
    connect(findings_, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { openFinding(findings_->row(item)); });
    connect(findings_, &QListWidget::itemClicked, this,
            [this](const QListWidgetItem* item) { openFinding(findings_->row(item)); });

    auto* left = new QVBoxLayout;
    left->addWidget(title_);
    left->addWidget(findings_, 1);
    left->addWidget(ledger_);
    auto* right = new QVBoxLayout;
    right->setSpacing(8);
    right->addLayout(grid);
    right->addLayout(charts, 1);
    auto* layout = new QHBoxLayout(this);
    layout->setSpacing(12);
    layout->addLayout(left, 1);
    layout->addLayout(right, 3);
    fillCharts();
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        findings_->clear();
        shown_.clear();
        fillCharts();
    });
}

QWidget* OverviewView::makeFigure(const QString& name, Figure& figure) {
    auto* card = new QFrame(this);
    card->setProperty("card", true);
    auto* layout = new QVBoxLayout(card);
    layout->setContentsMargins(12, 8, 12, 8);
    layout->setSpacing(1);
    auto* label = new QLabel(name, card);
    label->setProperty("role", "muted");
    figure.value = new QLabel(QStringLiteral("–"), card);
    QFont big = font();
    big.setPixelSize(22);
    big.setWeight(QFont::DemiBold);
    figure.value->setFont(big);
    figure.detail = new QLabel(card);
    figure.detail->setProperty("role", "muted");
    layout->addWidget(label);
    layout->addWidget(figure.value);
    layout->addWidget(figure.detail);
    card->setAccessibleName(name);
    return card;
}

void OverviewView::fillCharts() {
    const TotalsHistory& totals = session().totals();
    const double budget = static_cast<double>(session().state().stats().process.tick_budget) / 1e6;
    std::vector<ChartContent> contents(4);
    contents[0] = {tr("Bandwidth"),
                   Unit::bytes_per_second,
                   {{tr("sent"), &totals.sent, 0, true}, {tr("received"), &totals.received, 1, false}},
                   {},
                   {},
                   {},
                   1000};
    contents[1] = {tr("Round trip"),
                   Unit::milliseconds,
                   {{tr("p50"), &totals.rtt_p50, 0, false},
                    {tr("p95"), &totals.rtt_p95, 1, false},
                    {tr("p99"), &totals.rtt_p99, 3, false}},
                   {},
                   {},
                   {},
                   10};
    contents[2] = {tr("Loss"),
                   Unit::percent,
                   {{tr("lost"), &totals.loss, 5, true}, {tr("sent again"), &totals.retransmitted, 1, false}},
                   {},
                   {},
                   {},
                   5};
    contents[3] = {tr("Tick"),
                   Unit::milliseconds,
                   {{tr("mean"), &totals.tick_mean, 2, true}, {tr("p99"), &totals.tick_p99, 3, false}},
                   {},
                   {},
                   {},
                   1};
    if (budget > 0)
        contents[3].budget = ChartBudget{budget, tr("budget %1").arg(text_of(budget, Unit::milliseconds))};
    for (std::size_t i = 0; i < contents.size(); ++i) {
        contents[i].bands = workspace().bands();
        if (i < 2) contents[i].marks = workspace().marks();
        charts_[i]->chart().setOrigin(session().origin());
        charts_[i]->chart().setContent(std::move(contents[i]));
    }
}

void OverviewView::refreshValues() {
    const auto& rates = session().total_rates();
    const TotalsHistory& totals = session().totals();
    const auto set = [&](FigureIndex index, const QString& value, const QString& detail) {
        if (figures_[index].value->text() != value) figures_[index].value->setText(value);
        if (figures_[index].detail->text() != detail) figures_[index].detail->setText(detail);
    };
    const bool known = session().has_data();
    const auto& endpoint = session().state().stats().endpoint;
    const auto& process = session().state().stats().process;
    const QString none = QStringLiteral("–");
    // The same as the charts' legends say: the mean of the last second.
    const auto recent = [&](const Series& series, Unit unit) {
        return series.empty() ? none : text_of(series.recent(), unit);
    };
    const QString so_far = workspace().kind() == SourceKind::recording ? tr("%1 in all") : tr("%1 so far");
    set(sent, recent(totals.sent, Unit::bytes_per_second),
        tr("%1 datagrams/s · ")
                .arg(text_of(std::round(rates.per_second(Session::datagrams_sent)), Unit::count)) +
            so_far.arg(text_of(static_cast<double>(endpoint.bytes_sent), Unit::bytes)));
    set(received, recent(totals.received, Unit::bytes_per_second),
        tr("%1 datagrams/s · ")
                .arg(text_of(std::round(rates.per_second(Session::datagrams_received)), Unit::count)) +
            so_far.arg(text_of(static_cast<double>(endpoint.bytes_received), Unit::bytes)));
    set(rtt, recent(totals.rtt_p50, Unit::milliseconds),
        totals.rtt_p95.empty() ? tr("not measured yet")
                               : tr("p95 %1 · p99 %2")
                                     .arg(recent(totals.rtt_p95, Unit::milliseconds),
                                          recent(totals.rtt_p99, Unit::milliseconds)));
    const TimeRange all = session().limits();
    set(loss, recent(totals.loss, Unit::percent),
        tr("%1 over 5 s · %2")
            .arg(text_of(session().loss_percent(all.end - 5'000'000'000, all.end), Unit::percent),
                 so_far.arg(text_of(session().loss_percent(all.begin, all.end), Unit::percent))));
    const double budget = static_cast<double>(process.tick_budget) / 1e6;
    set(tick, recent(totals.tick_mean, Unit::milliseconds),
        totals.tick_mean.empty() ? tr("not measured")
        : budget > 0             ? tr("%1 of its budget of %2")
                           .arg(text_of(100 * totals.tick_mean.recent() / budget, Unit::percent),
                                text_of(budget, Unit::milliseconds))
                     : tr("no budget given"));
    set(messages, recent(totals.messages, Unit::per_second),
        tr("%1 remotes").arg(session().state().dictionary().remotes.size()));
    set(connections, known ? QString::number(session().open_connections()) : none,
        tr("%1 opened, %2 closed").arg(endpoint.connections_opened).arg(endpoint.connections_closed));
    // A virtual run computes nothing that would be worth telling.
    const bool measured = known && process.cpu_time > 0;
    set(cpu, measured ? recent(totals.cpu, Unit::percent) : none,
        process.memory_bytes > 0
            ? tr("of a core · %1 memory").arg(text_of(static_cast<double>(process.memory_bytes), Unit::bytes))
        : measured ? tr("of a core")
                   : tr("not measured"));
}

void OverviewView::refreshFindings() {
    std::vector<Finding> findings = examine(session(), workspace().period());
    if (session().has_data() && !workspace().budgets().empty()) {
        auto over = budget_findings(workspace().budgets(), session());
        if (!over.empty() && findings.front().severity == Severity::good) findings.erase(findings.begin());
        findings.insert(findings.begin(), over.begin(), over.end());
    }
    const bool same = std::ranges::equal(findings, shown_, [](const Finding& a, const Finding& b) {
        return a.title == b.title && a.detail == b.detail && a.severity == b.severity;
    });
    if (same) return;
    const int current = findings_->currentRow();
    findings_->clear();
    for (const Finding& finding : findings) {
        auto* item = new QListWidgetItem(QString::fromStdString(finding.title), findings_);
        item->setData(Qt::UserRole, static_cast<int>(finding.severity));
        item->setData(Qt::UserRole + 1, QString::fromStdString(finding.detail));
        item->setData(Qt::AccessibleTextRole, QString::fromStdString(finding.title + ": " + finding.detail));
        if (finding.place != Place::overview) item->setToolTip(tr("Enter or a click shows it"));
    }
    findings_->setCurrentRow(std::min(current, findings_->count() - 1));
    shown_ = std::move(findings);
}

void OverviewView::openFinding(int row) {
    if (row < 0 || row >= static_cast<int>(shown_.size())) return;
    const Finding& finding = shown_[static_cast<std::size_t>(row)];
    if (finding.place != Place::overview)
        workspace().show(finding.place, QString::fromStdString(finding.filter));
}

void OverviewView::refreshAll() {
    refreshValues();
    refreshFindings();
    fillCharts();
    const bool some = session().has_data();
    title_->setText(some ? tr("%1").arg(QString::fromStdString(session().state().hello().name.empty()
                                                                   ? workspace().sourceName().toStdString()
                                                                   : session().state().hello().name))
                         : tr("Overview"));
    const Session::Ledger ledger = session().ledger();
    ledger_->setText(
        !some ? QString()
              : (workspace().beganMidway() ? tr("Since the recording began: ") : tr("Ledger: ")) +
                    tr("%1 B of remotes + %2 B of keep-alives and handshakes = %3 B of the socket%4")
                        .arg(QString::fromStdString(format_count(ledger.remotes)),
                             QString::fromStdString(format_count(ledger.overhead)),
                             QString::fromStdString(format_count(ledger.socket)),
                             ledger.difference() == 0 ? tr(" ✔")
                                                      : tr(", which is %1 B off").arg(ledger.difference())));
}

const QAbstractItemModel* OverviewView::table() const {
    return &charts_.front()->tableModel();
}

}  // namespace squall::gui
