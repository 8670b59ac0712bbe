#include "runner/arena_recorder.hpp"

#include <fmt/format.h>

#include <charconv>

#include "arena/arena_remotes.hpp"
#include "arena/world.hpp"
#include "squall/core/units.hpp"
#include "squall/runtime/wall_clock.hpp"

namespace squall::loadgen {
namespace {

// A flight recorder that keeps so many seconds changes files so many times in them.
constexpr std::uint32_t kFilesPerWindow = 4;
// How often the state of the world is hashed, for a re-run to compare.
constexpr std::uint64_t kTicksPerStateHash = 20;

std::unexpected<Error> bad_keep(const std::string& text) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("--flight-recorder {}: needs a time of 4s or more (60s keeps the last minute at least) "
                    "or a number of files from 2 to 1000 (8 keeps the last eight)",
                    text));
}

}  // namespace

Result<RecordingSettings> recording_settings(const RecordingOrder& order) {
    if (order.keys && order.anonymize)
        return fail(
            ErrorCode::invalid_argument,
            "--record-keys and --anonymize contradict each other: whoever has the keys reads everything");
    RecordingSettings out;
    out.path = order.path;
    out.durable = order.durable;
    out.facts = order.facts;
    out.encoding.payload = order.payload;
    out.encoding.anonymize = order.anonymize;
    if (order.keep.empty()) return out;
    std::uint32_t files = 0;
    const char* const end = order.keep.data() + order.keep.size();
    const auto [rest, code] = std::from_chars(order.keep.data(), end, files);
    if (code == std::errc{} && rest == end) {
        if (files < 2 || files > 1000) return bad_keep(order.keep);
        out.keep_files = files;
        return out;
    }
    if (code != std::errc{} || std::string_view(rest, end) != "s" || files < 4) return bad_keep(order.keep);
    out.rotate_after = std::chrono::seconds(files) / kFilesPerWindow;
    out.keep_files = kFilesPerWindow + 1;
    return out;
}

Result<std::unique_ptr<ArenaRecorder>> ArenaRecorder::start(TimePoint now, const RecordingOrder& order,
                                                            recorder::ClockAnchor clock, bool is_virtual,
                                                            const Server& server) {
    auto settings = recording_settings(order);
    if (!settings) return std::unexpected(settings.error());
    settings->own_thread = !is_virtual;
    settings->facts.insert(server.facts.begin(), server.facts.end());
    settings->facts["recording.names"] = order.anonymize ? "replaced" : "kept";
    settings->facts["recording.keys"] = order.keys ? "recorded" : "none";
    std::string channels;
    const auto transport = arena::arena_transport();
    for (const auto& channel : transport.channels)
        channels += fmt::format("{}{}", channels.empty() ? "" : ",", to_string(channel.mode));
    settings->facts["transport.channels"] = channels;
    auto recording = Recording::start(now, std::move(*settings), clock);
    if (!recording) return std::unexpected(recording.error());
    RecordedNodeOptions options;
    options.local = server.local;
    options.channels = transport.channels;
    options.has_remotes = true;
    if (!is_virtual) options.realtime = system_realtime_ns;
    std::unique_ptr<ArenaRecorder> out(
        new ArenaRecorder(std::move(*recording), server.node, std::move(options), order.keys));
    out->now_ = now;
    out->is_flight_recorder_ = !order.keep.empty();
    if (order.keys) {
        out->recording_->put(now, recorder::Secret{"server", Bytes(server.key)});
        server.entropy.listen([recorder = out.get()](Bytes drawn) {
            recorder->recording_->put(recorder->now_, recorder::EntropyDraw{drawn});
        });
    } else {
        server.entropy.forget();
    }
    out->entropy_ = &server.entropy;
    // Who is there already; a recording that begins later tells of them as of those who stay from file to
    // file.
    for (const ConnectionId connection : server.node.endpoint().connections()) {
        trace::Event there;
        there.at = now;
        there.kind = trace::EventKind::connection_connected;
        there.connection = connection;
        there.id = server.node.endpoint().client_id(connection)->value;
        out->node_.on_event(there);
    }
    out->node_.start(now, *out->recording_);
    return out;
}

