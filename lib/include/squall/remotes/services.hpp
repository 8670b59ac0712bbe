// Services: parts of a server that are there once, found by name, and started and stopped in an order that
// fits. Each is made when it is asked for first, so whoever needs another one in its constructor gets it made
// before: the order of making is an order of dependencies. Knows no threads and no clock.
//
//     services.define<Accounts>("accounts", [](Services&) { return std::make_unique<Accounts>(); });
//     services.define<Shop>("shop", [](Services& all) { return
//     std::make_unique<Shop>(**all.get<Accounts>("accounts")); }); services.start(now);
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall::remotes {

class Service {
  public:
    virtual ~Service() = default;
    // Errors end the start of all.
    virtual Result<> start(TimePoint /*now*/) { return {}; }
    // Called once for each start() that went well.
    virtual void stop(TimePoint /*now*/) {}
};

class Services {
  public:
    using Factory = std::function<std::unique_ptr<Service>(Services&)>;

    Services() = default;
    // Destroys in reverse order of making; stop() is whoever's who knows the time.
    ~Services();
    Services(const Services&) = delete;
    Services& operator=(const Services&) = delete;

    // Error: invalid_argument (the name is empty or there already).
    Result<> define(std::string name, Factory factory);
    template <class S, class Make>
    Result<> define(std::string name, Make make) {
        return define(std::move(name),
                      Factory([make = std::move(make)](Services& all) -> std::unique_ptr<Service> {
                          std::unique_ptr<S> made = make(all);
                          return made;
                      }));
    }
    // The one instance; made now if it was not yet, and started if the others are. Errors: unknown_id (no
    // such name), invalid_argument (another type, or services that need each other in a ring; names them).
    template <class S>
    Result<S*> get(std::string_view name) {
        auto found = get_any(name);
        if (!found) return std::unexpected(found.error());
        if (S* const service = dynamic_cast<S*>(*found)) return service;
        return fail(ErrorCode::invalid_argument, wrong_type(name));
    }
    Result<Service*> get_any(std::string_view name);

    // Makes what is not made yet, in the order of defining, and starts all in the order of making. An error
    // names the service; those that had started are stopped then.
    Result<> start(TimePoint now);
    // In reverse order. Started again, the same instances run.
    void stop(TimePoint now);
    [[nodiscard]] bool is_running() const { return is_running_; }
    // Names, in the order of making.
    [[nodiscard]] std::vector<std::string_view> made() const;

  private:
    struct Entry {
        std::string name;
        Factory factory;
        std::unique_ptr<Service> service;
        bool is_being_made = false;
        bool is_started = false;
    };
    [[nodiscard]] static std::string wrong_type(std::string_view name);
    Result<> start_one(TimePoint now, Entry& entry);

    std::vector<std::unique_ptr<Entry>> defined_;
    std::map<std::string, Entry*, std::less<>> by_name_;
    std::vector<Entry*> made_;
    std::vector<std::string> being_made_;  // for the error that names a ring
    TimePoint started_at_{};
    bool is_running_ = false;
};

}  // namespace squall::remotes
