#include "squall/remotes/table_format.hpp"

namespace squall::remotes::detail {

bool read_table_head(ByteReader& reader, TableHead& head) {
    head.handle = reader.read_varint();
    head.distance = reader.read_varint();
    if (!reader.ok() || head.handle == 0 || head.distance > TableHead::kGone) return false;
    if (head.distance == TableHead::kGone) return reader.at_end();
    head.version = reader.read_varint();
    if (head.distance == 0) head.object = ObjectId{reader.read_varint()};
    return reader.ok() && head.version > head.distance;
}

void write_table_head(std::vector<std::byte>& out, std::uint32_t index, const TableHead& head) {
    append_varint(out, std::uint64_t{index} + 1);
    write_table_body(out, head);
}

void write_table_body(std::vector<std::byte>& out, const TableHead& head) {
    append_varint(out, head.handle);
    append_varint(out, head.distance);
    if (head.distance == TableHead::kGone) return;
    append_varint(out, head.version);
    if (head.distance == 0) append_varint(out, head.object.value);
}

bool HandleSet::contains(std::uint64_t handle) const {
    return handle <= all_up_to_ || above_.contains(handle);
}

bool HandleSet::add(std::uint64_t handle) {
    if (contains(handle)) return true;
    if (handle != all_up_to_ + 1) {
        if (above_.size() >= kMaxAbove) return false;
        above_.insert(handle);
        return true;
    }
    ++all_up_to_;
    while (!above_.empty() && *above_.begin() == all_up_to_ + 1) {
        above_.erase(above_.begin());
        ++all_up_to_;
    }
    return true;
}

}  // namespace squall::remotes::detail
