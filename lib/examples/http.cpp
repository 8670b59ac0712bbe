// An HTTP server and a client in one program: GET, POST, PUT, and bodies that are streamed both ways, a piece
// at a time, so that neither side ever holds one whole. Over TLS both are the same (token_server.cpp). Checks
// itself.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

#include "squall/runtime/http_client.hpp"
#include "squall/runtime/http_server.hpp"

namespace {

constexpr std::uint64_t kLarge = 10'000'000;

// A body of `size` bytes, made when it is sent.
squall::HttpBodySource many_bytes(std::uint64_t size) {
    return [left = size](squall::MutableBytes piece) mutable -> squall::Result<std::size_t> {
        const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, piece.size()));
        std::ranges::fill(piece.first(count), std::byte{'x'});
        left -= count;
        return count;  // 0 is the end
    };
}

}  // namespace

int main() {
    // Handlers run on the server's threads, several at once.
    std::mutex mutex;
    std::string motto = "none yet";
    std::atomic<std::uint64_t> uploaded{0};

    squall::HttpRoute get{squall::HttpMethod::get, "/motto"};
    get.handler = [&](const squall::HttpRequest&) {
        const std::lock_guard lock(mutex);
        return squall::HttpResponse::text(200, motto);
    };
    squall::HttpRoute put{squall::HttpMethod::put, "/motto"};
    put.handler = [&](const squall::HttpRequest& request) {
        const std::lock_guard lock(mutex);
        motto = request.text();
        return squall::HttpResponse{.status_code = 204};
    };
    squall::HttpRoute post{squall::HttpMethod::post, "/scores"};
    post.max_body_bytes = 1024;  // more is answered with 413, unread
    post.handler = [](const squall::HttpRequest& request) {
        return squall::HttpResponse::json(201, request.text());
    };

    // A body that is taken as it arrives: the handler is called after the last byte.
    squall::HttpRoute upload{squall::HttpMethod::put, "/replay"};
    upload.max_body_bytes = 2 * kLarge;
    upload.body_sink = [&](const squall::HttpRequest&) -> squall::HttpBodySink {
        return [&uploaded](squall::Bytes piece) {
            uploaded += piece.size();
            return true;  // false: no more of it
        };
    };
    upload.handler = [](const squall::HttpRequest&) { return squall::HttpResponse{.status_code = 204}; };
    // And one that is made as it is sent.
    squall::HttpRoute download{squall::HttpMethod::get, "/replay"};
    download.handler = [](const squall::HttpRequest&) {
        return squall::HttpResponse{.source = many_bytes(kLarge), .length = kLarge};
    };

    squall::HttpServerOptions options;  // a free port of the loopback, four workers
    const auto server = squall::HttpServer::start(options, {get, put, post, upload, download});
    const auto client = squall::HttpClient::make();
    if (!server || !client) return 1;
    const std::string base = "http://" + to_string((*server)->local_address());
    const auto url = [&](const char* path) { return *squall::Url::parse(base + path); };

    // Any status code is a result; an error means that there is no answer.
    const auto changed = (*client)->put(url("/motto"), squall::HttpRequestContent::text("onward"));
    const auto read = (*client)->get(url("/motto"));
    if (!changed || !read || !read->is_success()) return 1;
    std::printf("%d %s: %s\n", read->status_code, read->reason.c_str(), std::string(read->text()).c_str());
    bool good = changed->status_code == 204 && read->text() == "onward";

    const auto posted = (*client)->post(url("/scores"), squall::HttpRequestContent::json(R"({"ada": 12})"),
                                        {{{"Authorization", "Bearer of a session"}}});
    const auto missing = (*client)->get(url("/nothing"));
    const auto too_much =
        (*client)->post(url("/scores"), squall::HttpRequestContent::text(std::string(2000, 'x')));
    good = good && posted && posted->status_code == 201 && missing && missing->status_code == 404 &&
           too_much && too_much->status_code == 413;

    squall::HttpRequestContent replay;
    replay.source = many_bytes(kLarge);  // without a length it is sent in chunks
    const auto sent = (*client)->put(url("/replay"), replay);
    std::uint64_t downloaded = 0;
    const auto came = (*client)->get(url("/replay"), {}, [&](squall::Bytes piece) {
        downloaded += piece.size();
        return true;
    });
    std::printf("%llu bytes sent, %llu came\n", static_cast<unsigned long long>(uploaded.load()),
                static_cast<unsigned long long>(downloaded));
    good = good && sent && sent->status_code == 204 && came && uploaded == kLarge && downloaded == kLarge;
    return good ? 0 : 1;
}
