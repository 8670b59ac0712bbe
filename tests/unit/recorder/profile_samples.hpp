// One frame of each type with every field set, for tests that walk all of them.
#pragma once

#include <vector>

#include "squall/recorder/profile_frame.hpp"

namespace squall::recorder {

inline Stats sample_stats() {
    Stats stats;
    stats.at = TimePoint{Duration{1'000'000'000}};
    stats.is_keyframe = true;
    stats.sequence = 7;
    trace::RemoteCounters in{.messages = 3, .payload = 300};
    in.stopped[2] = 1;
    trace::RemoteCounters out{.messages = 5, .payload = 1000, .framing = 20, .retransmission = 210};
    stats.remotes = {
        {1, Direction::inbound, in}, {1, Direction::outbound, out}, {9, Direction::outbound, out}};
    trace::ConnectionCounters connection{.packets_sent = 40, .rtt_smoothed = 50'000'000};
    connection.sent[0] = 1000;
    connection.received[15] = 9;
    stats.connections = {{0, ConnectionId{0, 1}, connection}, {1, ConnectionId{300, 3}, connection}};
    stats.endpoint.bytes_sent = 4000;
    stats.endpoint.overhead_sent[4] = 60;
    stats.refusals.refused[31] = 2;
    stats.process.ticks = 20;
    return stats;
}

inline std::vector<ProfileFrame> one_of_each() {
    const TimePoint at{Duration{-5}};
    const ConnectionId connection{2, 3};
    return {
        Hello{.version = 1,
              .streams = 0x81,
              .name = "arena server",
              .build = "0.4",
              .process = 4242,
              .at = at,
              .wall_time = 1'700'000'000'000'000'000,
              .token = "secret",
              .remote_kinds = {"event", "function"},
              .channel_modes = {"unreliable"},
              .outcomes = {"passed", ""},
              .byte_causes = {"payload"},
              .packet_types = {"request"},
              .refusal_causes = {"too_small"},
              .disconnect_reasons = {"none"},
              .suites = {"standard"}},
        Subscribe{.rate_hz = 30,
                  .streams = 3,
                  .sampled_remotes = {4, 200},
                  .samples_per_second = 50,
                  .viewpoint = connection},
        Dictionary{{{0, "(none)", 0, 0, "", 0}, {300, "chat", 1, 3, "bits", 2000}}},
        ConnectionChange{at, true, 1, connection, 77, "127.0.0.1:4000", 2, 5},
        sample_stats(),
        Histograms{at, {{HistogramKind::wire, 4, 1, 1'000'000, 3, 40, {{3, 1}, {40, 1000}}}}},
        Samples{3, {{at, 1, connection, 4, Direction::outbound, 2, 99, 1400, {std::byte{0xab}}}}},
        Conditions{at, {{"players", Direction::outbound, {{"delay", "50ms"}, {"loss", "2%"}}}}},
        Note{at, NoteKind::mark, "here"},
        World{at, 8, 100.5F, 20, {{1, connection, 1.5F, -2}, {2, {}, 0, 3}}, {{1, 2}}},
        Command{6, "mark", {{"text", "now"}}},
        CommandResult{6, true, "marked"},
        Ping{8, -9},
        Pong{8, -9, at},
    };
}

}  // namespace squall::recorder
