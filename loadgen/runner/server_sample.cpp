#include "runner/server_sample.hpp"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "metrics/histogram_delta.hpp"
#include "squall/trace/histogram_log.hpp"

namespace squall::loadgen {
namespace {

using Json = nlohmann::json;

struct Field {
    const char* name;
    std::uint64_t ServerSample::* member;
};
constexpr std::array<Field, 17> kSums{{{"ticks", &ServerSample::ticks},
                                       {"ticks_skipped", &ServerSample::ticks_skipped},
                                       {"joins", &ServerSample::joins},
                                       {"messages_received", &ServerSample::messages_received},
                                       {"messages_sent", &ServerSample::messages_sent},
                                       {"snapshots", &ServerSample::snapshots},
                                       {"snapshots_limited", &ServerSample::snapshots_limited},
                                       {"snapshot_bytes", &ServerSample::snapshot_bytes},
                                       {"entities_in_view", &ServerSample::entities_in_view},
                                       {"bytes_received", &ServerSample::bytes_received},
                                       {"bytes_sent", &ServerSample::bytes_sent},
                                       {"datagrams_received", &ServerSample::datagrams_received},
                                       {"datagrams_sent", &ServerSample::datagrams_sent},
                                       {"refused", &ServerSample::refused},
                                       {"kernel_drops", &ServerSample::kernel_drops},
                                       {"send_drops", &ServerSample::send_drops},
                                       {"players", &ServerSample::players}}};

}  // namespace

void ServerSample::add(const ServerSample& later) {
    record_all(later.tick, tick);
    record_all(later.tick_lateness, tick_lateness);
    for (const auto& field : kSums) this->*field.member += later.*field.member;
    players = later.players;
    stalls.insert(stalls.end(), later.stalls.begin(), later.stalls.end());
}

std::string to_json_line(const ServerSample& sample) {
    Json json;
    for (const auto& field : kSums) json[field.name] = sample.*field.member;
    json["tick"] = trace::encode_histogram(sample.tick);
    json["tick_lateness"] = trace::encode_histogram(sample.tick_lateness);
    json["stalls"] = Json::array();
    for (const auto& stall : sample.stalls) {
        json["stalls"].push_back(
            {stall.begin.time_since_epoch().count(), stall.end.time_since_epoch().count()});
    }
    return json.dump();
}

Result<ServerSample> parse_server_sample(std::string_view line) {
    const Json json = Json::parse(line, nullptr, false);
    const auto bad = [](const char* what) {
        return fail(ErrorCode::malformed, std::string("the server's sample has no usable ") + what);
    };
    if (!json.is_object()) return bad("JSON");
    ServerSample out;
    for (const auto& field : kSums) {
        const auto found = json.find(field.name);
        if (found == json.end() || !found->is_number_unsigned()) return bad(field.name);
        out.*field.member = found->get<std::uint64_t>();
    }
    for (auto [name, member] :
         {std::pair{"tick", &ServerSample::tick}, std::pair{"tick_lateness", &ServerSample::tick_lateness}}) {
        const auto found = json.find(name);
        if (found == json.end() || !found->is_string()) return bad(name);
        auto histogram = trace::decode_histogram(found->get<std::string>());
        if (!histogram) return std::unexpected(histogram.error());
        out.*member = std::move(*histogram);
    }
    const auto stalls = json.find("stalls");
    if (stalls == json.end() || !stalls->is_array()) return bad("stalls");
    for (const auto& stall : *stalls) {
        if (!stall.is_array() || stall.size() != 2 || !stall[0].is_number_integer() ||
            !stall[1].is_number_integer())
            return bad("stalls");
        out.stalls.push_back({TimePoint{Duration{stall[0].get<std::int64_t>()}},
                              TimePoint{Duration{stall[1].get<std::int64_t>()}}});
    }
    return out;
}

ServerSample ServerSampler::take(const arena::ArenaServer& server, const SocketStatistics& socket,
                                 std::vector<Stall> stalls) {
    const auto& now = server.statistics();
    const auto& endpoint = server.endpoint().statistics();
    ServerSample out;
    out.tick = added_since(now.tick_duration, before_.tick_duration);
    out.tick_lateness = added_since(now.tick_lateness, before_.tick_lateness);
    out.players = now.players;
    out.ticks = now.ticks - before_.ticks;
    out.ticks_skipped = now.ticks_skipped - before_.ticks_skipped;
    out.joins = now.joins - before_.joins;
    out.messages_received = now.messages_received - before_.messages_received;
    out.messages_sent = now.messages_sent - before_.messages_sent;
    out.snapshots = now.snapshots - before_.snapshots;
    out.snapshots_limited = now.snapshots_limited - before_.snapshots_limited;
    out.snapshot_bytes = now.snapshot_bytes - before_.snapshot_bytes;
    out.entities_in_view = now.entities_in_view - before_.entities_in_view;
    out.bytes_received = endpoint.bytes_received - endpoint_before_.bytes_received;
    out.bytes_sent = endpoint.bytes_sent - endpoint_before_.bytes_sent;
    out.datagrams_received = endpoint.datagrams_received - endpoint_before_.datagrams_received;
    out.datagrams_sent = endpoint.datagrams_sent - endpoint_before_.datagrams_sent;
    out.refused = endpoint.refused_total() - endpoint_before_.refused_total();
    out.kernel_drops = socket.kernel_drops - socket_before_.kernel_drops;
    out.send_drops = socket.send_drops - socket_before_.send_drops;
    out.stalls = std::move(stalls);
    before_ = now;
    endpoint_before_ = endpoint;
    socket_before_ = socket;
    return out;
}

}  // namespace squall::loadgen
