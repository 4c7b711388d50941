// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "service/config/config.h"
#include "tcb/check.h"
#include "tcb/policy/digest.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

Result<Policy> Read(const std::string& text) {
  auto config = ParseConfig(text, "t.toml");
  if (!config) return config.error();
  return config->policies.at("p");
}
Policy Good(const std::string& text) {
  auto policy = Read(text);
  EXPECT_TRUE(policy.ok()) << policy.error().message;
  return policy.ok() ? *policy : Policy{};
}

std::string Hex(size_t bytes, std::string_view byte) {
  std::string out = "\"";
  for (size_t i = 0; i < bytes; ++i) out += byte;
  return out + "\"";
}
template <class Id>
Id Filled(uint8_t fill) {
  std::array<uint8_t, Id::kSize> bytes{};
  bytes.fill(fill);
  return Id(bytes);
}
template <class Id>
std::vector<Id> One(uint8_t fill) {
  return {Filled<Id>(fill)};
}

TEST(PolicyToml, ReadsTheCommonKeys) {
  const Policy p = Good(R"([policy.p]
evidence = ["sgx", "tdx", "snp"]
accepted_statuses = ["UpToDate", "OutOfDate"]
accepted_advisories = ["intel-sa-00615", { id = "AMD-SB-3019", until = "2026-12-31T00:00:00Z" }]
rejected_advisories = [{ id = "INTEL-SA-00828" }]
min_tcb_evaluation = 17
platform_grace = "30d"
min_tcb_date = "2025-01-01T00:00:00Z"
accepted_qe_statuses = ["UpToDate"]
qe_grace = "0s"
min_qe_evaluation = 18
collateral_grace = "1h"
max_collateral_age = { crl = "30d", identity = "12h" }
caller_collateral = "refuse"
allow_debug = true
allow_migration = true
allow_smt = false
allow_dynamic_platform = true
allow_cached_keys = false
sgx_types = ["Scalable", "ScalableWithIntegrity"]
amd_crl = "off"
amd_floor = "if_known"
)");
  using enum EvidenceClass;
  EXPECT_EQ(p.id, "p");
  EXPECT_EQ(p.evidence, (std::vector{kSgx, kTdx10, kTdx15, kSnp}));
  EXPECT_EQ(p.accepted_statuses, (std::vector{TcbStatus::kUpToDate, TcbStatus::kOutOfDate}));
  EXPECT_EQ(p.accepted_advisories,
            (std::vector<AdvisoryEntry>{{"INTEL-SA-00615", std::nullopt},
                                        {"AMD-SB-3019", ParseRfc3339("2026-12-31T00:00:00Z")}}));
  EXPECT_EQ(p.rejected_advisories, (std::vector<AdvisoryEntry>{{"INTEL-SA-00828", std::nullopt}}));
  EXPECT_EQ(p.min_tcb_evaluation, 17u);
  EXPECT_EQ(p.platform_grace, Seconds(24h * 30));
  EXPECT_EQ(p.min_tcb_date, ParseRfc3339("2025-01-01T00:00:00Z"));
  EXPECT_EQ(p.accepted_qe_statuses, std::vector{TcbStatus::kUpToDate});
  EXPECT_EQ(p.qe_grace, Seconds(0));
  EXPECT_EQ(p.min_qe_evaluation, 18u);
  EXPECT_EQ(p.collateral_grace, Seconds(1h));
  EXPECT_EQ(p.max_collateral_age.crl, Seconds(720h));
  EXPECT_FALSE(p.max_collateral_age.tcb_info);
  EXPECT_EQ(p.max_collateral_age.identity, Seconds(12h));
  EXPECT_EQ(p.caller_collateral, CallerCollateral::kRefuse);
  EXPECT_TRUE(p.allow_debug);
  EXPECT_TRUE(p.allow_migration);
  EXPECT_EQ(p.allow_smt, false);
  EXPECT_EQ(p.allow_dynamic_platform, true);
  EXPECT_EQ(p.allow_cached_keys, false);
  EXPECT_EQ(p.sgx_types, (std::vector{intel::SgxType::kScalable, intel::SgxType::kScalableWithIntegrity}));
  EXPECT_EQ(p.amd_crl, AmdCrlMode::kOff);
  EXPECT_EQ(p.amd_floor, AmdFloorMode::kIfKnown);
  EXPECT_TRUE(p.overrides.empty());
}

