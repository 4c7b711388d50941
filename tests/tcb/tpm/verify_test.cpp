// SPDX-License-Identifier: Apache-2.0
//
// Each check of a TPM's quote by itself: the good one passes it, and one that differs in that alone fails on it.
#include "tcb/tpm/verify.h"

#include <gtest/gtest.h>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tcb/policy.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble::tpm {
namespace {

using sim::CertificateSpec;
using sim::TpmQuoteSpec;

struct Evidence {
  TpmQuoteSpec quote = {};
  sim::SimRsaKey signer = sim::VtpmKey();
  Bytes certificate = sim::AkCertificate();
  Bytes ca = sim::TpmCaCertificate();
  Bytes public_key = {};
  Bytes event_log = {};
  std::optional<Bytes> nonce = TpmQuoteSpec{}.nonce;
  std::optional<PcrValues> pcrs = TpmQuoteSpec{}.pcrs;
  Instant at = sim::kNow;
  bool allow_uncertified = false;
};

const TrustAnchors& Anchors() {
  static const TrustAnchors anchors = [] {
    TrustAnchors all = TrustAnchors::Pinned();
    EXPECT_TRUE(all.AddExtra(sim::TpmRootCertificate()).ok());
    return all;
  }();
  return anchors;
}

Result<Verdict> Judge(const Evidence& evidence, const TrustAnchors& anchors = Anchors()) {
  const sim::TpmQuoteBytes bytes = sim::MakeTpmQuote(evidence.quote, evidence.signer);
  TRY_ASSIGN(const Quote quote, ParseQuote(bytes.message, bytes.signature, evidence.pcrs, kTpmChecks));
  KeyEvidence key;
  if (!evidence.certificate.empty()) TRY(TakeCertificate(evidence.certificate, key));
  if (!evidence.ca.empty()) TRY(TakeChain(evidence.ca, key));
  if (!evidence.public_key.empty()) TRY(TakePublicKey(evidence.public_key, key));
  if (!evidence.event_log.empty()) key.event_log = evidence.event_log;
  return VerifyQuote(
      quote, key, evidence.nonce,
      {.anchors = anchors, .at = evidence.at, .allow_uncertified_key = evidence.allow_uncertified});
}

Policy Asking() {
  Policy policy;
  policy.evidence = {EvidenceClass::kTpm};
  return policy;
}

TEST(TpmVerification, AGoodQuoteIsAuthenticAndNoTee) {
  const auto verdict = Judge({});
  ASSERT_TRUE(verdict.ok()) << verdict.error().message;
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->hard(), nullptr);
  EXPECT_EQ(verdict->tee, Tee::kTpm);
  EXPECT_FALSE(IsHardwareTee(verdict->tee));
  EXPECT_EQ(ProofClassName(verdict->tee), "virtual_tpm");
  EXPECT_FALSE(verdict->tcb_status);
  EXPECT_TRUE(verdict->trust_anchor_extra);
  EXPECT_EQ(verdict->tpm->pcrs, TpmQuoteSpec{}.pcrs);
  ASSERT_TRUE(verdict->tpm->certificate);
  EXPECT_EQ(verdict->tpm->certificate->vm, AzureVm::kTrustedLaunch);
  EXPECT_TRUE(Appraise(*verdict, Asking(), sim::kNow).accept);
}

// No policy that asks for a TEE takes it: the default, and each by name.
TEST(TpmVerification, OnlyAPolicyThatNamesItTakesIt) {
  const auto verdict = Judge({});
  ASSERT_TRUE(verdict.ok());
  using enum EvidenceClass;
  EXPECT_FALSE(Appraise(*verdict, Policy{}, sim::kNow).accept);
  for (const EvidenceClass other : {kSgx, kTdx10, kTdx15, kSnp, kOpenEnclave, kVbs}) {
    Policy policy;
    policy.evidence = {other};
    EXPECT_FALSE(Appraise(*verdict, policy, sim::kNow).accept) << EvidenceClassName(other);
  }
  Policy both;
  both.evidence = {kSnp, kTpm};
  EXPECT_TRUE(Appraise(*verdict, both, sim::kNow).accept);
}

struct Row {
  const char* what;
  Check check;
  sim::Bend<Evidence> bend;
};

