// Codecs and compression of remotes: the same event through each codec, what is refused when two ends meet,
// and messages that shrink, do not, or claim to be large.
#include <gtest/gtest.h>

#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

std::vector<std::byte> bytes_of(std::initializer_list<unsigned> numbers) {
    std::vector<std::byte> out;
    for (const unsigned number : numbers) out.push_back(static_cast<std::byte>(number));
    return out;
}

// A user's own: another codec's bytes, each of them with its bits turned.
class Turned final : public wire::Codec {
  public:
    explicit Turned(std::string_view name = "turned") : name_(name) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] wire::CodecId id() const override { return wire::user_codec_id(128); }
    Result<> encode(const wire::CodecType& type, const void* object,
                    std::vector<std::byte>& out) const override {
        auto done = wire::bits_codec().encode(type, object, out);
        for (auto& byte : out) byte = ~byte;
        return done;
    }
    Result<> decode(const wire::CodecType& type, Bytes bytes, void* object) const override {
        std::vector<std::byte> turned(bytes.begin(), bytes.end());
        for (auto& byte : turned) byte = ~byte;
        return wire::bits_codec().decode(type, turned, object);
    }

  private:
    std::string_view name_;
};
const Turned kTurned;

class AnyCodec : public ::testing::TestWithParam<std::pair<const wire::Codec*, bool>> {};

TEST_P(AnyCodec, TheSameEventAndCallUnchanged) {
    const auto [codec, compress] = GetParam();
    RemoteNet net;
    net.loss = percent(5);
    auto& client = net.add_client();
    const EventOptions options{.codec = codec, .compress = compress};
    const FunctionOptions calls{.codec = codec, .compress = compress};
    const auto at_server = *net.server_remotes->event<Score>("score", options);
    const auto at_client = *client.remotes->event<Score>("score", options);
    const auto answer = *net.server_remotes->function<Score, Chat>("ask", calls);
    const auto ask = *client.remotes->function<Score, Chat>("ask", calls);
    answer.answer([](const Origin&, const Score& score) -> Result<Chat> { return Chat{score.names.at(1)}; });
    std::vector<Score> heard;
    at_client.listen([&](const Origin&, const Score& score) { heard.push_back(score); });
    net.connect(client, 1);
    net.run(2s);
    const Score small{-7, {"ada", "bob"}, {1.5F, -2, 3}};
    const Score large{1, std::vector<std::string>(50, "the same again"), {}};
    at_server.fire(net.now, small);
    at_server.fire(net.now, large);
    std::string answered;
    ask.call(net.now, client.server(), small, [&](TimePoint, const Result<Chat>& chat) {
        answered = chat ? chat->text : chat.error().message;
    });
    net.run(3s);
    EXPECT_EQ(heard, (std::vector<Score>{small, large}));
    EXPECT_EQ(answered, "bob");
}

INSTANTIATE_TEST_SUITE_P(All, AnyCodec,
                         ::testing::Values(std::pair(&wire::bits_codec(), false),
                                           std::pair(&wire::json_codec(), false),
                                           std::pair(&wire::message_pack_codec(), false),
                                           std::pair(&wire::message_pack_named_codec(), false),
                                           std::pair(&wire::protobuf_codec(), false),
                                           std::pair(static_cast<const wire::Codec*>(&kTurned), false),
                                           std::pair(&wire::bits_codec(), true),
                                           std::pair(&wire::json_codec(), true)),
                         [](const auto& test) {
                             std::string name(test.param.first->name());
                             std::ranges::replace(name, '-', '_');
                             return name + (test.param.second ? "_compressed" : "");
                         });

// What both ends are told when they declare `score` with different options.
std::pair<std::string, std::string> mismatch_of(const EventOptions& ours, const EventOptions& theirs) {
    RemoteNet net;
    auto& client = net.add_client();
    (void)*net.server_remotes->event<Score>("score", ours);
    (void)*client.remotes->event<Score>("score", theirs);
    std::string server;
    std::string other;
    net.server_remotes->on_mismatch([&](TimePoint, ConnectionId, const std::string& what) { server = what; });
    client.remotes->on_mismatch([&](TimePoint, ConnectionId, const std::string& what) { other = what; });
    net.connect(client, 1);
    net.run(3s);
    EXPECT_TRUE(net.server_remotes->peers().empty());
    EXPECT_EQ(client.endpoint->state(), ClientState::disconnected);
    return {server, other};
}

