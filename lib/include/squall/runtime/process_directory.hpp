// The processes of this user that can be watched live: a directory with a small JSON file for each, readable
// by its owner only, for it holds the token. Written by live endpoints, read by viewers. Knows no endpoint.
//
//     {"name": "arena server", "pid": 4242, "address": "127.0.0.1:40123", "started": 1700000000,
//      "process_start": 123456, "token": "..."}
//
// A file whose process does not live any more, or is another of the same number (process_start: field 22 of
// its /proc/PID/stat), is stale: it is passed over, and removed by the next process that is announced.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "squall/core/address.hpp"
#include "squall/core/result.hpp"
#include "squall/core/time.hpp"

namespace squall {

struct WatchableProcess {
    std::string name{};
    std::uint64_t process = 0;
    Address address{};
    UnixSeconds started{};
    std::string token{};
};

// Where the files lie: "squall" in `runtime_directory` (pass $XDG_RUNTIME_DIR), if that is empty in
// /run/user/UID, and if there is none either, squall-UID in the directory for temporary files.
[[nodiscard]] std::string process_directory(std::string_view runtime_directory);

// Makes the directory (mode 0700) and the file (0600). Returns the file's path. Errors: permission_denied
// (the directory is somebody else's, or others can get in), io.
[[nodiscard]] Result<std::string> announce_process(const std::string& directory,
                                                   const WatchableProcess& process);

// Those that live, by name and process id. No directory: none.
[[nodiscard]] std::vector<WatchableProcess> find_processes(const std::string& directory);

}  // namespace squall
