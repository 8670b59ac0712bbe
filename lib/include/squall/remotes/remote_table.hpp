// Tables: a value for each of many objects, set at the server and had by the clients. Each object's value is
// as a property is: late joiners get it, only changes travel, what is lost is replaced by the present value.
// Objects come and go; who is told of an object's end is never told of it again by a message that was late.
//
//     auto health = *remotes.table<Health>("health");                         // both sides
//     health.spawn(now, ObjectId{17}, Health{100});                           // server
//     health.edit(now, squad, [](Health& h) { h.points -= 10; });             // each member of an
//     ObjectGroup health.watch(squad, [](const Origin&, ObjectId, const Health* before, const Health* now) {
//     ... });
//
// A streamed table (TableOptions) withholds an object's value until the client has loaded() what it needs to
// show it; then comes one whole value, and changes after it. What that saves is counted.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/table_loads.hpp"
#include "squall/remotes/table_look.hpp"
#include "squall/remotes/table_remote.hpp"
#include "squall/remotes/table_step.hpp"

namespace squall::remotes {

// A handle, to copy freely; valid as long as its registry.
template <class T>
class RemoteTable {
  public:
    using Watcher = typename detail::TableRemote<T>::Watcher;
    explicit RemoteTable(detail::TableRemote<T>& remote) : remote_(&remote) {}

    // --- at the server. Errors: unauthorised (at a client), invalid_argument (the value, or the object is
    // there), unknown_id, queue_full (max_objects).
    Result<> spawn(TimePoint now, ObjectId object, const T& value) const {
        return remote_->spawn(now, object, value);
    }
    Result<> set(TimePoint now, ObjectId object, const T& value) const {
        return remote_->set(now, object, value);
    }
    Result<> forget(TimePoint now, ObjectId object) const { return remote_->forget(now, object); }
    // Changes a part: `edit` gets a copy of the value, which is then set.
    template <class Edit>
    Result<> edit(TimePoint now, ObjectId object, Edit edit) const {
        const T* const present = remote_->find(object);
        if (present == nullptr) return remote_->set(now, object, T{});
        T value = *present;
        edit(value);
        return set(now, object, value);
    }
    // The same for each member of a group that is in the table; the first error ends it.
    Result<> set(TimePoint now, ObjectGroup& group, const T& value) const {
        return edit(now, group, [&](T& each) { each = value; });
    }
    template <class Edit>
    Result<> edit(TimePoint now, ObjectGroup& group, Edit edit_one) const {
        // A watcher may change the group.
        const auto members = group.members(now);
        for (const ObjectId object : std::vector<ObjectId>(members.begin(), members.end())) {
            if (remote_->find(object) == nullptr) continue;
            if (auto done = edit(now, object, edit_one); !done) return done;
        }
        return {};
    }

    // --- at both ends. nullptr: there is no such object (here).
    [[nodiscard]] const T* find(ObjectId object) const { return remote_->find(object); }
    [[nodiscard]] std::size_t size() const { return remote_->size(); }
    [[nodiscard]] std::vector<ObjectId> objects() const { return remote_->objects(); }
    // Called after an object began (before: nullptr), changed or ended (now: nullptr): of all objects, of
    // one, or of a group's members, which must live as long as the watcher.
    ListenerId watch(Watcher watcher) const { return remote_->listeners.add(std::move(watcher)); }
    ListenerId watch(ObjectId object, Watcher watcher) const {
        return remote_->listeners.add(object, std::move(watcher));
    }
    ListenerId watch(ObjectGroup& group, Watcher watcher) const {
        return remote_->listeners.add(group, std::move(watcher));
    }
    // False if there is no such watcher.
    bool unwatch(ListenerId id) const { return remote_->listeners.remove(id); }

    // --- streaming, at a client: from now on it wants these objects' values, or no more. An object may be
    // loaded before the server has it. Errors: invalid_argument (not streamed, or at the server), queue_full
    // (max_loaded; those before it are loaded).
    Result<> loaded(TimePoint now, std::span<const ObjectId> objects) const {
        return remote_->declare(now, objects, detail::LoadOp::loaded);
    }
    Result<> loaded(TimePoint now, ObjectId object) const { return loaded(now, std::span(&object, 1)); }
    Result<> unloaded(TimePoint now, std::span<const ObjectId> objects) const {
        return remote_->declare(now, objects, detail::LoadOp::unloaded);
    }
    Result<> unloaded(TimePoint now, ObjectId object) const { return unloaded(now, std::span(&object, 1)); }
    // And at the server: whether a client may have an object. False: unauthorised, an offence.
    void may_load(std::function<bool(TimePoint, ConnectionId, ObjectId)> rule) const {
        remote_->may_load(std::move(rule));
    }
    [[nodiscard]] Withheld withheld() const { return remote_->withheld(); }

    void use(Direction direction, Middleware middleware) const {
        remote_->use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return remote_->statistics(); }

  private:
    friend class Transaction;
    detail::TableRemote<T>* remote_;
};

template <wire::Described T>
Result<RemoteTable<T>> Remotes::table(std::string name, const TableOptions& options) {
    if (auto checked = check_name(name); !checked) return std::unexpected(checked.error());
    if (auto good = detail::check_values(name, options.priority, options.recheck); !good)
        return std::unexpected(good.error());
    auto remote = std::make_unique<detail::TableRemote<T>>(
        *this, RemoteInfo{std::move(name), RemoteKind::table, ChannelMode::unreliable, 0}, options);
    RemoteTable<T> handle(*remote);
    adopt(std::move(remote));
    return handle;
}

}  // namespace squall::remotes
