// Recordings while a node runs: what reaches the file, what does not fit, what fails, and a real connection
// recorded and read back.
#include "squall/runtime/recording_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "squall/recorder/recording_reader.hpp"
#include "squall/runtime/packed_file.hpp"

namespace squall {
namespace {

using namespace std::chrono_literals;
using recorder::NodeCall;
using recorder::RecordingEnd;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using trace::EventKind;

constexpr TimePoint kStart{Duration(7'000'000'000)};
constexpr recorder::ClockAnchor kClock{kStart, 1'700'000'000'000'000'000};
constexpr Address kPeer = Address::ipv4(198, 51, 100, 1, 5000);
constexpr Address kLocal = Address::ipv4(192, 0, 2, 1, 40'000);

// A folder of its own, gone afterwards.
class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "squall-recording-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] std::string operator/(const char* name) const { return path_ + "/" + name; }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> out;
        for (const auto& entry : std::filesystem::directory_iterator(path_))
            out.push_back(entry.path().filename().string());
        std::ranges::sort(out);
        return out;
    }

  private:
    std::string path_;
};

struct ReadBack {
    std::vector<std::string> lines;  // a word or two a record
    std::optional<recorder::Problem> problem;
    recorder::Facts facts;
    std::uint64_t dropped = 0;
    std::uint64_t datagrams = 0;
    std::optional<RecordingEnd> end;
};

std::string word(const recorder::WireRecord& record) {
    return std::string(record.direction == recorder::Direction::outbound ? "sent " : "got ") +
           to_hex(record.packet) + (record.is_opened ? "" : " raw") + (record.is_refused ? " refused" : "");
}
std::string word(const recorder::MessageRecord& record) {
    return std::string(record.direction == recorder::Direction::outbound ? "message out in "
                                                                         : "message in, of ") +
           std::to_string(record.packet) + " remote " + std::to_string(record.remote);
}

ReadBack read_back(const std::string& path) {
    ReadBack out;
    auto file = PackedFile::open(path).value();
    recorder::RecordingReader reader;
    std::vector<std::byte> piece(1000);
    for (;;) {
        while (const auto record = reader.next()) {
            if (const auto* datagram = std::get_if<recorder::WireRecord>(&*record)) {
                ++out.datagrams;
                out.lines.push_back(word(*datagram));
            }
            if (const auto* message = std::get_if<recorder::MessageRecord>(&*record))
                out.lines.push_back(word(*message));
            const auto* control = std::get_if<recorder::ControlRecord>(&*record);
            if (control == nullptr) continue;
            const auto decoded = recorder::decode(*control).value();
            if (const auto* call = std::get_if<NodeCall>(&decoded)) {
                constexpr const char* kNames[] = {"", "timeout", "drain", "drain ended", "input"};
                out.lines.push_back(kNames[static_cast<std::size_t>(call->kind)]);
            } else if (const auto* dropped = std::get_if<recorder::Dropped>(&decoded)) {
                out.dropped += dropped->total();
            } else if (const auto* end = std::get_if<RecordingEnd>(&decoded)) {
                out.end = *end;
            } else if (control->type != recorder::RecordType::facts) {
                out.lines.emplace_back(to_string(control->type));
            }
        }
        out.facts = reader.facts();
        const std::size_t size = file.read(piece).value();
        if (size == 0) {
            if (reader.problem() || reader.is_at_end()) break;
            reader.finish();
            continue;
        }
        reader.feed(Bytes(piece).first(size));
    }
    out.problem = reader.problem();
    return out;
}

std::unique_ptr<Recording> start(RecordingSettings settings) {
    auto recording = Recording::start(kStart, std::move(settings), kClock);
    EXPECT_TRUE(recording) << recording.error().message;
    return std::move(*recording);
}

// Does what the test says when it is called, and tells its trace.
class ScriptedServer final : public Node {
  public:
    std::function<void(MutableBytes)> on_receive = [](MutableBytes) {};
    std::function<void()> on_timeout = [] {};
    std::function<std::optional<Transmit>(MutableBytes)> on_poll = [](MutableBytes) { return std::nullopt; };

    void receive(TimePoint, const Address&, MutableBytes datagram) override { on_receive(datagram); }
    std::optional<Transmit> poll_transmit(TimePoint, MutableBytes buffer) override { return on_poll(buffer); }
    [[nodiscard]] TimePoint poll_timeout() const override { return kNever; }
    void handle_timeout(TimePoint) override { on_timeout(); }
};

trace::Event event_of(EventKind kind, Bytes payload, std::uint64_t id = 0, std::uint32_t bytes = 0) {
    trace::Event event;
    event.at = kStart;
    event.kind = kind;
    event.id = id;
    event.bytes = bytes;
    event.payload = payload;
    event.connection = {3, 1};
    return event;
}

std::vector<std::byte> hex(std::string_view text) {
    return *from_hex(text);
}

// The whole life of a recorded node, on one thread, in one file.
struct Recorded {
    Folder folder;
    std::string path = folder / "run.pcapng";
    ScriptedServer server;
    RecordingNode node{server, {.local = kLocal, .channels = {}, .has_remotes = true, .realtime = {}}};
    std::unique_ptr<Recording> recording = start({.path = path, .ring_bytes = 1 << 20, .own_thread = false});

    Recorded() { node.start(kStart, *recording); }
    void receive(std::string_view datagram) {
        auto bytes = hex(datagram);
        node.receive(kStart, kPeer, bytes);
    }
    std::optional<Transmit> poll(TimePoint now = kStart) {
        std::array<std::byte, kMaxDatagramBytes> buffer;
        return node.poll_transmit(now, buffer);
    }
    ReadBack finish() {
        node.stop();
        recording->stop(kStart + 1s);
        return read_back(path);
    }
};

TEST(RecordingNode, RecordsOpenedPacketsAndWhatIsRefusedAsItCame) {
    Recorded run;
    run.server.on_receive = [&](MutableBytes datagram) {
        // It decrypts in place.
        std::ranges::fill(datagram, std::byte{0xee});
        run.node.on_event(event_of(EventKind::packet_opened, hex("15aabb"), 0xaa, 30));
        run.node.on_event(event_of(EventKind::message_received, hex("0261")));
    };
    run.receive("15aa11223344");
    EXPECT_FALSE(run.poll());
    run.server.on_receive = [&](MutableBytes datagram) {
        std::ranges::fill(datagram, std::byte{0xee});
        run.node.on_event(event_of(EventKind::datagram_refused, {}));
    };
    run.receive("15ab11223344");
    EXPECT_FALSE(run.poll());
    run.server.on_receive = [&](MutableBytes) {
        run.node.on_event(event_of(EventKind::packet_opened, hex("15accc"), 0xac, 30));
        run.node.on_event(event_of(EventKind::datagram_refused, {}));
    };
    run.receive("15ac11223344");
    EXPECT_THAT(run.finish().lines, ElementsAre("got 15aabb", "message in, of 170 remote 2",
                                                "got 15ab11223344 raw refused", "got 15accc refused"));
}

TEST(RecordingNode, TellsMessagesTheirPacketAndFindsThePlainTextOfWhatLeavesLater) {
    Recorded run;
    const auto seal = [&](std::string_view plain, std::uint64_t number, std::uint32_t bytes) {
        run.node.on_event(event_of(EventKind::packet_sealed, hex(plain), number, bytes));
    };
    const auto sends = [](std::string_view datagram) {
        return [=](MutableBytes buffer) -> std::optional<Transmit> {
            const auto bytes = hex(datagram);
            std::ranges::copy(bytes, buffer.begin());
            return Transmit{kPeer, bytes.size()};
        };
    };
    // Two goodbyes are sealed when the time comes, and leave one after the other.
    run.server.on_timeout = [&] {
        seal("1801aa", 1, 6);
        seal("1802bb", 2, 6);
    };
    run.node.handle_timeout(kStart);
    run.server.on_poll = sends("180199999999");
    EXPECT_TRUE(run.poll());
    // A payload is sealed while it is asked for.
    run.server.on_poll = [&](MutableBytes buffer) {
        run.node.on_event(event_of(EventKind::message_sent, hex("0761")));
        seal("1503cc", 3, 5);
        return sends("1503888888")(buffer);
    };
    EXPECT_TRUE(run.poll());
    run.server.on_poll = sends("180277777777");
    EXPECT_TRUE(run.poll());
    // Of this one nobody knows the plain text.
    run.server.on_poll = sends("150a8888");
    EXPECT_TRUE(run.poll());
    run.server.on_poll = [](MutableBytes) { return std::nullopt; };
    EXPECT_FALSE(run.poll());
    EXPECT_THAT(run.finish().lines, ElementsAre("timeout", "sent 1801aa", "message out in 3 remote 0",
                                                "sent 1503cc", "sent 1802bb", "sent 150a8888 raw"));
}

TEST(RecordingNode, APacketThatIsSealedAndLeavesLaterIsRecordedThenAndOnce) {
    Recorded run;
    const auto seal = [&](std::string_view plain, std::uint64_t number, std::uint32_t bytes) {
        run.node.on_event(event_of(EventKind::packet_sealed, hex(plain), number, bytes));
    };
    const auto give = [](MutableBytes buffer, std::string_view datagram) {
        const auto bytes = hex(datagram);
        std::ranges::copy(bytes, buffer.begin());
        return Transmit{kPeer, bytes.size()};
    };
    run.server.on_timeout = [&] { seal("1801aa", 1, 6); };
    run.node.handle_timeout(kStart);
    run.server.on_poll = [&](MutableBytes buffer) {
        seal("1503cc", 3, 5);
        return give(buffer, "180199999999");
    };
    EXPECT_TRUE(run.poll());
    // Or nothing leaves at all for now.
    run.server.on_poll = [&](MutableBytes) -> std::optional<Transmit> {
        seal("1504dd", 4, 5);
        return std::nullopt;
    };
    EXPECT_FALSE(run.poll());
    run.server.on_poll = [&](MutableBytes buffer) { return give(buffer, "1504777777"); };
    EXPECT_TRUE(run.poll(kStart + 1ms));
    run.server.on_poll = [&](MutableBytes buffer) { return give(buffer, "1503888888"); };
    EXPECT_TRUE(run.poll(kStart + 1ms));
    const ReadBack found = run.finish();
    EXPECT_THAT(found.lines, ElementsAre("timeout", "sent 1801aa", "drain", "sent 1504dd", "sent 1503cc"));
    EXPECT_EQ(found.end.value().datagrams, 3U);
}

TEST(RecordingNode, TellsOnlyWhatDiffersFromTheDrainRule) {
    Recorded run;
    run.server.on_receive = [&](MutableBytes) {
        run.node.on_event(event_of(EventKind::packet_opened, hex("15aa"), 1, 30));
    };
    run.receive("15aa1122");
    EXPECT_FALSE(run.poll());
    EXPECT_FALSE(run.poll());  // woken from outside: a drain of its own
    run.receive("15aa1122");
    run.node.handle_timeout(kStart);       // nobody asked what was there to send
    EXPECT_FALSE(run.poll(kStart + 1ms));  // another time than handle_timeout()'s
    run.node.input(kStart + 2ms, "shut_down");
    EXPECT_FALSE(run.poll(kStart + 2ms));
    EXPECT_THAT(run.finish().lines, ElementsAre("got 15aa", "drain", "got 15aa", "drain ended", "timeout",
                                                "drain ended", "drain", "input", "drain"));
}

TEST(RecordingNode, TellsConnectionsThatWereOpenBeforeItBegan) {
    Folder folder;
    ScriptedServer server;
    RecordingNode node(server, {});
    node.on_event(event_of(EventKind::connection_connected, {}, 77));
    auto recording = start({.path = folder / "late.pcapng", .own_thread = false});
    node.start(kStart, *recording);
    node.on_event(event_of(EventKind::connection_disconnected, {}, 77));
    node.stop();
    recording->stop(kStart);
    EXPECT_THAT(read_back(folder / "late.pcapng").lines, ElementsAre("connection", "connection"));
}

// --- files
// -----------------------------------------------------------------------------------------------------------

recorder::WireRecord datagram(TimePoint at, Bytes packet) {
    recorder::WireRecord record;
    record.at = at;
    record.local = kLocal;
    record.peer = kPeer;
    record.wire_bytes = static_cast<std::uint32_t>(packet.size());
    record.packet = packet;
    return record;
}

TEST(RecordingFiles, SayWhyTheyCannotBeMade) {
    const auto refused = Recording::start(kStart, {.path = "/no/such/folder/run.pcapng"}, kClock);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().message, HasSubstr("cannot create '/no/such/folder/run.pcapng'"));
}

TEST(RecordingFiles, RotateAndEachStandsAlone) {
    Folder folder;
    const std::vector<std::byte> packet(1000, std::byte{5});
    auto recording = start({.path = folder / "run.pcapng",
                            .facts = {{"seed", "9"}},
                            .rotate_bytes = 50'000,
                            .own_thread = false});
    for (int i = 0; i < 120; ++i) recording->put(datagram(kStart + i * 1ms, packet));
    recording->stop(kStart + 1s);
    EXPECT_EQ(recording->status().files, 3U);
    EXPECT_THAT(folder.names(), ElementsAre("run.2.pcapng", "run.3.pcapng", "run.pcapng"));
    std::uint64_t datagrams = 0;
    for (const char* name : {"run.pcapng", "run.2.pcapng", "run.3.pcapng"}) {
        const ReadBack file = read_back(folder / name);
        EXPECT_FALSE(file.problem);
        EXPECT_EQ(recorder::find_fact(file.facts, "seed"), "9");
        EXPECT_LT(std::filesystem::file_size(folder / name), 53'000U);
        ASSERT_TRUE(file.end);
        EXPECT_EQ(file.end->kind == RecordingEnd::Kind::finished, std::string_view(name) == "run.3.pcapng");
        datagrams += file.datagrams;
    }
    EXPECT_EQ(datagrams, 120U);
}

TEST(RecordingFiles, FlightRecorderKeepsTheLast) {
    Folder folder;
    const std::vector<std::byte> packet(100, std::byte{5});
    auto recording =
        start({.path = folder / "run.pcapng", .rotate_after = 1s, .keep_files = 3, .own_thread = false});
    for (int i = 0; i < 100; ++i) recording->put(datagram(kStart + i * 100ms, packet));
    recording->stop(kStart + 10s);
    EXPECT_THAT(folder.names(), ElementsAre("run.10.pcapng", "run.8.pcapng", "run.9.pcapng"));
    EXPECT_EQ(read_back(folder / "run.10.pcapng").datagrams, 10U);
}

TEST(RecordingFiles, WhatAFlightRecorderHasCanBeSavedAndStays) {
    Folder folder;
    const std::vector<std::byte> packet(100, std::byte{5});
    auto recording =
        start({.path = folder / "run.pcapng", .rotate_after = 1s, .keep_files = 3, .own_thread = false});
    int i = 0;
    for (; i < 45; ++i) recording->put(datagram(kStart + i * 100ms, packet));
    recording->save(folder / "last.pcapng");
    EXPECT_EQ(recording->status().saved, 1U);
    EXPECT_FALSE(recording->status().save_failure);
    for (; i < 100; ++i) recording->put(datagram(kStart + i * 100ms, packet));
    // Nothing is written over.
    recording->save(folder / "last.pcapng");
    EXPECT_EQ(recording->status().saved, 2U);
    ASSERT_TRUE(recording->status().save_failure);
    EXPECT_THAT(recording->status().save_failure->message, testing::HasSubstr("last.pcapng"));
    EXPECT_FALSE(recording->status().failure);
    recording->stop(kStart + 10s);
    // The first without a number, the others with that of their part; whole, and up to the order.
    std::uint64_t datagrams = 0;
    for (const char* name : {"last.pcapng", "last.4.pcapng", "last.5.pcapng"}) {
        const ReadBack file = read_back(folder / name);
        EXPECT_FALSE(file.problem) << name;
        ASSERT_TRUE(file.end) << name;
        EXPECT_EQ(file.end->kind, RecordingEnd::Kind::continued);
        datagrams += file.datagrams;
    }
    EXPECT_EQ(datagrams, 25U);
    EXPECT_EQ(recording->status().records.datagrams, 100U);
}

TEST(RecordingFiles, WhatDoesNotFitTheRingIsCountedAndRecorded) {
    Folder folder;
    const std::vector<std::byte> packet(1000, std::byte{5});
    // The thread looks every 10 ms; meanwhile all of these are put.
    auto recording = start({.path = folder / "run.pcapng", .ring_bytes = 16 * 1024});
    std::uint64_t fit = 0;
    for (int i = 0; i < 5000; ++i) {
        fit += recording->put(datagram(kStart + i * 1us, packet)) != nullptr ? 1U : 0U;
        recording->publish();
    }
    recording->stop(kStart + 1s);
    const ReadBack file = read_back(folder / "run.pcapng");
    EXPECT_FALSE(file.problem);
    EXPECT_EQ(file.datagrams, fit);
    EXPECT_EQ(file.dropped, 5000 - fit);
    EXPECT_GT(file.dropped, 0U);
    EXPECT_EQ(recording->status().records.dropped, file.dropped);
    EXPECT_EQ(file.end->dropped, file.dropped);
}

TEST(RecordingFiles, AFullDiskEndsTheRecordingAndNotTheRun) {
    Folder folder;
    // As a full disk does, a limit on the size of files makes write() stop in the middle of a block.
    struct rlimit before{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
    const struct rlimit limit{100'000, before.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    const std::vector<std::byte> packet(1000, std::byte{5});
    auto recording = start({.path = folder / "run.pcapng", .ring_bytes = 1 << 20, .own_thread = false});
    for (int i = 0; i < 5000; ++i) {
        recording->put(datagram(kStart + i * 1us, packet));
        recording->publish();
    }
    recording->stop(kStart + 1s);
    (void)std::signal(SIGXFSZ, old_handler);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
    const auto failure = recording->status().failure;
    ASSERT_TRUE(failure);
    EXPECT_THAT(failure->message, HasSubstr("readable up to there"));
    EXPECT_FALSE(read_back(folder / "run.pcapng").problem);
}

TEST(RecordingFiles, CompressedOnesAreRead) {
    Folder folder;
    const std::vector<std::byte> packet(1000, std::byte{5});
    auto recording = start({.path = folder / "run.pcapng", .own_thread = false});
    for (int i = 0; i < 500; ++i) recording->put(datagram(kStart + i * 1us, packet));
    recording->stop(kStart + 1s);
    const std::string plain = folder / "run.pcapng";
    ASSERT_EQ(std::system(("gzip -k " + plain).c_str()), 0);
    EXPECT_EQ(read_back(plain + ".gz").datagrams, 500U);
    EXPECT_EQ(PackedFile::open(plain + ".gz").value().packing(), "gzip");
    EXPECT_EQ(PackedFile::open(plain).value().packing(), "plain");
    // A member behind a member, and one that was cut.
    ASSERT_EQ(std::system(("cat " + plain + ".gz " + plain + ".gz > " + plain + ".two").c_str()), 0);
    EXPECT_EQ(read_back(plain + ".two").datagrams, 1000U);
    const auto size = std::filesystem::file_size(plain + ".gz");
    std::filesystem::resize_file(plain + ".gz", size * 3 / 4);
    const ReadBack cut = read_back(plain + ".gz");
    EXPECT_GT(cut.datagrams, 100U);
    EXPECT_EQ(cut.problem->kind, recorder::ProblemKind::cut);
    EXPECT_FALSE(PackedFile::open(folder / "none"));
}

}  // namespace
}  // namespace squall
