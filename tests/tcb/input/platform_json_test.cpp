// SPDX-License-Identifier: Apache-2.0
//
// TPM quotes and VBS reports as they travel: recognised from their bytes, and read from JSON.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/evidence.h"
#include "tcb/tpm/verify.h"
#include "tcb/vbs/verify.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble::input {
namespace {

using nlohmann::json;

TEST(PlatformEvidence, IsRecognisedFromItsBytes) {
  EXPECT_EQ(KindOf(sim::MakeTpmQuote({}, sim::VtpmKey()).message), EvidenceKind::kTpmQuote);
  EXPECT_EQ(KindOf(sim::MakeVbsReport()), EvidenceKind::kVbsReport);
  EXPECT_EQ(KindOf(sim::MakeVbsReport({.bend = [](Bytes& b) { b.pop_back(); }})), EvidenceKind::kVbsReport);
}

TEST(PlatformEvidence, ATpmQuoteIsReadWithItsKey) {
  const auto evidence = DecodeEvidence(AsBytes(sim::TpmEvidenceJson()));
  ASSERT_TRUE(evidence.ok()) << evidence.error().message;
  EXPECT_EQ(evidence->kind, EvidenceKind::kTpmQuote);
  TrustAnchors anchors = TrustAnchors::Pinned();
  ASSERT_TRUE(anchors.AddExtra(sim::TpmRootCertificate()).ok());
  const auto judge = [&](const Evidence& one) {
    return tpm::VerifyQuote(*one.tpm_quote, one.tpm_key, {}, {.anchors = anchors, .at = sim::kNow});
  };
  EXPECT_TRUE(judge(*evidence).authentic);
  const auto bare = DecodeEvidence(AsBytes(sim::TpmEvidenceJson({.certificate = {}})));
  ASSERT_TRUE(bare.ok()) << bare.error().message;
  EXPECT_EQ(judge(*bare).hard()->check, Check::kTpmAkUnproven);
}

TEST(PlatformEvidence, AVbsReportIsReadWithItsSigner) {
  const auto evidence = DecodeEvidence(AsBytes(sim::VbsEvidenceJson({}, "text")));
  ASSERT_TRUE(evidence.ok()) << evidence.error().message;
  EXPECT_EQ(evidence->kind, EvidenceKind::kVbsReport);
  EXPECT_EQ(evidence->bytes, sim::MakeVbsReport());
  EXPECT_EQ(evidence->vbs.signer.size(), 1u);
  EXPECT_EQ(evidence->vbs.report_signed, "text");
}

// What nobody would judge is refused.
TEST(PlatformEvidence, NoMemberIsIgnored) {
  for (const std::string& text : {sim::TpmEvidenceJson(), sim::VbsEvidenceJson()}) {
    json document = json::parse(text);
    document["creation"] = "AAAA";
    EXPECT_FALSE(DecodeEvidence(AsBytes(document.dump())).ok());
  }
  json chain = json::parse(sim::TpmEvidenceJson());  // of what, without the certificate?
  chain.erase("ak_cert");
  chain["ak_public"] = Base64(sim::AkPublicArea());
  EXPECT_EQ(DecodeEvidence(AsBytes(chain.dump())).error().check, Check::kRequest);
  chain.erase("ak_chain");
  EXPECT_TRUE(DecodeEvidence(AsBytes(chain.dump())).ok());
  json broken = json::parse(sim::TpmEvidenceJson());
  broken["ak_cert"] = "?";
  EXPECT_FALSE(DecodeEvidence(AsBytes(broken.dump())).ok());
  json forms = json::parse(sim::TpmEvidenceJson());
  forms["tpm_quote"]["signature"] = Base64(Bytes(100));
  EXPECT_EQ(DecodeEvidence(AsBytes(forms.dump())).error().check, Check::kTpmSignatureFormat);
}

}  // namespace
}  // namespace thimble::input