TEST(RemoteCodec, AMismatchNamesTheRemoteAndBothCodecs) {
    EXPECT_EQ(mismatch_of({.codec = &wire::json_codec()}, {.codec = &wire::message_pack_codec()}),
              std::pair(std::string("'score' uses codec 2 (json) here and 3 (message-pack) there"),
                        std::string("'score' uses codec 3 (message-pack) here and 2 (json) there")));
    const Turned twisted("twisted");
    EXPECT_EQ(mismatch_of({.codec = &kTurned}, {.codec = &twisted}).first,
              "'score' uses codec 128 (turned) here and 128 (twisted) there")
        << "two users' codecs of one number";
    EXPECT_EQ(mismatch_of({.compress = true}, {}),
              std::pair(std::string("'score' is compressed here and not compressed there"),
                        std::string("'score' is not compressed here and compressed there")));
}

class Compressed : public ::testing::Test {
  protected:
    explicit Compressed(RemotesConfig config = {}) : net(1, config), server(*net.server_remotes) {
        event = *server.event<Chat>("chat", {.codec = &wire::json_codec(), .compress = true});
        event->listen([this](const Origin&, const Chat& chat) { at_server.push_back(chat.text); });
        for (std::uint64_t i = 0; i < 3; ++i) {
            auto& client = net.add_client();
            const auto other =
                *client.remotes->event<Chat>("chat", {.codec = &wire::json_codec(), .compress = true});
            other.listen([this](const Origin&, const Chat& chat) { at_clients.push_back(chat.text); });
            net.connect(client, i + 1);
        }
        net.run(1s);
    }
    void send_raw(std::initializer_list<unsigned> bytes) {
        auto& endpoint = *net.clients[0]->endpoint;
        ASSERT_TRUE(endpoint.send(net.now, endpoint.connection(), ChannelId{3}, bytes_of(bytes)));
        net.run(200ms);
    }

    RemoteNet net;
    Remotes& server;
    std::optional<RemoteEvent<Chat>> event;
    std::vector<std::string> at_server;
    std::vector<std::string> at_clients;
};

TEST_F(Compressed, ShrinksOnceForAllAndCountsWhatItSaved) {
    const std::string dull(600, 'x');
    event->fire(net.now, Chat{dull});
    net.run(200ms);
    EXPECT_EQ(at_clients, std::vector<std::string>(3, dull));
    const RemoteStatistics& statistics = event->statistics();
    EXPECT_EQ(statistics.compression.messages, 1U) << "compressed once for three recipients";
    EXPECT_EQ(statistics.compression.shrunk, 1U);
    EXPECT_GT(statistics.bytes_saved, 3U * 550U);
    EXPECT_EQ(statistics.on_wire.of(ByteCause::payload), statistics.out.bytes - statistics.bytes_saved);
    const RemoteStatistics& there = net.clients[0]->remotes->find("chat")->statistics();
    EXPECT_EQ(there.in.bytes * 3, statistics.out.bytes);
}

TEST_F(Compressed, LeavesAloneWhatDoesNotShrink) {
    event->fire(net.now, Chat{"hi"});
    net.run(200ms);
    EXPECT_EQ(at_clients, std::vector<std::string>(3, "hi"));
    EXPECT_EQ(event->statistics().compression.shrunk, 0U);
    EXPECT_EQ(event->statistics().bytes_saved, 0U);
}

TEST_F(Compressed, TheSameMessageLaterIsWhatItWas) {
    for (const char letter : {'a', 'b', 'a', 'a'})
        event->fire(net.now, Chat{std::string(100, letter)}, net.peer(0));
    net.run(200ms);
    EXPECT_EQ(at_clients, (std::vector<std::string>{std::string(100, 'a'), std::string(100, 'b'),
                                                    std::string(100, 'a'), std::string(100, 'a')}));
}

