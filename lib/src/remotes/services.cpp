#include "squall/remotes/services.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace squall::remotes {

Services::~Services() {
    while (!made_.empty()) {
        made_.back()->service.reset();
        made_.pop_back();
    }
}

Result<> Services::define(std::string name, Factory factory) {
    if (name.empty() || by_name_.contains(name))
        return fail(ErrorCode::invalid_argument, name.empty()
                                                     ? "a service needs a name"
                                                     : fmt::format("service '{}' is defined twice", name));
    defined_.push_back(std::make_unique<Entry>());
    Entry& entry = *defined_.back();
    entry.name = name;
    entry.factory = std::move(factory);
    by_name_.emplace(std::move(name), &entry);
    return {};
}

Result<Service*> Services::get_any(std::string_view name) {
    const auto place = by_name_.find(name);
    if (place == by_name_.end())
        return fail(ErrorCode::unknown_id, fmt::format("there is no service '{}'", name));
    Entry& entry = *place->second;
    if (entry.service != nullptr) return entry.service.get();
    being_made_.push_back(entry.name);
    if (entry.is_being_made) {
        const std::string ring = fmt::format("{}", fmt::join(being_made_, " needs "));
        being_made_.pop_back();
        return fail(ErrorCode::invalid_argument, "services need each other: " + ring);
    }
    entry.is_being_made = true;
    entry.service = entry.factory(*this);
    entry.is_being_made = false;
    being_made_.pop_back();
    if (entry.service == nullptr)
        return fail(ErrorCode::invalid_argument, fmt::format("service '{}' could not be made", name));
    made_.push_back(&entry);
    if (is_running_)
        if (const auto started = start_one(started_at_, entry); !started)
            return std::unexpected(started.error());
    return entry.service.get();
}

Result<> Services::start_one(TimePoint now, Entry& entry) {
    if (entry.is_started) return {};
    if (const auto started = entry.service->start(now); !started)
        return fail(started.error().code,
                    fmt::format("service '{}': {}", entry.name, started.error().message));
    entry.is_started = true;
    return {};
}

Result<> Services::start(TimePoint now) {
    for (std::size_t i = 0; i < defined_.size(); ++i)
        if (const auto made = get_any(defined_[i]->name); !made) return std::unexpected(made.error());
    // By place: starting one may define and make others.
    for (std::size_t i = 0; i < made_.size(); ++i) {
        if (const auto started = start_one(now, *made_[i]); !started) {
            stop(now);
            return started;
        }
    }
    started_at_ = now;
    is_running_ = true;
    return {};
}

void Services::stop(TimePoint now) {
    is_running_ = false;
    for (std::size_t i = made_.size(); i-- > 0;)
        if (std::exchange(made_[i]->is_started, false)) made_[i]->service->stop(now);
}

std::vector<std::string_view> Services::made() const {
    std::vector<std::string_view> out;
    for (const Entry* const entry : made_) out.push_back(entry->name);
    return out;
}

std::string Services::wrong_type(std::string_view name) {
    return fmt::format("service '{}' is of another type than it is asked for", name);
}

}  // namespace squall::remotes
