// The metrics endpoint over HTTP: the page of what the profiler told last.
#include "squall/runtime/metrics_endpoint.hpp"

#include <gtest/gtest.h>

#include "squall/runtime/http_client.hpp"

namespace squall {
namespace {

TEST(MetricsEndpoint, ServesWhatTheProfilerToldLast) {
    auto endpoint = MetricsEndpoint::start({});
    ASSERT_TRUE(endpoint.has_value()) << endpoint.error().message;
    Profiler profiler({.name = "tested"});
    profiler.add(**endpoint);
    TimePoint now{std::chrono::seconds(1)};
    profiler.on_event({.at = now, .kind = trace::EventKind::datagram_sent, .bytes = 100, .detail = 4});
    profiler.handle_timeout(now);
    auto client = HttpClient::make({});
    ASSERT_TRUE(client.has_value());
    const auto url = Url::parse("http://" + to_string((*endpoint)->local_address()) + "/metrics");
    ASSERT_TRUE(url.has_value());
    const auto page = (*client)->get(*url);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    EXPECT_EQ(page->status_code, 200);
    EXPECT_NE(as_text(page->body).find("squall_wire_bytes_total{direction=\"transmit\"} 100\n"),
              std::string_view::npos);
    EXPECT_NE(as_text(page->body).find("name=\"tested\""), std::string_view::npos);
    profiler.remove(**endpoint);
}

}  // namespace
}  // namespace squall
