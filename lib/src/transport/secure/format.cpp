// Version strings of the suites. Knows nothing else.
#include "transport/secure/format.hpp"

#include <algorithm>
#include <cstring>

namespace squall::secure {
namespace {

VersionInfo version_of(const char (&text)[kVersionBytes]) {
    VersionInfo version;
    std::memcpy(version.data(), text, kVersionBytes);
    return version;
}

const std::array<VersionInfo, kSuiteCount> kVersions = {
    version_of("NETCODE 1.02"),
    version_of("SQUALL 1.0 A"),
    version_of("SQUALL 1.0 S"),
    version_of("SQUALL 1.0 N"),
};

}  // namespace

const VersionInfo& version_info(Suite suite) {
    return kVersions[static_cast<std::size_t>(suite)];
}

std::optional<Suite> suite_of_version(Bytes version) {
    for (std::size_t i = 0; i < kVersions.size(); ++i)
        if (std::ranges::equal(version, kVersions[i])) return static_cast<Suite>(i);
    return std::nullopt;
}

}  // namespace squall::secure