TEST(PolicyToml, ReadsSgx) {
  const SgxRules sgx =
      Good("[policy.p.sgx]\nmrenclave = [" + Hex(32, "31") + "]\nmrsigner = [" + Hex(32, "32") +
           "]\nisvprodid = [1, 2]\nmin_isvsvn = 3\nconfigid = [" + Hex(64, "33") + "]\nmin_configsvn = 4\n" +
           "isvextprodid = [" + Hex(16, "34") + "]\nisvfamilyid = [" + Hex(16, "35") +
           "]\nattributes = \"05" + std::string(30, '0') + "\"\nattributes_mask = \"FF" +
           std::string(30, '0') + "\"\nmiscselect = \"00000000\"\n")
          .sgx;
  EXPECT_EQ(sgx.mrenclave, One<intel::Measurement256>(0x31));
  EXPECT_EQ(sgx.mrsigner, One<intel::Measurement256>(0x32));
  EXPECT_EQ(sgx.isvprodid, (std::vector<uint16_t>{1, 2}));
  EXPECT_EQ(sgx.min_isvsvn, 3);
  EXPECT_EQ(sgx.configid, One<decltype(intel::SgxClaims::config_id)>(0x33));
  EXPECT_EQ(sgx.min_configsvn, 4);
  EXPECT_EQ(sgx.isvextprodid, One<decltype(intel::SgxClaims::isv_ext_prod_id)>(0x34));
  EXPECT_EQ(sgx.isvfamilyid, One<decltype(intel::SgxClaims::isv_family_id)>(0x35));
  ASSERT_TRUE(sgx.attributes && sgx.miscselect);
  EXPECT_EQ(sgx.attributes->value[0], 0x05);
  EXPECT_EQ(sgx.attributes->mask[0], 0xff);
  EXPECT_EQ(sgx.attributes->mask[1], 0x00);
  EXPECT_EQ(sgx.miscselect->mask, BitPattern<4>::Ones());
}

TEST(PolicyToml, ReadsTdx) {
  std::string text = "[policy.p.tdx]\n";
  int byte = 11;
  for (const char* key : {"mrtd", "mrseam", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner",
                          "mrownerconfig", "mrservicetd"}) {
    text += std::string(key) + " = [" + Hex(48, std::to_string(byte++)) + "]\n";
  }
  text += R"(td_attributes = "0000001000000000"
xfam = "e700000000000000"
xfam_mask = "ff00000000000000"
require_sept_ve_disable = true
forbid_reserved_attributes = true
)";
  const TdxRules tdx = Good(text).tdx;
  using Id = intel::Measurement384;
  EXPECT_EQ(tdx.mrtd, One<Id>(0x11));
  EXPECT_EQ(tdx.mrseam, One<Id>(0x12));
  EXPECT_EQ(tdx.rtmr0, One<Id>(0x13));
  EXPECT_EQ(tdx.rtmr1, One<Id>(0x14));
  EXPECT_EQ(tdx.rtmr2, One<Id>(0x15));
  EXPECT_EQ(tdx.rtmr3, One<Id>(0x16));
  EXPECT_EQ(tdx.mrconfigid, One<Id>(0x17));
  EXPECT_EQ(tdx.mrowner, One<Id>(0x18));
  EXPECT_EQ(tdx.mrownerconfig, One<Id>(0x19));
  EXPECT_EQ(tdx.mrservicetd, One<Id>(0x20));
  EXPECT_EQ(tdx.td_attributes.value().value[3], 0x10);
  EXPECT_EQ(tdx.xfam.value().mask[0], 0xff);
  EXPECT_TRUE(tdx.require_sept_ve_disable);
  EXPECT_TRUE(tdx.forbid_reserved_attributes);
  EXPECT_FALSE(tdx.allow_migratable || tdx.allow_reserved_attributes || tdx.forbid_service_td);
  const TdxRules open = Good(
                            "[policy.p.tdx]\nallow_migratable = true\nallow_reserved_attributes = true\n"
                            "forbid_service_td = true\n")
                            .tdx;
  EXPECT_TRUE(open.allow_migratable && open.allow_reserved_attributes && open.forbid_service_td);
}

