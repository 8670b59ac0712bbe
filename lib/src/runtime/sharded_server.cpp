#include "squall/runtime/sharded_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "runtime/shard_mailbox.hpp"
#include "runtime/shard_node.hpp"
#include "squall/runtime/udp_socket.hpp"

namespace squall {
namespace {

using runtime::ShardMail;
using runtime::ShardMailbox;
using runtime::ShardNode;

constexpr std::size_t kMaxShards = 256;
constexpr int kPortAttempts = 8;

Result<> check(const ShardedServerOptions& options) {
    if (options.shards > kMaxShards)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("ShardedServerOptions::shards is {}: it must be 1 to {}, or 0 for one a core",
                                options.shards, kMaxShards));
    if (options.mailbox_datagrams < 1 || options.mailbox_datagrams > 65'536)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("ShardedServerOptions::mailbox_datagrams is {}: it must be 1 to 65536",
                                options.mailbox_datagrams));
    return {};
}

// Sockets that share a port would silently join a stranger's that does so too: one without sharing finds out
// whether the port is free, and which one it is if any would do.
Result<Address> find_free_port(const Address& bind) {
    auto probe = UdpSocket::open({.bind = bind});
    if (!probe) return std::unexpected(std::move(probe.error()));
    return probe->local_address();
}

}  // namespace

struct ShardedServer::State {
    // One shard; its node, its host and its thread.
    struct OneShard final : Shard {
        explicit OneShard(State& its_server, std::uint8_t its_index)
            : server(its_server), number(its_index) {}
        [[nodiscard]] std::uint8_t index() const override { return number; }
        [[nodiscard]] std::size_t count() const override { return server.mailboxes.size(); }
        [[nodiscard]] Address address() const override { return server.address; }
        [[nodiscard]] AsioHost& host() override { return *its_host; }
        void claim(const Address& peer) override;
        void wake() override { its_host->wake(id); }
        void detach() override;
        Result<> open(const ShardedServerOptions& options, const MakeNode& make_node);
        void take_mail();
        void run();

        State& server;
        const std::uint8_t number;
        std::unique_ptr<AsioHost> its_host;
        std::unique_ptr<ShardNode> node;
        NodeId id{};
        WatchId watch{};
        std::unique_ptr<ShardMail> mail = std::make_unique<ShardMail>();
        std::function<void(TimePoint, Node&)> on_stopping;
        bool has_precise_timers = false;
        bool is_attached = false;
        std::thread thread;
    };

    Result<> open_all(const ShardedServerOptions& options, const MakeNode& make_node);

    Address address;
    std::vector<std::unique_ptr<ShardMailbox>> mailboxes;  // by shard
    std::vector<std::unique_ptr<OneShard>> shards;         // after the mailboxes: ends before them
    std::vector<ShardStatistics> statistics;
};

void ShardedServer::State::OneShard::claim(const Address& peer) {
    node->note_claim(its_host->now(), peer, number);
    for (std::size_t i = 0; i < server.mailboxes.size(); ++i)
        if (i != number) (void)server.mailboxes[i]->post_claim(peer, number);
}

Result<> ShardedServer::State::OneShard::open(const ShardedServerOptions& options,
                                              const MakeNode& make_node) {
    AsioHostOptions host_options = options.host;
    has_precise_timers = host_options.precise_timers;
    host_options.precise_timers = false;  // that is a setting of the shard's thread, not of this one
    auto made = AsioHost::make(host_options);
    if (!made) return std::unexpected(std::move(made.error()));
    its_host = std::move(*made);
    auto inner = make_node(*this);
    if (!inner) return std::unexpected(std::move(inner.error()));
    node = std::make_unique<ShardNode>(number, server.mailboxes, std::move(*inner));
    auto attached = its_host->attach(*node, {.bind = server.address,
                                             .receive_buffer_bytes = options.receive_buffer_bytes,
                                             .send_buffer_bytes = options.send_buffer_bytes,
                                             .reuse_port = true});
    if (!attached) return std::unexpected(std::move(attached.error()));
    id = *attached;
    is_attached = true;
    on_stopping = options.on_stopping;
    auto watched = its_host->watch(server.mailboxes[number]->native_handle(), [this] { take_mail(); });
    if (!watched) return std::unexpected(std::move(watched.error()));
    watch = *watched;
    return {};
}

