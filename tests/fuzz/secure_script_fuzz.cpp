// A script of operations over one server and a few clients: connect, send, wait, lose, corrupt, repeat,
// rebind, suspend, restart, disconnect. Whatever the order: no payload is invented or delivered twice, and
// time moves on.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "unit/transport/secure_forger.hpp"

using namespace squall;
using namespace squall::secure;
using namespace squall::secure::testing;

namespace {

void check(bool holds) {
    if (!holds) std::abort();
}

class Script {
  public:
    Script(Bytes script, Suite suite) : script_(script), suite_(suite), net_(suite, adjust) {
        net_.filter = [this](Flight& flight) { return weather(flight); };
        for (std::uint64_t i = 0; i < 3; ++i) net_.add_client();
    }
    void run() {
        while (position_ < script_.size()) {
            operate(next() % 16);
            net_.drain();
            check_invariants();
        }
        net_.run_for(15s);
        check_invariants();
    }

  private:
    static void adjust(ServerConfig& config) {
        config.max_clients = 2;
        config.rejoin_grace = 3s;
        config.player_id_bytes = 1;
    }
    unsigned next() {
        return position_ < script_.size() ? std::to_integer<unsigned>(script_[position_++]) : 0;
    }
    TestClient& client() { return *net_.clients[next() % net_.clients.size()]; }
    std::uint32_t slot() { return next() % 2; }

    void operate(unsigned what) {
        switch (what) {
            case 0: {
                auto request = net_.request(1 + next() % 4);
                request.lifetime_seconds = 1 + next() % 8;
                request.timeout_seconds = next() % 4 == 0 ? -1 : static_cast<std::int32_t>(1 + next() % 6);
                last_token_ = net_.mint(request);
                (void)client().client.connect(net_.now, last_token_);
                break;
            }
            case 1: (void)client().client.connect(net_.now, last_token_); break;
            case 2:
                if (auto& c = client(); c.client.is_connected()) net_.send(c, fresh_text());
                break;
            case 3:
                if (const auto s = slot(); net_.server->is_connected(s)) net_.send_to(s, fresh_text());
                break;
            case 4: net_.run_for(std::chrono::milliseconds(next())); break;
            case 5: net_.run_for(std::chrono::milliseconds(next() * 40)); break;
            case 6: net_.suspend(std::chrono::milliseconds(next() * 100)); break;
            case 7: lose_ = next() % 4; break;
            case 8: corrupt_at_ = 1 + next(); break;
            case 9: repeat_ = next() % 2 == 0; break;
            case 10: {  // one host in a few places; no two clients share an address
                const auto host = static_cast<std::uint8_t>(next() % net_.clients.size());
                net_.clients[host]->address =
                    Address::ipv4(10, 7, 0, host, static_cast<std::uint16_t>(1 + next() % 4));
                break;
            }
            case 11: client().client.disconnect(net_.now, static_cast<DisconnectReason>(next() % 20)); break;
            case 12:
                net_.server->disconnect(net_.now, slot(), static_cast<DisconnectReason>(next() % 20));
                break;
            case 13:
                (void)net_.server->reserve(net_.now, ClientId{1 + next() % 4},
                                           std::chrono::seconds(next() % 8));
                break;
            case 14:
                if (next() % 8 == 0) net_.start_server();
                break;
            default:
                if (!net_.log.empty()) {  // something old again, from anywhere
                    const auto flight = net_.log[(next() * 256 + next()) % net_.log.size()];
                    const auto from = next() % 2 == 0 ? flight.from : Address::ipv4(6, 6, 6, 6, 6);
                    net_.deliver(from, flight.to, flight.bytes);
                }
        }
    }

    bool weather(Flight& flight) {
        ++flights_;
        if (repeat_ && flights_ % 3 == 0) repeats_.push_back(flight);
        if (lose_ != 0 && flights_ % (lose_ + 1) == 0) return false;
        if (corrupt_at_ != 0 && suite_ != Suite::none) {
            flight.bytes[corrupt_at_ % flight.bytes.size()] ^= static_cast<std::byte>(1U << (flights_ % 8));
            corrupt_at_ = 0;
        }
        return true;
    }
    std::string fresh_text() {
        auto text = "message " + std::to_string(++texts_);
        sent_.insert(text);
        return text;
    }
    void check_invariants() {
        for (auto repeats = std::move(repeats_); const auto& flight : repeats)
            net_.deliver(flight.from, flight.to, flight.bytes);
        repeats_.clear();
        check(net_.server->connected_count() + net_.server->reserved_count() <= 2);
        const auto look = [&](const std::vector<Received>& events, std::size_t& seen) {
            for (; seen < events.size(); ++seen) {
                if (events[seen].kind != SecureEvent::Kind::payload) continue;
                const std::string text(as_text(events[seen].payload));
                check(sent_.contains(text));
                // `none` protects nothing; all others deliver each payload once, over restarts and reconnects
                // too, but for suite netcode, whose keys outlive a restart.
                if (suite_ == Suite::none || suite_ == Suite::netcode) continue;
                check(delivered_.insert(text).second);
            }
        };
        look(net_.server_events, server_seen_);
        client_seen_.resize(net_.clients.size());
        for (std::size_t i = 0; i < net_.clients.size(); ++i) look(net_.clients[i]->events, client_seen_[i]);
    }

    Bytes script_;
    Suite suite_;
    std::size_t position_ = 0;
    SecureNet net_;
    ConnectTokenBytes last_token_{};
    unsigned lose_ = 0;
    unsigned corrupt_at_ = 0;
    bool repeat_ = false;
    std::uint64_t flights_ = 0;
    std::uint64_t texts_ = 0;
    std::vector<Flight> repeats_;
    std::set<std::string> sent_;
    std::set<std::string> delivered_;
    std::size_t server_seen_ = 0;
    std::vector<std::size_t> client_seen_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2 || size > 400) return 0;
    Script(std::as_bytes(std::span(data + 1, size - 1)), static_cast<Suite>(data[0] % kSuiteCount)).run();
    return 0;
}
