// SPDX-License-Identifier: Apache-2.0
//
// Each check of a VBS enclave's report: the good one passes it, and one that differs in that alone fails on it.
#include "tcb/vbs/verify.h"

#include <gtest/gtest.h>

#include "tcb/policy.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble::vbs {
namespace {

using sim::CertificateSpec;
using sim::VbsSpec;

const std::string kText = R"({"challenge":"abc"})";

Bytes Sha512Of(std::string_view text) {
  const Digest512 digest = Sha512(AsBytes(text));
  return {digest.view().begin(), digest.view().end()};
}

struct Evidence {
  VbsSpec report = {.enclave_data = Sha512Of(kText)};
  Bytes signer = sim::VbsSignerCertificate();
  std::optional<Bytes> enclave_key = {};
  std::optional<std::string> report_signed = kText;
  Instant at = sim::kNow;
};

const TrustAnchors& Anchors() {
  static const TrustAnchors anchors = [] {
    TrustAnchors all = TrustAnchors::Pinned();
    EXPECT_TRUE(all.AddExtra(sim::HgsCertificate()).ok());
    return all;
  }();
  return anchors;
}

Result<Verdict> Judge(const Evidence& evidence, const TrustAnchors& anchors = Anchors()) {
  const Bytes bytes = sim::MakeVbsReport(evidence.report);
  TRY_ASSIGN(const Report report, ParseReport(bytes));
  Supplement beside{
      .signer = {}, .enclave_key = evidence.enclave_key, .report_signed = evidence.report_signed};
  if (!evidence.signer.empty()) {
    TRY_ASSIGN(beside.signer, ReadSigner(evidence.signer));
  }
  return VerifyReport(report, beside, anchors, evidence.at);
}

Policy Asking() {
  Policy policy;
  policy.evidence = {EvidenceClass::kVbs};
  return policy;
}

TEST(VbsVerification, AGoodReportIsAuthenticAndNoTee) {
  Evidence evidence;
  evidence.report.blocks = sim::VbsModule("an enclave.dll");
  const auto verdict = Judge(evidence);
  ASSERT_TRUE(verdict.ok()) << verdict.error().message;
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->tee, Tee::kVbs);
  EXPECT_EQ(ProofClassName(verdict->tee), "vbs");
  ASSERT_EQ(verdict->vbs->modules.size(), 1u);
  EXPECT_EQ(verdict->vbs->modules[0].name, "an enclave.dll");
  EXPECT_EQ(verdict->vbs->signer, "A secure kernel");
  EXPECT_TRUE(Appraise(*verdict, Asking(), sim::kNow).accept);
}

TEST(VbsVerification, OnlyAPolicyThatNamesItTakesIt) {
  const auto verdict = Judge({});
  ASSERT_TRUE(verdict.ok());
  using enum EvidenceClass;
  EXPECT_FALSE(Appraise(*verdict, Policy{}, sim::kNow).accept);
  for (const EvidenceClass other : {kSgx, kTdx10, kTdx15, kSnp, kOpenEnclave, kTpm}) {
    Policy policy;
    policy.evidence = {other};
    EXPECT_FALSE(Appraise(*verdict, policy, sim::kNow).accept) << EvidenceClassName(other);
  }
}

