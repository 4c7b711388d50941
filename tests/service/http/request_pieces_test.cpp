// SPDX-License-Identifier: Apache-2.0
//
// However a stream of requests is cut into pieces on its way, and answers are taken, the answers are the same.
#include <gtest/gtest.h>

#include <random>

#include "service/http/connection.h"
#include "tcb/base/text.h"
#include "tests/service/testing/scripted_transport.h"

namespace thimble::http {
namespace {

constexpr std::string_view kGoodRequests =
    "GET /a?b HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: 12\r\n\r\nGET / HTTP/1"
    "POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nhel\r\n002 ; x = \"\\\"y;\" ;z\r\n\r\n\r\n4;q\r\n0\r\n\r\r\n00;last\r\nTrailer: t\r\nB:\r\n\r\n"
    "HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n"
    "POST /empty HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
    "POST /expects HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nyes"
    "POST /nothing HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

struct Last {
  std::string_view text;
  int status;
};

// After these nothing is answered.
constexpr Last kLast[] = {
    {"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200},
    {"GET /bad HTTP/1.1\r\n\r\n", 400},
    {"POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n", 400},
    {"POST /bad HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nno colon\r\n\r\n",
     400},
    {"POST /long HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n", 413},
    {"POST /long HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n60\r\n", 413},
};
constexpr std::string_view kNotAnswered = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

Response Echo(const Request& request) {
  return {.status = 200,
          .headers = {},
          .content = Content::Make(
              "text/plain", StrCat(request.method, request.path, "|", request.query, "|", request.body))};
}

// Without what differs from one answer to the next.
std::string Steady(std::string_view answers) {
  std::string out;
  while (!answers.empty()) {
    const std::string_view line = answers.substr(0, std::min(answers.find('\n'), answers.size() - 1) + 1);
    answers.remove_prefix(line.size());
    if (!line.starts_with("Date: ") && !line.starts_with("Request-ID: ")) out += line;
  }
  return out;
}

ConnectionLimits Limits(size_t max_body, size_t max_bodies) {
  ConnectionLimits limits;
  limits.max_body = max_body;
  limits.max_bodies = max_bodies;
  return limits;
}

// A peer that sends pieces, and what it is answered.
struct Exchange {
  Exchange(std::vector<std::string> pieces, ConnectionContext& context, size_t at_once = SIZE_MAX)
      : connection(std::make_unique<test::ScriptedTransport>(std::move(pieces), at_once, written),
                   {"a", false, {}}, context) {}

  std::string Answers() {
    while (test::GoOn(connection) == Connection::Next::kWait) {
    }
    return Steady(written);
  }

  std::string written;
  Connection connection;
};

std::string AnswersTo(std::vector<std::string> pieces, size_t at_once = SIZE_MAX) {
  ConnectionContext context(Echo, Limits(100, 0));
  return Exchange(std::move(pieces), context, at_once).Answers();
}

std::vector<std::string> Cut(std::string_view text, std::mt19937& random, size_t longest) {
  std::vector<std::string> pieces;
  while (!text.empty()) {
    const size_t size = std::min<size_t>(1 + random() % longest, text.size());
    pieces.emplace_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return pieces;
}

class Pieces : public testing::TestWithParam<Last> {
 protected:
  const std::string stream_ = StrCat(kGoodRequests, GetParam().text, kNotAnswered);
  const std::string whole_ = AnswersTo({stream_});
};

size_t Count(std::string_view text, std::string_view what) {
  size_t count = 0;
  for (size_t at = text.find(what); at != std::string_view::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

TEST_P(Pieces, EachRequestIsAnsweredOnceAndNothingAfterTheLast) {
  EXPECT_EQ(Count(whole_, "HTTP/1.1 200 OK"), GetParam().status == 200 ? 8u : 7u) << whole_;
  EXPECT_GE(Count(whole_, StrCat("HTTP/1.1 ", GetParam().status, " ")), 1u) << whole_;
  EXPECT_EQ(Count(whole_, "HTTP/1.1 100 "), 1u);
  EXPECT_EQ(Count(whole_, "Connection: close"), 1u);
  EXPECT_EQ(Count(whole_, "HTTP/1.1 "), 9u);
  EXPECT_NE(whole_.find("POST/length||GET / HTTP/1"), std::string::npos) << whole_;
  EXPECT_NE(whole_.find("POST/chunks||hel\r\n0\r\n\r"), std::string::npos) << whole_;
  EXPECT_EQ(whole_.find("smuggled"), std::string::npos);
}

TEST_P(Pieces, OneCutAnywhere) {
  for (size_t at = 1; at < stream_.size(); ++at) {
    ASSERT_EQ(AnswersTo({stream_.substr(0, at), stream_.substr(at)}), whole_) << at;
  }
}

TEST_P(Pieces, ByteByByteAndAnswersToo) {
  std::vector<std::string> bytes;
  for (const char c : stream_) bytes.emplace_back(1, c);
  EXPECT_EQ(AnswersTo(bytes), whole_);
  EXPECT_EQ(AnswersTo(bytes, 1), whole_);
  EXPECT_EQ(AnswersTo({stream_}, 1), whole_);
}

TEST_P(Pieces, ManyCuts) {
  std::mt19937 random(20260731);
  for (int round = 0; round < 500; ++round) {
    const size_t longest = 1 + random() % 200, at_once = 1 + random() % 300;
    ASSERT_EQ(AnswersTo(Cut(stream_, random, longest), at_once), whole_) << round;
  }
}

INSTANTIATE_TEST_SUITE_P(Streams, Pieces, testing::ValuesIn(kLast));

// The first one holds what there is for all; small ones need nothing of it.
TEST(Bodies, LargeOnesHaveSoMuchRoomTogether) {
  const std::string large(600'000, 'x');
  const std::string begin = StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 600000\r\n\r\n",
                                   std::string_view(large).substr(1));
  // It grows in steps, up to twice its size.
  ConnectionContext context(Echo, Limits(1'000'000, 1'199'999));
  Exchange first({begin, "x"}, context);
  EXPECT_EQ(test::GoOn(first.connection), Connection::Next::kWait) << "before it comes";
  EXPECT_EQ(test::GoOn(first.connection), Connection::Next::kWait) << "but for its last byte";
  const std::string refused = Exchange({begin, "x"}, context).Answers();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503 ")) << refused;
  EXPECT_NE(refused.find("\r\nRetry-After: "), std::string::npos);
  EXPECT_NE(refused.find("\r\nConnection: close\r\n"), std::string::npos);
  const std::string small =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30000\r\n\r\n" + large.substr(0, 30'000);
  EXPECT_TRUE(Exchange({small}, context).Answers().starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(first.Answers().ends_with(large));
  EXPECT_TRUE(Exchange({begin, "x"}, context).Answers().ends_with(large)) << "the room is free again";
}

}  // namespace
}  // namespace thimble::http
