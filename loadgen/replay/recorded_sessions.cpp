#include "replay/recorded_sessions.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace squall::loadgen {

using recorder::ConnectionRecord;
using recorder::Direction;

Result<> RecordedSessions::add(const recorder::Record& record) {
    return std::visit(
        [&](const auto& specific) {
            newest_ = specific.at;
            if (!first_) first_ = newest_;
            return on(specific);
        },
        record);
}

Result<> RecordedSessions::on(const recorder::WireRecord& record) {
    if (record.is_payload_cut)
        return fail(ErrorCode::unsupported,
                    "its payloads were left out (--no-payload): there is nothing to send");
    const bool is_request = record.direction == Direction::inbound && record.is_opened &&
                            !record.packet.empty() && record.packet[0] == std::byte{0};
    if (!is_request) return {};
    const auto who = read_recorded_request(record.packet);
    if (!who) return std::unexpected(who.error());
    const auto known = asked_.find(record.peer);
    const bool is_repeated = known != asked_.end() && known->second.who.client_id == who->client_id;
    if (!is_repeated) asked_.insert_or_assign(record.peer, Asked{*who, record.at});
    return {};
}

Result<> RecordedSessions::on(const recorder::MessageRecord& record) {
    if (record.direction != Direction::inbound) return {};
    const auto known = by_connection_.find(record.connection);
    if (known == by_connection_.end()) return {};  // behind the end of its connection
    if (record.payload.size() != record.message_bytes)
        return fail(ErrorCode::unsupported,
                    "its payloads were left out (--no-payload): there is nothing to send");
    if (bytes_.size() + record.payload.size() > max_bytes_)
        return fail(ErrorCode::too_large,
                    fmt::format("what its clients sent is more than {} MiB; replay a part of it (--until)",
                                max_bytes_ / (1024 * 1024)));
    RecordedMessage message;
    message.at = record.at - started_[known->second];
    message.channel = record.channel;
    message.size = static_cast<std::uint32_t>(record.payload.size());
    message.begin = bytes_.size();
    bytes_.insert(bytes_.end(), record.payload.begin(), record.payload.end());
    sessions_[known->second].messages.push_back(message);
    ++message_count_;
    return {};
}

Result<> RecordedSessions::on(const recorder::ControlRecord& record) {
    if (record.type != recorder::RecordType::connection) return {};
    const auto control = recorder::decode(record);
    if (!control) return std::unexpected(control.error());
    const auto& change = std::get<ConnectionRecord>(*control);
    // Each file begins with those who are there: the first one's are new to us.
    const bool is_new =
        change.kind == ConnectionRecord::Kind::opened ||
        (change.kind == ConnectionRecord::Kind::is_open && !by_connection_.contains(change.connection));
    if (is_new) open(record.at, change);
    if (change.kind != ConnectionRecord::Kind::closed) return {};
    const auto known = by_connection_.find(change.connection);
    if (known == by_connection_.end()) return {};
    sessions_[known->second].stop = record.at - started_[known->second];
    by_connection_.erase(known);
    return {};
}

void RecordedSessions::open(TimePoint at, const ConnectionRecord& change) {
    const auto asked = asked_.find(change.peer);
    const bool is_known = asked != asked_.end() && asked->second.who.client_id == change.client;
    RecordedSession session;
    session.who = is_known ? asked->second.who : RecordedRequest{};
    session.who.client_id = change.client;
    session.was_there = change.kind == ConnectionRecord::Kind::is_open;
    const TimePoint started = is_known ? asked->second.at : at;
    session.start = started - *first_;
    if (is_known) asked_.erase(asked);
    by_connection_[change.connection] = sessions_.size();
    sessions_.push_back(std::move(session));
    started_.push_back(started);
}

std::uint64_t RecordedSessions::was_there_count() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(sessions_, &RecordedSession::was_there));
}

}  // namespace squall::loadgen
