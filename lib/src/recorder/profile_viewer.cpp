#include "squall/recorder/profile_viewer.hpp"

#include "squall/recorder/profile_codec.hpp"

namespace squall::recorder {

ProfileViewer::ProfileViewer(std::string token, const Subscribe& wanted) {
    Hello hello;
    hello.streams = kAllStreams;
    hello.name = "viewer";
    hello.token = std::move(token);
    put(hello);
    put(wanted);
}

// What does not fit a frame's limits is not sent: texts of the user that are far too long.
void ProfileViewer::put(const ProfileFrame& frame) {
    (void)encode(frame, output_);
}

Result<> ProfileViewer::receive(Bytes bytes, const OnFrame& on_frame) {
    reader_.feed(bytes);
    for (;;) {
        const auto raw = reader_.next();
        if (!raw) return std::unexpected(raw.error());
        if (!*raw) return {};
        const auto frame = decode(**raw);
        if (!frame) return std::unexpected(frame.error());
        if (!*frame) continue;
        if (const auto* const result = std::get_if<CommandResult>(&**frame);
            result != nullptr && result->id == 0)
            return fail(ErrorCode::unauthorised, result->text);
        state_.apply(**frame);
        if (on_frame) on_frame(**frame);
    }
}

void ProfileViewer::subscribe(const Subscribe& wanted) {
    put(wanted);
}

std::uint64_t ProfileViewer::command(std::string verb,
                                     std::vector<std::pair<std::string, std::string>> arguments) {
    put(Command{++last_id_, std::move(verb), std::move(arguments)});
    return last_id_;
}

void ProfileViewer::ping(std::int64_t now) {
    put(Ping{++last_id_, now});
}

}  // namespace squall::recorder
