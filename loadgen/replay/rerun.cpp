#include "replay/rerun.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace squall::loadgen {
namespace {

using recorder::ControlRecord;
using recorder::MessageRecord;
using recorder::NodeCall;
using recorder::WireRecord;

std::vector<std::byte> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

std::unexpected<Error> cannot(std::string why) {
    return fail(ErrorCode::unsupported, "this recording cannot be run again: " + std::move(why));
}

}  // namespace

std::vector<SentMessage> NotedMessages::all() const {
    std::vector<SentMessage> out;
    for (const Note& note : notes_)
        out.push_back(
            {note.channel, note.number, note.remote, copy_of(Bytes(bytes_).subspan(note.begin, note.size))});
    return out;
}

Rerun::Rerun(RerunServer& server, RecordedPeers& peers, bool to_the_byte)
    : server_(server), peers_(peers), to_the_byte_(to_the_byte) {
    trace::Sink& here = *this;
    server_.set_trace(&here);
}
Rerun::~Rerun() {
    server_.set_trace(nullptr);
}

Result<bool> Rerun::take(const recorder::Record& record) {
    if (difference_) return false;
    return std::visit(
        [&](const auto& specific) {
            now_ = specific.at;
            return on(specific);
        },
        record);
}

Result<bool> Rerun::finish() {
    if (difference_) return false;
    return finish_drain();
}

Result<bool> Rerun::on(const WireRecord& record) {
    if (record.is_payload_cut) return cannot("its payloads were left out (--no-payload)");
    return record.direction == recorder::Direction::inbound ? receive(record) : compare(record);
}

Result<bool> Rerun::receive(const WireRecord& record) {
    if (!finish_drain()) return false;
    std::size_t size = record.packet.size();
    if (record.is_opened && !record.packet.empty()) {
        const bool is_request = record.packet[0] == std::byte{0};
        const auto sealed = is_request ? peers_.seal_request(record.peer, record.packet, buffer_)
                                       : peers_.seal(record.peer, record.packet, buffer_);
        if (!sealed) return std::unexpected(sealed.error());
        size = *sealed;
    } else {
        if (size > buffer_.size())
            return fail(ErrorCode::malformed,
                        fmt::format("a recorded datagram has {} bytes; a host hands in {} at most", size,
                                    buffer_.size()));
        std::ranges::copy(record.packet, buffer_.begin());
    }
    ++counts_.received;
    server_.node().receive(record.at, record.peer, MutableBytes(buffer_).first(size));
    begin_drain(record.at);
    return true;
}

Result<bool> Rerun::compare(const WireRecord& record) {
    if (!is_draining_) begin_drain(record.at);
    again_messages_.clear();
    ++polls_;
    const auto transmit = server_.node().poll_transmit(drained_at_, buffer_);
    if (!transmit) return differ(difference_of(record, Difference::Kind::missing, {}));
    const Bytes datagram = Bytes(buffer_).first(transmit->size);
    const auto again = peers_.open(transmit->to, datagram);
    if (transmit->to != record.peer)
        return differ(difference_of(record, Difference::Kind::peer, again ? *again : Bytes{}));
    if (!again) return std::unexpected(again.error());
    const auto byte = different_byte(record, *again, datagram);
    if (!byte) return std::unexpected(byte.error());
    if (*byte) {
        Difference found = difference_of(record, Difference::Kind::content, *again);
        found.byte = **byte;
        return differ(std::move(found));
    }
    recorded_messages_.clear();
    ++counts_.compared;
    counts_.bytes_compared += transmit->size;
    return true;
}

Result<std::optional<std::size_t>> Rerun::different_byte(const WireRecord& record, Bytes again,
                                                         Bytes datagram) {
    if (const auto at = peers_.first_difference(record.peer, record.packet, again)) return at;
    if (!to_the_byte_) return std::nullopt;
    std::array<std::byte, kMaxDatagramBytes + 16> sealed;
    const auto size = peers_.seal_like_opened(record.packet, sealed);
    if (!size) return std::unexpected(size.error());
    if (std::ranges::equal(Bytes(sealed).first(*size), datagram)) return std::nullopt;
    const auto plain = std::ranges::mismatch(record.packet, again);
    return static_cast<std::size_t>(plain.in1 - record.packet.begin());
}

Difference Rerun::difference_of(const WireRecord& record, Difference::Kind kind, Bytes again) const {
    Difference out;
    out.kind = kind;
    out.at = record.at;
    out.tick = tick_;
    out.peer = record.peer;
    out.connection = record.connection;
    out.packet = record.sequence;
    out.recorded = copy_of(record.packet);
    out.again = copy_of(again);
    out.recorded_messages = recorded_messages_.all();
    out.again_messages = again_messages_.all();
    return out;
}

