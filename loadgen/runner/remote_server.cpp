#include "runner/remote_server.hpp"

#include <fmt/format.h>
#include <poll.h>

#include "runner/key_text.hpp"
#include "runner/process_usage.hpp"

namespace squall::loadgen {

Result<std::unique_ptr<RemoteServer>> RemoteServer::start(AsioHost& host, const Target& target) {
    const auto key =
        target.key_file.empty() ? read_key_variable(target.key_env) : read_key_file(target.key_file);
    if (!key) return std::unexpected(key.error());
    std::unique_ptr<RemoteServer> out(new RemoteServer(host, *target.address, *key));
    if (!target.launch.empty()) {
        if (const auto launched = out->launch(target.launch); !launched)
            return std::unexpected(launched.error());
    }
    return out;
}

RemoteServer::~RemoteServer() {
    if (output_watch_) host_.unwatch(*output_watch_);
    if (errors_watch_) host_.unwatch(*errors_watch_);
}

Result<> RemoteServer::launch(const std::vector<std::string>& command) {
    auto child = ChildProcess::start(command);
    if (!child) return std::unexpected(child.error());
    child_.emplace(std::move(*child));
    // A wrong command line ends at once, and is better told now than after the clients gave up. A server that
    // takes a moment to listen is no trouble: clients ask again until their time is over.
    const TimePoint until = host_.now() + std::chrono::milliseconds(200);
    pollfd never{-1, 0, 0};
    while (host_.now() < until && !child_->ended()) poll(&never, 1, 10);
    if (const auto ended = child_->ended()) {
        last_lines_.add(command[0] + ":");
        (void)errors_.read_from(child_->errors());
        while (const auto line = errors_.next_line()) last_lines_.add(*line);
        return fail(ErrorCode::io, fmt::format("the server that the scenario starts ended at once: {};{}",
                                               *ended, last_lines_.text("  ")));
    }
    const auto output = host_.watch(child_->output(), [this] { read_streams(); });
    if (!output) return std::unexpected(output.error());
    output_watch_ = *output;
    const auto errors = host_.watch(child_->errors(), [this] { read_streams(); });
    if (!errors) return std::unexpected(errors.error());
    errors_watch_ = *errors;
    sampled_at_ = host_.now();
    return {};
}

void RemoteServer::read_streams() {
    const bool output_open = output_.read_from(child_->output());
    const bool errors_open = errors_.read_from(child_->errors());
    while (const auto line = output_.next_line()) last_lines_.add(*line);
    while (const auto line = errors_.next_line()) last_lines_.add(*line);
    if (!output_open && output_watch_) host_.unwatch(*std::exchange(output_watch_, std::nullopt));
    if (!errors_open && errors_watch_) host_.unwatch(*std::exchange(errors_watch_, std::nullopt));
    if (!output_open && !stopping_) host_.stop();
}

std::string RemoteServer::description() const {
    if (child_)
        return fmt::format("process {} started by the scenario, at {}", child_->id(),
                           squall::to_string(address_));
    return fmt::format("a server elsewhere, at {}", squall::to_string(address_));
}

void RemoteServer::end_second(TimePoint now, std::uint32_t second) {
    ServerReport out;
    out.second = second;
    if (child_) {
        const Duration elapsed = now - sampled_at_;
        if (const auto usage = usage_of(child_->id()); usage && elapsed >= kShortestSample) {
            out.cpu_ppm = static_cast<std::uint64_t>(
                std::max<std::int64_t>(0, (usage->cpu - sampled_cpu_).count()) * 1'000'000 / elapsed.count());
            out.resident_bytes = usage->resident_bytes;
            sampled_cpu_ = usage->cpu;
            sampled_at_ = now;
        }
    }
    report(out);
}

std::optional<std::string> RemoteServer::lost() {
    if (!child_ || stopping_) return std::nullopt;
    const auto ended = child_->ended();
    if (!ended) return std::nullopt;
    read_streams();
    return fmt::format("the server that the scenario started ended: {}; its last words:{}", *ended,
                       last_lines_.text("  "));
}

void RemoteServer::stop(TimePoint) {
    if (!child_ || stopping_) return;
    stopping_ = true;
    child_->terminate();
    child_->wait(std::chrono::seconds(5), [this] { read_streams(); });
}

}  // namespace squall::loadgen
