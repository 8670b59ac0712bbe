// A game server that ticks, honest clients that play, and one client that attacks it, in virtual time: every
// run is repeatable, and what honest clients see can be compared to the byte with a run without the attacker.
// No clock: who measures work wraps the server (RemoteNet::wrap_server).
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "squall/core/hash.hpp"
#include "squall/remotes/middleware.hpp"
#include "squall/trace/histogram.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::test {

using namespace std::chrono_literals;
using remotes::Direction;
using remotes::Message;
using remotes::Origin;
using remotes::Outcome;
using remotes::testing::RemoteNet;

struct Input {
    std::uint32_t number = 0;
    float x = 0;
    float y = 0;
};
struct Command {
    std::uint32_t what = 0;
};
struct State {
    std::uint32_t tick = 0;
};
struct Probe {
    std::uint32_t number = 0;
};

// What the attacker sends.
enum class Attack : std::uint8_t {
    flood,         // proper inputs, far too many
    malformed,     // rubbish under the number of a remote
    unknown,       // rubbish under other numbers
    unauthorised,  // an event that only others may fire
    out_of_range,  // proper inputs with values that the game forbids
    repeat,        // one call, again and again: its answer is kept
    oversized,     // messages larger than the server's channels take
    mixed,         // all but the oversized
};
inline constexpr std::array kAttacks{Attack::flood,        Attack::malformed,    Attack::unknown,
                                     Attack::unauthorised, Attack::out_of_range, Attack::repeat,
                                     Attack::oversized,    Attack::mixed};
inline constexpr std::size_t kMixedAttacks = 6;  // the first of these
[[nodiscard]] inline std::string_view to_string(Attack attack) {
    constexpr std::array<std::string_view, 8> names{"flood",        "malformed", "unknown",   "unauthorised",
                                                    "out of range", "repeat",    "oversized", "mixed"};
    return names[static_cast<std::size_t>(attack)];
}

struct HostileOptions {
    std::uint64_t seed = 1;
    std::uint32_t honest = 20;
    Duration span = 5s;
    std::optional<Attack> attack{};  // none: the attacker connects, and is silent
    std::uint64_t messages_per_second = 100'000;
    remotes::RemotesConfig server{};
    Ratio loss = percent(1);
    // Called with the world before it runs.
    std::function<void(RemoteNet&)> prepare{};
    std::function<void()> on_tick{};
};

// What one honest client saw, to the byte.
struct HonestView {
    std::uint64_t hash = 0;  // of every state and answer, with its time
    std::uint64_t states = 0;
    std::uint64_t answers = 0;
    std::uint64_t failures = 0;
    friend bool operator==(const HonestView&, const HonestView&) = default;
};

