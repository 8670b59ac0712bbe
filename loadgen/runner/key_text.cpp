#include "runner/key_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "squall/core/bytes.hpp"

namespace squall::loadgen {

std::string to_text(const Key& key) {
    return to_hex(key);
}

Result<Key> parse_key(std::string_view text, std::string_view where) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' '))
        text.remove_suffix(1);
    const auto bytes = from_hex(text);
    if (!bytes || bytes->size() != kKeyBytes) {
        return fail(
            ErrorCode::malformed,
            fmt::format("{} does not hold a key: it must be {} hexadecimal digits, as `openssl rand -hex 32` "
                        "prints them",
                        where, 2 * kKeyBytes));
    }
    Key key{};
    std::copy(bytes->begin(), bytes->end(), key.begin());
    return key;
}

Result<Key> read_key_file(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    if (!file)
        return fail(ErrorCode::io,
                    fmt::format("the key file '{}' cannot be read: {}", path, std::strerror(errno)));
    std::getline(file, line);
    return parse_key(line, fmt::format("the key file '{}'", path));
}

Result<Key> read_key_variable(const std::string& name) {
    const char* text = std::getenv(name.c_str());
    if (text == nullptr)
        return fail(
            ErrorCode::invalid_argument,
            fmt::format("the environment variable '{}' is not set; it must hold the server's key", name));
    return parse_key(text, fmt::format("the environment variable '{}'", name));
}

}  // namespace squall::loadgen
