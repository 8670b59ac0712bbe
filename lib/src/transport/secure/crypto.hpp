// The one step that libsodium wants before its first use: it looks at the CPU. Repeating it is cheap and
// harmless.
#pragma once

namespace squall::secure {

// Ends the program if the library cannot run at all: nothing could be protected.
void prepare_crypto();

}  // namespace squall::secure
