// A server's private key as text: 64 hexadecimal digits, from a file, an environment variable or a pipe;
// never from a command line, where every user of the machine could read it.
#pragma once

#include <string>
#include <string_view>

#include "squall/core/result.hpp"
#include "squall/transport/suite.hpp"

namespace squall::loadgen {

[[nodiscard]] std::string to_text(const Key& key);
// `where` names the source in the error.
[[nodiscard]] Result<Key> parse_key(std::string_view text, std::string_view where);
[[nodiscard]] Result<Key> read_key_file(const std::string& path);
[[nodiscard]] Result<Key> read_key_variable(const std::string& name);

}  // namespace squall::loadgen
