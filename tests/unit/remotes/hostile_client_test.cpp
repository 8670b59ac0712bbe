// One client attacks at 100,000 messages a second beside twenty honest ones: these see exactly what they
// would see without it, each refusal is counted by its cause, and the attacker is cut off by the rule that is
// configured. What it costs the server is measured by tests/bench/programs/hostile_client.cpp.
#include <gtest/gtest.h>

#include "support/counting_new.hpp"
#include "support/hostile_world.hpp"

namespace squall::test {
namespace {

HostileResult run(const HostileOptions& options) {
    return HostileWorld(options).run();
}

void expect_sums(const HostileResult& result) {
    // The greeting was counted before the attack began.
    EXPECT_EQ(result.attacks_handled + result.refused_total() + result.dropped_after_end,
              result.attacks_received);
}

class Attacks : public ::testing::TestWithParam<Attack> {};
INSTANTIATE_TEST_SUITE_P(Kinds, Attacks, ::testing::ValuesIn(kAttacks), [](const auto& i) {
    std::string name(to_string(i.param));
    std::ranges::replace(name, ' ', '_');
    return name;
});

// What is oversized the transport itself ends.
class Tolerated : public ::testing::TestWithParam<Attack> {};
INSTANTIATE_TEST_SUITE_P(Kinds, Tolerated,
                         ::testing::Values(Attack::flood, Attack::malformed, Attack::unknown,
                                           Attack::unauthorised, Attack::out_of_range, Attack::repeat,
                                           Attack::mixed),
                         [](const auto& i) {
                             std::string name(to_string(i.param));
                             std::ranges::replace(name, ' ', '_');
                             return name;
                         });

TEST_P(Attacks, AreCutOffAndHonestClientsSeeExactlyWhatTheySeeWithoutThem) {
    const HostileResult calm = run({});
    const HostileResult attacked = run({.attack = GetParam()});
    ASSERT_FALSE(calm.is_cut_off);
    EXPECT_EQ(calm.refused_total(), 0U);
    for (std::size_t i = 0; i < calm.honest.size(); ++i) {
        EXPECT_GT(calm.honest[i].states, 280U);
        EXPECT_GE(calm.honest[i].answers, 50U);
        EXPECT_EQ(attacked.honest[i], calm.honest[i]) << "client " << i;
    }
    EXPECT_EQ(attacked.honest_inputs, calm.honest_inputs);
    EXPECT_EQ(attacked.rtt.value_at_percentile(percent(99)), calm.rtt.value_at_percentile(percent(99)));
    EXPECT_TRUE(attacked.is_cut_off);
    EXPECT_LT(attacked.cut_off_after, 500ms);
    EXPECT_EQ(attacked.reason, GetParam() == Attack::oversized ? DisconnectReason::protocol_error
                                                               : DisconnectReason::rate_limited);
    EXPECT_GE(attacked.attacks_received, GetParam() == Attack::oversized ? 0U : 100U);
    expect_sums(attacked);
}

TEST_P(Tolerated, ThatAreNeverCutOffDisturbNobodyEitherAndEveryRefusalHasItsCause) {
    remotes::RemotesConfig tolerant;
    tolerant.offences = {};
    const HostileResult calm = run({.span = 2s, .server = tolerant});
    const HostileResult attacked = run({.span = 2s, .attack = GetParam(), .server = tolerant});
    EXPECT_EQ(attacked.honest, calm.honest);
    EXPECT_FALSE(attacked.is_cut_off);
    EXPECT_GT(attacked.attacks_received, 50'000U);
    expect_sums(attacked);
    const auto all = attacked.attacks_received;
    switch (GetParam()) {
        case Attack::flood:
            EXPECT_EQ(attacked.of(Outcome::rate_limited) + attacked.attacks_handled, all);
            EXPECT_LE(attacked.attacks_handled, 60U + 120 * 3);
            break;
        case Attack::malformed:
            EXPECT_EQ(attacked.of(Outcome::rate_limited) + attacked.of(Outcome::malformed), all);
            break;
        case Attack::unknown: EXPECT_EQ(attacked.of(Outcome::unknown_remote), all); break;
        case Attack::unauthorised: EXPECT_EQ(attacked.of(Outcome::unauthorised), all); break;
        case Attack::out_of_range:
            EXPECT_EQ(attacked.of(Outcome::rate_limited) + attacked.of(Outcome::invalid), all);
            EXPECT_EQ(attacked.attacks_handled, 0U);
            break;
        case Attack::repeat:
            EXPECT_EQ(attacked.of(Outcome::rate_limited) + attacked.attacks_handled, all);
            EXPECT_LE(attacked.attacks_handled, 20U + 20 * 5);
            EXPECT_EQ(attacked.attacks_answered, attacked.attacks_handled)
                << "a refused repeat draws nothing";
            break;
        default: break;
    }
}

TEST(CutOffRule, IsConfigurableByCause) {
    // Rubbish costs a hundred, wrong values nothing.
    remotes::RemotesConfig strict;
    strict.offences = {.per_second = 1, .burst = 250};
    strict.offence_costs = {};
    strict.offence_costs[static_cast<std::size_t>(Outcome::unknown_remote)] = 100;
    const HostileResult rubbish = run({.span = 1s, .attack = Attack::unknown, .server = strict});
    EXPECT_TRUE(rubbish.is_cut_off);
    EXPECT_EQ(rubbish.of(Outcome::unknown_remote), 3U) << "the third is one too many";
    const HostileResult wrong = run({.span = 1s, .attack = Attack::out_of_range, .server = strict});
    EXPECT_FALSE(wrong.is_cut_off);
    EXPECT_GT(wrong.of(Outcome::invalid), 0U);
}

TEST(CutOffRule, FloodProtectionByBytesComesBeforeAnythingIsRead) {
    remotes::RemotesConfig config;
    config.bytes = {.per_second = 20'000};
    config.offences = {};
    const HostileResult result = run({.span = 2s, .attack = Attack::unknown, .server = config});
    EXPECT_FALSE(result.is_cut_off);
    EXPECT_GT(result.of(Outcome::rate_limited), 10 * result.of(Outcome::unknown_remote));
    expect_sums(result);
}

// --- F43: datagrams of nobody

struct Junk {
    std::vector<std::vector<std::byte>> datagrams;
    // A connection request that was real, as somebody who listens could repeat it from elsewhere.
    std::vector<std::byte> captured;
};

class Recorder final : public Node {
  public:
    explicit Recorder(Node& node) : node_(node) {}
    void receive(TimePoint now, const Address& from, MutableBytes datagram) override {
        if (captured.empty() && datagram.size() > 1000) captured.assign(datagram.begin(), datagram.end());
        node_.receive(now, from, datagram);
    }
    std::optional<Transmit> poll_transmit(TimePoint now, MutableBytes buffer) override {
        return node_.poll_transmit(now, buffer);
    }
    TimePoint poll_timeout() const override { return node_.poll_timeout(); }
    void handle_timeout(TimePoint now) override { node_.handle_timeout(now); }
    std::vector<std::byte> captured;

  private:
    Node& node_;
};

TEST(JunkOfRandomSources, AllocatesNothingAndIsNeverAnsweredWithMore) {
    RemoteNet net;
    (void)*net.server_remotes->event<Input>("input");
    Recorder recorder(*net.server_remotes);
    net.wrap_server(recorder);
    auto& client = net.add_client();
    (void)*client.remotes->event<Input>("input");
    net.connect(client, 1);
    net.run(1s);
    ASSERT_EQ(net.server_remotes->peers().size(), 1U);
    ASSERT_FALSE(recorder.captured.empty());

    Rng rng(11);
    std::uint64_t sent_bytes = 0;
    std::uint64_t answered_bytes = 0;
    std::uint64_t answers = 0;
    std::array<std::byte, kMaxDatagramBytes> datagram;
    std::array<std::byte, kMaxDatagramBytes> answer;
    const auto junk = [&](std::uint64_t number) {
        std::size_t size = 0;
        if (number % 4 == 0) {
            size = recorder.captured.size();
            std::ranges::copy(recorder.captured, datagram.begin());
            if (number % 8 == 0) datagram[40 + rng.below(900)] ^= std::byte{1};
        } else {
            size = 1 + rng.below(number % 4 == 1 ? 1400 : 60);
            for (std::size_t i = 0; i < size; ++i) datagram[i] = static_cast<std::byte>(rng.below(256));
            if (number % 4 == 2) datagram[0] = static_cast<std::byte>(rng.below(16) | (rng.below(9) << 4));
        }
        const Address from = Address::ipv4(
            static_cast<std::uint8_t>(1 + rng.below(200)), static_cast<std::uint8_t>(rng.below(256)),
            static_cast<std::uint8_t>(rng.below(256)), static_cast<std::uint8_t>(rng.below(256)),
            static_cast<std::uint16_t>(1024 + rng.below(60'000)));
        net.server_remotes->receive(net.now, from, MutableBytes(datagram).first(size));
        sent_bytes += size;
        std::uint64_t to_it = 0;
        while (const auto sent = net.server_remotes->poll_transmit(net.now, answer)) {
            if (sent->to != from) continue;
            to_it += sent->size;
            ++answers;
        }
        EXPECT_LE(to_it, size) << "datagram " << number;
        answered_bytes += to_it;
        net.now += 10us;  // 100,000 a second
        if (net.server_remotes->poll_timeout() <= net.now) net.server_remotes->handle_timeout(net.now);
    };
    std::uint64_t number = 0;
    for (; number < 20'000; ++number) junk(number);  // memories fill
    const auto before = allocation_count();
    const auto refused_before = net.server_endpoint->statistics().refused_total();
    const auto answers_before = answers;
    for (; number < 120'000; ++number) junk(number);
    EXPECT_EQ(allocation_count() - before, 0U) << "for 100,000 datagrams";
    EXPECT_EQ(net.server_endpoint->statistics().refused_total() - refused_before + (answers - answers_before),
              100'000U)
        << "each is refused by a cause, or answered";
    EXPECT_LE(answered_bytes, sent_bytes / 100);
    EXPECT_EQ(net.server_remotes->peers().size(), 1U) << "and the honest one is still there";
}

}  // namespace
}  // namespace squall::test
