#include "squall/runtime/process_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <tuple>

#include "runtime/descriptor.hpp"

namespace squall {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kMaxFileBytes = 4096;

// When the process with that number began, in ticks since the system did; nothing if there is none.
std::optional<std::uint64_t> process_start(std::uint64_t process) {
    std::ifstream file(fmt::format("/proc/{}/stat", process));
    std::string line;
    if (!std::getline(file, line)) return std::nullopt;
    // The second field is the program's name in parentheses and may hold anything.
    const auto after = line.rfind(')');
    if (after == std::string::npos) return std::nullopt;
    std::istringstream fields(line.substr(after + 1));
    std::string skipped;
    for (int i = 3; i < 22; ++i) fields >> skipped;
    std::uint64_t start = 0;
    fields >> start;
    if (!fields) return std::nullopt;
    return start;
}

std::optional<WatchableProcess> read_file(const fs::path& path) {
    std::error_code error;
    if (fs::file_size(path, error) > kMaxFileBytes || error) return std::nullopt;
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    try {
        WatchableProcess out;
        out.name = json.at("name").get<std::string>();
        out.process = json.at("pid").get<std::uint64_t>();
        const auto address = Address::parse(json.at("address").get<std::string>());
        if (!address) return std::nullopt;
        out.address = *address;
        out.started = UnixSeconds{json.at("started").get<std::uint64_t>()};
        out.token = json.at("token").get<std::string>();
        if (process_start(out.process) != json.at("process_start").get<std::uint64_t>()) return std::nullopt;
        return out;
    } catch (const nlohmann::json::exception&) {
        return std::nullopt;
    }
}

// Where others could put files, or links, nothing is written.
Result<> make_private_directory(const std::string& directory) {
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(ErrorCode::io, fmt::format("cannot make {}: {}", directory, std::strerror(errno)));
    struct stat status{};
    if (lstat(directory.c_str(), &status) != 0)
        return fail(ErrorCode::io, fmt::format("cannot look at {}: {}", directory, std::strerror(errno)));
    if (!S_ISDIR(status.st_mode) || status.st_uid != getuid() || (status.st_mode & 0077) != 0)
        return fail(ErrorCode::permission_denied,
                    fmt::format("{} must be a directory of this user with mode 0700, for it holds tokens",
                                directory));
    return {};
}

void remove_stale(const std::string& directory) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error))
        if (entry.path().extension() == ".json" && !read_file(entry.path())) fs::remove(entry.path(), error);
}

}  // namespace

std::string process_directory(std::string_view runtime_directory) {
    std::error_code error;
    if (!runtime_directory.empty()) return std::string(runtime_directory) + "/squall";
    const std::string users = fmt::format("/run/user/{}", getuid());
    if (fs::is_directory(users, error) && access(users.c_str(), W_OK) == 0) return users + "/squall";
    return (fs::temp_directory_path(error) / fmt::format("squall-{}", getuid())).string();
}

Result<std::string> announce_process(const std::string& directory, const WatchableProcess& process) {
    if (auto made = make_private_directory(directory); !made) return std::unexpected(made.error());
    remove_stale(directory);
    const nlohmann::json json = {{"name", process.name},
                                 {"pid", process.process},
                                 {"address", to_string(process.address)},
                                 {"started", process.started.value},
                                 {"process_start", process_start(process.process).value_or(0)},
                                 {"token", process.token}};
    const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    // One more endpoint of the same process gets a name of its own.
    for (const std::string& name : {fmt::format("{}.json", process.process),
                                    fmt::format("{}-{}.json", process.process, process.address.port())}) {
        const std::string path = directory + "/" + name;
        const std::string draft = path + ".new";
        const runtime::Descriptor file(
            open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
        if (!file.is_open() ||
            write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            return fail(ErrorCode::io, fmt::format("cannot write {}: {}", draft, std::strerror(errno)));
        // Not over a file that is there: that one is another endpoint's.
        const bool linked = link(draft.c_str(), path.c_str()) == 0;
        (void)unlink(draft.c_str());
        if (linked) return path;
    }
    return fail(ErrorCode::io, fmt::format("cannot write to {}: {}", directory, std::strerror(errno)));
}

std::vector<WatchableProcess> find_processes(const std::string& directory) {
    std::vector<WatchableProcess> out;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
        if (entry.path().extension() != ".json") continue;
        if (auto process = read_file(entry.path())) out.push_back(std::move(*process));
    }
    std::ranges::sort(
        out, {}, [](const WatchableProcess& process) { return std::tie(process.name, process.process); });
    return out;
}

}  // namespace squall
