// What the arms of transport_cost share: the options, the memory through which the two processes and their
// parent talk, and the meter that counts messages and CPU time inside the measured window. Knows no
// transport.
#pragma once

#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "squall/core/bytes.hpp"
#include "squall/core/time.hpp"
#include "squall/transport/suite.hpp"

namespace squall::bench {

inline constexpr std::size_t kMessageBytes = 64;
inline constexpr int kTicksPerSecond = 60;
inline constexpr int kMessagesPerSecond = 30;  // a client and direction: every second tick
inline constexpr Duration kTick{1'000'000'000 / kTicksPerSecond};
inline constexpr Duration kPollInterval = std::chrono::milliseconds(1);
inline constexpr int kSocketBufferBytes = 8 * 1024 * 1024;
inline constexpr std::size_t kIpAndUdpBytes = 28;
// A server that cannot keep up would take in datagrams for ever: after so many it looks at its clock again.
inline constexpr int kMaxTakenAtOnce = 4096;

struct ContestOptions {
    std::uint32_t clients = 1000;
    Duration seconds = std::chrono::seconds(2);
    // True: the server sleeps until a datagram comes; false: it looks once a millisecond and at its ticks.
    bool event_driven = false;
};

enum class Phase : int { starting, warming, measuring, draining, finished };

struct WireCount {
    std::uint64_t datagrams = 0;
    std::uint64_t bytes = 0;
    std::uint64_t system_calls = 0;
};

// What one process reports. Written by it alone, read by the parent when it has ended.
struct SideReport {
    std::uint64_t sent = 0;       // messages, inside the window
    std::uint64_t received = 0;   // messages, inside the window
    std::uint64_t delivered = 0;  // messages that were sent inside the window and came, late ones too
    std::uint64_t user_ns = 0;
    std::uint64_t system_ns = 0;
    std::uint64_t elapsed_ns = 0;
    WireCount wire;  // datagrams sent inside the window
    std::uint64_t kernel_drops = 0;
    [[nodiscard]] double nanoseconds_per_message() const {
        return static_cast<double>(user_ns + system_ns) /
               static_cast<double>(std::max<std::uint64_t>(sent + received, 1));
    }
};

// Lives in memory that parent and children share.
struct Contest {
    std::atomic<Phase> phase{Phase::starting};
    std::atomic<int> server_port{0};
    std::atomic<bool> clients_are_ready{false};
    std::atomic<bool> failed{false};
    std::array<char, 400> failure{};
    SideReport server;
    SideReport clients;
    void fail(const std::string& message);
};

[[nodiscard]] TimePoint read_clock();
void sleep_until(TimePoint until);
// What the kernel dropped at this socket so far.
[[nodiscard]] std::uint64_t kernel_drops(int fd);
void enlarge_buffers(int fd);

// Counts for one process. Asked for the phase once per round of its loop.
class Meter {
  public:
    Meter(Contest& contest, SideReport& report, std::function<WireCount()> wire);
    // Takes the snapshots when the parent has begun or ended the window.
    Phase phase();
    [[nodiscard]] bool is_measuring() const { return phase_ == Phase::measuring; }
    // Not before all clients are connected: connecting must not compete with the load.
    [[nodiscard]] bool may_send() const { return phase_ != Phase::starting && phase_ != Phase::finished; }
    // Writes the message that goes out next: the first byte tells whether it belongs to the window.
    void write_message(MutableBytes out, std::uint32_t number);
    void count_sent() { report_.sent += is_measuring() ? 1 : 0; }
    void count_received(Bytes message);

  private:
    struct Snapshot {
        rusage usage{};
        TimePoint at{};
        WireCount wire;
    };
    [[nodiscard]] Snapshot snapshot() const;
    Contest& contest_;
    SideReport& report_;
    std::function<WireCount()> wire_;
    Phase phase_ = Phase::starting;
    Snapshot begin_;
};

// The loop of a server that is polled: look for datagrams, send at ticks, wait.
class TickLoop {
  public:
    TickLoop(const ContestOptions& options, int fd);
    // The number of the tick that is due, or nothing.
    [[nodiscard]] bool tick_is_due(TimePoint now, std::uint64_t& tick);
    void wait();

  private:
    const bool event_driven_;
    const int fd_;
    TimePoint next_tick_;
    TimePoint next_poll_;
    std::uint64_t tick_ = 0;
};

// One way to carry the messages. Each function is the whole life of one process and returns at
// Phase::finished.
struct Arm {
    std::string name;
    std::function<void(const ContestOptions&, Contest&)> run_server;
    std::function<void(const ContestOptions&, Contest&)> run_clients;
};
[[nodiscard]] Arm raw_arm(bool batched);
[[nodiscard]] Arm host_arm();
[[nodiscard]] Arm enet_arm(bool throttled);
[[nodiscard]] Arm squall_arm(Suite suite);

}  // namespace squall::bench
