// What a durable recording promises: whatever it said of the file is true of it after the process was killed,
// and what it said is on the disk was asked to be there.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <vector>

#include "squall/recorder/recording_reader.hpp"
#include "squall/runtime/recording.hpp"

namespace {

// How large the file was when the system was last asked to have it on the disk.
std::atomic<std::uint64_t> size_on_disk{0};
std::atomic<std::uint64_t> times_asked{0};

}  // namespace

// The library's calls come here first.
extern "C" int fdatasync(int file) {
    struct stat status{};
    const bool is_known = fstat(file, &status) == 0;
    const auto result = static_cast<int>(syscall(SYS_fdatasync, file));
    if (result == 0 && is_known) {
        size_on_disk = static_cast<std::uint64_t>(status.st_size);
        ++times_asked;
    }
    return result;
}

namespace squall {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint kStart{Duration(7'000'000'000)};
constexpr recorder::ClockAnchor kClock{kStart, 1'700'000'000'000'000'000};

// What the recording process knows of its file at one moment.
struct Report {
    std::uint64_t flushed = 0;
    std::uint64_t durable = 0;
    std::uint64_t on_disk = 0;
};

recorder::WireRecord datagram(std::uint64_t number, Bytes bytes) {
    recorder::WireRecord out;
    out.at = kStart + Duration(static_cast<std::int64_t>(number) * 1000);
    out.is_opened = true;
    out.local = Address::ipv4(192, 0, 2, 1, 40'000);
    out.peer = Address::ipv4(198, 51, 100, 1, 5000);
    out.sequence = number;
    out.wire_bytes = 100;
    out.packet = bytes;
    return out;
}

// Records for ever, and tells what it is told.
[[noreturn]] void record_until_killed(const std::string& path, int reports) {
    auto recording = Recording::start(kStart, {.path = path, .durable = true}, kClock);
    if (!recording) _exit(1);
    const std::vector<std::byte> bytes(80, std::byte{0x15});
    Report last;
    for (std::uint64_t number = 0;; ++number) {
        (*recording)->put(datagram(number, bytes));
        (*recording)->publish();
        if (number % 16 != 0) continue;
        (void)poll(nullptr, 0, 1);
        // The size on the disk is read last: it may be greater than what the status knew, and not smaller.
        const RecordingStatus status = (*recording)->status();
        const Report now{status.bytes, status.durable_bytes, size_on_disk};
        if (now.flushed == last.flushed && now.durable == last.durable) continue;
        last = now;
        if (write(reports, &now, sizeof(now)) != sizeof(now)) _exit(2);
    }
}

// Datagrams in whole blocks; nothing if something is wrong with them.
std::optional<std::uint64_t> read_numbers(Bytes file) {
    recorder::RecordingReader reader;
    reader.feed(file);
    reader.finish();
    std::uint64_t next = 0;
    while (const auto record = reader.next()) {
        const auto* const sent = std::get_if<recorder::WireRecord>(&*record);
        if (sent == nullptr) continue;
        if (sent->sequence != next) return std::nullopt;
        ++next;
    }
    return next;
}

class DurableRecording : public testing::Test {
  protected:
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "squall-durable-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path() const { return folder_ + "/run.pcapng"; }
    [[nodiscard]] std::vector<std::byte> file() const {
        std::ifstream in(path(), std::ios::binary);
        std::vector<char> text{std::istreambuf_iterator<char>(in), {}};
        const auto bytes = std::as_bytes(std::span(text));
        return {bytes.begin(), bytes.end()};
    }

  private:
    std::string folder_;
};

TEST_F(DurableRecording, WhatItSaidIsInTheFileAfterAKill) {
    for (int reports_wanted : {1, 3, 7, 22}) {
        int ends[2];
        ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) record_until_killed(path(), ends[1]);
        close(ends[1]);
        Report last;
        for (int got = 0; got < reports_wanted || (reports_wanted > 20 && last.durable == 0); ++got)
            ASSERT_EQ(read(ends[0], &last, sizeof(last)), static_cast<ssize_t>(sizeof(last)));
        kill(child, SIGKILL);
        int how = 0;
        waitpid(child, &how, 0);
        ASSERT_TRUE(WIFSIGNALED(how));
        // It told more before it died.
        while (read(ends[0], &last, sizeof(last)) == static_cast<ssize_t>(sizeof(last))) continue;
        close(ends[0]);

        EXPECT_LE(last.durable, last.flushed);
        EXPECT_LE(last.durable, last.on_disk) << "said to be on the disk, and nobody had asked for that";
        if (reports_wanted > 20) EXPECT_GT(last.durable, 0U);
        const auto bytes = file();
        ASSERT_GE(bytes.size(), last.flushed);
        const auto all = read_numbers(bytes);
        ASSERT_TRUE(all) << "a hole";
        // Each point that was told of is the end of a block: what a power cut would leave is a recording.
        for (const std::uint64_t point : {last.flushed, last.durable}) {
            if (point == 0) continue;
            recorder::RecordingReader reader;
            reader.feed(Bytes(bytes).first(static_cast<std::size_t>(point)));
            reader.finish();
            while (reader.next()) continue;
            EXPECT_FALSE(reader.problem()) << reader.problem()->message;
        }
    }
}

TEST_F(DurableRecording, TheEndIsOnTheDiskToo) {
    const std::uint64_t before = times_asked;
    auto recording = Recording::start(kStart, {.path = path(), .durable = true, .own_thread = false}, kClock);
    ASSERT_TRUE(recording);
    const std::vector<std::byte> bytes(80, std::byte{0x15});
    (*recording)->put(datagram(0, bytes));
    (*recording)->publish();
    (*recording)->stop(kStart + 1s);
    const RecordingStatus status = (*recording)->status();
    EXPECT_GT(times_asked, before);
    EXPECT_EQ(status.durable_bytes, status.bytes);
    EXPECT_EQ(size_on_disk, std::filesystem::file_size(path()));
}

TEST_F(DurableRecording, NobodyIsAskedWhereItIsNotWanted) {
    const std::uint64_t before = times_asked;
    auto recording = Recording::start(kStart, {.path = path(), .own_thread = false}, kClock);
    ASSERT_TRUE(recording);
    (*recording)->stop(kStart + 1s);
    EXPECT_EQ(times_asked, before);
    EXPECT_EQ((*recording)->status().durable_bytes, 0U);
}

}  // namespace
}  // namespace squall
