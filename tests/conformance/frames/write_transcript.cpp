// Writes what two connections say to each other over a bad network, for decode_standard.py to check against
// lib/STANDARD.md.
#include <fmt/format.h>

#include <cstdio>

#include "unit/transport/connection_pair.hpp"

using namespace squall;
using namespace squall::connection;
using namespace squall::connection::testing;
using namespace std::chrono_literals;

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: write_transcript FILE\n");
        return 2;
    }
    std::FILE* file = std::fopen(argv[1], "w");
    if (file == nullptr) {
        fmt::print(stderr, "cannot write {}\n", argv[1]);
        return 2;
    }
    TransportConfig config = four_channels();
    config.channels[kSequenced.value].redundancy = 3;
    ConnectionPair pair(config, Weather{50ms, 60ms, percent(10), percent(5)}, 42);
    fmt::print(file, "modes");
    for (const ChannelConfig& channel : config.channels) fmt::print(file, ",{}", to_string(channel.mode));
    fmt::print(file, "\n");
    pair.on_packet = [&](int from, std::uint64_t number, Bytes bytes) {
        fmt::print(file, "packet {} {} {}\n", from, number, to_hex(bytes));
    };
    pair.on_arrival = [&](int from, std::uint64_t number) {
        fmt::print(file, "arrived {} {}\n", from, number);
    };
    pair.on_message = [&](int from, const MessageReceived& message) {
        fmt::print(file, "received {} {} {} {}\n", from, message.channel.value, message.message.value,
                   to_hex(message.bytes));
    };
    Rng sizes(7);
    int ticks = 0;
    pair.run(20s, 16ms, [&](TimePoint now) {
        if (++ticks > 900) return;
        for (int from = 0; from < 2; ++from) {
            for (std::uint8_t channel = 0; channel < 4; ++channel) {
                const std::size_t size =
                    sizes.chance(percent(3)) ? 1000 + sizes.below(8000) : 8 + sizes.below(60);
                const auto message = numbered_message(static_cast<std::uint64_t>(ticks), size);
                const auto id = pair.sides[from].connection->send(now, ChannelId{channel}, message, {});
                if (id) fmt::print(file, "sent {} {} {} {}\n", from, channel, id->value, to_hex(message));
            }
        }
    });
    return std::fclose(file) == 0 ? 0 : 2;
}
