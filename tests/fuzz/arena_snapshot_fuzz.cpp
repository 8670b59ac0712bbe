// A client's memory of snapshots under fire: the input is a script of real snapshots, losses, and messages of
// any bytes. Those come once as they are and once with the checksum that fits what they make, so that the
// checksum does not shield what lies behind it. Whatever is accepted must be a view that can be sent again.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "arena/arena_protocol.hpp"
#include "arena/received_snapshots.hpp"
#include "arena/sent_snapshots.hpp"
#include "squall/core/bytes.hpp"
#include "squall/core/rng.hpp"
#include "squall/wire/codec.hpp"
#include "squall/wire/schema.hpp"
#include "unit/arena/random_view.hpp"

namespace squall::arena {
namespace {

constexpr SnapshotFormat kFormat{20'001, 300};

void check(bool holds) {
    if (!holds) std::abort();
}

void check_view(std::span<const EntityState> view) {
    check(view.size() <= kMaxViewEntities);
    check(std::is_sorted(view.begin(), view.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
    std::array<std::byte, 8192> buffer;
    SnapshotHeader header;
    header.checksum = view_checksum(view);
    check(encode_snapshot(buffer, header, {}, view, kFormat).has_value());
}

template <class T>
void read_message(Bytes bytes) {
    T value;
    if (!wire::bits_codec().decode(bytes, value)) return;
    std::vector<std::byte> again;
    check(wire::bits_codec().encode(value, again).has_value());
}

void read_messages(Bytes bytes) {
    read_message<PlayerInput>(bytes);
    read_message<Welcome>(bytes);
    read_message<SnapshotMessage>(bytes);
    read_message<ChatMessage>(bytes);
    read_message<ItemRequest>(bytes);
    read_message<ItemReply>(bytes);
}

void write_bits(std::span<std::byte> bytes, std::size_t from, std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto mask = static_cast<std::byte>(1U << ((from + i) % 8));
        std::byte& byte = bytes[(from + i) / 8];
        byte = ((value >> i) & 1) != 0 ? byte | mask : byte & ~mask;
    }
}

// A server's and a client's memory, with the truth between them.
class Exchange {
  public:
    explicit Exchange(std::uint64_t seed) : rng_(seed) { truth_ = next_view(rng_, {}, kFormat, 40); }

    void send_real(bool arrives) {
        truth_ = next_view(rng_, truth_, kFormat, 40);
        const Baseline baseline = sent_.baseline();
        const auto encoded = encode(baseline);
        const MessageId id{sent_.next_number()};
        sent_.sent(id, truth_);
        if (!encoded || !arrives || !received_.receive(*encoded)) return;
        sent_.delivered(id);
        newest_ = truth_;
    }
    void send_forged(Bytes bytes) {
        (void)received_.receive(bytes);
        check_view(received_.view());
        const auto snapshot = SnapshotReader::open(bytes, kFormat);
        if (!snapshot) return;
        View view;
        View scratch;
        const std::span<const EntityState> baseline =
            snapshot->header().baseline_distance == 0 ? std::span<const EntityState>{} : newest_;
        (void)snapshot->read(baseline, view, scratch);
        std::vector<std::byte> patched(bytes.begin(), bytes.end());
        write_bits(patched, snapshot->header().echo ? 55 : 39, view_checksum(view), 32);
        (void)received_.receive(patched);
        check_view(received_.view());
        check(received_.held_count() <= 2 * kMaxBaselineDistance);
    }

  private:
    std::optional<Bytes> encode(const Baseline& baseline) {
        SnapshotHeader header;
        header.number = WireSequence<std::uint16_t>::of(sent_.next_number());
        header.baseline_distance = baseline.distance;
        header.checksum = view_checksum(truth_);
        const auto encoded = encode_snapshot(buffer_, header, baseline.view, truth_, kFormat);
        if (!encoded) return std::nullopt;
        return encoded->bytes;
    }

    Rng rng_;
    ViewPool pool_;
    SentSnapshots sent_{pool_};
    ReceivedSnapshots received_{kFormat, 0};
    View truth_;
    View newest_;
    std::array<std::byte, kMaxSnapshotBytes> buffer_{};
};

}  // namespace
}  // namespace squall::arena

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    squall::ByteReader script({reinterpret_cast<const std::byte*>(data), size});
    squall::arena::Exchange session(size);
    while (script.remaining() > 0) {
        const auto action = script.read<std::uint8_t>();
        if (action < 64) {
            session.send_real(action < 56);
            continue;
        }
        const squall::Bytes bytes =
            script.read_bytes(std::min<std::size_t>(action - 64U, script.remaining()));
        squall::arena::read_messages(bytes);
        session.send_forged(bytes);
    }
    return 0;
}
