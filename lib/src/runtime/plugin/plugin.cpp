// The registry of plugins, and the loader of shared libraries.
#include "squall/runtime/plugin.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

namespace squall {
namespace {

constexpr std::uint32_t kMagic = Plugin{}.magic;

template <class Factory>
struct Registered {
    std::string plugin;
    Factory make;
};
template <class Factory>
using Factories = std::map<std::string, Registered<Factory>, std::less<>>;

template <class Factory>
Result<> add_to(Factories<Factory>& factories, std::string_view kind, const std::string& plugin,
                std::string name, Factory factory) {
    const auto place = factories.find(name);
    if (name.empty() || place != factories.end())
        return fail(ErrorCode::invalid_argument,
                    name.empty() ? fmt::format("a {} needs a name", kind)
                                 : fmt::format("{} '{}' is there already, from plugin '{}'", kind, name,
                                               place->second.plugin));
    factories.emplace(std::move(name), Registered<Factory>{plugin, std::move(factory)});
    return {};
}

template <class Factory>
auto make_from(const Factories<Factory>& factories, std::string_view kind, std::string_view name,
               std::string_view argument) -> decltype(std::declval<Factory>()(argument)) {
    const auto place = factories.find(name);
    if (place != factories.end()) return place->second.make(argument);
    std::vector<std::string_view> known;
    for (const auto& [key, value] : factories) known.emplace_back(key);
    return fail(ErrorCode::unknown_id,
                fmt::format("no plugin has a {} '{}'; there are: {}", kind, name,
                            known.empty() ? std::string("none") : fmt::format("{}", fmt::join(known, ", "))));
}

struct Closes {
    void operator()(void* library) const { (void)::dlclose(library); }
};
using Library = std::unique_ptr<void, Closes>;

// What may be looked at whatever the version is comes first.
Result<> check(const Plugin& plugin) {
    if (plugin.magic != kMagic) return fail(ErrorCode::invalid_argument, "this is no plugin of Squall");
    if (plugin.api != kPluginApi)
        return fail(
            ErrorCode::unsupported,
            fmt::format("the plugin is made for version {} of the plugin interface, this program has {}",
                        plugin.api, kPluginApi));
    if (plugin.abi == nullptr || std::strcmp(plugin.abi, kPluginAbi) != 0)
        return fail(ErrorCode::unsupported,
                    fmt::format("the plugin is built for '{}', this program for '{}'",
                                plugin.abi == nullptr ? "nothing" : plugin.abi, kPluginAbi));
    if (plugin.name == nullptr || *plugin.name == '\0' || plugin.load == nullptr)
        return fail(ErrorCode::invalid_argument, "the plugin has no name, or nothing to load");
    return {};
}

}  // namespace

struct Plugins::State {
    // What plugins registered; a copy is put back when one fails.
    struct Contents {
        wire::CodecRegistry codecs = wire::CodecRegistry::standard();
        Factories<MiddlewareFactory> middleware;
        Factories<TransportFactory> transports;
        Factories<InspectorFactory> inspectors;
        std::vector<std::string> names;
    };
    std::vector<Library> libraries;  // end last: the contents' code is in them
    Contents contents;
    std::string loading;
};

Plugins::Plugins() : state_(std::make_unique<State>()) {}
Plugins::~Plugins() = default;

Result<> Plugins::add(const Plugin& plugin) {
    if (const auto checked = check(plugin); !checked) return checked;
    if (std::ranges::find(state_->contents.names, plugin.name) != state_->contents.names.end())
        return fail(ErrorCode::invalid_argument, fmt::format("plugin '{}' is there already", plugin.name));
    const State::Contents before = state_->contents;
    state_->loading = plugin.name;
    state_->contents.names.emplace_back(plugin.name);
    if (const auto loaded = plugin.load(*this); !loaded) {
        state_->contents = before;
        return fail(loaded.error().code, fmt::format("plugin '{}': {}", plugin.name, loaded.error().message));
    }
    return {};
}

Result<> Plugins::open(const std::string& path) {
    Library library(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL));
    if (library == nullptr) {
        const char* const text = ::dlerror();
        return fail(ErrorCode::io, fmt::format("plugin '{}': {}", path, text == nullptr ? "unknown" : text));
    }
    using Entry = const Plugin* (*)();
    const auto entry = reinterpret_cast<Entry>(::dlsym(library.get(), "squall_plugin"));
    const Plugin* const plugin = entry == nullptr ? nullptr : entry();
    if (plugin == nullptr)
        return fail(ErrorCode::invalid_argument,
                    fmt::format("'{}' has no function squall_plugin() that gives a plugin", path));
    state_->libraries.push_back(std::move(library));
    const auto added = add(*plugin);
    if (added) return {};
    state_->libraries.pop_back();
    return fail(added.error().code, fmt::format("'{}': {}", path, added.error().message));
}

std::vector<std::string> Plugins::names() const {
    return state_->contents.names;
}

Result<> Plugins::add_codec(const wire::Codec& codec) {
    return state_->contents.codecs.add(codec);
}
Result<> Plugins::add_middleware(std::string name, MiddlewareFactory factory) {
    return add_to(state_->contents.middleware, "middleware", state_->loading, std::move(name),
                  std::move(factory));
}
Result<> Plugins::add_transport(std::string name, TransportFactory factory) {
    return add_to(state_->contents.transports, "transport", state_->loading, std::move(name),
                  std::move(factory));
}
Result<> Plugins::add_inspector(std::string name, InspectorFactory factory) {
    return add_to(state_->contents.inspectors, "inspector", state_->loading, std::move(name),
                  std::move(factory));
}

const wire::CodecRegistry& Plugins::codecs() const {
    return state_->contents.codecs;
}
Result<remotes::Middleware> Plugins::middleware(std::string_view name, std::string_view argument) const {
    return make_from(state_->contents.middleware, "middleware", name, argument);
}
Result<std::unique_ptr<Host>> Plugins::transport(std::string_view name, std::string_view argument) const {
    return make_from(state_->contents.transports, "transport", name, argument);
}
Result<std::unique_ptr<trace::Sink>> Plugins::inspector(std::string_view name,
                                                        std::string_view argument) const {
    return make_from(state_->contents.inspectors, "inspector", name, argument);
}

}  // namespace squall
