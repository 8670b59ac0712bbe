// hostile_client: what one attacker costs a game server and its honest clients.
//   game: virtual time, the server's processor time per tick of 16 ms, beside the same run without an attack;
//   junk: real sockets on loopback, datagrams of nobody from many source addresses, and the round-trip time
//   that
//         an honest client has meanwhile.
// Exit code 1 if a promise is broken: honest clients see something else, a tick beyond its budget, a sum of
// refusals that is not exact, an answer to junk larger than the junk, an honest client's p99 more than twice
// what it is without junk.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <thread>

#include "bench/support/machine.hpp"
#include "bench/support/markdown_table.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "support/hostile_world.hpp"

namespace {

using namespace squall;
using namespace squall::bench;
using namespace std::chrono_literals;

constexpr Duration kTick = 16ms;
constexpr std::uint64_t kJunkProtocol = 77;

std::int64_t processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

// Measures the processor time of the server's calls.
class Metered final : public Node {
  public:
    void wrap(Node& node) { node_ = &node; }
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        measure([&] { node_->receive(now, from, datagram); });
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        std::optional<Transmit> out;
        measure([&] { out = node_->poll_transmit(now, buffer); });
        return out;
    }
    TimePoint poll_timeout() const override { return node_->poll_timeout(); }
    void handle_timeout(TimePoint now) override {
        measure([&] { node_->handle_timeout(now); });
    }
    void end_tick() {
        ticks.record(static_cast<std::uint64_t>(in_tick_));
        total += in_tick_;
        in_tick_ = 0;
    }
    trace::Histogram ticks{{.highest_trackable = 10'000'000'000, .significant_digits = 3}};
    std::int64_t total = 0;

  private:
    template <class Call>
    void measure(Call call) {
        const std::int64_t start = processor_time();
        call();
        in_tick_ += processor_time() - start;
    }
    Node* node_ = nullptr;
    std::int64_t in_tick_ = 0;
};

struct Run {
    test::HostileResult result;
    trace::Histogram ticks{{.highest_trackable = 10'000'000'000, .significant_digits = 3}};
    std::int64_t total = 0;
};

Run play(test::HostileOptions options) {
    Metered metered;
    options.prepare = [&](test::RemoteNet& net) {
        metered.wrap(*net.server_remotes);
        net.wrap_server(metered);
    };
    options.on_tick = [&] { metered.end_tick(); };
    Run run;
    run.result = test::HostileWorld(options).run();
    run.ticks = metered.ticks;
    run.total = metered.total;
    return run;
}

std::string microseconds(std::uint64_t nanoseconds) {
    return fmt::format("{:.0f}", static_cast<double>(nanoseconds) / 1e3);
}

// The row of one run; false if it breaks a promise.
bool add_row(MarkdownTable& table, std::string_view name, std::string_view rule, const Run& run,
             const Run& calm) {
    const auto& result = run.result;
    const bool is_same = result.honest == calm.result.honest;
    const bool is_exact =
        result.attacks_handled + result.refused_total() + result.dropped_after_end == result.attacks_received;
    const auto p99 = run.ticks.value_at_percentile(percent(99));
    const bool is_in_budget = p99 < static_cast<std::uint64_t>(kTick.count());
    std::string causes;
    for (std::size_t i = 0; i < remotes::kOutcomeCount; ++i)
        if (result.refused[i] > 0)
            causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ",
                                  remotes::to_string(static_cast<remotes::Outcome>(i)), result.refused[i]);
    table.add({std::string(name), std::string(rule), fmt::format("{}", result.attacks_received), causes,
               fmt::format("{}", result.dropped_after_end),
               result.is_cut_off ? fmt::format("{} ms", result.cut_off_after / 1ms) : "-",
               microseconds(run.ticks.value_at_percentile(percent(50))), microseconds(p99),
               fmt::format("{:.2f}", static_cast<double>(run.total) / static_cast<double>(calm.total)),
               is_same ? "same" : "DIFFERENT", is_exact ? "exact" : "WRONG"});
    return is_same && is_exact && is_in_budget;
}

bool game(std::uint32_t honest, std::uint64_t rate, Duration span) {
    MarkdownTable table({"attack", "rule", "arrived", "refused", "after the end", "cut off", "tick p50 us",
                         "tick p99 us", "CPU ratio", "honest clients", "sums"});
    const test::HostileOptions base{.honest = honest, .span = span, .messages_per_second = rate};
    const Run calm = play(base);
    bool is_good = add_row(table, "none", "default", calm, calm);
    for (const test::Attack attack : test::kAttacks) {
        test::HostileOptions options = base;
        options.attack = attack;
        is_good = add_row(table, test::to_string(attack), "cut off", play(options), calm) && is_good;
        if (attack == test::Attack::oversized) continue;  // the transport always ends it
        options.server.offences = {};
        is_good = add_row(table, test::to_string(attack), "tolerated", play(options), calm) && is_good;
        options.server.messages = {.per_second = 200};
        is_good =
            add_row(table, test::to_string(attack), "tolerated, flood limit", play(options), calm) && is_good;
    }
    fmt::print("{} honest clients, one attacker at {} messages/s for {} s, tick {} ms\n\n{}\n", honest, rate,
               span / 1s, kTick / 1ms, table.to_string());
    return is_good;
}

// --- junk on real sockets

// Sends to the server from many loopback addresses as fast as it was told, on a thread of its own.
class JunkSender {
  public:
    JunkSender(const Address& server, std::uint64_t per_second) {
        for (int i = 0; i < 64; ++i) {
            const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
            sockaddr_in from{};
            from.sin_family = AF_INET;
            from.sin_addr.s_addr =
                ::htonl(0x7f000001U + (static_cast<std::uint32_t>(rng_.below(60'000)) << 8));
            if (socket >= 0 && ::bind(socket, reinterpret_cast<sockaddr*>(&from), sizeof(from)) == 0) {
                sockets_.push_back(socket);
            } else if (socket >= 0) {
                ::close(socket);
            }
        }
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = ::htons(server.port());
        to.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
        thread_ = std::thread([this, to, per_second] { run(to, per_second); });
    }
    ~JunkSender() { stop(); }
    JunkSender(const JunkSender&) = delete;
    JunkSender& operator=(const JunkSender&) = delete;
    void stop() {
        if (!thread_.joinable()) return;
        is_stopped_ = true;
        thread_.join();
        std::array<std::byte, 2048> answer;
        for (const int socket : sockets_) {
            for (;;) {
                const auto size = ::recv(socket, answer.data(), answer.size(), 0);
                if (size <= 0) break;
                answered_bytes += static_cast<std::uint64_t>(size);
            }
            ::close(socket);
        }
    }
    std::uint64_t sent = 0;
    std::uint64_t sent_bytes = 0;
    std::uint64_t answered_bytes = 0;

  private:
    void run(sockaddr_in to, std::uint64_t per_second) {
        std::array<std::byte, 1300> datagram;
        for (std::byte& byte : datagram) byte = static_cast<std::byte>(rng_.below(256));
        // Requests look right up to their private part, so that the server must try to open it: version,
        // protocol, and an expiry far away.
        std::array<std::byte, 1078> forged_request{};
        std::copy_n(datagram.begin(), forged_request.size(), forged_request.begin());
        ByteWriter writer(forged_request);
        writer.write(std::uint8_t{0});
        for (const char c : std::string_view("NETCODE 1.02\0", 13))
            writer.write(static_cast<std::uint8_t>(c));
        writer.write(kJunkProtocol);
        writer.write(std::uint64_t{4'000'000'000});
        const auto start = std::chrono::steady_clock::now();
        while (!is_stopped_) {
            const auto elapsed = std::chrono::steady_clock::now() - start;
            const auto due = static_cast<std::uint64_t>(elapsed / 1us) * per_second / 1'000'000;
            if (sent >= due) {
                std::this_thread::sleep_for(200us);
                continue;
            }
            for (; sent < due; ++sent) {
                // Requests, responses, payloads and rubbish of all sizes.
                const bool is_request = sent % 4 == 0;
                const std::size_t size = is_request ? forged_request.size() : 20 + rng_.below(1200);
                datagram[0] = static_cast<std::byte>(rng_.below(256));
                forged_request[200] = datagram[0];  // in the private part: no two the same
                const auto written = ::sendto(sockets_[sent % sockets_.size()],
                                              is_request ? forged_request.data() : datagram.data(), size, 0,
                                              reinterpret_cast<const sockaddr*>(&to), sizeof(to));
                if (written > 0) sent_bytes += static_cast<std::uint64_t>(written);
            }
        }
    }
    Rng rng_{99};
    std::vector<int> sockets_;
    std::atomic<bool> is_stopped_{false};
    std::thread thread_;
};

struct JunkFigures {
    trace::Histogram rtt{{.highest_trackable = 10'000'000'000, .significant_digits = 3}};
    std::uint64_t lost = 0;
    std::uint64_t junk_sent = 0;
    std::uint64_t junk_answered_bytes = 0;
    std::uint64_t junk_bytes = 0;
    std::uint64_t refused = 0;
    std::uint64_t kernel_drops = 0;
};

// An honest client that calls a function of the server 200 times a second, over real sockets on one thread.
JunkFigures real(std::uint64_t junk_per_second, Duration span) {
    JunkFigures out;
    auto host = std::move(*AsioHost::make());
    SystemEntropy entropy;
    TransportConfig transport;
    transport.protocol_id = kJunkProtocol;
    transport.channels = remotes::remote_channels();
    ServerConfig server_config;
    server_config.transport = transport;
    entropy.fill(server_config.private_key);
    const Address address = Address::loopback(47'611);
    server_config.addresses = {address};
    server_config.wall_clock = wall_clock_anchor(*host);
    auto server_endpoint = std::move(*ServerEndpoint::make(host->now(), server_config, entropy));
    auto client_endpoint =
        std::move(*ClientEndpoint::make(host->now(), {transport, server_config.wall_clock}, entropy));
    remotes::Remotes server(*server_endpoint);
    remotes::Remotes client(*client_endpoint);
    auto answers = *server.function<test::Probe, test::Probe>("probe", {.mode = ChannelMode::unreliable});
    auto asks = *client.function<test::Probe, test::Probe>("probe", {.mode = ChannelMode::unreliable});
    answers.answer(
        [](const remotes::Origin&, const test::Probe& probe) -> Result<test::Probe> { return probe; });
    const auto server_node = host->attach(server, {.bind = address, .receive_buffer_bytes = 4 << 20});
    const auto client_node = host->attach(client, {});
    if (!server_node || !client_node) {
        fmt::print(stderr, "hostile_client: {}\n", (server_node ? client_node : server_node).error().message);
        std::exit(2);
    }
    ConnectTokenRequest request;
    request.protocol_id = kJunkProtocol;
    request.client_id = ClientId{1};
    request.now = system_wall_clock();
    request.public_addresses = {address};
    const auto token = *mint_connect_token(request, server_config.private_key, entropy);
    (void)client_endpoint->connect(host->now(), token);
    host->wake(*client_node);
    while (client.peers().empty()) host->run_until(host->now() + 10ms);
    std::optional<JunkSender> junk;
    if (junk_per_second > 0) junk.emplace(address, junk_per_second);
    const TimePoint end = host->now() + span;
    while (host->now() < end) {
        const TimePoint asked = host->now();
        asks.call(asked, client_endpoint->connection(), {},
                  [&](TimePoint, const Result<test::Probe>& result) {
                      if (result)
                          out.rtt.record(host->read_clock() - asked);
                      else
                          ++out.lost;
                  },
                  {.timeout = 500ms});
        host->wake(*client_node);
        host->run_until(asked + 5ms);
    }
    if (junk) {
        junk->stop();
        out.junk_sent = junk->sent;
        out.junk_bytes = junk->sent_bytes;
    }
    host->run_until(host->now() + 1s);
    if (junk) out.junk_answered_bytes = junk->answered_bytes;
    out.refused = server_endpoint->statistics().refused_total();
    out.kernel_drops = host->statistics(*server_node).kernel_drops;
    host->detach(*server_node);
    host->detach(*client_node);
    return out;
}

// Three pairs of runs, calm and noisy in turn: a machine's neighbours may spoil one of them.
constexpr int kJunkPairs = 3;
constexpr double kMostOfP99 = 2;

bool junk(std::uint64_t rate, Duration span) {
    MarkdownTable table({"junk datagrams/s", "refused", "kernel drops", "bytes back / bytes sent", "calls",
                         "lost", "RTT p50 us", "RTT p99 us", "p99 ratio"});
    const auto p99 = [](const JunkFigures& f) {
        return static_cast<double>(f.rtt.value_at_percentile(percent(99)));
    };
    std::vector<double> ratios;
    bool is_amplified = false;
    for (int pair = 0; pair < kJunkPairs; ++pair) {
        const JunkFigures calm = real(0, span);
        const JunkFigures noisy = real(rate, span);
        ratios.push_back(p99(noisy) / p99(calm));
        is_amplified = is_amplified || noisy.junk_answered_bytes > noisy.junk_bytes;
        for (const JunkFigures* const f : {&calm, &noisy})
            table.add({fmt::format("{:.0f}", static_cast<double>(f->junk_sent) / to_seconds(span)),
                       fmt::format("{}", f->refused), fmt::format("{}", f->kernel_drops),
                       fmt::format("{} / {}", f->junk_answered_bytes, f->junk_bytes),
                       fmt::format("{}", f->rtt.count()), fmt::format("{}", f->lost),
                       microseconds(f->rtt.value_at_percentile(percent(50))),
                       microseconds(f->rtt.value_at_percentile(percent(99))),
                       f == &noisy ? fmt::format("{:.2f}", ratios.back()) : std::string()});
    }
    std::ranges::sort(ratios);
    const double median = ratios[kJunkPairs / 2];
    fmt::print(
        "Datagrams of nobody from 64 addresses, for {} s, over loopback; the client and the server share a "
        "thread\n\n{}\nThe honest client's p99 is {:.2f} times what it is without (median of {} pairs; "
        "{:.0f} "
        "at most){}\n",
        span / 1s, table.to_string(), median, kJunkPairs, kMostOfP99,
        median <= kMostOfP99 ? "" : ": too much");
    return !is_amplified && median <= kMostOfP99;
}

}  // namespace

int main(int argc, char** argv) {
    std::uint32_t honest = 20;
    std::uint64_t rate = 100'000;
    unsigned seconds = 5;
    bool only_game = false;
    bool only_junk = false;
    CLI::App app("One attacker beside honest clients: what it costs, and what they notice");
    app.add_option("--honest", honest, "honest clients")->check(CLI::Range(1, 60));
    app.add_option("--rate", rate, "messages, and junk datagrams, a second")
        ->check(CLI::Range(1000, 1'000'000));
    app.add_option("--seconds", seconds, "of each run")->check(CLI::Range(1, 60));
    app.add_flag("--game", only_game, "the attacking player only");
    app.add_flag("--junk", only_junk, "the junk datagrams only");
    CLI11_PARSE(app, argc, argv);
    fmt::print("{}\n\n", machine_text());
    bool is_good = true;
    if (!only_junk) is_good = game(honest, rate, std::chrono::seconds(seconds)) && is_good;
    if (!only_game) is_good = junk(rate, std::chrono::seconds(seconds)) && is_good;
    return is_good ? 0 : 1;
}