ArenaRecorder::ArenaRecorder(std::unique_ptr<Recording> recording, arena::ArenaServer& server,
                             RecordedNodeOptions options, bool with_keys)
    : recording_(std::move(recording)),
      server_(server),
      node_(server, std::move(options)),
      with_keys_(with_keys) {}

ArenaRecorder::~ArenaRecorder() {
    if (entropy_ != nullptr) entropy_->listen(nullptr);
    node_.stop();
    server_.set_trace(nullptr, 0);
}

void ArenaRecorder::set_trace(trace::Sink* next, std::uint32_t source) {
    next_ = next;
    source_ = source;
    trace::Sink& here = *this;
    server_.set_trace(&here, source);
    server_.trace_packets(with_keys_ ? PacketTrace::with_keys : PacketTrace::plain);
}

void ArenaRecorder::pause(TimePoint now) {
    if (!node_.is_recording()) return;
    node_.input(now, "recording_paused");
    node_.stop();
    server_.trace_packets(PacketTrace::sealed);
    server_.set_trace(next_, source_);
}

void ArenaRecorder::resume(TimePoint now) {
    if (node_.is_recording()) return;
    const ServerEndpoint& endpoint = server_.endpoint();
    node_.forget_connections();
    for (const ConnectionId id : endpoint.connections())
        node_.know_connection(id, endpoint.client_id(id).value_or(ClientId{}),
                              endpoint.peer(id).value_or(Address{}));
    node_.start(now, *recording_);
    set_trace(next_, source_);
}

// What comes only because of the recording changes nothing for the others.
void ArenaRecorder::on_event(const trace::Event& event) {
    using trace::EventKind;
    now_ = event.at;
    node_.on_event(event);
    if (event.kind == EventKind::tick && event.id % kTicksPerStateHash == 0)
        recording_->put(event.at, recorder::StateHash{event.id, server_.world().hash()});
    if (next_ == nullptr || event.kind == EventKind::packet_opened ||
        event.kind == EventKind::packet_sealed || event.kind == EventKind::token_opened ||
        event.kind == EventKind::datagram_refused)
        return;
    next_->on_event(event);
}

std::optional<std::string> ArenaRecorder::new_failure() {
    if (has_told_failure_) return std::nullopt;
    const auto failure = recording_->status().failure;
    if (!failure) return std::nullopt;
    has_told_failure_ = true;
    return failure->message;
}

void ArenaRecorder::save(std::string path) {
    saving_ = path;
    recording_->save(std::move(path));
}

std::optional<std::string> ArenaRecorder::new_save() {
    const RecordingStatus status = recording_->status();
    if (status.saved == told_saves_) return std::nullopt;
    told_saves_ = status.saved;
    return status.save_failure ? status.save_failure->message
                               : fmt::format("the flight recorder was saved as {}", saving_);
}

std::string ArenaRecorder::stop(TimePoint now) {
    node_.stop();
    recording_->stop(now);
    const RecordingStatus status = recording_->status();
    std::string out = fmt::format("recorded: {} ({:.1f} MB{}, {} datagrams, {} messages, {} records dropped)",
                                  status.first_file, static_cast<double>(status.bytes) / 1e6,
                                  status.files > 1 ? fmt::format(" in {} files", status.files) : "",
                                  status.records.datagrams, status.records.messages, status.records.dropped);
    if (is_flight_recorder_)
        out += fmt::format("; what is kept begins with {} and ends with {}", status.first_file, status.file);
    if (const auto failure = new_failure()) out += "; it ended too early: " + *failure;
    return out;
}

}  // namespace squall::loadgen
