// The list of packets and messages: of a recording all of them, of a live process those that were sampled.
// Filtered on demand into a list of indices; holds no bytes.
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <vector>

#include "gui/data/filter.hpp"
#include "gui/data/packet_index.hpp"
#include "gui/data/session.hpp"

namespace squall::gui {

class PacketsModel : public QAbstractTableModel, private FilterRow {
    Q_OBJECT
  public:
    enum Column : int { time, direction, kind, connection, number_, remote, bytes, column_count };
    explicit PacketsModel(QObject* parent = nullptr);

    // What is listed belongs to the caller and must not change but by growing, until the next call.
    void setRecording(const PacketIndex* index, const Session* session);
    // Takes the newest samples; keeps at most Session::kSamplesMax.
    void setSamples(const Session* session);
    // Lists what came since.
    void grow();
    void setFilter(const QString& text);
    [[nodiscard]] const FilterError& filterError() const { return filter_.error(); }
    [[nodiscard]] static const std::vector<FilterColumn>& filterColumns();

    [[nodiscard]] const PacketEntry* entryAt(int row) const;
    [[nodiscard]] const recorder::Sample* sampleAt(int row) const;
    [[nodiscard]] std::size_t totalRows() const;
    // The first row at or after a time.
    [[nodiscard]] int rowAt(std::int64_t at) const;
    [[nodiscard]] std::int64_t timeOf(int row) const;
    [[nodiscard]] QString remoteName(std::uint32_t remote) const;

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role = Qt::DisplayRole) const override;

  private:
    // A row of either source, in the same words.
    struct Row {
        std::int64_t at = 0;
        bool is_inbound = false;
        bool is_wrong = false;
        std::string kind;
        std::uint32_t slot = 0;
        bool has_connection = false;
        std::uint64_t number = 0;
        std::uint32_t remote = 0;
        std::uint32_t bytes = 0;
    };
    [[nodiscard]] Row row(std::size_t source) const;
    [[nodiscard]] double number(std::size_t column) const override;
    [[nodiscard]] std::string_view text(std::size_t column) const override;
    void rebuild();
    [[nodiscard]] std::size_t source(int row) const {
        return filter_.empty() ? static_cast<std::size_t>(row) : shown_[static_cast<std::size_t>(row)];
    }

    const PacketIndex* index_ = nullptr;
    const Session* session_ = nullptr;
    std::size_t listed_ = 0;  // of the source
    std::vector<recorder::Sample> samples_;
    std::uint64_t samples_seen_ = 0;
    Filter filter_;
    QString filter_text_;
    std::vector<std::uint32_t> shown_;  // where a filter is set
    mutable Row filtered_;
    mutable std::string text_;
};

}  // namespace squall::gui
