#include "squall/remotes/subscription.hpp"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "squall/remotes/registry.hpp"

namespace squall::remotes {

struct NamePattern::Compiled {
    Compiled(std::string_view text, const re2::RE2::Options& options)
        : expression(re2::StringPiece(text.data(), text.size()), options) {}
    re2::RE2 expression;
};

NamePattern::NamePattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
NamePattern::NamePattern(NamePattern&&) noexcept = default;
NamePattern& NamePattern::operator=(NamePattern&&) noexcept = default;
NamePattern::~NamePattern() = default;

Result<NamePattern> NamePattern::make(std::string_view text) {
    if (text.empty() || text.size() > kMaxBytes)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("a pattern has {} bytes; needs 1 to {}", text.size(), kMaxBytes));
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    auto compiled = std::make_unique<Compiled>(text, options);
    if (!compiled->expression.ok())
        return fail(ErrorCode::invalid_argument,
                    fmt::format("pattern '{}': {}", text, compiled->expression.error()));
    return NamePattern(std::move(compiled));
}

bool NamePattern::matches(std::string_view name) const {
    return re2::RE2::FullMatch(re2::StringPiece(name.data(), name.size()), compiled_->expression);
}

// --- at the registry

Result<SubscriptionId> Remotes::subscribe(std::string_view pattern, Subscriber subscriber) {
    auto made = NamePattern::make(pattern);
    if (!made) return std::unexpected(made.error());
    const SubscriptionId id{++last_subscription_};
    subscriptions_.push_back(
        std::make_unique<Subscription>(id, std::move(*made), std::move(subscriber), false));
    Subscription& added = *subscriptions_.back();
    // By place: who is told of early events may subscribe as well.
    for (std::size_t i = 0; i < remotes_.size(); ++i) remotes_[i]->join(added);
    return id;
}

bool Remotes::unsubscribe(SubscriptionId id) {
    const auto place = std::ranges::find_if(
        subscriptions_, [&](const auto& each) { return each->id == id && !each->is_ended; });
    if (place == subscriptions_.end()) return false;
    (*place)->is_ended = true;
    if (telling_ == 0) drop_ended_subscriptions();
    return true;
}

void Remotes::drop_ended_subscriptions() {
    for (const auto& remote : remotes_) remote->leave_ended();
    std::erase_if(subscriptions_, [](const auto& each) { return each->is_ended; });
}

// --- at a remote

void Remote::join(Subscription& subscription) {
    if (!subscription.is_ended && subscription.pattern.matches(info_.name)) {
        subscribers_.push_back(&subscription);
        on_subscribed();
    }
}

void Remote::leave_ended() {
    std::erase_if(subscribers_, [](const Subscription* each) { return each->is_ended; });
}

void Remote::tell_each(const std::vector<Subscription*>& subscribers, const Heard& heard, Bytes payload) {
    ++owner_.telling_;
    // Who subscribes meanwhile hears the next.
    const std::size_t count = subscribers.size();
    for (std::size_t i = 0; i < count; ++i) {
        Subscription& each = *subscribers[i];
        if (each.is_ended) continue;
        (void)owner_.guarded(heard.origin.now, heard.origin.peer, *this, payload, [&] { each.call(heard); });
    }
    if (--owner_.telling_ > 0) return;
    if (std::ranges::any_of(owner_.subscriptions_, [](const auto& each) { return each->is_ended; }))
        owner_.drop_ended_subscriptions();
}

}  // namespace squall::remotes
