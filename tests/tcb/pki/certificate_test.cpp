// SPDX-License-Identifier: Apache-2.0
//
// X.509 certificates: what is read from them.
#include "tcb/pki/certificate.h"

#include "tests/support/der_writer.h"
#include "tests/tcb/pki/made_certificate.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
namespace der = sim::der;
using sim::CertificateParts;
using sim::CertificateSpec;

TEST(Certificate, IsReadInFull) {
  const Bytes bytes = Make();
  const auto parsed = Parse(bytes);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Certificate& certificate = **parsed;
  EXPECT_TRUE(Equal(certificate.der(), bytes));
  EXPECT_EQ(certificate.sha256(), Sha256(bytes));
  EXPECT_EQ(certificate.spki_sha256(), Sha256(kSubjectKey.SubjectPublicKeyInfo()));
  EXPECT_EQ(HexLower(certificate.serial()), "8f01");
  EXPECT_EQ(certificate.subject_cn(), "A Subject");
  EXPECT_EQ(certificate.issuer_cn(), "An Issuer");
  EXPECT_TRUE(Equal(certificate.subject(), sim::EncodeName(sim::IntelName("A Subject"))));
  EXPECT_TRUE(Equal(certificate.issuer(), sim::EncodeName(sim::IntelName("An Issuer"))));
  EXPECT_EQ(certificate.validity(), (Validity{sim::kNow - 24h, sim::kNow + 24h}));
  ASSERT_NE(certificate.ec_key(), nullptr);
  EXPECT_EQ(certificate.rsa_key(), nullptr);
  EXPECT_TRUE(Equal(certificate.ec_key()->point(), kSubjectKey.point()));
  EXPECT_FALSE(certificate.self_issued());
  EXPECT_EQ(certificate.is_ca(), true);
  EXPECT_EQ(certificate.path_length(), 0u);
  EXPECT_EQ(certificate.key_usage(), kKeyCertSign | kCrlSign);
  EXPECT_TRUE(certificate.has_key_identifiers());
  EXPECT_TRUE(Equal(certificate.subject_key_id(), kSubjectKey.KeyIdentifier()));
  EXPECT_TRUE(certificate.HasUsage(kKeyCertSign) && certificate.HasUsage(kCrlSign));
  EXPECT_FALSE(certificate.HasUsage(kDigitalSignature));
  EXPECT_TRUE(certificate.has_crl_distribution_points());
  EXPECT_EQ(certificate.crl_url(), "https://crl.example/root.der");
  EXPECT_EQ(certificate.extensions().size(), 5u);
}

TEST(Certificate, AnAbsentExtensionIsAbsent) {
  const auto bare = Parse(Make([](CertificateSpec& spec) {
    spec.is_ca.reset();
    spec.path_length.reset();
    spec.key_usage.reset();
    spec.subject_key_id.clear();
    spec.crl_url.clear();
  }));
  ASSERT_TRUE(bare.ok());
  EXPECT_EQ((*bare)->is_ca(), std::nullopt);
  EXPECT_EQ((*bare)->path_length(), std::nullopt);
  EXPECT_EQ((*bare)->key_usage(), std::nullopt);
  EXPECT_FALSE((*bare)->HasUsage(kKeyCertSign));
  EXPECT_FALSE((*bare)->has_key_identifiers());
  EXPECT_TRUE((*bare)->subject_key_id().empty());
  EXPECT_FALSE((*bare)->has_crl_distribution_points());
  EXPECT_EQ((*bare)->crl_url(), "");
}