TEST(TpmVerification, EachHardCheckFailsByItself) {
  const sim::SimRsaKey other("forger/vtpm", 2048);
  const auto certificate = [](const sim::Bend<CertificateSpec>& bend) {
    return [bend](Evidence& e) { e.certificate = sim::AkCertificate(bend); };
  };
  const Row rows[] = {
      {"another CA's signature", Check::kTpmAkChain, certificate([](auto& s) {
         s.issuer = {{sim::kCommonName, "x"}};
       })},
      {"no CA", Check::kTpmAkChain, [](auto& e) { e.ca = {}; }},
      {"another purpose", Check::kTpmAkUsage,
       certificate([](auto& s) { s.more_extensions = {sim::AkPurposes("2.23.133.8.1")}; })},
      {"no purpose", Check::kTpmAkUsage, certificate([](auto& s) { s.more_extensions = {}; })},
      {"no key usage", Check::kTpmAkUsage, certificate([](auto& s) { s.key_usage = {}; })},
      {"a CA", Check::kTpmAkUsage, certificate([](auto& s) { s.is_ca = true; })},
      {"another key's certificate beside the key", Check::kTpmAkKey,
       [&](auto& e) {
         e.certificate = sim::AkCertificate({}, sim::SimRsaKey("amd/ark/Milan"));
         e.public_key = sim::AkPublicArea();
       }},
      {"not restricted", Check::kTpmKeyAttributes,
       [](auto& e) { e.public_key = sim::AkPublicArea(0x00040072); }},
      {"another key's signature", Check::kTpmQuoteSignature, [&](auto& e) { e.signer = other; }},
      {"another nonce", Check::kTpmNonce, [](auto& e) { e.nonce->back() ^= 1; }},
      {"a longer nonce", Check::kTpmNonce, [](auto& e) { e.nonce->push_back(0); }},
      {"another PCR", Check::kTpmPcrDigest, [](auto& e) { (*e.pcrs)[kSha256][1].front() ^= 1; }},
      {"a PCR left out", Check::kTpmPcrDigest, [](auto& e) { (*e.pcrs)[kSha256].erase(1); }},
      {"a PCR that is not quoted", Check::kTpmPcrDigest, [](auto& e) { (*e.pcrs)[kSha256][9] = Bytes(32); }},
      {"no certificate", Check::kTpmAkUnproven,
       [](auto& e) {
         e.certificate = {};
         e.public_key = sim::AkPublicArea();
       }},
      {"neither key nor certificate", Check::kTpmAkUnproven, [](auto& e) { e.certificate = {}; }},
      {"a log that leads elsewhere", Check::kTpmEventLogReplay,
       [](auto& e) { e.event_log = sim::MakeEventLog(2); }},
      {"a log cut short", Check::kTpmEventLogFormat,
       [](auto& e) { e.event_log = sim::MakeEventLog(2, [](Bytes& log) { log.pop_back(); }); }},
  };
  for (const Row& row : rows) {
    Evidence evidence;
    row.bend(evidence);
    const auto verdict = Judge(evidence);
    ASSERT_TRUE(verdict.ok()) << row.what << ": " << verdict.error().message;
    ASSERT_NE(verdict->hard(), nullptr) << row.what;
    EXPECT_EQ(verdict->hard()->check, row.check) << row.what << ": " << verdict->hard()->message;
    EXPECT_FALSE(verdict->authentic) << row.what;
    EXPECT_EQ(verdict->checks.Get(row.check), CheckResult::kFailed) << row.what;
    EXPECT_FALSE(Appraise(*verdict, Asking(), sim::kNow).accept) << row.what;
  }
}

