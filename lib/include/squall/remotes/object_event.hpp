// Events of objects: one declaration for all objects of a kind. An event goes to one object or to a group of
// them, and is one message for all of the group's members; at the other side whoever listens to an object, or
// to a group that it is in, hears it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "squall/remotes/object_group.hpp"
#include "squall/remotes/remote_event.hpp"

namespace squall::remotes {

// What travels; middleware sees it. At most kMaxAddressed objects.
template <class T>
struct Addressed {
    std::vector<std::uint64_t> objects;
    T value{};
};
inline constexpr std::size_t kMaxAddressed = 256;

// A handle, to copy freely; valid as long as its registry.
template <wire::Described T>
class ObjectEvent {
  public:
    using Listeners = detail::ObjectListeners<const T&>;
    using Listener = typename Listeners::Call;
    ObjectEvent(Remotes& owner, RemoteEvent<Addressed<T>> event, Listeners& listeners)
        : owner_(&owner), event_(event), listeners_(&listeners) {}

    Fired fire(TimePoint now, ObjectId object, const T& value,
               const Recipients& to = Recipients::everyone()) const {
        return event_.fire(now, {{object.value}, value}, to);
    }
    // As fire() for each member. A message holds kMaxAddressed of them.
    Fired fire(TimePoint now, ObjectGroup& group, const T& value,
               const Recipients& to = Recipients::everyone()) const {
        Fired out;
        std::span<const ObjectId> left = group.members(now);
        while (!left.empty()) {
            const auto part = left.first(std::min(left.size(), kMaxAddressed));
            left = left.subspan(part.size());
            Addressed<T> message;
            for (const ObjectId object : part) message.objects.push_back(object.value);
            message.value = value;
            const Fired fired = event_.fire(now, message, to);
            out.sent += fired.sent;
            out.waiting += fired.waiting;
            out.stopped += fired.stopped;
            out.unsent += fired.unsent;
        }
        return out;
    }
    // Of all objects, of one, or of a group's members, which must live as long as the listener.
    ListenerId listen(Listener listener) const { return begin(listeners_->add(std::move(listener))); }
    ListenerId listen(ObjectId object, Listener listener) const {
        return begin(listeners_->add(object, std::move(listener)));
    }
    ListenerId listen(ObjectGroup& group, Listener listener) const {
        return begin(listeners_->add(group, std::move(listener)));
    }
    // False if there is no such listener.
    bool forget(ListenerId id) const { return listeners_->remove(id); }
    void use(Direction direction, Middleware middleware) const {
        event_.use(direction, std::move(middleware));
    }
    [[nodiscard]] const RemoteStatistics& statistics() const { return event_.statistics(); }
    // The event below, for a transaction's fire().
    [[nodiscard]] const RemoteEvent<Addressed<T>>& event() const { return event_; }

  private:
    // With the first listener of any kind, so that early events wait for it.
    ListenerId begin(ListenerId id) const {
        if (std::exchange(listeners_->is_begun, true)) return id;
        event_.listen([self = *this](const Origin& origin, const Addressed<T>& message) {
            std::exception_ptr thrown;
            for (const std::uint64_t object : message.objects)
                self.listeners_->each(origin.now, ObjectId{object}, [&](const Listener& listener) {
                    self.tell(listener, origin, ObjectId{object}, message.value, thrown);
                });
            if (thrown) std::rethrow_exception(thrown);
        });
        return id;
    }
    // All hear it, whoever throws. The event counts as failed then.
    void tell(const Listener& listener, const Origin& origin, ObjectId object, const T& value,
              std::exception_ptr& thrown) const {
        if (thrown) {
            (void)owner_->guarded(origin.now, origin.peer, event_.remote(), {},
                                  [&] { listener(origin, object, value); });
            return;
        }
        try {
            listener(origin, object, value);
        } catch (...) {
            thrown = std::current_exception();
        }
    }
    Remotes* owner_;
    RemoteEvent<Addressed<T>> event_;
    Listeners* listeners_;
};

template <wire::Described T>
Result<ObjectEvent<T>> Remotes::object_event(std::string name, const EventOptions& options) {
    auto made = event<Addressed<T>>(std::move(name), options);
    if (!made) return std::unexpected(made.error());
    auto listeners = std::make_unique<typename ObjectEvent<T>::Listeners>();
    ObjectEvent<T> handle(*this, *made, *listeners);
    keep(std::move(listeners));
    return handle;
}

}  // namespace squall::remotes
