// SPDX-License-Identifier: Apache-2.0
//
// RFC 9112 section 7.1: what is a body in chunks, whole and byte by byte.
#include "service/http/chunked_body.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"

namespace thimble::http {
namespace {

using Progress = ChunkedBody::Progress;
using namespace std::string_literals;

struct Outcome {
  Progress progress = Progress::kMore;
  std::string body, left;
  bool operator==(const Outcome&) const = default;
};

Outcome Whole(std::string_view text, size_t max_body) {
  ChunkedBody chunks(max_body);
  Outcome outcome;
  outcome.left = text;
  outcome.progress = chunks.Take(outcome.left, outcome.body);
  return outcome;
}

Outcome ByteByByte(std::string_view text, size_t max_body) {
  ChunkedBody chunks(max_body);
  Outcome outcome;
  while (!text.empty() && outcome.progress == Progress::kMore) {
    outcome.left += text.front();
    text.remove_prefix(1);
    outcome.progress = chunks.Take(outcome.left, outcome.body);
  }
  outcome.left += text;
  return outcome;
}

Outcome Read(std::string_view text, size_t max_body = 1000) {
  const Outcome whole = Whole(text, max_body), pieces = ByteByByte(text, max_body);
  EXPECT_EQ(whole.progress, pieces.progress) << text;
  if (whole.progress == Progress::kDone) {
    EXPECT_EQ(whole, pieces) << text;
  }
  return whole;
}

TEST(ChunkedBody, ReadsChunksAndLeavesWhatFollows) {
  const Outcome outcome = Read("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\nGET /");
  EXPECT_EQ(outcome, (Outcome{Progress::kDone, "hello", "GET /"}));
}

// One thing each beside the bad ones below.
TEST(ChunkedBody, TakesWhatTheGrammarAllows) {
  for (const std::string& good : {"5\r\nhello\r\n0\r\n\r\n"s, "0005\r\nhello\r\n000\r\n\r\n"s,
                                  "5;a\r\nhello\r\n0\r\n\r\n"s, "5;a=b;c\r\nhello\r\n0;d\r\n\r\n"s,
                                  "5 \t; a\t= \"b\t\\\"\\\\c;\xc3\xa9\" ;d=e\r\nhello\r\n0\r\n\r\n"s,
                                  "5\r\nhello\r\n0\r\nA: b\r\nC:\r\nD:\t\xc3\xa9 e\t\r\n\r\n"s,
                                  StrCat("5;", std::string(1000, 'a'), "\r\nhello\r\n0\r\n\r\n")}) {
    const Outcome outcome = Read(good);
    EXPECT_EQ(outcome.progress, Progress::kDone) << good;
    EXPECT_EQ(outcome.body, "hello");
  }
  EXPECT_EQ(Read("a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n").body.size(), 20u) << "either case";
  EXPECT_EQ(Read("0\r\n\r\n"), (Outcome{Progress::kDone, "", ""}));
}

TEST(ChunkedBody, RefusesEverythingElse) {
  const std::string many_extensions = StrCat("1;", std::string(1000, 'a'), "\r\nx\r\n");
  const std::string many_trailers = StrCat("A: ", std::string(1000, 'a'), "\r\n");
  std::string extensions, trailers = "0\r\n";
  for (int i = 0; i < 17; ++i) extensions += many_extensions;
  for (int i = 0; i < 17; ++i) trailers += many_trailers;
  for (const std::string& bad :
       {// sizes
        "\r\n"s, ";a\r\n"s, "g\r\n"s, "-1\r\n"s, "+1\r\n"s, "0x1\r\n"s, " 1\r\n"s, "1_0\r\n"s, "1.0\r\n"s,
        "10000000000000000\r\n"s, "5\0\r\n"s,
        // line ends
        "5\nhello\r\n0\r\n\r\n"s, "5\r\rhello"s + std::string(2000, 'x'), "5\r\nhello\n0\r\n\r\n"s,
        "5\r\nhello\r0\r\n\r\n"s, "0\r\n\n"s, "0\r\nA: b\n\r\n"s, "0\r\nA: b\rc: d\r\n\r\n"s,
        // content that is longer or shorter than said
        "4\r\nhello\r\n0\r\n\r\n"s, "6\r\nhello\r\n0\r\n\r\n"s, "5\r\nhello0\r\n\r\n"s,
        // extensions
        "5 \r\nhello\r\n0\r\n\r\n"s, "5\t\r\nhello\r\n0\r\n\r\n"s, "5 a\r\nhello\r\n0\r\n\r\n"s,
        "5;\r\nhello\r\n0\r\n\r\n"s, "5;a \r\nhello\r\n0\r\n\r\n"s, "5;a=\r\nhello\r\n0\r\n\r\n"s,
        "5;=b\r\nhello\r\n0\r\n\r\n"s, "5;a;\r\nhello\r\n0\r\n\r\n"s, "5;a=\"b\r\nhello\r\n0\r\n\r\n"s,
        "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"s, "5;a=\"b\\\"\r\nhello\r\n0\r\n\r\n"s,
        "5;a=\"\x01\"\r\nhello\r\n0\r\n\r\n"s, "5;a=\"\\\x01\"\r\nhello\r\n0\r\n\r\n"s,
        "5;a\rb\r\nhello\r\n0\r\n\r\n"s, "5;\xc3\xa9\r\nhello\r\n0\r\n\r\n"s,
        StrCat("5;", std::string(1100, 'a'), "\r\n"), std::string(1100, '0'), extensions,
        // trailers
        "0\r\nA\r\n\r\n"s, "0\r\n: b\r\n\r\n"s, "0\r\nA : b\r\n\r\n"s, "0\r\n A: b\r\n\r\n"s,
        "0\r\nA: b\x01\r\n\r\n"s, trailers}) {
    EXPECT_EQ(Read(bad).progress, Progress::kBad) << bad.substr(0, 80);
  }
}

TEST(ChunkedBody, IsRefusedAsSoonAsItsSizeIsKnownToBeTooLong) {
  EXPECT_EQ(Read("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", 10).progress, Progress::kDone);
  const Outcome outcome = Read("5\r\nhello\r\n6\r\n", 10);
  EXPECT_EQ(outcome.progress, Progress::kTooLong);
  EXPECT_EQ(Read("ffffffffffffffff\r\n", 10).progress, Progress::kTooLong);
}

TEST(ChunkedBody, KeepsNothingThatItHasUnderstood) {
  ChunkedBody chunks(1'000'000);
  std::string input, body;
  for (int i = 0; i < 1000; ++i) {
    input += "5;a=b\r\nhello\r";
    ASSERT_EQ(chunks.Take(input, body), Progress::kMore);
    EXPECT_LE(input.size(), 1u);
    input += "\n";
    ASSERT_EQ(chunks.Take(input, body), Progress::kMore);
    EXPECT_TRUE(input.empty());
  }
  EXPECT_EQ(body.size(), 5000u);
}

}  // namespace
}  // namespace thimble::http
