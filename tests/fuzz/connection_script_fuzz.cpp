// A script over two connections: send, deliver, drop, wait, and hostile payloads into one of them. Whatever
// the script does, memory stays bounded, each side's reliable ordered messages arrive in order (unless the
// peer was impersonated), and every fate is told once.
#include <cstdlib>
#include <deque>
#include <set>

#include "unit/transport/connection_pair.hpp"

using namespace squall;
using namespace squall::connection;
using namespace squall::connection::testing;

namespace {

struct Packet {
    std::uint64_t number;
    std::vector<std::byte> bytes;
};

void require(bool condition) {
    if (!condition) std::abort();
}

class Script {
  public:
    Script() : sides_{Side(config()), Side(config())} {}

    void run(Bytes script) {
        ByteReader reader(script);
        while (reader.ok() && reader.remaining() > 0) {
            const auto op = reader.read<std::uint8_t>();
            const int side = op & 1;
            switch ((op >> 1) % 7) {
                case 0: send(side, reader); break;
                case 1: drain(side); break;
                case 2: deliver(side, reader.remaining() > 0 ? reader.read<std::uint8_t>() : 0); break;
                case 3: drop(side); break;
                case 4:
                    wait(Duration{std::int64_t{reader.remaining() > 0 ? reader.read<std::uint8_t>() : 0} *
                                  1'000'000});
                    break;
                case 5: inject(reader); break;
                default: wait(std::chrono::milliseconds(300)); break;
            }
            for (Side& s : sides_) require(s.context.pool.bytes_in_use() < 8U * 1024 * 1024);
        }
        for (Side& s : sides_) {
            s.connection->abandon();
            poll(s);
        }
    }

  private:
    static TransportConfig config() {
        TransportConfig out = four_channels();
        out.channels[1].redundancy = 2;
        return out;
    }

    void send(int side, ByteReader& reader) {
        const auto channel = reader.read<std::uint8_t>() % 4;
        const std::size_t size = 8 + std::size_t{reader.read<std::uint8_t>()} * (channel == 3 ? 17 : 9);
        const auto message = numbered_message(counters_[side][channel], size);
        if (sides_[side].connection->send(now_, ChannelId{static_cast<std::uint8_t>(channel)}, message,
                                          {.notify = true}))
            ++counters_[side][channel];
    }

    void drain(int side) {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        Side& s = sides_[side];
        while (const std::size_t size = s.connection->build_packet(now_, s.next_number, buffer, 20))
            wire_[1 - side].push_back(
                {s.next_number++, {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)}});
        poll(s);
    }

    void deliver(int side, std::uint8_t which) {
        auto& queue = wire_[side];
        if (queue.empty()) return;
        const auto place = queue.begin() + static_cast<std::ptrdiff_t>(which % queue.size());
        const Packet packet = *place;
        queue.erase(place);
        sides_[side].context.events.release_held();
        const auto outcome =
            sides_[side].connection->on_packet(now_, packet.number, packet.bytes, packet.bytes.size() + 20);
        require(hostile_ || outcome != Connection::Outcome::malformed);
        poll(sides_[side]);
    }

    void drop(int side) {
        if (!wire_[side].empty()) wire_[side].pop_front();
    }

    void inject(ByteReader& reader) {
        hostile_ = true;
        const std::size_t wanted = reader.read<std::uint8_t>();
        const Bytes bytes = reader.read_bytes(std::min(wanted, reader.remaining()));
        sides_[1].context.events.release_held();
        (void)sides_[1].connection->on_packet(now_, 1'000'000 + injected_++, bytes, bytes.size() + 20);
        poll(sides_[1]);
    }

    void wait(Duration span) {
        const TimePoint end = now_ + span;
        for (int steps_in_place = 0; steps_in_place < 200; ++steps_in_place) {
            TimePoint next = end;
            for (Side& s : sides_) next = std::min(next, std::max(now_, s.connection->poll_timeout()));
            if (next > now_) steps_in_place = 0;
            now_ = next;
            for (int side = 0; side < 2; ++side) {
                if (sides_[side].connection->poll_timeout() <= now_)
                    sides_[side].connection->handle_timeout(now_);
                drain(side);
            }
            if (now_ >= end) return;
        }
        std::abort();  // time must move on
    }

    void poll(Side& side) {
        const int index = &side == &sides_[0] ? 0 : 1;
        while (const auto event = side.context.events.poll()) {
            if (const auto* settled = std::get_if<MessageSettled>(&*event))
                require(fates_[index].insert({settled->channel.value, settled->message.value}).second);
            const auto* message = std::get_if<MessageReceived>(&*event);
            if (message == nullptr || hostile_) continue;
            if (message->channel == kOrdered) require(number_of(message->bytes) == next_ordered_[index]++);
            require(received_[index].insert({message->channel.value, message->message.value}).second);
            const auto expected = numbered_message(number_of(message->bytes), message->bytes.size());
            require(std::equal(expected.begin(), expected.end(), message->bytes.begin()));
        }
    }

    Side sides_[2];
    std::deque<Packet> wire_[2];
    TimePoint now_{std::chrono::seconds(1)};
    std::uint64_t counters_[2][4] = {};
    std::uint64_t next_ordered_[2] = {};
    std::uint64_t injected_ = 0;
    std::set<std::pair<std::uint8_t, std::uint64_t>> fates_[2];
    std::set<std::pair<std::uint8_t, std::uint64_t>> received_[2];
    bool hostile_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Script script;
    script.run({reinterpret_cast<const std::byte*>(data), size});
    return 0;
}
