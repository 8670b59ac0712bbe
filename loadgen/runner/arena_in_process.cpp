#include "runner/arena_in_process.hpp"

#include <fmt/format.h>

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
    auto server = make_arena(settings, {host.now(), out->address_, out->key_, wall_clock, out->entropy_,
                                        rng.fork("server"), [&host] { return host.read_clock(); }});
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
    host_.detach(id_);
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

void ArenaInProcess::stop(TimePoint now) {
    server_->shut_down(now);
    host_.wake(id_);
    host_.run_until(now + std::chrono::milliseconds(100));
    end_second(host_.now(), last_second_);
}

}  // namespace squall::loadgen
