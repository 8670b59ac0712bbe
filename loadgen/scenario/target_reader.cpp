// [target]: what is under test.
#include <fmt/format.h>

#include <string>

#include "scenario/readers.hpp"

namespace squall::loadgen {
namespace {

void read_where(TableReader& reader, const Value& table, Target& target) {
    if (const auto text = reader.text("address")) {
        const auto parsed = Address::parse(*text);
        if (!parsed)
            reader.error(table.find("address")->at, parsed.error().message);
        else if (parsed->port() == 0)
            reader.error(table.find("address")->at, fmt::format("the address \"{}\" has no port", *text),
                         "write for instance \"127.0.0.1:40000\"");
        else
            target.address = *parsed;
    }
    const auto embedded = reader.word("embedded", {"arena"});
    if (embedded && table.find("address") != nullptr)
        reader.error(
            table.find("embedded")->at, "'embedded' and 'address' exclude each other",
            "keep 'embedded' to have the run start arena, or 'address' to use a server that runs elsewhere");
    target.launch = reader.texts("launch");
    if (const Value* launch = table.find("launch"); launch != nullptr && table.find("address") == nullptr)
        reader.error(launch->at, "'launch' starts a server but [target] does not say where it listens",
                     "add its 'address', or leave 'launch' out for the embedded arena");
}

void read_key(TableReader& reader, const Value& table, Target& target) {
    target.key_file = reader.text("key_file").value_or("");
    target.key_env = reader.text("key_env").value_or("");
    if (!target.key_file.empty() && !target.key_env.empty())
        reader.error(table.find("key_env")->at, "'key_file' and 'key_env' exclude each other",
                     "keep one of them");
    const bool has_key = table.find("key_file") != nullptr || table.find("key_env") != nullptr;
    if (table.find("address") != nullptr && !has_key)
        reader.error(table.find("address")->at,
                     "a server elsewhere needs its private key, to mint tokens with",
                     "add key_file = \"server.key\" (64 hexadecimal digits) or key_env = \"SQUALL_KEY\"");
    if (table.find("address") == nullptr && has_key)
        reader.error(table.find(target.key_file.empty() ? "key_env" : "key_file")->at,
                     "a key is of no use to the embedded arena: the run makes one itself",
                     "leave it out, or add an 'address'");
}

// A number, or text such as "0x61726e61" for ids above 2^63.
void read_protocol_id(TableReader& reader, Target& target) {
    const Value* value = reader.take("protocol_id");
    if (value == nullptr) return;
    if (value->kind == Value::Kind::integer && value->integer > 0) {
        target.protocol_id = static_cast<std::uint64_t>(value->integer);
        return;
    }
    if (value->kind == Value::Kind::text && value->text.starts_with("0x") && value->text.size() > 2 &&
        value->text.size() <= 18) {
        std::uint64_t id = 0;
        bool ok = true;
        for (const char c : std::string_view(value->text).substr(2)) {
            const auto digit = std::string_view("0123456789abcdef")
                                   .find(static_cast<char>(c >= 'A' && c <= 'F' ? c + 32 : c));
            ok = ok && digit != std::string_view::npos;
            id = id * 16 + (digit & 15);
        }
        if (ok && id != 0) {
            target.protocol_id = id;
            return;
        }
    }
    reader.error(value->at, fmt::format("'protocol_id' is {}", value->shown()),
                 "it must be a number above 0, or \"0x...\" with up to 16 hexadecimal digits");
}

}  // namespace

Target read_target(const Value& table, Diagnostics& diagnostics) {
    TableReader reader(table, "[target]", diagnostics);
    reader.later("token_url", "tokens from an HTTPS service");
    Target target;
    read_where(reader, table, target);
    read_key(reader, table, target);
    read_protocol_id(reader, target);
    if (const auto rate = reader.integer("tick_rate", 1, 240))
        target.tick_rate = static_cast<std::uint32_t>(*rate);
    const Value* snapshot_rate = table.find("snapshot_rate");
    target.snapshot_rate = target.tick_rate < 20 ? target.tick_rate : 20;
    if (const auto rate = reader.integer("snapshot_rate", 1, 240))
        target.snapshot_rate = static_cast<std::uint32_t>(*rate);
    if (snapshot_rate != nullptr && target.snapshot_rate > target.tick_rate)
        reader.error(
            snapshot_rate->at,
            fmt::format("'snapshot_rate' {} is above 'tick_rate' {}", target.snapshot_rate, target.tick_rate),
            "a tick sends at most one snapshot");
    if (const auto count = reader.integer("players_in_view", 1, 64))
        target.players_in_view = static_cast<std::uint32_t>(*count);
    if (const auto suite = reader.word("suite", {"netcode", "aes256-gcm", "signed", "none"}))
        target.suite = static_cast<Suite>(*suite);
    if (const auto timeout = reader.duration("timeout", std::chrono::seconds(1), std::chrono::hours(1))) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*timeout);
        if (Duration{seconds} != *timeout)
            reader.error(table.find("timeout")->at, "'timeout' must be whole seconds: tokens carry it so",
                         "write for instance \"10s\"");
        target.timeout_seconds = static_cast<std::int32_t>(seconds.count());
    }
    reader.finish();
    return target;
}

Outputs read_outputs(const Value& table, Diagnostics& diagnostics) {
    TableReader reader(table, "[outputs]", diagnostics);
    reader.later("record", "a recording of the run");
    reader.later("html", "the HTML report");
    reader.later("junit", "the JUnit report");
    reader.later("baseline", "the comparison with an earlier run");
    Outputs out;
    const auto path = [&](std::string_view key, std::string& to) {
        const auto text = reader.text(key);
        if (text && text->empty())
            reader.error(table.find(key)->at, fmt::format("'{}' is empty", key),
                         "write a file's path or leave it out");
        to = text.value_or("");
    };
    path("summary", out.summary);
    path("timeline", out.timeline);
    path("histograms", out.histograms);
    reader.finish();
    return out;
}

}  // namespace squall::loadgen