// STANDARD.md 7.6. What leaves may differ with the version of zstd; what is read may not.
TEST_F(Compressed, GoldenBytesAreRead) {
    send_raw({1, 0, '{', '"', 't', 'e', 'x', 't', '"', ':', '"', 'h', 'i', '"', '}'});
    send_raw({0x01, 0x6f, 0x00, 0x00, 0x95, 0x00, 0x00, 0x60, 0x7b, 0x22, 0x74, 0x65, 0x78,
              0x74, 0x22, 0x3a, 0x22, 0x61, 0x22, 0x7d, 0x01, 0x00, 0x20, 0x05, 0x48});
    EXPECT_EQ(at_server, (std::vector<std::string>{"hi", std::string(100, 'a')}));
    // Cut short; one byte more announced than there is; nothing at all.
    send_raw({0x01, 0x6f, 0x00, 0x00, 0x95, 0x00, 0x00, 0x60, 0x7b, 0x22, 0x74, 0x65, 0x78});
    send_raw({0x01, 0x70, 0x00, 0x00, 0x95, 0x00, 0x00, 0x60, 0x7b, 0x22, 0x74, 0x65, 0x78,
              0x74, 0x22, 0x3a, 0x22, 0x61, 0x22, 0x7d, 0x01, 0x00, 0x20, 0x05, 0x48});
    send_raw({0x01});
    EXPECT_EQ(at_server.size(), 2U);
    EXPECT_EQ(event->statistics().in.of(Outcome::malformed), 3U);
}

class SmallCompressed : public Compressed {
  protected:
    SmallCompressed() : Compressed({.max_decompressed_bytes = 300}) {}
};

TEST_F(SmallCompressed, ABombIsRefusedByWhatItClaims) {
    // 2^40 bytes, 301 bytes, and a plain message that is too long.
    send_raw({1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0, 0, 0});
    send_raw({1, 0xad, 0x02, 0, 0, 0});
    EXPECT_EQ(event->statistics().in.of(Outcome::malformed), 2U);
    event->fire(net.now, Chat{std::string(250, 'x')});
    net.run(200ms);
    EXPECT_EQ(at_clients.size(), 3U);
    EXPECT_TRUE(at_server.empty());
}

TEST(RemoteCompression, AlsoWaitingMessagesPropertiesAndContracts) {
    RemoteNet net;
    auto& client = net.add_client();
    const EventOptions options{.compress = true};
    const auto chat = *net.server_remotes->event<Chat>("chat", options);
    const auto there = *client.remotes->event<Chat>("chat", options);
    const auto score = *net.server_remotes->property<Score>("score", {.compress = true});
    const auto seen = *client.remotes->property<Score>("score", {.compress = true});
    std::vector<Score> heard;
    const auto hear = [&](const Score& one, auto, bool, const auto&, const auto&) { heard.push_back(one); };
    const auto contract = *net.server_remotes->contract<Score>("state", hear, {}, true, {.compress = true});
    ASSERT_TRUE(client.remotes->contract<Score>("state", hear, {}, true, {.compress = true}));
    std::vector<std::string> texts;
    there.listen([&](const Origin&, const Chat& one) { texts.push_back(one.text); });
    chat.fire(net.now, Chat{std::string(500, 'w')}, Recipients::player(ClientId{1}));
    net.connect(client, 1);
    net.run(1s);
    const Score value{3, std::vector<std::string>(40, "again"), {1, 2, 3}};
    ASSERT_TRUE(score.set(net.now, value));
    ASSERT_TRUE(contract.send(net.now, value, Tracking::tracked));
    net.run(1s);
    EXPECT_EQ(texts, std::vector<std::string>{std::string(500, 'w')});
    EXPECT_EQ(seen.value(), value);
    EXPECT_EQ(heard, std::vector<Score>{value});
    EXPECT_GT(score.statistics().bytes_saved, 100U);
    EXPECT_GT(contract.statistics().bytes_saved, 100U);
    EXPECT_EQ(contract.counters().acknowledgements, 1U);
}

}  // namespace
}  // namespace squall::remotes::testing
