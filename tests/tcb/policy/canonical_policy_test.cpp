// SPDX-License-Identifier: Apache-2.0
//
// A policy read back from its canonical text is the policy.
#include "tcb/policy/canonical_policy.h"

#include <gtest/gtest.h>

#include "tcb/base/crypto.h"
#include "tcb/policy/digest.h"

namespace thimble {
namespace {

Policy Rich() {
  Policy policy;
  policy.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kSWHardeningNeeded};
  policy.evidence = {EvidenceClass::kTdx15, EvidenceClass::kSnp, EvidenceClass::kOpenEnclave};
  policy.accepted_advisories = {{"INTEL-SA-00001", Instant(Seconds(1'800'000'000))}, {"INTEL-SA-00002", {}}};
  policy.min_tcb_evaluation = 17;
  policy.platform_grace = kUnlimitedGrace;
  policy.min_tcb_date = Instant(Seconds(1'700'000'000));
  policy.max_collateral_age.crl = Seconds(86400);
  policy.caller_collateral = CallerCollateral::kRefuse;
  policy.allow_smt = false;
  policy.sgx_types = {intel::SgxType::kScalableWithIntegrity};
  policy.amd_crl = AmdCrlMode::kOff;
  policy.amd_floor = AmdFloorMode::kComplete;
  policy.sgx.mrenclave.resize(1);
  policy.sgx.attributes.emplace();
  policy.snp.products = {amd::Cpus(amd::Product::kGenoa)};
  policy.snp.min_reported_tcb[amd::Cpus(amd::Product::kMilan)].snp = 23;
  policy.snp.min_abi = AbiVersion{1, 51};
  policy.snp.csp_id = {"CN=\"quoted\" {}"};
  policy.hcl.pcr[0][7] = {Bytes{1, 2}};
  policy.restricted.pck_serial = {Bytes{3}};
  auto special = std::make_shared<Policy>(policy);
  special->allow_debug = true;
  special->overrides.clear();
  policy.overrides[EvidenceClass::kSnp] = special;
  policy.sha256 = PolicyDigest(policy);
  return policy;
}

TEST(CanonicalPolicy, IsReadBackWhole) {
  for (const Policy& policy : {Policy{}, Rich()}) {
    const std::string text = CanonicalPolicy(policy);
    const auto back = ReadCanonicalPolicy(text, "name");
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(CanonicalPolicy(*back), text);
    EXPECT_EQ(back->sha256, PolicyDigest(policy));
    EXPECT_EQ(back->id, "name");
  }
}

TEST(CanonicalPolicy, RefusesWhatItWouldNotHaveWritten) {
  const std::string good = CanonicalPolicy(Rich());
  ASSERT_TRUE(ReadCanonicalPolicy(good, "").ok());
  const auto with = [&good](std::string_view what, std::string_view instead) {
    std::string text = good;
    const size_t at = text.find(what);
    EXPECT_NE(at, std::string::npos) << what;
    return text.replace(at, what.size(), instead);
  };
  for (const std::string& bad :
       {std::string(), std::string("{}"), with("\"format\":1", "\"format\":2"),
        with("\"format\":1,", "\"format\":1,\"new_rule\":true,"), with("\"allow_debug\":false,", ""),
        with("\"UpToDate\"", "\"Unheard\""), with("\"off\"", "\"never\""), good + " "})
    EXPECT_FALSE(ReadCanonicalPolicy(bad, "").ok()) << bad.substr(0, 60);
}

}  // namespace
}  // namespace thimble
