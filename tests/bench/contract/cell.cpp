#include "bench/contract/cell.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <memory>
#include <thread>

#include "bench/contract/payload.hpp"
#include "squall/remotes/remotes.hpp"
#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/system_entropy.hpp"
#include "squall/runtime/udp_socket.hpp"
#include "squall/runtime/wall_clock.hpp"
#include "squall/transport/connect_token.hpp"
#include "squall/wire/binary.hpp"

namespace squall::bench {
namespace {

using namespace std::chrono_literals;
using remotes::RemoteContract;
using remotes::RemoteEvent;
using remotes::Tracking;

constexpr Duration kTick = Duration(1'000'000'000 / 60);
constexpr double kIpAndUdpBytes = 28;
constexpr std::uint64_t kProtocol = 0x5351'5541'4c4c'0071;

// The table: every field as it lies in memory, a codec of the user's own.
class PlainCodec final : public wire::Codec {
  public:
    [[nodiscard]] std::string_view name() const override { return "plain"; }
    [[nodiscard]] wire::CodecId id() const override { return wire::user_codec_id(200); }
    Result<> encode(const wire::CodecType&, const void* object, std::vector<std::byte>& out) const override {
        out.resize(256);
        wire::BinaryWriter writer(out);
        writer << *static_cast<const Fighter*>(object);
        if (!writer.ok()) return fail(ErrorCode::invalid_argument, "plain: a value out of its range");
        out.resize(writer.size());
        return {};
    }
    Result<> decode(const wire::CodecType&, Bytes bytes, void* object) const override {
        wire::BinaryReader reader(bytes);
        reader >> *static_cast<Fighter*>(object);
        if (!reader.at_end()) return fail(ErrorCode::malformed, "plain: no fighter");
        return {};
    }
};
const PlainCodec kPlain;

double resident_mib() {
    std::ifstream file("/proc/self/statm");
    double total = 0;
    double resident = 0;
    file >> total >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

// What the two ends have in common.
struct Cell {
    explicit Cell(const CellOptions& its_options)
        : options(its_options), fighters(make_fighters(static_cast<std::size_t>(its_options.messages))) {
        key.fill(std::byte{0x71});
        transport.protocol_id = kProtocol;
        transport.channels = remotes::remote_channels();
        transport.initial_rate = megabits_per_second(100);
    }
    void stop_with(const std::string& why) {
        if (!has_failed.exchange(true)) failure = why;
    }
    const CellOptions options;
    const std::vector<Fighter> fighters;
    Key key;
    TransportConfig transport;
    Address address;
    std::atomic<bool> is_bound = false;
    std::atomic<bool> is_started = false;  // the first message was sent
    std::atomic<std::uint64_t> heard = 0;
    std::atomic<bool> has_failed = false;
    std::string failure;

    std::vector<double> ticks;
    std::vector<double> tps;
    std::vector<double> kilobits;
    std::vector<double> memory;
    double object_bytes = 0;
    double message_bytes = 0;
    double ip_bytes = 0;
    double total_s = 0;
};

// The remote of the way, at one end.
class Line {
  public:
    Line(Cell& cell, remotes::Remotes& remotes) : cell_(cell) {
        if (is_contract()) {
            contract_ = *remotes.contract<Fighter>(
                "fighter",
                [this](const Fighter& fighter, std::optional<MessageId> id, bool, const auto&, const auto&) {
                    if (!id) hear(fighter);
                },
                {}, true, {.baseline_lifetime = 1h});
        } else {
            event_ = *remotes.event<Fighter>(
                "fighter", {.codec = cell.options.way == Way::json ? &wire::json_codec() : &kPlain});
            event_->listen([this](const auto&, const Fighter& fighter) { hear(fighter); });
        }
    }
    Line(const Line&) = delete;
    Line& operator=(const Line&) = delete;

    // What deltas build upon: upstream's benchmark, too, compares each object with one seed.
    bool send_seed(TimePoint now) {
        return cell_.options.way != Way::delta ||
               contract_->send(now, seed_fighter(), Tracking::tracked).has_value();
    }
    [[nodiscard]] bool is_seeded() const {
        return cell_.options.way != Way::delta || contract_->counters().acknowledgements == 1;
    }
    bool send(TimePoint now, const Fighter& fighter) {
        if (event_) return event_->fire(now, fighter).sent == 1;
        const auto sent = contract_->send(now, fighter);
        return sent && sent->fired.sent == 1 && (sent->deltas == 1) == (cell_.options.way == Way::delta);
    }
    [[nodiscard]] std::uint64_t bytes() const { return statistics().out.bytes; }
    [[nodiscard]] std::uint64_t messages() const { return statistics().out.messages; }

  private:
    [[nodiscard]] bool is_contract() const { return cell_.options.way >= Way::full; }
    [[nodiscard]] const remotes::RemoteStatistics& statistics() const {
        return event_ ? event_->statistics() : contract_->statistics();
    }
    void hear(const Fighter& fighter) {
        const std::uint64_t number = cell_.heard.fetch_add(1);
        if (number >= cell_.fighters.size() || !(fighter == cell_.fighters[number]))
            cell_.stop_with(fmt::format("message {} is not what was sent", number));
    }
    Cell& cell_;
    std::optional<RemoteEvent<Fighter>> event_;
    std::optional<RemoteContract<Fighter>> contract_;
};

double object_bytes(const Cell& cell) {
    const wire::Contract<Fighter> contract("fighter");
    const Fighter seed = seed_fighter();
    std::array<std::byte, 512> buffer;
    std::vector<std::byte> out;
    double sum = 0;
    for (const Fighter& each : cell.fighters) switch (cell.options.way) {
            case Way::full: sum += static_cast<double>(contract.encode(buffer, each)->size()); break;
            case Way::delta: sum += static_cast<double>(contract.diff(buffer, seed, each)->size()); break;
            case Way::table:
                (void)static_cast<const wire::Codec&>(kPlain).encode(each, out);
                sum += static_cast<double>(out.size());
                break;
            case Way::json:
                (void)wire::json_codec().encode(each, out);
                sum += static_cast<double>(out.size());
                break;
        }
    return sum / static_cast<double>(cell.fighters.size());
}

// Sends all messages, as many as are due in each tick.
void send_all(Cell& cell, AsioHost& host, NodeId id, Line& line) {
    const TimePoint start = host.read_clock();
    const std::uint64_t bytes_before = line.bytes();
    const std::uint64_t messages_before = line.messages();
    cell.is_started = true;
    std::size_t sent = 0;
    for (TimePoint tick = start + kTick; sent < cell.fighters.size() && !cell.has_failed; tick += kTick) {
        host.run_until(tick);
        const TimePoint began = host.read_clock();
        const double due = to_milliseconds(began - start) / 1000 * cell.options.per_second;
        const auto until = std::min(static_cast<std::size_t>(due), cell.fighters.size());
        for (; sent < until; ++sent)
            if (!line.send(began, cell.fighters[sent])) return cell.stop_with("a message was not sent");
        host.wake(id);
        host.run_until(host.read_clock());
        cell.ticks.push_back(to_milliseconds(host.read_clock() - began) * 1000);
    }
    for (const TimePoint give_up = host.read_clock() + 10s;
         cell.heard < cell.fighters.size() && !cell.has_failed;) {
        if (host.read_clock() > give_up)
            cell.stop_with(fmt::format("only {} messages arrived", cell.heard.load()));
        host.run_until(host.read_clock() + 1ms);
    }
    cell.total_s = to_milliseconds(host.read_clock() - start) / 1000;
    cell.message_bytes = static_cast<double>(line.bytes() - bytes_before) /
                         static_cast<double>(line.messages() - messages_before);
}

void run_server(Cell& cell) {
    auto host = AsioHost::make();
    auto probe = UdpSocket::open({});
    if (!host || !probe) return cell.stop_with("no host or no socket");
    const Address address = probe->local_address();
    {
        const UdpSocket closed = std::move(*probe);
    }
    SystemEntropy entropy;
    ServerConfig config;
    config.transport = cell.transport;
    config.private_key = cell.key;
    config.addresses = {address};
    config.suites = SuiteSet{}.with(Suite::aes256_gcm);
    config.wall_clock = wall_clock_anchor(**host);
    auto endpoint = ServerEndpoint::make((*host)->now(), config, entropy);
    if (!endpoint) return cell.stop_with(endpoint.error().message);
    remotes::Remotes remotes(**endpoint);
    Line line(cell, remotes);
    const auto id = (*host)->attach(
        remotes, {.bind = address, .receive_buffer_bytes = 1 << 20, .send_buffer_bytes = 1 << 20});
    if (!id) return cell.stop_with(id.error().message);
    cell.address = address;
    cell.is_bound = true;

    const auto run_until = [&](const auto& condition) {
        const TimePoint give_up = (*host)->read_clock() + 10s;
        while (!condition() && !cell.has_failed) {
            if ((*host)->read_clock() > give_up) cell.stop_with("no connection within 10 s");
            (*host)->run_until((*host)->read_clock() + 1ms);
        }
    };
    run_until([&] { return !remotes.peers().empty(); });
    if (cell.has_failed) return;
    if (!line.send_seed((*host)->now())) return cell.stop_with("the seed was not sent");
    (*host)->wake(*id);
    run_until([&] { return line.is_seeded(); });
    if (!cell.has_failed) send_all(cell, **host, *id, line);
    (*host)->detach(*id);
}

// Hears, and samples.
void run_client(Cell& cell) {
    auto host = AsioHost::make();
    if (!host) return cell.stop_with(host.error().message);
    SystemEntropy entropy;
    ClientConfig config;
    config.transport = cell.transport;
    config.wall_clock = wall_clock_anchor(**host);
    auto endpoint = ClientEndpoint::make((*host)->now(), config, entropy);
    if (!endpoint) return cell.stop_with(endpoint.error().message);
    remotes::Remotes remotes(**endpoint);
    Line line(cell, remotes);
    ConnectTokenRequest request;
    request.protocol_id = kProtocol;
    request.suite = Suite::aes256_gcm;
    request.client_id = ClientId{1};
    request.now = config.wall_clock.wall;
    request.public_addresses = {cell.address};
    const auto token = mint_connect_token(request, cell.key, entropy);
    if (!token) return cell.stop_with(token.error().message);
    if (const auto begun = (*endpoint)->connect((*host)->now(), *token); !begun)
        return cell.stop_with(begun.error().message);
    const auto id = (*host)->attach(remotes, {.receive_buffer_bytes = 1 << 20, .send_buffer_bytes = 1 << 20});
    if (!id) return cell.stop_with(id.error().message);

    while (!cell.is_started && !cell.has_failed) (*host)->run_until((*host)->read_clock() + 200us);
    // Eight samples at least, and one a second at most.
    const Duration window = std::clamp<Duration>(1s * cell.options.messages / cell.options.per_second / 8,
                                                 Duration(50ms), Duration(1s));
    const SocketStatistics before = (*host)->statistics(*id);
    SocketStatistics last = before;
    std::uint64_t heard = 0;
    TimePoint sampled = (*host)->read_clock();
    while (!cell.has_failed && cell.heard < cell.fighters.size()) {
        (*host)->run_until(std::min(sampled + window, (*host)->read_clock() + 5ms));
        const TimePoint now = (*host)->read_clock();
        if (now < sampled + window) continue;
        const SocketStatistics is = (*host)->statistics(*id);
        const double seconds = to_milliseconds(now - sampled) / 1000;
        const auto bytes =
            static_cast<double>(is.bytes_received - last.bytes_received) +
            kIpAndUdpBytes * static_cast<double>(is.datagrams_received - last.datagrams_received);
        cell.tps.push_back(static_cast<double>(cell.heard - heard) / seconds);
        cell.kilobits.push_back(bytes * 8 / 1000 / seconds);
        cell.memory.push_back(resident_mib());
        last = is;
        heard = cell.heard;
        sampled = now;
    }
    const SocketStatistics is = (*host)->statistics(*id);
    cell.ip_bytes =
        (static_cast<double>(is.bytes_received - before.bytes_received) +
         kIpAndUdpBytes * static_cast<double>(is.datagrams_received - before.datagrams_received)) /
        static_cast<double>(cell.fighters.size());
}

}  // namespace

std::string_view to_string(Way way) {
    switch (way) {
        case Way::table: return "table";
        case Way::json: return "JSON";
        case Way::full: return "contract, full";
        case Way::delta: return "contract, delta";
    }
    return "?";
}

Summary summarise(std::vector<double> samples) {
    if (samples.empty()) return {};
    std::ranges::sort(samples);
    double sum = 0;
    for (const double each : samples) sum += each;
    // The least sample that so many in a hundred do not exceed.
    const auto percentile = [&](std::size_t percent) {
        return samples[(samples.size() * percent + 99) / 100 - 1];
    };
    return {samples.front(), sum / static_cast<double>(samples.size()),
            samples.back(),  percentile(50),
            percentile(95),  percentile(99)};
}

CellResult run_cell(const CellOptions& options) {
    Cell cell(options);
    cell.object_bytes = object_bytes(cell);
    std::thread server([&] { run_server(cell); });
    while (!cell.is_bound && !cell.has_failed) std::this_thread::sleep_for(1ms);
    if (!cell.has_failed) run_client(cell);
    server.join();
    CellResult out;
    out.failed = cell.has_failed;
    cell.failure.copy(out.failure.data(), out.failure.size() - 1);
    out.tps = summarise(cell.tps);
    out.kilobits = summarise(cell.kilobits);
    out.tick_us = summarise(cell.ticks);
    out.memory_mib = summarise(cell.memory);
    out.total_s = cell.total_s;
    out.object_bytes = cell.object_bytes;
    out.message_bytes = cell.message_bytes;
    out.ip_bytes = cell.ip_bytes;
    out.heard = cell.heard;
    return out;
}

}  // namespace squall::bench
