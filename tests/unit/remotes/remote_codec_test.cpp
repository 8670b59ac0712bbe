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

// --- two versions of a struct

struct Trade {
    std::int32_t price = 0;
    std::string item{};
};
struct TradeOfNextYear {
    std::int32_t price = 0;
    std::string item{};
    std::uint32_t count = 1;
};
struct TradeOfAnother {
    std::string price{};
};

// A server of next year, and a client of another time.
template <class Theirs>
struct Versions {
    RemoteNet net;
    RemoteNet::Client& client = net.add_client();
    RemoteEvent<TradeOfNextYear> offer;
    RemoteFunction<TradeOfNextYear, TradeOfNextYear> buy;
    RemoteEvent<Theirs> client_offer;
    RemoteFunction<Theirs, Theirs> client_buy;
    std::string server_told;
    std::string client_told;

    Versions(const EventOptions& ours, const EventOptions& theirs)
        : offer(*net.server_remotes->event<TradeOfNextYear>("offer", ours)),
          buy(*net.server_remotes->function<TradeOfNextYear, TradeOfNextYear>(
              "buy", {.codec = ours.codec, .schema = ours.schema})),
          client_offer(*client.remotes->event<Theirs>("offer", theirs)),
          client_buy(*client.remotes->function<Theirs, Theirs>(
              "buy", {.codec = theirs.codec, .schema = theirs.schema})) {
        net.server_remotes->on_mismatch(
            [this](TimePoint, ConnectionId, const std::string& what) { server_told = what; });
        client.remotes->on_mismatch(
            [this](TimePoint, ConnectionId, const std::string& what) { client_told = what; });
        net.connect(client, 1);
        net.run(3s);
    }
};

class EvolvingCodec : public ::testing::TestWithParam<const wire::Codec*> {};

TEST_P(EvolvingCodec, TwoVersionsOfAStructTalkBothWaysIfBothAllowIt) {
    const EventOptions options{.codec = GetParam(), .schema = SchemaMatch::compatible};
    Versions<Trade> versions(options, options);
    RemoteNet& net = versions.net;
    ASSERT_EQ(net.server_remotes->peers().size(), 1U) << versions.server_told;
    std::vector<TradeOfNextYear> at_server;
    std::vector<Trade> at_client;
    versions.offer.listen([&](const Origin&, const TradeOfNextYear& trade) { at_server.push_back(trade); });
    versions.client_offer.listen([&](const Origin&, const Trade& trade) { at_client.push_back(trade); });
    versions.buy.answer([](const Origin&, const TradeOfNextYear& asked) -> Result<TradeOfNextYear> {
        return TradeOfNextYear{asked.price + 1, asked.item + "!", asked.count + 100};
    });
    // What is missing has its default each time: nothing of an earlier object is left.
    versions.client_offer.fire(net.now, Trade{3, "bow"});
    versions.client_offer.fire(net.now, Trade{4, ""});
    versions.offer.fire(net.now, TradeOfNextYear{5, "axe", 9});
    Trade answer;
    versions.client_buy.call(
        net.now, versions.client.server(), Trade{7, "hat"},
        [&](TimePoint, const Result<Trade>& result) { answer = result.value_or(Trade{}); });
    net.run(1s);
    ASSERT_EQ(at_server.size(), 2U);
    EXPECT_EQ(at_server[0].item, "bow");
    EXPECT_EQ(at_server[0].count, 1U);
    EXPECT_EQ(at_server[1].price, 4);
    EXPECT_EQ(at_server[1].count, 1U);
    ASSERT_EQ(at_client.size(), 1U);
    EXPECT_EQ(at_client[0].item, "axe");
    EXPECT_EQ(answer.price, 8);
    EXPECT_EQ(answer.item, "hat!");
}

