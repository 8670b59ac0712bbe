// The bytes of a table's messages in front of the value, and which objects' handles were seen. The layout is
// section 7 of STANDARD.md. Knows no value and no peer.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/remotes/remote.hpp"
#include "squall/remotes/value_stream.hpp"

namespace squall::remotes::detail {

// What a table says of one object. Each time that an object begins for a peer it gets the next number there,
// its handle: that is what messages name.
struct TableHead {
    static constexpr std::uint64_t kGone = kBaselineWindow + 1;
    std::uint64_t handle = 0;
    std::uint64_t distance = 0;  // to the baseline; 0: a whole value, with the object's id; kGone: the end
    std::uint64_t version = 0;
    ObjectId object{};  // of whole values
};
[[nodiscard]] bool read_table_head(ByteReader& reader, TableHead& head);
void write_table_head(std::vector<std::byte>& out, std::uint32_t index, const TableHead& head);
void write_table_body(std::vector<std::byte>& out, const TableHead& head);  // without the remote's number

// Which handles were ever seen: all up to a number, and some above it.
class HandleSet {
  public:
    [[nodiscard]] bool contains(std::uint64_t handle) const;
    // False if too many are missing below it, which no friendly sender causes.
    [[nodiscard]] bool add(std::uint64_t handle);

  private:
    static constexpr std::size_t kMaxAbove = 65'536;
    std::uint64_t all_up_to_ = 0;
    std::set<std::uint64_t> above_;
};

enum class LoadOp : std::uint8_t { loaded = 1, unloaded = 2 };
inline constexpr std::size_t kMaxLoadIds = 1024;  // of one message

}  // namespace squall::remotes::detail
