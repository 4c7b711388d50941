// SPDX-License-Identifier: Apache-2.0
//
// Each key of a policy changes the member of its name, and so the digest: the table of members goes by place, and this
// holds its names.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "service/config/config.h"
#include "tcb/base/text.h"
#include "tcb/policy/digest.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using nlohmann::json;

Policy Read(const std::string& keys) {
  const auto config = ParseConfig("[policy.p]\n" + keys, "t.toml");
  EXPECT_TRUE(config.ok()) << config.error().message;
  return config.ok() ? config->policies.at("p") : Policy();
}

std::string Hex(size_t bytes) { return "\"" + std::string(2 * bytes, '1') + "\""; }
std::string Ids(size_t bytes) { return "[" + Hex(bytes) + "]"; }

// Keys with a value that is not their default, the section before the dot.
using KeyValues = std::vector<std::pair<std::string, std::string>>;

KeyValues CommonKeys() {
  return {
      {"evidence", "[\"sgx\"]"},
      {"accepted_statuses", "[\"OutOfDate\"]"},
      {"accepted_advisories", "[]"},
      {"rejected_advisories", "[\"INTEL-SA-1\"]"},
      {"min_tcb_evaluation", "1"},
      {"platform_grace", "\"1d\""},
      {"min_tcb_date", "\"2025-01-01T00:00:00Z\""},
      {"accepted_qe_statuses", "[\"UpToDate\"]"},
      {"qe_grace", "\"1d\""},
      {"min_qe_evaluation", "1"},
      {"collateral_grace", "\"1h\""},
      {"allow_debug", "true"},
      {"allow_migration", "true"},
      {"allow_smt", "false"},
      {"allow_dynamic_platform", "false"},
      {"allow_cached_keys", "false"},
      {"sgx_types", "[\"Scalable\"]"},
      {"amd_crl", "\"off\""},
      {"amd_floor", "\"if_known\""},
      {"amd_level", "\"no-known-full-break\""},
      {"allow_stale_floor", "true"},
      {"caller_collateral", "\"refuse\""},
      {"max_collateral_age.crl", "\"1d\""},
      {"max_collateral_age.tcb_info", "\"1d\""},
      {"max_collateral_age.identity", "\"1d\""},
  };
}

KeyValues SgxKeys() {
  return {
      {"sgx.mrenclave", Ids(32)},    {"sgx.mrsigner", Ids(32)},    {"sgx.isvprodid", "[1]"},
      {"sgx.min_isvsvn", "1"},       {"sgx.configid", Ids(64)},    {"sgx.min_configsvn", "1"},
      {"sgx.isvextprodid", Ids(16)}, {"sgx.isvfamilyid", Ids(16)}, {"sgx.attributes", Hex(16)},
      {"sgx.miscselect", Hex(4)},
  };
}

KeyValues TdxKeys() {
  KeyValues keys = {
      {"tdx.td_attributes", "\"0000001000000000\""},
      {"tdx.xfam", Hex(8)},
      {"tdx.allow_migratable", "true"},
      {"tdx.allow_reserved_attributes", "true"},
      {"tdx.forbid_service_td", "true"},
      {"tdx.require_sept_ve_disable", "true"},
      {"tdx.forbid_reserved_attributes", "true"},
  };
  for (const char* name : {"mrtd", "mrseam", "rtmr0", "rtmr1", "rtmr2", "rtmr3", "mrconfigid", "mrowner",
                           "mrownerconfig", "mrservicetd"})
    keys.emplace_back(StrCat("tdx.", name), Ids(48));
  return keys;
}

KeyValues SnpKeys() {
  KeyValues keys = {
      {"snp.products", "[\"Milan\"]"},
      {"snp.measurement", Ids(48)},
      {"snp.host_data", Ids(32)},
      {"snp.family_id", Ids(16)},
      {"snp.image_id", Ids(16)},
      {"snp.min_guest_svn", "1"},
      {"snp.id_key_digest", Ids(48)},
      {"snp.author_key_digest", Ids(48)},
      {"snp.vmpl", "[0]"},
      {"snp.policy_required", "[\"SMT\"]"},
      {"snp.policy_forbidden", "[\"SMT\"]"},
      {"snp.platform_info_required", "[\"ECC_EN\"]"},
      {"snp.platform_info_forbidden", "[\"ECC_EN\"]"},
      {"snp.min_abi", "\"1.51\""},
      {"snp.min_current_version", "\"1.55.37\""},
      {"snp.min_committed_version", "\"1.55.37\""},
      {"snp.current_mitigations", "[1]"},
      {"snp.launch_mitigations", "[1]"},
      {"snp.allow_masked_chip_id", "true"},
      {"snp.chip_id", Ids(64)},
      {"snp.csp_id", "[\"CN=x\"]"},
  };
  for (const char* which : {"reported", "committed", "current", "launch"})
    keys.emplace_back(StrCat("snp.min_", which, "_tcb"), "{ Genoa = { snp = 23 } }");
  return keys;
}

KeyValues HclKeys() {
  return {
      {"hcl.secure_boot", "true"},
      {"hcl.console_enabled", "false"},
      {"hcl.interactive_console_enabled", "false"},
      {"hcl.tpm_enabled", "true"},
      {"hcl.tpm_persisted", "true"},
      {"hcl.filtered_vpci_devices_allowed", "false"},
      {"hcl.vm_unique_id", "[\"one\"]"},
      {"hcl.user_data", Ids(64)},
      {"hcl.pcr", "{ sha256 = { 7 = " + Ids(32) + " } }"},
  };
}

