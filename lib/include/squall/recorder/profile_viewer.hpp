// The viewer's side of the live protocol, without the socket: says hello, subscribes, asks for commands, and
// keeps what it is told. Give it the bytes that come, send the bytes that it has.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "squall/recorder/frame.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/recorder/profile_state.hpp"

namespace squall::recorder {

class ProfileViewer {
  public:
    using OnFrame = std::function<void(const ProfileFrame&)>;

    // The token stands in the process's discovery file.
    ProfileViewer(std::string token, const Subscribe& wanted);

    // Bytes to send; empty them with clear_output().
    [[nodiscard]] Bytes output() const { return output_; }
    void clear_output() { output_.clear(); }

    // Bytes that came. Each frame is put into state(), then given to `on_frame`. Errors: malformed, too_large
    // (the stream is no profile; close it), unauthorised (we are not let in; the message is the process's).
    Result<> receive(Bytes bytes, const OnFrame& on_frame = {});

    // Any time; the last one counts.
    void subscribe(const Subscribe& wanted);
    // A CommandResult with this number follows.
    std::uint64_t command(std::string verb, std::vector<std::pair<std::string, std::string>> arguments = {});
    // A Pong follows; `now` is any clock of the viewer's, in nanoseconds.
    void ping(std::int64_t now);

    [[nodiscard]] const ProfileState& state() const { return state_; }

  private:
    void put(const ProfileFrame& frame);
    FrameReader reader_;
    ProfileState state_;
    std::vector<std::byte> output_;
    std::uint64_t last_id_ = 0;
};

}  // namespace squall::recorder