TEST(PolicyToml, ReadsSnp) {
  const SnpRules snp =
      Good("[policy.p.snp]\nmeasurement = [" + Hex(48, "23") + "]\nhost_data = [" + Hex(32, "24") +
           "]\nfamily_id = [" + Hex(16, "21") + "]\nimage_id = [" + Hex(16, "22") + "]\nid_key_digest = [" +
           Hex(48, "25") + "]\nauthor_key_digest = [" + Hex(48, "26") + "]\nchip_id = [" + Hex(64, "27") +
           ", " + Hex(8, "28") + R"(]
products = ["Siena", "Turin"]
min_guest_svn = 3
vmpl = [0, 1]
policy_required = ["SINGLE_SOCKET"]
policy_forbidden = ["SMT", "CXL_ALLOW"]
platform_info_required = ["ALIAS_CHECK_COMPLETE", "ECC_EN"]
platform_info_forbidden = ["SMT_EN"]
current_mitigations = [0, 2]
launch_mitigations = [63]
allow_masked_chip_id = true
csp_id = ["CN=cc-us-east-2.amazonaws.com"]
)")
          .snp;
  using amd::SnpClaims;
  EXPECT_EQ(snp.products, (std::vector<amd::Cpus>{*amd::Cpus::FromName("Siena"), amd::Product::kTurin}));
  EXPECT_EQ(snp.measurement, One<decltype(SnpClaims::measurement)>(0x23));
  EXPECT_EQ(snp.host_data, One<decltype(SnpClaims::host_data)>(0x24));
  EXPECT_EQ(snp.family_id, One<decltype(SnpClaims::family_id)>(0x21));
  EXPECT_EQ(snp.image_id, One<decltype(SnpClaims::image_id)>(0x22));
  EXPECT_EQ(snp.id_key_digest, One<decltype(SnpClaims::id_key_digest)>(0x25));
  EXPECT_EQ(snp.author_key_digest, One<decltype(SnpClaims::author_key_digest)>(0x26));
  ASSERT_EQ(snp.chip_id.size(), 2u);
  EXPECT_EQ(snp.chip_id[0], Filled<amd::ChipId>(0x27));
  EXPECT_EQ(snp.chip_id[1].hex(), std::string("2828282828282828") + std::string(112, '0'));
  EXPECT_EQ(snp.min_guest_svn, 3u);
  EXPECT_EQ(snp.vmpl, (std::vector<uint32_t>{0, 1}));
  EXPECT_EQ(snp.policy_required, 1u << 20);
  EXPECT_EQ(snp.policy_forbidden, 1u << 16 | 1u << 21);
  EXPECT_EQ(snp.platform_info_required, 0x24u);
  EXPECT_EQ(snp.platform_info_forbidden, 0x01u);
  EXPECT_EQ(snp.current_mitigations, 0x5u);
  EXPECT_EQ(snp.launch_mitigations, uint64_t{1} << 63);
  EXPECT_TRUE(snp.allow_masked_chip_id);
  EXPECT_EQ(snp.csp_id, std::vector<std::string>{"CN=cc-us-east-2.amazonaws.com"});
}

TEST(PolicyToml, ReadsSnpMinimums) {
  const SnpRules snp = Good(R"([policy.p.snp]
min_abi = "1.51"
min_reported_tcb.Genoa = { bootloader = 9, tee = 0, snp = 23, microcode = 84 }
min_reported_tcb.Turin = { fmc = 1 }
min_committed_tcb = { Genoa = { snp = 24 }, Turin = {} }
min_current_tcb = { Genoa = { snp = 25 }, Turin = {} }
min_launch_tcb = { Genoa = { snp = 22 }, Turin = {} }
min_current_version = "1.55.40"
min_committed_version = "1.55.37"
)")
                           .snp;
  EXPECT_EQ(snp.min_abi, (AbiVersion{1, 51}));
  const TcbMinimum& genoa = snp.min_reported_tcb.at(amd::Product::kGenoa);
  EXPECT_EQ(genoa.bootloader, 9);
  EXPECT_EQ(genoa.tee, 0);
  EXPECT_EQ(genoa.snp, 23);
  EXPECT_EQ(genoa.microcode, 84);
  EXPECT_FALSE(genoa.fmc.has_value());
  EXPECT_EQ(snp.min_reported_tcb.at(amd::Product::kTurin).fmc, 1);
  EXPECT_EQ(snp.min_committed_tcb.at(amd::Product::kGenoa).snp, 24);
  EXPECT_EQ(snp.min_current_tcb.at(amd::Product::kGenoa).snp, 25);
  EXPECT_EQ(snp.min_launch_tcb.at(amd::Product::kGenoa).snp, 22);
  EXPECT_EQ(snp.min_current_version->build, 40);
  EXPECT_EQ(snp.min_committed_version->build, 37);
}

