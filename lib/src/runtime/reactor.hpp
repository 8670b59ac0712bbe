// Joins the poller, which serves thousands of UDP sockets, with asio, which serves TCP: one place to wait for
// both. As long as nobody uses asio it is left out of the wait; while somebody does, asio waits for the
// poller as for one descriptor.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "runtime/poller.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace asio {
class io_context;
}

namespace squall::runtime {

class Reactor {
  public:
    static constexpr std::uint64_t kInterruptToken = 1;
    static constexpr std::uint64_t kTimerToken = 2;
    static constexpr std::uint64_t kFirstFreeToken = 3;

    [[nodiscard]] static Result<std::unique_ptr<Reactor>> make();
    ~Reactor();

    [[nodiscard]] Poller& poller() { return poller_; }
    // Waits from `now` until `until` at most, or until a descriptor of the poller can be read (its token is
    // reported) or a handler of asio ran. May return with nothing.
    [[nodiscard]] std::span<const std::uint64_t> wait(TimePoint now, TimePoint until);

    // Whoever starts operations on io() is a user from before that until the last of their handlers has run.
    // Error: io.
    [[nodiscard]] Result<asio::io_context*> io();
    void add_user() { ++users_; }
    void remove_user() { --users_; }
    [[nodiscard]] std::size_t users() const { return users_; }

  private:
    explicit Reactor(Poller poller);
    struct Outer;
    Poller poller_;
    std::unique_ptr<Outer> outer_;  // made for the first user
    std::size_t users_ = 0;
};

}  // namespace squall::runtime
