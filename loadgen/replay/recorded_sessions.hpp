// What the clients of a recorded server said, client by client: each message with its channel and its time.
// Taken from records as they are read; holds the messages in memory. Knows no file and sends nothing.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/recorder/record.hpp"
#include "squall/transport/recorded_peers.hpp"

namespace squall::loadgen {

struct RecordedMessage {
    Duration at{};  // since the session's first request
    ChannelId channel{};
    std::uint32_t size = 0;
    std::size_t begin = 0;  // in the bytes of all messages
};

struct RecordedSession {
    RecordedRequest who;
    Duration start{};  // of its first request, since the recording began
    // It was there before the recording began, so that its greeting is not in it.
    bool was_there = false;
    std::optional<Duration> stop;  // since `start`: it was over; none: it went on when the recording ended
    std::vector<RecordedMessage> messages;
};

class RecordedSessions {
  public:
    // Messages of so many bytes are held at most.
    explicit RecordedSessions(std::size_t max_bytes = std::size_t{2} * 1024 * 1024 * 1024)
        : max_bytes_(max_bytes) {}

    // The next record of the recording. Errors: unsupported (its payloads were left out), too_large (its
    // messages do not fit), malformed (a request that is none).
    Result<> add(const recorder::Record& record);

    // In the order in which they connected.
    [[nodiscard]] std::span<const RecordedSession> sessions() const { return sessions_; }
    [[nodiscard]] Bytes bytes_of(const RecordedMessage& message) const {
        return Bytes(bytes_).subspan(message.begin, message.size);
    }
    // From the first record to the newest.
    [[nodiscard]] Duration length() const { return newest_ - first_.value_or(newest_); }
    [[nodiscard]] std::uint64_t message_count() const { return message_count_; }
    // Sessions that were there before.
    [[nodiscard]] std::uint64_t was_there_count() const;

  private:
    struct Asked {
        RecordedRequest who;
        TimePoint at{};
    };
    Result<> on(const recorder::WireRecord& record);
    Result<> on(const recorder::MessageRecord& record);
    Result<> on(const recorder::ControlRecord& record);
    void open(TimePoint at, const recorder::ConnectionRecord& change);

    std::size_t max_bytes_;
    std::optional<TimePoint> first_;
    TimePoint newest_{};
    std::map<Address, Asked> asked_;
    std::map<ConnectionId, std::size_t> by_connection_;
    std::vector<RecordedSession> sessions_;
    std::vector<TimePoint> started_;  // of each session
    std::vector<std::byte> bytes_;
    std::uint64_t message_count_ = 0;
};

}  // namespace squall::loadgen
