// SPDX-License-Identifier: Apache-2.0
#include "service/http/head.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"

namespace thimble::http {
namespace {

Head Good(std::string_view text) {
  const auto parsed = ParseHead(text);
  const Head* head = std::get_if<Head>(&parsed);
  EXPECT_NE(head, nullptr) << text;
  return head ? *head : Head{};
}

// The status it is refused with; 0 when it is not.
int Refused(std::string_view text) {
  const auto parsed = ParseHead(text);
  const auto* refused = std::get_if<RefusedHead>(&parsed);
  return refused ? refused->status : 0;
}

std::string WithHeaders(std::string_view headers) {
  return StrCat("POST /v1/verify HTTP/1.1\r\nHost: a\r\n", headers, "\r\n");
}

TEST(HttpHead, TakesTargetApartAtTheFirstQuestionMark) {
  const Head head = Good("GET /crl?uri=https://host/pckcrl?ca=x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.request.method, "GET");
  EXPECT_EQ(head.request.path, "/crl");
  EXPECT_EQ(head.request.query, "uri=https://host/pckcrl?ca=x");
  EXPECT_TRUE(head.keep_alive);
  EXPECT_FALSE(head.chunked);
}

TEST(HttpHead, TakesAbsoluteTargets) {
  EXPECT_EQ(Good("GET http://host:81/a?b HTTP/1.1\r\nHost: a\r\n\r\n").request.path, "/a");
  EXPECT_EQ(Good("GET http://host HTTP/1.1\r\nHost: a\r\n\r\n").request.path, "/");
}

TEST(HttpHead, EndsTheHostOfAnAbsoluteTargetBeforeItsQuery) {
  const Head head = Good("GET http://h?x=/../v1/status HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(head.request.path, "/");
  EXPECT_EQ(head.request.query, "x=/../v1/status");
  EXPECT_EQ(Good("GET HTTPS://h/a HTTP/1.1\r\nHost: a\r\n\r\n").request.path, "/a");
  EXPECT_EQ(Good("GET http://h/?u=http://b/c HTTP/1.1\r\nHost: a\r\n\r\n").request.query, "u=http://b/c");
  for (const std::string_view target :
       {"http:///a", "http://?x", "http://", "ftp://h/a", "h/a", "?x", "http://h#/a"}) {
    EXPECT_EQ(Refused(StrCat("GET ", target, " HTTP/1.1\r\nHost: a\r\n\r\n")), 400) << target;
  }
}

TEST(HttpHead, LowersHeaderNamesAndTrimsValues) {
  const Head head = Good(WithHeaders("If-None-Match: \t \"x\" \r\n"));
  EXPECT_EQ(head.request.Header("if-none-match"), "\"x\"");
}

TEST(HttpHead, ReadsFraming) {
  EXPECT_EQ(Good(WithHeaders("Content-Length: 12\r\n")).body_length, 12u);
  EXPECT_TRUE(Good(WithHeaders("Transfer-Encoding: Chunked\r\n")).chunked);
}

TEST(HttpHead, KeepsConnectionsByVersionAndHeader) {
  EXPECT_FALSE(Good("GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n").keep_alive);
  EXPECT_FALSE(Good("GET / HTTP/1.0\r\n\r\n").keep_alive);
  EXPECT_TRUE(Good("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST(HttpHead, ExpectsContinueOnlyIn11) {
  EXPECT_TRUE(Good(WithHeaders("Expect: 100-continue\r\n")).expects_continue);
  EXPECT_EQ(Refused(WithHeaders("Expect: something\r\n")), 417);
}

// Each differs from a good head in the one thing named.
TEST(HttpHead, RefusesWhatTwoParsersCouldReadDifferently) {
  const std::pair<const char*, std::string> bads[] = {
      {"both lengths", WithHeaders("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n")},
      {"length twice", WithHeaders("Content-Length: 3\r\nContent-Length: 3\r\n")},
      {"length list", WithHeaders("Content-Length: 3, 3\r\n")},
      {"length signed", WithHeaders("Content-Length: +3\r\n")},
      {"length negative", WithHeaders("Content-Length: -3\r\n")},
      {"length hex", WithHeaders("Content-Length: 0x3\r\n")},
      {"length empty", WithHeaders("Content-Length: \r\n")},
      {"length beyond 64 bits", WithHeaders("Content-Length: 18446744073709551616\r\n")},
      {"encoding twice", WithHeaders("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
      {"blank before colon", WithHeaders("Content-Length : 3\r\n")},
      {"folded line", WithHeaders("X: a\r\n b\r\n")},
      {"no colon", WithHeaders("Content-Length\r\n")},
      {"bare LF", WithHeaders("X: a\nY: b\r\n")},
      {"NUL in value", WithHeaders(std::string("X: a\0b\r\n", 8))},
      {"bare CR in value", WithHeaders("X: a\rb\r\n")},
      {"host twice", WithHeaders("Host: b\r\n")},
      {"no host", "GET / HTTP/1.1\r\n\r\n"},
      {"body on GET", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"},
      {"chunked GET", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"blank in target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"control in target", "GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"non-ASCII in target", "GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"method no token", "G(T / HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"no version", "GET /\r\nHost: a\r\n\r\n"},
      {"lower-case protocol", "GET / http/1.1\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [what, text] : bads) EXPECT_EQ(Refused(text), 400) << what;
}

TEST(HttpHead, RefusesOtherVersionsAndEncodings) {
  EXPECT_EQ(Refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n"), 505);
  EXPECT_EQ(Refused(WithHeaders("Transfer-Encoding: gzip, chunked\r\n")), 501);
}

TEST(HttpHead, BoundsTheNumberOfHeaders) {
  std::string headers;
  for (size_t i = 1; i < kMaxHeaderCount; ++i) headers += "X: 1\r\n";
  EXPECT_EQ(Refused(WithHeaders(headers)), 0);
  EXPECT_EQ(Refused(WithHeaders(headers + "X: 1\r\n")), 431);
}

}  // namespace
}  // namespace thimble::http
