// SPDX-License-Identifier: Apache-2.0
//
// CBOR as it is read: each text of examples, and what has to be refused.
#include "tcb/cose/cbor.h"

#include <gtest/gtest.h>

#include "tcb/check.h"

namespace thimble::cbor {
namespace {

Result<Value> Read(std::string_view hex) {
  // The bytes have to outlive the value.
  static std::vector<thimble::Bytes> kept;
  kept.push_back(FromHex(hex).value());
  return Parse(kept.back(), "test", Check::kUvmFormat);
}

TEST(Cbor, ReadsEachType) {
  EXPECT_EQ(Read("17")->Unsigned(), 23u);
  EXPECT_EQ(Read("1818")->Integer(), 24);
  EXPECT_EQ(Read("1bffffffffffffffff")->Unsigned(), UINT64_MAX);
  EXPECT_EQ(Read("1bffffffffffffffff")->Integer(), std::nullopt);
  EXPECT_EQ(Read("3825")->Integer(), -38);
  EXPECT_EQ(Read("3b7fffffffffffffff")->Integer(), INT64_MIN);
  EXPECT_EQ(Read("3b8000000000000000")->Integer(), std::nullopt);
  EXPECT_EQ(HexLower(*Read("42beef")->Bytes()), "beef");
  EXPECT_EQ(Read("63c3a961")->Text(),
            "\xc3\xa9"
            "a");
  EXPECT_EQ(Read("83010203")->Array()->size(), 3u);
  EXPECT_EQ(Read("f5")->Bool(), true);
  EXPECT_EQ(Read("f4")->Bool(), false);
  EXPECT_TRUE(Read("f6")->IsNull());
  EXPECT_EQ(Read("c11a65000000")->Tagged(kTagTime)->Integer(), 0x65000000);
  EXPECT_EQ(Read("c11a65000000")->Tagged(kTagTextTime), nullptr);
}

TEST(Cbor, FindsMembersByNumberAndByText) {
  const auto good = Read("a3012063697373613120f6");
  ASSERT_TRUE(good.ok());
  EXPECT_EQ(good->Find(1)->Integer(), -1);
  EXPECT_EQ(good->Find("iss")->Text(), "1");
  EXPECT_TRUE(good->Find(-1)->IsNull());
  EXPECT_EQ(good->Find(2), nullptr);
  EXPECT_EQ(Read("01")->Find(1), nullptr);
}

TEST(Cbor, RefusesWhatHasAnotherEncodingOrMeaning) {
  const std::pair<const char*, const char*> bad[] = {
      {"", "nothing"},
      {"1817", "23 in two bytes"},
      {"1900ff", "255 in three"},
      {"1a0000ffff", "65535 in five"},
      {"1b00000000ffffffff", "2^32-1 in nine"},
      {"5801aa", "a short string with a long head"},
      {"5f41aa41bbff", "indefinite bytes"},
      {"7f6161ff", "indefinite text"},
      {"9f01ff", "indefinite array"},
      {"bf0102ff", "indefinite map"},
      {"ff", "a break"},
      {"1c", "reserved"},
      {"1d", "reserved"},
      {"1e", "reserved"},
      {"f97e00", "half float"},
      {"fa47c35000", "float"},
      {"fb3ff199999999999a", "double"},
      {"f7", "undefined"},
      {"f0", "simple value"},
      {"f818", "simple value in two bytes"},
      {"c249010000000000000000", "tag 2"},
      {"d81c01", "tag 28"},
      {"d9d9f701", "tag 55799"},
      {"42be", "cut"},
      {"82 01", "cut"},
      {"a101", "cut"},
      {"0000", "two values"},
      {"62c328", "no UTF-8"},
      {"a201020103", "a number twice"},
      {"a2616101616102", "a text twice"},
      {"a1414101", "bytes as a key"},
      {"a1f501", "a boolean as a key"},
      {"a1800102", "an array as a key"},
  };
  for (const auto& [hex, what] : bad) {
    std::string digits(hex);
    std::erase(digits, ' ');
    EXPECT_FALSE(Read(digits).ok()) << what;
  }
  EXPECT_TRUE(Read("a201022003").ok()) << "1 and -1 are two keys";
}

TEST(Cbor, IsBounded) {
  std::string deep;
  for (size_t i = 0; i + 1 < kMaxDepth; ++i) deep += "81";
  EXPECT_TRUE(Read(deep + "00").ok());
  EXPECT_FALSE(Read(deep + "8100").ok());
  EXPECT_FALSE(Read("9bffffffffffffffff").ok());
  EXPECT_FALSE(Read("bb7fffffffffffffff").ok());
  EXPECT_FALSE(Read("5bffffffffffffffff").ok());
  thimble::Bytes many;
  Writer(&many).Array(kMaxValues);
  many.resize(many.size() + kMaxValues, 0);
  EXPECT_FALSE(Parse(many, "test", Check::kUvmFormat).ok());
  thimble::Bytes large;
  Writer(&large).Bytes(thimble::Bytes(kMaxSize));
  EXPECT_FALSE(Parse(large, "test", Check::kUvmFormat).ok());
}

TEST(Cbor, WritesWhatItReads) {
  for (const int64_t number :
       {int64_t{0}, int64_t{23}, int64_t{24}, int64_t{255}, int64_t{256}, int64_t{65535}, int64_t{65536},
        int64_t{4294967295}, int64_t{4294967296}, INT64_MAX, int64_t{-1}, int64_t{-24}, int64_t{-25},
        int64_t{-257}, INT64_MIN}) {
    thimble::Bytes bytes;
    Writer(&bytes).Integer(number);
    const auto read = Parse(bytes, "test", Check::kUvmFormat);
    ASSERT_TRUE(read.ok()) << number << " " << HexLower(bytes);
    EXPECT_EQ(read->Integer(), number);
  }
  thimble::Bytes bytes;
  Writer(&bytes).Tag(18).Array(4).Bytes({}).Map(1).Text("a").Bool(true).Null().Bool(false);
  EXPECT_EQ(HexLower(bytes), "d28440a16161f5f6f4");
}

}  // namespace
}  // namespace thimble::cbor
