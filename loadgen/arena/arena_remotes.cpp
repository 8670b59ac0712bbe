#include "arena/arena_remotes.hpp"

namespace squall::arena {
namespace {

using remotes::EventOptions;

// Both sides listen before anything can come: what nobody hears is what nobody should have sent.
EventOptions event_of(ChannelMode mode) {
    return {.mode = mode, .max_early_events = 0};
}

}  // namespace

TransportConfig arena_transport(std::uint64_t protocol_id) {
    TransportConfig config;
    config.protocol_id = protocol_id;
    config.channels = remotes::remote_channels(
        {.unreliable = {.weight = 50, .max_message_bytes = kMaxSnapshotBytes + kSnapshotHeadBytes},
         .unreliable_sequenced = {.weight = 100, .redundancy = kInputRedundancy, .max_message_bytes = 16},
         .reliable_unordered = {.weight = 20}});
    return config;
}

// The names are good and differ, so that declaring them cannot fail.
ArenaRemotes::ArenaRemotes(remotes::Remotes& registry)
    : input(*registry.event<PlayerInput>("input", event_of(ChannelMode::unreliable_sequenced))),
      snapshot(*registry.event<SnapshotMessage>("snapshot", event_of(ChannelMode::unreliable))),
      // Unordered: what arrived is handed over. Behind the registries' greeting, which may come late, it
      // would be acknowledged and not be there yet when the first snapshot is.
      welcome(*registry.event<Welcome>("welcome", event_of(ChannelMode::reliable_unordered))),
      chat(*registry.event<ChatMessage>("chat", event_of(ChannelMode::reliable_ordered))),
      // A reliable channel delivers once: few answers need to be kept for calls that come again.
      buy(*registry.function<ItemRequest, ItemReply>(
          "buy", {.max_kept_answers = 16, .keep_answers = std::chrono::seconds(5)})) {}

}  // namespace squall::arena
