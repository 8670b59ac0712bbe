#include "gui/views/world_view.hpp"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QSplitter>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "gui/views/theme.hpp"

namespace squall::gui {
namespace {
constexpr double kRadius = 5;

// How many each entity sees, as text: a dash where the picture does not hold its view. It holds that of one
// (or of none), or everybody's.
auto countSeen(const recorder::World& world) {
    std::map<std::uint32_t, int> counts;
    for (const auto& [from, to] : world.sees) ++counts[from];
    return [counts = std::move(counts)](std::uint32_t entity) {
        const auto place = counts.find(entity);
        if (place != counts.end()) return QString::number(place->second);
        return counts.size() > 1 ? QStringLiteral("0") : QStringLiteral("–");
    };
}

}  // namespace

WorldMap::WorldMap(QWidget* parent) : QWidget(parent) {
    setFocusPolicy(Qt::StrongFocus);
    setAccessibleName(tr("World from above"));
    setToolTip(tr("A click or the arrow keys choose an entity; Esc chooses none"));
    setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Expanding);
}

void WorldMap::setWorld(const recorder::World* world) {
    world_ = world == nullptr ? std::nullopt : std::optional(*world);
    update();
}

void WorldMap::setSelected(std::uint32_t entity) {
    if (selected_ == entity) return;
    selected_ = entity;
    setAccessibleDescription(tr("Entity %1 is chosen").arg(entity));
    update();
    Q_EMIT selectionChanged(entity);
}

QRectF WorldMap::square() const {
    const double side = std::max(1.0, std::min(width(), height()) - 24.0);
    return {(width() - side) / 2, (height() - side) / 2, side, side};
}

QPointF WorldMap::placeOf(const recorder::WorldEntity& entity) const {
    const QRectF area = square();
    const double side = world_ && world_->side > 0 ? static_cast<double>(world_->side) : 1;
    return {area.left() + static_cast<double>(entity.x) / side * area.width(),
            area.bottom() - static_cast<double>(entity.y) / side * area.height()};
}

void WorldMap::paintEvent(QPaintEvent* /*event*/) {
    QPainter painter(this);
    const Theme& theme = Theme::from(palette());
    painter.fillRect(rect(), theme.surface);
    if (!world_) {
        painter.setPen(theme.muted);
        painter.drawText(rect().adjusted(24, 24, -24, -24), Qt::AlignCenter | Qt::TextWordWrap,
                         tr("This session tells of no positions.\nA server does so with "
                            "Profiler::on_world(); the arena that ships does."));
        return;
    }
    const QRectF area = square();
    for (int i = 0; i <= 10; ++i) {
        const auto x = static_cast<int>(area.left() + area.width() * i / 10);
        const auto y = static_cast<int>(area.top() + area.height() * i / 10);
        painter.fillRect(QRect(x, static_cast<int>(area.top()), 1, static_cast<int>(area.height())),
                         theme.grid);
        painter.fillRect(QRect(static_cast<int>(area.left()), y, static_cast<int>(area.width()), 1),
                         theme.grid);
    }
    painter.setRenderHint(QPainter::Antialiasing);
    drawSight(painter);
    drawEntities(painter);
    if (hasFocus()) {
        painter.setRenderHint(QPainter::Antialiasing, false);
        painter.setPen(theme.accent);
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(rect().adjusted(0, 0, -1, -1));
    }
}

// The view of the chosen entity, and lines to all that it sees; a dashed line to who sees it without being
// seen.
void WorldMap::drawSight(QPainter& painter) {
    if (!selected_) return;
    const Theme& theme = Theme::from(palette());
    const auto find = [&](std::uint32_t id) {
        return std::ranges::find(world_->entities, id, &recorder::WorldEntity::id);
    };
    const auto own = find(*selected_);
    if (own == world_->entities.end()) return;
    if (world_->view_radius > 0 && world_->side > 0) {
        const double radius =
            static_cast<double>(world_->view_radius) / static_cast<double>(world_->side) * square().width();
        QColor tint = theme.line(0);
        tint.setAlpha(36);
        painter.setBrush(tint);
        painter.setPen(QPen(theme.line(0), 1));
        painter.drawEllipse(placeOf(*own), radius, radius);
    }
    std::vector<std::uint32_t> seen;
    for (const auto& [from, to] : world_->sees)
        if (from == *selected_) seen.push_back(to);
    painter.setPen(QPen(theme.line(0), 1));
    for (const std::uint32_t id : seen)
        if (const auto other = find(id); other != world_->entities.end())
            painter.drawLine(placeOf(*own), placeOf(*other));
    painter.setPen(QPen(theme.line(5), 1, Qt::DashLine));
    for (const auto& [from, to] : world_->sees)
        if (to == *selected_ && std::ranges::find(seen, from) == seen.end())
            if (const auto other = find(from); other != world_->entities.end())
                painter.drawLine(placeOf(*own), placeOf(*other));
}