TEST(VbsVerification, EachHardCheckFailsByItself) {
  struct Row {
    const char* what;
    Check check;
    sim::Bend<Evidence> bend;
  };
  const auto signer = [](const sim::Bend<CertificateSpec>& bend) {
    return [bend](Evidence& e) { e.signer = sim::VbsSignerCertificate(bend); };
  };
  const Row rows[] = {
      {"another scheme", Check::kVbsSignatureScheme, [](auto& e) { e.report.scheme = 2; }},
      {"another issuer", Check::kVbsSignerChain, signer([](auto& s) {
         s.issuer = {{sim::kCommonName, "x"}};
       })},
      {"not for signatures", Check::kVbsSignerChain,
       signer([](auto& s) { s.key_usage = uint16_t{1u << 2}; })},
      {"a TPM's key", Check::kVbsSignerChain,
       signer([](auto& s) { s.more_extensions.push_back(sim::AkPurposes()); })},
      {"a CA", Check::kVbsSignerChain, signer([](auto& s) { s.is_ca = true; })},
      {"no key usage", Check::kVbsSignerChain, signer([](auto& s) { s.key_usage = {}; })},
      {"nothing that says what it is for", Check::kVbsSignerChain,
       signer([](auto& s) { s.more_extensions = {}; })},
      {"another application policy", Check::kVbsSignerChain,
       signer([](auto& s) { s.more_extensions = {sim::HealthPolicies("1.3.6.1.4.1.311.21.8")}; })},
      {"an application policy cut short", Check::kVbsSignerChain, signer([](auto& s) {
         s.more_extensions = {sim::MakeExtension("1.3.6.1.4.1.311.21.10", false, Bytes{0x30, 0x00})};
       })},
      {"a bent signature", Check::kVbsSignature,
       [](auto& e) { e.report.bend = [](Bytes& package) { package.back() ^= 1; }; }},
      {"another text", Check::kVbsEnclaveData, [](auto& e) { *e.report_signed += ' '; }},
      {"another key", Check::kVbsEnclaveData,
       [](auto& e) {
         e.report_signed.reset();
         e.enclave_key = Bytes{1, 2, 3};
       }},
  };
  for (const Row& row : rows) {
    Evidence evidence;
    row.bend(evidence);
    const auto verdict = Judge(evidence);
    ASSERT_TRUE(verdict.ok()) << row.what << ": " << verdict.error().message;
    ASSERT_NE(verdict->hard(), nullptr) << row.what;
    EXPECT_EQ(verdict->hard()->check, row.check) << row.what;
    EXPECT_FALSE(verdict->authentic) << row.what;
    EXPECT_FALSE(Appraise(*verdict, Asking(), sim::kNow).accept) << row.what;
  }
}

// A certificate that the operator names itself need not say what it is for; it is no CA's all the same.
TEST(VbsVerification, ASignerThatIsAnAnchorItselfIsTrustedAsItIs) {
  const auto judge = [](const sim::Bend<CertificateSpec>& bend) {
    Evidence evidence;
    evidence.signer = sim::VbsSignerCertificate(bend);
    TrustAnchors anchors = TrustAnchors::Pinned();
    EXPECT_TRUE(anchors.AddFor(AnchorUse::kVbs, evidence.signer).ok());
    return Judge(evidence, anchors)->authentic;
  };
  EXPECT_TRUE(judge([](auto&) {}));
  EXPECT_TRUE(judge([](auto& s) {
    s.more_extensions = {};
    s.key_usage = {};
  }));
  EXPECT_FALSE(judge([](auto& s) { s.key_usage = uint16_t{1u << 2}; }));
  EXPECT_FALSE(judge([](auto& s) { s.is_ca = true; }));
  EXPECT_FALSE(judge([](auto& s) { s.more_extensions.push_back(sim::AkPurposes()); }));
}

// A root that is to certify TPMs' keys says nothing of hosts.
TEST(VbsVerification, ARootOfAnotherUseIsNone) {
  for (const AnchorUse use : kAnchorUses) {
    TrustAnchors anchors = TrustAnchors::Pinned();
    ASSERT_TRUE(anchors.AddFor(use, sim::HgsCertificate()).ok());
    EXPECT_EQ(Judge({}, anchors)->authentic, use == AnchorUse::kVbs) << AnchorUseName(use);
  }
}

TEST(VbsVerification, AnEnclaveKeyIsBoundByItsSha256AndZeros) {
  Evidence evidence;
  evidence.report_signed.reset();
  evidence.enclave_key = Bytes{1, 2, 3};
  const Digest256 digest = Sha256(*evidence.enclave_key);
  evidence.report.enclave_data = Bytes(digest.view().begin(), digest.view().end());
  evidence.report.enclave_data.resize(64);
  EXPECT_TRUE(Judge(evidence)->authentic);
  evidence.report.enclave_data.back() = 1;
  EXPECT_EQ(Judge(evidence)->hard()->check, Check::kVbsEnclaveData);
}

