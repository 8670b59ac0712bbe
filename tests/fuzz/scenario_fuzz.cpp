// The scenario parser takes any text: it ends with a scenario whose plan can be made, or with mistakes that
// name their place. The first byte says how many of the last lines are overrides of the command line instead.
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "plan/plan.hpp"
#include "scenario/scenario.hpp"

using namespace squall::loadgen;

namespace {

// Takes the last line off the text.
std::string take_last_line(std::string_view& text) {
    const auto end = text.find_last_of('\n');
    const auto line = end == std::string_view::npos ? text : text.substr(end + 1);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(0, end);
    return std::string(line);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    std::string_view text(reinterpret_cast<const char*>(data), size);
    ParseOptions options{{"wander", "camper"}, {}};
    // Files begin with a printable character: those of the corpus have no overrides.
    if (const auto overrides = static_cast<unsigned char>(text.front()); overrides < 8) {
        text.remove_prefix(1);
        for (unsigned i = 0; i < overrides; ++i) options.overrides.push_back(take_last_line(text));
    }
    const auto scenario = parse_scenario(text, "fuzz.toml", options);
    if (!scenario) {
        if (scenario.error().empty()) std::abort();
        for (const auto& line : scenario.error().lines())
            if (line.empty()) std::abort();
        return 0;
    }
    // A valid scenario has a plan; huge ones are left to take their time elsewhere.
    std::uint64_t heads = 0;
    for (const auto& group : scenario->groups) {
        heads += group.vus + group.start_vus;
        for (const auto& stage : group.stages) heads += stage.target;
        if (group.rate != 0)
            heads += static_cast<std::uint64_t>(scenario->duration / group.time_unit + 1) * group.rate;
    }
    if (heads > 2000) return 0;
    const Plan plan = make_plan(*scenario);
    for (const auto& session : plan.sessions)
        if (session.start >= session.stop || session.stop > scenario->duration) std::abort();
    return 0;
}
