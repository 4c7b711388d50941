// SPDX-License-Identifier: Apache-2.0
//
// What is decided about evidence that no TEE made, and about keys beside reports of one: of what was handed over, and of all of it.
#include <gtest/gtest.h>

#include "service/verification/handed_evidence.h"
#include "service/verification/verification.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble {
namespace {

class PlatformVerification : public testing::Test {
 protected:
  PlatformVerification() {
    EXPECT_TRUE(anchors_.AddFor(AnchorUse::kTpm, sim::TpmRootCertificate()).ok());
    EXPECT_TRUE(anchors_.AddFor(AnchorUse::kVbs, sim::HgsCertificate()).ok());
    EXPECT_TRUE(anchors_.AddExtra(AsBytes(amd_.ArksPem())).ok());
    EXPECT_TRUE(anchors_.AddExtra(AsBytes(intel_.RootPem())).ok());
  }
  VerificationOutcome Run(const VerificationRequest& request) {
    return Verification(anchors_, nullptr, clock_).Run(request);
  }
  static VerificationRequest RequestWith(const std::string& json) {
    VerificationRequest request;
    auto evidence = input::DecodeEvidence(AsBytes(json));
    EXPECT_TRUE(evidence.ok());
    EXPECT_TRUE(TakeEvidence(std::move(evidence).value(), request).ok());
    auto policy = std::make_shared<Policy>();
    policy->evidence = {EvidenceClass::kTpm, EvidenceClass::kVbs};
    policy->caller_collateral = CallerCollateral::kAny;
    request.policy = std::move(policy);
    return request;
  }
  static VerificationRequest Tpm() { return RequestWith(sim::TpmEvidenceJson()); }
  static VerificationRequest Vbs() { return RequestWith(sim::VbsEvidenceJson()); }

