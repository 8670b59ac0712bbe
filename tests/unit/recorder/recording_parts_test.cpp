// Names of the files of a rotated recording, wherever reading begins, and unpacking without a file.
#include "squall/recorder/recording_parts.hpp"

#include <gtest/gtest.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "squall/recorder/unpacker.hpp"

namespace squall::recorder {
namespace {

TEST(RecordingParts, AreNumberedBeforeTheSuffix) {
    EXPECT_EQ(path_of_part("a/run.pcapng", 1), "a/run.pcapng");
    EXPECT_EQ(path_of_part("a/run.squall.pcapng", 2), "a/run.squall.2.pcapng");
    EXPECT_EQ(path_of_part("a.b/run", 3), "a.b/run.3");
    EXPECT_EQ(path_of_part("a/.run", 2), "a/.run.2");
    EXPECT_EQ(path_of_part("run.pcapng.gz", 2), "run.2.pcapng.gz");
}

TEST(RecordingParts, NextOneIsFoundFromAnyOne) {
    EXPECT_EQ(path_of_next_part("a/run.pcapng", 1), "a/run.2.pcapng");
    EXPECT_EQ(path_of_next_part("a/run.2.pcapng", 2), "a/run.3.pcapng");
    EXPECT_EQ(path_of_next_part("run.99.pcapng.zst", 99), "run.100.pcapng.zst");
    // A first file whose own name ends in a number, and a part that was given another name.
    EXPECT_EQ(path_of_next_part("run.1.pcapng", 1), "run.1.2.pcapng");
    EXPECT_EQ(path_of_next_part("evening.pcapng", 4), "evening.5.pcapng");
    // Folders' names have dots, too.
    EXPECT_EQ(path_of_next_part("v1.2/run", 2), "v1.2/run.3");
}

TEST(RecordingParts, FileSaysWhichItIs) {
    EXPECT_EQ(part_of({{"session.part", "7"}}, 1), 7u);
    EXPECT_EQ(part_of({}, 3), 3u);
    EXPECT_EQ(part_of({{"session.part", "7x"}}, 2), 2u);
    EXPECT_EQ(part_of({{"session.part", "0"}}, 2), 2u);
}

// Unpacks with pieces of these sizes, whatever ends first.
std::vector<std::byte> unpacked(Bytes packed, std::size_t in_piece, std::size_t out_piece) {
    const auto unpacker = Unpacker::make(packed);
    std::vector<std::byte> out;
    while (true) {
        Bytes in = packed.first(std::min(in_piece, packed.size()));
        packed = packed.subspan(in.size());
        for (;;) {
            std::vector<std::byte> piece(out_piece);
            MutableBytes rest(piece);
            const auto did = unpacker->unpack(in, rest);
            EXPECT_TRUE(did) << did.error().message;
            if (!did) return {};
            out.insert(out.end(), piece.begin(), piece.end() - static_cast<std::ptrdiff_t>(rest.size()));
            if (in.empty() && rest.size() > 0) break;
        }
        if (packed.empty()) break;
    }
    EXPECT_TRUE(unpacker->is_complete());
    return out;
}

TEST(Unpacker, GivesBackWhatWasPackedInAnyPieces) {
    std::vector<std::byte> plain(70'000);
    for (std::size_t i = 0; i < plain.size(); ++i) plain[i] = static_cast<std::byte>(i * i >> 7);
    std::vector<std::byte> zstd(ZSTD_compressBound(plain.size()));
    zstd.resize(ZSTD_compress(zstd.data(), zstd.size(), plain.data(), plain.size(), 3));
    for (const std::size_t in : {1u, 4096u, 1'000'000u})
        for (const std::size_t out : {7u, 65'536u}) {
            EXPECT_EQ(unpacked(zstd, in, out), plain) << in << " " << out;
            EXPECT_EQ(unpacked(plain, in, out), plain);
        }
    EXPECT_EQ(Unpacker::make(zstd)->packing(), "zstd");
    EXPECT_EQ(Unpacker::make(plain)->packing(), "plain");
    // Damaged data is an error, and no end of it is seen as one.
    zstd[zstd.size() / 2] ^= std::byte{0xff};
    zstd[zstd.size() / 2 + 1] ^= std::byte{0xff};
    const auto damaged = Unpacker::make(zstd);
    Bytes in(zstd);
    std::vector<std::byte> room(plain.size());
    MutableBytes rest(room);
    const auto did = damaged->unpack(in, rest);
    EXPECT_TRUE(!did || !std::ranges::equal(room, plain));
    EXPECT_FALSE(Unpacker::make(Bytes(zstd).first(4))->is_complete());
}

}  // namespace
}  // namespace squall::recorder
