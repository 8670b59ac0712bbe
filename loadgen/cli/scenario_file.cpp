#include "cli/scenario_file.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "arena/behaviour.hpp"
#include "scenario/document.hpp"

namespace squall::loadgen {
namespace {

struct Closer {
    void operator()(std::FILE* file) const { (void)std::fclose(file); }
};

std::expected<std::string, std::string> read_text(const std::string& path) {
    struct stat about{};
    if (stat(path.c_str(), &about) == 0 && S_ISDIR(about.st_mode))
        return std::unexpected(fmt::format("{}: this is a folder; name a scenario file", path));
    const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "re"));
    if (!file) {
        return std::unexpected(fmt::format(
            "{}: cannot be read: {}; `squall-loadgen list scenarios` shows the scenarios that are here", path,
            std::strerror(errno)));
    }
    std::string text;
    char buffer[16 * 1024];
    // One byte above the limit is enough for the parser to say that it is too long.
    while (text.size() <= kMaxScenarioBytes) {
        const std::size_t count = std::fread(buffer, 1, sizeof buffer, file.get());
        if (count == 0) break;
        text.append(buffer, count);
    }
    return text;
}

// Arena's behaviours; the default of a group that names none comes first.
std::vector<std::string_view> behaviour_names() {
    std::vector<std::string_view> out;
    for (const auto& behaviour : arena::behaviours()) out.push_back(behaviour.name);
    const auto wander = std::find(out.begin(), out.end(), "wander");
    if (wander != out.end()) std::rotate(out.begin(), wander, wander + 1);
    return out;
}

}  // namespace

std::expected<Scenario, std::vector<std::string>> load_scenario(const std::string& file,
                                                                const std::vector<std::string>& overrides) {
    const auto text = read_text(file);
    if (!text) return std::unexpected(std::vector<std::string>{text.error()});
    auto scenario = parse_scenario(*text, file, {behaviour_names(), overrides});
    if (!scenario) return std::unexpected(scenario.error().lines());
    return std::move(*scenario);
}

}  // namespace squall::loadgen