TEST(VbsVerification, WithoutASignerThereIsNoVerdict) {
  Evidence evidence;
  evidence.signer = {};
  const auto verdict = Judge(evidence);
  ASSERT_FALSE(verdict.ok());
  EXPECT_EQ(verdict.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(verdict.error().check, Check::kVbsSignerMissing);
  EXPECT_EQ(Judge({}, TrustAnchors::Pinned())->hard()->check, Check::kVbsSignerChain);
}

TEST(VbsVerification, AnExpiredSignerAndADebuggedEnclaveAreSoft) {
  Evidence late;
  late.at = sim::kNow + std::chrono::hours(24 * 365);
  const auto expired = Judge(late);
  EXPECT_TRUE(expired->authentic);
  EXPECT_EQ(expired->checks.Get(Check::kVbsSignerExpired), CheckResult::kFailed);
  EXPECT_FALSE(Appraise(*expired, Asking(), late.at).accept);
  for (const uint32_t flags : {1u, 2u, 4u, 8u}) {
    Evidence debugged;
    debugged.report.flags = flags;
    const auto verdict = Judge(debugged);
    EXPECT_EQ(verdict->checks.Get(Check::kVbsDebug), CheckResult::kFailed);
    EXPECT_FALSE(Appraise(*verdict, Asking(), sim::kNow).accept);
    Policy lenient = Asking();
    lenient.allow_debug = true;
    EXPECT_TRUE(Appraise(*verdict, lenient, sim::kNow).accept);
  }
}

TEST(VbsReport, SizesHaveToAddUp) {
  const auto word = [](size_t at, uint32_t value) {
    return [=](Bytes& bytes) {
      for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<uint8_t>(value >> 8 * i);
    };
  };
  const Bytes good = sim::MakeVbsReport();
  const auto size = static_cast<uint32_t>(good.size());
  const sim::Bend<Bytes> rows[] = {word(0, size + 1),
                                   word(4, 2),
                                   word(12, 223),
                                   word(12, 225),
                                   word(16, 255),
                                   word(20, 1),
                                   word(24, 223),
                                   word(28, 2),
                                   word(220 + 24, 0x11),
                                   [](Bytes& bytes) { bytes.pop_back(); },
                                   [](Bytes& bytes) { bytes.push_back(0); },
                                   [](Bytes& bytes) { bytes.resize(24); }};
  EXPECT_TRUE(ParseReport(good).ok());
  for (const auto& bend : rows) {
    Bytes bent = good;
    bend(bent);
    const auto report = ParseReport(bent);
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().check, Check::kVbsFormat);
    EXPECT_EQ(report.error().kind, ErrorKind::kMalformed);
  }
}

TEST(VbsReport, BlocksHaveToFit) {
  const auto reads = [](const Bytes& blocks) {
    return ParseReport(sim::MakeVbsReport({.blocks = blocks})).ok();
  };
  EXPECT_TRUE(reads(sim::VbsModule("a.dll")));
  EXPECT_TRUE(reads({9, 0, 0, 0, 8, 0, 0, 0}));  // an unknown type is skipped
  for (const Bytes& blocks :
       {Bytes{0, 0, 0, 0, 8, 0, 0, 0}, Bytes{9, 0, 0, 0, 0, 0, 0, 0}, Bytes{9, 0, 0, 0, 7, 0, 0, 0},
        Bytes{9, 0, 0, 0, 9, 0, 0, 0}, Bytes{9, 0, 0, 0}, Bytes{1, 0, 0, 0, 8, 0, 0, 0}})
    EXPECT_FALSE(reads(blocks));
}

TEST(VbsRules, AskForIdsAndSvns) {
  const auto verdict = Judge({});
  const auto accepts = [&](const sim::Bend<VbsRules>& bend) {
    Policy policy = Asking();
    bend(policy.vbs);
    return Appraise(*verdict, policy, sim::kNow).accept;
  };
  const auto id = [](uint8_t byte) { return *Id32::From(Bytes(32, byte)); };
  const auto short_id = [](uint8_t byte) { return *Id16::From(Bytes(16, byte)); };
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.owner_id = {id(1)}; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.owner_id = {id(9)}; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.unique_id = {id(2)}; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.unique_id = {id(9)}; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.author_id = {id(3)}; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.author_id = {id(9)}; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.family_id = {short_id(4)}; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.family_id = {short_id(9)}; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.image_id = {short_id(5)}; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.image_id = {short_id(9)}; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.min_enclave_svn = 3; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.min_enclave_svn = 4; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.min_secure_kernel_svn = 2; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.min_secure_kernel_svn = 3; }));
  EXPECT_TRUE(accepts([&](VbsRules& r) { r.min_platform_svn = 1; }));
  EXPECT_FALSE(accepts([&](VbsRules& r) { r.min_platform_svn = 2; }));
}

}  // namespace
}  // namespace thimble::vbs