KeyValues UvmKeys() {
  static const test::TempDir files;
  // The base point of P-256.
  const auto coordinate = [](std::string_view hex) { return Base64Url(FromHex(hex).value()); };
  const json key = {{"kty", "EC"},
                    {"crv", "P-256"},
                    {"kid", "one"},
                    {"x", coordinate("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")},
                    {"y", coordinate("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")}};
  const json jwks = {{"keys", json::array({key})}};
  return {{"uvm.accepted", "[{ issuer = \"did:x509:0\", feed = \"one\", min_svn = 1 }]"},
          {"uvm.required", "true"},
          {"uvm.ledger_keys", "\"" + files.Write("jwks.json", jwks.dump()) + "\""}};
}

KeyValues TpmKeys() {
  return {{"tpm.required_pcrs", "{ sha256 = [7] }"},
          {"tpm.pcr", "{ sha256 = { 7 = " + Ids(32) + " } }"},
          {"tpm.allow_uncertified_ak", "true"}};
}

KeyValues VbsKeys() {
  return {{"vbs.owner_id", Ids(32)},          {"vbs.author_id", Ids(32)},   {"vbs.unique_id", Ids(32)},
          {"vbs.family_id", Ids(16)},         {"vbs.image_id", Ids(16)},    {"vbs.min_enclave_svn", "1"},
          {"vbs.min_secure_kernel_svn", "1"}, {"vbs.min_platform_svn", "1"}};
}

KeyValues RestrictedKeys() {
  return {{"restricted.ppid_sha256", Ids(32)},
          {"restricted.pck_serial", Ids(20)},
          {"restricted.chip_id", Ids(64)},
          {"restricted.measurement", Ids(32)}};
}

// Every key.
KeyValues Keys() {
  KeyValues keys;
  for (const KeyValues& part : {CommonKeys(), SgxKeys(), TdxKeys(), SnpKeys(), HclKeys(), UvmKeys(),
                                TpmKeys(), VbsKeys(), RestrictedKeys()})
    keys.insert(keys.end(), part.begin(), part.end());
  return keys;
}

std::string PointerOf(std::string key) {
  for (char& c : key) c = c == '.' ? '/' : c;
  return "/" + key;
}

// "/sgx/mrenclave" for each member that is no object with members of its own.
void AddPointers(const json& value, const std::string& path, std::set<std::string>& out) {
  if (!value.is_object() || value.empty()) {
    out.insert(path);
    return;
  }
  for (const auto& [name, member] : value.items()) AddPointers(member, path + "/" + name, out);
}

TEST(PolicyDigest, HasEachKeyUnderItsName) {
  const json plain = json::parse(CanonicalPolicy(Read("")));
  std::set<std::string> members, known = {"/format", "/overrides"};
  AddPointers(plain, "", members);
  std::set<Digest256> seen = {Read("").sha256};
  for (const auto& [key, value] : Keys()) {
    const Policy policy = Read(key + " = " + value + "\n");
    const json changed = json::parse(CanonicalPolicy(policy));
    const std::string pointer = PointerOf(key);
    known.insert(pointer);
    ASSERT_TRUE(plain.contains(json::json_pointer(pointer))) << key << " is no member";
    json expected = plain;
    expected[json::json_pointer(pointer)] = changed[json::json_pointer(pointer)];
    EXPECT_NE(changed, plain) << key << " changes nothing";
    EXPECT_EQ(changed, expected) << key << " changes another member: " << json::diff(expected, changed);
    EXPECT_EQ(policy.sha256, PolicyDigest(policy)) << key;
    EXPECT_TRUE(seen.insert(policy.sha256).second) << key;
  }
  EXPECT_EQ(members, known) << "a member without a key in this table";
}

TEST(PolicyDigest, OfTheBuiltInPolicyIsOfItsValues) {
  EXPECT_EQ(BuiltInPolicy().sha256, PolicyDigest(Policy()));
  EXPECT_EQ(Read("").sha256, BuiltInPolicy().sha256) << "under whatever name";
  EXPECT_EQ(Read("allow_debug = false\namd_crl = \"require\"\n").sha256, BuiltInPolicy().sha256)
      << "a default that is spelled out is the same";
}

TEST(PolicyDigest, IsTheSameHoweverItIsWritten) {
  const Policy one = Read("min_tcb_evaluation = 17\nallow_debug = true\n[policy.p.sgx]\nisvprodid=[1,2]\n");
  const Policy same =
      Read("allow_debug = true # as above\nmin_tcb_evaluation = 0x11\nsgx.isvprodid = [\n2, 1 ]\n");
  EXPECT_EQ(one.sha256, same.sha256);
}

TEST(PolicyDigest, CountsWhatHoldsForOneTeeAlone) {
  const Policy all = Read("allow_debug = true\n"), snp = Read("snp.allow_debug = true\n");
  const Policy none = Read("snp.allow_debug = false\n");
  EXPECT_NE(all.sha256, snp.sha256);
  EXPECT_NE(snp.sha256, BuiltInPolicy().sha256);
  EXPECT_EQ(none.sha256, BuiltInPolicy().sha256) << "says what holds anyway";
}

TEST(PolicyDigest, OfAFileIsOfWhatItSays) {
  const test::TempDir files;
  const std::string path = files.Write("policy.toml", "[policy.default]\nallow_debug = true  # a comment\n");
  const auto file = LoadPolicyFile(path);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->policy.sha256, Read("allow_debug = true").sha256);
  files.Write("policy.toml", "[baseline.default]\namd = \"\"\n");
  EXPECT_EQ(LoadPolicyFile(path)->policy.sha256, BuiltInPolicy().sha256) << "without [policy.default]";
}

}  // namespace
}  // namespace thimble
