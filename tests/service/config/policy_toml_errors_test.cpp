// SPDX-License-Identifier: Apache-2.0
//
// What is no policy: each text is refused with its line and the reason.
#include <gtest/gtest.h>

#include "service/config/config.h"

namespace thimble {
namespace {

Result<Policy> Read(const std::string& text) {
  auto config = ParseConfig(text, "t.toml");
  if (!config) return config.error();
  return config->policies.at("p");
}
std::string Hex(size_t bytes, std::string_view byte) {
  std::string out = "\"";
  for (size_t i = 0; i < bytes; ++i) out += byte;
  return out + "\"";
}
struct BadToml {
  std::string text;     // after "[policy.p]\n", which is line 1
  std::string message;  // with the line
};
inline void PrintTo(const BadToml& row, std::ostream* out) { *out << row.message; }

class PolicyTomlError : public testing::TestWithParam<BadToml> {};

TEST_P(PolicyTomlError, HasItsLineAndReason) {
  const auto policy = Read("[policy.p]\n" + GetParam().text + "\n");
  ASSERT_FALSE(policy.ok()) << GetParam().text;
  EXPECT_EQ(policy.error().kind, ErrorKind::kMalformed);
  EXPECT_NE(policy.error().message.find(GetParam().message), std::string::npos) << policy.error().message;
}

using BadTomls = std::vector<BadToml>;

BadTomls UnknownKeys() {
  return {
      {"accepted_status = []", "t.toml:2: unknown key in [policy.p]: accepted_status"},
      {"mrtd = []", "t.toml:2: unknown key in [policy.p]: mrtd"},
      {"\n[policy.p.sgx]\nmrtd = []", "t.toml:4: unknown key in [policy.p.sgx]: mrtd"},
      {"[policy.p.snp]\namd_floor = \"if_known\"", "t.toml:3: unknown key in [policy.p.snp]: amd_floor"},
      {"[policy.p.restricted]\nppid = []", "t.toml:3: unknown key in [policy.p.restricted]: ppid"},
      {"[policy.p.tdx.more]", "unknown key in [policy.p.tdx]: more"},
      {"rejected_advisories = [{ id = \"INTEL-SA-1\", til = \"x\" }]",
       "t.toml:2: unknown key in [rejected_advisories]: til"},
      {"[policy.p.snp]\nmin_launch_tcb.Genoa = { psp = 1 }",
       "t.toml:3: unknown key in [min_launch_tcb.Genoa]: psp"},
  };
}

// Lengths and forms.
BadTomls FormsOfIntel() {
  return {
      {"[policy.p.sgx]\nmrenclave = [" + Hex(32, "00") + ",\n" + Hex(31, "00") + "]",
       "t.toml:4: mrenclave must be a list of 64 hex digits each"},
      {"[policy.p.sgx]\nmrenclave = " + Hex(32, "00"), "t.toml:3: mrenclave must be a list of 64"},
      {"[policy.p.sgx]\nattributes = \"05\"", "t.toml:3: attributes must be 32 hex digits"},
      {"[policy.p.sgx]\nattributes_mask = " + Hex(16, "00"), "t.toml:3: attributes_mask without attributes"},
      {"[policy.p.sgx]\nmin_isvsvn = 65536", "t.toml:3: min_isvsvn must be a whole number from 0 to 65535"},
      {"[policy.p.tdx]\nmrtd = [" + Hex(32, "00") + "]", "t.toml:3: mrtd must be a list of 96"},
      {"[policy.p.tdx]\nxfam = " + Hex(4, "00"), "t.toml:3: xfam must be 16 hex digits"},
  };
}

BadTomls FormsOfSnp() {
  return {
      {"[policy.p.snp]\nhost_data = [" + Hex(48, "00") + "]", "t.toml:3: host_data must be a list of 64"},
      {"[policy.p.snp]\nchip_id = [" + Hex(32, "00") + "]", "t.toml:3: chip_id must be a list of 128"},
      {"[policy.p.snp]\nproducts = [\"Rome\"]", "t.toml:3: products must be a list of"},
      {"[policy.p.snp]\npolicy_required = [\"BIT_26\"]", "t.toml:3: policy_required must be a list of SMT, "},
      {"[policy.p.snp]\ncurrent_mitigations = [64]",
       "t.toml:3: current_mitigations must be a whole number from 0 to 63"},
      {"[policy.p.snp]\nmin_abi = \"1\"", "t.toml:3: min_abi must be a version"},
      {"[policy.p.snp]\nmin_current_version = \"1.55\"", "t.toml:3: min_current_version must be a version"},
      {"[policy.p.snp]\nmin_current_version = \"1.55.256\"",
       "t.toml:3: min_current_version must be a version"},
      {"[policy.p.snp]\nmin_reported_tcb = { snp = 1 }",
       "t.toml:3: min_reported_tcb: no product or line snp"},
      {"[policy.p.snp]\nmin_reported_tcb.Siena = { snp = 1 }\nmin_reported_tcb.Bergamo = { snp = 2 }",
       "t.toml:3: min_reported_tcb.Siena and min_reported_tcb.Bergamo in line 4 are of the same CPUs"},
      {"[policy.p.snp]\nmin_reported_tcb.Rome = { snp = 1 }",
       "t.toml:3: min_reported_tcb: no product or line"},
      {"[policy.p.snp]\nmin_reported_tcb.Genoa = { snp = 256 }",
       "t.toml:3: snp must be a whole number from 0 to 255"},
  };
}

BadTomls FormsOfCommonKeys() {
  return {
      {"[policy.p.restricted]\nppid_sha256 = [" + Hex(16, "00") + "]",
       "t.toml:3: ppid_sha256 must be a list of 64"},
      {"[policy.p.restricted]\npck_serial = [" + Hex(21, "01") + "]",
       "t.toml:3: pck_serial must be a list of up to 40"},
      {"[policy.p.restricted]\nmeasurement = [" + Hex(33, "01") + "]",
       "t.toml:3: measurement must be a list of 64 or 96"},
      {"accepted_advisories = [\"SA 1\"]", "t.toml:2: accepted_advisories must be an advisory"},
      {"accepted_advisories = [{ until = \"2026-12-31T00:00:00Z\" }]",
       "t.toml:2: accepted_advisories: an advisory needs its id"},
      {"rejected_advisories = [{ id = \"INTEL-SA-1\", until = \"2026-31-12\" }]",
       "t.toml:2: until must be a time"},
      {"min_tcb_date = 2026-12-31", "t.toml:2: min_tcb_date must be a time"},
      {"platform_grace = 30", "t.toml:2: platform_grace must be a duration with its unit"},
      {"allow_smt = \"no\"", "t.toml:2: allow_smt must be true or false"},
      {"sgx_types = [1]", "t.toml:2: sgx_types must be a list of"},
      {"evidence = [\"cca\"]", "t.toml:2: evidence must be a list of"},
  };
}

// What would let nothing pass, or would be taken for not asked.
BadTomls EmptyLists() {
  return {
      {"accepted_statuses = []", "t.toml:2: accepted_statuses must not be empty"},
      {"evidence = []", "t.toml:2: evidence must not be empty"},
      {"[policy.p.tdx]\nmrtd = []", "t.toml:3: mrtd must not be empty"},
      {"[policy.p.snp]\nvmpl = []", "t.toml:3: vmpl must not be empty"},
  };
}

BadTomls HclKeys() {
  return {
      {"[policy.p.hcl]\nsecure_boot = 1", "t.toml:3: secure_boot must be true or false"},
      {"[policy.p.hcl]\nuser_data = [" + Hex(32, "00") + "]", "t.toml:3: user_data must be a list of 128"},
      {"[policy.p.hcl]\npcr = []", "t.toml:3: pcr must be a table by bank and number"},
      {"[policy.p.hcl]\npcr.md5.7 = [\"00\"]", "t.toml:3: pcr.md5: banks are sha256, sha384 and sha512"},
      {"[policy.p.hcl]\npcr.sha256 = []", "t.toml:3: pcr.sha256: banks are sha256"},
      {"[policy.p.hcl]\npcr.sha256.32 = [" + Hex(32, "00") + "]", "t.toml:3: pcr.sha256: 32 is not 0 to 31"},
      {"[policy.p.hcl]\npcr.sha256.x = [" + Hex(32, "00") + "]", "t.toml:3: pcr.sha256: x is not 0 to 31"},
      {"[policy.p.hcl]\npcr.sha256.7 = []", "t.toml:3: pcr.sha256.7 must not be empty"},
      {"[policy.p.hcl]\npcr.sha256.7 = [" + Hex(48, "00") + "]",
       "t.toml:3: pcr.sha256.7 must be a list of 64 hex digits each"},
      {"[policy.p.hcl]\npcr.sha256.7 = [" + Hex(32, "00") + "]\npcr.sha256.07 = [" + Hex(32, "01") + "]",
       "that PCR is there twice"},
      {"[policy.p.hcl]\npcr.sha1.7 = [" + Hex(20, "00") + "]",
       "t.toml:3: hcl.pcr: a PCR of the SHA-1 bank proves nothing"},
  };
}

// At their key.
BadTomls Contradictions() {
  return {
      {"[policy.p.tdx]\nallow_reserved_attributes = true\nforbid_reserved_attributes = true",
       "t.toml:3: tdx.allow_reserved_attributes: is true"},
      {"accepted_advisories = [\"INTEL-SA-1\"]\nrejected_advisories = [\"intel-sa-1\"]",
       "t.toml:3: rejected_advisories: INTEL-SA-1 is in accepted_advisories, too"},
      {"[policy.p.snp]\nvmpl = [0]\npolicy_required = [\"DEBUG\"]",
       "t.toml:4: snp.policy_required: has DEBUG"},
      {"[policy.p.tdx]\ntd_attributes = \"0100000000000000\"",
       "t.toml:3: tdx.td_attributes: demands a bit of byte 0"},
      {"allow_debug = true\n[policy.p.tdx]\ntd_attributes = \"0100000000000000\"\nallow_debug = false",
       "t.toml:4: tdx.td_attributes: demands a bit of byte 0"},
      {"accepted_advisories = [\"INTEL-SA-1\"]\n[policy.p.sgx]\nrejected_advisories = [\"INTEL-SA-1\"]",
       "t.toml:4: rejected_advisories: INTEL-SA-1"},
      {"evidence = [\"sgx\"]\n[policy.p.snp]\nallow_smt = false", "t.toml:2: evidence: has no snp"},
  };
}

// Intel's files.
BadTomls AppraisalPolicies() {
  return {
      {"allow_smt = false\nappraisal_policy = \"x.json\"", "t.toml:3: appraisal_policy stands alone"},
      {"appraisal_policy = \"/nonexistent/x.json\"", "t.toml:2: cannot read /nonexistent/x.json"},
  };
}

BadTomls BadTexts() {
  BadTomls texts;
  for (const BadTomls& part : {UnknownKeys(), FormsOfIntel(), FormsOfSnp(), FormsOfCommonKeys(), EmptyLists(),
                               HclKeys(), Contradictions(), AppraisalPolicies()})
    texts.insert(texts.end(), part.begin(), part.end());
  return texts;
}

INSTANTIATE_TEST_SUITE_P(All, PolicyTomlError, testing::ValuesIn(BadTexts()));

}  // namespace
}  // namespace thimble
