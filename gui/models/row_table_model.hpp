// A table over rows that live elsewhere, with the filter language, sorting and refreshing that stays cheap
// with thousands of rows: new values are one dataChanged() for all, and rows change places only when told to.
// Knows neither what a row is nor any colour: columns say how to read a number or a text, and how alarming it
// is.
#pragma once

#include <QAbstractTableModel>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "gui/data/filter.hpp"

namespace squall::gui {

// How alarming a cell is; views choose colour and sign.
enum class Tone : std::uint8_t { plain, muted, good, warning, bad };

struct TableColumn {
    QString title;
    FilterColumn filter;  // name in the filter language, unit
    QString tip;
    bool bar = false;   // drawn with a bar of its share of the column's greatest
    int width = 90;     // pixels, to begin with
    bool shown = true;  // to begin with
};

class RowTableModel : public QAbstractTableModel, private FilterRow {
    Q_OBJECT
  public:
    enum Role : int { ToneRole = Qt::UserRole + 1, BarRole, NumberRole, SourceRowRole };

    RowTableModel(std::vector<TableColumn> columns, QObject* parent);

    // Values changed: one signal for all cells. Rows stay where they are; new ones are not yet shown.
    void refresh();
    // Filters and sorts anew. Selections and scroll positions follow their rows.
    void reorder();
    // The rows are others now: after a new session or when old rows were let go. `change` makes them so,
    // while nobody looks.
    void restart(const std::function<void()>& change = {});

    // Errors are told by filterError(); everything is shown then.
    void setFilter(const QString& text);
    [[nodiscard]] const FilterError& filterError() const { return filter_.error(); }
    [[nodiscard]] QString filterText() const { return filter_text_; }
    [[nodiscard]] std::vector<FilterColumn> filterColumns() const;
    [[nodiscard]] std::size_t totalRows() const { return sourceRows(); }

    [[nodiscard]] const std::vector<TableColumn>& columns() const { return columns_; }
    [[nodiscard]] std::size_t sourceRow(int row) const { return order_[static_cast<std::size_t>(row)]; }
    // Where a source row is shown; -1 where it is filtered out.
    [[nodiscard]] int rowOf(std::size_t source) const;
    [[nodiscard]] int sortColumn() const { return sort_column_; }
    [[nodiscard]] Qt::SortOrder sortOrder() const { return sort_order_; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;
    void sort(int column, Qt::SortOrder order) override;

  protected:
    [[nodiscard]] virtual std::size_t sourceRows() const = 0;
    // Of a column whose filter column is a number; NaN where there is none.
    [[nodiscard]] virtual double numberAt(std::size_t row, int column) const = 0;
    // Of the others. Valid until the next call.
    [[nodiscard]] virtual std::string_view textAt(std::size_t row, int column) const = 0;
    [[nodiscard]] virtual Tone toneAt(std::size_t /*row*/, int /*column*/) const { return Tone::plain; }
    // However they are sorted, rows of a smaller group come first.
    [[nodiscard]] virtual int groupAt(std::size_t /*row*/) const { return 0; }
    [[nodiscard]] virtual QString tipAt(std::size_t /*row*/, int /*column*/) const { return {}; }

  private:
    [[nodiscard]] double number(std::size_t column) const final {
        return numberAt(filtered_row_, static_cast<int>(column));
    }
    [[nodiscard]] std::string_view text(std::size_t column) const final {
        return textAt(filtered_row_, static_cast<int>(column));
    }
    [[nodiscard]] std::vector<std::size_t> wantedOrder() const;
    void updateMaxima();

    std::vector<TableColumn> columns_;
    std::vector<std::size_t> order_;  // shown row -> source row
    std::vector<double> maxima_;      // of the columns with bars
    Filter filter_;
    QString filter_text_;
    int sort_column_ = -1;
    Qt::SortOrder sort_order_ = Qt::DescendingOrder;
    mutable std::size_t filtered_row_ = 0;
};

}  // namespace squall::gui