TEST(PolicyToml, ReadsHcl) {
  const HclRules hcl = Good("[policy.p.hcl]\nuser_data = [" + Hex(64, "ab") + "]\npcr.sha256.7 = [" +
                            Hex(32, "07") + ", " + Hex(32, "08") + "]\npcr.sha384.31 = [" + Hex(48, "09") +
                            R"(]
secure_boot = true
console_enabled = false
interactive_console_enabled = false
tpm_enabled = true
tpm_persisted = false
filtered_vpci_devices_allowed = false
vm_unique_id = ["02345678-1234-4000-8000-000000000001"]
)")
                           .hcl;
  for (const HclFlag& flag : kHclFlags) {
    const bool wanted = flag.key == "secure_boot" || flag.key == "tpm_enabled";
    EXPECT_EQ(hcl.*flag.wanted, std::optional(wanted)) << flag.key;
  }
  EXPECT_EQ(hcl.vm_unique_id, std::vector<std::string>{"02345678-1234-4000-8000-000000000001"});
  ASSERT_EQ(hcl.user_data.size(), 1u);
  EXPECT_EQ(HexLower(hcl.user_data[0].view()).substr(0, 4), "abab");
  EXPECT_EQ(hcl.pcr.at(tpm::kSha256).at(7), (std::vector<Bytes>{Bytes(32, 7), Bytes(32, 8)}));
  EXPECT_EQ(hcl.pcr.at(tpm::kSha384).at(31), (std::vector<Bytes>{Bytes(48, 9)}));
}

TEST(PolicyToml, ReadsTheRestrictedList) {
  const RestrictedList list = Good("[policy.p.restricted]\nppid_sha256 = [" + Hex(32, "01") +
                                   "]\npck_serial = [\"004A5b\"]\nchip_id = [" + Hex(64, "02") +
                                   "]\nmeasurement = [" + Hex(32, "03") + ", " + Hex(48, "04") + "]\n")
                                  .restricted;
  EXPECT_EQ(list.ppid_sha256, std::set{Filled<Digest256>(1)});
  EXPECT_EQ(list.pck_serial, (std::set<Bytes>{{0x4a, 0x5b}}));
  EXPECT_EQ(list.chip_id, std::set{Filled<amd::ChipId>(2)});
  EXPECT_EQ(list.measurement, (std::set<Bytes>{Bytes(32, 3), Bytes(48, 4)}));
}

TEST(PolicyToml, PutsTheCommonKeysOfASectionInPlaceForItsTee) {
  const Policy p = Good(R"([policy.p]
accepted_statuses = ["UpToDate", "SWHardeningNeeded"]
min_tcb_evaluation = 17
[policy.p.tdx]
accepted_statuses = ["UpToDate"]
require_sept_ve_disable = true
[policy.p.snp]
vmpl = [0]
)");
  using enum EvidenceClass;
  EXPECT_EQ(p.overrides.size(), 2u);
  for (const EvidenceClass td : {kTdx10, kTdx15}) {
    EXPECT_EQ(p.For(td).accepted_statuses, std::vector{TcbStatus::kUpToDate});
    EXPECT_EQ(p.For(td).min_tcb_evaluation, 17u);
    EXPECT_TRUE(p.For(td).tdx.require_sept_ve_disable);
    EXPECT_EQ(p.For(td).sha256, p.sha256);
    EXPECT_EQ(p.For(td).id, "p");
  }
  EXPECT_EQ(p.For(kSgx).accepted_statuses.size(), 2u);
  EXPECT_EQ(p.For(kSnp).accepted_statuses.size(), 2u);
}

class IntelPolicyFile : public testing::Test {
 protected:
  static constexpr const char* kText = R"({"policy_array":[{"environment":
    {"class_id":"3123ec35-8d38-4ea5-87a5-d6c48b567570","description":"strict"},
    "reference":{"accepted_tcb_status":["UpToDate"],"collateral_grace_period":0,"min_eval_num":17}}]})";
  const test::TempDir files_;
  const std::string path_ = files_.Write("policy.json", kText);
};

TEST_F(IntelPolicyFile, IsNamedInTheConfiguration) {
  const Policy policy = Good("[policy.p]\nappraisal_policy = \"" + path_ + "\"\n");
  EXPECT_EQ(policy.id, "p");
  EXPECT_EQ(policy.evidence, std::vector{EvidenceClass::kSgx});
  EXPECT_EQ(policy.min_tcb_evaluation, 17u);
  EXPECT_EQ(policy.sha256, PolicyDigest(policy));
}

TEST_F(IntelPolicyFile, IsAPolicyFileByItself) {
  const auto file = LoadPolicyFile(path_);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->policy.id, "default");
  EXPECT_EQ(file->policy.min_tcb_evaluation, 17u);
  EXPECT_EQ(file->policy.sha256, PolicyDigest(file->policy));
}

}  // namespace
}  // namespace thimble
