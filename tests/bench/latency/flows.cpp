#include "bench/latency/flows.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "bench/support/crowd.hpp"

namespace squall::bench {

void FlowLog::write_message(TimePoint now, MutableBytes out) {
    // A message that was sent outside of the measured time carries none.
    const std::int64_t stamp = recording_ ? now.time_since_epoch().count() : 0;
    std::memset(out.data(), 0x33, out.size());
    std::memcpy(out.data(), &stamp, sizeof stamp);
    sent_ += recording_ ? 1 : 0;
}

void FlowLog::take_message(TimePoint now, Bytes message) {
    std::int64_t stamp = 0;
    if (message.size() != kFlowMessageBytes) return;
    std::memcpy(&stamp, message.data(), sizeof stamp);
    if (stamp != 0) latencies_.push_back(now - TimePoint(Duration(stamp)));
}

std::uint64_t Flows::datagrams() const {
    std::uint64_t sum = 0;
    for (const auto& relay : relays) sum += relay->datagrams();
    return sum;
}

std::uint64_t Flows::ip_bytes() const {
    std::uint64_t sum = datagrams() * kIpv4AndUdpBytes;
    for (const auto& relay : relays) sum += relay->bytes();
    return sum;
}

Address Flows::add_relay(AsioHost& host, const Address& server, const FlowOptions& options) {
    const Rng rng = Rng(options.seed).fork("flow", relays.size());
    relays.push_back(std::make_unique<Relay>(server, options.link, rng));
    const auto id = host.attach(*relays.back(), {});
    if (!id) {
        fmt::print(stderr, "loss_latency: {}\n", id.error().message);
        std::exit(1);
    }
    return host.local_address(*id);
}

}  // namespace squall::bench