TEST(Certificate, SignatureHoldsUnderItsIssuersKeyOnly) {
  const auto named = [](const sim::SimKey& key, std::string_view cn) {
    CertificateSpec spec = DefaultSpec();
    spec.subject = sim::IntelName(cn);
    return Parse(sim::MakeCertificate(spec, key, kIssuerKey)).value();
  };
  const auto certificate = Parse(Make()).value();
  EXPECT_TRUE(certificate->SignedBy(*named(kIssuerKey, "An Issuer")));
  EXPECT_FALSE(certificate->SignedBy(*named(kSubjectKey, "An Issuer")));
  // A key of the other curve, whose algorithm is not the certificate's.
  EXPECT_FALSE(certificate->SignedBy(*named(sim::SimKey("issuer", Curve::kP384), "An Issuer")));
}

TEST(Certificate, EveryByteOfItCounts) {
  const Bytes good = Make();
  CertificateSpec issuer_spec = DefaultSpec();
  const auto issuer = Parse(sim::MakeCertificate(issuer_spec, kIssuerKey, kIssuerKey)).value();
  ASSERT_TRUE(Parse(good).value()->SignedBy(*issuer));
  for (size_t i = 0; i < good.size(); ++i) {
    Bytes bad = good;
    bad[i] ^= 1;
    const auto certificate = Parse(bad);
    EXPECT_FALSE(certificate.ok() && (*certificate)->SignedBy(*issuer)) << i;
  }
}

TEST(Certificate, SerialsOfTwentyBytesAndOfOne) {
  const Bytes longest(20, 0xff);
  EXPECT_TRUE(Equal(Parse(Make([&](auto& spec) { spec.serial = longest; })).value()->serial(), longest));
  EXPECT_EQ(HexLower(Parse(Make([](auto& spec) { spec.serial = {7}; })).value()->serial()), "07");
}

TEST(Certificate, UnknownExtensionsThatAreNotCriticalAreKept) {
  const auto certificate = Parse(Make([](CertificateSpec& spec) {
    spec.more_extensions = {sim::MakeExtension("1.2.3.4", false, Bytes{5, 0})};
  }));
  ASSERT_TRUE(certificate.ok());
  const Bytes oid = {0x2a, 0x03, 0x04};
  const Extension* extension = (*certificate)->FindExtension(oid);
  ASSERT_NE(extension, nullptr);
  EXPECT_FALSE(extension->critical);
  EXPECT_TRUE(Equal(extension->value, Bytes{5, 0}));
  EXPECT_EQ((*certificate)->FindExtension(Bytes{0x2a, 0x03}), nullptr);
}

TEST(Certificate, HasOneCommonNameOrNone) {
  const auto named = Parse(Make([](CertificateSpec& spec) {
    spec.subject = {{sim::kOrganization, "first"}, {sim::kCommonName, "last"}};
  }));
  EXPECT_EQ((*named)->subject_cn(), "last");
  const auto unnamed = Parse(Make([](CertificateSpec& spec) { spec.subject = {{sim::kCountry, "US"}}; }));
  EXPECT_EQ((*unnamed)->subject_cn(), "");
}

// The key of an authority may be named by its certificate's issuer and serial instead.
TEST(Certificate, AuthorityKeyIdentifierByIssuerAndSerial) {
  const Bytes by_serial =
      der::Sequence({der::Explicit(1, {der::Explicit(4, {sim::EncodeName(sim::IntelName("An Issuer"))})}),
                     der::Implicit(2, Bytes{7})});
  EXPECT_TRUE(Parse(MakeParts([&](CertificateParts& parts) {
                parts.extensions[0] = sim::MakeExtension(kAki, false, by_serial);
              }))
                  .value()
                  ->has_key_identifiers());
}

// The number of CAs that may follow (RFC 5280 section 4.2.1.9).
TEST(Certificate, PathLengthAllowsAnIntermediate) {
  for (const auto& [length, allows] :
       {std::pair<std::optional<uint8_t>, bool>{std::nullopt, true}, {0, false}, {1, true}}) {
    const auto certificate =
        Parse(Make([length = length](CertificateSpec& spec) { spec.path_length = length; }));
    EXPECT_EQ((*certificate)->AllowsIntermediate(), allows);
  }
}

}  // namespace
}  // namespace thimble
