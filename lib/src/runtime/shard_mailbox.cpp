#include "runtime/shard_mailbox.hpp"

#include <sys/eventfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "runtime/system_error.hpp"

namespace squall::runtime {

Result<std::unique_ptr<ShardMailbox>> ShardMailbox::make(std::size_t capacity) {
    std::unique_ptr<ShardMailbox> mailbox(new ShardMailbox(capacity));
    mailbox->event_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!mailbox->event_.is_open()) return std::unexpected(system_error(errno, "cannot create an eventfd"));
    return mailbox;
}

ShardMail* ShardMailbox::reserve() {
    if (count_ == mails_.size()) {
        drops_.fetch_add(1, std::memory_order_relaxed);
        return nullptr;
    }
    return &mails_[(first_ + count_) % mails_.size()];
}

// The descriptor is written for the first mail only: the owner empties the box before it sleeps again.
void ShardMailbox::publish() {
    if (count_++ > 0) return;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(event_.get(), &one, sizeof one);
}

bool ShardMailbox::post_datagram(const Address& from, Bytes datagram) {
    if (datagram.empty() || datagram.size() > kMaxDatagramBytes) return false;
    const std::scoped_lock lock(mutex_);
    ShardMail* mail = reserve();
    if (mail == nullptr) return false;
    mail->peer = from;
    mail->datagram_bytes = static_cast<std::uint16_t>(datagram.size());
    std::memcpy(mail->datagram.data(), datagram.data(), datagram.size());
    publish();
    return true;
}

bool ShardMailbox::post_claim(const Address& peer, std::uint8_t owner) {
    const std::scoped_lock lock(mutex_);
    ShardMail* mail = reserve();
    if (mail == nullptr) return false;
    mail->peer = peer;
    mail->owner = owner;
    mail->datagram_bytes = 0;
    publish();
    return true;
}

bool ShardMailbox::take(ShardMail& out) {
    const std::scoped_lock lock(mutex_);
    if (count_ == 0) return false;
    const ShardMail& mail = mails_[first_];
    out.peer = mail.peer;
    out.owner = mail.owner;
    out.datagram_bytes = mail.datagram_bytes;
    std::copy_n(mail.datagram.begin(), mail.datagram_bytes, out.datagram.begin());
    first_ = (first_ + 1) % mails_.size();
    if (--count_ == 0) {
        std::uint64_t ignored = 0;
        [[maybe_unused]] const auto read = ::read(event_.get(), &ignored, sizeof ignored);
    }
    return true;
}

}  // namespace squall::runtime
