// The recorded arena, made again: the same code with the same settings, seed and clocks, and other keys.
// Knows no file.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "replay/rerun.hpp"
#include "runner/arena_facts.hpp"
#include "runner/entropy_tap.hpp"
#include "squall/core/entropy.hpp"

namespace squall::loadgen {

// Of a recording with keys: the server's private key, and every random byte that it drew.
struct RecordedKeys {
    Key server{};
    std::vector<std::byte> entropy;
};

class ArenaRerun final : public RerunServer {
  public:
    // With the recorded keys, if there are any. Errors: those of recorded_arena() and of
    // arena::ArenaServer::make().
    [[nodiscard]] static Result<std::unique_ptr<ArenaRerun>> make(const recorder::Facts& facts,
                                                                  std::optional<RecordedKeys> keys);

    [[nodiscard]] Node& node() override { return *server_; }
    Result<> apply(TimePoint now, std::string_view name, Bytes data) override;
    void set_trace(trace::Sink* sink) override { server_->set_trace(sink, 0); }
    [[nodiscard]] std::optional<std::uint64_t> state_hash() const override;
    [[nodiscard]] RecordedPeers& peers() { return *peers_; }
    // The recorded keys are used: datagrams are the recorded ones to the byte.
    [[nodiscard]] bool has_keys() const { return recorded_entropy_.has_value(); }
    // The name of a remote, by its number on the wire; empty where there is none.
    [[nodiscard]] std::function<std::string(std::uint16_t)> remote_name() const;

  private:
    ArenaRerun() : entropy_(Rng(1).fork("keys of a re-run")) {}
    SeededEntropy entropy_;
    std::optional<RecordedEntropy> recorded_entropy_;
    std::unique_ptr<RecordedPeers> peers_;
    std::unique_ptr<arena::ArenaServer> server_;
};

}  // namespace squall::loadgen