INSTANTIATE_TEST_SUITE_P(All, EvolvingCodec,
                         ::testing::Values(&wire::json_codec(), &wire::message_pack_codec(),
                                           &wire::message_pack_named_codec(), &wire::protobuf_codec()),
                         [](const auto& test) {
                             std::string name(test.param->name());
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

TEST(EvolvingSchema, NeedsTheWordOfBothEndsAndACodecThatCan) {
    const EventOptions evolves{.codec = &wire::json_codec(), .schema = SchemaMatch::compatible};
    const Versions<Trade> one_sided(evolves, {.codec = &wire::json_codec()});
    EXPECT_TRUE(one_sided.net.server_remotes->peers().empty());
    EXPECT_NE(one_sided.server_told.find("count"), std::string::npos) << one_sided.server_told;
    EXPECT_NE(one_sided.client_told.find("count"), std::string::npos) << one_sided.client_told;

    const EventOptions bits{.schema = SchemaMatch::compatible};
    const Versions<Trade> by_bits(bits, bits);
    EXPECT_TRUE(by_bits.net.server_remotes->peers().empty());
    EXPECT_NE(by_bits.server_told.find("count"), std::string::npos) << by_bits.server_told;

    const Versions<TradeOfAnother> no_bridge(evolves, evolves);
    EXPECT_TRUE(no_bridge.net.server_remotes->peers().empty());
    EXPECT_EQ(no_bridge.server_told, "'buy': 'price' is 'int32' here and 'text up to 1023' there");
    EXPECT_EQ(no_bridge.client_told, "'buy': 'price' is 'text up to 1023' here and 'int32' there");
}

TEST(EvolvingSchema, EqualOnesMeetWhetherBothSayItOrOne) {
    const Versions<TradeOfNextYear> one_sided(
        {.codec = &wire::json_codec(), .schema = SchemaMatch::compatible}, {.codec = &wire::json_codec()});
    EXPECT_EQ(one_sided.net.server_remotes->peers().size(), 1U) << one_sided.server_told;
}

// --- more than one codec

const wire::Codec* const kBits = &wire::bits_codec();
const wire::Codec* const kJson = &wire::json_codec();
const wire::Codec* const kPack = &wire::message_pack_codec();

struct Declared {
    RemoteEvent<Score> event;
    RemoteFunction<Score, Chat> ask;
    Declared(Remotes& remotes, const wire::Codec* first, std::vector<const wire::Codec*> others,
             bool compress = false)
        : event(
              *remotes.event<Score>("score", {.codec = first, .other_codecs = others, .compress = compress})),
          ask(*remotes.function<Score, Chat>(
              "ask", {.codec = first, .other_codecs = others, .compress = compress})) {
        ask.answer([](const Origin&, const Score& score) -> Result<Chat> { return Chat{score.names.at(0)}; });
    }
};

const Score kScore{-7, {"ada", "bob"}, {1.5F, -2, 3}};

TEST(ChosenCodec, IsTheFirstOfTheServersThatTheClientHasToo) {
    RemoteNet net;
    auto& first = net.add_client();
    auto& second = net.add_client();
    const Declared server(*net.server_remotes, kPack, {kJson, kBits});
    const Declared one(*first.remotes, kBits, {kJson});
    const Declared two(*second.remotes, kJson, {kPack});
    std::vector<Score> heard;
    one.event.listen([&](const Origin&, const Score& score) { heard.push_back(score); });
    two.event.listen([&](const Origin&, const Score& score) { heard.push_back(score); });
    std::vector<Score> came;
    server.event.listen([&](const Origin&, const Score& score) { came.push_back(score); });
    net.connect(first, 1);
    net.connect(second, 2);
    net.run(2s);
    ASSERT_EQ(net.server_remotes->peers().size(), 2U);
    const auto used = [](const Remotes& remotes, ConnectionId peer) {
        return remotes.codec_for(peer, *remotes.find("score")).name();
    };
    EXPECT_EQ(used(*net.server_remotes, *net.server_remotes->connection_of(ClientId{1})), "json");
    EXPECT_EQ(used(*first.remotes, first.server()), "json");
    EXPECT_EQ(used(*net.server_remotes, *net.server_remotes->connection_of(ClientId{2})), "message-pack");
    EXPECT_EQ(used(*second.remotes, second.server()), "message-pack");
    // Once for each codec that a recipient uses.
    const std::uint64_t encodings = server.event.statistics().encodings;
    EXPECT_EQ(server.event.fire(net.now, kScore).sent, 2U);
    EXPECT_EQ(server.event.statistics().encodings - encodings, 2U);
    one.event.fire(net.now, kScore);
    two.event.fire(net.now, kScore);
    std::vector<std::string> answers;
    const auto note = [&](TimePoint, const Result<Chat>& chat) {
        answers.push_back(chat ? chat->text : chat.error().message);
    };
    one.ask.call(net.now, first.server(), kScore, note);
    two.ask.call(net.now, second.server(), kScore, note);
    for (const ConnectionId peer : net.server_remotes->peers()) server.ask.call(net.now, peer, kScore, note);
    net.run(1s);
    EXPECT_EQ(heard, std::vector<Score>(2, kScore));
    EXPECT_EQ(came, std::vector<Score>(2, kScore));
    EXPECT_EQ(answers, std::vector<std::string>(4, "ada"));
}

TEST(ChosenCodec, GoesThroughChainsThatLookAndEdit) {
    RemoteNet net;
    auto& client = net.add_client();
    const Declared server(*net.server_remotes, kJson, {kBits});
    const Declared there(*client.remotes, kBits, {});
    server.event.use(Direction::outbound, [](Message& message, const Next& next) {
        message.edit<Score>()->points += 1;
        return next();
    });
    std::int32_t seen = 0;
    there.event.use(Direction::inbound, [&](Message& message, const Next& next) {
        seen = message.object<Score>()->points;
        return next();
    });
    std::vector<Score> heard;
    there.event.listen([&](const Origin&, const Score& score) { heard.push_back(score); });
    net.connect(client, 1);
    net.run(1s);
    server.event.fire(net.now, kScore);
    net.run(1s);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(heard[0].points, -6);
    EXPECT_EQ(seen, -6);
}

TEST(ChosenCodec, IsThatOfMessagesThatWaitedToo) {
    for (const bool compress : {false, true}) {
        RemoteNet net;
        auto& client = net.add_client();
        const Declared server(*net.server_remotes, kJson, {kBits}, compress);
        const Declared there(*client.remotes, kBits, {kJson}, compress);
        std::vector<Score> heard;
        there.event.listen([&](const Origin&, const Score& score) { heard.push_back(score); });
        std::vector<Score> came;
        server.event.listen([&](const Origin&, const Score& score) { came.push_back(score); });
        const Score large{1, std::vector<std::string>(50, "the same again"), {}};
        EXPECT_EQ(there.event.fire(net.now, large).waiting, 1U);  // for the server
        EXPECT_EQ(server.event.fire(net.now, large, Recipients::player(ClientId{1})).waiting, 1U);
        net.connect(client, 1);
        // Connected, and the greeting is still under way: a call that waits, and is repeated later.
        while (!client.endpoint->is_connected(client.server())) net.run(1ms);
        ASSERT_FALSE(client.remotes->is_ready(client.server()));
        std::string answered;
        there.ask.call(
            net.now, client.server(), large,
            [&](TimePoint, const Result<Chat>& chat) { answered = chat ? chat->text : chat.error().message; },
            {.retries = 5, .first_retry = 10ms});
        net.run(2s);
        EXPECT_EQ(heard, std::vector<Score>{large}) << compress;
        EXPECT_EQ(came, std::vector<Score>{large}) << compress;
        EXPECT_EQ(answered, "the same again") << compress;
        EXPECT_EQ(server.ask.statistics().in.of(Outcome::malformed), 0U) << compress;
        EXPECT_EQ(&client.remotes->codec_for(client.server(), server.event.remote()), kJson);
    }
}

TEST(ChosenCodec, IsThatOfTransactions) {
    RemoteNet net;
    auto& client = net.add_client();
    ASSERT_TRUE(net.server_remotes->transactions("trades"));
    const auto at_client = *client.remotes->transactions("trades");
    const Declared server(*net.server_remotes, kJson, {kBits});
    const Declared there(*client.remotes, kBits, {kJson});
    std::vector<Score> came;
    server.event.listen([&](const Origin&, const Score& score) { came.push_back(score); });
    net.connect(client, 1);
    net.run(1s);
    std::string answered;
    bool is_done = false;
    Transaction trade = at_client.begin();
    trade.fire(there.event, kScore).call(there.ask, kScore, [&](TimePoint, const Result<Chat>& chat) {
        answered = chat ? chat->text : chat.error().message;
    });
    ASSERT_TRUE(trade.commit(net.now, client.server(), {},
                             [&](TimePoint, const Committed& result) { is_done = result.has_value(); }));
    net.run(1s);
    EXPECT_TRUE(is_done);
    EXPECT_EQ(came, std::vector<Score>{kScore});
    EXPECT_EQ(answered, "ada");
}

TEST(ChosenCodec, WithoutOneInCommonBothListsAreNamed) {
    const auto [server, client] =
        mismatch_of({.codec = kJson, .other_codecs = {kPack}}, {.codec = kBits, .other_codecs = {&kTurned}});
    EXPECT_EQ(server, "'score' uses codec 2 (json), 3 (message-pack) here and 1 (bits), 128 (turned) there");
    EXPECT_EQ(client, "'score' uses codec 1 (bits), 128 (turned) here and 2 (json), 3 (message-pack) there");
}

TEST(ChosenCodec, DoesNotHideOtherDifferences) {
    EXPECT_EQ(
        mismatch_of({.codec = kJson, .other_codecs = {kBits}, .compress = true}, {.codec = kBits}).first,
        "'score' is compressed here and not compressed there");
}

TEST(ChosenCodec, ListsAreCheckedWhenDeclared) {
    RemoteNet net;
    Remotes& remotes = *net.server_remotes;
    const auto error = [&](std::vector<const wire::Codec*> others) {
        const auto made = remotes.event<Score>("score", {.other_codecs = std::move(others)});
        return made ? std::string() : made.error().message;
    };
    EXPECT_EQ(error({kJson, nullptr}), "remote 'score': its codec 2 is a null pointer");
    EXPECT_EQ(error({kJson, kBits}), "remote 'score': codec 1 (bits) is there twice");
    EXPECT_EQ(error(std::vector<const wire::Codec*>(8, kJson)), "remote 'score' has 9 codecs; at most 8");
    EXPECT_EQ(error({kJson}), "");
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
