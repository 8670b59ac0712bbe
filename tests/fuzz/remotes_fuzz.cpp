// A server's registry and a client that sends it whatever it likes on every channel: nothing crashes, what is
// stored stays bounded, and each message is either for a remote or counted as stray. The first byte of the
// input picks whether the peer greets properly.
#include <cstdlib>

#include "fuzz/decoded.hpp"
#include "squall/remotes/middleware.hpp"
#include "unit/remotes/remote_net.hpp"

namespace {

using namespace squall;
using namespace squall::remotes;
using namespace squall::remotes::testing;

struct Question {
    std::int32_t number = 0;
    std::vector<std::string> words;
};

void require(bool condition) {
    if (!condition) std::abort();
}

std::int32_t seen_score = 0;

void declare(Remotes& remotes) {
    auto shot = *remotes.event<Shot>("shot");
    shot.use(Direction::inbound, limit_rate({.per_second = 1000}));
    shot.listen([](const Origin&, const Shot&) {});
    (void)*remotes.event<Chat>("chat", {.codec = &wire::message_pack_codec(), .max_early_events = 4});
    (void)*remotes.event<Chat>("log", {.mode = ChannelMode::unreliable, .compress = true});
    auto ask = *remotes.function<Question, Question>(
        "ask", {.mode = ChannelMode::unreliable, .max_kept_answers = 8});
    ask.answer([](const Origin&, const Question& question) -> Result<Question> {
        if (question.number == 1) throw 1;
        if (question.number == 2) return fail(ErrorCode::expired, "late");
        return question;
    });
    auto wait = *remotes.function<Question, Question>("wait", {.max_kept_answers = 8, .max_open_calls = 8});
    wait.answer_later([](const Origin&, const Question&, auto) {});
    (void)*remotes.property<Score>("mine", {.authority = Authority::owner});
    auto score = *remotes.property<Score>("score");
    if (remotes.is_server())
        score.watch([](const Origin&, const Score&, const Score& now) { seen_score = now.points; });
    (void)*remotes.table<Score>("things", {.max_objects = 8});
    (void)*remotes.table<Score>("streamed", {.streamed = true, .max_loaded = 8});
    (void)*remotes.object_event<Shot>("hit");
    auto trades = *remotes.transactions("trades", {.max_steps = 8, .max_kept = 4});
    // What it sets in a transaction is never seen, because it always fails.
    auto cheat = *remotes.function<Question, Question>("cheat");
    cheat.answer([&remotes, score, trades](const Origin& origin, const Question&) -> Result<Question> {
        if (!trades.undo([] {})) return Question{};
        if (remotes.is_server()) require(score.set(origin.now, Score{666, {}, {}}).has_value());
        throw 1;
    });
    (void)*remotes.contract<Score>(
        "state",
        [](const Score&, std::optional<MessageId> id, bool, const ContractOrigin& from,
           const RemoteContract<Score>& contract) {
            require(contract.baselines_of(from.peer) <= 64);
            if (id) require(contract.acknowledge(from.now, from.peer, *id).has_value());
            if (id) contract.send(from.now, Score{}, Tracking::tracked, from.peer).value();
        },
        {}, false, {.mode = ChannelMode::unreliable});
    (void)*remotes.contract(1U, {{"ammo", wire::AttributeKind::integer}, {"nick", wire::AttributeKind::text}},
                            [](const wire::DynamicObject&, std::optional<MessageId>, bool,
                               const ContractOrigin&, const RemoteContract<wire::DynamicObject>&) {});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const RemotesConfig lenient{.offences = {}};
    RemoteNet net(1, lenient);
    net.delay = std::chrono::milliseconds(1);
    declare(*net.server_remotes);
    auto& client = net.add_client();
    ByteReader script({reinterpret_cast<const std::byte*>(data), size});
    if (script.remaining() > 0 && script.read<std::uint8_t>() % 2 == 0) {
        declare(*client.remotes);
    } else {
        client.is_mute = true;
    }
    net.connect(client, 1);
    net.run(std::chrono::milliseconds(50));
    std::uint64_t sent = 0;
    while (script.remaining() > 2) {
        const auto where = script.read<std::uint8_t>();
        const auto channel = where % 4;
        const std::size_t wanted = script.read<std::uint8_t>();
        const Bytes message = script.read_bytes(std::min(wanted, script.remaining()));
        auto& endpoint = *client.endpoint;
        ++fuzz::decoded;
        if (endpoint.state() != ClientState::connected) break;
        if (where >= 128 && !net.server_remotes->peers().empty()) {
            // A server that lies, to a client that believes it.
            if (net.server_endpoint->send(net.now, net.peer(0), ChannelId{static_cast<std::uint8_t>(channel)},
                                          message))
                net.run(std::chrono::milliseconds(3));
            continue;
        }
        if (endpoint.send(net.now, endpoint.connection(), ChannelId{static_cast<std::uint8_t>(channel)},
                          message))
            ++sent;
        if (sent % 8 == 0) net.run(std::chrono::milliseconds(5));
    }
    if (!net.server_remotes->peers().empty())
        for (const Remote* const remote : net.server_remotes->remotes())
            require(remote->statistics().in.messages <= sent * 8 + 2);  // steps
    net.run(std::chrono::milliseconds(200));
    for (Remotes* const side : {net.server_remotes.get(), client.remotes.get()})
        require(side->undo_log() == nullptr);
    require(seen_score == 0);
    return 0;
}
