// SPDX-License-Identifier: Apache-2.0
//
// What each issuer's certificates may look like. Intel's and AMD's take nothing of what the others may have.
#include <gtest/gtest.h>

#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/usages.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_rsa_key.h"
#include "tests/tcb/pki/made_certificate.h"

namespace thimble {
namespace {

namespace der = sim::der;
using sim::CertificateSpec;

constexpr CertificateProfile kTee = CertificateProfile::kTee, kMicrosoft = CertificateProfile::kMicrosoft,
                             kTpmMaker = CertificateProfile::kTpmMaker;

const sim::SimRsaKey& Rsa() {
  static const sim::SimRsaKey key("amd/vtpm", 2048);
  return key;
}

bool Reads(const Bytes& der, CertificateProfile profile) {
  return Certificate::Parse(der, profile, kCheck).ok();
}

constexpr HashAlgorithm kHashes[] = {HashAlgorithm::kSha256, HashAlgorithm::kSha384, HashAlgorithm::kSha512};

TEST(CertificateProfile, Pkcs1IsMicrosoftsAndNotTheTees) {
  for (const HashAlgorithm hash : kHashes) {
    const Bytes der =
        sim::MakeCertificate(DefaultSpec(), Rsa().SubjectPublicKeyInfo(), Rsa().Pkcs1Signer(hash));
    EXPECT_FALSE(Reads(der, kTee));
    const auto certificate = Certificate::Parse(der, kMicrosoft, kCheck);
    ASSERT_TRUE(certificate.ok()) << certificate.error().message;
    EXPECT_TRUE((*certificate)->SignedBy(**certificate));
  }
}

TEST(CertificateProfile, AWrongPkcs1SignatureDoesNotHold) {
  for (const HashAlgorithm hash : kHashes) {
    for (const HashAlgorithm named : kHashes) {
      sim::Signer signer = Rsa().Pkcs1Signer(named);
      signer.sign = Rsa().Pkcs1Signer(hash).sign;
      const auto certificate = Certificate::Parse(
          sim::MakeCertificate(DefaultSpec(), Rsa().SubjectPublicKeyInfo(), signer), kMicrosoft, kCheck);
      ASSERT_TRUE(certificate.ok());
      EXPECT_EQ((*certificate)->SignedBy(**certificate), hash == named);
    }
  }
}

TEST(CertificateProfile, RefusesSha1AndParametersThatAreNotNull) {
  const auto with = [](const Bytes& algorithm) {
    sim::Signer signer = Rsa().Pkcs1Signer(HashAlgorithm::kSha256);
    signer.algorithm = algorithm;
    return sim::MakeCertificate(DefaultSpec(), Rsa().SubjectPublicKeyInfo(), signer);
  };
  const Bytes sha256 = der::Oid("1.2.840.113549.1.1.11");
  EXPECT_TRUE(Reads(with(der::Sequence({sha256, der::Null()})), kMicrosoft));
  EXPECT_FALSE(Reads(with(der::Sequence({sha256})), kMicrosoft));
  EXPECT_FALSE(Reads(with(der::Sequence({der::Oid("1.2.840.113549.1.1.5"), der::Null()})), kMicrosoft));
  EXPECT_FALSE(Reads(with(sim::PssAlgorithm()), kMicrosoft));
}

TEST(CertificateProfile, RsaHasItsSizesAndExponent) {
  const auto with = [](size_t bytes, uint64_t exponent) {
    Bytes modulus(bytes, 0xff);
    const Bytes key = der::Sequence({der::UnsignedInteger(modulus), der::Integer(exponent)});
    const Bytes spki =
        der::Sequence({der::Sequence({der::Oid("1.2.840.113549.1.1.1"), der::Null()}), der::BitString(key)});
    return sim::MakeCertificate(DefaultSpec(), spki, Rsa().Pkcs1Signer(HashAlgorithm::kSha256));
  };
  for (const size_t bytes : {256, 384, 512}) EXPECT_TRUE(Reads(with(bytes, 65537), kMicrosoft));
  EXPECT_FALSE(Reads(with(255, 65537), kMicrosoft));
  EXPECT_FALSE(Reads(with(513, 65537), kMicrosoft));
  EXPECT_FALSE(Reads(with(256, 3), kMicrosoft));
}

TEST(CertificateProfile, CriticalExtensionsOfOthersAreNotTheTees) {
  for (const char* oid : {"2.5.29.17", "2.5.29.30", "2.5.29.32", "2.5.29.37"}) {
    const Bytes der = Make([&](CertificateSpec& spec) {
      spec.more_extensions = {sim::MakeExtension(oid, true, der::Sequence({der::Oid("2.23.133.8.3")}))};
    });
    EXPECT_FALSE(Reads(der, kTee)) << oid;
    EXPECT_TRUE(Reads(der, kMicrosoft)) << oid;
  }
  for (const char* oid : {"2.5.29.36", "2.5.29.54", "1.2.3.4"}) {
    const Bytes der = Make([&](CertificateSpec& spec) {
      spec.more_extensions = {sim::MakeExtension(oid, true, der::Sequence({}))};
    });
    for (const CertificateProfile profile : {kTee, kMicrosoft, kTpmMaker})
      EXPECT_FALSE(Reads(der, profile)) << oid;
  }
}

TEST(CertificateProfile, AnEmptySubjectIsATpmMakersBesideACriticalAlternativeName) {
  const auto with = [](std::optional<bool> critical) {
    return Make([&](CertificateSpec& spec) {
      spec.subject = {};
      if (critical) spec.more_extensions = {sim::MakeExtension("2.5.29.17", *critical, der::Sequence({}))};
    });
  };
  EXPECT_TRUE(Reads(with(true), kTpmMaker));
  EXPECT_FALSE(Reads(with(false), kTpmMaker));
  EXPECT_FALSE(Reads(with(std::nullopt), kTpmMaker));
  EXPECT_FALSE(Reads(with(true), kMicrosoft));
  EXPECT_FALSE(Reads(Make([](CertificateSpec& spec) { spec.issuer = {}; }), kMicrosoft));
}

constexpr std::string_view kP521 = R"(-----BEGIN CERTIFICATE-----
MIICCTCCAWqgAwIBAgIUaGFYx9wChF9NsqxXo3T6AmYjJuMwCgYIKoZIzj0EAwQw
FTETMBEGA1UEAwwKUC01MjEgcm9vdDAgFw0yNjExMzAyMzEzMzNaGA8yMTI2MTEw
NjIzMTMzM1owFTETMBEGA1UEAwwKUC01MjEgcm9vdDCBmzAQBgcqhkjOPQIBBgUr
gQQAIwOBhgAEAa/Wgx96n9is4pND7+4QXtMgxXvC3fYS9NbU+dtFW8ZRJSlCo4yJ
flZgSSQbI+WCvqFRpNGaUZw+8ZszAD4t94HQAeJzN4hqszb/j4YbB5awYXkJgWJz
qUo37bo4EEFzrNKQJZ2DChfrJL1nPQqxi6OReRpPxFSU510Q08ANEGa+MsKio1Mw
UTAdBgNVHQ4EFgQU9//sIrHd6R8P/MVkgLRETa/QR2AwHwYDVR0jBBgwFoAU9//s
IrHd6R8P/MVkgLRETa/QR2AwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDBAOB
jAAwgYgCQgC4TL1RwKpO2gfHr/Fe2YileBttLKs9u1s3pnZjz5k9q/tYu2sJczs0
2xMJNWcPgwgfqoMqYN8dwAifdfFpJ0jBhQJCAQoaEn97o6o6qzGsfEn2XA4hNKBe
ffkh8cpc5hM1dLf9mDqFHoImOXMtrvKH/7W62nBgTZOr5FH9yZ4K6q6vqkJk
-----END CERTIFICATE-----
)";

TEST(CertificateProfile, P521IsNotTheTees) {
  const auto der = DecodePem(kP521, "CERTIFICATE", 1, kCheck);
  ASSERT_TRUE(der.ok());
  EXPECT_FALSE(Reads(der->front(), kTee));
  const auto certificate = Certificate::Parse(der->front(), kMicrosoft, kCheck);
  ASSERT_TRUE(certificate.ok()) << certificate.error().message;
  EXPECT_TRUE((*certificate)->SignedBy(**certificate));
  Bytes bent = der->front();
  bent.back() ^= 1;
  const auto other = Certificate::Parse(bent, kMicrosoft, kCheck);
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE((*other)->SignedBy(**other));
}

// A key takes no algorithm but its own kind's.
TEST(Signature, NeedsAKeyThatFitsTheAlgorithm) {
  const Bytes message = {1, 2, 3};
  const auto rsa = ReadSubjectPublicKeyInfo(Rsa().SubjectPublicKeyInfo(), kMicrosoft);
  const sim::SimKey p256("p256"), p384("p384", Curve::kP384);
  const auto ec256 = ReadSubjectPublicKeyInfo(p256.SubjectPublicKeyInfo(), kMicrosoft);
  const auto ec384 = ReadSubjectPublicKeyInfo(p384.SubjectPublicKeyInfo(), kMicrosoft);
  ASSERT_TRUE(rsa && ec256 && ec384);
  using enum SignatureAlgorithm;
  struct Row {
    SignatureAlgorithm algorithm;
    const PublicKey& key;
    Bytes signature;
    EcdsaForm form = EcdsaForm::kRaw;
  };
  const Row rows[] = {
      {kRsaPssSha256, *rsa, Rsa().SignPss(message, HashAlgorithm::kSha256)},
      {kRsaPssSha384, *rsa, Rsa().SignPss(message, HashAlgorithm::kSha384)},
      {kRsaPssSha512, *rsa, Rsa().SignPss(message, HashAlgorithm::kSha512)},
      {kRsaPkcs1Sha256, *rsa, Rsa().SignPkcs1(message, HashAlgorithm::kSha256)},
      {kRsaPkcs1Sha384, *rsa, Rsa().SignPkcs1(message, HashAlgorithm::kSha384)},
      {kRsaPkcs1Sha512, *rsa, Rsa().SignPkcs1(message, HashAlgorithm::kSha512)},
      {kEcdsaSha256, *ec256, p256.SignRaw(message)},
      {kEcdsaSha384, *ec384, p384.SignRaw(message)},
      {kEcdsaSha256, *ec256, p256.SignDer(message), EcdsaForm::kDer},
      {kEcdsaSha384, *ec384, p384.SignDer(message), EcdsaForm::kDer},
  };
  for (const Row& row : rows) {
    for (const Row& other : rows) {
      const bool same = row.algorithm == other.algorithm && row.form == other.form;
      EXPECT_EQ(VerifySignature(row.key, other.algorithm, message, row.signature, other.form),
                same || (row.algorithm == other.algorithm && &row.key == &*rsa));
    }
    Bytes bent = row.signature;
    bent[bent.size() / 2] ^= 1;
    EXPECT_FALSE(VerifySignature(row.key, row.algorithm, message, bent, row.form));
    EXPECT_FALSE(VerifySignature(row.key, row.algorithm, Bytes{1, 2, 4}, row.signature, row.form));
  }
}

TEST(NvMemory, HoldsDerAndThenPadding) {
  Bytes nv = Make();
  const size_t size = nv.size();
  EXPECT_EQ(WithoutNvPadding(nv)->size(), size);
  nv.resize(4096);
  EXPECT_EQ(WithoutNvPadding(nv)->size(), size);
  std::fill(nv.begin() + static_cast<std::ptrdiff_t>(size), nv.end(), uint8_t{0xff});
  EXPECT_EQ(WithoutNvPadding(nv)->size(), size);
  nv.back() = 0;
  EXPECT_FALSE(WithoutNvPadding(nv));
  EXPECT_FALSE(WithoutNvPadding(Bytes{}));
}

TEST(ExtendedKeyUsage, IsReadWhole) {
  const auto with = [](const Bytes& value) {
    return Parse(Make([&](CertificateSpec& spec) {
             spec.more_extensions = {sim::MakeExtension("2.5.29.37", false, value)};
           }))
        .value();
  };
  const Bytes aik = {0x67, 0x81, 0x05, 0x08, 0x03}, oid = der::Oid("2.23.133.8.3");
  EXPECT_TRUE(HasExtendedKeyUsage(*with(der::Sequence({der::Oid("1.2.3"), oid})), aik));
  EXPECT_FALSE(HasExtendedKeyUsage(*with(der::Sequence({der::Oid("2.23.133.8.1")})), aik));
  EXPECT_FALSE(ExtendedKeyUsages(*with(der::Sequence({}))));
  EXPECT_FALSE(ExtendedKeyUsages(*with(der::Concat({der::Sequence({oid}), Bytes{0}}))));
  EXPECT_EQ(ExtendedKeyUsages(*Parse(Make()).value())->size(), 0u);
}

}  // namespace
}  // namespace thimble
