// A plugin as somebody else would write it: a codec, a middleware, a transport and an inspector, from public
// headers only. The same file makes those that do not fit.
#include <charconv>
#include <fstream>
#include <string>

#include "squall/runtime/asio_host.hpp"
#include "squall/runtime/plugin.hpp"

namespace {

using namespace squall;

// JSON with every byte turned over: of use to nobody, but surely not one of Squall's.
class Inverted final : public wire::Codec {
  public:
    std::string_view name() const override { return "inverted"; }
    wire::CodecId id() const override { return wire::user_codec_id(200); }
    Result<> encode(const wire::CodecType& type, const void* object,
                    std::vector<std::byte>& out) const override {
        auto written = wire::json_codec().encode(type, object, out);
        for (std::byte& byte : out) byte = ~byte;
        return written;
    }
    Result<> decode(const wire::CodecType& type, Bytes bytes, void* object) const override {
        std::vector<std::byte> copy(bytes.begin(), bytes.end());
        for (std::byte& byte : copy) byte = ~byte;
        return wire::json_codec().decode(type, copy, object);
    }
};
const Inverted kInverted;

// Counts, and writes what it counted into the file of its argument when it ends.
class Counter final : public trace::Sink {
  public:
    explicit Counter(std::string_view path) : path_(path) {}
    Counter(const Counter&) = delete;
    Counter& operator=(const Counter&) = delete;
    ~Counter() override { std::ofstream(path_) << count_; }
    void on_event(const trace::Event&) override { ++count_; }

  private:
    std::string path_;
    std::uint64_t count_ = 0;
};

// "max-bytes" with an argument like "100".
Result<remotes::Middleware> make_max_bytes(std::string_view argument) {
    std::size_t most = 0;
    const auto read = std::from_chars(argument.data(), argument.data() + argument.size(), most);
    if (read.ec != std::errc{} || argument.empty())
        return fail(ErrorCode::invalid_argument, "max-bytes takes a number of bytes");
    return remotes::Middleware([most](remotes::Message& message, const remotes::Next& next) {
        return message.bytes().size() > most ? remotes::Outcome::invalid : next();
    });
}

[[maybe_unused]] Result<> load(Plugins& plugins) {
    if (auto added = plugins.add_codec(kInverted); !added) return added;
    if (auto added = plugins.add_middleware("max-bytes", make_max_bytes); !added) return added;
#ifdef PLUGIN_BROKEN
    return fail(ErrorCode::io, "no licence");
#else
    if (auto added = plugins.add_transport("asio",
                                           [](std::string_view) -> Result<std::unique_ptr<Host>> {
                                               auto host = AsioHost::make();
                                               if (!host) return std::unexpected(host.error());
                                               return std::unique_ptr<Host>(std::move(*host));
                                           });
        !added)
        return added;
    return plugins.add_inspector("counter",
                                 [](std::string_view path) -> Result<std::unique_ptr<trace::Sink>> {
                                     return std::make_unique<Counter>(path);
                                 });
#endif
}

}  // namespace

#ifndef PLUGIN_EMPTY
extern "C" __attribute__((visibility("default"))) const squall::Plugin* squall_plugin() {
    static const squall::Plugin kPlugin{
#ifdef PLUGIN_OLD
        .api = squall::kPluginApi + 1,
#endif
#ifdef PLUGIN_FOREIGN
        .abi = "squall 0.0, libstdc++ 4",
#endif
        .name = "test",
        .load = load};
    return &kPlugin;
}
#endif