// What fails says what is there and what has to be: the certificate's name, and both.
TEST(TpmVerification, FindingsSayBothFacts) {
  const auto message = [](const sim::Bend<Evidence>& bend) {
    Evidence evidence;
    bend(evidence);
    return Judge(evidence)->hard()->message;
  };
  const auto certificate = [](const sim::Bend<CertificateSpec>& bend) {
    return [bend](Evidence& e) { e.certificate = sim::AkCertificate(bend); };
  };
  const std::pair<std::string, std::vector<std::string>> rows[] = {
      {message(certificate([](auto& s) { s.key_usage = uint16_t{1u << 2}; })),
       {sim::kTrustedLaunchName, "keyUsage bit 2", "must have bit 0"}},
      {message(certificate([](auto& s) { s.more_extensions = {sim::AkPurposes("2.23.133.8.1")}; })),
       {"purposes 1.3.6.1.4.1.311.10.3.12, 2.23.133.8.1", "must have 2.23.133.8.3"}},
      {message([](auto& e) { e.public_key = sim::AkPublicArea(0x00040072); }),
       {StrCat(0x00040072), "restricted", StrCat(0x10000)}},
      {message([](auto& e) {
         e.certificate = sim::AkCertificate({}, sim::SimRsaKey("amd/ark/Milan"));
         e.public_key = sim::VtpmKey().SubjectPublicKeyInfo();
       }),
       {Sha256(sim::VtpmKey().SubjectPublicKeyInfo()).hex(),
        Sha256(sim::SimRsaKey("amd/ark/Milan").SubjectPublicKeyInfo()).hex()}},
      {message([](auto& e) { (*e.pcrs)[kSha256].erase(1); }), {"PCR 1 of sha256", "not given"}},
      {message([](auto& e) { (*e.pcrs)[kSha256][1].pop_back(); }), {"PCR 1 of sha256", "31 bytes, has 32"}},
      {message([](auto& e) {
         e.certificate = {};
         e.public_key = sim::VtpmKey().SubjectPublicKeyInfo();
       }),
       {Sha256(sim::VtpmKey().SubjectPublicKeyInfo()).hex()}}};
  for (const auto& [text, facts] : rows) {
    for (const std::string& fact : facts)
      EXPECT_NE(text.find(fact), std::string::npos) << fact << ": " << text;
  }
}

TEST(TpmVerification, ARootOfAnotherUseIsNone) {
  for (const AnchorUse use : kAnchorUses) {
    TrustAnchors anchors = TrustAnchors::Pinned();
    ASSERT_TRUE(anchors.AddFor(use, sim::TpmRootCertificate()).ok());
    EXPECT_EQ(Judge({}, anchors)->authentic, use == AnchorUse::kTpm) << AnchorUseName(use);
  }
}

// A confidential VM has a hardware report: whoever leaves it out has something to hide, perhaps.
TEST(TpmVerification, AConfidentialVmsKeyDoesNotDoWithoutItsReport) {
  Evidence evidence;
  evidence.certificate = sim::AkCertificate([](auto& s) {
    s.subject = {{sim::kCommonName, "0123456789ab.ConfidentialVM.Azure.windows.net"}};
  });
  const auto verdict = Judge(evidence);
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->hard(), nullptr);
  EXPECT_EQ(verdict->checks.Get(Check::kTpmAkUsage), CheckResult::kFailed);
  EXPECT_FALSE(Appraise(*verdict, Asking(), sim::kNow).accept);
  evidence.certificate = sim::AkCertificate([](auto& s) {
    s.subject = {{sim::kCommonName, "a TPM of another cloud"}};
  });
  EXPECT_TRUE(Appraise(*Judge(evidence), Asking(), sim::kNow).accept);
}

// The same with the root that the operator did not add.
TEST(TpmVerification, NobodysRootIsNoRoot) {
  const auto verdict = Judge({}, TrustAnchors::Pinned());
  ASSERT_TRUE(verdict.ok());
  EXPECT_EQ(verdict->hard()->check, Check::kTpmAkChain);
}

TEST(TpmVerification, AnExpiredCertificateIsSoft) {
  for (const Instant at : {sim::kNow - std::chrono::hours(48), sim::kNow + std::chrono::hours(24 * 365)}) {
    Evidence evidence;
    evidence.at = at;
    const auto verdict = Judge(evidence);
    ASSERT_TRUE(verdict.ok());
    EXPECT_TRUE(verdict->authentic);
    EXPECT_EQ(verdict->checks.Get(Check::kTpmAkExpired), CheckResult::kFailed);
    EXPECT_FALSE(Appraise(*verdict, Asking(), at).accept);
    Policy patient = Asking();
    patient.collateral_grace = Seconds(400 * 86400);
    EXPECT_EQ(Appraise(*verdict, patient, at).accept, at > sim::kNow);  // never before its window
  }
}

