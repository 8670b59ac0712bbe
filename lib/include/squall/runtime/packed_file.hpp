// Reads a file from its beginning, whether it is as it is, or compressed by gzip or zstd. What it is told by
// its first bytes, not by its name. Its memory does not depend on the file's size.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"

namespace squall {

class PackedFile {
  public:
    // Errors: io, with what the system says of the path.
    [[nodiscard]] static Result<PackedFile> open(const std::string& path);
    ~PackedFile();
    PackedFile(PackedFile&&) noexcept;
    PackedFile& operator=(PackedFile&&) noexcept;

    // Fills the front of `out`, and says how much: 0 only at the end. A compressed file that ends early ends
    // here, too, after all that can be made of it; see is_cut(). Errors: io, malformed (the compressed data
    // is damaged, and where).
    [[nodiscard]] Result<std::size_t> read(MutableBytes out);
    [[nodiscard]] bool is_cut() const;
    // "plain", "gzip" or "zstd".
    [[nodiscard]] std::string_view packing() const;

  private:
    struct State;
    explicit PackedFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace squall
