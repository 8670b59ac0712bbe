// What a middleware costs a message: chains run over a message in memory, no registry traffic, no wire. The
// baseline `chain/none` is the call of the end alone, in the same loop; what is above it is the chain's.
#include <benchmark/benchmark.h>

#include "squall/remotes/bandwidth_budget.hpp"
#include "squall/remotes/middleware.hpp"
#include "squall/remotes/profile.hpp"
#include "squall/remotes/record_ring.hpp"
#include "squall/remotes/remotes.hpp"

namespace {

using namespace squall;
using namespace squall::remotes;
using namespace std::chrono_literals;

struct Shot {
    float x = 0;
    float y = 0;
    std::uint16_t weapon = 0;
    std::uint32_t number = 0;
};

// Enough for any run: a limit that is never reached costs what one costs that holds.
constexpr RateLimit kPlenty{.per_second = 4'000'000'000'000, .burst = 4'000'000'000'000};

struct Bench {
    RemoteInfo info{.name = "shot", .kind = RemoteKind::event, .mode = ChannelMode::unreliable};
    std::array<std::byte, 64> buffer{};
    Bytes payload;
    Next::Chain registry;
    Next::Chain remote;
    Bench() { payload = *wire::encode(buffer, Shot{1, 2, 3, 4}); }

    // As a remote runs it, inbound: the object is decoded when somebody looks, or at the end.
    template <bool kWithChains>
    void run(benchmark::State& state, bool decodes) {
        TimePoint now{1s};
        std::uint64_t handled = 0;
        for (auto _ : state) {
            now += 1us;
            Shot value{};
            Message message(now, Direction::inbound, ConnectionId{3, 1}, info, wire::bits_codec(),
                            wire::codec_type<Shot>(), &value, payload);
            // The message is there in memory in each case, as it is for a remote.
            Message* const there = &message;
            benchmark::DoNotOptimize(there);
            benchmark::ClobberMemory();
            const auto end = [&](Message& passed) {
                if (decodes && !passed.decode()) return Outcome::malformed;
                ++handled;
                return Outcome::passed;
            };
            Outcome outcome{};
            if constexpr (kWithChains) {
                outcome = run_chains(registry, remote, message, end);
            } else {
                outcome = end(message);
            }
            benchmark::DoNotOptimize(outcome);
            benchmark::DoNotOptimize(value);
        }
        if (handled != static_cast<std::uint64_t>(state.iterations()))
            state.SkipWithError("a message was stopped");
    }
};

void chain_none(benchmark::State& state) {
    Bench().run<false>(state, false);
}
BENCHMARK(chain_none)->Name("chain/none");
void chain_empty(benchmark::State& state) {
    Bench().run<true>(state, false);
}
BENCHMARK(chain_empty)->Name("chain/empty");
void chain_decode_only(benchmark::State& state) {
    Bench().run<true>(state, true);
}
BENCHMARK(chain_decode_only)->Name("chain/decode_only");

// One middleware that only goes on, and eight.
void chain_user(benchmark::State& state) {
    Bench bench;
    for (int i = 0; i < state.range(0); ++i)
        bench.remote.emplace_back([](Message&, const Next& next) { return next(); });
    bench.run<true>(state, false);
}
BENCHMARK(chain_user)->Name("chain/user")->Arg(1)->Arg(8);

struct Parts {
    BandwidthBudget budget{{.per_peer = kPlenty, .total = kPlenty}};
    Profile profile{[] { return Duration{0}; }};
    RecordRing ring{std::size_t{1} << 20, 64};
    std::uint64_t seen = 0;
};

std::vector<std::pair<std::string, std::function<Middleware(Parts&)>>> shipped() {
    return {
        {"limit_rate", [](Parts&) { return limit_rate(kPlenty); }},
        {"limit_bandwidth", [](Parts&) { return limit_bandwidth(kPlenty); }},
        {"bandwidth_budget", [](Parts& parts) { return parts.budget.middleware(); }},
        {"authorise",
         [](Parts&) { return authorise([](TimePoint, ConnectionId peer) { return peer.slot == 3; }); }},
        {"only_while", [](Parts&) { return only_while([](const Message& m) { return m.peer.slot == 3; }); }},
        {"drop_for", [](Parts&) { return drop_for([](ConnectionId peer) { return peer.slot == 4; }); }},
        {"observe",
         [](Parts& parts) {
             return observe([&parts](const Message& m) { parts.seen += m.bytes().size(); });
         }},
        {"lose", [](Parts&) { return lose(0, [] { return 1U; }); }},
        {"profile (both ends)", [](Parts& parts) { return parts.profile.whole(); }},
        {"record", [](Parts& parts) { return parts.ring.middleware(); }},
        {"validate",
         [](Parts&) {
             return validate<Shot>([](TimePoint, ConnectionId, const Shot& shot) { return shot.x <= 1; });
         }},
        {"filter",
         [](Parts&) { return filter<Shot>([](ConnectionId, const Shot& shot) { return shot.x <= 1; }); }},
        {"interest",
         [](Parts&) {
             return interest<Shot>([](const Shot& shot) { return std::uint64_t{shot.number}; },
                                   [](ConnectionId, const Shot& shot) { return static_cast<double>(shot.x); },
                                   {.enter = 10, .leave = 12});
         }},
    };
}

void run_with(benchmark::State& state, const std::vector<std::string>& names, bool decodes) {
    Bench bench;
    Parts parts;
    for (const auto& [name, make] : shipped())
        if (std::ranges::find(names, name) != names.end()) bench.remote.push_back(make(parts));
    for (const std::string& name : names)
        if (name.starts_with("profile")) bench.remote.push_back(parts.profile.end());
    // The recorder's reader is another thread's; here the ring is emptied when it is full.
    if (std::ranges::find(names, "record") != names.end())
        bench.registry.emplace_back([&parts](Message&, const Next& next) {
            if (parts.ring.written() % 4096 == 0) parts.ring.read([](const MessageRecord&, Bytes) {});
            return next();
        });
    bench.run<true>(state, decodes);
}

const int kRegistered = [] {
    std::vector<std::string> all;
    for (const auto& [name, make] : shipped()) {
        const bool looks_in = name == "validate" || name == "filter" || name == "interest";
        benchmark::RegisterBenchmark(("middleware/" + name).c_str(),
                                     [middleware = name, looks_in](benchmark::State& state) {
                                         run_with(state, {middleware}, looks_in);
                                     });
        all.push_back(name);
    }
    benchmark::RegisterBenchmark("middleware/all of them",
                                 [all](benchmark::State& state) { run_with(state, all, true); });
    return 0;
}();

}  // namespace
