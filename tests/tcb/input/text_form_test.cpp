// SPDX-License-Identifier: Apache-2.0
//
// Bytes in text: what is read is what was written, in each form, and nothing else is.
#include "tcb/input/text_form.h"

#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/pki/pem.h"

namespace thimble::input {
namespace {

const Bytes kBytes = {0x03, 0x00, 0x02, 0x00, 0xff, 0xfb, 0xef, 0xbe};

std::string ListOf(const Bytes& bytes) {
  std::string out;
  for (const uint8_t byte : bytes) out += StrCat(out.empty() ? "[" : ", ", byte);
  return out + "]";
}

// The forms of the readings that give these bytes.
std::vector<TextForm> FormsOf(std::string_view text) {
  std::vector<TextForm> out;
  for (const Reading& reading : ReadingsOf(text)) {
    if (reading.bytes == kBytes) out.push_back(reading.form);
  }
  return out;
}

TEST(TextForm, EachFormIsRead) {
  const std::string hex = HexUpper(kBytes), base64 = Base64(kBytes), url = Base64Url(kBytes);
  const std::pair<std::string, TextForm> forms[] = {
      {HexLower(kBytes), TextForm::kHex},
      {hex, TextForm::kHex},
      {"0x" + hex, TextForm::kHex},
      {"0X" + hex, TextForm::kHex},
      {" \r\n" + hex + "\n", TextForm::kHex},
      {hex.substr(0, 6) + "\r\n " + hex.substr(6), TextForm::kHex},
      {"\"" + hex + "\"\n", TextForm::kHex},
      {"\xef\xbb\xbf" + hex, TextForm::kHex},
      {hex + std::string(1, '\0'), TextForm::kHex},
      {base64, TextForm::kBase64},
      {base64.substr(0, 4) + "\n" + base64.substr(4) + "\n", TextForm::kBase64},
      {base64.substr(0, base64.find('=')), TextForm::kBase64},
      {url, TextForm::kBase64Url},
      {url + "=", TextForm::kBase64Url},
      {EncodePem(kBytes, "QUOTE"), TextForm::kPem},
      {EncodePem(kBytes, "ATTESTATION REPORT"), TextForm::kPem},
      {ListOf(kBytes), TextForm::kByteList},
  };
  for (const auto& [text, form] : forms) EXPECT_EQ(FormsOf(text), std::vector{form}) << text;
}

TEST(TextForm, NothingElseIs) {
  const std::string hex = HexLower(kBytes), base64 = Base64(kBytes);
  const std::string_view nothing[] = {
      "",
      " \n",
      "0x",
      "[]",
      "[1, 2, 256]",
      "[1, 2, -1]",
      "[1, 2.5]",
      "[1, 2",
      "[\"00\"]",
      "-----BEGIN QUOTE-----\nAwAC\n",
      "a{",
      "\xff\xfe"
      "0\0",
      "no text",
  };
  for (const std::string_view text : nothing) EXPECT_TRUE(ReadingsOf(text).empty()) << text;
  EXPECT_TRUE(FormsOf(hex.substr(1)).empty()) << "an odd number of digits";
  EXPECT_TRUE(ReadingsOf(hex + "\x01").empty());
  EXPECT_TRUE(ReadingsOf("comment\n" + EncodePem(kBytes, "ATTESTATION REPORT")).empty()) << "text before it";
  EXPECT_TRUE(ReadingsOf(base64.substr(0, 5)).empty());
  EXPECT_TRUE(ReadingsOf("+_8=").empty()) << "two alphabets";
  // Certificates and CRLs are for their own readers.
  EXPECT_TRUE(ReadingsOf(EncodePem(kBytes, "CERTIFICATE")).empty());
  EXPECT_TRUE(ReadingsOf(EncodePem(kBytes, "X509 CRL")).empty());
}

TEST(TextForm, HexIsReadBeforeBase64) {
  const auto readings = ReadingsOf("03000200");
  ASSERT_EQ(readings.size(), 2u);
  EXPECT_EQ(readings[0].form, TextForm::kHex);
  EXPECT_EQ(readings[0].bytes, (Bytes{3, 0, 2, 0}));
  EXPECT_EQ(readings[1].form, TextForm::kBase64);
  const auto marked = ReadingsOf("0x030002");
  ASSERT_FALSE(marked.empty());
  EXPECT_EQ(marked[0].bytes, (Bytes{3, 0, 2}));
}

TEST(TextForm, BytesThatFitAreLeftAlone) {
  const Fits starts_with_3 = [](ByteView bytes) { return !bytes.empty() && bytes[0] == 3; };
  const auto fit = [&](std::string_view text) { return BytesThatFit(AsBytes(text), starts_with_3); };
  EXPECT_EQ(fit("\x03 raw"), Bytes(AsBytes("\x03 raw").begin(), AsBytes("\x03 raw").end()));
  EXPECT_EQ(fit("0300"), (Bytes{3, 0}));
  EXPECT_EQ(fit("AwA="), (Bytes{3, 0}));
  EXPECT_EQ(fit("0400"), Bytes(AsBytes("0400").begin(), AsBytes("0400").end())) << "no reading fits";
}

}  // namespace
}  // namespace thimble::input
