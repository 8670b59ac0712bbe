#include "replay/rerun_session.hpp"

#include <algorithm>
#include <utility>

#include "replay/difference_text.hpp"

namespace squall::loadgen {

Result<std::unique_ptr<RerunSession>> RerunSession::open(const std::string& path) {
    std::unique_ptr<RerunSession> out(new RerunSession(path));
    if (auto begun = out->begin(); !begun) return std::unexpected(begun.error());
    return out;
}

// They stand where they were drawn, and are needed before: the recording is read once for them alone.
Result<std::optional<RecordedKeys>> RerunSession::recorded_keys(const recorder::Facts& facts) const {
    if (recorder::find_fact(facts, "recording.keys") != "recorded") return std::optional<RecordedKeys>{};
    auto source = RecordSource::open(path_);
    if (!source) return std::unexpected(source.error());
    RecordedKeys out;
    bool has_key = false;
    for (;;) {
        const auto record = (*source)->next();
        if (!record) return std::unexpected(record.error());
        if (!*record) break;
        const auto* control = std::get_if<recorder::ControlRecord>(&**record);
        if (control == nullptr) continue;
        const bool is_wanted =
            control->type == recorder::RecordType::secret || control->type == recorder::RecordType::entropy;
        if (!is_wanted) continue;
        const auto decoded = recorder::decode(*control);
        if (!decoded) return std::unexpected(decoded.error());
        if (const auto* draw = std::get_if<recorder::EntropyDraw>(&*decoded))
            out.entropy.insert(out.entropy.end(), draw->bytes.begin(), draw->bytes.end());
        const auto* secret = std::get_if<recorder::Secret>(&*decoded);
        if (secret == nullptr || secret->name != "server" || secret->bytes.size() != out.server.size())
            continue;
        std::ranges::copy(secret->bytes, out.server.begin());
        has_key = true;
    }
    if (!has_key)
        return fail(ErrorCode::malformed,
                    path_ + ": it says that keys were recorded, and has no key of the server");
    return std::optional(std::move(out));
}

Result<> RerunSession::begin() {
    rerun_.reset();
    auto source = RecordSource::open(path_);
    if (!source) return std::unexpected(source.error());
    if (recorder::find_fact((*source)->facts(), "recording.names") == "replaced")
        return fail(
            ErrorCode::unsupported,
            path_ +
                ": this recording cannot be run again: its addresses and client ids are not those that the "
                "server met (--anonymize)");
    auto keys = recorded_keys((*source)->facts());
    if (!keys) return std::unexpected(keys.error());
    auto server = ArenaRerun::make((*source)->facts(), std::move(*keys));
    if (!server) return fail(server.error().code, path_ + ": " + server.error().message);
    source_ = std::move(*source);
    server_ = std::move(*server);
    rerun_ = std::make_unique<Rerun>(*server_, server_->peers(), server_->has_keys());
    began_.reset();
    state_ = State::going;
    return {};
}

Result<RerunSession::State> RerunSession::run(const std::function<bool(const RerunSession&)>& more) {
    while (state_ == State::going && more(*this)) {
        const auto record = source_->next();
        if (!record) return std::unexpected(record.error());
        // Where the file was cut, nobody knows what else the server sent.
        const bool is_cut = !*record && source_->cut();
        const auto taken = *record ? rerun_->take(**record) : is_cut ? Result<bool>(true) : rerun_->finish();
        if (!taken) return fail(taken.error().code, path_ + ": " + taken.error().message);
        if (!began_ && *record) began_ = rerun_->now();
        if (!*taken)
            state_ = State::different;
        else if (!*record)
            state_ = State::ended;
    }
    return state_;
}

Result<RerunSession::State> RerunSession::seek(Duration moment) {
    if (moment < position()) {
        if (auto begun = begin(); !begun) return std::unexpected(begun.error());
    }
    return run([moment](const RerunSession& session) { return session.position() < moment; });
}

Result<RerunSession::State> RerunSession::step(std::uint64_t ticks) {
    const std::uint64_t until = counts().ticks + ticks;
    return run([until](const RerunSession& session) { return session.counts().ticks < until; });
}

std::string RerunSession::difference_text() const {
    const auto& difference = rerun_->difference();
    return difference ? describe(*difference, *began_, server_->remote_name()) : std::string{};
}

}  // namespace squall::loadgen
