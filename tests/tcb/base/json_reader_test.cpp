// SPDX-License-Identifier: Apache-2.0
//
// The JSON reader: full grammar, and stricter than the grammar.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::json {
namespace {

using namespace std::string_literals;

Result<std::unique_ptr<const Document>> Parse(std::string_view text) {
  return Document::Parse(text, "the text", ErrorKind::kMalformed, Check::kCollateralMalformed);
}

std::unique_ptr<const Document> Good(std::string_view text) {
  auto document = Parse(text);
  EXPECT_TRUE(document.ok()) << text << ": " << (document.ok() ? "" : document.error().message);
  return document.ok() ? std::move(document).value() : nullptr;
}

std::string Nested(size_t depth, const std::string& open, const std::string& close) {
  std::string text;
  for (size_t i = 0; i < depth; ++i) text += open;
  text += "1";
  for (size_t i = 0; i < depth; ++i) text += close;
  return text;
}

TEST(JsonReader, ReadsEveryType) {
  const auto document = Good(
      R"( {"s":"a\u00e9\n\"\\/\ud83d\ude00","n":18446744073709551615,"t":true,"f":false,"z":null,"a":[1,"x",{}],"o":{"k":0}} )");
  const Value root = document->root();
  EXPECT_EQ(root.type(), Type::kObject);
  EXPECT_EQ(root.Get("s").value().String().value(), "a\xc3\xa9\n\"\\/\xf0\x9f\x98\x80");
  EXPECT_EQ(root.Get("n").value().Unsigned(UINT64_MAX).value(), UINT64_MAX);
  EXPECT_TRUE(root.Get("t").value().Bool().value());
  EXPECT_FALSE(root.Get("f").value().Bool().value());
  EXPECT_TRUE(root.Get("z").value().IsNull());
  EXPECT_EQ(root.Get("a").value().Array().value().size(), 3u);
  EXPECT_EQ(root.Get("o").value().Get("k").value().Unsigned(0).value(), 0u);
  const auto members = root.Members().value();
  ASSERT_EQ(members.size(), 7u);
  EXPECT_EQ(members.front().first, "s");
  EXPECT_EQ(members.back().first, "o");
}

TEST(JsonReader, RefusesWhatIsNotJson) {
  for (const std::string& bad : {""s,
                                 " "s,
                                 "{"s,
                                 "}"s,
                                 "{}{}"s,         // two values
                                 "{} x"s,         // something after the value
                                 "{},"s,          //
                                 "[1,]"s,         // trailing comma
                                 "{\"a\":1,}"s,   //
                                 "[1 2]"s,        //
                                 "{\"a\" 1}"s,    //
                                 "{a:1}"s,        // key without quotes
                                 "{1:2}"s,        //
                                 "{'a':1}"s,      //
                                 "{\"a\"}"s,      //
                                 "// c\n{}"s,     // comments
                                 "{/**/}"s,       //
                                 "[01]"s,         // numbers of other grammars
                                 "[+1]"s,         //
                                 "[.5]"s,         //
                                 "[1.]"s,         //
                                 "[1e]"s,         //
                                 "[0x1]"s,        //
                                 "[NaN]"s,        //
                                 "[Infinity]"s,   //
                                 "[-]"s,          //
                                 "[True]"s,       //
                                 "[nul]"s,        //
                                 "[\"a]"s,        // a string that does not end
                                 "[\"\\x\"]"s,    // unknown escape
                                 "[\"\\u12\"]"s,  //
                                 "[\"a\nb\"]"s,   // a raw control character
                                 "[\"a\0b\"]"s,   //
                                 "{}\0"s,         // a NUL after the value
                                 "\xef\xbb\xbf{}x"s}) {
    const auto document = Parse(bad);
    ASSERT_FALSE(document.ok()) << bad;
    EXPECT_EQ(document.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(document.error().check, Check::kCollateralMalformed);
    EXPECT_EQ(document.error().message.find("the text: "), 0u) << document.error().message;
  }
}

TEST(JsonReader, RefusesWhatIsNotUtf8) {
  for (const std::string& bad :
       {"[\"\xff\"]"s, "[\"\x80\"]"s, "[\"\xc3\"]"s, "[\"\xc0\xaf\"]"s, "[\"\xed\xa0\x80\"]"s,
        "[\"\xf5\x80\x80\x80\"]"s, "{\"\xff\":1}"s, "\xff"s}) {
    EXPECT_FALSE(Parse(bad).ok());
  }
  EXPECT_TRUE(Parse("[\"\xc3\xa9\"]").ok());
}

TEST(JsonReader, RefusesALoneSurrogate) {
  for (const char* bad : {R"(["\ud83d"])", R"(["\ud83dx"])", R"(["\ude00"])"})
    EXPECT_FALSE(Parse(bad).ok()) << bad;
}

TEST(JsonReader, RefusesAMemberThatOccursTwiceAtAnyDepth) {
  for (const char* bad : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"a":3})", R"({"x":{"a":1,"a":2}})",
                          R"([{"a":1,"a":2}])", R"({"a":1,"\u0061":2})", R"({"":1,"":2})"}) {
    const auto document = Parse(bad);
    ASSERT_FALSE(document.ok()) << bad;
    EXPECT_NE(document.error().message.find("twice"), std::string::npos) << document.error().message;
  }
  EXPECT_TRUE(Parse(R"({"a":1,"A":2,"b":{"a":3}})").ok());
}

