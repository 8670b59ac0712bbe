#include "squall/runtime/recording.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "runtime/recording/recording_ring.hpp"
#include "runtime/recording/recording_writer.hpp"

namespace squall {
namespace {

// The thread looks so often for what there is; every fifth time it goes to the file.
constexpr auto kLookInterval = std::chrono::milliseconds(10);
constexpr unsigned kLooksPerFlush = 5;
constexpr unsigned kLooksPerSync = 100;
// Between two looks at whether the ring's own thread should stop.
constexpr std::size_t kRecordsPerLook = 65'536;

}  // namespace

struct Recording::State {
    State(const RecordingSettings& settings, std::unique_ptr<runtime::RecordingWriter> its_writer)
        : ring(settings.ring_bytes), writer(std::move(its_writer)), last_status(writer->status()) {}

    void write_some(std::size_t most) { ring.read(*writer, most); }
    void tell_status() {
        const std::lock_guard lock(mutex);
        last_status = writer->status();
    }
    void save_asked() {
        std::vector<std::string> paths;
        {
            const std::lock_guard lock(mutex);
            paths.swap(to_save);
        }
        for (const std::string& path : paths) writer->save(path);
        if (!paths.empty()) tell_status();
    }
    void run() {
        std::unique_lock lock(mutex);
        for (unsigned look = 1; !is_stopping; ++look) {
            wake.wait_for(lock, kLookInterval, [&] { return is_stopping; });
            lock.unlock();
            write_some(kRecordsPerLook);
            save_asked();
            const bool is_due = look % kLooksPerFlush == 0;
            if (is_due) writer->flush();
            if (look % kLooksPerSync == 0) writer->sync();
            if (is_due) tell_status();
            lock.lock();
        }
    }

    runtime::RecordingRing ring;
    std::unique_ptr<runtime::RecordingWriter> writer;  // of the thread while there is one
    bool is_stopped = false;

    mutable std::mutex mutex;  // guards what follows
    std::condition_variable wake;
    bool is_stopping = false;
    RecordingStatus last_status;
    std::vector<std::string> to_save;
    std::thread thread;
};

Result<std::unique_ptr<Recording>> Recording::start(TimePoint now, RecordingSettings settings,
                                                    recorder::ClockAnchor clock) {
    auto writer = runtime::RecordingWriter::open(now, settings, clock);
    if (!writer) return std::unexpected(writer.error());
    auto state = std::make_unique<State>(settings, std::move(*writer));
    if (settings.own_thread) state->thread = std::thread([its = state.get()] { its->run(); });
    return std::unique_ptr<Recording>(new Recording(std::move(state)));
}

Recording::Recording(std::unique_ptr<State> state) : state_(std::move(state)) {}

Recording::~Recording() {
    stop(TimePoint::min());
}

recorder::WireRecord* Recording::put(const recorder::WireRecord& record) {
    return state_->ring.put(record);
}
recorder::MessageRecord* Recording::put(const recorder::MessageRecord& record) {
    return state_->ring.put(record);
}
bool Recording::put(TimePoint at, const recorder::Control& control) {
    return state_->ring.put(at, control);
}

void Recording::withdraw(recorder::WireRecord& record) {
    runtime::RecordingRing::withdraw(record);
}

void Recording::publish() {
    state_->ring.publish();
    if (state_->thread.joinable()) return;
    // Without a thread half of the ring is always free for the next call of the node.
    if (state_->is_stopped) {
        state_->ring.read([](const auto&) {}, ~std::size_t{0});
    } else if (state_->ring.used() > state_->ring.capacity() / 2) {
        state_->write_some(~std::size_t{0});
        state_->tell_status();
    }
}

void Recording::save(std::string path) {
    if (state_->is_stopped) return;
    {
        const std::lock_guard lock(state_->mutex);
        state_->to_save.push_back(std::move(path));
    }
    if (state_->thread.joinable()) return;
    state_->ring.publish();
    state_->write_some(~std::size_t{0});
    state_->save_asked();
}

void Recording::stop(TimePoint now) {
    if (state_->is_stopped) return;
    state_->is_stopped = true;
    if (state_->thread.joinable()) {
        {
            const std::lock_guard lock(state_->mutex);
            state_->is_stopping = true;
        }
        state_->wake.notify_all();
        state_->thread.join();
    }
    state_->ring.publish();
    state_->write_some(~std::size_t{0});
    state_->save_asked();
    state_->ring.tell_drops(std::max(now, state_->writer->last_at()));
    state_->ring.publish();
    state_->write_some(~std::size_t{0});
    state_->writer->finish(now);
    state_->tell_status();
}

RecordingStatus Recording::status() const {
    const std::lock_guard lock(state_->mutex);
    RecordingStatus out = state_->last_status;
    out.records.dropped = state_->ring.dropped();
    return out;
}

}  // namespace squall
