// The names of verdicts, as reports print them.
#include "squall/simulator/verdict.hpp"

namespace squall::simulator {

std::string_view to_string(Verdict verdict) {
    switch (verdict) {
        case Verdict::delivered: return "delivered";
        case Verdict::corrupted: return "corrupted";
        case Verdict::duplicate: return "duplicate";
        case Verdict::lost: return "lost";
        case Verdict::lost_in_burst: return "lost_in_burst";
        case Verdict::queue_full: return "queue_full";
        case Verdict::too_big: return "too_big";
        case Verdict::blackhole: return "blackhole";
        case Verdict::partitioned: return "partitioned";
        case Verdict::unroutable: return "unroutable";
        case Verdict::overflow: return "overflow";
    }
    return "unknown";
}

}  // namespace squall::simulator
