// Where the fates of messages are told. One call for each message that asked, ever.
#pragma once

#include "squall/core/ids.hpp"
#include "squall/transport/endpoint.hpp"

namespace squall::connection {

class SettlementSink {
  public:
    virtual ~SettlementSink() = default;
    virtual void on_settled(ChannelId channel, MessageId message, MessageFate fate) = 0;
};

}  // namespace squall::connection
