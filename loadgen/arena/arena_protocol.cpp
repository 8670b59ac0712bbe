#include "arena/arena_protocol.hpp"

namespace squall::arena {

std::string_view to_string(ItemResult result) {
    switch (result) {
        case ItemResult::bought: return "bought";
        case ItemResult::too_expensive: return "too expensive";
        case ItemResult::already_owned: return "already owned";
        case ItemResult::not_alive: return "not alive";
    }
    return "unknown";
}

}  // namespace squall::arena
