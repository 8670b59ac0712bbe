// A recording as a database. One transaction: a million rows in seconds.
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <variant>

#include "inspect/record_export.hpp"

namespace squall::loadgen {
namespace {

constexpr const char* kSchema = R"(
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE datagram (time_ns INTEGER, realtime_ns INTEGER, direction TEXT, slot INTEGER, generation INTEGER, peer TEXT,
                       packet INTEGER, wire_bytes INTEGER, opened INTEGER, refused INTEGER, cause INTEGER, bytes BLOB);
CREATE TABLE message (time_ns INTEGER, realtime_ns INTEGER, direction TEXT, slot INTEGER, generation INTEGER,
                      channel INTEGER, mode INTEGER, remote INTEGER, message INTEGER, packet INTEGER,
                      wire_bytes INTEGER, message_bytes INTEGER, cause INTEGER, bytes BLOB);
CREATE TABLE packet_fate (time_ns INTEGER, slot INTEGER, generation INTEGER, packet INTEGER, lost INTEGER, rtt_us INTEGER);
CREATE TABLE tick (time_ns INTEGER, number INTEGER, duration_us INTEGER);
CREATE TABLE mark (time_ns INTEGER, text TEXT);
CREATE TABLE connection (slot INTEGER, generation INTEGER, client INTEGER, peer TEXT, opened_ns INTEGER, closed_ns INTEGER,
                         reason INTEGER, datagrams_in INTEGER, datagrams_out INTEGER, bytes_in INTEGER, bytes_out INTEGER,
                         packets_lost INTEGER, rtt_mean_us INTEGER);
CREATE TABLE remote (number INTEGER, name TEXT, direction TEXT, messages INTEGER, message_bytes INTEGER, payload INTEGER,
                     repeated INTEGER, framing INTEGER, share INTEGER);
CREATE TABLE second (second INTEGER, datagrams_in INTEGER, datagrams_out INTEGER, bytes_in INTEGER, bytes_out INTEGER,
                     messages_in INTEGER, messages_out INTEGER, refused INTEGER, lost INTEGER, ticks INTEGER, dropped INTEGER);
BEGIN;
)";

class Database {
  public:
    ~Database() { (void)sqlite3_close(db_); }
    Database() = default;
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Result<> open(const std::string& path) {
        path_ = path;
        (void)::unlink(path.c_str());
        if (sqlite3_open(path.c_str(), &db_) != SQLITE_OK) return failure();
        return run(kSchema);
    }
    Result<> run(const char* sql) {
        return sqlite3_exec(db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result<>{} : failure();
    }
    Result<> failure() const {
        return fail(ErrorCode::io, fmt::format("'{}': {}", path_, sqlite3_errmsg(db_)));
    }
    [[nodiscard]] sqlite3* get() const { return db_; }

  private:
    sqlite3* db_ = nullptr;
    std::string path_;
};

using Value = std::variant<std::int64_t, std::string, Bytes, std::monostate>;

// INSERT into one table, again and again.
class Insert {
  public:
    Insert(Database& database, const char* table, int columns) : database_(database) {
        std::string sql = fmt::format("INSERT INTO {} VALUES (?", table);
        for (int i = 1; i < columns; ++i) sql += ",?";
        sql += ")";
        (void)sqlite3_prepare_v2(database.get(), sql.c_str(), -1, &statement_, nullptr);
    }
    ~Insert() { (void)sqlite3_finalize(statement_); }
    Insert(const Insert&) = delete;
    Insert& operator=(const Insert&) = delete;

    Result<> operator()(std::initializer_list<Value> values) {
        int place = 0;
        for (const auto& value : values) bind(++place, value);
        const int result = sqlite3_step(statement_);
        (void)sqlite3_reset(statement_);
        return result == SQLITE_DONE ? Result<>{} : database_.failure();
    }

  private:
    void bind(int place, const Value& value) {
        if (const auto* number = std::get_if<std::int64_t>(&value))
            (void)sqlite3_bind_int64(statement_, place, *number);
        else if (const auto* text = std::get_if<std::string>(&value))
            (void)sqlite3_bind_text(statement_, place, text->data(), static_cast<int>(text->size()),
                                    SQLITE_TRANSIENT);
        else if (const auto* bytes = std::get_if<Bytes>(&value))
            (void)sqlite3_bind_blob(statement_, place, bytes->data(), static_cast<int>(bytes->size()),
                                    SQLITE_TRANSIENT);
        else
            (void)sqlite3_bind_null(statement_, place);
    }
    Database& database_;
    sqlite3_stmt* statement_ = nullptr;
};

template <class T>
std::int64_t number(T value) {
    return static_cast<std::int64_t>(value);
}
std::int64_t time_of(TimePoint at) {
    return at.time_since_epoch().count();
}
Value time_or_nothing(const std::optional<TimePoint>& at) {
    return at ? Value(time_of(*at)) : Value(std::monostate{});
}
std::string word(recorder::Direction direction) {
    return direction == recorder::Direction::outbound ? "sent" : "received";
}

class SqliteExport final : public RecordExport {
  public:
    // Members that insert are made when the tables are there.
    Result<> open(const std::string& path) {
        if (auto opened = database_.open(path); !opened) return opened;
        datagrams_ = std::make_unique<Insert>(database_, "datagram", 12);
        messages_ = std::make_unique<Insert>(database_, "message", 14);
        fates_ = std::make_unique<Insert>(database_, "packet_fate", 6);
        ticks_ = std::make_unique<Insert>(database_, "tick", 3);
        marks_ = std::make_unique<Insert>(database_, "mark", 2);
        return {};
    }

