#include "transport/endpoint/config_check.hpp"

#include <fmt/format.h>

namespace squall::endpoint {
namespace {

std::unexpected<Error> bad(std::string message) {
    return fail(ErrorCode::invalid_argument, std::move(message));
}

Result<> check_channel(const ChannelConfig& channel, std::size_t index) {
    const auto refuse = [&](std::string what) {
        return bad(fmt::format("channels[{}] '{}': {}", index, channel.name, what));
    };
    if (channel.weight < 1 || channel.weight > 1000)
        return refuse(fmt::format("weight is {}, must be 1 to 1000", channel.weight));
    if (channel.redundancy > 32)
        return refuse(fmt::format("redundancy is {}, must be 0 to 32", channel.redundancy));
    if (channel.redundancy > 0 && is_reliable(channel.mode))
        return refuse("redundancy is for unreliable channels; a reliable one repeats by itself");
    if (channel.max_message_bytes < 1 || channel.max_message_bytes > kMaxMessageBytes)
        return refuse(fmt::format("max_message_bytes is {}, must be 1 to {}", channel.max_message_bytes,
                                  kMaxMessageBytes));
    if (channel.max_queued_bytes < channel.max_message_bytes)
        return refuse(fmt::format("max_queued_bytes is {}, must be at least max_message_bytes, {}",
                                  channel.max_queued_bytes, channel.max_message_bytes));
    if (channel.lifetime <= Duration{0}) return refuse("lifetime must be positive");
    return {};
}

}  // namespace

Result<> check(const TransportConfig& config) {
    if (config.framing == Framing::squall &&
        (config.channels.empty() || config.channels.size() > kMaxChannels))
        return bad(fmt::format("channels has {} entries, must have 1 to {} for squall framing",
                               config.channels.size(), kMaxChannels));
    if (config.framing == Framing::raw && !config.channels.empty())
        return bad("channels must be empty for raw framing: it has none");
    for (std::size_t i = 0; i < config.channels.size(); ++i)
        if (auto result = check_channel(config.channels[i], i); !result) return result;
    if (config.max_datagram_bytes < 256 || config.max_datagram_bytes > 1225)
        return bad(fmt::format("max_datagram_bytes is {}, must be 256 to 1225", config.max_datagram_bytes));
    if (config.max_ack_delay < std::chrono::milliseconds(1) ||
        config.max_ack_delay > std::chrono::milliseconds(250))
        return bad(fmt::format("max_ack_delay is {}, must be 1ms to 250ms", to_string(config.max_ack_delay)));
    if (config.minimum_rate.bits_per_second < 8000 || config.minimum_rate > config.initial_rate ||
        config.initial_rate > config.maximum_rate)
        return bad(
            "minimum_rate <= initial_rate <= maximum_rate must hold, with minimum_rate at least 8kbit");
    if (config.burst_bytes != 0 &&
        (config.burst_bytes < 2 * config.max_datagram_bytes ||
         config.burst_bytes > config.maximum_rate.bytes_in(std::chrono::milliseconds(500))))
        return bad(fmt::format("burst_bytes is {}, must be 0 or two datagrams ({}) to half a second's ({})",
                               config.burst_bytes, 2 * config.max_datagram_bytes,
                               config.maximum_rate.bytes_in(std::chrono::milliseconds(500))));
    for (std::size_t i = 0; i < config.channels.size(); ++i)
        if (config.channels[i].max_message_bytes > config.max_reassembly_bytes)
            return bad(
                fmt::format("channels[{}].max_message_bytes is {}, above max_reassembly_bytes, {}: it could "
                            "never be received",
                            i, config.channels[i].max_message_bytes, config.max_reassembly_bytes));
    if (config.keep_alive_interval < std::chrono::milliseconds(10))
        return bad("keep_alive_interval must be 10ms or more");
    return {};
}

Result<> check(const ServerConfig& config) {
    if (auto result = check(config.transport); !result) return result;
    if (config.max_clients < 1 || config.max_clients > 65'536)
        return bad(fmt::format("max_clients is {}, must be 1 to 65536", config.max_clients));
    if (config.addresses.empty() || config.addresses.size() > kMaxServerAddresses)
        return bad(fmt::format("addresses has {} entries, must have 1 to {}", config.addresses.size(),
                               kMaxServerAddresses));
    for (std::size_t i = 0; i < config.addresses.size(); ++i)
        if (!config.addresses[i].is_valid() || config.addresses[i].port() == 0)
            return bad(
                fmt::format("addresses[{}] is '{}', must be an address with its port: resolve port 0 before",
                            i, to_string(config.addresses[i])));
    if (config.suites.empty()) return bad("suites is empty: name at least one");
    for (std::size_t i = 0; i < kSuiteCount; ++i)
        if (const auto suite = static_cast<Suite>(i);
            config.suites.contains(suite) && !is_available(suite) && suite != Suite::aes256_gcm)
            return bad(fmt::format("suite '{}' is not available on this machine", to_string(suite)));
    if (config.total_rate.bits_per_second != 0 && config.total_rate < kilobits_per_second(256))
        return bad(fmt::format("total_rate is {} bit/s, must be 0 or at least 256000",
                               config.total_rate.bits_per_second));
    if (config.rejoin_grace < Duration{0}) return bad("rejoin_grace must not be negative");
    if (config.player_id_bytes > kUserDataBytes)
        return bad(
            fmt::format("player_id_bytes is {}, must be 0 to {}", config.player_id_bytes, kUserDataBytes));
    return {};
}

}  // namespace squall::endpoint