Result<bool> Rerun::on(const MessageRecord& record) {
    if (record.direction == recorder::Direction::outbound)
        recorded_messages_.add(record.channel, record.message, record.remote, record.payload);
    return true;
}

Result<bool> Rerun::on(const ControlRecord& record) {
    const auto control = recorder::decode(record);
    if (!control)
        return control.error().code == ErrorCode::unsupported ? Result<bool>(true)
                                                              : std::unexpected(control.error());
    if (const auto* call = std::get_if<NodeCall>(&*control)) return on_call(record.at, *call);
    if (const auto* dropped = std::get_if<recorder::Dropped>(&*control)) {
        if (dropped->total() == 0) return true;
        return cannot(fmt::format("{} records did not fit into the recorder's ring", dropped->total()));
    }
    if (const auto* connection = std::get_if<recorder::ConnectionRecord>(&*control);
        connection != nullptr && connection->kind == recorder::ConnectionRecord::Kind::is_open &&
        counts_.received == 0)
        return cannot(
            "it begins in the middle of a session (a later file of a flight recorder), without the state "
            "that the server "
            "had; record from the start for that");
    if (const auto* tick = std::get_if<recorder::TickMark>(&*control)) {
        tick_ = tick->number;
        ++counts_.ticks;
    }
    if (const auto* hash = std::get_if<recorder::StateHash>(&*control)) {
        expected_ = *hash;
        return compare_states(record.at);
    }
    return true;
}

// The recorded server tells of a tick when all that it sent has left, which the re-run does when the next
// call comes: so either may be first.
bool Rerun::compare_states(TimePoint at) {
    if (!expected_ || !state_ || state_->tick < expected_->tick) return true;
    ++counts_.hashes;
    const recorder::StateHash recorded = *std::exchange(expected_, std::nullopt);
    if (state_->tick == recorded.tick && state_->hash == recorded.hash) return true;
    Difference found;
    found.kind = Difference::Kind::state;
    found.at = at;
    found.tick = recorded.tick;
    found.recorded_hash = recorded.hash;
    found.again_hash = state_->hash;
    return differ(std::move(found));
}

Result<bool> Rerun::on_call(TimePoint at, const NodeCall& call) {
    switch (call.kind) {
        case NodeCall::Kind::timeout:
            if (!finish_drain()) return false;
            server_.node().handle_timeout(at);
            begin_drain(at);
            return true;
        case NodeCall::Kind::drain:
            if (!finish_drain()) return false;
            begin_drain(at);
            return true;
        case NodeCall::Kind::drain_ended:
            if (polls_ < call.polls) return finish_drain();  // the last of them gave nothing
            is_draining_ = false;
            return true;
        case NodeCall::Kind::input:
            if (!finish_drain()) return false;
            if (const auto applied = server_.apply(at, call.name, call.data); !applied)
                return std::unexpected(applied.error());
            return true;
    }
    return fail(ErrorCode::unsupported,
                "a recorded call of the node is of a kind that this build does not know");
}

void Rerun::begin_drain(TimePoint at) {
    is_draining_ = true;
    drained_at_ = at;
    polls_ = 0;
}

bool Rerun::finish_drain() {
    if (!std::exchange(is_draining_, false)) return true;
    again_messages_.clear();
    const auto transmit = server_.node().poll_transmit(drained_at_, buffer_);
    if (!transmit) return !difference_;
    Difference found;
    found.kind = Difference::Kind::additional;
    found.at = drained_at_;
    found.tick = tick_;
    found.peer = transmit->to;
    found.again_messages = again_messages_.all();
    if (const auto plain = peers_.open(transmit->to, Bytes(buffer_).first(transmit->size)))
        found.again = copy_of(*plain);
    return differ(std::move(found));
}

bool Rerun::differ(Difference difference) {
    difference_ = std::move(difference);
    return false;
}

void Rerun::on_event(const trace::Event& event) {
    if (event.kind == trace::EventKind::tick)
        if (const auto hash = server_.state_hash()) {
            state_ = recorder::StateHash{event.id, *hash};
            (void)compare_states(now_);
        }
    if (event.kind != trace::EventKind::message_sent) return;
    const std::uint32_t tag = event.detail / 256;
    again_messages_.add(event.channel, event.id, static_cast<std::uint16_t>(tag), event.payload);
}

}  // namespace squall::loadgen
