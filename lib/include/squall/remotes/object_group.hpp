// Many objects as one: a set of ids whose members change from one tick to the next, and who watches objects.
// Knows no remote.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "squall/core/ids.hpp"
#include "squall/core/time.hpp"
#include "squall/remotes/remote.hpp"

namespace squall::remotes {

// A change of membership takes effect with the next tick: whatever is done at the same `now` sees the members
// from before, whatever is done later sees those from after. Moments must not go back.
class ObjectGroup {
  public:
    void add(TimePoint now, ObjectId object) { change(now, object, true); }
    void remove(TimePoint now, ObjectId object) { change(now, object, false); }
    // In order of their ids. Valid until the group is asked again.
    [[nodiscard]] std::span<const ObjectId> members(TimePoint now) {
        take_effect(now);
        return members_;
    }
    [[nodiscard]] bool contains(TimePoint now, ObjectId object) {
        take_effect(now);
        return std::ranges::binary_search(members_, object);
    }

  private:
    struct Change {
        ObjectId object{};
        bool is_member = false;
    };
    void change(TimePoint now, ObjectId object, bool is_member) {
        take_effect(now);
        changed_at_ = now;
        changes_.push_back({object, is_member});
    }
    void take_effect(TimePoint now) {
        if (changes_.empty() || now <= changed_at_) return;
        for (const Change& change : std::exchange(changes_, {})) {
            const auto place = std::ranges::lower_bound(members_, change.object);
            const bool is_there = place != members_.end() && *place == change.object;
            if (change.is_member && !is_there) members_.insert(place, change.object);
            if (!change.is_member && is_there) members_.erase(place);
        }
    }
    std::vector<ObjectId> members_;
    std::vector<Change> changes_;  // all of one moment
    TimePoint changed_at_{};
};

namespace detail {

// Who wants to know of all objects, of one, or of a group. A listener may add and remove listeners.
template <class... Args>
class ObjectListeners final : public Belonging {
  public:
    using Call = std::function<void(const Origin&, ObjectId, Args...)>;

    ListenerId add(Call call) {
        all_.push_back(keep(std::move(call)));
        return all_.back();
    }
    ListenerId add(ObjectId object, Call call) {
        const ListenerId id = keep(std::move(call));
        by_object_[object].push_back(id);
        return id;
    }
    // The group must live as long as the listener.
    ListenerId add(ObjectGroup& group, Call call) {
        const ListenerId id = keep(std::move(call));
        by_group_.emplace_back(&group, id);
        return id;
    }
    bool remove(ListenerId id) {
        const auto place = calls_.find(id);
        if (place == calls_.end() || place->second.is_ended) return false;
        place->second.is_ended = true;
        has_ended_ = true;
        if (depth_ == 0) drop_ended();
        return true;
    }
    bool is_begun = false;  // for who tells them
    // Gives each call that concerns the object to `run`: of all objects first, then of this one, then of
    // groups.
    template <class Run>
    void each(TimePoint now, ObjectId object, Run run) {
        std::vector<ListenerId> concerned = all_;
        if (const auto place = by_object_.find(object); place != by_object_.end())
            concerned.insert(concerned.end(), place->second.begin(), place->second.end());
        for (const auto& [group, id] : by_group_)
            if (group->contains(now, object)) concerned.push_back(id);
        ++depth_;
        for (const ListenerId id : concerned)
            if (const auto place = calls_.find(id); place != calls_.end() && !place->second.is_ended)
                run(std::as_const(place->second.call));  // throws nothing
        if (--depth_ == 0 && has_ended_) drop_ended();
    }

  private:
    struct Entry {
        Call call;
        bool is_ended = false;
    };
    ListenerId keep(Call call) {
        const ListenerId id{++last_};
        calls_[id] = {std::move(call), false};
        return id;
    }
    void drop_ended() {
        has_ended_ = false;
        const auto is_ended = [&](ListenerId id) { return calls_.at(id).is_ended; };
        std::erase_if(all_, is_ended);
        for (auto& [object, ids] : by_object_) std::erase_if(ids, is_ended);
        std::erase_if(by_object_, [](const auto& entry) { return entry.second.empty(); });
        std::erase_if(by_group_, [&](const auto& entry) { return is_ended(entry.second); });
        std::erase_if(calls_, [](const auto& entry) { return entry.second.is_ended; });
    }
    std::map<ListenerId, Entry> calls_;
    std::vector<ListenerId> all_;
    std::map<ObjectId, std::vector<ListenerId>> by_object_;
    std::vector<std::pair<ObjectGroup*, ListenerId>> by_group_;
    std::uint64_t last_ = 0;
    unsigned depth_ = 0;
    bool has_ended_ = false;
};

}  // namespace detail
}  // namespace squall::remotes
