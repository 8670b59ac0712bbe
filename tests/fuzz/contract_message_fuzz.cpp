// Any bytes as a contract's message, by a peer that has sent good ones before: refused, and nothing of the
// channel has changed; or a valid object. The first byte chooses how many messages came before.
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "squall/core/rng.hpp"
#include "squall/wire/contract_channel.hpp"
#include "unit/wire/random_object.hpp"
#include "unit/wire/schema_types.hpp"

namespace {

using namespace squall;
using namespace squall::wire;
using namespace squall::wire::test;
using Channel = ContractChannel<Contract<Everything>>;

constexpr ConnectionId kPeer{0, 1};
constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr std::size_t kGoodMessages = 3;

void require(bool condition) {
    if (!condition) std::abort();
}

class Receiver {
  public:
    Receiver() {
        Rng rng(1);
        RandomObject random(rng);
        require(sender_.add_peer(kPeer).has_value());
        for (std::size_t i = 0; i < kGoodMessages; ++i) {
            Everything object;
            random.fill(view(object));
            const auto sent = sender_.send(kNow, kPeer, object, Tracking::tracked, buffer_);
            require(sent.has_value());
            good_.emplace_back(sent->message.begin(), sent->message.end());
        }
        begin(0);
    }
    void read(std::size_t before, Bytes message) {
        if (before != before_) begin(before);
        const std::size_t kept = channel_.baselines_of(kPeer);
        const std::size_t told = told_;
        if (!channel_.receive(kNow, kPeer, message)) {
            require(channel_.baselines_of(kPeer) == kept && told_ == told);
            require(!channel_.poll_acknowledgement(buffer_).has_value());
            return;
        }
        begin(before);
    }

  private:
    void begin(std::size_t before) {
        before_ = before;
        channel_.remove_peer(kPeer);
        require(channel_.add_peer(kPeer).has_value());
        for (std::size_t i = 0; i < before; ++i) require(channel_.receive(kNow, kPeer, good_[i]).has_value());
        while (channel_.poll_acknowledgement(buffer_)) {
        }
    }

    PeerRtts rtts_;
    std::vector<std::byte> buffer_ = std::vector<std::byte>(1 << 16);
    std::vector<std::vector<std::byte>> good_;
    std::size_t before_ = 0;
    std::size_t told_ = 0;
    Channel sender_{Contract<Everything>{"all", {.epsilon = 0}}, rtts_,
                    [](const Everything&, auto, bool, ConnectionId, Channel&) {}};
    Channel channel_{Contract<Everything>{"all", {.epsilon = 0}}, rtts_,
                     [this](const Everything& object, auto, bool, ConnectionId, Channel&) {
                         require(validate(object).has_value());
                         ++told_;
                     }};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Receiver receiver;
    if (size == 0) return 0;
    receiver.read(data[0] % (kGoodMessages + 1), std::as_bytes(std::span(data + 1, size - 1)));
    return 0;
}
