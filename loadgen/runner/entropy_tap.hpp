// Random bytes on their way to a server, shown to whoever records them. What is drawn before anybody listens
// is kept until then. Makes none itself.
#pragma once

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include "squall/core/entropy.hpp"

namespace squall::loadgen {

class EntropyTap final : public EntropySource {
  public:
    explicit EntropyTap(EntropySource& source) : source_(source) {}

    void fill(MutableBytes out) override {
        source_.fill(out);
        if (listener_)
            listener_(out);
        else if (keeps_)
            kept_.insert(kept_.end(), out.begin(), out.end());
    }
    // Shows what was drawn so far, and from now on each draw as it is made.
    void listen(std::function<void(Bytes)> listener) {
        listener_ = std::move(listener);
        if (listener_ && !kept_.empty()) listener_(kept_);
        forget();
    }
    // Nobody will listen.
    void forget() {
        keeps_ = false;
        std::ranges::fill(kept_, std::byte{0});
        kept_ = {};
    }

  private:
    EntropySource& source_;
    std::function<void(Bytes)> listener_;
    std::vector<std::byte> kept_;
    bool keeps_ = true;
};

// Random bytes that were recorded, given out once more in their order; zeros when there are no more.
class RecordedEntropy final : public EntropySource {
  public:
    explicit RecordedEntropy(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
    void fill(MutableBytes out) override {
        const std::size_t count = std::min(out.size(), bytes_.size() - next_);
        std::ranges::copy(Bytes(bytes_).subspan(next_, count), out.begin());
        std::ranges::fill(out.subspan(count), std::byte{0});
        next_ += count;
        is_exhausted_ = is_exhausted_ || count < out.size();
    }
    // More was asked for than was recorded.
    [[nodiscard]] bool is_exhausted() const { return is_exhausted_; }

  private:
    std::vector<std::byte> bytes_;
    std::size_t next_ = 0;
    bool is_exhausted_ = false;
};

}  // namespace squall::loadgen
