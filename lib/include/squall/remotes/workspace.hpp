// What registries work with while they encode and decode, kept for the next message so that none allocates.
// Nothing in it lives longer than a call: registries of one thread may share one, and thousands of clients in
// a process then work in memory that is in the cache. Knows no remote.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "squall/wire/codec.hpp"

namespace squall::remotes {

class Workspace {
    struct Spare {
        const void* type = nullptr;
        bool is_taken = false;
        Spare() = default;
        virtual ~Spare() = default;
        Spare(const Spare&) = delete;
        Spare& operator=(const Spare&) = delete;
    };
    template <class T>
    struct SpareOf final : Spare {
        T value{};
    };

  public:
    Workspace() = default;
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;

    // For remotes, while they encode; empty them first.
    std::vector<std::byte> scratch;
    std::vector<std::byte> frame;

    // An object to decode into, with what the last message of its type left in it: all that a codec writes
    // over, memory included. Given back when the lease ends.
    template <wire::Described T>
    class Lease {
      public:
        explicit Lease(Workspace& workspace) {
            const void* const type = &wire::codec_type<T>();
            for (const auto& spare : workspace.spares_) {
                if (spare->type != type) continue;
                if (!spare->is_taken) spare_ = static_cast<SpareOf<T>*>(spare.get());
                break;
            }
            if (spare_ == nullptr) {
                own_ = std::make_unique<SpareOf<T>>();
                spare_ = own_.get();
                spare_->type = type;
                workspace_ = &workspace;
            }
            spare_->is_taken = true;
        }
        ~Lease() {
            spare_->is_taken = false;
            if (is_spoiled_) spare_->value = T{};
            // The first of its type stays; what was needed inside a handler of the same type does not.
            if (own_ != nullptr) workspace_->keep(std::move(own_));
        }
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;

        [[nodiscard]] T& value() { return spare_->value; }
        // Somebody else wrote into it: the next message finds a fresh one.
        void spoil() { is_spoiled_ = true; }

      private:
        SpareOf<T>* spare_ = nullptr;
        std::unique_ptr<SpareOf<T>> own_;
        Workspace* workspace_ = nullptr;
        bool is_spoiled_ = false;
    };

  private:
    void keep(std::unique_ptr<Spare> fresh) {
        for (const auto& spare : spares_)
            if (spare->type == fresh->type) return;
        spares_.push_back(std::move(fresh));
    }
    std::vector<std::unique_ptr<Spare>> spares_;  // one a type
};

}  // namespace squall::remotes