TEST(TpmVerification, AKeyOfNobodysIsAuthenticOnlyWhereAPolicySaysSo) {
  Evidence evidence;
  evidence.certificate = {};
  evidence.public_key = sim::AkPublicArea();
  evidence.allow_uncertified = true;
  const auto verdict = Judge(evidence);
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->authentic);
  EXPECT_EQ(verdict->checks.Get(Check::kTpmAkUnproven), CheckResult::kFailed);
  ASSERT_EQ(verdict->findings.size(), 1u);
  EXPECT_EQ(verdict->findings.front().severity, Severity::kSoft);  // it shows in every result
  EXPECT_EQ(verdict->findings.front().check, Check::kTpmAkUnproven);
  EXPECT_FALSE(Appraise(*verdict, Asking(), sim::kNow).accept);
  Policy lenient = Asking();
  lenient.tpm.allow_uncertified_ak = true;
  EXPECT_TRUE(Appraise(*verdict, lenient, sim::kNow).accept);
  evidence.signer = sim::SimRsaKey("forger/vtpm", 2048);
  EXPECT_FALSE(Judge(evidence)->authentic);
}

// A key without its public area may be a program's: no policy takes it.
TEST(TpmVerification, AKeyOfNobodysNeedsItsPublicArea) {
  Evidence evidence;
  evidence.certificate = {};
  evidence.public_key = sim::VtpmKey().SubjectPublicKeyInfo();
  evidence.allow_uncertified = true;
  const auto verdict = Judge(evidence);
  ASSERT_TRUE(verdict.ok());
  EXPECT_FALSE(verdict->authentic);
  ASSERT_NE(verdict->hard(), nullptr);
  EXPECT_EQ(verdict->hard()->check, Check::kTpmAkUnproven);
}

// What nothing vouches for passes tpm.ak_unproven at no point, wherever the verification ends.
TEST(TpmVerification, NothingThatVouchesIsNeverPassed) {
  const sim::Bend<Evidence> bends[] = {
      [](auto&) {}, [](auto& e) { e.signer = sim::SimRsaKey("forger/vtpm", 2048); },
      [](auto& e) { e.nonce->back() ^= 1; }, [](auto& e) { (*e.pcrs)[kSha256][1].front() ^= 1; },
      [](auto& e) { e.public_key = sim::AkPublicArea(0x00040072); }};
  for (const bool certified : {false, true}) {
    for (const auto& bend : bends) {
      Evidence evidence;
      evidence.public_key = sim::AkPublicArea();
      if (!certified) evidence.certificate = {};
      bend(evidence);
      const auto verdict = Judge(evidence);
      const bool passed = verdict->checks.Get(Check::kTpmAkUnproven) == CheckResult::kPassed;
      EXPECT_EQ(passed, certified && verdict->hard() == nullptr);
    }
  }
}

// A stranger's log is not even read: it may be a mebibyte.
TEST(TpmVerification, ALogIsReadOfAKeyThatSomethingVouchesFor) {
  Evidence evidence;
  evidence.certificate = {};
  evidence.public_key = sim::AkPublicArea();
  evidence.event_log = sim::MakeEventLog(3, [](Bytes& log) { log.pop_back(); });
  const auto verdict = Judge(evidence);
  EXPECT_EQ(verdict->hard()->check, Check::kTpmAkUnproven);
  EXPECT_EQ(verdict->checks.Get(Check::kTpmEventLogFormat), CheckResult::kNotRun);
}

TEST(TpmVerification, RequiredPcrsHaveToBeQuotedAndGiven) {
  const auto accepts = [](const Evidence& evidence, uint16_t bank, uint16_t number) {
    Policy policy = Asking();
    policy.tpm.required_pcrs[bank] = {number};
    const auto verdict = Judge(evidence);
    return verdict.ok() && Appraise(*verdict, policy, sim::kNow).accept;
  };
  EXPECT_TRUE(accepts({}, kSha256, 3));
  EXPECT_FALSE(accepts({}, kSha256, 9));
  EXPECT_FALSE(accepts({}, kSha384, 3));
  Evidence without;
  without.pcrs.reset();
  EXPECT_FALSE(accepts(without, kSha256, 3));
  Policy valued = Asking();
  valued.tpm.pcr[kSha256][3] = {TpmQuoteSpec{}.pcrs.at(kSha256).at(3)};
  EXPECT_TRUE(Appraise(*Judge({}), valued, sim::kNow).accept);
  valued.tpm.pcr[kSha256][3].front().front() ^= 1;
  EXPECT_FALSE(Appraise(*Judge({}), valued, sim::kNow).accept);
}

