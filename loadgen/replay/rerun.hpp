// A recorded server, run again: each call that its node had, in the same order at the same times, and each
// datagram that it then sends compared with the recorded one, in plain text. The first difference ends it.
// Knows records and a node; neither files nor what the server is about.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/recorder/record.hpp"
#include "squall/trace/sink.hpp"
#include "squall/transport/node.hpp"
#include "squall/transport/recorded_peers.hpp"

namespace squall::loadgen {

// What is run again: the same server code, made from what the recording tells of its configuration.
class RerunServer {
  public:
    virtual ~RerunServer() = default;
    [[nodiscard]] virtual Node& node() = 0;
    // What the application did to the node: NodeCall::input. Errors: unsupported (this build knows no such
    // one).
    virtual Result<> apply(TimePoint now, std::string_view name, Bytes data) = 0;
    virtual void set_trace(trace::Sink* sink) = 0;
    // Of the state as it is, by the recorded server's own hash; nothing where it has none. Asked while the
    // server tells its trace of a tick, as the recorded one was.
    [[nodiscard]] virtual std::optional<std::uint64_t> state_hash() const = 0;
};

// A message, or a part of one, in a packet that was sent.
struct SentMessage {
    ChannelId channel{};
    std::uint64_t number = 0;
    std::uint16_t remote = 0;  // its number on the wire; 0: none
    std::vector<std::byte> bytes;
};

struct Difference {
    enum class Kind : std::uint8_t {
        content,     // another packet to the same peer
        peer,        // to somebody else
        missing,     // recorded, and not sent again
        additional,  // sent, and not in the recording
        state,       // another hash of the state
    };
    Kind kind = Kind::content;
    TimePoint at{};
    std::uint64_t tick = 0;  // the newest one that the recording told of
    Address peer{};          // as recorded, or of what is additional
    ConnectionId connection{};
    std::uint64_t packet = 0;  // its number, where the recording has one
    std::size_t byte = 0;      // content: the first one that differs, of the plain packet
    std::vector<std::byte> recorded;
    std::vector<std::byte> again;
    std::vector<SentMessage> recorded_messages;
    std::vector<SentMessage> again_messages;
    std::uint64_t recorded_hash = 0;
    std::uint64_t again_hash = 0;
};

// The messages of one datagram, kept in memory that is used again for the next: they are wanted only if that
// one differs.
class NotedMessages {
  public:
    void add(ChannelId channel, std::uint64_t number, std::uint16_t remote, Bytes bytes) {
        notes_.push_back({channel, number, remote, bytes_.size(), bytes.size()});
        bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    }
    void clear() {
        notes_.clear();
        bytes_.clear();
    }
    [[nodiscard]] std::vector<SentMessage> all() const;

  private:
    struct Note {
        ChannelId channel{};
        std::uint64_t number = 0;
        std::uint16_t remote = 0;
        std::size_t begin = 0;
        std::size_t size = 0;
    };
    std::vector<Note> notes_;
    std::vector<std::byte> bytes_;
};

class Rerun final : private trace::Sink {
  public:
    // `to_the_byte`: the peers and the server have the recorded keys, so that datagrams are compared sealed
    // too.
    Rerun(RerunServer& server, RecordedPeers& peers, bool to_the_byte = false);
    ~Rerun() override;
    Rerun(const Rerun&) = delete;
    Rerun& operator=(const Rerun&) = delete;

    // The next record, in the order of the recording. True: go on; false: there is a difference(). Errors:
    // unsupported (this recording cannot be run again, and why), malformed (it contradicts itself).
    Result<bool> take(const recorder::Record& record);
    // After the last one.
    Result<bool> finish();

    [[nodiscard]] const std::optional<Difference>& difference() const { return difference_; }
    struct Counts {
        std::uint64_t received = 0;
        std::uint64_t compared = 0;  // datagrams that were sent again
        std::uint64_t bytes_compared = 0;
        std::uint64_t ticks = 0;
        std::uint64_t hashes = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }
    // Of the newest record.
    [[nodiscard]] TimePoint now() const { return now_; }
    [[nodiscard]] std::uint64_t tick() const { return tick_; }

  private:
    Result<bool> on(const recorder::WireRecord& record);
    Result<bool> on(const recorder::MessageRecord& record);
    Result<bool> on(const recorder::ControlRecord& record);
    Result<bool> on_call(TimePoint at, const recorder::NodeCall& call);
    Result<bool> receive(const recorder::WireRecord& record);
    Result<bool> compare(const recorder::WireRecord& record);
    // `byte` or nothing: where the packet differs.
    [[nodiscard]] Result<std::optional<std::size_t>> different_byte(const recorder::WireRecord& record,
                                                                    Bytes again, Bytes datagram);
    [[nodiscard]] Difference difference_of(const recorder::WireRecord& record, Difference::Kind kind,
                                           Bytes again) const;
    void begin_drain(TimePoint at);
    bool finish_drain();
    bool compare_states(TimePoint at);
    bool differ(Difference difference);
    void on_event(const trace::Event& event) override;

    RerunServer& server_;
    RecordedPeers& peers_;
    bool to_the_byte_;
    std::array<std::byte, kMaxDatagramBytes> buffer_{};
    bool is_draining_ = false;
    TimePoint drained_at_{};
    std::uint32_t polls_ = 0;
    TimePoint now_{};
    std::uint64_t tick_ = 0;
    std::optional<recorder::StateHash> state_;     // at the newest tick of the re-run
    std::optional<recorder::StateHash> expected_;  // recorded, and not compared yet
    NotedMessages recorded_messages_;              // since the last datagram
    NotedMessages again_messages_;
    std::optional<Difference> difference_;
    Counts counts_;
};

}  // namespace squall::loadgen
