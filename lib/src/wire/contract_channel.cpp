#include "squall/wire/contract_channel.hpp"

namespace squall::wire::detail {

void put_ack(BitWriter& writer, const ContractAck& ack) {
    writer.bits(ack.id, 16);
    writer.bits(ack.earlier, kEarlierAcks);
}
void get_ack(BitReader& reader, ContractAck& ack) {
    reader.bits(ack.id, 16);
    reader.bits(ack.earlier, kEarlierAcks);
}

void RecentIds::insert(std::uint64_t id) {
    if (!any_) {
        any_ = true;
        newest_ = id;
        mask_ = 1;
    } else if (id > newest_) {
        mask_ = id - newest_ >= 64 ? 1 : (mask_ << (id - newest_)) | 1;
        newest_ = id;
    } else if (newest_ - id < 64) {
        mask_ |= std::uint64_t{1} << (newest_ - id);
    }
}

std::uint16_t RecentIds::before(std::uint64_t id) const {
    std::uint16_t bits = 0;
    for (unsigned back = 1; back <= kEarlierAcks; ++back)
        if (id >= back && contains(id - back)) bits = static_cast<std::uint16_t>(bits | (1U << (back - 1)));
    return bits;
}

}  // namespace squall::wire::detail
