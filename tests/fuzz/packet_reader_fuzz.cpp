// Any datagram at the two ends of an established connection, as it stands and sealed with the connection's
// own keys, so that what lies behind authentication is reached too.
#include <cstdint>
#include <cstdlib>

#include "unit/transport/secure_forger.hpp"

using namespace squall;
using namespace squall::secure;
using namespace squall::secure::testing;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const auto suite = static_cast<Suite>(data[0] % kSuiteCount);
    const bool upwards = (data[1] & 1) != 0;
    const bool is_sealed = (data[1] & 2) != 0;
    const bool is_elsewhere = (data[1] & 4) != 0;
    const auto type = static_cast<PacketType>(data[2] % 16);
    const std::uint64_t sequence = std::uint64_t{data[3]} << (data[1] >> 3);
    const auto bytes = std::as_bytes(std::span(data + 4, size - 4));
    if (bytes.size() > kMaxDatagramBytes) return 0;

    SecureNet net(suite);
    auto& client = net.add_client();
    const auto token = net.token(1);
    check(client.client.connect(net.now, token).has_value());
    net.run_for(50ms);
    check(client.client.is_connected() && net.server->is_connected(0));
    Forger forger(token);
    forger.follow(net.sent(2).front().bytes);
    const auto id = *peek_connection_id(net.sent(13).front().bytes);

    Datagram datagram(bytes.begin(), bytes.end());
    if (is_sealed && type != PacketType::request)
        datagram = upwards ? forger.from_client(type, sequence, bytes, id)
                           : forger.from_server(type, sequence, bytes);
    const auto from = is_elsewhere ? Address::ipv4(9, 9, 9, 9, 9) : client.address;
    const auto sent = net.log.size();
    if (upwards) {
        net.to_server(from, datagram);
        std::size_t reply = 0;
        for (std::size_t i = sent; i < net.log.size(); ++i)
            if (net.log[i].from == kServerAddress) reply += net.log[i].bytes.size();
        if (is_elsewhere) check(reply <= datagram.size());
    } else {
        net.deliver(is_elsewhere ? from : kServerAddress, client.address, datagram);
    }
    // Nobody moves or ends an authenticated connection without its keys.
    if (!is_sealed && suite != Suite::none) {
        check(client.client.is_connected() && net.server->is_connected(0));
        check(net.server->peer(0) == client.address);
    }
    net.run_for(3s);
    check(net.server->connected_count() <= 1);
    return 0;
}
