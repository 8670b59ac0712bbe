// The world from above, for sessions with positions: who is where, how far each player sees, and who sees
// whom. Space-time is scrubbed with the slider; the table twin lists the entities.
#pragma once

#include <QLabel>
#include <QSlider>
#include <QTableWidget>

#include "gui/views/view.hpp"

namespace squall::gui {

// Draws one moment. Click or arrow keys choose an entity.
class WorldMap : public QWidget {
    Q_OBJECT
  public:
    explicit WorldMap(QWidget* parent = nullptr);
    void setWorld(const recorder::World* world);
    void setSelected(std::uint32_t entity);
    [[nodiscard]] std::optional<std::uint32_t> selected() const { return selected_; }
    // Where an entity is drawn.
    [[nodiscard]] QPointF placeOf(const recorder::WorldEntity& entity) const;
    [[nodiscard]] QSize minimumSizeHint() const override { return {240, 240}; }

  Q_SIGNALS:
    void selectionChanged(quint32 entity);

  protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    [[nodiscard]] QRectF square() const;
    void drawEntities(QPainter& painter);
    void drawSight(QPainter& painter);
    std::optional<recorder::World> world_;
    std::optional<std::uint32_t> selected_;
};

class WorldView : public View {
    Q_OBJECT
  public:
    explicit WorldView(Workspace& workspace, QWidget* parent = nullptr);
    void refreshValues() override;
    void refreshAll() override;
    [[nodiscard]] const QAbstractItemModel* table() const override { return list_->model(); }
    [[nodiscard]] WorldMap& map() { return *map_; }
    [[nodiscard]] QSlider& slider() { return *slider_; }

  private:
    void showMoment();
    void fillList(const recorder::World& world);
    [[nodiscard]] const recorder::World* moment() const;
    WorldMap* map_;
    QSlider* slider_;
    QLabel* text_;
    QTableWidget* list_;
};

}  // namespace squall::gui
