#include "squall/wire/contract.hpp"

#include <fmt/format.h>

#include <iterator>

#include "squall/core/hash.hpp"

namespace squall::wire {

std::string to_string(const ContractId& id) {
    if (const auto* number = std::get_if<std::uint64_t>(&id)) return fmt::format("{}", *number);
    return fmt::format("'{}'", std::get<std::string>(id));
}

ContractForm contract_form(Bytes message) {
    if (message.empty()) return ContractForm::neither;
    return (message[0] & std::byte{1}) != std::byte{0} ? ContractForm::full : ContractForm::delta;
}

namespace detail {

Error contract_fault(const ContractId& id, const BitReader& reader) {
    return {ErrorCode::malformed, fmt::format("contract {}: {} at bit {}", to_string(id),
                                              to_string(reader.fault()), reader.bit_count())};
}
Error contract_too_large(const ContractId& id, std::size_t bits, std::size_t room_bytes) {
    return {ErrorCode::too_large, fmt::format("contract {}: more than {} bits do not fit into {} bytes",
                                              to_string(id), bits, room_bytes)};
}
Error wrong_form(const ContractId& id, bool wants_full) {
    return {ErrorCode::malformed,
            fmt::format("contract {}: got {}; it must be {}", to_string(id),
                        wants_full ? "a delta" : "a full object", wants_full ? "a full object" : "a delta")};
}

}  // namespace detail

Result<std::size_t> ContractTable::add(ContractId id, std::string schema) {
    const std::size_t place = contracts_.size();
    const auto [entry, added] = contracts_.try_emplace(std::move(id), Entry{place, std::move(schema)});
    if (!added)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("there is a contract {} already; each id must be used once",
                                to_string(entry->first)));
    return place;
}

std::optional<std::size_t> ContractTable::find(const ContractId& id) const {
    const auto entry = contracts_.find(id);
    if (entry == contracts_.end()) return std::nullopt;
    return entry->second.place;
}

std::uint64_t ContractTable::hash() const {
    return stable_hash(text());
}

std::string ContractTable::text() const {
    std::string text;
    for (const auto& [id, entry] : contracts_)
        fmt::format_to(std::back_inserter(text), "contract {}\n{}\n", to_string(id), entry.schema);
    return text;
}

namespace {

// The schema after the line "contract <id>", up to an empty line; nothing if there is no such contract.
std::optional<std::string_view> schema_of(std::string_view text, std::string_view heading) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t line_end = std::min(text.find('\n', at), text.size());
        const std::size_t end = std::min(text.find("\n\n", line_end), text.size());
        if (text.substr(at, line_end - at) == heading)
            return line_end + 1 < end ? text.substr(line_end + 1, end - line_end) : std::string_view{};
        at = end + 2;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> ContractTable::mismatch(std::string_view ours, std::string_view theirs) {
    const auto compare = [](std::string_view left, std::string_view right, std::string_view where,
                            bool in_order) -> std::optional<std::string> {
        for (std::size_t at = 0; at < left.size();) {
            const std::string_view heading = left.substr(at, left.find('\n', at) - at);
            const auto mine = schema_of(left, heading);
            const auto other = schema_of(right, heading);
            if (!other) return fmt::format("{} is missing {}", heading, where);
            if (const auto difference = in_order ? first_difference(*mine, *other) : std::nullopt)
                return fmt::format("{}: {}", heading, *difference);
            at = std::min(left.find("\n\n", at), left.size()) + 2;
        }
        return std::nullopt;
    };
    if (auto difference = compare(ours, theirs, "there", true)) return difference;
    return compare(theirs, ours, "here", false);
}

}  // namespace squall::wire
