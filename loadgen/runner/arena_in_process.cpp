#include "runner/arena_in_process.hpp"

#include <fmt/format.h>

#include "runner/arena_facts.hpp"
#include "runner/arena_view.hpp"
#include "runner/told_frames.hpp"

namespace squall::loadgen {

Result<std::unique_ptr<ArenaInProcess>> ArenaInProcess::start(Host& host, const ArenaSettings& settings,
                                                              WallClockAnchor wall_clock, const Rng& rng) {
    std::unique_ptr<ArenaInProcess> out(new ArenaInProcess(host, rng));
    out->entropy_.fill(out->key_);
    AttachOptions attach;
    attach.bind = Address::loopback(40'000);
    const auto id = host.attach(out->socket_, attach);
    if (!id) return std::unexpected(id.error());
    out->id_ = *id;
    out->address_ = host.local_address(*id);
    ArenaSurroundings around{
        host.now(), out->address_, out->key_, wall_clock, out->server_entropy_, rng.fork("server"), [&host] {
            return host.read_clock();
        }};
    out->facts_ = arena_facts(settings, around);
    out->tick_budget_ = std::chrono::seconds(1) / Duration::rep{settings.tick_rate};
    out->wall_clock_ = wall_clock;
    auto server = make_arena(settings, std::move(around));
    if (!server) {
        host.detach(*id);
        return std::unexpected(server.error());
    }
    out->server_ = std::move(*server);
    out->socket_.set_inner(*out->server_);
    host.wake(*id);
    return out;
}

ArenaInProcess::~ArenaInProcess() {
    if (profiler_id_) host_.detach(*profiler_id_);
    host_.detach(id_);
}

Result<> ArenaInProcess::record(const RecordingOrder& order) {
    const auto wall_seconds = static_cast<std::int64_t>(wall_clock_.wall.value);
    const recorder::ClockAnchor clock{wall_clock_.at, wall_seconds * 1'000'000'000};
    auto started = ArenaRecorder::start(host_.now(), order, clock, true,
                                        {*server_, address_, facts_, key_, server_entropy_});
    if (!started) return std::unexpected(started.error());
    recorder_ = std::move(*started);
    socket_.set_inner(recorder_->node());
    ProfilerConfig config;
    config.name = "arena server";
    config.build = SQUALL_VERSION;
    config.tick_budget = tick_budget_;
    config.at = clock.at;
    config.wall_time = clock.realtime_ns;
    profiler_.emplace(std::move(config));
    profiler_->watch(0, server_->endpoint());
    profiler_->watch(server_->registry());
    profiler_->on_world([this](TimePoint now, ConnectionId viewpoint) {
        return arena_view(now, *server_, viewpoint, arena::ArenaServerConfig{}.max_in_view);
    });
    frames_.emplace(host_.now(), recorder_->recorded(), true);
    profiler_->add(*frames_);
    AttachOptions timer_only;
    timer_only.with_socket = false;
    const auto id = host_.attach(*profiler_, timer_only);
    if (!id) return std::unexpected(id.error());
    profiler_id_ = *id;
    return {};
}

void ArenaInProcess::set_trace(trace::Sink* sink, std::uint32_t source) {
    if (recorder_) {
        sinks_ = {};
        sinks_.add(*profiler_);
        if (sink != nullptr) sinks_.add(*sink);
        recorder_->set_trace(&sinks_, source);
    } else
        server_->set_trace(sink, source);
}

std::string ArenaInProcess::description() const {
    return fmt::format("embedded arena in virtual time, at {}", squall::to_string(address_));
}

void ArenaInProcess::end_second(TimePoint, std::uint32_t second) {
    ServerReport out;
    out.second = last_second_ = second;
    out.inside = sampler_.take(*server_, host_.statistics(id_), {});
    report(out);
}

void ArenaInProcess::tell(const recorder::ProfileFrame& frame) {
    if (profiler_) pass_on(host_.now(), frame, *profiler_);
}

void ArenaInProcess::stop(TimePoint now) {
    if (recorder_) recorder_->on_shut_down(now);
    server_->shut_down(now);
    host_.wake(id_);
    host_.run_until(now + std::chrono::milliseconds(100));
    end_second(host_.now(), last_second_);
    if (recorder_) notes_.push_back(recorder_->stop(host_.now()));
}

}  // namespace squall::loadgen