void WorldMap::drawEntities(QPainter& painter) {
    const Theme& theme = Theme::from(palette());
    const bool few = world_->entities.size() <= 80;
    for (const recorder::WorldEntity& entity : world_->entities) {
        const QPointF place = placeOf(entity);
        const bool chosen = selected_ == entity.id;
        const bool player = entity.connection.is_valid();
        painter.setPen(chosen ? QPen(theme.text, 1) : QPen(Qt::NoPen));
        painter.setBrush(player ? theme.line(1) : theme.line(7));
        // Players are discs and things are squares, so that colour is not all there is.
        if (player)
            painter.drawEllipse(place, chosen ? kRadius + 2 : kRadius, chosen ? kRadius + 2 : kRadius);
        else
            painter.drawRect(QRectF(place.x() - 3.5, place.y() - 3.5, 7, 7));
        if (!few && !chosen) continue;
        painter.setPen(chosen ? theme.text : theme.muted);
        painter.drawText(place + QPointF(kRadius + 3, 4), player ? QString::number(entity.connection.slot)
                                                                 : QStringLiteral("#%1").arg(entity.id));
    }
}

void WorldMap::mousePressEvent(QMouseEvent* event) {
    if (!world_) return;
    double nearest = 20;
    std::optional<std::uint32_t> found;
    for (const recorder::WorldEntity& entity : world_->entities) {
        const QPointF away = placeOf(entity) - event->position();
        const double distance = std::hypot(away.x(), away.y());
        if (distance < nearest) {
            nearest = distance;
            found = entity.id;
        }
    }
    if (found) setSelected(*found);
}

void WorldMap::keyPressEvent(QKeyEvent* event) {
    const bool forward = event->key() == Qt::Key_Right || event->key() == Qt::Key_Down;
    const bool back = event->key() == Qt::Key_Left || event->key() == Qt::Key_Up;
    if (event->key() == Qt::Key_Escape && selected_) {
        selected_.reset();
        update();
        return;
    }
    if (!world_ || world_->entities.empty() || (!forward && !back)) return QWidget::keyPressEvent(event);
    const auto& entities = world_->entities;
    const auto at =
        selected_ ? std::ranges::find(entities, *selected_, &recorder::WorldEntity::id) : entities.end();
    const std::size_t count = entities.size();
    const std::size_t index =
        at == entities.end() ? (forward ? count - 1 : 0) : static_cast<std::size_t>(at - entities.begin());
    setSelected(entities[(index + (forward ? 1 : count - 1)) % count].id);
}

