// SPDX-License-Identifier: Apache-2.0
//
// Text from elsewhere shows what it is and steers no terminal.
#include "service/support/terminal.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

namespace thimble {
namespace {

std::string Utf8(uint32_t code) {
  std::string out;
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | code >> 6);
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3f));
    put(0x80 | (code >> 6 & 0x3f));
    put(0x80 | (code & 0x3f));
  }
  return out;
}

bool Steers(uint32_t code) {
  return code < 0x20 || (code >= 0x7f && code <= 0x9f) || code == 0x61c || code == 0x200e || code == 0x200f ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

// Over every character of Unicode's first plane, and some beyond: shown as it is, or escaped.
TEST(Printable, EscapesWhatSteersAndNothingElse) {
  for (uint32_t code = 0; code < 0x11000; ++code) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const std::string shown = Printable("a" + Utf8(code) + "b");
    if (Steers(code)) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", code);
      EXPECT_EQ(shown, "a" + std::string(escaped) + "b");
    } else {
      EXPECT_EQ(shown, "a" + Utf8(code) + "b");
    }
  }
  EXPECT_EQ(Printable("\xf0\x9f\xa7\xb5"), "\xf0\x9f\xa7\xb5");
}

TEST(Printable, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(Printable("\x9b"
                      "2J"),
            "\\u009b2J")
      << "CSI of an eight-bit terminal";
  EXPECT_EQ(Printable("\xc2"), "\\u00c2");
  EXPECT_EQ(Printable("\xc0\x9b"), "\\u00c0\\u009b") << "longer than need be";
  EXPECT_EQ(Printable("\xe0\x82\x9b"), "\\u00e0\\u0082\\u009b");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "\\u00ed\\u00a0\\u0080") << "a surrogate";
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\u00f4\\u0090\\u0080\\u0080") << "past the last character";
}

// 20,000 random texts: what is shown can be shown again, and has no control character.
TEST(Printable, OfAnyBytesIsPlain) {
  std::mt19937 random(20261130);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (size_t i = random() % 24; i > 0; --i) text += static_cast<char>(random());
    const std::string shown = Printable(text);
    EXPECT_EQ(Printable(shown), shown);
    for (const char c : shown) EXPECT_TRUE(static_cast<uint8_t>(c) >= 0x20 && c != 0x7f);
  }
}

TEST(Lines, EndWhereWeEndThem) {
  Lines lines = {"finding: a\nTCB status    UpToDate\x1b[2J"};
  lines.Add("b");
  lines.Add(Lines{"c\r"});
  EXPECT_EQ(lines.text(), "finding: a\\u000aTCB status    UpToDate\\u001b[2J\nb\nc\\u000d\n");
  EXPECT_EQ(Lines::Of("a\n\nb").text(), "a\n\nb\n");
  EXPECT_EQ(Lines::Of("a\n").text(), "a\n");
  EXPECT_TRUE(Lines().empty() && Lines::Of("").empty());
}

std::string Printed(const std::function<void()>& print) {
  testing::internal::CaptureStdout();
  print();
  return testing::internal::GetCapturedStdout();
}

TEST(PrintJson, StaysTheSameJson) {
  const std::string text = "{\"a\":\"\x7f\xc2\x9b\xe2\x80\xae\",\r\n\t\"b\":[1,\n2]}";
  const std::string printed = Printed([&] { PrintJson(text); });
  EXPECT_EQ(nlohmann::json::parse(printed), nlohmann::json::parse(text));
  EXPECT_EQ(printed, "{\"a\":\"\\u007f\\u009b\\u202e\",\n\n \"b\":[1,\n2]}\n");
}

TEST(PrintLine, IsOneLine) {
  EXPECT_EQ(Printed([] { PrintLine("a\nb"); }), "a\\u000ab\n");
}

}  // namespace
}  // namespace thimble