  sim::SimAmd amd_ = sim::SimAmd::Make();
  sim::SimIntel intel_ = sim::SimIntel::Make();
  TrustAnchors anchors_ = TrustAnchors::Pinned();
  const Clock clock_{sim::kNow};
};

// The evidence is what records name, and what a caller is told about: a quote beside it is not judged in its place.
TEST_F(PlatformVerification, AQuoteBesideOtherEvidenceIsRefused) {
  const VerificationRequest good = Tpm();
  ASSERT_TRUE(Run(good).decision.accept);
  const Bytes& message = good.tpm_quote->message;
  Bytes flipped = message, longer = message;
  flipped.back() ^= 1;
  longer.push_back(0);
  sim::TpmQuoteSpec other;
  other.nonce.back() ^= 1;
  const Bytes evidence[] = {{0xff, 0x54, 0x43, 0x47, 0x80, 0x18},
                            flipped,
                            longer,
                            sim::MakeTpmQuote(other, sim::VtpmKey()).message};
  for (const Bytes& bytes : evidence) {
    VerificationRequest request = good;
    request.evidence = bytes;
    const VerificationOutcome outcome = Run(request);
    ASSERT_TRUE(outcome.error) << HexLower(bytes);
    EXPECT_EQ(outcome.error->check, Check::kRequest);
    EXPECT_EQ(outcome.error->kind, ErrorKind::kMalformed);
    for (const Bytes& named : {bytes, message})
      EXPECT_NE(outcome.error->message.find(Sha256(named).hex()), std::string::npos)
          << outcome.error->message;
  }
}

// Each member of a request goes with the evidence, or is refused by its name.
TEST_F(PlatformVerification, NoMemberIsIgnored) {
  struct Member {
    const char* name;
    sim::Bend<VerificationRequest> set;
    bool with_tpm = false, with_vbs = false;  // taken, or at least judged
  };
  const tpm::KeyEvidence key = Tpm().tpm_key;
  const Member members[] = {
      {"collateral", [](auto& r) { r.collateral.emplace(); }},
      {"endorsements",
       [](auto& r) {
         r.endorsements.hints.push_back(amd::Hint{"x", Bytes{1}});
       }},
      {"product", [](auto& r) { r.product = amd::Product::kMilan; }},
      {"td_quote", [](auto& r) { r.td_quote = Bytes{1}; }},
      {"uvm_endorsement", [](auto& r) { r.uvm_endorsement = Bytes{1}; }},
      {"security_policy", [](auto& r) { r.security_policy = Bytes{1}; }},
      {"report_data", [](auto& r) { r.report_data = Bytes(64, 0x5e); }, false, true},
      {"runtime_data", [](auto& r) { r.runtime_data = Bytes{1}; }, false, true},
      {"nonce", [](auto& r) { r.nonce = sim::TpmQuoteSpec{}.nonce; }, true, false},
      {"signer", [](auto& r) { r.vbs.signer = vbs::ReadSigner(sim::HgsCertificate()).value(); }, false, true},
      {"tpm_quote", [](auto& r) { r.tpm_quote = Tpm().tpm_quote; }, true, false},
      {"ak_cert", [&](auto& r) { r.tpm_key = key; }, true, false},
  };
  for (const Member& member : members) {
    for (const bool tpm : {true, false}) {
      VerificationRequest request = tpm ? Tpm() : Vbs();
      member.set(request);
      const VerificationOutcome outcome = Run(request);
      const bool fits = tpm ? member.with_tpm : member.with_vbs;
      EXPECT_EQ(outcome.error.has_value(), !fits) << member.name << (tpm ? ", TPM" : ", VBS");
      if (fits || !outcome.error) continue;
      EXPECT_EQ(outcome.error->check, Check::kRequest);
      EXPECT_NE(outcome.error->message.find(member.name), std::string::npos) << outcome.error->message;
    }
  }
}

// A root of one use is none of the other, also here.
TEST_F(PlatformVerification, WhatIsGoodIsAccepted) {
  for (const VerificationRequest& request : {Tpm(), Vbs()}) {
    const VerificationOutcome outcome = Run(request);
    ASSERT_FALSE(outcome.error);
    EXPECT_TRUE(outcome.decision.accept);
    EXPECT_TRUE(outcome.verdict.trust_anchor_extra);
  }
}

// -- a key beside an HCL report whose own is of no use --

std::string WithKey(const std::string& jwk) { return R"({"keys":[{"kid":"HCLAkPub",)" + jwk + "}]}"; }
std::string RsaJwk(const Bytes& modulus) {
  return WithKey(StrCat(R"("kty":"RSA","e":"AQAB","n":")", Base64Url(modulus), "\""));
}

TEST_F(PlatformVerification, AKeyBesideAReportWithoutAUsableOneIsRejected) {
  Bytes even = sim::VtpmKey().modulus();
  even.back() = static_cast<uint8_t>(even.back() & 0xfe);
  const std::string point = Base64Url(Bytes(32, 0x11));
  const std::string unusable[] = {
      RsaJwk(Bytes(128, 0xff)), RsaJwk(even),
      WithKey(StrCat(R"("kty":"EC","crv":"P-256","x":")", point, R"(","y":")", point, "\""))};
  const std::string usable = sim::RuntimeData(sim::VtpmKey());
  const auto confidential = [](sim::CertificateSpec& s) {
    s.subject = {{sim::kCommonName, "0.ConfidentialVM.Azure.windows.net"}};
  };
  tpm::KeyEvidence certified, given;
  ASSERT_TRUE(tpm::TakeCertificate(sim::AkCertificate(confidential), certified).ok());
  ASSERT_TRUE(tpm::TakeChain(sim::TpmCaCertificate(), certified).ok());
  ASSERT_TRUE(tpm::TakePublicKey(sim::AkPublicArea(), given).ok());
  const auto judge = [&](const std::string& data, const tpm::KeyEvidence& key, bool tdx) {
    const auto bound = sim::BindingOf(data);
    VerificationRequest request;
    request.evidence =
        sim::EncodeHclReport({.report_type = tdx ? 4u : 2u,
                              .hardware_report = tdx ? sim::EncodeTdReportStruct(bound)
                                                     : amd_.Report(sim::SnpPlatform::Of(amd::Product::kMilan),
                                                                   {.report_data = bound}),
                              .runtime_data = data});
    request.tpm_key = key;
    return Run(request);
  };
  for (const bool tdx : {false, true}) {
    for (const tpm::KeyEvidence& key : {certified, given}) {
      // The good twin gets as far as what is missing: endorsements, a TD quote.
      const VerificationOutcome good = judge(usable, key, tdx);
      ASSERT_TRUE(good.error) << tdx;
      EXPECT_EQ(good.error->kind, ErrorKind::kUnavailable) << good.error->message;
      EXPECT_EQ(good.verdict.at, sim::kNow);
      for (const std::string& data : unusable) {
        const VerificationOutcome outcome = judge(data, key, tdx);
        ASSERT_FALSE(outcome.error) << outcome.error->message;
        ASSERT_NE(outcome.verdict.hard(), nullptr);
        EXPECT_EQ(outcome.verdict.hard()->check, Check::kTpmAkKey) << outcome.verdict.hard()->message;
        EXPECT_FALSE(outcome.verdict.authentic);
        EXPECT_FALSE(outcome.decision.accept);
        EXPECT_EQ(outcome.verdict.at, sim::kNow);
      }
    }
  }
}

