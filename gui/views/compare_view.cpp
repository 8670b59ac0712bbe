#include "gui/views/compare_view.hpp"

#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>

namespace squall::gui {
namespace {

QString text_of(double value, Unit unit) {
    return QString::fromStdString(format_value(value, unit));
}

// A session's line, counted from its own start, so that two can be laid on each other.
void shift(const Series& from, std::int64_t origin, Series& to) {
    to.clear();
    for (const SeriesPoint& point : from.points())
        to.append(point.at - origin, static_cast<double>(point.mean));
}

}  // namespace

CompareView::CompareView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Compare"), parent),
      model_(new ComparisonModel(this)),
      table_(new DataTable(*model_, tr("Compare"), tr("nothing to compare yet"), this)),
      what_(new QComboBox(this)),
      open_(new QPushButton(tr("Compare with a recording…"), this)),
      names_(new QLabel(this)),
      verdict_(new QLabel(this)),
      axis_(new TimeAxis(this)),
      loader_(new RecordingLoader(this)) {
    chart_ = new ChartPanel(*axis_, this);
    what_->addItems({tr("all of both"), tr("only the measured stretch of the first"),
                     tr("the measured stretch against the rest")});
    what_->setAccessibleName(tr("What is compared"));
    what_->setToolTip(tr("A stretch is measured in the timeline with Shift and dragging"));
    names_->setProperty("role", "muted");
    names_->setWordWrap(true);
    verdict_->setProperty("role", "title");
    verdict_->setWordWrap(true);
    auto* top = new QHBoxLayout;
    top->addWidget(open_);
    top->addWidget(what_);
    top->addWidget(names_, 1);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->addWidget(table_);
    splitter->addWidget(chart_);
    splitter->setSizes({520, 200});
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(top);
    layout->addWidget(verdict_);
    layout->addWidget(splitter, 1);
    connect(open_, &QPushButton::clicked, this, [this] {
        const QString path = QFileDialog::getOpenFileName(this, tr("Compare with"), {},
                                                          tr("Recordings (*.pcapng);;All files (*)"));
        if (!path.isEmpty()) openSecond(path);
    });
    connect(what_, &QComboBox::currentIndexChanged, this, &CompareView::compareNow);
    connect(loader_, &RecordingLoader::partLoaded, this, [this](const LoadedPartPointer& part) {
        if (loading_)
            for (const TimedFrame& frame : part->frames) loading_->apply(frame.at, frame.frame);
    });
    connect(loader_, &RecordingLoader::finished, this, [this](const LoadResult& result) {
        if (!result.problem.isEmpty()) this->workspace().say(result.problem);
        if (!loading_ || !result.is_ok) {
            verdict_->setText(result.problem);
            Q_EMIT secondRead(false, result.problem);
            return;
        }
        setSecond(std::move(loading_), result.title);
        Q_EMIT secondRead(true, result.problem);
    });
    connect(table_, &DataTable::currentRowChanged, this, &CompareView::fillChart);
    connect(&workspace, &Workspace::sessionReplaced, this, &CompareView::compareNow);
    connect(&workspace, &Workspace::recordingLoaded, this, &CompareView::compareNow);
    connect(&workspace.axis(), &TimeAxis::selectionChanged, this, [this] {
        if (what_->currentIndex() != 0) compareNow();
    });
    compareNow();
}

void CompareView::openSecond(const QString& path) {
    loading_ = std::make_unique<Session>();
    verdict_->setText(tr("Reading %1…").arg(QFileInfo(path).fileName()));
    loader_->open(path);
}

void CompareView::setSecond(std::unique_ptr<Session> session, const QString& name) {
    second_ = std::move(session);
    second_name_ = name;
    compareNow();
}

void CompareView::compareNow() {
    const bool itself = what_->currentIndex() == 2;
    const auto selection = workspace().axis().selection();
    if ((!second_ && !itself) || !session().has_data() || (what_->currentIndex() != 0 && !selection)) {
        model_->setRows({});
        names_->setText({});
        verdict_->setText(!session().has_data() ? tr("Open a recording or attach to a process first, then "
                                                     "compare it with a second recording.")
                          : what_->currentIndex() != 0 && !selection
                              ? tr("Measure a stretch in the timeline first: Shift and dragging.")
                              : tr("Choose a second recording: what each remote costs in one and in the "
                                   "other, and whether the difference is more than chance."));
        fillChart(-1);
        return;
    }
    CompareRanges ranges{session().limits(), itself ? session().limits() : second_->limits()};
    if (what_->currentIndex() == 1) ranges.first = *selection;
    if (itself) {
        // Before the stretch against the stretch, or what is after it where nothing is before.
        ranges.second = *selection;
        const bool before =
            selection->begin - session().limits().begin > session().limits().end - selection->end;
        ranges.first = before ? TimeRange{session().limits().begin, selection->begin}
                              : TimeRange{selection->end, session().limits().end};
    }
    model_->setRows(compare(session(), itself ? session() : *second_, ranges));
    names_->setText(itself ? tr("First: outside of the stretch · second: the measured stretch")
                           : tr("First: %1 (%2) · second: %3 (%4)")
                                 .arg(workspace().sourceName(),
                                      QString::fromStdString(format_duration(ranges.first.length())),
                                      second_name_,
                                      QString::fromStdString(format_duration(ranges.second.length()))));
    int changed = 0;
    const ComparisonRow* most = nullptr;
    for (const ComparisonRow& row : model_->rows()) {
        if (row.is_total || (row.verdict != Verdict::more && row.verdict != Verdict::less)) continue;
        ++changed;
        if (most == nullptr) most = &row;
    }
    verdict_->setText(most == nullptr ? tr("No remote differs by more than chance.")
                                      : tr("%1 remotes differ; most of all %2: %3 a second (%4).")
                                            .arg(changed)
                                            .arg(QString::fromStdString(most->name),
                                                 text_of(most->test.difference, Unit::bytes),
                                                 text_of(most->change_percent(), Unit::percent)));
    fillChart(0);
}

void CompareView::fillChart(int row) {
    ChartContent content{tr("On the wire"), Unit::bytes_per_second, {}, {}, {}, {}, 100};
    first_line_.clear();
    second_line_.clear();
    if (row >= 0 && row < model_->rowCount()) {
        const ComparisonRow& it = model_->rows()[model_->sourceRow(row)];
        content.title = QString::fromStdString(it.name);
        const Session& other = second_ && what_->currentIndex() != 2 ? *second_ : session();
        const auto line = [&](const Session& of) -> const Series* {
            if (it.is_total)
                return it.direction == recorder::Direction::inbound ? &of.totals().received
                                                                    : &of.totals().sent;
            for (const RemoteRow& remote : of.remotes())
                if (remote.name == it.name && remote.direction == it.direction) return &remote.wire_rate;
            return nullptr;
        };
        if (const Series* series = line(session())) shift(*series, session().origin(), first_line_);
        if (const Series* series = line(other); series != nullptr && &other != &session())
            shift(*series, other.origin(), second_line_);
    }
    content.lines.push_back({tr("first"), &first_line_, 0, false});
    if (!second_line_.empty()) content.lines.push_back({tr("second"), &second_line_, 1, false});
    axis_->reset(
        {0, std::max<std::int64_t>({1'000'000'000, first_line_.last_time(), second_line_.last_time()})},
        false);
    // Axes of nothing say less than the sentence above.
    chart_->setVisible(model_->totalRows() > 0);
    chart_->chart().setContent(std::move(content));
}

void CompareView::refreshAll() {
    // Against a live process the difference is counted anew with each second.
    if (workspace().kind() == SourceKind::live && second_ && !table_->isFrozen()) compareNow();
    table_->refreshAll();
}

}  // namespace squall::gui
