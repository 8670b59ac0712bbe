// Transactions with a key: what was accepted is remembered a while, a player, so that it is not done again.
#include <algorithm>

#include "remotes/transaction_format.hpp"

namespace squall::remotes::detail {

TransactionRemote::KeptOfPlayer& TransactionRemote::kept_of(TimePoint now, ClientId player) {
    const auto is_old = [&](const KeptOfPlayer& of) {
        return of.kept.empty() || now - of.kept.back().since > options_.keep;
    };
    if (!kept_.contains(player) && kept_.size() >= options_.max_kept_players) {
        std::erase_if(kept_, [&](const auto& entry) { return is_old(entry.second); });
        if (kept_.size() >= options_.max_kept_players)
            kept_.erase(std::ranges::min_element(
                kept_, {}, [](const auto& entry) { return entry.second.kept.back().since; }));
    }
    KeptOfPlayer& of = kept_[player];
    while (!of.kept.empty() && now - of.kept.front().since > options_.keep) {
        of.bytes -= of.kept.front().answers ? of.kept.front().answers->size() : 0;
        of.kept.pop_front();
    }
    return of;
}

bool TransactionRemote::answer_from_kept(TimePoint now, ConnectionId peer, const TransactionHead& head) {
    const auto player = owner_.client_of(peer);
    if (!player || !kept_.contains(*player)) return false;
    const auto& kept = kept_of(now, *player).kept;
    const auto place = std::ranges::find(kept, head.key, &Kept::key);
    if (place == kept.end()) return false;
    if (!place->answers) {
        (void)refuse(now, peer, head, Outcome::passed, {},
                     {ErrorCode::expired, info_.name + ": was accepted before; its answers are not kept"});
        return true;
    }
    std::vector<std::byte> frame = start_frame(info_.index, TransactionOp::accepted, head.id);
    frame.insert(frame.end(), place->answers->begin(), place->answers->end());
    post(now, peer, frame);
    return true;
}

void TransactionRemote::keep(TimePoint now, ConnectionId peer, std::uint64_t key,
                             std::vector<std::byte> answers) {
    const auto player = owner_.client_of(peer);
    if (!player || options_.max_kept == 0) return;
    KeptOfPlayer& of = kept_of(now, *player);
    const bool fits = answers.size() <= options_.max_kept_bytes;
    of.bytes += fits ? answers.size() : 0;
    of.kept.push_back({key, now, fits ? std::optional(std::move(answers)) : std::nullopt});
    while (of.kept.size() > options_.max_kept || of.bytes > options_.max_kept_bytes) {
        of.bytes -= of.kept.front().answers ? of.kept.front().answers->size() : 0;
        of.kept.pop_front();
    }
}

}  // namespace squall::remotes::detail
