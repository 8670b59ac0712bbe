// The tables over a session: remotes, connections, messages that were sampled, notes, and what a comparison
// found. Each is given the session and never outlives it.
#pragma once

#include "gui/data/comparison.hpp"
#include "gui/data/session.hpp"
#include "gui/models/row_table_model.hpp"

namespace squall::gui {

// A row for each remote and direction.
class RemotesModel : public RowTableModel {
    Q_OBJECT
  public:
    enum Column : int {
        name,
        direction,
        kind,
        mode,
        calls,
        payload,
        wire,
        share,
        resent,
        headers,
        total,
        budget,
        queue_p50,
        queue_p95,
        queue_p99,
        wire_p50,
        wire_p95,
        wire_p99,
        handler_p50,
        handler_p95,
        handler_p99,
        call_p50,
        call_p95,
        call_p99,
        errors,
        lost,
        stopped,
        causes,
        column_count
    };
    explicit RemotesModel(QObject* parent = nullptr);
    void setSession(const Session* session);
    [[nodiscard]] const RemoteRow* rowAt(int row) const;

  protected:
    [[nodiscard]] std::size_t sourceRows() const override;
    [[nodiscard]] double numberAt(std::size_t row, int column) const override;
    [[nodiscard]] std::string_view textAt(std::size_t row, int column) const override;
    [[nodiscard]] Tone toneAt(std::size_t row, int column) const override;
    [[nodiscard]] QString tipAt(std::size_t row, int column) const override;

  private:
    const Session* session_ = nullptr;
    mutable std::string text_;
};

class ConnectionsModel : public RowTableModel {
    Q_OBJECT
  public:
    enum Column : int {
        client,
        address,
        state,
        rtt,
        jitter,
        rtt_min,
        loss,
        loss_all,
        sent,
        received,
        queue,
        in_flight,
        rate,
        suite,
        age,
        lost,
        reordered,
        paths,
        reason,
        column_count
    };
    explicit ConnectionsModel(QObject* parent = nullptr);
    void setSession(const Session* session);
    // Starts over where the session let old rows go; else filters and sorts anew.
    void update();
    [[nodiscard]] const ConnectionRow* rowAt(int row) const;

  protected:
    [[nodiscard]] std::size_t sourceRows() const override;
    [[nodiscard]] double numberAt(std::size_t row, int column) const override;
    [[nodiscard]] std::string_view textAt(std::size_t row, int column) const override;
    [[nodiscard]] Tone toneAt(std::size_t row, int column) const override;
    [[nodiscard]] int groupAt(std::size_t row) const override;

  private:
    const Session* session_ = nullptr;
    std::uint64_t revision_ = 0;
    std::size_t known_rows_ = 0;
    mutable std::string text_;
};

class ComparisonModel : public RowTableModel {
    Q_OBJECT
  public:
    enum Column : int {
        name,
        direction,
        first,
        second,
        difference,
        change,
        low,
        high,
        p,
        verdict,
        calls_first,
        calls_second,
        column_count
    };
    explicit ComparisonModel(QObject* parent = nullptr);
    void setRows(std::vector<ComparisonRow> rows);
    [[nodiscard]] const std::vector<ComparisonRow>& rows() const { return rows_; }

  protected:
    [[nodiscard]] std::size_t sourceRows() const override { return rows_.size(); }
    [[nodiscard]] double numberAt(std::size_t row, int column) const override;
    [[nodiscard]] std::string_view textAt(std::size_t row, int column) const override;
    [[nodiscard]] Tone toneAt(std::size_t row, int column) const override;

  private:
    std::vector<ComparisonRow> rows_;
    mutable std::string text_;
};

// Marks, condition changes, warnings: what happened when.
class NotesModel : public RowTableModel {
    Q_OBJECT
  public:
    enum Column : int { time, kind, text, column_count };
    explicit NotesModel(QObject* parent = nullptr);
    void setSession(const Session* session);
    [[nodiscard]] const NoteRow* rowAt(int row) const;

  protected:
    [[nodiscard]] std::size_t sourceRows() const override;
    [[nodiscard]] double numberAt(std::size_t row, int column) const override;
    [[nodiscard]] std::string_view textAt(std::size_t row, int column) const override;
    [[nodiscard]] Tone toneAt(std::size_t row, int column) const override;

  private:
    const Session* session_ = nullptr;
    mutable std::string text_;
};

// A table as CSV: heads, then rows as they are shown; numbers without units.
[[nodiscard]] QString to_csv(const QAbstractItemModel& model);

}  // namespace squall::gui