WorldView::WorldView(Workspace& workspace, QWidget* parent)
    : View(workspace, tr("World"), parent),
      map_(new WorldMap(this)),
      slider_(new QSlider(Qt::Horizontal, this)),
      text_(new QLabel(this)),
      list_(new QTableWidget(this)) {
    list_->setColumnCount(5);
    list_->setHorizontalHeaderLabels({tr("Entity"), tr("Player"), tr("x"), tr("y"), tr("Sees")});
    list_->verticalHeader()->hide();
    list_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    list_->setSelectionBehavior(QAbstractItemView::SelectRows);
    list_->setTabKeyNavigation(false);
    list_->setAccessibleName(tr("Entities, as a table"));
    for (int i = 0; i < 5; ++i) list_->setColumnWidth(i, 54);
    list_->horizontalHeader()->setStretchLastSection(true);
    text_->setWordWrap(true);
    text_->setMinimumHeight(4 * fontMetrics().lineSpacing());
    text_->setAlignment(Qt::AlignLeft | Qt::AlignTop);
    list_->verticalHeader()->setDefaultSectionSize(fontMetrics().height() + 7);
    slider_->setAccessibleName(tr("Moment"));
    slider_->setToolTip(
        tr("Scrubs through the moments that are kept; at the right end it follows the newest"));
    slider_->setRange(0, 0);
    auto* left = new QWidget(this);
    auto* left_layout = new QVBoxLayout(left);
    left_layout->setContentsMargins(0, 0, 0, 0);
    left_layout->addWidget(map_, 1);
    left_layout->addWidget(slider_);
    auto* right = new QWidget(this);
    auto* right_layout = new QVBoxLayout(right);
    right_layout->setContentsMargins(0, 0, 0, 0);
    right_layout->addWidget(text_);
    right_layout->addWidget(list_, 1);
    auto* splitter = new QSplitter(Qt::Horizontal, this);
    splitter->addWidget(left);
    splitter->addWidget(right);
    splitter->setSizes({900, 340});
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(splitter);
    connect(slider_, &QSlider::valueChanged, this, &WorldView::showMoment);
    connect(map_, &WorldMap::selectionChanged, this, [this] { showMoment(); });
    connect(list_, &QTableWidget::currentCellChanged, this, [this](int row) {
        if (row >= 0 && list_->item(row, 0) != nullptr)
            map_->setSelected(list_->item(row, 0)->text().toUInt());
    });
    connect(&workspace, &Workspace::sessionReplaced, this, [this] {
        slider_->setRange(0, 0);
        list_->setRowCount(0);
        showMoment();
    });
    showMoment();
}

const recorder::World* WorldView::moment() const {
    const auto& worlds = session().worlds();
    if (worlds.empty()) return nullptr;
    return &worlds[std::min(static_cast<std::size_t>(slider_->value()), worlds.size() - 1)];
}

void WorldView::refreshValues() {
    const int last = std::max(0, static_cast<int>(session().worlds().size()) - 1);
    const bool following = slider_->value() == slider_->maximum();
    if (slider_->maximum() != last) slider_->setMaximum(last);
    if (following && slider_->value() != last)
        slider_->setValue(last);
    else
        showMoment();
}
void WorldView::refreshAll() {
    refreshValues();
}

void WorldView::showMoment() {
    const recorder::World* world = moment();
    map_->setWorld(world);
    slider_->setEnabled(world != nullptr);
    list_->setVisible(world != nullptr);
    if (world == nullptr) {
        text_->setText(tr("Nothing to show."));
        return;
    }
    QString text = tr("Tick %1 at %2: %3 entities in a square of %4, view radius %5.")
                       .arg(world->tick)
                       .arg(QString::fromStdString(
                           format_time(world->at.time_since_epoch().count() - session().origin(), 1'000'000)))
                       .arg(world->entities.size())
                       .arg(static_cast<double>(world->side))
                       .arg(static_cast<double>(world->view_radius));
    if (const auto selected = map_->selected()) {
        const auto seen_by =
            std::ranges::count(world->sees, *selected, &std::pair<std::uint32_t, std::uint32_t>::second);
        text += tr("\nEntity %1 sees %2 and is seen by %3.")
                    .arg(*selected)
                    .arg(countSeen(*world)(*selected))
                    .arg(seen_by);
    } else {
        text += tr("\nChoose an entity to see whom it sees.");
    }
    text_->setText(text);
    fillList(*world);
}

void WorldView::fillList(const recorder::World& world) {
    const auto sees = countSeen(world);
    const QSignalBlocker quiet(list_);
    // A large session tells of one entity's view at a time: a column of dashes would say nothing.
    list_->setColumnHidden(4, world.sees.empty());
    list_->setRowCount(static_cast<int>(world.entities.size()));
    for (int row = 0; row < list_->rowCount(); ++row) {
        const recorder::WorldEntity& entity = world.entities[static_cast<std::size_t>(row)];
        const QString cells[] = {
            QString::number(entity.id),
            entity.connection.is_valid() ? QString::number(entity.connection.slot) : QString(),
            QString::number(static_cast<double>(entity.x), 'f', 1),
            QString::number(static_cast<double>(entity.y), 'f', 1), sees(entity.id)};
        for (int column = 0; column < 5; ++column) {
            QTableWidgetItem* item = list_->item(row, column);
            if (item == nullptr) list_->setItem(row, column, item = new QTableWidgetItem);
            if (item->text() != cells[column]) item->setText(cells[column]);
        }
    }
}

}  // namespace squall::gui