// As many as one turn of the socket takes; the descriptor stays readable while more wait.
void ShardedServer::State::OneShard::take_mail() {
    for (std::size_t i = 0; i < kUdpBatch && server.mailboxes[number]->take(*mail); ++i) {
        if (mail->datagram_bytes == 0) {
            node->note_claim(its_host->now(), mail->peer, mail->owner);
            continue;
        }
        node->set_taking_over(true);
        its_host->inject(id, mail->peer, MutableBytes(mail->datagram).first(mail->datagram_bytes));
        node->set_taking_over(false);
    }
}

// The statistics go with the socket, so they are read first, and then what the last drain adds is lost to
// them.
void ShardedServer::State::OneShard::detach() {
    if (!is_attached) return;
    is_attached = false;
    server.statistics[number].socket = its_host->statistics(id);
    its_host->detach(id);
}

void ShardedServer::State::OneShard::run() {
    if (has_precise_timers) (void)pin_timer_slack();
    its_host->run_until(kNever);
    if (is_attached && on_stopping) on_stopping(its_host->now(), node->inner());
    detach();
    ShardStatistics& result = server.statistics[number];
    result.pump = its_host->pump_statistics();
    result.handed_over = node->handed_over();
    result.taken_over = node->taken_over();
    result.claimed_peers = node->claim_count();
}

Result<> ShardedServer::State::open_all(const ShardedServerOptions& options, const MakeNode& make_node) {
    auto free = find_free_port(options.bind);
    if (!free) return std::unexpected(std::move(free.error()));
    address = *free;
    const std::size_t cores = std::max(std::thread::hardware_concurrency(), 1U);
    const std::size_t count = options.shards != 0 ? options.shards : std::min(cores, kMaxShards);
    statistics.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        auto mailbox = ShardMailbox::make(options.mailbox_datagrams);
        if (!mailbox) return std::unexpected(std::move(mailbox.error()));
        mailboxes.push_back(std::move(*mailbox));
    }
    for (std::size_t i = 0; i < count; ++i) {
        shards.push_back(std::make_unique<OneShard>(*this, static_cast<std::uint8_t>(i)));
        if (auto opened = shards.back()->open(options, make_node); !opened) return opened;
    }
    return {};
}

Result<std::unique_ptr<ShardedServer>> ShardedServer::start(const ShardedServerOptions& options,
                                                            const MakeNode& make_node) {
    if (auto checked = check(options); !checked) return std::unexpected(std::move(checked.error()));
    for (int attempt = 1;; ++attempt) {
        auto state = std::make_unique<State>();
        auto opened = state->open_all(options, make_node);
        // Any port would do, and somebody took the one that was found free: find another.
        if (!opened && opened.error().code == ErrorCode::address_in_use && options.bind.port() == 0 &&
            attempt < kPortAttempts)
            continue;
        if (!opened) return std::unexpected(std::move(opened.error()));
        for (auto& shard : state->shards) shard->thread = std::thread([&one = *shard] { one.run(); });
        return std::unique_ptr<ShardedServer>(new ShardedServer(std::move(state)));
    }
}

ShardedServer::ShardedServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

ShardedServer::~ShardedServer() {
    stop();
    join();
}

Address ShardedServer::address() const {
    return state_->address;
}
std::size_t ShardedServer::shard_count() const {
    return state_->shards.size();
}

void ShardedServer::stop() {
    for (const auto& shard : state_->shards) shard->its_host->stop();
}

void ShardedServer::join() {
    for (const auto& shard : state_->shards)
        if (shard->thread.joinable()) shard->thread.join();
    for (std::size_t i = 0; i < state_->statistics.size(); ++i)
        state_->statistics[i].handover_drops = state_->mailboxes[i]->drops();
}

const std::vector<ShardStatistics>& ShardedServer::statistics() const {
    return state_->statistics;
}

}  // namespace squall
