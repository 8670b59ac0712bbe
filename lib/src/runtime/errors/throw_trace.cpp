#include "squall/runtime/throw_trace.hpp"

#include <cxxabi.h>
#include <dlfcn.h>
#include <execinfo.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>

#include "runtime/errors/elf_symbols.hpp"

namespace squall {
namespace {

constexpr int kMaxFrames = 64;

struct LastThrow {
    std::array<void*, kMaxFrames> frames;
    int first;  // the throwing function
    int count;
};
thread_local LastThrow last_throw{};
std::atomic<bool> is_hooked{false};
std::atomic<bool> is_enabled{true};

std::string demangled(std::string name) {
    // "name.cold", "name.part.0": the compiler's parts of one function.
    if (name.starts_with("_Z")) name.resize(std::min(name.find('.'), name.size()));
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text(
        abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status), &std::free);
    return status == 0 && text != nullptr ? text.get() : name;
}

remotes::StackFrame frame_at(void* address) {
    remotes::StackFrame frame;
    frame.address = reinterpret_cast<std::uintptr_t>(address);
    Dl_info info{};
    link_map* map = nullptr;
    // A return address may be the first of the next function: what called lies before it.
    if (::dladdr1(static_cast<char*>(address) - 1, &info, reinterpret_cast<void**>(&map), RTLD_DL_LINKMAP) ==
        0)
        return frame;
    if (info.dli_fname != nullptr) {
        const std::string_view path = info.dli_fname;
        frame.module = path.substr(path.rfind('/') + 1);
        frame.offset = frame.address - (map == nullptr ? 0 : map->l_addr);
    }
    if (info.dli_sname != nullptr) frame.function = demangled(info.dli_sname);
    return frame;
}

// The symbols of the files that frames were in, as long as the program runs: a loaded file does not change.
class SymbolCache {
  public:
    std::string find(std::uint64_t address) {
        Dl_info info{};
        link_map* map = nullptr;
        if (::dladdr1(reinterpret_cast<void*>(address), &info, reinterpret_cast<void**>(&map),
                      RTLD_DL_LINKMAP) == 0 ||
            map == nullptr)
            return {};
        // The program itself has no name there.
        const std::string path = map->l_name[0] == '\0' ? "/proc/self/exe" : map->l_name;
        const std::lock_guard lock(mutex_);
        const auto [place, is_new] = files_.try_emplace(path);
        if (is_new) place->second = runtime::ElfSymbols::read(path);
        return place->second.find(address - map->l_addr);
    }

  private:
    std::mutex mutex_;
    std::map<std::string, runtime::ElfSymbols> files_;
};

}  // namespace

void name_frames(std::vector<remotes::StackFrame>& trace) {
    // Never destroyed: a thread that reports may outlive main().
    static SymbolCache& cache = *new SymbolCache;
    for (remotes::StackFrame& frame : trace) {
        if (!frame.function.empty() || frame.address == 0) continue;
        if (const std::string name = cache.find(frame.address - 1); !name.empty())
            frame.function = demangled(name);
    }
}

bool has_throw_traces() {
    return is_hooked.load(std::memory_order_relaxed);
}
void enable_throw_traces(bool enabled) {
    is_enabled.store(enabled, std::memory_order_relaxed);
}

std::vector<remotes::StackFrame> last_throw_trace(std::size_t max_frames) {
    std::vector<remotes::StackFrame> out;
    for (int i = last_throw.first; i < last_throw.count && out.size() < max_frames; ++i)
        out.push_back(frame_at(last_throw.frames[static_cast<std::size_t>(i)]));
    return out;
}

namespace runtime {

void note_throw(void* thrown_at) {
    last_throw.count =
        is_enabled.load(std::memory_order_relaxed) ? ::backtrace(last_throw.frames.data(), kMaxFrames) : 0;
    // How many frames are ours depends on the build; a sanitizer has some of its own.
    const auto end = last_throw.frames.begin() + last_throw.count;
    const auto first = std::find(last_throw.frames.begin(), end, thrown_at);
    last_throw.first = first == end ? 0 : static_cast<int>(first - last_throw.frames.begin());
}

void announce_throw_hook() {
    // The first backtrace() loads a library and allocates: here, and not in somebody's throw.
    std::array<void*, 2> frames;
    (void)::backtrace(frames.data(), 2);
    is_hooked.store(true, std::memory_order_relaxed);
}

}  // namespace runtime
}  // namespace squall