struct HostileResult {
    std::vector<HonestView> honest;
    trace::Histogram rtt{{.highest_trackable = 10'000'000'000, .significant_digits = 3}};
    std::uint64_t attacks_sent = 0;      // messages that the attacker's transport took
    std::uint64_t attacks_received = 0;  // that the server's transport handed on, greeting excluded
    std::uint64_t attacks_handled = 0;   // that reached a handler, or drew an answer that was kept
    std::uint64_t attacks_answered = 0;  // answers to its calls that the server sent
    std::array<std::uint64_t, remotes::kOutcomeCount> refused{};  // by cause, at the server, of all peers
    std::uint64_t dropped_after_end = 0;
    std::uint64_t honest_inputs = 0;  // that reached the handler
    bool is_cut_off = false;
    DisconnectReason reason{};
    Duration cut_off_after{};
    [[nodiscard]] std::uint64_t of(Outcome outcome) const {
        return refused[static_cast<std::size_t>(outcome)];
    }
    [[nodiscard]] std::uint64_t refused_total() const {
        std::uint64_t sum = 0;
        for (const auto count : refused) sum += count;
        return sum;
    }
};

// Counts the messages that one connection handed to the application.
class ReceivedFrom final : public trace::Sink {
  public:
    void on_event(const trace::Event& event) override {
        if (event.kind == trace::EventKind::message_received && event.connection == peer) ++count;
    }
    ConnectionId peer{};
    std::uint64_t count = 0;
};

class HostileWorld {
  public:
    explicit HostileWorld(const HostileOptions& options)
        : options_(options), net_(options.seed, options.server), rng_(Rng(options.seed).fork("attacker")) {
        net_.loss = options.loss;
        net_.jitter = 5ms;
        declare_server();
        for (std::uint32_t i = 0; i < options.honest; ++i) add_honest(i);
        add_attacker();
        net_.server_remotes->set_trace(&received_, 0);
    }
    HostileWorld(const HostileWorld&) = delete;
    HostileWorld& operator=(const HostileWorld&) = delete;
    ~HostileWorld() { net_.server_remotes->set_trace(nullptr, 0); }

    HostileResult run() {
        net_.run(2s);
        received_.peer = net_.server_remotes->connection_of(kAttacker).value_or(ConnectionId{});
        if (options_.prepare) options_.prepare(net_);
        const TimePoint start = net_.now;
        attack_start_ = start;
        constexpr Duration kStep = 1ms;
        for (std::uint32_t step = 0; net_.now - start < options_.span; ++step) {
            if (options_.attack) attack(options_.messages_per_second / 1000);
            if (step % 16 == 0) tick(step / 16);
            net_.run(kStep);
        }
        const Duration quiet = 3s;  // for what is under way
        options_.attack.reset();
        net_.run(quiet);
        collect();
        return result_;
    }

  private:
    static constexpr ClientId kAttacker{666};
    struct Honest {
        RemoteNet::Client* client = nullptr;
        std::optional<remotes::RemoteEvent<Input>> input;
        std::optional<remotes::RemoteFunction<Probe, Probe>> probe;
        StableHash hash;
    };

    void declare_server() {
        auto& server = *net_.server_remotes;
        input_.emplace(*server.event<Input>("input", {.mode = ChannelMode::unreliable}));
        command_.emplace(*server.event<Command>("command"));
        state_.emplace(*server.event<State>("state", {.mode = ChannelMode::unreliable}));
        probe_.emplace(*server.function<Probe, Probe>("probe"));
        input_->use(Direction::inbound, remotes::limit_rate({.per_second = 120, .burst = 60}));
        input_->use(Direction::inbound,
                    remotes::validate<Input>([](TimePoint, ConnectionId, const Input& input) {
                        return std::abs(input.x) <= 1 && std::abs(input.y) <= 1;
                    }));
        command_->use(Direction::inbound, remotes::authorise([](TimePoint, ConnectionId) { return false; }));
        input_->listen([this](const Origin& origin, const Input&) {
            ++(origin.peer == received_.peer ? result_.attacks_handled : result_.honest_inputs);
        });
        command_->listen([this](const Origin&, const Command&) { ++result_.attacks_handled; });
        probe_->use(Direction::inbound, remotes::limit_rate({.per_second = 20, .burst = 20}));
        probe_->use(Direction::inbound, remotes::observe([this](const Message& message) {
                        ++(message.peer == received_.peer ? result_.attacks_handled : honest_calls_);
                    }));
        probe_->answer([](const Origin&, const Probe& probe) -> Result<Probe> { return probe; });
        server.on_leave([this](TimePoint now, ConnectionId peer, DisconnectReason reason) {
            if (peer != received_.peer || !peer.is_valid()) return;
            result_.is_cut_off = true;
            result_.reason = reason;
            result_.cut_off_after = now - attack_start_;
        });
    }
    void add_honest(std::uint32_t number) {
        result_.honest.emplace_back();
        auto& client = net_.add_client();
        honest_.push_back({});
        Honest& honest = honest_.back();
        honest.client = &client;
        honest.input.emplace(*client.remotes->event<Input>("input", {.mode = ChannelMode::unreliable}));
        (void)*client.remotes->event<Command>("command");
        auto state = *client.remotes->event<State>("state", {.mode = ChannelMode::unreliable});
        honest.probe.emplace(*client.remotes->function<Probe, Probe>("probe"));
        state.listen([this, number](const Origin& origin, const State& value) {
            ++result_.honest[number].states;
            note(number, origin.now, value.tick);
        });
        net_.connect(client, 1 + number);
    }
    void note(std::uint32_t number, TimePoint at, std::uint64_t value) {
        honest_[number].hash.add(static_cast<std::uint64_t>(at.time_since_epoch().count()));
        honest_[number].hash.add(value);
    }
    void add_attacker() {
        TransportConfig transport = net_.transport();
        transport.initial_rate = transport.minimum_rate = transport.maximum_rate;
        for (ChannelConfig& channel : transport.channels) {
            channel.max_message_bytes = kMaxMessageBytes;
            channel.max_queued_bytes = 4 * kMaxMessageBytes;
        }
        attacker_ = &net_.add_client({}, transport);
        (void)*attacker_->remotes->event<Input>("input", {.mode = ChannelMode::unreliable});
        (void)*attacker_->remotes->event<Command>("command");
        (void)*attacker_->remotes->event<State>("state", {.mode = ChannelMode::unreliable});
        (void)*attacker_->remotes->function<Probe, Probe>("probe");
        net_.connect(*attacker_, kAttacker.value);
    }

    // One step of the game: inputs, states to all, a probe of the round-trip time now and then.
    void tick(std::uint32_t number) {
        if (options_.on_tick) options_.on_tick();
        for (std::uint32_t i = 0; i < honest_.size(); ++i) {
            Honest& honest = honest_[i];
            honest.input->fire(net_.now, Input{number, 0.5F, -0.5F});
            if (number % 6 == 0) {
                const TimePoint asked = net_.now;
                honest.probe->call(net_.now, honest.client->server(), Probe{number},
                                   [this, i, asked](TimePoint at, const Result<Probe>& result) {
                                       ++(result ? result_.honest[i].answers : result_.honest[i].failures);
                                       note(i, at, result ? result->number : 0);
                                       if (result) result_.rtt.record(at - asked);
                                   });
            }
        }
        state_->fire(net_.now, State{number});
    }

    void attack(std::uint64_t count) {
        for (std::uint64_t i = 0; i < count; ++i) {
            const Attack kind = *options_.attack != Attack::mixed
                                    ? *options_.attack
                                    : kAttacks[static_cast<std::size_t>(rng_.below(kMixedAttacks))];
            make_attack(kind);
            const auto sent =
                attacker_->endpoint->send(net_.now, attacker_->endpoint->connection(),
                                          ChannelId{static_cast<std::uint8_t>(attack_mode_)}, attack_bytes_);
            if (sent) ++result_.attacks_sent;
        }
    }
    // Names in order: command 1, input 2, probe 3, state 4.
    void make_attack(Attack kind) {
        attack_mode_ = ChannelMode::unreliable;
        attack_bytes_.assign(1, std::byte{2});
        switch (kind) {
            case Attack::flood: return append_input(0.5F);
            case Attack::out_of_range: return append_input(1e30F);
            case Attack::malformed: attack_bytes_.resize(1 + rng_.below(8), std::byte{0xff}); return;
            case Attack::unknown:
                attack_bytes_[0] = static_cast<std::byte>(5 + rng_.below(100));
                attack_bytes_.resize(1 + rng_.below(40));
                return;
            case Attack::unauthorised:
                attack_mode_ = ChannelMode::reliable_ordered;
                attack_bytes_.assign(5, std::byte{1});
                return;
            case Attack::repeat:
                attack_mode_ = ChannelMode::reliable_unordered;
                attack_bytes_ = {std::byte{3}, std::byte{0}, std::byte{1}};  // a request, the first
                attack_bytes_.resize(7);
                return;
            case Attack::oversized:
                attack_mode_ = ChannelMode::reliable_unordered;
                attack_bytes_.assign(100'000, std::byte{2});
                return;
            case Attack::mixed: return;
        }
    }
    void append_input(float x) {
        std::array<std::byte, 32> buffer{};
        if (const auto bytes = wire::encode(buffer, Input{7, x, 0}))
            attack_bytes_.insert(attack_bytes_.end(), bytes->begin(), bytes->end());
    }

    void collect() {
        for (std::size_t i = 0; i < honest_.size(); ++i) result_.honest[i].hash = honest_[i].hash.value();
        result_.attacks_received = received_.count;
        result_.attacks_answered = probe_->statistics().out.messages - honest_calls_;
        result_.dropped_after_end = net_.server_remotes->dropped_after_end();
        const auto add = [&](const remotes::Traffic& traffic) {
            for (std::size_t i = 0; i < remotes::kOutcomeCount; ++i) result_.refused[i] += traffic.stopped[i];
        };
        add(net_.server_remotes->strays());
        for (const auto* remote : net_.server_remotes->remotes()) add(remote->statistics().in);
    }

    HostileOptions options_;
    RemoteNet net_;
    Rng rng_;
    std::optional<remotes::RemoteEvent<Input>> input_;
    std::optional<remotes::RemoteEvent<Command>> command_;
    std::optional<remotes::RemoteEvent<State>> state_;
    std::optional<remotes::RemoteFunction<Probe, Probe>> probe_;
    std::vector<Honest> honest_;
    RemoteNet::Client* attacker_ = nullptr;
    ChannelMode attack_mode_{};
    std::vector<std::byte> attack_bytes_;
    TimePoint attack_start_{};
    std::uint64_t honest_calls_ = 0;
    ReceivedFrom received_;
    HostileResult result_;
};

}  // namespace squall::test
