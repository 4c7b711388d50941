// SPDX-License-Identifier: Apache-2.0
//
// Which roots are trusted, and how another becomes so.
#include "tcb/pki/trust_anchors.h"

#include <gtest/gtest.h>

#include <set>

#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"
#include "tests/tcb/corpus.h"

namespace thimble {
namespace {

using sim::CertificateSpec;
using sim::IntelCertificate;
using sim::SimIntel;

CertificatePtr Parse(const Bytes& der) {
  return Certificate::Parse(der, Check::kCollateralMalformed).value();
}

Bytes SelfSigned(const sim::Bend<CertificateSpec>& bend) {
  const sim::SimKey key("anchor");
  CertificateSpec spec = {.serial = {1},
                          .subject = sim::IntelName("Intel SGX Root CA"),
                          .issuer = sim::IntelName("Intel SGX Root CA"),
                          .validity = {sim::kNow, sim::kNow},
                          .is_ca = true};
  bend(spec);
  return sim::MakeCertificate(spec, key, key);
}

TEST(TrustAnchors, FourArePinned) {
  const TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_EQ(anchors.all().size(), 4u);
  for (const TrustAnchor& anchor : anchors.all()) {
    EXPECT_FALSE(anchor.extra);
    EXPECT_EQ(anchor.vendor == Vendor::kIntel, anchor.name == "Intel SGX Root CA") << anchor.name;
  }
  const SimIntel world = SimIntel::Make();
  EXPECT_EQ(anchors.Find(Vendor::kIntel, *Parse(world.Certificate(IntelCertificate::kRoot))), nullptr);
}

TEST(TrustAnchors, IntelsRootIsIntels) {
  const auto path = test::CorpusDir() / "intel";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << "no corpus beside the project";
  const TrustAnchors anchors = TrustAnchors::Pinned();
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const Bytes chain = test::ReadFile(entry.path() / "tcb_info_chain.pem");
    if (chain.empty() || std::filesystem::exists(entry.path() / "root.pem")) continue;
    TrustAnchors extended = TrustAnchors::Pinned();
    // The last certificate of a signing chain is the root; adding it changes nothing, for it is pinned.
    const std::string text(AsText(chain));
    ASSERT_TRUE(extended.AddExtra(AsBytes(text.substr(text.rfind("-----BEGIN")))).ok());
    EXPECT_EQ(extended.all().size(), anchors.all().size());
    return;
  }
  FAIL() << "no signing chain in the corpus";
}

TEST(TrustAnchors, AnExtraOneIsFoundByItsKeyForItsVendorOnly) {
  const SimIntel world = SimIntel::Make(), forger = SimIntel::Make({.seed = "forger"});
  const auto root = Parse(world.Certificate(IntelCertificate::kRoot));
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(AsBytes(world.RootPem())).ok());
  const TrustAnchor* found = anchors.Find(Vendor::kIntel, *root);
  ASSERT_NE(found, nullptr);
  EXPECT_TRUE(found->extra);
  EXPECT_EQ(found->name, "Intel SGX Root CA");
  EXPECT_EQ(found->spki_sha256, root->spki_sha256());
  EXPECT_EQ(anchors.Find(Vendor::kAmd, *root), nullptr);
  EXPECT_EQ(anchors.Find(Vendor::kIntel, *Parse(forger.Certificate(IntelCertificate::kRoot))), nullptr);
  EXPECT_EQ(anchors.Find(Vendor::kIntel, *Parse(world.CaCertificate(intel::PckCa::kPlatform))), nullptr);
}

TEST(TrustAnchors, SeveralAreAddedAtOnceAndNoneTwice) {
  const SimIntel world = SimIntel::Make(), other = SimIntel::Make({.seed = "other"});
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(AsBytes(world.RootPem() + other.RootPem())).ok());
  EXPECT_EQ(anchors.all().size(), 6u);
  ASSERT_TRUE(anchors.AddExtra(world.Certificate(IntelCertificate::kRoot)).ok());  // in DER
  EXPECT_EQ(anchors.all().size(), 6u);
}

// The digests that stand for a checked signature are those of certificates whose signature holds.
TEST(TrustAnchors, PinnedCertificatesHaveSignedThemselves) {
  if (!std::filesystem::exists(test::CorpusDir())) GTEST_SKIP() << "no corpus beside the project";
  const TrustAnchors anchors = TrustAnchors::Pinned();
  std::set<std::string> seen;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(test::CorpusDir())) {
    if (entry.path().extension() != ".pem") continue;
    const auto ders = DecodeCertificates(test::ReadFile(entry.path()), 16, Check::kCollateralMalformed);
    for (const Bytes& der : ders.ok() ? *ders : std::vector<Bytes>()) {
      const auto root = Certificate::Parse(der, Check::kCollateralMalformed);
      if (!root.ok() || !(*root)->self_issued()) continue;
      for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd}) {
        const TrustAnchor* const anchor = anchors.Find(vendor, **root);
        if (anchor == nullptr || !anchor->HasSigned(**root)) continue;
        EXPECT_TRUE((*root)->SignedBy(**root)) << entry.path();
        seen.insert((*root)->sha256().hex());
      }
    }
  }
  size_t pinned = 0;
  for (const TrustAnchor& anchor : anchors.all()) pinned += anchor.self_signed.size();
  EXPECT_EQ(seen.size(), pinned);
}

