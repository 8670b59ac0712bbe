#include "gui/views/table_views.hpp"

#include <QHBoxLayout>
#include <QSplitter>
#include <QVBoxLayout>

namespace squall::gui {
namespace {

QString text_of(double value, Unit unit) {
    return QString::fromStdString(format_value(value, unit));
}

// Table above, a line of text and charts side by side below.
QSplitter* arrange(View* view, DataTable* table, QLabel* detail, const std::vector<ChartPanel*>& charts) {
    auto* below = new QWidget(view);
    auto* below_layout = new QVBoxLayout(below);
    below_layout->setContentsMargins(0, 4, 0, 0);
    detail->setTextFormat(Qt::PlainText);
    detail->setMinimumHeight(3 * detail->fontMetrics().lineSpacing() + 4);
    detail->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    detail->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    below_layout->addWidget(detail);
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    for (ChartPanel* chart : charts) row->addWidget(chart);
    below_layout->addLayout(row, 1);
    auto* splitter = new QSplitter(Qt::Vertical, view);
    splitter->addWidget(table);
    splitter->addWidget(below);
    splitter->setStretchFactor(0, 3);
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({520, 240});
    splitter->setChildrenCollapsible(false);
    auto* layout = new QVBoxLayout(view);
    layout->addWidget(splitter);
    return splitter;
}

}  // namespace

RemotesView::RemotesView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Remotes"), parent),
      model_(new RemotesModel(this)),
      table_(new DataTable(*model_, tr("Remotes"), tr("no remotes yet: they come with the first figures"),
                           this)),
      detail_(new QLabel(this)) {
    for (int i = 0; i < 2; ++i) charts_.push_back(new ChartPanel(workspace.axis(), this));
    arrange(this, table_, detail_, charts_);
    model_->setSession(&workspace.session());
    connect(table_, &DataTable::currentRowChanged, this, &RemotesView::select);
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        model_->setSession(&session());
        fillDetail();
    });
    fillDetail();
}

void RemotesView::select(int row) {
    const RemoteRow* remote = model_->rowAt(row);
    has_selected_ = remote != nullptr;
    if (remote != nullptr) selected_ = remote->id;
    fillDetail();
}

// Of the remote with the focus, or of the one that costs the most: never an empty place.
void RemotesView::fillDetail() {
    const RemoteRow* first = has_selected_ ? nullptr : model_->rowAt(0);
    if (first != nullptr) selected_ = first->id;
    const RemoteRow* out = session().find_remote(selected_, recorder::Direction::outbound);
    const RemoteRow* in = session().find_remote(selected_, recorder::Direction::inbound);
    ChartContent bytes{tr("On the wire"), Unit::bytes_per_second, {}, workspace().bands(), {}, {}, 100};
    ChartContent calls{tr("Calls"), Unit::per_second, {}, workspace().bands(), {}, {}, 1};
    const RemoteRow* any = out != nullptr ? out : in;
    if (any == nullptr) {
        detail_->setText(tr("Choose a remote to see its history."));
    } else {
        const QString name = QString::fromStdString(any->name);
        bytes.title = tr("%1: on the wire").arg(name);
        calls.title = tr("%1: calls").arg(name);
        if (any->budget > 0)
            bytes.budget =
                ChartBudget{any->budget, tr("budget %1").arg(text_of(any->budget, Unit::bytes_per_second))};
        QString text = tr("%1 · %2 · %3 · codec %4")
                           .arg(name, QString::fromStdString(any->kind), QString::fromStdString(any->mode),
                                QString::fromStdString(any->codec));
        for (const RemoteRow* const row : {out, in}) {
            if (row == nullptr) continue;
            const auto rate = [&](RemoteRow::Counter counter) {
                return text_of(row->rates.per_second(counter), Unit::bytes_per_second);
            };
            text += tr("\n%1: %2 on the wire = %3 payload + %4 frames + %5 sent again + %6 share of headers "
                       "and acks")
                        .arg(row == out ? tr("Out") : tr("In"), rate(RemoteRow::on_wire),
                             rate(RemoteRow::payload), rate(RemoteRow::framing), rate(RemoteRow::resent),
                             rate(RemoteRow::headers));
        }
        detail_->setText(text);
    }
    if (out != nullptr) {
        bytes.lines.push_back({tr("out"), &out->wire_rate, 0, true});
        calls.lines.push_back({tr("out"), &out->message_rate, 0, false});
    }
    if (in != nullptr) {
        bytes.lines.push_back({tr("in"), &in->wire_rate, 1, false});
        calls.lines.push_back({tr("in"), &in->message_rate, 1, false});
    }
    for (ChartPanel* chart : charts_) chart->chart().setOrigin(session().origin());
    charts_[0]->chart().setContent(std::move(bytes));
    charts_[1]->chart().setContent(std::move(calls));
}

