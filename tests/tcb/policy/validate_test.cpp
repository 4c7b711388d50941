// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>

#include "tcb/check.h"
#include "tests/tcb/policy/good_evidence.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

// A policy that is refused, and what to change to have it taken.
struct BadPolicy {
  std::string key;     // what the message begins with
  std::string reason;  // and what it says
  std::function<void(Policy&)> contradict, mend;
};
inline void PrintTo(const BadPolicy& row, std::ostream* out) { *out << row.key << ": " << row.reason; }

amd::Cpus Named(std::string_view name) { return amd::Cpus::FromName(name).value(); }

using BadPolicies = std::vector<BadPolicy>;

BadPolicies TcbContradictions() {
  return {
      {"accepted_statuses", "accepts nothing", [](Policy& p) { p.accepted_statuses.clear(); },
       [](Policy& p) { p.accepted_statuses = {TcbStatus::kOutOfDate}; }},
      {"accepted_statuses", "Revoked is never accepted",
       [](Policy& p) {
         p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kRevoked};
       },
       [](Policy& p) { p.accepted_statuses.pop_back(); }},
      {"accepted_qe_statuses", "Revoked is never accepted",
       [](Policy& p) {
         p.accepted_qe_statuses = {TcbStatus::kUpToDate, TcbStatus::kRevoked};
       },
       [](Policy& p) { p.accepted_qe_statuses.pop_back(); }},
      {"collateral_grace", "is negative", [](Policy& p) { p.collateral_grace = -1s; },
       [](Policy& p) { p.collateral_grace = 1s; }},
      {"max_collateral_age.crl", "lets nothing pass", [](Policy& p) { p.max_collateral_age.crl = 0s; },
       [](Policy& p) { p.max_collateral_age.crl = 1s; }},
      {"max_collateral_age.tcb_info", "lets nothing pass",
       [](Policy& p) { p.max_collateral_age.tcb_info = 0s; },
       [](Policy& p) { p.max_collateral_age.tcb_info = 1s; }},
      {"max_collateral_age.identity", "lets nothing pass",
       [](Policy& p) { p.max_collateral_age.identity = 0s; },
       [](Policy& p) { p.max_collateral_age.identity = 1s; }},
      {"platform_grace", "is negative", [](Policy& p) { p.platform_grace = -1s; },
       [](Policy& p) { p.platform_grace = 1s; }},
      {"qe_grace", "is negative", [](Policy& p) { p.qe_grace = -1s; }, [](Policy& p) { p.qe_grace = 1s; }},
      {"rejected_advisories", "INTEL-SA-00657 is in accepted_advisories, too",
       [](Policy& p) {
         p.accepted_advisories = {{"INTEL-SA-00615", std::nullopt}, {"INTEL-SA-00657", kPolicyNow}};
         p.rejected_advisories = {{"INTEL-SA-00657", std::nullopt}};
       },
       [](Policy& p) { p.accepted_advisories->pop_back(); }},
  };
}

BadPolicies SgxContradictions() {
  return {
      {"sgx.attributes", "outside of its mask",
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{5}, {4}};
       },
       [](Policy& p) { p.sgx.attributes->mask[0] = 5; }},
      {"sgx.attributes", "demands DEBUG",
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{2}, {2}};
       },
       [](Policy& p) { p.allow_debug = true; }},
      {"sgx.miscselect", "outside of its mask",
       [](Policy& p) {
         p.sgx.miscselect = BitPattern<4>{{1}, {0}};
       },
       [](Policy& p) { p.sgx.miscselect->mask[0] = 1; }},
  };
}

