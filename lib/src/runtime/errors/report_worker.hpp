// A thread that handles reports one after the other, with a bounded queue before it: whoever adds one never
// waits for what is done with it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "squall/remotes/error_report.hpp"

namespace squall::runtime {

class ReportWorker {
  public:
    // Both run on the thread. `idle` is called when the queue is empty: how long until it is called again
    // without a report; nothing: not before the next one.
    using Handle = std::function<void(const remotes::ErrorReport&)>;  // with named frames
    using Idle = std::function<std::optional<Duration>()>;
    ReportWorker(std::size_t max_queued, Handle handle, Idle idle);
    // Handles what is queued, and ends the thread.
    ~ReportWorker();
    ReportWorker(const ReportWorker&) = delete;
    ReportWorker& operator=(const ReportWorker&) = delete;

    // False if the queue is full: the report is dropped.
    bool add(const remotes::ErrorReport& report);
    // Waits until the queue is empty and idle() was called since.
    void flush();
    // The destructor has begun: what is left should be done without waiting.
    [[nodiscard]] bool is_stopping() const { return is_stopping_; }

  private:
    void run();
    std::size_t max_queued_;
    Handle handle_;
    Idle idle_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable settled_;
    std::deque<remotes::ErrorReport> queue_;
    std::uint64_t added_ = 0;
    std::uint64_t handled_ = 0;  // idle() included
    bool wants_idle_ = false;
    std::atomic<bool> is_stopping_{false};
    std::thread thread_;
};

}  // namespace squall::runtime