    Result<> add(const recorder::Record& record, const recorder::RecordingReader& reader) override {
        if (facts_.empty()) facts_ = reader.facts();
        return std::visit([&](const auto& specific) { return row(specific, reader); }, record);
    }
    Result<> finish(const RecordingSummary& summary) override {
        if (auto done = add_facts(); !done) return done;
        if (auto done = add_connections(summary); !done) return done;
        if (auto done = add_remotes(summary); !done) return done;
        if (auto done = add_seconds(summary); !done) return done;
        return database_.run("COMMIT; CREATE INDEX message_by_remote ON message (remote, time_ns);");
    }

  private:
    Result<> row(const recorder::WireRecord& record, const recorder::RecordingReader& reader) {
        return (*datagrams_)({time_of(record.at), reader.realtime_ns(record.at), word(record.direction),
                              number(record.connection.slot), number(record.connection.generation),
                              to_string(record.peer), number(record.sequence), number(record.wire_bytes),
                              number(record.is_opened), number(record.is_refused), number(record.cause),
                              record.packet});
    }
    Result<> row(const recorder::MessageRecord& record, const recorder::RecordingReader& reader) {
        return (*messages_)({time_of(record.at), reader.realtime_ns(record.at), word(record.direction),
                             number(record.connection.slot), number(record.connection.generation),
                             number(record.channel.value), number(record.mode), number(record.remote),
                             number(record.message), number(record.packet), number(record.wire_bytes),
                             number(record.message_bytes), number(record.cause), record.payload});
    }
    Result<> row(const recorder::ControlRecord& record, const recorder::RecordingReader&) {
        const auto control = recorder::decode(record);
        if (!control) return {};
        if (const auto* fate = std::get_if<recorder::PacketFate>(&*control))
            return (*fates_)({time_of(record.at), number(fate->connection.slot),
                              number(fate->connection.generation), number(fate->packet),
                              number(fate->is_lost), number(fate->rtt_us)});
        if (const auto* tick = std::get_if<recorder::TickMark>(&*control))
            return (*ticks_)({time_of(record.at), number(tick->number), number(tick->duration_us)});
        if (const auto* mark = std::get_if<recorder::Mark>(&*control))
            return (*marks_)({time_of(record.at), std::string(mark->text)});
        return {};
    }
    Result<> add_facts() {
        Insert insert(database_, "fact", 2);
        for (const auto& [name, value] : facts_)
            if (auto done = insert({name, value}); !done) return done;
        return {};
    }
    Result<> add_connections(const RecordingSummary& summary) {
        Insert insert(database_, "connection", 13);
        for (const auto& [id, row] : summary.connections()) {
            const Value rtt =
                row.acked == 0 ? Value(std::monostate{}) : Value(number(row.rtt_sum_us / row.acked));
            if (auto done =
                    insert({number(id.slot), number(id.generation), number(row.client.value),
                            to_string(row.peer), time_or_nothing(row.opened), time_or_nothing(row.closed),
                            number(row.reason), number(row.datagrams[0]), number(row.datagrams[1]),
                            number(row.bytes[0]), number(row.bytes[1]), number(row.lost), rtt});
                !done)
                return done;
        }
        return {};
    }
    Result<> add_remotes(const RecordingSummary& summary) {
        Insert insert(database_, "remote", 9);
        for (const auto& [remote, rows] : summary.remotes())
            for (std::size_t i = 0; i < rows.size(); ++i)
                if (auto done =
                        insert({number(remote), summary.remote_name(remote),
                                std::string(i == 1 ? "sent" : "received"), number(rows[i].messages),
                                number(rows[i].message_bytes), number(rows[i].payload),
                                number(rows[i].repeated), number(rows[i].framing), number(rows[i].share)});
                    !done)
                    return done;
        return {};
    }
    Result<> add_seconds(const RecordingSummary& summary) {
        Insert insert(database_, "second", 11);
        for (const auto& [second, row] : summary.seconds())
            if (auto done = insert({number(second), number(row.datagrams[0]), number(row.datagrams[1]),
                                    number(row.bytes[0]), number(row.bytes[1]), number(row.messages[0]),
                                    number(row.messages[1]), number(row.refused), number(row.lost),
                                    number(row.ticks), number(row.dropped)});
                !done)
                return done;
        return {};
    }

    Database database_;
    recorder::Facts facts_;
    std::unique_ptr<Insert> datagrams_;
    std::unique_ptr<Insert> messages_;
    std::unique_ptr<Insert> fates_;
    std::unique_ptr<Insert> ticks_;
    std::unique_ptr<Insert> marks_;
};

}  // namespace

Result<std::unique_ptr<RecordExport>> sqlite_export(const std::string& path) {
    auto out = std::make_unique<SqliteExport>();
    if (auto opened = out->open(path); !opened) return std::unexpected(opened.error());
    return out;
}

}  // namespace squall::loadgen
