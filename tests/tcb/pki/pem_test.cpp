// SPDX-License-Identifier: Apache-2.0
//
// PEM as real quotes and headers carry it, and CRLs in each of their three encodings.
#include "tcb/pki/pem.h"

#include <gtest/gtest.h>

#include "tcb/check.h"

namespace thimble {
namespace {

using namespace std::string_literals;

constexpr Check kCheck = Check::kCollateralMalformed;
const Bytes kDer = {0x30, 0x03, 0x02, 0x01, 0x07};

Result<std::vector<Bytes>> Decode(std::string_view text, size_t limit = 4) {
  return DecodePem(text, "CERTIFICATE", limit, kCheck);
}

std::string Block(const std::string& base64, const std::string& end = "\n") {
  return "-----BEGIN CERTIFICATE-----" + end + base64 + end + "-----END CERTIFICATE-----" + end;
}

TEST(Pem, ComesBack) {
  for (const size_t size : {1, 47, 48, 49, 96, 1000}) {
    const Bytes der(size, 0x5a);
    const std::string pem = EncodePem(der, "CERTIFICATE");
    EXPECT_EQ(Decode(pem).value(), std::vector<Bytes>{der}) << size;
    for (size_t start = 0, end; (end = pem.find('\n', start)) != std::string::npos; start = end + 1) {
      EXPECT_LE(end - start, 64u);
    }
  }
}

TEST(Pem, IsLenientAroundTheBlocks) {
  const std::string block = Block("MAMCAQc=");
  for (const std::string& text :
       {block, block + '\0', block + std::string(70, '\0'), "text before\n" + block, block + "\n \0\r\n"s,
        Block("MAMCAQc=", "\r\n"), Block("MAM\nCAQ\nc="), Block("MAMCAQc"), "\n\n" + block + "\n\n",
        Block("MAMCAQc= \t"), "-----BEGIN CERTIFICATE-----MAMCAQc=-----END CERTIFICATE-----"s,
        "-----BEGIN X509 CRL-----\n!\n-----END X509 CRL-----\n" + block}) {
    const auto blocks = Decode(text);
    ASSERT_TRUE(blocks.ok()) << text << blocks.error().message;
    EXPECT_EQ(blocks.value(), std::vector<Bytes>{kDer}) << text;
  }
}

TEST(Pem, BlocksKeepTheirOrderAndTheirNumberIsBounded) {
  const std::string three = Block("AQ==") + "between\n" + Block("Ag==") + Block("Aw==");
  EXPECT_EQ(Decode(three, 3).value(), (std::vector<Bytes>{{1}, {2}, {3}}));
  const auto refused = Decode(three, 2);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(refused.error().check, kCheck);
}

// Explanatory text stands before what it explains. What comes after the last block belongs to nothing.
TEST(Pem, NothingComesAfterTheLastBlock) {
  const std::string block = Block("MAMCAQc=");
  EXPECT_EQ(Decode("# one\n" + block + "# another\n" + block).value().size(), 2u);
  for (const std::string& after :
       {"text after"s, "\0text"s, "\n#\n"s, "-"s,
        "-----BEGIN X509 CRL-----\nMAMCAQc=\n-----END X509 CRL-----\n"s, std::string(100000, 'x')}) {
    const auto refused = Decode(block + after);
    ASSERT_FALSE(refused.ok()) << after.substr(0, 60);
    EXPECT_EQ(refused.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(refused.error().check, kCheck);
  }
}

TEST(Pem, NoBlockIsAnEmptyList) {
  for (const std::string& text : {""s, "text"s, "-----BEGIN CERTIFICATE----"s, "-----END CERTIFICATE-----"s,
                                  "-----BEGIN X509 CRL-----\nMAMCAQc=\n-----END X509 CRL-----\n"s}) {
    EXPECT_TRUE(Decode(text).value().empty()) << text;
  }
}

TEST(Pem, IsStrictInsideTheBlocks) {
  for (const std::string& bad :
       {"-----BEGIN CERTIFICATE-----\nMAMCAQc=\n"s,  // does not end
        "-----BEGIN CERTIFICATE-----\nMAMCAQc=\n-----END X509 CRL-----\n"s,
        Block(""),                       // empty
        Block("MAMCAQc*"),               // not base64
        Block("MAMCAQ"s + '\0' + "c="),  //
        Block("MAMCA"),                  //
        Block("MAMCAQc=="),              //
        Block("Proc-Type: 4,ENCRYPTED\n\nMAMCAQc="), Block("MAMCAQc=") + "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n" + Block("MAMCAQc=")}) {
    const auto blocks = Decode(bad);
    ASSERT_FALSE(blocks.ok()) << bad;
    EXPECT_EQ(blocks.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(blocks.error().check, kCheck);
  }
}

TEST(Certificates, AreOneInDerOrSeveralInPem) {
  EXPECT_EQ(DecodeCertificates(kDer, 1, kCheck).value(), std::vector<Bytes>{kDer});
  EXPECT_EQ(DecodeCertificates(AsBytes(Block("MAMCAQc=") + Block("AQ==")), 2, kCheck).value().size(), 2u);
  for (const std::string& bad : {""s, "text"s, "MAMCAQc="s, Block("AQ==") + Block("AQ==") + Block("AQ==")}) {
    EXPECT_FALSE(DecodeCertificates(AsBytes(bad), 2, kCheck).ok()) << bad;
  }
}

std::string CrlBlock(const std::string& base64) {
  return "-----BEGIN X509 CRL-----\n" + base64 + "\n-----END X509 CRL-----\n";
}

TEST(CrlEncoding, IsDerPemOrHex) {
  const std::string der(kDer.begin(), kDer.end());
  for (const std::string& text :
       {der, "3003020107"s, "3003020107\0"s, "3003020107\n"s, "3003020107\r\n\0"s, CrlBlock("MAMCAQc="),
        CrlBlock("MAMCAQc=") + "\n\0"s, "text\n" + CrlBlock("MAMCAQc=")}) {
    const auto crl = DecodeCrl(AsBytes(text), kCheck);
    ASSERT_TRUE(crl.ok()) << text;
    EXPECT_EQ(crl.value(), kDer) << text;
  }
  EXPECT_EQ(DecodeCrl(AsBytes("3003020a0B"), kCheck).value(), (Bytes{0x30, 3, 2, 10, 11}));
}

TEST(CrlEncoding, RefusesEverythingElse) {
  for (const std::string& bad :
       {""s, "\0"s, "300302010"s, "30 03 02 01 07"s, "0x3003020107"s, "MAMCAQc="s, Block("MAMCAQc="),
        CrlBlock("MAMCAQc=") + CrlBlock("MAMCAQc="), CrlBlock(""), CrlBlock("MAMCAQc=") + "text"s,
        "3003020107 00"s, "-----BEGIN X509 CRL-----\nMAMCAQc=\n"s, "<html>"s}) {
    const auto crl = DecodeCrl(AsBytes(bad), kCheck);
    // Text that begins with '0' (0x30) is passed on as DER, and refused there.
    if (crl.ok()) {
      EXPECT_EQ(bad.front(), '0') << bad;
      continue;
    }
    EXPECT_EQ(crl.error().kind, ErrorKind::kMalformed);
    EXPECT_EQ(crl.error().check, kCheck);
  }
}

}  // namespace
}  // namespace thimble