BadPolicies TdAttributeContradictions() {
  const auto tdx_bits = [](uint8_t byte3) { return BitPattern<8>{{0, 0, 0, byte3}}; };
  return {
      {"tdx.td_attributes", "outside of its mask",
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{2}, {1}};
       },
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{}, {1}};
       }},
      {"tdx.td_attributes", "TUD",
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{1}, {1}};
       },
       [](Policy& p) { p.allow_debug = true; }},
      {"tdx.td_attributes", "SEPT_VE_DISABLE to be 0",
       [=](Policy& p) {
         p.tdx.td_attributes = tdx_bits(0);
         p.tdx.require_sept_ve_disable = true;
       },
       [=](Policy& p) { p.tdx.td_attributes = tdx_bits(0x10); }},
      {"tdx.td_attributes", "reserved bit",
       [=](Policy& p) {
         p.tdx.td_attributes = tdx_bits(0x08);
         p.tdx.forbid_reserved_attributes = true;
       },
       [=](Policy& p) { p.tdx.td_attributes = tdx_bits(0x20); }},
      {"tdx.td_attributes", "reserved bit",
       [](Policy& p) {
         p.allow_debug = true;
         p.tdx.td_attributes = BitPattern<8>{{2}, {2}};
         p.tdx.forbid_reserved_attributes = true;
       },
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{1}, {1}};
       }},
      {"tdx.td_attributes", "MIGRATABLE to be 0",
       [=](Policy& p) {
         p.tdx.td_attributes = tdx_bits(0x10);
         p.tdx.allow_migratable = true;
       },
       [=](Policy& p) { p.tdx.td_attributes = tdx_bits(0x30); }},
      {"tdx.td_attributes", "reserved bits to be 0",
       [=](Policy& p) {
         p.tdx.td_attributes = tdx_bits(0x10);
         p.tdx.allow_reserved_attributes = true;
       },
       [](Policy& p) { p.tdx.td_attributes->mask[4] = 0xfe; }},
  };
}

BadPolicies TdxContradictions() {
  return {
      {"tdx.allow_reserved_attributes", "forbid_reserved_attributes is, too",
       [](Policy& p) { p.tdx.allow_reserved_attributes = p.tdx.forbid_reserved_attributes = true; },
       [](Policy& p) { p.tdx.allow_reserved_attributes = false; }},
      {"tdx.mrservicetd", "lists a service TD",
       [](Policy& p) {
         p.tdx.mrservicetd = {intel::Measurement384(), Filled<intel::Measurement384>(1)};
         p.tdx.forbid_service_td = true;
       },
       [](Policy& p) { p.tdx.mrservicetd.pop_back(); }},
      {"tdx.xfam", "outside of its mask",
       [](Policy& p) {
         p.tdx.xfam = BitPattern<8>{{2}, {1}};
       },
       [](Policy& p) { p.tdx.xfam->mask[0] = 3; }},
  };
}

BadPolicies SnpBitContradictions() {
  return {
      {"snp.policy_required", "has SINGLE_SOCKET",
       [](Policy& p) { p.snp.policy_required = p.snp.policy_forbidden = 1u << 20; },
       [](Policy& p) { p.snp.policy_forbidden = 1u << 21; }},
      {"snp.platform_info_required", "has ECC_EN",
       [](Policy& p) { p.snp.platform_info_required = p.snp.platform_info_forbidden = 4; },
       [](Policy& p) { p.snp.platform_info_forbidden = 2; }},
      {"snp.policy_required", "has DEBUG", [](Policy& p) { p.snp.policy_required = 1u << 19; },
       [](Policy& p) { p.allow_debug = true; }},
      {"snp.policy_required", "has MIGRATE_MA", [](Policy& p) { p.snp.policy_required = 1u << 18; },
       [](Policy& p) { p.allow_migration = true; }},
      {"snp.policy_forbidden", "has DEBUG",
       [](Policy& p) {
         p.snp.policy_forbidden = 1u << 19;
         p.allow_debug = true;
       },
       [](Policy& p) { p.allow_debug = false; }},
      {"snp.policy_forbidden", "has MIGRATE_MA",
       [](Policy& p) {
         p.snp.policy_forbidden = 1u << 18;
         p.allow_migration = true;
       },
       [](Policy& p) { p.allow_migration = false; }},
      {"snp.platform_info_required", "has SMT_EN",
       [](Policy& p) {
         p.snp.platform_info_required = 1;
         p.allow_smt = false;
       },
       [](Policy& p) { p.allow_smt = true; }},
      {"snp.platform_info_forbidden", "has SMT_EN",
       [](Policy& p) {
         p.snp.platform_info_forbidden = 1;
         p.allow_smt = true;
       },
       [](Policy& p) { p.allow_smt.reset(); }},
  };
}

