// Joining and leaving the virtual network, addresses, and what is changed while it runs.
#include <fmt/format.h>

#include <algorithm>

#include "squall/core/hash.hpp"
#include "virtual_network.hpp"

namespace squall::simulator {
namespace {

// Where port 0 is taken from, as most systems do.
constexpr std::uint16_t kFirstFreePort = 32768;
constexpr std::uint16_t kLowestPort = 1024;

Address loopback_of(const Address& any) {
    if (any.family() == Address::Family::ipv4) return Address::loopback(any.port());
    std::array<std::uint8_t, 16> bytes{};
    bytes[15] = 1;
    return Address::ipv6(bytes, any.port());
}

Result<> validate_links(const LinkConfig& up, const LinkConfig& down) {
    if (auto valid = up.validate(); !valid)
        return fail(valid.error().code, "link up: " + valid.error().message);
    if (auto valid = down.validate(); !valid)
        return fail(valid.error().code, "link down: " + valid.error().message);
    return {};
}

}  // namespace

Result<> VirtualNetwork::join(std::uint32_t slot, NodeId id, const AttachOptions& options,
                              const Access& access) {
    if (auto valid = validate_links(access.up, access.down); !valid) return valid;
    Address local;
    Address visible;
    if (options.with_socket) {
        auto chosen = choose_address(options);
        if (!chosen) return std::unexpected(chosen.error());
        local = *chosen;
        visible = local.is_any() ? loopback_of(local) : local;
    }
    const std::uint64_t stream = access.stream.value_or(hash_of(visible));
    if (ports_.size() <= slot) ports_.resize(slot + 1);
    ports_[slot] = std::make_unique<Port>(id, configs_.acquire(access.up), configs_.acquire(access.down),
                                          access_rng(rng_, stream));
    Port& fresh = port(slot);
    fresh.local = local;
    fresh.visible = fresh.home = visible;
    fresh.reuse_port = options.reuse_port;
    fresh.trace_source = access.trace_source.value_or(static_cast<std::uint32_t>(id.value));
    fresh.up.set_trace(trace_, fresh.trace_source, Direction::up);
    fresh.down.set_trace(trace_, fresh.trace_source, Direction::down);
    fresh.up.set_delay_histogram(up_delays_);
    fresh.down.set_delay_histogram(down_delays_);
    fresh.next_sharer = slot;
    if (!options.with_socket) return {};
    const std::uint32_t other = addresses_.find(visible);
    if (other == AddressTable::kNobody)
        addresses_.assign(visible, slot);
    else
        share(slot, other);
    return {};
}

Result<Address> VirtualNetwork::choose_address(const AttachOptions& options) const {
    if (!options.bind.is_valid())
        return fail(ErrorCode::invalid_argument,
                    "cannot bind: the address is empty; an IPv4 or IPv6 address is needed");
    if (options.bind.port() == 0) return with_free_port(options.bind);
    const Address visible = options.bind.is_any() ? loopback_of(options.bind) : options.bind;
    const std::uint32_t owner = addresses_.find(visible);
    if (owner == AddressTable::kNobody) return options.bind;
    const Port& holder = port(owner);
    if (options.reuse_port && holder.reuse_port && holder.visible == visible) return options.bind;
    return fail(
        ErrorCode::address_in_use,
        fmt::format(
            "cannot bind {}: another node of the virtual network has this address; port 0 takes a free one",
            to_string(options.bind)));
}

Result<Address> VirtualNetwork::with_free_port(const Address& address) const {
    for (unsigned tries = 0; tries <= 65535U - kLowestPort; ++tries) {
        if (next_port_ < kLowestPort) next_port_ = tries == 0 ? kFirstFreePort : kLowestPort;
        const Address candidate = address.with_port(next_port_++);
        const Address visible = candidate.is_any() ? loopback_of(candidate) : candidate;
        if (addresses_.find(visible) == AddressTable::kNobody) return candidate;
    }
    return fail(ErrorCode::address_in_use,
                fmt::format("cannot bind {}: all ports from {} to 65535 of this address are taken",
                            to_string(address), kLowestPort));
}

void VirtualNetwork::share(std::uint32_t slot, std::uint32_t with) {
    port(slot).next_sharer = std::exchange(port(with).next_sharer, slot);
    const std::uint32_t count = port(with).sharer_count + 1;
    for (std::uint32_t i = 0, at = slot; i < count; ++i, at = port(at).next_sharer)
        port(at).sharer_count = count;
}

void VirtualNetwork::unshare(std::uint32_t slot) {
    const Port& leaving = port(slot);
    const std::uint32_t next = leaving.next_sharer;
    const std::uint32_t count = leaving.sharer_count - 1;
    std::uint32_t at = next;
    for (std::uint32_t i = 0; i < count; ++i, at = port(at).next_sharer) {
        port(at).sharer_count = count;
        if (port(at).next_sharer == slot) port(at).next_sharer = next;
    }
    if (addresses_.find(leaving.visible) == slot) addresses_.assign(leaving.visible, next);
}

void VirtualNetwork::leave(std::uint32_t slot) {
    Port& leaving = port(slot);
    if (leaving.visible.is_valid()) {
        if (leaving.sharer_count > 1) {
            unshare(slot);
        } else {
            addresses_.erase(leaving.visible);
            addresses_.erase(leaving.home);
        }
    }
    totals_.up.merge(leaving.up.statistics());
    totals_.down.merge(leaving.down.statistics());
    const NodeId id = leaving.id;
    std::erase_if(partitions_, [&](const auto& pair) { return pair.first == id || pair.second == id; });
    configs_.release(leaving.up.config());
    configs_.release(leaving.down.config());
    ports_[slot].reset();
}

Result<> VirtualNetwork::set_links(std::uint32_t slot, const LinkConfig& up, const LinkConfig& down) {
    if (auto valid = validate_links(up, down); !valid) return valid;
    const auto change = [&](LinkModel& model, const LinkConfig& config) {
        const LinkConfig& old = model.config();
        model.set_config(configs_.acquire(config));
        configs_.release(old);
    };
    change(port(slot).up, up);
    change(port(slot).down, down);
    return {};
}

void VirtualNetwork::set_dark(std::uint32_t slot, bool is_dark) {
    port(slot).up.set_down(is_dark);
    port(slot).down.set_down(is_dark);
}

Result<Address> VirtualNetwork::rebind(std::uint32_t slot, std::optional<Address> visible) {
    Port& moving = port(slot);
    if (!moving.visible.is_valid())
        return fail(ErrorCode::unsupported, "cannot rebind a node without a socket: it has no address");
    if (moving.sharer_count > 1)
        return fail(ErrorCode::unsupported, fmt::format("cannot rebind {}: {} nodes share this address",
                                                        to_string(moving.visible), moving.sharer_count));
    if (!visible) {
        auto fresh = with_free_port(moving.visible);
        if (!fresh) return fresh;
        visible = *fresh;
    }
    if (!visible->is_valid() || visible->is_any() || visible->port() == 0)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("cannot rebind to {}: an address with a port is needed", to_string(*visible)));
    const std::uint32_t owner = addresses_.find(*visible);
    if (owner != AddressTable::kNobody && owner != slot)
        return fail(ErrorCode::address_in_use,
                    fmt::format("cannot rebind to {}: another node has this address", to_string(*visible)));
    if (moving.visible != moving.home) addresses_.erase(moving.visible);
    addresses_.assign(*visible, slot);
    moving.visible = *visible;
    return moving.visible;
}

const LinkStatistics& VirtualNetwork::link_statistics(std::uint32_t slot, Direction direction) const {
    const Port& attached = port(slot);
    return direction == Direction::up ? attached.up.statistics() : attached.down.statistics();
}

void VirtualNetwork::add_to(NetworkStatistics& statistics) const {
    statistics.delivered = totals_.delivered;
    statistics.unroutable = totals_.unroutable;
    statistics.partitioned = totals_.partitioned;
    statistics.in_flight = packets_.count();
    statistics.up = totals_.up;
    statistics.down = totals_.down;
    for (const auto& attached : ports_) {
        if (attached == nullptr) continue;
        statistics.up.merge(attached->up.statistics());
        statistics.down.merge(attached->down.statistics());
    }
}

void VirtualNetwork::set_trace(trace::Sink* sink) {
    trace_ = sink;
    for (const auto& attached : ports_) {
        if (attached == nullptr) continue;
        attached->up.set_trace(sink, attached->trace_source, Direction::up);
        attached->down.set_trace(sink, attached->trace_source, Direction::down);
    }
}

void VirtualNetwork::set_delay_histograms(trace::Histogram* up, trace::Histogram* down) {
    up_delays_ = up;
    down_delays_ = down;
}

}  // namespace squall::simulator
