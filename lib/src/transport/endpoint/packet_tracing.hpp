// Whether an endpoint's packets are shown in plain text, and to whom: what server and client have in common
// of it. Knows no packet.
#pragma once

#include <memory>

#include "squall/transport/endpoint.hpp"
#include "transport/secure/packet_tap.hpp"

namespace squall::endpoint {

class PacketTracing {
  public:
    void set_now(TimePoint now) {
        if (tap_) tap_->now = now;
    }
    void show_refusal(RefusalCause cause) const {
        if (tap_ && tap_->viewer != nullptr) tap_->show_refusal(cause);
    }
    void set_what(PacketTrace what) { what_ = what; }
    // `shown`: who names the connections and passes the events on; nullptr: nobody listens. Returns the tap
    // for the secure layer, nullptr where nothing is to be shown. Made when first wanted, it stays as long as
    // this.
    [[nodiscard]] const secure::PacketTap* connect(secure::PacketViewer* shown) {
        const bool is_on = shown != nullptr && what_ != PacketTrace::sealed;
        if (is_on && !tap_) tap_ = std::make_unique<secure::PacketTap>();
        if (tap_) {
            tap_->viewer = is_on ? shown : nullptr;
            tap_->shows_keys = what_ == PacketTrace::with_keys;
        }
        return is_on ? tap_.get() : nullptr;
    }

  private:
    PacketTrace what_ = PacketTrace::sealed;
    std::unique_ptr<secure::PacketTap> tap_;
};

}  // namespace squall::endpoint
