// SPDX-License-Identifier: Apache-2.0
//
// Certificates that carry evidence about their key.
#include "tests/support/der_writer.h"
#include "tests/support/sim_rsa_key.h"
#include "tests/tcb/openenclave/world.h"

namespace thimble::openenclave {
namespace {

using sim::MakeOeCertificate;

const sim::SimKey& Key() {
  static const sim::SimKey kKey("an enclave's key");
  return kKey;
}
const sim::SimKey& AnotherKey() {
  static const sim::SimKey kKey("another enclave's key");
  return kKey;
}

Bytes QuoteAbout(const sim::SimKey& key) { return World().Quote(sim::Binding(sim::OeKeyPem(key))); }
Bytes EvidenceAbout(const sim::SimKey& key) { return sim::MakeOeEvidence(World(), sim::OeKeyPem(key)); }
Bytes SelfSigned(const std::string& oid, const Bytes& content) {
  return MakeOeCertificate(oid, content, Key(), Key());
}

TEST(OeCertificate, HoldsAReportAQuoteOrEvidence) {
  struct Row {
    const char* title;
    const char* oid;
    Bytes content;
    std::optional<Format> inside;
  };
  const Bytes quote = QuoteAbout(Key()), report = sim::EncodeOeReport(quote), evidence = EvidenceAbout(Key());
  const Row rows[] = {
      {"report", sim::kOeReportOid, report, Format::kReport},
      {"report, older OID", sim::kOldOeReportOid, report, Format::kReport},
      {"report in an OCTET STRING", sim::kOeReportOid, sim::der::OctetString(report), Format::kReport},
      {"quote in an OCTET STRING", sim::kOldOeReportOid, sim::der::OctetString(quote), std::nullopt},
      {"quote", sim::kOldOeReportOid, quote, std::nullopt},
      {"evidence", sim::kOeEvidenceOid, evidence, Format::kEvidence},
      {"evidence, older OID", sim::kOldOeEvidenceOid, evidence, Format::kEvidence},
  };
  for (const Row& row : rows) {
    const Bytes certificate = SelfSigned(row.oid, row.content);
    const auto verdict = Judge(certificate);
    ASSERT_EQ(FailsOn(verdict), "") << row.title;
    EXPECT_TRUE(verdict->authentic);
    const Claims& claims = *verdict->open_enclave;
    EXPECT_EQ(claims.format, Format::kCertificate) << row.title;
    EXPECT_EQ(claims.in_certificate, row.inside) << row.title;
    EXPECT_EQ(claims.certificate_sha256, Sha256(certificate));
    EXPECT_EQ(claims.certificate_key_sha256, Sha256(sim::OeKeyPem(Key())));
    EXPECT_EQ(verdict->checks.Get(Check::kOeCertificateSignature), CheckResult::kPassed);
    EXPECT_EQ(verdict->checks.Get(Check::kOeCertificateKey), CheckResult::kPassed);
  }
}

TEST(OeCertificate, ExtensionsHoldNothingElse) {
  const Bytes quote = QuoteAbout(Key()), report = sim::EncodeOeReport(quote), evidence = EvidenceAbout(Key());
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeEvidenceOid, report))), "oe.format");
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeEvidenceOid, quote))), "oe.format");
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeReportOid, evidence))), "quote.format");
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeReportOid, Joined(quote, Bytes{0})))), "oe.format");
  const auto two = [&](sim::CertificateSpec& spec) {
    spec.more_extensions.push_back(sim::MakeExtension(sim::kOeEvidenceOid, false, evidence));
  };
  EXPECT_EQ(FailsOn(Judge(MakeOeCertificate(sim::kOeReportOid, report, Key(), Key(), two))), "oe.format");
  const auto number = [](sim::CertificateSpec& spec) {  // as Azure Attestation's have
    spec.more_extensions.push_back(sim::MakeExtension(sim::kOldOeEvidenceOid, false, sim::der::Integer(1)));
  };
  EXPECT_EQ(FailsOn(Judge(MakeOeCertificate(sim::kOldOeReportOid, quote, Key(), Key(), number))), "");
  const Bytes none = SelfSigned("1.3.6.1.4.1.311.105.3", report);
  EXPECT_FALSE(IsOpenEnclave(none));
  EXPECT_EQ(ReadEvidenceCertificate(none).error().check, Check::kOeFormat);
}

