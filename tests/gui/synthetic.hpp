// A made-up server that tells what a real one would: profile frames of some minutes of a game, the same for
// the same seed. So that tests and pictures of the profiler need no live server and no recording.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gui/data/session.hpp"
#include "squall/core/rng.hpp"
#include "squall/trace/histogram.hpp"

namespace squall::gui::testing {

struct SyntheticOptions {
    double seconds = 120;
    double rate_hz = 10;
    std::size_t remotes = 12;
    std::size_t connections = 24;
    std::uint64_t seed = 7;
    double move_size = 1;  // factor on what player.move costs
    bool faults = true;    // lossy conditions in the middle, with all that follows from them
    bool world = true;
    std::uint64_t start_ns = 5'000'000'000;
};

class Synthetic {
  public:
    using Receiver = std::function<void(std::int64_t, const recorder::ProfileFrame&)>;

    explicit Synthetic(SyntheticOptions options = {}) : options_(options), rng_(options.seed) {
        for (std::size_t i = 0; i < 2; ++i) ticks_.emplace_back(trace::HistogramConfig{10'000'000'000, 2});
        for (std::size_t i = 0; i < options_.remotes; ++i)
            for (std::size_t kind = 0; kind < 3; ++kind)
                latencies_.emplace_back(trace::HistogramConfig{10'000'000'000, 2});
        counters_.resize(options_.remotes * 2);
        links_.resize(options_.connections);
        for (std::size_t i = 0; i < links_.size(); ++i)
            links_[i].base_rtt = 18 + static_cast<double>(i % 7) * 9;
    }

    // The frames before the first figures.
    void begin(const Receiver& to) {
        const TimePoint at = time();
        recorder::Hello hello;
        hello.name = "arena server";
        hello.build = "0.1.0";
        hello.process = 4242;
        hello.at = at;
        hello.streams = recorder::kAllStreams;
        hello.remote_kinds = {"", "event", "unreliable event", "function", "property"};
        hello.channel_modes = {"unreliable", "unreliable sequenced", "reliable unordered",
                               "reliable ordered"};
        hello.outcomes = {"passed", "over rate", "no authority", "malformed", "filtered"};
        hello.packet_types = {"request",    "denied",  "challenge", "response",
                              "keep-alive", "payload", "disconnect"};
        hello.refusal_causes = {"", "not ours", "replayed", "does not open", "token expired"};
        hello.disconnect_reasons = {"", "by the client", "timed out", "kicked", "server full"};
        hello.suites = {"netcode 1.02", "aes256-gcm", "signed", "none"};
        send(to, hello);
        recorder::Dictionary dictionary;
        for (std::size_t i = 0; i < options_.remotes; ++i)
            dictionary.remotes.push_back({static_cast<std::uint32_t>(i), name_of(i),
                                          static_cast<std::uint32_t>(i == 0 ? 0 : 1 + i % 4),
                                          static_cast<std::uint32_t>(i % 4), "bits",
                                          i == 1   ? 7'000u
                                          : i == 2 ? 60'000u
                                                   : 0u});
        send(to, dictionary);
        send(to, recorder::Conditions{at, {link("all", "20ms", "0%")}});
        for (std::size_t i = 0; i < links_.size(); ++i) open(to, i);
        send(to, recorder::Note{at, recorder::NoteKind::info, "recording started"});
    }
    // One step of 1 / rate_hz. False when the session is over.
    bool step(const Receiver& to) {
        if (step_ >= static_cast<std::uint64_t>(options_.seconds * options_.rate_hz)) return false;
        ++step_;
        const double t = seconds();
        storm_ = options_.faults && t > options_.seconds * 0.45 && t < options_.seconds * 0.65;
        tell_events(to);
        count(1 / options_.rate_hz);
        tell_stats(to);
        const auto each = static_cast<std::uint64_t>(options_.rate_hz);
        if (step_ % each == 0) tell_histograms(to);
        tell_samples(to);
        if (options_.world && step_ % 2 == 0) tell_world(to);
        return true;
    }
    void run(const Receiver& to) {
        begin(to);
        while (step(to)) {
        }
    }
    void run(Session& session) {
        run([&](std::int64_t at, const recorder::ProfileFrame& frame) { session.apply(at, frame); });
    }

    static std::string name_of(std::size_t remote) {
        static const std::vector<std::string> names = {
            "(no remote)",   "player.move", "world.state", "player.shoot", "chat.say",     "match.score",
            "inventory.buy", "door.open",   "quest.list",  "voice.frame",  "player.emote", "admin.kick"};
        return remote < names.size()
                   ? names[remote]
                   : "module" + std::to_string(remote / 16) + ".remote" + std::to_string(remote);
    }

  private:
    struct Link {
        double base_rtt = 20;
        trace::ConnectionCounters counters{};
        bool is_open = true;
    };

    [[nodiscard]] double seconds() const { return static_cast<double>(step_) / options_.rate_hz; }
    [[nodiscard]] TimePoint time() const {
        return TimePoint{Duration{static_cast<std::int64_t>(options_.start_ns) +
                                  static_cast<std::int64_t>(seconds() * 1e9)}};
    }
    double noise() { return static_cast<double>(rng_.below(10'001)) / 5000 - 1; }
    void send(const Receiver& to, const recorder::ProfileFrame& frame) {
        to(time().time_since_epoch().count(), frame);
    }
    static ConnectionId id_of(std::size_t i) { return {static_cast<std::uint32_t>(i), 1}; }
    static recorder::LinkCondition link(const char* group, const char* delay, const char* loss) {
        return {group, recorder::Direction::inbound, {{"delay", delay}, {"loss", loss}}};
    }
    void open(const Receiver& to, std::size_t i) {
        recorder::ConnectionChange change;
        change.at = time();
        change.is_open = true;
        change.connection = id_of(i);
        change.client_id = 1000 + i;
        change.address = "10.0.0." + std::to_string(i % 250 + 2) + ":" + std::to_string(40'000 + i);
        change.suite = i % 5 == 4 ? 2 : 0;
        send(to, change);
    }

    void tell_events(const Receiver& to) {
        const bool was_storm = told_storm_;
        if (storm_ != was_storm) {
            told_storm_ = storm_;
            send(to, recorder::Conditions{time(),
                                          {storm_ ? link("all", "60ms", "6%") : link("all", "20ms", "0%")}});
            send(to, recorder::Note{time(), recorder::NoteKind::condition,
                                    storm_ ? "mobile network" : "good network"});
        }
        const auto at = [&](double share) {
            return step_ == static_cast<std::uint64_t>(options_.seconds * options_.rate_hz * share);
        };
        if (at(0.3)) send(to, recorder::Note{time(), recorder::NoteKind::mark, "boss fight"});
        if (at(0.5)) send(to, recorder::Note{time(), recorder::NoteKind::warning, "send queue full"});
        if (at(0.55) && links_.size() > 3) {
            recorder::ConnectionChange change;
            change.at = time();
            change.connection = id_of(3);
            change.reason = 2;
            links_[3].is_open = false;
            send(to, change);
        }
    }

    // What a second of remote i takes: messages and bytes each.
    [[nodiscard]] std::pair<double, double> load(std::size_t i) const {
        const double wave = 1 + 0.25 * std::sin(seconds() * 1.3 + static_cast<double>(i));
        switch (i) {
            case 0: return {5, 30};
            case 1: return {620 * wave, 14 * options_.move_size};
            case 2: return {480 * wave, 95 + (storm_ ? 20 : 0)};
            case 9: return {seconds() > 20 ? 210 : 0, 62};
            default:
                return {std::max(0.4, 40.0 / static_cast<double>(i)) * wave,
                        24 + static_cast<double>(i % 9) * 11};
        }
    }

    void count(double dt) {
        const double loss = storm_ ? 0.06 : 0.0005;
        auto& endpoint = endpoint_;
        for (std::size_t i = 0; i < options_.remotes; ++i) {
            const auto [rate, size] = load(i);
            for (std::size_t direction = 0; direction < 2; ++direction) {
                const bool mostly_in = i == 1 || i == 3;
                const double part = direction == (mostly_in ? 0u : 1u) ? 1 : 0.12;
                auto& row = counters_[i * 2 + direction];
                const auto messages = static_cast<std::uint64_t>(std::max(
                    0.0, rate * part * dt * (1 + 0.15 * noise()) + carry(i, direction, rate * part * dt)));
                row.messages += messages;
                const auto payload = static_cast<std::uint64_t>(static_cast<double>(messages) * size);
                row.payload += payload;
                std::uint64_t more = 0;
                if (direction == 1) {
                    row.framing += messages * 3;
                    const std::uint64_t headers = messages * 9;
                    row.headers += headers;
                    const auto resent =
                        i % 4 >= 2 ? static_cast<std::uint64_t>(static_cast<double>(payload) * loss * 1.2)
                                   : 0;
                    row.retransmission += resent;
                    more = messages * 3 + headers + resent;
                    endpoint.bytes_sent += payload + more;
                    if (i % 4 < 2)
                        row.lost += static_cast<std::uint64_t>(static_cast<double>(messages) * loss);
                } else {
                    endpoint.bytes_received += payload + messages * 14;
                    if (i == 3 && step_ % 9 == 0) row.stopped[1] += 1;
                    if (i == 6 && step_ % 50 == 0) row.errors += 1;
                }
            }
        }
        count_endpoint(dt, loss);
    }

    double carry(std::size_t i, std::size_t direction, double expected) {
        // Rare messages still come: their fractions add up.
        if (expected >= 3) return 0;
        double& rest = rest_[i * 2 + direction];
        rest += expected;
        if (rest < 1) return 0;
        rest -= 1;
        return 1;
    }

    void count_endpoint(double dt, double loss) {
        const double packets = static_cast<double>(links_.size()) * 40 * dt;
        endpoint_.datagrams_sent += static_cast<std::uint64_t>(packets);
        endpoint_.datagrams_received += static_cast<std::uint64_t>(packets * 0.9);
        endpoint_.overhead_sent[4] += 24 * links_.size() / 10;
        endpoint_.bytes_sent += 24 * links_.size() / 10;
        const auto lost = static_cast<std::uint64_t>(packets * loss + (rng_.below(1000) < 300 ? 1 : 0));
        endpoint_.packets_lost += lost;
        endpoint_.packets_acked += static_cast<std::uint64_t>(packets) -
                                   std::min<std::uint64_t>(lost, static_cast<std::uint64_t>(packets));
        refusals_.refused[3] += rng_.below(10) == 0 ? 1 : 0;
        const double tick = 4.5 + 0.8 * noise() + (storm_ ? 5 : 0) + (step_ % 97 == 0 ? 12 : 0);
        const auto ticks = static_cast<std::uint64_t>(std::max(1.0, 60 * dt));
        process_.ticks += ticks;
        process_.tick_time += static_cast<std::uint64_t>(tick * 1e6) * ticks;
        process_.tick_budget = 16'666'667;
        ticks_[1].record(static_cast<std::uint64_t>(tick * 1e6), ticks);
        process_.cpu_time +=
            static_cast<std::uint64_t>((0.31 + 0.03 * noise() + (storm_ ? 0.15 : 0)) * dt * 1e9);
        process_.memory_bytes = 84'000'000 + step_ * 1000;
        for (std::size_t i = 0; i < links_.size(); ++i) {
            Link& it = links_[i];
            if (!it.is_open) continue;
            const double rtt = it.base_rtt + (storm_ ? 80 : 0) + 2.5 * noise() + (i == 5 ? 140 : 0);
            ticks_[0].record(static_cast<std::uint64_t>(rtt * 1e6));
            auto& counters = it.counters;
            counters.sent[0] += static_cast<std::uint64_t>(3400 * dt * (1 + 0.2 * noise()));
            counters.received[0] += static_cast<std::uint64_t>(560 * dt * (1 + 0.2 * noise()));
            counters.packets_sent += static_cast<std::uint64_t>(40 * dt);
            counters.packets_received += static_cast<std::uint64_t>(36 * dt);
            counters.packets_acked += static_cast<std::uint64_t>(40 * dt);
            counters.packets_lost += rng_.below(1000) < static_cast<std::uint64_t>(1000 * loss * 4) ? 1 : 0;
            counters.rtt_latest = counters.rtt_smoothed = static_cast<std::uint64_t>(rtt * 1e6);
            counters.rtt_variation = static_cast<std::uint64_t>((1.5 + (storm_ ? 9 : 0) + noise()) * 1e6);
            counters.rtt_minimum = static_cast<std::uint64_t>(it.base_rtt * 1e6);
            counters.send_rate = 2'400'000;
            counters.bytes_in_flight = storm_ ? 2400 : 300;
            counters.bytes_queued = i == 5 && storm_ ? 90'000 : 0;
        }
        for (std::size_t i = 0; i < options_.remotes; ++i) {
            latencies_[i * 3].record(
                static_cast<std::uint64_t>((0.4 + 0.3 * noise() + (storm_ ? 6 : 0)) * 1e6));
            latencies_[i * 3 + 1].record(
                static_cast<std::uint64_t>((30 + 6 * noise() + (storm_ ? 80 : 0)) * 1e6));
            latencies_[i * 3 + 2].record(
                static_cast<std::uint64_t>((0.02 + 0.01 * noise() + 0.004 * static_cast<double>(i)) * 1e6));
        }
    }

    void tell_stats(const Receiver& to) {
        recorder::Stats now;
        now.at = time();
        now.is_keyframe = true;
        now.sequence = step_;
        for (std::size_t i = 0; i < options_.remotes; ++i)
            for (std::size_t direction = 0; direction < 2; ++direction)
                now.remotes.push_back({static_cast<std::uint32_t>(i),
                                       static_cast<recorder::Direction>(direction),
                                       counters_[i * 2 + direction]});
        for (std::size_t i = 0; i < links_.size(); ++i)
            if (links_[i].is_open) now.connections.push_back({0, id_of(i), links_[i].counters});
        now.endpoint = endpoint_;
        now.refusals = refusals_;
        now.process = process_;
        // A keyframe a second, differences between.
        const bool keyframe = step_ == 1 || step_ % static_cast<std::uint64_t>(options_.rate_hz) == 0;
        if (keyframe)
            send(to, now);
        else
            send(to, recorder::difference_between(before_, now));
        before_ = std::move(now);
    }

    void tell_histograms(const Receiver& to) {
        recorder::Histograms frame;
        frame.at = time();
        for (std::size_t kind = 0; kind < 3; ++kind)
            for (std::size_t i = 0; i < options_.remotes; ++i)
                frame.entries.push_back(recorder::to_entry(static_cast<recorder::HistogramKind>(kind),
                                                           static_cast<std::uint32_t>(i),
                                                           latencies_[i * 3 + kind]));
        frame.entries.push_back(recorder::to_entry(recorder::HistogramKind::connection_rtt, 0, ticks_[0]));
        frame.entries.push_back(recorder::to_entry(recorder::HistogramKind::tick, 0, ticks_[1]));
        send(to, frame);
    }

    void tell_samples(const Receiver& to) {
        recorder::Samples frame;
        for (std::size_t i = 0; i < 4; ++i) {
            recorder::Sample sample;
            sample.at = time();
            sample.connection = id_of(rng_.below(links_.size()));
            sample.remote = static_cast<std::uint32_t>(1 + rng_.below(options_.remotes - 1));
            sample.direction =
                rng_.below(2) == 0 ? recorder::Direction::inbound : recorder::Direction::outbound;
            sample.message = step_ * 4 + i;
            sample.bytes = 12 + static_cast<std::uint32_t>(rng_.below(90));
            for (std::uint32_t byte = 0; byte < sample.bytes; ++byte)
                sample.payload.push_back(static_cast<std::byte>(
                    byte < 12 ? "player\x01\x02\x03\x04\x05\x06"[byte] : static_cast<int>(rng_.below(256))));
            frame.samples.push_back(std::move(sample));
        }
        frame.dropped = step_ % 100 == 0 ? 3 : 0;
        send(to, frame);
    }

    void tell_world(const Receiver& to) {
        recorder::World world;
        world.at = time();
        world.tick = step_ * 6;
        world.side = 200;
        world.view_radius = 40;
        const double t = seconds();
        for (std::size_t i = 0; i < links_.size() + 10; ++i) {
            const double turn = t * 0.12 + static_cast<double>(i) * 0.77;
            const double reach = 25 + static_cast<double>(i * 37 % 70);
            world.entities.push_back({static_cast<std::uint32_t>(i),
                                      i < links_.size() ? id_of(i) : ConnectionId{},
                                      static_cast<float>(100 + reach * std::cos(turn)),
                                      static_cast<float>(100 + reach * std::sin(turn * 0.8))});
        }
        for (std::uint32_t a = 0; a < links_.size(); ++a)
            for (std::uint32_t b = 0; b < world.entities.size(); ++b) {
                const auto& from = world.entities[a];
                const auto& other = world.entities[b];
                if (a != b && std::hypot(from.x - other.x, from.y - other.y) < world.view_radius)
                    world.sees.emplace_back(a, b);
            }
        send(to, world);
    }

    SyntheticOptions options_;
    Rng rng_;
    std::uint64_t step_ = 0;
    bool storm_ = false;
    bool told_storm_ = false;
    std::vector<trace::RemoteCounters> counters_;
    std::map<std::size_t, double> rest_;
    std::vector<Link> links_;
    std::vector<trace::Histogram> latencies_;
    std::vector<trace::Histogram> ticks_;
    trace::EndpointCounters endpoint_{};
    trace::RefusalCounters refusals_{};
    trace::ProcessCounters process_{};
    recorder::Stats before_{};
};

}  // namespace squall::gui::testing
