// Plugins: codecs, middleware, transports and inspectors that a program gets at run time, from its own code
// or from a shared library. A plugin says what it was made for; what does not fit is refused before any of it
// runs.
//
//     extern "C" const squall::Plugin* squall_plugin() {              // in the shared library
//         static constexpr squall::Plugin kPlugin{.name = "mine", .load = load};
//         return &kPlugin;
//     }
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/result.hpp"
#include "squall/remotes/message.hpp"
#include "squall/runtime/host.hpp"
#include "squall/trace/sink.hpp"
#include "squall/wire/codec_registry.hpp"

namespace squall {

// Grows with every change of what plugins see of Squall.
inline constexpr std::uint32_t kPluginApi = 2;
// What must be the same in two files that hand each other C++ objects.
#define SQUALL_PLUGIN_TEXT_(x) #x
#define SQUALL_PLUGIN_TEXT(x) SQUALL_PLUGIN_TEXT_(x)
inline constexpr const char* kPluginAbi = "squall 0.1, libstdc++ " SQUALL_PLUGIN_TEXT(
    _GLIBCXX_RELEASE) ", cxx11 " SQUALL_PLUGIN_TEXT(_GLIBCXX_USE_CXX11_ABI);

class Plugins;

struct Plugin {
    // In this order in every version, so that an old or new one can be told by its first members.
    std::uint32_t magic = 0x53514c50;
    std::uint32_t api = kPluginApi;
    const char* abi = kPluginAbi;
    const char* name = nullptr;
    // Registers what there is. After an error nothing of it stays.
    Result<> (*load)(Plugins& plugins) = nullptr;
};

class Plugins {
  public:
    // The argument is what the configuration says behind the name; each factory says what it takes.
    using MiddlewareFactory = std::function<Result<remotes::Middleware>(std::string_view argument)>;
    using TransportFactory = std::function<Result<std::unique_ptr<Host>>(std::string_view argument)>;
    using InspectorFactory = std::function<Result<std::unique_ptr<trace::Sink>>(std::string_view argument)>;

    Plugins();
    // Whatever plugins made must be gone before.
    ~Plugins();
    Plugins(const Plugins&) = delete;
    Plugins& operator=(const Plugins&) = delete;

    // Errors: unsupported (another version; says both), invalid_argument (no plugin, or its name is there),
    // and what its load() says. An error names the plugin.
    Result<> add(const Plugin& plugin);
    // A shared library's plugin; the library stays as long as this object. Errors: as above, and io (the
    // loader's text).
    Result<> open(const std::string& path);
    [[nodiscard]] std::vector<std::string> names() const;

    // --- For load(). Errors: invalid_argument (the name is there already; says whose).
    Result<> add_codec(const wire::Codec& codec);
    Result<> add_middleware(std::string name, MiddlewareFactory factory);
    Result<> add_transport(std::string name, TransportFactory factory);
    Result<> add_inspector(std::string name, InspectorFactory factory);

    // --- For the program. Errors: unknown_id (names those that there are), and the factory's.
    [[nodiscard]] const wire::CodecRegistry& codecs() const;
    [[nodiscard]] Result<remotes::Middleware> middleware(std::string_view name,
                                                         std::string_view argument = {}) const;
    [[nodiscard]] Result<std::unique_ptr<Host>> transport(std::string_view name,
                                                          std::string_view argument = {}) const;
    [[nodiscard]] Result<std::unique_ptr<trace::Sink>> inspector(std::string_view name,
                                                                 std::string_view argument = {}) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace squall
