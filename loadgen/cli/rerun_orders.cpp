#include "cli/rerun_orders.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "squall/core/units.hpp"

namespace squall::loadgen {
namespace {

// How often a re-run at a pace looks for `pause`, at least.
constexpr Duration kLook = std::chrono::milliseconds(20);

}  // namespace

// A line without its end is one, too, when the stream has ended.
void OrderLines::look(int milliseconds) {
    pollfd ready{STDIN_FILENO, POLLIN, 0};
    if (!is_open_ || ::poll(&ready, 1, milliseconds) <= 0) return;
    // One read: the descriptor may be one that waits, and there is something now.
    is_open_ = input_.read_once_from(STDIN_FILENO);
    while (auto line = input_.next_line()) lines_.push_back(std::move(*line));
    if (is_open_) return;
    if (std::string rest = input_.rest(); !rest.empty()) lines_.push_back(std::move(rest));
}

std::optional<std::string> OrderLines::wait() {
    while (lines_.empty() && is_open_) look(-1);
    if (lines_.empty()) return std::nullopt;
    std::string line = std::move(lines_.front());
    lines_.pop_front();
    return line;
}

bool OrderLines::take_next_if(std::string_view word, Duration at_most) {
    if (lines_.empty() && is_open_) {
        look(static_cast<int>(at_most / std::chrono::milliseconds(1)));
    } else if (at_most > Duration{0}) {
        (void)::poll(nullptr, 0, static_cast<int>(at_most / std::chrono::milliseconds(1)));
    }
    if (lines_.empty() || lines_.front() != word) return false;
    lines_.pop_front();
    return true;
}

Result<> RerunOrders::run_until(std::optional<Duration> moment) {
    const TimePoint began = host_.read_clock();
    const Duration from = session_.position();
    TimePoint looked = began;
    const auto done = session_.run([&](const RerunSession& session) {
        if (moment && session.position() >= *moment) return false;
        if (speed_ == 0) return true;
        const double span = static_cast<double>((session.position() - from).count()) / speed_;
        const TimePoint due = began + Duration{static_cast<std::int64_t>(span)};
        for (TimePoint now = host_.read_clock(); now < due || now - looked >= kLook;
             now = host_.read_clock()) {
            looked = now;
            if (lines_.take_next_if("pause", std::clamp<Duration>(due - now, Duration{0}, kLook)))
                return false;
        }
        return true;
    });
    if (!done) return std::unexpected(done.error());
    return {};
}

Result<std::string> RerunOrders::set_speed(std::string_view text) {
    double speed = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), speed);
    const bool is_number = code == std::errc{} && end == text.data() + text.size();
    if (text != "max" && !(is_number && speed >= 0.001 && speed <= 1000))
        return std::string("speed takes 0.001 to 1000 times the recorded pace, or max: speed 2");
    speed_ = text == "max" ? 0 : speed;
    return text == "max" ? std::string("as fast as it goes") : fmt::format("x{}", speed_);
}

Result<std::string> RerunOrders::obey(std::string_view line) {
    const std::size_t blank = line.find(' ');
    const std::string word(line.substr(0, blank));
    const std::string rest(blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1));
    if (word.empty() || word == "where") return std::string{};
    if (word == "speed") return set_speed(rest);
    if (word == "pause") return std::string("nothing runs now");
    if (word == "quit" || word == "q") {
        has_quit_ = true;
        return std::string{};
    }
    Result<> done;
    if (word == "step") {
        std::uint64_t ticks = 1;
        const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), ticks);
        if (!rest.empty() && (code != std::errc{} || end != rest.data() + rest.size())) ticks = 0;
        if (ticks == 0) return std::string("step takes a number of ticks, 1 or more");
        if (const auto stepped = session_.step(ticks); !stepped) done = std::unexpected(stepped.error());
    } else if (word == "end") {
        done = run_until(std::nullopt);
    } else if (word == "run" || word == "seek") {
        const auto amount =
            rest.empty() && word == "run" ? Result<Duration>(std::chrono::seconds(1)) : parse_duration(rest);
        if (!amount) return fmt::format("{} takes a time with its unit: {} 12.5s", word, word);
        if (word == "run") {
            done = run_until(session_.position() + *amount);
        } else if (const auto sought = session_.seek(*amount); !sought) {
            done = std::unexpected(sought.error());
        }
    } else {
        return fmt::format("there is no order '{}'; {}", word, kRerunOrders);
    }
    if (!done) return std::unexpected(done.error());
    return std::string{};
}

}  // namespace squall::loadgen