BadPolicies SnpMinimumContradictions() {
  return {
      {"snp.min_launch_tcb", "Genoa has no component fmc",
       [](Policy& p) { p.snp.min_launch_tcb[amd::Product::kGenoa].fmc = uint8_t{1}; },
       [](Policy& p) { p.snp.min_launch_tcb[amd::Product::kGenoa].fmc.reset(); }},
      {"snp.min_reported_tcb", "Milan is not in snp.products",
       [](Policy& p) {
         p.snp.products = {amd::Product::kGenoa};
         p.snp.min_reported_tcb = {{amd::Product::kGenoa, {}}, {amd::Product::kMilan, {}}};
       },
       [](Policy& p) { p.snp.products.push_back(amd::Product::kMilan); }},
      {"snp.min_reported_tcb", "Genoa-X is not in snp.products",
       [](Policy& p) {
         p.snp.products = {Named("Siena")};
         p.snp.min_reported_tcb = {{Named("Siena"), {}}, {Named("Genoa-X"), {}}};
       },
       [](Policy& p) { p.snp.min_reported_tcb.erase(Named("Genoa-X")); }},
      {"snp.min_reported_tcb", "no minimum for Genoa",
       [](Policy& p) {
         p.snp.products = {amd::Product::kGenoa};
         p.snp.min_reported_tcb = {{Named("Siena"), {}}};
       },
       [](Policy& p) { p.snp.products = {Named("Siena-A2")}; }},
      {"snp.min_committed_tcb", "no minimum for Turin",
       [](Policy& p) {
         p.snp.products = {amd::Product::kGenoa, amd::Product::kTurin};
         p.snp.min_committed_tcb = {{amd::Product::kGenoa, {}}};
       },
       [](Policy& p) { p.snp.products.pop_back(); }},
      {"snp.vmpl", "4 is not 0 to 3",
       [](Policy& p) {
         p.snp.vmpl = {3, 4};
       },
       [](Policy& p) { p.snp.vmpl.pop_back(); }},
  };
}

BadPolicies UvmContradictions() {
  return {{"uvm.accepted", "accepts nothing", [](Policy& p) { p.uvm.accepted.clear(); },
           [](Policy& p) { p.uvm.accepted = MicrosoftUvms(); }},
          {"uvm.accepted", "an issuer and a feed", [](Policy& p) { p.uvm.accepted[0].feed.clear(); },
           [](Policy& p) { p.uvm.accepted[0].feed = "ContainerPlat-AMD-UVM"; }},
          {"uvm.accepted", "of this issuer twice",
           [](Policy& p) {
             p.uvm.accepted.push_back(p.uvm.accepted[0]);
             p.uvm.accepted.back().min_svn += 1;
           },
           [](Policy& p) { p.uvm.accepted.back().feed = "another"; }}};
}

BadPolicies HclContradictions() {
  return {
      {"hcl.pcr", "SHA-1 bank proves nothing", [](Policy& p) { p.hcl.pcr[tpm::kSha1][7] = {Bytes(20)}; },
       [](Policy& p) {
         p.hcl.pcr = {{tpm::kSha256, {{7, {Bytes(32)}}}}};
       }},
      {"hcl.pcr", "0x0012 is no bank", [](Policy& p) { p.hcl.pcr[0x0012][7] = {Bytes(32)}; },
       [](Policy& p) { p.hcl.pcr.clear(); }},
      {"hcl.pcr", "32 is not 0 to 31", [](Policy& p) { p.hcl.pcr[tpm::kSha256][32] = {Bytes(32)}; },
       [](Policy& p) {
         p.hcl.pcr = {{tpm::kSha256, {{31, {Bytes(32)}}}}};
       }},
      {"hcl.pcr", "accepts nothing", [](Policy& p) { p.hcl.pcr[tpm::kSha256][7] = {}; },
       [](Policy& p) { p.hcl.pcr.clear(); }},
      {"hcl.pcr", "has 96 hex digits", [](Policy& p) { p.hcl.pcr[tpm::kSha384][7] = {Bytes(32)}; },
       [](Policy& p) { p.hcl.pcr[tpm::kSha384][7] = {Bytes(48)}; }},
  };
}