void RemotesView::refreshValues() {
    table_->refreshValues();
}
void RemotesView::refreshAll() {
    table_->refreshAll();
    fillDetail();
}

ConnectionsView::ConnectionsView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("Connections"), parent),
      model_(new ConnectionsModel(this)),
      table_(new DataTable(*model_, tr("Connections"), tr("nobody is connected"), this)),
      detail_(new QLabel(this)) {
    for (int i = 0; i < 3; ++i) charts_.push_back(new ChartPanel(workspace.axis(), this));
    arrange(this, table_, detail_, charts_);
    model_->setSession(&workspace.session());
    connect(table_, &DataTable::currentRowChanged, this, [this](int row) {
        if (const ConnectionRow* connection = model_->rowAt(row))
            selected_ = {connection->source, connection->id};
        fillDetail();
    });
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        model_->setSession(&session());
        fillDetail();
    });
    fillDetail();
}

const ConnectionRow* ConnectionsView::selectedRow() const {
    for (const auto& row : session().connections())
        if (row->source == selected_.first && row->id == selected_.second) return row.get();
    return model_->rowAt(0);
}

void ConnectionsView::fillDetail() {
    const ConnectionRow* row = selectedRow();
    std::vector<ChartContent> contents = {
        {tr("Round trip"), Unit::milliseconds, {}, workspace().bands(), {}, {}, 10},
        {tr("Loss"), Unit::percent, {}, workspace().bands(), {}, {}, 5},
        {tr("Bandwidth, both ways"), Unit::bytes_per_second, {}, workspace().bands(), {}, {}, 100}};
    if (row == nullptr) {
        detail_->setText(tr("Choose a connection to see its history."));
    } else {
        contents[0].lines.push_back({tr("smoothed"), &row->rtt, 0, true});
        contents[1].lines.push_back({tr("lost"), &row->loss, 5, true});
        contents[2].lines.push_back({tr("bytes"), &row->rate, 1, true});
        QString text = tr("Client %1 at %2, %3")
                           .arg(QString::fromStdString(format_client(row->client_id)),
                                QString::fromStdString(row->address), QString::fromStdString(row->suite));
        if (!row->is_open) text += tr(" · closed: %1").arg(QString::fromStdString(row->reason));
        text += tr(" · %1 sent, %2 received, %3 of %4 packets lost")
                    .arg(text_of(static_cast<double>(row->bytes_sent()), Unit::bytes),
                         text_of(static_cast<double>(row->bytes_received()), Unit::bytes),
                         QString::fromStdString(format_count(row->counters.packets_lost)),
                         QString::fromStdString(format_count(row->counters.packets_sent)));
        detail_->setText(text);
    }
    for (std::size_t i = 0; i < charts_.size(); ++i) {
        charts_[i]->chart().setOrigin(session().origin());
        charts_[i]->chart().setContent(std::move(contents[i]));
    }
}

void ConnectionsView::refreshValues() {
    // Old rows may have gone since: then everything is anew.
    if (session().connections_revision() != 0) model_->update();
    table_->refreshValues();
}
void ConnectionsView::refreshAll() {
    if (!table_->isFrozen()) model_->update();
    table_->refreshAll();
    fillDetail();
}

}  // namespace squall::gui
