// The function before the C++ runtime's __cxa_throw: notes the stack, and goes on. A target of its own
// (squall::throw_trace), for it changes the whole process; knows nothing of remotes and reports.
#include <dlfcn.h>

#include <cstdlib>

#include "squall/runtime/throw_trace.hpp"

// AddressSanitizer's own function in this place does this; there where it is, it must be done here.
extern "C" void __asan_handle_no_return() __attribute__((weak));  // NOLINT(bugprone-reserved-identifier)

namespace {

using Throw = void (*)(void*, void*, void (*)(void*));

const bool kIsAnnounced = [] {
    squall::runtime::announce_throw_hook();
    return true;
}();

Throw next_throw() {
    static const auto next = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
    return next;
}

}  // namespace

extern "C" {

// What the target's link option asks for, so that this file is linked whatever the order of libraries.
extern const bool* const squall_throw_hook = &kIsAnnounced;

// By its name in the object file only: compilers disagree on the types that they declare it with.
[[noreturn]] void squall_note_and_throw(void* thrown, void* type,
                                        void (*destroy)(void*)) __asm__("__cxa_throw");
[[noreturn]] void squall_note_and_throw(void* thrown, void* type, void (*destroy)(void*)) {
    squall::runtime::note_throw(__builtin_return_address(0));
    if (__asan_handle_no_return != nullptr) __asan_handle_no_return();
    const Throw next = next_throw();
    if (next != nullptr) next(thrown, type, destroy);
    std::abort();
}

}  // extern "C"
