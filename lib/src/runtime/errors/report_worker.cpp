#include "runtime/errors/report_worker.hpp"

#include "squall/runtime/throw_trace.hpp"

namespace squall::runtime {

ReportWorker::ReportWorker(std::size_t max_queued, Handle handle, Idle idle)
    : max_queued_(max_queued),
      handle_(std::move(handle)),
      idle_(std::move(idle)),
      thread_([this] { run(); }) {}

ReportWorker::~ReportWorker() {
    {
        const std::lock_guard lock(mutex_);
        is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool ReportWorker::add(const remotes::ErrorReport& report) {
    remotes::ErrorReport copy = report;  // outside of the lock
    {
        const std::lock_guard lock(mutex_);
        if (queue_.size() >= max_queued_) return false;
        queue_.push_back(std::move(copy));
        ++added_;
    }
    changed_.notify_one();
    return true;
}

void ReportWorker::flush() {
    std::unique_lock lock(mutex_);
    const std::uint64_t wanted = added_;
    wants_idle_ = true;
    changed_.notify_one();
    settled_.wait(lock, [&] { return handled_ >= wanted && !wants_idle_; });
}

void ReportWorker::run() {
    std::optional<Duration> wait = Duration{0};
    std::unique_lock lock(mutex_);
    for (;;) {
        const auto is_wanted = [&] { return !queue_.empty() || is_stopping_ || wants_idle_; };
        if (wait) {
            changed_.wait_for(lock, *wait, is_wanted);
        } else {
            changed_.wait(lock, is_wanted);
        }
        while (!queue_.empty()) {
            remotes::ErrorReport report = std::move(queue_.front());
            queue_.pop_front();
            lock.unlock();
            name_frames(report.trace);
            handle_(report);
            lock.lock();
            ++handled_;
        }
        if (is_stopping_) return;
        lock.unlock();
        wait = idle_ ? idle_() : std::nullopt;
        lock.lock();
        if (queue_.empty()) wants_idle_ = false;
        settled_.notify_all();
    }
}

}  // namespace squall::runtime
