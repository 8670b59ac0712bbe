// The metrics page: numbers from frames, labels that stay few, text that a scraper can read.
#include "squall/recorder/metrics_text.hpp"

#include <gtest/gtest.h>

#include <iostream>
#include <regex>
#include <set>
#include <sstream>

#include "unit/recorder/profile_samples.hpp"

namespace squall::recorder {
namespace {

bool has_line(const std::string& page, const std::string& line) {
    return page.find("\n" + line + "\n") != std::string::npos;
}

MetricsText filled() {
    MetricsText text;
    text.apply(Hello{.name = "arena",
                     .build = "0.4",
                     .remote_kinds = {"event", "function"},
                     .outcomes = {"passed", "filtered", "rate_limited"},
                     .refusal_causes = {"too_small"},
                     .disconnect_reasons = {"none", "requested"}});
    text.apply(Dictionary{{{0, "(other messages)"}, {1, "shot"}, {2, "as\"k\\\n", 1}}});
    Stats stats;
    stats.is_keyframe = true;
    trace::RemoteCounters in{
        .messages = 3, .payload = 300, .framing = 9, .retransmission = 103, .headers = 40};
    in.stopped[2] = 4;
    stats.remotes = {{1, Direction::inbound, in},
                     {1,
                      Direction::outbound,
                      {.messages = 5, .payload = 1000, .framing = 20, .retransmission = 210, .headers = 30}},
                     {2, Direction::outbound, {.messages = 1}}};
    stats.connections = {{0, {0, 1}, {.rtt_variation = 2'000'000, .bytes_queued = 70}}};
    stats.endpoint = {
        .bytes_sent = 4000, .bytes_received = 1300, .connections_opened = 9, .connections_closed = 2};
    stats.endpoint.overhead_sent[5] = 60;
    stats.refusals.refused[0] = 6;
    stats.process = {.tick_budget = 16'000'000, .cpu_time = 1'500'000'000};
    text.apply(stats);
    trace::Histogram rtt({100'000'000'000, 1});
    rtt.record(40'000'000, 3);
    rtt.record(400'000'000);
    text.apply(Histograms{
        {}, {to_entry(HistogramKind::connection_rtt, 0, rtt), to_entry(HistogramKind::call, 2, rtt)}});
    text.apply(Conditions{
        {}, {{"players", Direction::outbound, {{"delay", "50ms"}, {"loss", "2%"}, {"rate", "1mbit"}}}}});
    text.apply(ConnectionChange{.is_open = false, .connection = {7, 1}, .reason = 1});
    return text;
}

TEST(MetricsText, HasTheNumbersOfTheFrames) {
    const std::string page = filled().render();
    for (const char* const line :
         {R"(squall_build_info{name="arena",version="0.4"} 1)",
          "squall_connections 7",
          R"(squall_connections_closed_total{reason="requested"} 1)",
          R"(squall_wire_bytes_total{direction="transmit"} 4000)",
          R"(squall_messages_total{remote="shot",kind="event",direction="receive"} 3)",
          R"(squall_message_bytes_total{remote="shot",kind="event",direction="transmit"} 1000)",
          R"(squall_remote_wire_bytes_total{remote="shot",kind="event",direction="transmit"} 1260)",
          R"(squall_overhead_bytes_total{direction="transmit",cause="header"} 50)",
          R"(squall_overhead_bytes_total{direction="transmit",cause="retransmit"} 210)",
          R"(squall_overhead_bytes_total{direction="transmit",cause="ack"} 60)",
          R"(squall_remote_wire_bytes_total{remote="shot",kind="event",direction="receive"} 452)",
          R"(squall_overhead_bytes_total{direction="receive",cause="header"} 49)",
          R"(squall_overhead_bytes_total{direction="receive",cause="retransmit"} 103)",
          R"(squall_overhead_bytes_total{direction="receive",cause="no_message"} 848)",
          R"(squall_rejected_messages_total{reason="rate_limited"} 4)",
          R"(squall_refused_packets_total{reason="too_small"} 6)",
          R"(squall_rtt_seconds_bucket{le="0.025"} 0)",
          R"(squall_rtt_seconds_bucket{le="0.05"} 3)",
          R"(squall_rtt_seconds_bucket{le="+Inf"} 4)",
          "squall_rtt_seconds_count 4",
          R"(squall_call_duration_seconds_bucket{remote="as\"k\\\n",le="0.5"} 4)",
          "squall_send_queue_bytes 70",
          "squall_jitter_seconds 0.002",
          R"(squall_simulated_delay_seconds{group="players",direction="transmit"} 0.05)",
          R"(squall_simulated_loss_ratio{group="players",direction="transmit"} 0.02)",
          "squall_tick_budget_seconds 0.016",
          "process_cpu_seconds_total 1.5"})
        EXPECT_TRUE(has_line(page, line)) << line;
    if (HasFailure()) std::cout << page;
}

TEST(MetricsText, EveryLineFollowsTheFormat) {
    const std::regex sample(
        R"re([a-z_]+(\{[a-z_]+="([^"\\\n]|\\.)*"(,[a-z_]+="([^"\\\n]|\\.)*")*\})? -?[0-9.e+-]+)re");
    std::istringstream lines(filled().render());
    std::set<std::string> families;
    int samples = 0;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("# TYPE ")) {
            EXPECT_TRUE(families.insert(line).second) << "twice: " << line;
        } else if (!line.starts_with("# HELP ")) {
            EXPECT_TRUE(std::regex_match(line, sample)) << line;
            ++samples;
        }
    }
    EXPECT_GT(samples, 50);
}

TEST(MetricsText, FoldsRemotesBeyondTheLimitAndNamesNoConnection) {
    MetricsText text({.max_remotes = 2});
    Dictionary dictionary;
    Stats stats;
    stats.is_keyframe = true;
    for (std::uint32_t id = 1; id <= 10; ++id) {
        dictionary.remotes.push_back({.id = id, .name = "remote" + std::to_string(id)});
        stats.remotes.push_back({id, Direction::outbound, {.messages = 1, .payload = id}});
    }
    text.apply(dictionary);
    text.apply(ConnectionChange{
        .is_open = true, .connection = {1234, 1}, .client_id = 987654, .address = "10.1.2.3:4"});
    text.apply(stats);
    const std::string page = text.render();
    EXPECT_TRUE(
        has_line(page, R"(squall_messages_total{remote="_OTHER",kind="_OTHER",direction="transmit"} 8)"));
    EXPECT_TRUE(has_line(
        page, R"(squall_message_bytes_total{remote="_OTHER",kind="_OTHER",direction="transmit"} 52)"));
    EXPECT_EQ(page.find("remote3"), std::string::npos);
    for (const char* const secret : {"1234", "987654", "10.1.2.3"})
        EXPECT_EQ(page.find(secret), std::string::npos);
}

}  // namespace
}  // namespace squall::recorder
