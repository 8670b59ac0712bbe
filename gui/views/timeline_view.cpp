#include "gui/views/timeline_view.hpp"

#include <QSplitter>
#include <QVBoxLayout>

namespace squall::gui {
namespace {

QString text_of(double value, Unit unit) {
    return QString::fromStdString(format_value(value, unit));
}

}  // namespace

TimelineView::TimelineView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Timeline"), parent),
      notes_(new NotesModel(this)),
      notes_table_(new DataTable(*notes_, tr("Events"), tr("nothing happened yet"), this)),
      measure_(new QLabel(this)) {
    auto* column = new QWidget(this);
    auto* stack = new QVBoxLayout(column);
    stack->setContentsMargins(0, 0, 0, 0);
    stack->setSpacing(4);
    for (int i = 0; i < 8; ++i) {
        charts_.push_back(new ChartPanel(workspace.axis(), column));
        charts_.back()->setMinimumHeight(56);
        // The last one has the labels of the time axis too.
        stack->addWidget(charts_.back(), i == 7 ? 13 : 10);
    }
    auto* side = new QWidget(this);
    auto* side_layout = new QVBoxLayout(side);
    side_layout->setContentsMargins(0, 0, 0, 0);
    measure_->setWordWrap(true);
    measure_->setTextFormat(Qt::PlainText);
    measure_->setAccessibleName(tr("Measured stretch"));
    side_layout->addWidget(notes_table_, 2);
    side_layout->addWidget(measure_, 1, Qt::AlignTop);
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(column);
    splitter->addWidget(side);
    splitter->setStretchFactor(0, 4);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({1000, 290});
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(splitter);
    notes_->setSession(&workspace.session());
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        notes_->setSession(&session());
        fillCharts();
    });
    connect(&workspace.axis(), &TimeAxis::selectionChanged, this, &TimelineView::measure);
    const auto jump = [this](int row) {
        const NoteRow* note = notes_->rowAt(row);
        if (note == nullptr) return;
        TimeAxis& axis = this->workspace().axis();
        const std::int64_t half = std::min<std::int64_t>(axis.range().length() / 2, 10'000'000'000);
        axis.setRange({note->at - half, note->at + half});
        axis.setCrosshair(note->at);
    };
    connect(notes_table_, &DataTable::rowActivated, this, jump);
    fillCharts();
    measure();
}

void TimelineView::fillCharts() {
    const TotalsHistory& totals = session().totals();
    const double budget = static_cast<double>(session().state().stats().process.tick_budget) / 1e6;
    std::vector<ChartContent> contents = {
        {tr("Bandwidth"),
         Unit::bytes_per_second,
         {{tr("sent"), &totals.sent, 0, true}, {tr("received"), &totals.received, 1, false}},
         {},
         {},
         {},
         1000},
        {tr("Messages"), Unit::per_second, {{tr("both ways"), &totals.messages, 2, true}}, {}, {}, {}, 10},
        {tr("Datagrams"),
         Unit::per_second,
         {{tr("sent"), &totals.datagrams_sent, 0, false},
          {tr("received"), &totals.datagrams_received, 1, false}},
         {},
         {},
         {},
         10},
        {tr("Round trip"),
         Unit::milliseconds,
         {{tr("p50"), &totals.rtt_p50, 0, false},
          {tr("p95"), &totals.rtt_p95, 1, false},
          {tr("p99"), &totals.rtt_p99, 3, false}},
         {},
         {},
         {},
         10},
        {tr("Loss"),
         Unit::percent,
         {{tr("lost"), &totals.loss, 5, true}, {tr("sent again"), &totals.retransmitted, 1, false}},
         {},
         {},
         {},
         5},
        {tr("Tick"),
         Unit::milliseconds,
         {{tr("mean"), &totals.tick_mean, 2, true}, {tr("p99"), &totals.tick_p99, 3, false}},
         {},
         {},
         {},
         1},
        {tr("Connections"), Unit::count, {{tr("open"), &totals.connections, 6, true}}, {}, {}, {}, 1},
        {tr("Processor"), Unit::percent, {{tr("of a core"), &totals.cpu, 7, true}}, {}, {}, {}, 10}};
    if (budget > 0)
        contents[5].budget = ChartBudget{budget, tr("budget %1").arg(text_of(budget, Unit::milliseconds))};
    const auto bands = workspace().bands();
    const auto marks = workspace().marks();
    for (std::size_t i = 0; i < charts_.size(); ++i) {
        contents[i].bands = bands;
        contents[i].marks = marks;
        contents[i].times = i + 1 == charts_.size();
        // Labels once is enough; the lines go through all charts.
        if (i > 0)
            for (ChartMark& mark : contents[i].marks) mark.label.clear();
        if (i > 0)
            for (ChartBand& band : contents[i].bands) band.label.clear();
        charts_[i]->chart().setOrigin(session().origin());
        charts_[i]->chart().setContent(std::move(contents[i]));
    }
}

void TimelineView::measure() {
    const auto selection = workspace().axis().selection();
    if (!selection || selection->length() <= 0) {
        measure_->setText(tr("Shift and dragging (or Shift and an arrow key) measures a stretch of time."));
        return;
    }
    const TotalsHistory& totals = session().totals();
    const double seconds = static_cast<double>(selection->length()) / 1e9;
    const auto mean = [&](const Series& series) { return series.mean(selection->begin, selection->end); };
    measure_->setText(
        tr("Measured: %1 from %2\n\nsent %3 (%4)\nreceived %5 (%6)\nmessages %7\nround trip p50 %8, p99 %9")
            .arg(QString::fromStdString(format_duration(selection->length())),
                 QString::fromStdString(format_time(selection->begin - session().origin(), 1'000'000)),
                 text_of(mean(totals.sent), Unit::bytes_per_second),
                 text_of(mean(totals.sent) * seconds, Unit::bytes),
                 text_of(mean(totals.received), Unit::bytes_per_second),
                 text_of(mean(totals.received) * seconds, Unit::bytes),
                 text_of(mean(totals.messages), Unit::per_second),
                 text_of(mean(totals.rtt_p50), Unit::milliseconds),
                 text_of(mean(totals.rtt_p99), Unit::milliseconds)) +
        tr("\nloss %1, at most %2\ntick %3, at most %4")
            .arg(text_of(mean(totals.loss), Unit::percent),
                 text_of(maximum_in(totals.loss.points(), *selection), Unit::percent),
                 text_of(mean(totals.tick_mean), Unit::milliseconds),
                 text_of(maximum_in(totals.tick_mean.points(), *selection), Unit::milliseconds)));
}

void TimelineView::refreshValues() {}
void TimelineView::refreshAll() {
    notes_table_->refreshAll();
    fillCharts();
}

const QAbstractItemModel* TimelineView::table() const {
    for (ChartPanel* panel : charts_)
        if (panel->chart().hasFocus() || panel->showsTable()) return &panel->tableModel();
    return &charts_.front()->tableModel();
}

}  // namespace squall::gui
