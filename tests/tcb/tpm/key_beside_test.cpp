// SPDX-License-Identifier: Apache-2.0
//
// What comes with a key beside a report that vouches for one.
#include <gtest/gtest.h>

#include "tcb/tpm/verify.h"
#include "tests/support/sim_intel.h"
#include "tests/support/sim_platform.h"

namespace thimble::tpm {
namespace {

const TrustAnchors& CloudAnchors() {
  static const TrustAnchors anchors = [] {
    TrustAnchors all = TrustAnchors::Pinned();
    EXPECT_TRUE(all.AddFor(AnchorUse::kTpm, sim::TpmRootCertificate()).ok());
    return all;
  }();
  return anchors;
}

// The same of each thing that may come with a key, where the report's own is of no use.
TEST(TpmKeyBeside, IsNothingWithoutTheReportsKey) {
  const auto judge = [](const sim::Bend<KeyEvidence>& bend, bool usable) {
    KeyEvidence key;
    bend(key);
    Verdict verdict;
    verdict.tee = Tee::kSnp;
    verdict.authentic = true;
    verdict.at = sim::kNow;
    VouchedKey vouched{{}, "HCLAkPub"};
    if (usable)
      vouched.key =
          ReadSubjectPublicKeyInfo(sim::VtpmKey().SubjectPublicKeyInfo(), CertificateProfile::kMicrosoft);
    CheckKeyBeside(verdict, key, vouched, {.anchors = CloudAnchors(), .at = sim::kNow});
    return verdict;
  };
  const sim::Bend<KeyEvidence> given[] = {
      [](KeyEvidence& key) {
        EXPECT_TRUE(TakeCertificate(sim::AkCertificate([](auto& s) {
                                      s.subject = {{sim::kCommonName, "0.ConfidentialVM.Azure.windows.net"}};
                                    }),
                                    key)
                        .ok());
        EXPECT_TRUE(TakeChain(sim::TpmCaCertificate(), key).ok());
      },
      [](KeyEvidence& key) { EXPECT_TRUE(TakePublicKey(sim::AkPublicArea(), key).ok()); },
      [](KeyEvidence& key) { EXPECT_TRUE(TakePublicKey(sim::VtpmKey().SubjectPublicKeyInfo(), key).ok()); }};
  for (const auto& bend : given) {
    EXPECT_TRUE(judge(bend, true).authentic);
    const Verdict none = judge(bend, false);
    EXPECT_FALSE(none.authentic);
    ASSERT_NE(none.hard(), nullptr);
    EXPECT_EQ(none.hard()->check, Check::kTpmAkKey);
    EXPECT_NE(none.hard()->message.find("HCLAkPub"), std::string::npos);
  }
}

// Beside a report that vouches for a key, a certificate has to be of that key, and of a confidential VM.
TEST(TpmKeyBeside, HasToBeTheKeyThatTheReportHolds) {
  const auto judge = [](const Bytes& certificate, const sim::SimRsaKey& vouched) {
    KeyEvidence key;
    EXPECT_TRUE(TakeCertificate(certificate, key).ok() && TakeChain(sim::TpmCaCertificate(), key).ok());
    Verdict verdict;
    verdict.tee = Tee::kSnp;
    verdict.authentic = true;
    verdict.at = sim::kNow;
    const auto spki =
        ReadSubjectPublicKeyInfo(vouched.SubjectPublicKeyInfo(), CertificateProfile::kMicrosoft);
    CheckKeyBeside(verdict, key, {*spki, "HCLAkPub"}, {.anchors = CloudAnchors(), .at = sim::kNow});
    return verdict;
  };
  const auto confidential = [](auto& s) {
    s.subject = {{sim::kCommonName, "0123456789ab.ConfidentialVM.Azure.windows.net"}};
  };
  EXPECT_TRUE(judge(sim::AkCertificate(confidential), sim::VtpmKey()).authentic);
  const Verdict other = judge(sim::AkCertificate(confidential), sim::SimRsaKey("forger/vtpm", 2048));
  EXPECT_FALSE(other.authentic);
  EXPECT_EQ(other.hard()->check, Check::kTpmAkKey);
  const Verdict trusted_launch = judge(sim::AkCertificate(), sim::VtpmKey());
  EXPECT_FALSE(trusted_launch.authentic);
  EXPECT_EQ(trusted_launch.hard()->check, Check::kTpmAkUsage);
}

}  // namespace
}  // namespace thimble::tpm
