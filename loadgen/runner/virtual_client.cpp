#include "runner/virtual_client.hpp"

#include "runner/arena_setup.hpp"

namespace squall::loadgen {

VirtualClient::VirtualClient(const ClientSurroundings& around, const PlannedSession& session,
                             std::uint32_t trace_source)
    : around_(around),
      session_(session),
      rng_(client_stream(around.scenario.seed, around.scenario.groups[session.group].name, session.index)),
      own_entropy_(rng_.fork("entropy")),
      trace_source_(trace_source) {}

VirtualClient::~VirtualClient() = default;

bool VirtualClient::fail_with(TimePoint now, std::string_view cause, std::string_view text) {
    around_.metrics.count_cause(Metric::errors, session_.group, now, cause);
    around_.errors.add(now - around_.run_start, cause, text);
    ended_ = true;
    return false;
}

Result<ConnectTokenBytes> VirtualClient::mint(TimePoint now) {
    ConnectTokenRequest request;
    request.protocol_id = protocol_id_of(around_.scenario.target);
    request.suite = around_.scenario.target.suite;
    request.client_id = session_.client_id;
    request.now = around_.wall_clock.unix_seconds(now);
    request.lifetime_seconds = 45;
    request.timeout_seconds = around_.scenario.target.timeout_seconds;
    request.public_addresses = {around_.server};
    around_.maker.complete(session_, request);
    return mint_connect_token(request, around_.key, entropy());
}

EntropySource& VirtualClient::entropy() {
    return around_.entropy != nullptr ? *around_.entropy : own_entropy_;
}

bool VirtualClient::start(TimePoint now) {
    around_.metrics.join_tried(session_.group, now);
    const auto token = mint(now);
    if (!token) return fail_with(now, kErrorToken, token.error().message);
    const ClientMaterials materials{*token, around_.wall_clock, rng_, entropy(), around_.shared_clock};
    auto client = around_.maker.make(now, session_, materials, *this);
    if (!client) return fail_with(now, kErrorToken, client.error().message);
    client_ = std::move(*client);
    if (around_.trace != nullptr) client_->set_trace(around_.trace, trace_source_);
    const Group& group = around_.scenario.groups[session_.group];
    const Network* network = group.network ? &around_.scenario.networks[*group.network] : nullptr;
    auto link = around_.net.attach(*client_, network, rng_, trace_source_);
    if (!link) return fail_with(now, kErrorSocket, link.error().message);
    link_ = std::move(*link);
    return true;
}

void VirtualClient::leave(TimePoint now) {
    if (!client_ || ended_) return;
    remember_packets();
    client_->leave(now);
    around_.net.host().wake(link_->id());
}

void VirtualClient::wake() {
    if (link_) around_.net.host().wake(link_->id());
}

bool VirtualClient::is_over() const {
    return !client_ || !link_ || client_->finished();
}

void VirtualClient::end_second(TimePoint now) {
    if (!client_ || ended_) return;
    remember_packets();
    const auto& statistics = client_->endpoint().statistics();
    if (whole_second_) {
        around_.metrics.record(Metric::bandwidth_up, session_.group, now,
                               (statistics.bytes_sent - second_sent_) * 8);
        around_.metrics.record(Metric::bandwidth_down, session_.group, now,
                               (statistics.bytes_received - second_received_) * 8);
    }
    second_sent_ = statistics.bytes_sent;
    second_received_ = statistics.bytes_received;
    whole_second_ = joined_;
}

void VirtualClient::remember_packets() {
    const auto& endpoint = client_->endpoint();
    if (const auto connection = endpoint.statistics(endpoint.connection())) {
        packets_sent_ = connection->packets_sent;
        packets_lost_ = connection->packets_lost;
    }
}

void VirtualClient::add_to(LinkTotals& links) const {
    if (link_) link_->add_to(links);
}

void VirtualClient::add_to(TransportTotals& totals) const {
    if (!client_) return;
    const auto& endpoint = client_->endpoint();
    totals.bytes_sent += endpoint.statistics().bytes_sent;
    totals.bytes_received += endpoint.statistics().bytes_received;
    totals.datagrams_sent += endpoint.statistics().datagrams_sent;
    totals.datagrams_received += endpoint.statistics().datagrams_received;
    totals.refused += endpoint.statistics().refused_total();
    totals.packets_sent += packets_sent_;
    totals.packets_lost += packets_lost_;
    if (link_) {
        const auto socket = around_.net.host().statistics(link_->id());
        totals.socket_drops += socket.kernel_drops + socket.send_drops;
    }
}

void VirtualClient::on_joined(TimePoint now, Duration took, bool) {
    connected_ = joined_ = true;
    around_.metrics.count(Metric::joins, session_.group, now);
    around_.metrics.record(Metric::join_time, session_.group, now, took);
}

void VirtualClient::on_input_sent(TimePoint now, TimePoint planned) {
    around_.metrics.count(Metric::inputs, session_.group, planned);
    around_.metrics.record(Metric::generator_send_lateness, kWholeRun, planned, now - planned);
}

void VirtualClient::on_request_sent(TimePoint now, TimePoint planned) {
    around_.metrics.record(Metric::generator_send_lateness, kWholeRun, planned, now - planned);
}

void VirtualClient::on_chat_sent(TimePoint now, TimePoint planned) {
    around_.metrics.record(Metric::generator_send_lateness, kWholeRun, planned, now - planned);
}

void VirtualClient::on_reply(TimePoint now, arena::ReplyKind kind, TimePoint planned, TimePoint sent) {
    if (kind == arena::ReplyKind::request) {
        around_.metrics.record(Metric::request_rtt, session_.group, planned, now - planned);
        return;
    }
    around_.metrics.record(Metric::rtt, session_.group, planned, now - planned);
    around_.metrics.record(Metric::rtt_from_send, session_.group, planned, now - sent);
}

void VirtualClient::on_snapshot(TimePoint now, const arena::SnapshotSeen& seen) {
    around_.metrics.count(Metric::snapshots, session_.group, now);
    around_.metrics.record(Metric::snapshot_age, session_.group, now, seen.age);
}

void VirtualClient::on_chat_received(TimePoint now, TimePoint planned) {
    if (around_.shared_clock)
        around_.metrics.record(Metric::chat_age, session_.group, planned, now - planned);
}

void VirtualClient::on_disconnected(TimePoint now, DisconnectReason reason) {
    connected_ = false;
    ended_ = true;
    if (reason == DisconnectReason::requested) return;
    lost_ = true;
    unanswered_ = reason == DisconnectReason::timed_out || reason == DisconnectReason::request_timed_out ||
                  reason == DisconnectReason::response_timed_out ||
                  reason == DisconnectReason::server_shutdown;
    around_.metrics.count_cause(Metric::disconnects, session_.group, now, cause_of(reason));
}

void VirtualClient::on_error(TimePoint now, std::string_view text) {
    around_.metrics.count_cause(Metric::errors, session_.group, now, kErrorProtocol);
    around_.errors.add(now - around_.run_start, kErrorProtocol, text);
}

}  // namespace squall::loadgen