TEST(TpmVerification, AnEventLogHasToLeadToTheQuotedPcrs) {
  Evidence evidence;
  evidence.quote.pcrs = sim::PcrsOfLog(3);
  evidence.pcrs = evidence.quote.pcrs;
  evidence.event_log = sim::MakeEventLog(3);
  const auto verdict = Judge(evidence);
  ASSERT_TRUE(verdict.ok());
  EXPECT_TRUE(verdict->authentic) << verdict->hard()->message;
  ASSERT_TRUE(verdict->tpm->event_log);
  EXPECT_EQ(verdict->tpm->event_log->replayed.front().pcrs, (std::vector<uint8_t>{0, 1, 2}));
  evidence.event_log =
      sim::MakeEventLog(3, [](Bytes& log) { log[log.size() - 9] ^= 1; });  // of the last digest
  EXPECT_EQ(Judge(evidence)->hard()->check, Check::kTpmEventLogReplay);
  evidence.event_log =
      sim::MakeEventLog(3, [](Bytes& log) { log.back() ^= 1; });  // of its data, which proves nothing
  EXPECT_TRUE(Judge(evidence)->authentic);
}

// Each of the PCRs that firmware measures into has its first value where the log has no event of it; others may be measured
// into by who writes no such log.
TEST(TpmVerification, ALogWithEventsLeftOutDoesNotLeadToTheQuote) {
  const auto judge = [](uint8_t logged, uint8_t pcr, const Bytes& value) {
    Evidence evidence;
    evidence.quote.pcrs = sim::PcrsOfLog(logged);
    evidence.quote.pcrs[kSha256][pcr] = value;
    evidence.pcrs = evidence.quote.pcrs;
    evidence.event_log = sim::MakeEventLog(logged);
    return Judge(evidence);
  };
  for (uint8_t pcr = 0; pcr < 24; ++pcr) {
    const auto left_out = judge(0, pcr, Bytes(32, 7)), untouched = judge(0, pcr, Bytes(32));
    EXPECT_EQ(left_out->authentic, pcr >= 8) << int{pcr};
    if (pcr < 8) {
      EXPECT_EQ(left_out->hard()->check, Check::kTpmEventLogReplay);
    } else {
      EXPECT_EQ(left_out->checks.Get(Check::kTpmEventLogReplay), CheckResult::kNotRun) << int{pcr};
    }
    EXPECT_TRUE(untouched->authentic) << int{pcr};
  }
  EXPECT_TRUE(judge(3, 7, Bytes(32))->authentic);
  EXPECT_FALSE(judge(3, 7, Bytes(32, 7))->authentic);
}

// What cannot be read is no verdict.
TEST(TpmVerification, BrokenEvidenceIsMalformed) {
  const auto check = [](const Evidence& evidence) { return Judge(evidence).error().check; };
  Evidence longer;
  longer.quote.bend = [](Bytes& message) { message.push_back(0); };
  EXPECT_EQ(check(longer), Check::kTpmFormat);
  Evidence padded;
  padded.certificate.resize(4096);
  EXPECT_TRUE(Judge(padded)->authentic);
  padded.certificate.back() = 1;
  EXPECT_EQ(check(padded), Check::kTpmFormat);
  Evidence area;
  area.public_key = sim::AkPublicArea();
  area.public_key.push_back(0);
  EXPECT_EQ(check(area), Check::kTpmFormat);
  const sim::TpmQuoteBytes bytes = sim::MakeTpmQuote({}, sim::VtpmKey());
  EXPECT_EQ(ParseQuote(bytes.message, Bytes(100), {}, kTpmChecks).error().check, Check::kTpmSignatureFormat);
}

TEST(TpmVerification, ASignatureThatDoesNotFitTheKeyIsOfAnotherForm) {
  const sim::TpmQuoteBytes bytes = sim::MakeTpmQuote(TpmQuoteSpec{}, sim::EllipticVtpmKey());
  const auto quote = ParseQuote(bytes.message, bytes.signature, {}, kTpmChecks);
  ASSERT_TRUE(quote.ok());
  KeyEvidence key;
  ASSERT_TRUE(TakeCertificate(sim::AkCertificate(), key).ok() &&
              TakeChain(sim::TpmCaCertificate(), key).ok());
  const Verdict verdict = VerifyQuote(*quote, key, {}, {.anchors = Anchors(), .at = sim::kNow});
  EXPECT_EQ(verdict.hard()->check, Check::kTpmSignatureFormat);
}

}  // namespace
}  // namespace thimble::tpm
