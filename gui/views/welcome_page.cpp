#include "gui/views/welcome_page.hpp"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLocale>
#include <QPushButton>
#include <QSettings>
#include <QVBoxLayout>

namespace squall::gui {
namespace {
constexpr int kRecentMax = 10;
}

WelcomePage::WelcomePage(QWidget* parent)
    : QWidget(parent),
      folder_(discovery_folder()),
      processes_(new QListWidget(this)),
      files_(new QListWidget(this)),
      no_processes_(new QLabel(this)),
      no_files_(new QLabel(this)),
      address_(new QLineEdit(this)),
      address_error_(new QLabel(this)),
      timer_(this) {
    auto* title = new QLabel(tr("What do you want to look at?"), this);
    title->setProperty("role", "title");
    auto* running = new QLabel(tr("Running now"), this);
    auto* recent = new QLabel(tr("Recordings"), this);
    QFont bold = font();
    bold.setWeight(QFont::DemiBold);
    running->setFont(bold);
    recent->setFont(bold);
    for (QLabel* label : {no_processes_, no_files_}) {
        label->setWordWrap(true);
        label->setProperty("role", "muted");
        label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    }
    no_processes_->setText(
        tr("No process offers itself. Start one with its live endpoint on:\n\n    squall-loadgen run "
           "scenarios/arena.toml --live\n\nIn your own server: ProfilerEndpoint "
           "(squall/runtime/profiler_endpoint.hpp). It is off unless asked for, and listens on this machine "
           "only; another machine's is reached through ssh -L."));
    no_files_->setText(
        tr("No recording was opened yet. To make one:\n\n    squall-loadgen run scenarios/arena.toml "
           "--record arena.squall.pcapng\n\nor Ctrl+R here while looking at a process."));
    processes_->setAccessibleName(tr("Processes"));
    files_->setAccessibleName(tr("Recordings"));
    auto* open = new QPushButton(tr("Open a recording…  (Ctrl+O)"), this);
    address_->setPlaceholderText(tr("host:port or host:port:token"));
    address_->setAccessibleName(tr("Address of a process"));
    address_error_->setProperty("role", "error");
    address_error_->hide();
    const auto column = [&](std::initializer_list<QWidget*> parts) {
        auto* box = new QVBoxLayout;
        box->setSpacing(8);
        for (QWidget* part : parts) box->addWidget(part);
        box->addStretch(1);
        return box;
    };
    for (QListWidget* list : {processes_, files_}) list->setFixedHeight(220);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(32);
    columns->addLayout(column({running, processes_, no_processes_, address_, address_error_}), 1);
    columns->addLayout(column({recent, files_, no_files_, open}), 1);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(48, 40, 48, 40);
    layout->setSpacing(18);
    layout->addWidget(title);
    layout->addLayout(columns, 1);
    setTabOrder(processes_, files_);
    const auto choose = [this](const QListWidgetItem* item) {
        const int row = processes_->row(item);
        if (row >= 0 && row < static_cast<int>(found_.size()))
            Q_EMIT processChosen(found_[static_cast<std::size_t>(row)]);
    };
    connect(processes_, &QListWidget::itemActivated, this, choose);
    connect(files_, &QListWidget::itemActivated, this,
            [this](const QListWidgetItem* item) { Q_EMIT fileChosen(item->data(Qt::UserRole).toString()); });
    connect(open, &QPushButton::clicked, this, &WelcomePage::openRequested);
    connect(address_, &QLineEdit::returnPressed, this, [this] {
        const LiveProcess process = parse_address(address_->text());
        address_error_->setVisible(process.port == 0);
        address_error_->setText(
            tr("'%1' is no address; write one like 127.0.0.1:7777").arg(address_->text()));
        if (process.port != 0) Q_EMIT processChosen(process);
    });
    connect(&timer_, &QTimer::timeout, this, [this] {
        if (isVisible()) refresh();
    });
    timer_.start(1000);
    refresh();
}

void WelcomePage::setFolder(const QString& folder) {
    folder_ = folder;
    refresh();
}

void WelcomePage::refresh() {
    std::vector<LiveProcess> now = find_processes(folder_);
    std::erase_if(now, [](const LiveProcess& process) { return !process.is_alive; });
    const bool same = std::ranges::equal(now, found_, [](const LiveProcess& a, const LiveProcess& b) {
        return a.file == b.file && a.port == b.port && a.name == b.name;
    });
    if (!same || processes_->count() != static_cast<int>(now.size())) {
        found_ = std::move(now);
        processes_->clear();
        for (const LiveProcess& process : found_)
            processes_->addItem(
                tr("%1   ·   process %2, port %3").arg(process.name).arg(process.process).arg(process.port));
        if (!found_.empty()) processes_->setCurrentRow(0);
    }
    processes_->setVisible(!found_.empty());
    no_processes_->setVisible(found_.empty());
    const QStringList recent = recentFiles();
    if (files_->count() != recent.size() ||
        (!recent.isEmpty() && files_->item(0)->data(Qt::UserRole).toString() != recent[0])) {
        files_->clear();
        for (const QString& path : recent) {
            const QFileInfo info(path);
            auto* item = new QListWidgetItem(
                tr("%1   ·   %2, %3")
                    .arg(info.fileName(),
                         QLocale::c().formattedDataSize(info.size(), 1, QLocale::DataSizeSIFormat),
                         info.lastModified().toString(QStringLiteral("yyyy-MM-dd hh:mm"))),
                files_);
            item->setData(Qt::UserRole, path);
            item->setToolTip(path);
        }
    }
    files_->setVisible(!recent.isEmpty());
    no_files_->setVisible(recent.isEmpty());
}

void WelcomePage::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    refresh();
    takeFocus();
}

void WelcomePage::takeFocus() {
    if (!found_.empty())
        processes_->setFocus();
    else if (files_->count() > 0)
        files_->setFocus();
    else
        address_->setFocus();
}

QStringList WelcomePage::recentFiles() {
    QStringList files = QSettings().value(QStringLiteral("recent")).toStringList();
    files.erase(std::remove_if(files.begin(), files.end(),
                               [](const QString& path) { return !QFileInfo::exists(path); }),
                files.end());
    return files;
}

void WelcomePage::remember(const QString& path) {
    QStringList files = recentFiles();
    const QString absolute = QFileInfo(path).absoluteFilePath();
    files.removeAll(absolute);
    files.prepend(absolute);
    QSettings().setValue(QStringLiteral("recent"), files.mid(0, kRecentMax));
}

}  // namespace squall::gui
