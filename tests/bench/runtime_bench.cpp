// What batches, segmentation and the heap of deadlines bring: one peer on loopback, sender and receiver in
// one thread.
#include <benchmark/benchmark.h>

#include <cstring>

#include "runtime/deadline_heap.hpp"
#include "squall/core/rng.hpp"
#include "squall/runtime/udp_socket.hpp"

namespace {

using namespace squall;

constexpr std::size_t kDatagrams = 64;

// Sends 64 datagrams of one size to one peer and takes them in. Arguments: bytes, GSO, GRO.
void udp_round(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(state.range(0));
    const bool segmented = state.range(1) != 0;
    const bool coalesced = state.range(2) != 0;
    UdpSocket a = UdpSocket::open({.segmented_send = segmented}).value();
    UdpSocket b = UdpSocket::open({.receive_buffer_bytes = 1 << 20, .coalesced_receive = coalesced}).value();
    TransmitBatch out(kDatagrams);
    ReceiveBatch in(coalesced ? 16 : kDatagrams, coalesced);
    for (auto _ : state) {
        for (std::size_t i = 0; i < kDatagrams; ++i) {
            const MutableBytes place = out.next();
            std::memset(place.data(), 1, bytes);
            out.commit({b.local_address(), bytes}, place);
        }
        a.send(out);
        std::size_t received = 0;
        while (received < kDatagrams && b.receive(in) > 0) received += in.size();
        if (received != kDatagrams) return state.SkipWithError("datagrams got lost");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kDatagrams));
}
BENCHMARK(udp_round)->ArgNames({"bytes", "gso", "gro"})->ArgsProduct({{64, 1200}, {0, 1}, {0, 1}});

// The same, one system call a datagram.
void udp_round_singly(benchmark::State& state) {
    const auto bytes = static_cast<std::size_t>(state.range(0));
    UdpSocket a = UdpSocket::open({}).value();
    UdpSocket b = UdpSocket::open({.receive_buffer_bytes = 1 << 20}).value();
    std::array<std::byte, kMaxDatagramBytes> buffer{};
    for (auto _ : state) {
        for (std::size_t i = 0; i < kDatagrams; ++i) a.send_to(Bytes(buffer).first(bytes), b.local_address());
        for (std::size_t i = 0; i < kDatagrams; ++i)
            if (!b.receive_from(buffer)) return state.SkipWithError("datagrams got lost");
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kDatagrams));
}
BENCHMARK(udp_round_singly)->ArgNames({"bytes"})->Arg(64)->Arg(1200);

// One node of many changes its deadline, as each does with each datagram.
void deadline_change(benchmark::State& state) {
    const auto owners = static_cast<std::uint32_t>(state.range(0));
    Rng rng(1);
    runtime::DeadlineHeap heap;
    std::int64_t now = 0;
    for (std::uint32_t i = 0; i < owners; ++i) heap.set(i, TimePoint(Duration(rng.between(0, 50'000'000))));
    for (auto _ : state) {
        now += 1000;
        heap.set(static_cast<std::uint32_t>(rng.below(owners)),
                 TimePoint(Duration(now + rng.between(0, 50'000'000))));
        benchmark::DoNotOptimize(heap.earliest());
    }
}
BENCHMARK(deadline_change)->Arg(100)->Arg(2'000)->Arg(19'000);

}  // namespace