// -- nothing that rests on authenticity after a hard finding, whichever the road --

TEST_F(PlatformVerification, DataThatTheEvidenceIsNotAboutRetractIt) {
  const auto run = [&](const sim::Bend<VerificationRequest>& ask) {
    VerificationRequest request;
    request.evidence = intel_.Quote();
    request.collateral = intel_.Collateral();
    auto policy = std::make_shared<Policy>();
    policy->caller_collateral = CallerCollateral::kAny;
    request.policy = std::move(policy);
    ask(request);
    return Run(request);
  };
  const VerificationOutcome good = run([](auto&) {});
  ASSERT_FALSE(good.error) << good.error->message;
  EXPECT_TRUE(good.verdict.authentic);
  EXPECT_TRUE(good.verdict.tcb_status);
  const sim::Bend<VerificationRequest> others[] = {[](auto& r) { r.report_data = Bytes(64, 0x77); },
                                                   [](auto& r) {
                                                     r.runtime_data = Bytes{1, 2};
                                                   },
                                                   [](auto& r) { r.nonce = Bytes(32, 0x77); }};
  for (const auto& ask : others) {
    const VerificationOutcome outcome = run(ask);
    ASSERT_FALSE(outcome.error) << outcome.error->message;
    ASSERT_NE(outcome.verdict.hard(), nullptr);
    EXPECT_EQ(outcome.verdict.hard()->check, Check::kReportData);
    EXPECT_FALSE(outcome.verdict.authentic);
    EXPECT_FALSE(outcome.verdict.tcb_status);
    EXPECT_FALSE(outcome.verdict.tcb_date);
  }
}

// What lies around a quote is judged before its collateral, also where that is taken as it is brought.
TEST_F(PlatformVerification, WhatIsAroundAQuoteComesBeforeItsCollateral) {
  const std::string data = sim::RuntimeData(sim::VtpmKey());
  const auto bound = sim::BindingOf(data);
  VerificationRequest request;
  request.evidence = sim::EncodeHclReport(
      {.report_type = 4, .hardware_report = sim::EncodeTdReportStruct({}), .runtime_data = data});
  request.td_quote = intel_.Quote({.tdx = true, .bend = [&](sim::QuoteSpec& quote) {
                                     std::ranges::copy(bound, quote.tdx.report_data.begin());
                                   }});
  request.collateral = intel_.Collateral({.tee = IntelTee::kTdx, .fmspc = "00906ED50000"});  // fails as well
  for (const bool as_brought : {true, false}) {
    auto policy = std::make_shared<Policy>();
    policy->caller_collateral = as_brought ? CallerCollateral::kAny : CallerCollateral::kNewest;
    request.policy = policy;
    const VerificationOutcome outcome = Run(request);
    ASSERT_FALSE(outcome.error) << as_brought << outcome.error->message;
    ASSERT_NE(outcome.verdict.hard(), nullptr);
    EXPECT_EQ(outcome.verdict.hard()->check, Check::kHclBinding) << as_brought;
  }
}

}  // namespace
}  // namespace thimble
