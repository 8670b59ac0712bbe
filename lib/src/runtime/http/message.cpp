// Headers and the small makers of contents and responses.
#include <fmt/format.h>

#include <algorithm>

#include "squall/runtime/http_message.hpp"

namespace squall {
namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
bool same_name(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, lower, lower);
}
bool is_token_character(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_value_character(char c) {
    return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
}
std::vector<std::byte> copy_of(Bytes bytes) {
    return {bytes.begin(), bytes.end()};
}

constexpr std::string_view kJsonType = "application/json";
constexpr std::string_view kTextType = "text/plain; charset=utf-8";

}  // namespace

std::string_view to_string(HttpMethod method) {
    switch (method) {
        case HttpMethod::get: return "GET";
        case HttpMethod::post: return "POST";
        case HttpMethod::put: return "PUT";
    }
    return "?";
}

void HttpHeaders::add(std::string name, std::string value) {
    items.push_back({std::move(name), std::move(value)});
}

void HttpHeaders::set(std::string name, std::string value) {
    std::erase_if(items, [&](const HttpHeader& item) { return same_name(item.name, name); });
    add(std::move(name), std::move(value));
}

std::optional<std::string_view> HttpHeaders::find(std::string_view name) const {
    const auto found =
        std::ranges::find_if(items, [&](const HttpHeader& item) { return same_name(item.name, name); });
    if (found == items.end()) return std::nullopt;
    return found->value;
}

Result<> HttpHeaders::check() const {
    for (const HttpHeader& item : items) {
        if (item.name.empty() || !std::ranges::all_of(item.name, is_token_character))
            return fail(ErrorCode::invalid_argument,
                        fmt::format("a header's name must be letters, digits and any of !#$%&'*+-.^_`|~, and "
                                    "not empty; header {} is not so",
                                    &item - items.data() + 1));
        if (!std::ranges::all_of(item.value, is_value_character))
            return fail(ErrorCode::invalid_argument,
                        fmt::format("header '{}': its value has a control character (a line break, for "
                                    "instance); there may be none",
                                    item.name));
    }
    return {};
}

HttpRequestContent HttpRequestContent::from_bytes(Bytes bytes, std::string type) {
    return {.type = std::move(type), .bytes = copy_of(bytes)};
}
HttpRequestContent HttpRequestContent::text(std::string_view text, std::string type) {
    return from_bytes(as_bytes(text), std::move(type));
}
HttpRequestContent HttpRequestContent::json(std::string_view text) {
    return from_bytes(as_bytes(text), std::string(kJsonType));
}

HttpResponse HttpResponse::from_bytes(Bytes bytes, std::string type) {
    return {.type = std::move(type), .body = copy_of(bytes)};
}
HttpResponse HttpResponse::text(int status_code, std::string_view text) {
    return {.status_code = status_code, .type = std::string(kTextType), .body = copy_of(as_bytes(text))};
}
HttpResponse HttpResponse::json(int status_code, std::string_view text) {
    return {.status_code = status_code, .type = std::string(kJsonType), .body = copy_of(as_bytes(text))};
}

std::string_view http_reason(int status_code) {
    switch (status_code) {
        case 100: return "Continue";
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 301: return "Moved Permanently";
        case 302: return "Found";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 307: return "Temporary Redirect";
        case 308: return "Permanent Redirect";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 413: return "Content Too Large";
        case 415: return "Unsupported Media Type";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 502: return "Bad Gateway";
        case 503: return "Service Unavailable";
        case 505: return "HTTP Version Not Supported";
        default: return "Unknown";
    }
}

}  // namespace squall
