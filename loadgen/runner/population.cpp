#include "runner/population.hpp"

#include <algorithm>
#include <tuple>

namespace squall::loadgen {

Population::Population(const Plan& plan, const ClientSurroundings& around)
    : plan_(plan), around_(around), clients_(plan.sessions.size()) {
    departures_.reserve(plan.sessions.size());
    // Those who stay to the end are told to leave by stop(), after the last second was counted.
    for (std::uint32_t i = 0; i < plan.sessions.size(); ++i)
        if (plan.sessions[i].stop < around.scenario.duration)
            departures_.push_back({plan.sessions[i].stop, i});
    std::sort(departures_.begin(), departures_.end(), [](const Departure& a, const Departure& b) {
        return std::tuple(a.at, a.session) < std::tuple(b.at, b.session);
    });
    next_burial_ = around.run_start + kBurialInterval;
}

Population::~Population() = default;

TimePoint Population::poll_timeout() const {
    TimePoint at = alive_.empty() ? kNever : next_burial_;
    if (!stopped_) {
        if (next_ < plan_.sessions.size()) at = std::min(at, moment(plan_.sessions[next_].start));
        if (next_departure_ < departures_.size()) at = std::min(at, moment(departures_[next_departure_].at));
        if (next_drop_ < plan_.drops.size()) at = std::min(at, moment(plan_.drops[next_drop_].at));
    }
    return at;
}

void Population::handle_timeout(TimePoint now) {
    if (!stopped_) {
        start_due(now);
        stop_due(now);
    }
    if (now >= next_burial_) {
        bury_ended(now);
        next_burial_ = now + kBurialInterval;
    }
}

void Population::start_due(TimePoint now) {
    for (; next_drop_ < plan_.drops.size() && moment(plan_.drops[next_drop_].at) <= now; ++next_drop_)
        around_.metrics.count(Metric::dropped_joins, plan_.drops[next_drop_].group,
                              moment(plan_.drops[next_drop_].at));
    for (; next_ < plan_.sessions.size() && moment(plan_.sessions[next_].start) <= now; ++next_) {
        const auto index = static_cast<std::uint32_t>(next_);
        clients_[index] = std::make_unique<VirtualClient>(around_, plan_.sessions[index], index + 1);
        alive_.push_back(index);
        clients_[index]->start(now);
    }
}

void Population::stop_due(TimePoint now) {
    for (; next_departure_ < departures_.size() && moment(departures_[next_departure_].at) <= now;
         ++next_departure_) {
        const std::uint32_t index = departures_[next_departure_].session;
        if (clients_[index]) clients_[index]->leave(now);
    }
}

void Population::wake_all() {
    for (const auto index : alive_) clients_[index]->wake();
}

void Population::stop(TimePoint now) {
    stopped_ = true;
    for (const auto index : alive_) clients_[index]->leave(now);
}

bool Population::is_done() const {
    return alive_.empty() && (stopped_ || next_ == plan_.sessions.size());
}

void Population::bury(VirtualClient& client) {
    client.add_to(gone_links_);
    client.add_to(gone_transport_);
    ++(client.has_joined() ? fates_.joined : fates_.never_joined);
    if (client.was_lost()) ++fates_.lost;
    if (client.was_unanswered()) ++fates_.unanswered;
}

void Population::bury_ended(TimePoint) {
    std::erase_if(alive_, [this](std::uint32_t index) {
        if (!clients_[index]->is_over()) return false;
        bury(*clients_[index]);
        clients_[index].reset();
        return true;
    });
}

void Population::bury_all(TimePoint now, bool server_is_gone) {
    bury_ended(now);
    for (const auto index : alive_) {
        if (!server_is_gone) {
            around_.metrics.count_cause(Metric::errors, plan_.sessions[index].group, now, kErrorStuck);
            around_.errors.add(now - around_.run_start, kErrorStuck,
                               "a client did not end within graceful_stop");
        }
        bury(*clients_[index]);
        clients_[index].reset();
    }
    alive_.clear();
}

void Population::end_second(TimePoint now) {
    for (const auto index : alive_) clients_[index]->end_second(now);
}

Headcount Population::headcount() const {
    Headcount out;
    for (const auto index : alive_) {
        const VirtualClient& client = *clients_[index];
        if (client.is_connected())
            ++out.connected;
        else if (client.has_joined() || client.was_lost())
            ++out.leaving;
        else
            ++out.joining;
    }
    return out;
}

std::vector<std::uint32_t> Population::connected_by_group() const {
    std::vector<std::uint32_t> out(around_.scenario.groups.size(), 0);
    for (const auto index : alive_)
        if (clients_[index]->is_connected()) ++out[plan_.sessions[index].group];
    return out;
}

LinkTotals Population::links() const {
    LinkTotals out = gone_links_;
    for (const auto index : alive_) clients_[index]->add_to(out);
    return out;
}

VirtualClient::TransportTotals Population::transport() const {
    VirtualClient::TransportTotals out = gone_transport_;
    for (const auto index : alive_) clients_[index]->add_to(out);
    return out;
}

}  // namespace squall::loadgen
