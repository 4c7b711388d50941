// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/path.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/der_writer.h"
#include "tests/tcb/pki/made_certificate.h"

namespace thimble {
namespace {

using sim::CertificateSpec;
using sim::SimKey;

// root > policy CA > issuing CA > leaf, each with a key of its own name.
struct Link {
  std::string subject, issuer;
  std::optional<uint8_t> path_length = {};
};

CertificatePtr Issue(const Link& link, const sim::Bend<CertificateSpec>& bend = {}) {
  const SimKey subject(link.subject), issuer(link.issuer);
  const bool leaf = link.subject == "leaf";
  CertificateSpec spec = {
      .serial = {0x01},
      .subject = {{sim::kCommonName, link.subject}},
      .issuer = {{sim::kCommonName, link.issuer}},
      .validity = {sim::kNow - std::chrono::hours(24), sim::kNow + std::chrono::hours(24)},
      .is_ca = leaf ? std::nullopt : std::optional(true),
      .path_length = link.path_length,
      .key_usage = leaf ? uint16_t{kDigitalSignature} : uint16_t{kKeyCertSign},
      .authority_key_id = issuer.KeyIdentifier(),
      .subject_key_id = subject.KeyIdentifier()};
  sim::Apply(bend, spec);
  auto parsed =
      Certificate::Parse(sim::MakeCertificate(spec, subject, issuer), CertificateProfile::kMicrosoft, kCheck);
  EXPECT_TRUE(parsed.ok()) << parsed.error().message;
  return parsed.value();
}

const Link kRoot = {"root", "root"}, kPolicy = {"policy", "root", uint8_t{1}},
           kIssuing = {"issuing", "policy", uint8_t{0}}, kLeaf = {"leaf", "issuing"};

std::vector<PathRoot> Roots() { return {{.name = "root", .spki_sha256 = Issue(kRoot)->spki_sha256()}}; }

Result<CertificatePath> Build(const std::vector<CertificatePtr>& pool,
                              const CertificatePtr& leaf = Issue(kLeaf),
                              const std::vector<PathRoot>& roots = Roots()) {
  return BuildPath(leaf, pool, roots, sim::kNow, kCheck);
}

TEST(CertificatePath, IsFoundWhateverTheOrderAndWhateverElseIsThere) {
  std::vector<CertificatePtr> pool = {Issue(kRoot), Issue(kPolicy), Issue(kIssuing),
                                      Issue({"stray", "stray"})};
  std::ranges::sort(pool);
  do {
    const auto path = Build(pool);
    ASSERT_TRUE(path.ok()) << path.error().message;
    ASSERT_EQ(path->certificates.size(), 4u);
    EXPECT_EQ(path->certificates[1]->subject_cn(), "issuing");
    EXPECT_EQ(path->certificates[3]->subject_cn(), "root");
  } while (std::ranges::next_permutation(pool).found);
}

struct Row {
  const char* what;
  std::vector<CertificatePtr> pool;
  CertificatePtr leaf = Issue(kLeaf);
};

// Each row leaves one thing out or changes one thing.
std::vector<Row> BrokenPaths() {
  const auto bent = [](const Link& link, const sim::Bend<CertificateSpec>& bend) {
    return Issue(link, bend);
  };
  const CertificatePtr root = Issue(kRoot), policy = Issue(kPolicy), issuing = Issue(kIssuing);
  const Bytes constraints = sim::MakeExtension("2.5.29.30", false, Bytes{0x30, 0x00});
  return {
      {"no issuing CA", {root, policy}},
      {"no root", {policy, issuing}},
      {"nothing", {}},
      {"a CA that is none",
       {root, policy,
        bent(kIssuing,
             [](auto& s) {
               s.is_ca = false;
               s.path_length = {};
             })}},
      {"a CA without basic constraints",
       {root, policy,
        bent(kIssuing,
             [](auto& s) {
               s.is_ca = {};
               s.path_length = {};
             })}},
      {"a CA that may not sign", {root, policy, bent(kIssuing, [](auto& s) { s.key_usage = kCrlSign; })}},
      {"a CA without key usage", {root, policy, bent(kIssuing, [](auto& s) { s.key_usage = {}; })}},
      {"path length", {root, bent(kPolicy, [](auto& s) { s.path_length = uint8_t{0}; }), issuing}},
      {"another issuer's signature",
       {root, policy, bent(kIssuing, [](auto& s) { s.signer = SimKey("forger"); })}},
      {"another key under the name",
       {root, policy, bent(kIssuing, [](auto& s) { s.key = SimKey("forger"); })}},
      {"another name",
       {root, policy,
        bent(kIssuing,
             [](auto& s) {
               s.subject = {{sim::kCommonName, "x"}};
             })}},
      {"another key identifier",
       {root, policy, bent(kIssuing, [](auto& s) { s.subject_key_id = SimKey("x").KeyIdentifier(); })}},
      {"name constraints",
       {root, policy, bent(kIssuing, [&](auto& s) { s.more_extensions = {constraints}; })}},
      {"a root of that name by another key",
       {bent(kRoot,
             [](auto& s) {
               s.key = SimKey("forger");
               s.signer = SimKey("forger");
             }),
        policy, issuing}},
      {"a root's key under another's signature",
       {bent(kRoot, [](auto& s) { s.signer = SimKey("forger"); }), policy, issuing}},
      {"the leaf signed by another",
       {root, policy, issuing},
       bent(kLeaf, [](auto& s) { s.signer = SimKey("forger"); })},
  };
}

TEST(CertificatePath, EndsWhereOneThingIsWrong) {
  for (const Row& row : BrokenPaths()) {
    const auto path = Build(row.pool, row.leaf);
    ASSERT_FALSE(path.ok()) << row.what;
    EXPECT_EQ(path.error().kind, ErrorKind::kRejected) << row.what;
    EXPECT_EQ(path.error().check, kCheck) << row.what;
  }
}

TEST(CertificatePath, TakesACrossSignedRootOnlyByItsOwnDigest) {
  const CertificatePtr crossed = Issue({"root", "another"});
  std::vector<PathRoot> roots = Roots();
  EXPECT_FALSE(Build({crossed, Issue(kPolicy), Issue(kIssuing)}, Issue(kLeaf), roots).ok());
  roots[0].certificates = {crossed->sha256()};
  EXPECT_TRUE(Build({crossed, Issue(kPolicy), Issue(kIssuing)}, Issue(kLeaf), roots).ok());
}

TEST(CertificatePath, PrefersTheIssueThatIsValidThen) {
  const CertificatePtr old = Issue(kIssuing, [](auto& s) {
    s.validity = {sim::kNow - std::chrono::hours(48), sim::kNow - std::chrono::hours(24)};
  });
  const auto path = Build({old, Issue(kRoot), Issue(kPolicy), Issue(kIssuing)});
  ASSERT_TRUE(path.ok());
  EXPECT_TRUE(path->window.Contains(sim::kNow));
  const auto expired = Build({old, Issue(kRoot), Issue(kPolicy)});
  ASSERT_TRUE(expired.ok());
  EXPECT_FALSE(expired->window.Contains(sim::kNow));
}

TEST(CertificatePath, EndsAmongCertificatesThatNameEachOther) {
  std::vector<CertificatePtr> pool;
  for (int i = 0; i < 30; ++i) {
    pool.push_back(Issue({"issuing", "policy"}, [&](auto& s) { s.serial = {uint8_t(i + 1)}; }));
    pool.push_back(Issue({"policy", "issuing"}, [&](auto& s) { s.serial = {uint8_t(i + 1)}; }));
  }
  EXPECT_FALSE(Build(pool).ok());
  pool.resize(kMaxPathPool + 1, Issue(kRoot));
  EXPECT_FALSE(Build(pool).ok());
}

TEST(SuppliedPath, IsTheChainAsItIs) {
  const std::vector<CertificatePtr> good = {Issue(kLeaf), Issue(kIssuing), Issue(kPolicy), Issue(kRoot)};
  EXPECT_TRUE(CheckPath(good, kCheck).ok());
  EXPECT_TRUE(CheckPath(std::span(good).first(3), kCheck).ok());  // it need not end in a root
  std::vector<std::vector<CertificatePtr>> bad = {{}, {good[0], good[2], good[1], good[3]}, good, good, good};
  bad[2].push_back(good[3]);
  bad[2].push_back(Issue({"stray", "stray"}));
  bad[3].insert(bad[3].begin() + 1, Issue({"stray", "stray"}));
  bad[4].back() = Issue(kRoot, [](auto& s) { s.signer = SimKey("forger"); });
  for (const auto& chain : bad) EXPECT_FALSE(CheckPath(chain, kCheck).ok());
}

}  // namespace
}  // namespace thimble
