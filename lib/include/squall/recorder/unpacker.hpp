// Turns a compressed recording back into plain bytes, piece by piece: gzip, zstd, or plain ones as they are.
// What it is told by its first bytes, not by a name. Does no I/O, and its memory does not depend on how much
// comes.
#pragma once

#include <memory>
#include <string_view>

#include "squall/core/bytes.hpp"
#include "squall/core/result.hpp"

namespace squall::recorder {

class Unpacker {
  public:
    // `beginning`: the first bytes of the file, four or more of them if it has so many. They are only looked
    // at.
    [[nodiscard]] static std::unique_ptr<Unpacker> make(Bytes beginning);
    virtual ~Unpacker() = default;
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;

    // Takes from the front of `in` and writes to the front of `out`; both then begin behind that. What it
    // holds back comes out without more input, too. Errors: malformed (the compressed data is damaged).
    [[nodiscard]] virtual Result<> unpack(Bytes& in, MutableBytes& out) = 0;
    // At the end of the packed bytes: nothing is missing.
    [[nodiscard]] virtual bool is_complete() const = 0;
    // "plain", "gzip" or "zstd".
    [[nodiscard]] virtual std::string_view packing() const = 0;

  protected:
    Unpacker() = default;
};

}  // namespace squall::recorder
