// Reads one table of a scenario key by key, with checks, and finds the keys that nobody asked for. Every
// mistake becomes a diagnostic and the default goes on, so that one pass finds them all. Knows no key by
// name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenario/diagnostic.hpp"
#include "scenario/document.hpp"
#include "squall/core/time.hpp"
#include "squall/core/units.hpp"

namespace squall::loadgen {

class TableReader {
  public:
    // `where` names the table for messages: "[target]", "group 'fighters'".
    TableReader(const Value& table, std::string where, Diagnostics& diagnostics);

    // A key that is known; the value, or nothing if it is not there.
    const Value* take(std::string_view key);
    // As take(), and an error if it is not there.
    const Value* require(std::string_view key, std::string_view example);
    // A key of the vocabulary that a later version of Squall brings: using it is an error that says so.
    void later(std::string_view key, std::string_view what);

    std::optional<std::string> text(std::string_view key);
    // A whole number in [low, high]; no unit belongs to it.
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
    std::optional<bool> boolean(std::string_view key);
    std::optional<Duration> duration(std::string_view key, Duration low, Duration high);
    std::optional<Ratio> ratio(std::string_view key);
    std::optional<DataRate> data_rate(std::string_view key);
    // One of a few words; its place in the list.
    std::optional<std::size_t> word(std::string_view key, const std::vector<std::string_view>& words);
    // An array of text.
    std::vector<std::string> texts(std::string_view key);
    // A table inside; nothing if it is not there or something else.
    const Value* table(std::string_view key);
    // The items of an array of tables; empty if it is not there.
    std::vector<const Value*> tables(std::string_view key);

    // Reports every key that was not asked for, with the nearest one that exists. Call last.
    void finish();

    void error(Position at, std::string wrong, std::string right = {});
    [[nodiscard]] Position position() const { return table_.at; }
    [[nodiscard]] const std::string& where() const { return where_; }

  private:
    std::optional<std::string> quantity(std::string_view key, std::string_view what,
                                        std::string_view unit_example);
    void wrong_kind(const Value& value, std::string_view key, std::string_view wanted);

    const Value& table_;
    std::string where_;
    Diagnostics& diagnostics_;
    std::vector<std::string_view> known_;
    std::vector<std::string_view> reported_;
};

}  // namespace squall::loadgen