TEST(TrustAnchors, KnowWhichCertificatesOfTheirsHaveSignedThemselves) {
  const SimIntel world = SimIntel::Make();
  sim::IntelOptions options;
  options.bend[IntelCertificate::kRoot] = [](CertificateSpec& spec) { spec.serial = {1, 2, 3}; };
  const Bytes root = world.Certificate(IntelCertificate::kRoot),
              reissued = SimIntel::Make(options).Certificate(IntelCertificate::kRoot);
  TrustAnchors anchors;
  ASSERT_TRUE(anchors.AddExtra(root).ok());
  const auto known = [&](const Bytes& der) {
    return anchors.Find(Vendor::kIntel, *Parse(der))->HasSigned(*Parse(der));
  };
  EXPECT_TRUE(known(root));
  EXPECT_FALSE(known(reissued));
  ASSERT_TRUE(anchors.AddExtra(reissued).ok());
  EXPECT_TRUE(known(root));
  EXPECT_TRUE(known(reissued));
  EXPECT_EQ(anchors.all().size(), 1u);
}

TEST(TrustAnchors, TheNameTellsTheVendor) {
  TrustAnchors anchors = TrustAnchors::Pinned();
  const Bytes ark = SelfSigned([](CertificateSpec& spec) {
    spec.subject = spec.issuer = sim::WithCommonName(spec.subject, "ARK-Venice");
  });
  ASSERT_TRUE(anchors.AddExtra(ark).ok());
  EXPECT_NE(anchors.Find(Vendor::kAmd, *Parse(ark)), nullptr);
  EXPECT_EQ(anchors.Find(Vendor::kIntel, *Parse(ark)), nullptr);
}

// A root of somebody else's is no vendor's, whatever it is signed with; and of one use alone, it is not of the other.
TEST(TrustAnchors, OthersAreRootsOfPaths) {
  const auto named = [](std::string_view name) {
    return SelfSigned([&](CertificateSpec& spec) { spec.subject = spec.issuer = sim::IntelName(name); });
  };
  const Bytes elliptic = named("A Cloud's TPM Root"), rsa = sim::TpmRootCertificate();
  for (const Bytes& root : {elliptic, rsa}) {
    TrustAnchors anchors;
    ASSERT_TRUE(anchors.AddExtra(root).ok());
    EXPECT_TRUE(anchors.all().empty());
    for (const AnchorUse use : kAnchorUses) {
      EXPECT_EQ(anchors.For(use).roots.size(), 1u);
      TrustAnchors one;
      ASSERT_TRUE(one.AddFor(use, root).ok());
      ASSERT_TRUE(one.AddFor(use, root).ok());
      EXPECT_TRUE(one.all().empty());
      for (const AnchorUse other : kAnchorUses)
        EXPECT_EQ(one.For(other).roots.size(), other == use ? 1u : 0u) << AnchorUseName(other);
    }
  }
  TrustAnchors vendors;
  ASSERT_TRUE(vendors.AddExtra(SelfSigned([](CertificateSpec&) {})).ok());
  EXPECT_EQ(vendors.all().size(), 1u);
  for (const AnchorUse use : kAnchorUses) EXPECT_TRUE(vendors.For(use).roots.empty());
  // What is named as a vendor's and is no root of theirs is a mistake, not a root of something else.
  for (const char* name : {"Intel SGX PCK Platform CA", "SEV-Milan", "ARK-Milan"}) {
    TrustAnchors none;
    const Bytes leaf = SelfSigned([&](CertificateSpec& spec) {
      spec.subject = spec.issuer = sim::IntelName(name);
      spec.is_ca = false;
    });
    EXPECT_FALSE(none.AddExtra(leaf).ok()) << name;
  }
}

TEST(TrustAnchors, OnlySelfSignedCaCertificatesAreTaken) {
  const SimIntel world = SimIntel::Make();
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(SelfSigned([](CertificateSpec&) {})).ok());
  const std::string pem = world.RootPem();
  const std::pair<const char*, Bytes> bad[] = {
      {"nothing", {}},
      {"text", Bytes{'x'}},
      {"no CA", SelfSigned([](CertificateSpec& spec) { spec.is_ca = false; })},
      {"no basic constraints", SelfSigned([](CertificateSpec& spec) {
         spec.is_ca.reset();
         spec.subject_key_id = {1};
       })},
      {"issued by another name",
       SelfSigned([](CertificateSpec& spec) { spec.issuer = sim::IntelName("Another"); })},
      {"signed by another key", SelfSigned([](CertificateSpec& spec) { spec.signer = sim::SimKey("x"); })},
      {"an intermediate", world.CaCertificate(intel::PckCa::kPlatform)},
      {"a leaf", world.PckCertificate()},
      {"a block that does not end", Bytes(pem.begin(), pem.end() - 30)},
  };
  for (const auto& [what, bytes] : bad) {
    const size_t before = anchors.all().size();
    const Status added = anchors.AddExtra(bytes);
    ASSERT_FALSE(added.ok()) << what;
    EXPECT_EQ(added.error().kind, ErrorKind::kMalformed) << what;
    EXPECT_EQ(anchors.all().size(), before) << what;
  }
}

}  // namespace
}  // namespace thimble
