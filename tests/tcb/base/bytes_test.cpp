// SPDX-License-Identifier: Apache-2.0
//
// Hex, base64 and fixed-size identifiers: what is taken, and a longer list of what is not.
#include "tcb/base/bytes.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace thimble {
namespace {

using namespace std::string_literals;

TEST(Hex, IsReadInEitherCaseAndWrittenInTheOneAskedFor) {
  const Bytes bytes = {0x00, 0x09, 0x0a, 0x7f, 0x80, 0xff};
  EXPECT_EQ(HexLower(bytes), "00090a7f80ff");
  EXPECT_EQ(HexUpper(bytes), "00090A7F80FF");
  EXPECT_EQ(FromHex("00090a7f80ff"), bytes);
  EXPECT_EQ(FromHex("00090A7F80FF"), bytes);
  EXPECT_EQ(FromHex("00090A7f80fF"), bytes);
  EXPECT_EQ(FromHex(""), Bytes{});
  EXPECT_EQ(HexLower({}), "");
}

TEST(Hex, EveryByteComesBack) {
  for (int value = 0; value < 256; ++value) {
    const Bytes bytes = {static_cast<uint8_t>(value)};
    EXPECT_EQ(FromHex(HexLower(bytes)), bytes);
    EXPECT_EQ(FromHex(HexUpper(bytes)), bytes);
  }
}

TEST(Hex, RefusesWhatIsNotAnEvenNumberOfDigits) {
  for (const std::string& bad :
       {"0"s, "abc"s, "0g"s, "g0"s, "0x00"s, " 00"s, "00 "s, "00 00"s, "0\n"s, "00\0"s, "0/"s, "0:"s, "@0"s,
        "0`"s, "-1"s, "+1"s, "\xff\xff"s, std::string("0\0", 2)}) {
    EXPECT_EQ(FromHex(bad), std::nullopt) << bad;
  }
}

TEST(Hex, IntoABufferNeedsExactlyItsLength) {
  std::array<uint8_t, 2> out{};
  EXPECT_TRUE(FromHexInto("a1B2", out));
  EXPECT_EQ(out, (std::array<uint8_t, 2>{0xa1, 0xb2}));
  EXPECT_FALSE(FromHexInto("a1B", out));
  EXPECT_FALSE(FromHexInto("a1", out));
  EXPECT_FALSE(FromHexInto("a1B2c3", out));
  EXPECT_FALSE(FromHexInto("", out));
}

struct Encoded {
  std::string plain, base64, base64url;
};
// RFC 4648 section 10, and the digits in which the alphabets differ.
const Encoded kEncoded[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff", "+/8=", "-_8"},
    {std::string("\0\0\0\0", 4), "AAAAAA==", "AAAAAA"},
};

TEST(Base64, IsWrittenPaddedAndUrlSafeIsNot) {
  for (const auto& [plain, base64, base64url] : kEncoded) {
    EXPECT_EQ(Base64(AsBytes(plain)), base64);
    EXPECT_EQ(Base64Url(AsBytes(plain)), base64url);
  }
}

TEST(Base64, IsReadInEitherAlphabetPaddedOrNot) {
  for (const auto& [plain, base64, base64url] : kEncoded) {
    const Bytes wanted(plain.begin(), plain.end());
    const std::string unpadded = base64.substr(0, base64.find('='));
    std::string padded_url = base64url;
    padded_url.append(base64.size() - unpadded.size(), '=');
    for (const std::string& text : {base64, base64url, unpadded, padded_url}) {
      EXPECT_EQ(FromBase64(text), wanted) << text;
    }
  }
}

TEST(Base64, RefusesOtherSpellingsAndOtherCharacters) {
  for (const std::string& bad : {"A"s,         // one digit is no byte
                                 "AAAAA"s,     // nor are five
                                 "="s,         // padding of nothing
                                 "Zg="s,       // too little padding
                                 "Zg==="s,     // too much
                                 "Zm8=="s,     // too much for two bytes
                                 "Zm9v="s,     // padding where none is due
                                 "Zm9v===="s,  //
                                 "Zg==Zg=="s,  // two texts in one
                                 "Z=g="s,      // padding inside
                                 "Zh=="s,      // unused bits not zero
                                 "Zh"s,        //
                                 "Zm9="s,      //
                                 "Zm9vY-/v"s,  // both alphabets
                                 "+_8="s,      //
                                 "Zm 9v"s,    "Zm9v\n"s,        "\nZm9v"s,
                                 " "s,        "Zm9*"s,          "Zm9."s,
                                 "Zm9,"s,     "Zm\0v"s + "AA"s, std::string("Zm9\0", 4),
                                 "Zm9\xe9"s,  "Zm9\x80"s}) {
    EXPECT_EQ(FromBase64(bad), std::nullopt) << bad;
  }
}

TEST(Bytes, ComparisonsLookAtLengthAndEveryByte) {
  const Bytes a = {1, 2, 3}, same = {1, 2, 3}, last = {1, 2, 4}, first = {0, 2, 3}, shorter = {1, 2};
  for (const auto equal : {Equal, EqualConstantTime}) {
    EXPECT_TRUE(equal(a, same));
    EXPECT_TRUE(equal({}, {}));
    EXPECT_FALSE(equal(a, last));
    EXPECT_FALSE(equal(a, first));
    EXPECT_FALSE(equal(a, shorter));
    EXPECT_FALSE(equal(shorter, a));
    EXPECT_FALSE(equal(a, {}));
  }
  EXPECT_TRUE(AllZero(Bytes{0, 0}));
  EXPECT_TRUE(AllZero({}));
  EXPECT_FALSE(AllZero(Bytes{0, 1}));
}

TEST(Bytes, TextAndBytesViewTheSame) {
  const std::string text("a\0\xff", 3);
  EXPECT_EQ(AsText(AsBytes(text)), text);
  EXPECT_EQ(AsBytes(text).size(), 3u);
  EXPECT_TRUE(AsText({}).empty());
}

using Id = FixedBytes<struct TestIdTag, 3>;

TEST(FixedBytes, TakesItsOwnLengthOnly) {
  EXPECT_EQ(Id::From(Bytes{1, 2, 3})->hex(), "010203");
  EXPECT_EQ(Id::From(Bytes{1, 2}), std::nullopt);
  EXPECT_EQ(Id::From(Bytes{1, 2, 3, 4}), std::nullopt);
  EXPECT_EQ(Id::From({}), std::nullopt);
  EXPECT_EQ(Id::FromHex("aBcDeF")->HexUpper(), "ABCDEF");
  EXPECT_EQ(Id::FromHex("abcde"), std::nullopt);
  EXPECT_EQ(Id::FromHex("abcdef00"), std::nullopt);
  EXPECT_EQ(Id::FromHex("abcdeg"), std::nullopt);
}

TEST(FixedBytes, IsAValueForContainers) {
  EXPECT_TRUE(Id().zero());
  const Id one(std::array<uint8_t, 3>{0, 0, 1}), two(std::array<uint8_t, 3>{0, 1, 0});
  EXPECT_FALSE(one.zero());
  EXPECT_LT(one, two);
  const std::unordered_set<Id> set = {one, two, one};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace thimble