// A list that has nothing to give, or what is restricted.
BadPolicies ListContradictions() {
  const auto chip = Filled<amd::ChipId>(0x27);
  return {
      {"snp.chip_id", "no chip", [](Policy& p) { p.snp.chip_id = {amd::ChipId()}; },
       [=](Policy& p) { p.snp.chip_id = {chip}; }},
      {"snp.chip_id", "is in restricted.chip_id, too",
       [=](Policy& p) {
         p.snp.chip_id = {chip};
         p.restricted.chip_id = {chip};
       },
       [](Policy& p) { p.restricted.chip_id.clear(); }},
      {"sgx.mrenclave", "is in restricted.measurement, too",
       [](Policy& p) {
         p.sgx.mrenclave = {Filled<intel::Measurement256>(9)};
         p.restricted.measurement = {Bytes(32, 9)};
       },
       [](Policy& p) { p.restricted.measurement = {Bytes(48, 9)}; }},
      {"tdx.mrtd", "is in restricted.measurement, too",
       [](Policy& p) {
         p.tdx.mrtd = {Filled<intel::Measurement384>(9)};
         p.restricted.measurement = {Bytes(48, 9)};
       },
       [](Policy& p) { p.restricted.measurement = {Bytes(32, 9)}; }},
      {"snp.measurement", "is in restricted.measurement, too",
       [](Policy& p) {
         p.snp.measurement = {Filled<decltype(amd::SnpClaims::measurement)>(9)};
         p.restricted.measurement = {Bytes(48, 9)};
       },
       [](Policy& p) { p.restricted.measurement = {Bytes(48, 8)}; }},
  };
}

BadPolicies OverrideContradictions() {
  return {
      {"evidence", "has no snp, for which there are rules",
       [](Policy& p) {
         p.evidence = {EvidenceClass::kSgx};
         p.overrides[EvidenceClass::kSnp] = std::make_shared<const Policy>();
       },
       [](Policy& p) { p.evidence.push_back(EvidenceClass::kSnp); }},
      {"evidence", "has no snp, for which there are rules",  // which Open Enclave never wraps
       [](Policy& p) {
         p.evidence = {EvidenceClass::kOpenEnclave};
         p.overrides[EvidenceClass::kSnp] = std::make_shared<const Policy>();
       },
       [](Policy& p) {
         p.overrides.clear();
         p.overrides[EvidenceClass::kSgx] = std::make_shared<const Policy>();
       }},
      {"open_enclave", "is no TEE: it has no rules of its own",
       [](Policy& p) { p.overrides[EvidenceClass::kOpenEnclave] = std::make_shared<const Policy>(); },
       [](Policy& p) {
         p.overrides.clear();
         p.overrides[EvidenceClass::kSgx] = std::make_shared<const Policy>();
       }},
      {"tdx_1.0", "an override has overrides",
       [](Policy& p) {
         Policy inner;
         inner.overrides[EvidenceClass::kSgx] = std::make_shared<const Policy>();
         p.overrides[EvidenceClass::kTdx10] = std::make_shared<const Policy>(inner);
       },
       [](Policy& p) { p.overrides[EvidenceClass::kTdx10] = std::make_shared<const Policy>(); }},
      {"accepted_statuses", "Revoked is never accepted",
       [](Policy& p) {
         Policy inner;
         inner.accepted_statuses = {TcbStatus::kRevoked};
         p.overrides[EvidenceClass::kSgx] = std::make_shared<const Policy>(inner);
       },
       [](Policy& p) { p.overrides.clear(); }},
  };
}

BadPolicies AllContradictions() {
  BadPolicies all;
  for (const BadPolicies& part :
       {TcbContradictions(), SgxContradictions(), TdAttributeContradictions(), TdxContradictions(),
        SnpBitContradictions(), SnpMinimumContradictions(), HclContradictions(), UvmContradictions(),
        ListContradictions(), OverrideContradictions()})
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

class Contradiction : public testing::TestWithParam<BadPolicy> {};

TEST_P(Contradiction, IsRefusedWithItsKeyAndReason) {
  const BadPolicy& bad = GetParam();
  Policy policy;
  bad.contradict(policy);
  const Status refused = Validate(policy);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kMalformed);
  EXPECT_EQ(refused.error().check, Check::kPolicyFormat);
  EXPECT_TRUE(refused.error().message.starts_with(bad.key + ": ")) << refused.error().message;
  EXPECT_NE(refused.error().message.find(bad.reason), std::string::npos) << refused.error().message;

  bad.mend(policy);
  EXPECT_TRUE(Validate(policy).ok()) << Validate(policy).error().message;
}

INSTANTIATE_TEST_SUITE_P(All, Contradiction, testing::ValuesIn(AllContradictions()));

TEST(Validate, TakesTheDefault) { EXPECT_TRUE(Validate(Policy{}).ok()); }

}  // namespace
}  // namespace thimble
