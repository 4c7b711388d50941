// SPDX-License-Identifier: Apache-2.0
//
// The JSON writer against another reader.
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "tcb/base/json.h"

namespace thimble::json {
namespace {

using namespace std::string_literals;

TEST(JsonWriter, SeparatesMembersAndElements) {
  std::string out;
  Writer writer(&out);
  writer.BeginObject();
  writer.Key("empty").BeginObject().EndObject();
  writer.Key("none").BeginArray().EndArray();
  writer.Key("list").BeginArray();
  writer.Unsigned(1)
      .String("two")
      .BeginArray()
      .Null()
      .EndArray()
      .BeginObject()
      .Key("k")
      .Bool(true)
      .EndObject();
  writer.EndArray();
  writer.Key("raw").Raw(R"({"x":[1]})");
  writer.Key("hex").Hex(Bytes{0xAB, 0x01});
  writer.Key("last").Bool(false);
  writer.EndObject();
  EXPECT_EQ(
      out,
      R"({"empty":{},"none":[],"list":[1,"two",[null],{"k":true}],"raw":{"x":[1]},"hex":"ab01","last":false})");
}

TEST(JsonWriter, WritesNumbersAsTheyAre) {
  std::string out;
  Writer writer(&out);
  writer.BeginArray();
  writer.Unsigned(std::numeric_limits<uint64_t>::max()).Signed(std::numeric_limits<int64_t>::min());
  writer.EndArray();
  EXPECT_EQ(out, "[18446744073709551615,-9223372036854775808]");
}

TEST(JsonWriter, EscapesWhatJsonRequires) {
  EXPECT_EQ(Escape(""), "\"\"");
  EXPECT_EQ(Escape("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(Escape("\n\t\x01\x1f\x7f"), R"("\u000a\u0009\u0001\u001f\u007f")");
  EXPECT_EQ(Escape("a\0b"s), R"("a\u0000b")");
  EXPECT_EQ(Escape("\xc3\xa9\xf0\x9f\x98\x80"), "\"\xc3\xa9\xf0\x9f\x98\x80\"");
}

TEST(JsonWriter, EveryByteComesBackThroughAnotherReader) {
  for (int c = 0; c < 0x80; ++c) {
    const std::string text = "x"s + static_cast<char>(c) + "y";
    EXPECT_EQ(nlohmann::json::parse(Escape(text)).get<std::string>(), text) << c;
  }
}

// Names from hostile certificates: the result must be JSON whatever is in them.
TEST(JsonWriter, WhatIsNotUtf8BecomesReplacementCharacters) {
  for (const std::string& bad :
       {"\xff"s, "a\x80z"s, "\xc3"s, "\xc0\xaf"s, "\xed\xa0\x80"s, "\xf5\x80\x80\x80"s}) {
    std::string out;
    Writer(&out).BeginObject().Key(bad).String(bad).EndObject();
    nlohmann::json read;
    ASSERT_NO_THROW(read = nlohmann::json::parse(out)) << out;
    EXPECT_NE(read.begin().value().get<std::string>().find("\xef\xbf\xbd"), std::string::npos);
  }
  EXPECT_EQ(Escape("a\xffz"), R"("a\ufffdz")");
}

}  // namespace
}  // namespace thimble::json
