// Orders to a recording that is run again: words on standard input, one order a line, for people and for
// pipes. With a pace the re-run goes at that many times the recorded one, and `pause` ends it wherever it is.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "replay/rerun_session.hpp"
#include "runner/child_process.hpp"
#include "squall/runtime/host.hpp"

namespace squall::loadgen {

inline constexpr std::string_view kRerunOrders =
    "orders: step [TICKS], run [TIME], pause, speed X (of run and end; max: as fast as it goes), seek TIME "
    "(back "
    "begins anew), where, end, quit";

// Lines of standard input, which can be looked for without waiting.
class OrderLines {
  public:
    // Nothing at the end of the stream.
    [[nodiscard]] std::optional<std::string> wait();
    // Waits so long at most; true if the next line says so, which is taken then.
    bool take_next_if(std::string_view word, Duration at_most);

  private:
    void look(int milliseconds);
    LineBuffer input_;
    std::deque<std::string> lines_;
    bool is_open_ = true;
};

class RerunOrders {
  public:
    // What is given outlives it; `host` tells how time goes by.
    RerunOrders(RerunSession& session, OrderLines& lines, const Host& host)
        : session_(session), lines_(lines), host_(host) {}

    // Does what the line says. Returns a line to answer with; empty: where the re-run stands. Errors: those
    // of the session.
    Result<std::string> obey(std::string_view line);
    [[nodiscard]] bool has_quit() const { return has_quit_; }

  private:
    Result<std::string> set_speed(std::string_view text);
    Result<> run_until(std::optional<Duration> moment);

    RerunSession& session_;
    OrderLines& lines_;
    const Host& host_;
    double speed_ = 0;  // 0: as fast as it goes
    bool has_quit_ = false;
};

}  // namespace squall::loadgen
