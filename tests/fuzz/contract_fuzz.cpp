// A contract's channel between two ends, driven by a script of bytes: send, lose, repeat, corrupt, wait. What
// is delivered is what was sent under that id, unless it was corrupted; then it is at least valid. Nothing
// grows.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <vector>

#include "fuzz/decoded.hpp"
#include "squall/core/rng.hpp"
#include "squall/wire/contract_channel.hpp"
#include "squall/wire/dynamic_contract.hpp"
#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace {

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using Channel = ContractChannel<Contract<Everything>>;
using Message = std::vector<std::byte>;

constexpr ConnectionId kPeer{0, 1};

void require(bool condition) {
    if (!condition) std::abort();
}

DynamicContract loadout() {
    return *DynamicContract::make(
        "loadout", {{"ammo", AttributeKind::integer, range(0, 30)},
                    {"nick", AttributeKind::text, max_size(20)},
                    {"alive", AttributeKind::boolean},
                    {"position", AttributeKind::singles, quantised(-256, 256, 16), 3},
                    {"inner", AttributeKind::object, {}, 0, {{"deep", AttributeKind::number}}}});
}

// Decoding alone, of attributes known at run time.
void try_dynamic(Bytes in) {
    ++fuzz::decoded;
    static const DynamicContract contract = loadout();
    DynamicObject object;
    if (contract.decode(in, object)) require(contract.check(object).has_value());
    const DynamicObject old{{"ammo", 3}, {"nick", "x"}, {"inner", DynamicObject{{"deep", 1.0}}}};
    if (const auto patched = contract.patch(old, in)) require(contract.check(*patched).has_value());
}

class Script {
  public:
    Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size), rng_(size), random_(rng_) {
        require(a_.add_peer(kPeer) && b_.add_peer(kPeer));
    }
    void run() {
        while (at_ < size_) step();
    }

  private:
    std::uint8_t next() { return at_ < size_ ? data_[at_++] : std::uint8_t{0}; }
    void step() {
        switch (next() % 6) {
            case 0:
            case 1: return send();
            case 2: return deliver(false);
            case 3: return deliver(true);
            case 4: now_ += std::chrono::milliseconds(next() * 16); return;
            default:
                if (!wire_.empty())
                    wire_.erase(wire_.begin() + next() % static_cast<std::ptrdiff_t>(wire_.size()));
        }
    }
    void send() {
        random_.change(view(object_));
        const auto sent =
            a_.send(now_, kPeer, object_, next() % 4 == 0 ? Tracking::untracked : Tracking::tracked, buffer_);
        require(sent.has_value());
        if (sent->id) {
            Everything settled = object_;
            require(settle(settled));
            sent_[sent->id->value] = settled;
        }
        wire_.emplace_back(sent->message.begin(), sent->message.end());
    }
    // One message from anywhere in the queue, which may stay there; perhaps with a byte changed.
    void deliver(bool corrupt) {
        if (wire_.empty()) return;
        const auto place = wire_.begin() + next() % static_cast<std::ptrdiff_t>(wire_.size());
        Message message = *place;
        if (next() % 4 != 0) wire_.erase(place);
        if (corrupt && !message.empty()) {
            message[next() % message.size()] ^= std::byte{next()};
            corrupted_ = true;
        }
        ++fuzz::decoded;
        (void)b_.receive(now_, kPeer, message);
        while (const auto ack = b_.poll_acknowledgement(buffer_)) {
            const Message copy(ack->message.begin(), ack->message.end());
            if (next() % 3 != 0) (void)a_.receive(now_, kPeer, copy);
        }
        require(a_.baselines_of(kPeer) <= 64 && b_.baselines_of(kPeer) <= 64);
    }
    void receive(const Everything& object, std::optional<MessageId> id) {
        require(validate(object).has_value());
        // A corrupted message may have been taken for another; from then on all may differ.
        if (corrupted_ || !id) return;
        const auto place = sent_.find(id->value);
        require(place != sent_.end() && same(view(object), view(place->second)));
    }

    const std::uint8_t* data_;
    std::size_t size_;
    std::size_t at_ = 0;
    Rng rng_;
    RandomObject random_;
    TimePoint now_{std::chrono::hours(1)};
    PeerRtts rtts_;
    bool corrupted_ = false;
    Everything object_;
    std::map<std::uint64_t, Everything> sent_;
    std::vector<Message> wire_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(1 << 16);
    Channel a_{Contract<Everything>{"all", {.epsilon = 0}}, rtts_,
               [](const Everything&, auto, bool, ConnectionId, Channel&) {}};
    Channel b_{
        Contract<Everything>{"all", {.epsilon = 0}}, rtts_,
        [this](const Everything& object, auto id, bool, ConnectionId, Channel&) { receive(object, id); }};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > 4096) return 0;
    const Bytes in = std::as_bytes(std::span(data + 1, size - 1));
    if (data[0] % 2 == 0) {
        try_dynamic(in);
    } else {
        Script(data + 1, size - 1).run();
    }
    return 0;
}
