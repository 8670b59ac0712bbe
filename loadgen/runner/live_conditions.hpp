// The simulated networks of a run on real sockets, changed while it runs: which client is behind which, and
// what each of them does now. In the words of a scenario's [networks]. Knows neither viewers nor commands'
// origin.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"
#include "squall/recorder/profile_frame.hpp"
#include "squall/simulator/conditioned_node.hpp"

namespace squall::loadgen {

class LiveConditions {
  public:
    // Clients of groups without a network are behind one that does nothing at first.
    static constexpr const char* kPlain = "plain";

    explicit LiveConditions(const Scenario& scenario);

    // The network of that name (nullptr: the plain one) as it is now.
    [[nodiscard]] const Network& present(const Network* network) const;
    void add(const Network* network, simulator::ConditionedNode& node);
    void remove(simulator::ConditionedNode& node);

    // Changes what `arguments` names and leaves the rest: delay, jitter, loss, duplicate, corrupt, reorder,
    // rate (or "unlimited") and queue, of `group` (none: all) in `direction` (inbound or outbound, as the
    // server sees it; none: both). Returns a sentence on what was done. Errors: invalid_argument, unknown_id;
    // then nothing changed.
    Result<std::string> set(const std::vector<std::pair<std::string, std::string>>& arguments);
    // As a viewer is told.
    [[nodiscard]] std::vector<recorder::LinkCondition> links() const;

  private:
    struct Group {
        Network network;
        std::set<simulator::ConditionedNode*> nodes;
    };
    std::map<std::string, Group> groups_;
};

}  // namespace squall::loadgen
