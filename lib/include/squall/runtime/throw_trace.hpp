// Where the last exception of a thread was thrown. Needs the target squall::throw_trace: it puts a function
// of its own before the C++ runtime's __cxa_throw, for the whole process, which notes the stack and goes on.
// Who does not link that target gets empty traces and pays nothing.
#pragma once

#include <cstddef>
#include <vector>

#include "squall/remotes/error_report.hpp"

namespace squall {

// True if this program was linked with squall::throw_trace.
[[nodiscard]] bool has_throw_traces();
// Noting a stack takes some microseconds a throw. On unless turned off.
void enable_throw_traces(bool enabled);
// The stack of this thread's last throw, the throwing function first; empty if there was none. Ask in the
// catch. Names are those that the loader knows (some microseconds a frame).
[[nodiscard]] std::vector<remotes::StackFrame> last_throw_trace(std::size_t max_frames = 32);
// Names the frames that have none, from the symbol tables of the files: reads them at the first call, which
// takes milliseconds, so not on the thread that ticks. The sinks that write files or ask servers do it.
void name_frames(std::vector<remotes::StackFrame>& trace);

namespace runtime {
// Called by the hook, with the address that the throw would return to: where the stack begins.
void note_throw(void* thrown_at);
void announce_throw_hook();
}  // namespace runtime

}  // namespace squall