TEST(OeCertificate, IsSignedWithItsOwnKey) {
  const Bytes report = sim::EncodeOeReport(QuoteAbout(Key()));
  EXPECT_EQ(FailsOn(Judge(MakeOeCertificate(sim::kOeReportOid, report, Key(), Key()))), "");
  EXPECT_EQ(FailsOn(Judge(MakeOeCertificate(sim::kOeReportOid, report, Key(), AnotherKey()))),
            "oe.certificate_signature");
  Bytes bent = MakeOeCertificate(sim::kOeReportOid, report, Key(), Key());
  bent.back() ^= 1;
  EXPECT_EQ(FailsOn(Judge(bent)), "oe.certificate_signature");
}

// Otherwise anybody's evidence adorns anybody's key.
TEST(OeCertificate, EvidenceIsAboutItsKey) {
  const Bytes report = sim::EncodeOeReport(QuoteAbout(AnotherKey()));
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeReportOid, report))), "oe.certificate_key");
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOldOeReportOid, QuoteAbout(AnotherKey())))), "oe.certificate_key");
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeEvidenceOid, EvidenceAbout(AnotherKey())))),
            "oe.certificate_key");
  Bytes without_nul = sim::OeKeyPem(Key());
  without_nul.pop_back();
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeEvidenceOid, sim::MakeOeEvidence(World(), without_nul)))),
            "oe.certificate_key");
  const Bytes tail = World().Quote(sim::Binding(
      sim::OeKeyPem(Key()), {.bend = [](sim::QuoteSpec& spec) { spec.sgx.report_data.back() = 1; }}));
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeReportOid, sim::EncodeOeReport(tail)))), "oe.certificate_key");
  Bytes evidence = EvidenceAbout(Key());
  evidence.back() ^= 1;
  EXPECT_EQ(FailsOn(Judge(SelfSigned(sim::kOeEvidenceOid, evidence))), "oe.custom_claims");
}

// Whatever key an enclave picks: RSA is what Azure Attestation's have.
TEST(OeCertificate, KeysMayBeOfRsa) {
  namespace der = sim::der;
  const sim::SimRsaKey key("amd/vtpm", 2048);
  const Bytes info = key.SubjectPublicKeyInfo();
  Bytes pem = BytesOf(sim::ToPem(info, "PUBLIC KEY"));
  pem.push_back(0);
  const auto signed_with = [&](const char* oid, HashAlgorithm hash) {
    sim::CertificateSpec spec;
    spec.serial = {1};
    spec.subject = spec.issuer = {{sim::kCommonName, "RSA"}};
    spec.validity = {sim::kNow, sim::kNow + std::chrono::days(1)};
    spec.more_extensions.push_back(
        sim::MakeExtension(sim::kOeEvidenceOid, false, sim::MakeOeEvidence(World(), pem)));
    return sim::MakeCertificate(
        spec, info,
        {.algorithm = der::Sequence({der::Oid(oid), der::Null()}),
         .sign = [&key, hash](ByteView message) { return key.SignPkcs1(message, hash); }});
  };
  constexpr const char* kSha256WithRsa = "1.2.840.113549.1.1.11";
  constexpr const char* kSha384WithRsa = "1.2.840.113549.1.1.12";
  constexpr const char* kSha1WithRsa = "1.2.840.113549.1.1.5";
  EXPECT_EQ(FailsOn(Judge(signed_with(kSha256WithRsa, HashAlgorithm::kSha256))), "");
  EXPECT_EQ(FailsOn(Judge(signed_with(kSha384WithRsa, HashAlgorithm::kSha384))), "");
  EXPECT_EQ(FailsOn(Judge(signed_with(kSha384WithRsa, HashAlgorithm::kSha256))), "oe.certificate_signature");
  EXPECT_EQ(FailsOn(Judge(signed_with(kSha1WithRsa, HashAlgorithm::kSha256))), "oe.certificate_signature");
}

}  // namespace
}  // namespace thimble::openenclave
