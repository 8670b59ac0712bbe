// URLs: what is read, what is printed, and what each refusal says.
#include "squall/runtime/http_url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace squall;
using testing::HasSubstr;
using testing::Not;

namespace {

std::string message_for(std::string_view text) {
    const auto url = Url::parse(text);
    return url ? "it was taken: " + to_string(*url) : url.error().message;
}

TEST(HttpUrl, ReadsEveryPart) {
    const auto url = Url::parse("https://Example.ORG:8443/a/b%20c?player=ada&x=1#part");
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->scheme, Url::Scheme::https);
    EXPECT_EQ(url->host, "example.org");
    EXPECT_EQ(url->port, 8443);
    EXPECT_EQ(url->path, "/a/b%20c");
    EXPECT_EQ(url->query, "player=ada&x=1");
    EXPECT_EQ(url->target(), "/a/b%20c?player=ada&x=1");
    EXPECT_EQ(to_string(*url), "https://example.org:8443/a/b%20c?player=ada&x=1");
}

TEST(HttpUrl, PortAndPathHaveDefaults) {
    EXPECT_EQ(Url::parse("http://a")->port, 80);
    EXPECT_EQ(Url::parse("HTTPS://a")->port, 443);
    EXPECT_EQ(Url::parse("http://a")->path, "/");
    EXPECT_EQ(Url::parse("http://a?q")->target(), "/?q");
    EXPECT_EQ(Url::parse("http://a:80/")->authority(), "a");
    EXPECT_EQ(Url::parse("https://a:80/")->authority(), "a:80");
}

TEST(HttpUrl, AddressesAreHosts) {
    EXPECT_EQ(Url::parse("http://127.0.0.1:8080/x")->host, "127.0.0.1");
    const auto url = Url::parse("http://[::1]:8080/x");
    ASSERT_TRUE(url);
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->authority(), "[::1]:8080");
    EXPECT_EQ(*Url::parse(to_string(*url)), *url);
}

TEST(HttpUrl, ErrorsSayWhatIsWrongAndWhatWouldBeRight) {
    EXPECT_THAT(message_for("example.org/x"), HasSubstr("write http:// or https://"));
    EXPECT_THAT(message_for("ftp://example.org"), HasSubstr("'ftp', but only http and https"));
    EXPECT_THAT(message_for("http://"), HasSubstr("no host"));
    EXPECT_THAT(message_for("http://:80/"), HasSubstr("no host"));
    EXPECT_THAT(message_for("http://a b/"), HasSubstr("must be a name"));
    EXPECT_THAT(message_for("http://a:0/"), HasSubstr("1 to 65535"));
    EXPECT_THAT(message_for("http://a:65536/"), HasSubstr("1 to 65535"));
    EXPECT_THAT(message_for("http://a:8x/"), HasSubstr("1 to 65535"));
    EXPECT_THAT(message_for("http://a:/"), HasSubstr("1 to 65535"));
    EXPECT_THAT(message_for("http://[::1/"), HasSubstr("not closed"));
    EXPECT_THAT(message_for("http://[127.0.0.1]/"), HasSubstr("IPv6 address"));
    EXPECT_THAT(message_for("http://[::1]80/"), HasSubstr("only ':port'"));
    EXPECT_THAT(message_for("http://a/b c"), HasSubstr("character 11"));
    EXPECT_THAT(message_for("http://a/b%2"), HasSubstr("write it as %XX"));
    EXPECT_THAT(message_for("http://a/\r\nX: y"), HasSubstr("character 10"));
    EXPECT_THAT(message_for("http://a/" + std::string(9000, 'x')), HasSubstr("at most 8192"));
}

TEST(HttpUrl, SecretsInAUrlAreRefusedAndNotRepeated) {
    EXPECT_THAT(message_for("http://ada:secret@example.org/"), HasSubstr("user name or password"));
    EXPECT_THAT(message_for("http://ada:secret@example.org/"), Not(HasSubstr("secret")));
    EXPECT_THAT(message_for("http://a/x y?key=secret"), Not(HasSubstr("secret")));
}

TEST(HttpUrl, PercentEncodingKeepsOnlyWhatIsPlain) {
    EXPECT_EQ(percent_encode("a-Z.0_~"), "a-Z.0_~");
    EXPECT_EQ(percent_encode("a b&c=\xc3\xa4/"), "a%20b%26c%3D%C3%A4%2F");
    EXPECT_TRUE(Url::parse("http://a/?q=" + percent_encode("a b\r\n\"<>")));
}

}  // namespace