TEST(JsonReader, NestsThirtyTwoDeepAndNoDeeper) {
  EXPECT_TRUE(Parse(Nested(32, "[", "]")).ok());
  EXPECT_TRUE(Parse(Nested(32, "{\"a\":", "}")).ok());
  for (const size_t depth : {size_t{33}, size_t{34}, size_t{1000}, size_t{50000}}) {
    const auto arrays = Parse(Nested(depth, "[", "]"));
    ASSERT_FALSE(arrays.ok()) << depth;
    EXPECT_NE(arrays.error().message.find("deeper than 32"), std::string::npos);
    EXPECT_FALSE(Parse(Nested(depth, "{\"a\":", "}")).ok()) << depth;
  }
}

// The comparison of all keys with each other must not be a way to keep a processor busy.
TEST(JsonReader, AnObjectHasAtMost256Members) {
  const auto object = [](int members) {
    std::string text = "{";
    for (int i = 0; i < members; ++i) text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  EXPECT_TRUE(Parse(object(256)).ok());
  EXPECT_FALSE(Parse(object(257)).ok());
}

// Of a list of zeros, in all and with a string before it in which nothing counts.
std::string Zeros(size_t count) {
  std::string text = R"(["[{,\"[,")";
  for (size_t i = 0; i < count; ++i) text += ",0";
  return text + "]";
}

TEST(JsonReader, ADocumentHasAtMostSoManyValues) {
  EXPECT_TRUE(Parse(Zeros(kMaxValues - 2)).ok());
  for (const size_t count : {kMaxValues - 1, 10 * kMaxValues}) {
    const auto document = Parse(Zeros(count));
    ASSERT_FALSE(document.ok()) << count;
    EXPECT_EQ(document.error().message, "the text: more than 100000 values") << count;
  }
  std::string objects = "[{\"a\":0}";
  while (objects.size() < 2u << 20) objects += ",{\"a\":0}";
  EXPECT_FALSE(Parse(objects + "]").ok());
  EXPECT_FALSE(Parse(std::string(2u << 20, '[')).ok());
}

TEST(JsonReader, ACallerMayAllowMore) {
  const std::string many = Zeros(kMaxValues);
  const auto parse = [&](size_t max_values) {
    return Document::Parse(many, "the text", ErrorKind::kMalformed, Check::kCollateralMalformed, max_values)
        .ok();
  };
  EXPECT_TRUE(parse(kMaxValues + 2));
  EXPECT_FALSE(parse(kMaxValues + 1));
  EXPECT_TRUE(parse(kManyValues));
}

// The bound is on values, not on what looks like them.
TEST(JsonReader, LongTextsOfFewValuesAreTaken) {
  EXPECT_TRUE(Parse(StrCat("[\"", std::string(4u << 20, ','), "\"]")).ok());
  EXPECT_TRUE(Parse(StrCat("[", std::string(4u << 20, ' '), "]")).ok());
}

TEST(JsonReader, NumbersAreWholeNonNegativeAndBounded) {
  for (const char* bad : {"-1", "-0.0", "1.0", "1.5", "1e2", "18446744073709551616", "1e400", "\"1\"", "true",
                          "null", "[1]", "{}"}) {
    const auto document = Parse("{\"n\":"s + bad + "}");
    if (!document.ok()) continue;  // 1e400 is no number at all
    EXPECT_FALSE((*document)->root().Get("n").value().Unsigned(UINT64_MAX).ok()) << bad;
  }
  const auto document = Good(R"({"n":256})");
  const Value n = document->root().Get("n").value();
  EXPECT_EQ(n.Unsigned(256).value(), 256u);
  EXPECT_FALSE(n.Unsigned(255).ok());
  EXPECT_FALSE(n.Unsigned(0).ok());
}

TEST(JsonReader, AnotherTypeIsAnError) {
  const auto document = Good(R"({"o":{},"a":[],"s":"","n":1,"b":true,"z":null})");
  const Value root = document->root();
  const auto members = root.Members().value();
  for (const auto& [key, value] : members) {
    EXPECT_EQ(value.String().ok(), key == "s") << key;
    EXPECT_EQ(value.Unsigned(1).ok(), key == "n") << key;
    EXPECT_EQ(value.Bool().ok(), key == "b") << key;
    EXPECT_EQ(value.Array().ok(), key == "a") << key;
    EXPECT_EQ(value.Members().ok(), key == "o") << key;
    EXPECT_EQ(value.IsNull(), key == "z") << key;
    EXPECT_FALSE(value.Get("x").ok()) << key;
    EXPECT_FALSE(value.Find("x").has_value()) << key;
  }
}

TEST(JsonReader, AMissingMemberIsAnErrorThatNamesIt) {
  const auto document = Good(R"({"there":null})");
  EXPECT_TRUE(document->root().Get("there").ok());
  const auto missing = document->root().Get("gone");
  ASSERT_FALSE(missing.ok());
  EXPECT_NE(missing.error().message.find("\"gone\""), std::string::npos);
  EXPECT_EQ(missing.error().check, Check::kCollateralMalformed);
}

TEST(JsonReader, UnknownMembersAreNamed) {
  const auto document = Good(R"({"a":1,"b":2})");
  EXPECT_TRUE(document->root().AllowOnly({"a", "b", "c"}).ok());
  const Status status = document->root().AllowOnly({"a"});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("\"b\""), std::string::npos);
}

// Exactly the bytes given are read: what follows them in memory is not.
TEST(JsonReader, ReadsNothingPastItsInput) {
  const std::string text = "[1,2]3";
  EXPECT_TRUE(Parse(std::string_view(text).substr(0, 5)).ok());
  EXPECT_FALSE(Parse(text).ok());
  const std::string number = "1234";
  const auto document = Good(std::string_view(number).substr(0, 2));
  EXPECT_EQ(document->root().Unsigned(UINT64_MAX).value(), 12u);
}

}  // namespace
}  // namespace thimble::json
