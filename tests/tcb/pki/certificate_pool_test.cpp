// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/certificate_pool.h"

#include "tests/tcb/pki/made_certificate.h"

namespace thimble {
namespace {

using sim::CertificateSpec;

TEST(CertificatePool, AnswersAsTheCertificatesThemselvesDo) {
  CertificatePool pool;
  const Bytes bytes = Make();
  const auto certificate = pool.Parse(bytes, kCheck).value();
  EXPECT_EQ(pool.Parse(bytes, kCheck).value(), certificate);  // the same object
  EXPECT_FALSE(pool.Parse(Bytes{1}, kCheck).ok());
  CertificateSpec issuer_spec = DefaultSpec();
  const auto issuer = pool.Parse(sim::MakeCertificate(issuer_spec, kIssuerKey, kIssuerKey), kCheck).value();
  const auto forger = pool.Parse(sim::MakeCertificate(issuer_spec, kSubjectKey, kIssuerKey), kCheck).value();
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(pool.SignedBy(*certificate, *issuer));
    EXPECT_FALSE(pool.SignedBy(*certificate, *forger));
    EXPECT_FALSE(pool.SignedBy(*issuer, *certificate));
  }
}

TEST(CertificatePool, VouchesOnlyForTheLinksOfAVerifiedChain) {
  const sim::SimIntel world = sim::SimIntel::Make();
  const auto parse = [&](const Bytes& der) { return Certificate::Parse(der, kCheck).value(); };
  const auto root = parse(world.Certificate(sim::IntelCertificate::kRoot));
  const auto ca = parse(world.CaCertificate(intel::PckCa::kPlatform));
  const auto leaf = parse(world.PckCertificate());
  CertificatePool pool;
  pool.AddVerified({ca, root});
  EXPECT_TRUE(pool.SignedBy(*ca, *root));
  EXPECT_TRUE(pool.SignedBy(*leaf, *ca));
  EXPECT_FALSE(pool.SignedBy(*leaf, *root));
  EXPECT_FALSE(pool.SignedBy(*root, *ca));
}

// What is known of a root's own signature is known of these bytes, not of this key.
TEST(CertificatePool, KnowsTheAnchorsOwnCertificatesAndNoOtherIssue) {
  const auto parse = [&](const Bytes& der) { return Certificate::Parse(der, kCheck).value(); };
  const sim::SimIntel world = sim::SimIntel::Make();
  const Bytes root = world.Certificate(sim::IntelCertificate::kRoot);
  Bytes bent = root;
  bent.back() ^= 1;
  TrustAnchors anchors;
  ASSERT_TRUE(anchors.AddExtra(root).ok());
  CertificatePool pool(anchors);
  EXPECT_TRUE(pool.SignedBy(*parse(root), *parse(root)));
  EXPECT_FALSE(pool.SignedBy(*parse(bent), *parse(bent)));
  EXPECT_FALSE(pool.SignedBy(*parse(bent), *parse(root)));
}

}  // namespace
}  // namespace thimble
