// The recording ring: exact copies in order, bounded, and never in the writer's way.
#include "squall/remotes/record_ring.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "support/counting_new.hpp"
#include "unit/remotes/remote_net.hpp"

namespace squall::remotes::testing {
namespace {

std::vector<std::byte> bytes_of(std::uint64_t number, std::size_t size) {
    std::vector<std::byte> out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(mix64(number + i));
    return out;
}

TEST(RecordRing, GivesBackWhatWasWrittenInOrderWhileItWrapsRound) {
    RecordRing ring(4096, 200);
    Rng rng(3);
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    std::vector<std::size_t> sizes;
    for (int round = 0; round < 5000; ++round) {
        const auto size = static_cast<std::size_t>(rng.below(260));
        sizes.push_back(size);
        const MessageRecord record{TimePoint{Duration(static_cast<std::int64_t>(written))},
                                   Direction::outbound,
                                   RemoteKind::property,
                                   {7, 3},
                                   12,
                                   static_cast<std::uint32_t>(size)};
        ASSERT_TRUE(ring.write(record, bytes_of(written, size)));
        ++written;
        if (rng.chance(percent(30)) || written - read > 8)
            ring.read([&](const MessageRecord& got, Bytes bytes) {
                ASSERT_EQ(got.at.time_since_epoch().count(), static_cast<std::int64_t>(read));
                ASSERT_EQ(got.peer, (ConnectionId{7, 3}));
                ASSERT_EQ(got.message_bytes, sizes[read]);
                const auto expected = bytes_of(read, std::min<std::size_t>(sizes[read], 200));
                ASSERT_TRUE(std::ranges::equal(bytes, expected)) << "record " << read;
                ++read;
            });
    }
    EXPECT_EQ(ring.dropped(), 0U);
}

TEST(RecordRing, DropsAndCountsWhenNobodyReads) {
    RecordRing ring(4096, 200);
    std::uint64_t kept = 0;
    for (std::uint64_t i = 0; i < 1000; ++i)
        kept += ring.write({.remote = static_cast<std::uint32_t>(i)}, bytes_of(i, 100)) ? 1U : 0U;
    EXPECT_GT(kept, 20U);
    EXPECT_EQ(ring.written(), kept);
    EXPECT_EQ(ring.dropped(), 1000 - kept);
    std::uint64_t next = 0;
    EXPECT_EQ(ring.read([&](const MessageRecord& record, Bytes) { EXPECT_EQ(record.remote, next++); }), kept);
    EXPECT_TRUE(ring.write({}, {})) << "there is room again";
}

TEST(RecordRing, AWriterAndAReaderOnTwoThreads) {
    RecordRing ring(std::size_t{64} * 1024, 64);
    constexpr std::uint64_t kRecords = 200'000;
    std::uint64_t wrong = 0;
    std::uint64_t seen = 0;
    std::atomic<bool> is_done{false};
    std::thread reader([&] {
        std::int64_t last = -1;
        const auto take = [&](const MessageRecord& record, Bytes bytes) {
            const auto number = record.at.time_since_epoch().count();
            if (number <= last || bytes.size() != 8) ++wrong;
            std::uint64_t inside = 0;
            if (bytes.size() == 8) std::memcpy(&inside, bytes.data(), 8);
            if (inside != static_cast<std::uint64_t>(number)) ++wrong;
            last = number;
            ++seen;
        };
        while (!is_done.load()) ring.read(take);
        ring.read(take);
    });
    for (std::uint64_t i = 0; i < kRecords; ++i) {
        std::array<std::byte, 8> bytes;
        std::memcpy(bytes.data(), &i, 8);
        (void)ring.write({.at = TimePoint{Duration(static_cast<std::int64_t>(i))}}, bytes);
    }
    is_done = true;
    reader.join();
    EXPECT_EQ(wrong, 0U);
    EXPECT_EQ(seen, ring.written());
    EXPECT_EQ(ring.written() + ring.dropped(), kRecords);
}

TEST(RecordRing, AsMiddlewareItKnowsDirectionPeerRemoteAndBytesAndAllocatesNothing) {
    RemoteNet net;
    RecordRing ring;
    net.server_remotes->use(Direction::inbound, ring.middleware());
    net.server_remotes->use(Direction::outbound, ring.middleware());
    auto chat = *net.server_remotes->event<Chat>("chat");
    auto score = *net.server_remotes->property<Score>("score");
    chat.listen([](const Origin&, const Chat&) {});
    auto& client = net.add_client();
    auto at_client = *client.remotes->event<Chat>("chat");
    (void)*client.remotes->property<Score>("score");
    net.connect(client, 1);
    net.run(500ms);
    at_client.fire(net.now, Chat{"up"});
    net.run(500ms);
    chat.fire(net.now, Chat{"down"});
    ASSERT_TRUE(score.set(net.now, Score{.points = 3}));
    net.run(1ms);  // properties leave with the drain
    std::vector<std::string> lines;
    ring.read([&](const MessageRecord& record, Bytes bytes) {
        lines.push_back(std::string(record.direction == Direction::inbound ? "in " : "out ") +
                        net.server_remotes->remotes()[record.remote]->info().name + " " +
                        std::to_string(record.message_bytes) + (record.peer == net.peer(0) ? "" : " ?"));
        EXPECT_EQ(bytes.size(), record.message_bytes);
    });
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0], "in chat 4");
    EXPECT_EQ(lines[1], "out chat 6");
    EXPECT_EQ(lines[2].substr(0, 10), "out score ");
    const auto before = test::allocation_count();
    for (int i = 0; i < 1000; ++i) (void)ring.write({}, as_bytes("0123456789"));
    EXPECT_EQ(test::allocation_count(), before);
}

}  // namespace
}  // namespace squall::remotes::testing
