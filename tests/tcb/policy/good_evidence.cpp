// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/good_evidence.h"

#include "tcb/amd/floor_document.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

template <class Id>
void Fill(Id& id, uint8_t fill) {
  id = Filled<Id>(fill);
}

Verdict Intel(Tee tee) {
  Verdict verdict;
  verdict.tee = tee;
  verdict.authentic = true;
  verdict.tcb_status = TcbStatus::kUpToDate;
  verdict.tcb_date = kPolicyNow - 24h * 100;
  verdict.qe_isv_svn = 8;
  verdict.qe_status = TcbStatus::kUpToDate;
  verdict.qe_tcb_date = kPolicyNow - 24h * 200;
  verdict.advisories = {"INTEL-SA-00657", "INTEL-SA-00767"};
  verdict.tcb_info_evaluation = 17;
  verdict.crl_issued = kPolicyNow - 24h * 10;
  verdict.tcb_info_issued = kPolicyNow - 24h * 9;
  verdict.qe_identity_issued = kPolicyNow - 24h * 8;
  verdict.qe_identity_evaluation = 18;
  verdict.at = kPolicyNow;
  verdict.window = {kPolicyNow - 24h * 7, kPolicyNow + 24h * 23};
  intel::PlatformFacts facts;
  Fill(facts.fmspc, 0x01);
  Fill(facts.ppid, 0x02);
  facts.pck_serial = {0x4a, 0x5b, 0x6c};
  facts.ca = intel::PckCa::kPlatform;
  facts.sgx_type = intel::SgxType::kScalable;
  facts.dynamic_platform = false;
  facts.cached_keys = false;
  facts.smt_enabled = false;
  verdict.platform = facts;
  return verdict;
}

Verdict Tdx(bool service_td) {
  Verdict verdict = Intel(Tee::kTdx);
  intel::TdxClaims td;
  td.tee_tcb_svn = {7, 1, 3};
  td.td_attributes = decltype(td.td_attributes)({0, 0, 0, 0x10, 0, 0, 0, 0});  // SEPT_VE_DISABLE
  td.xfam = decltype(td.xfam)({0xe7, 0x02, 0x06, 0, 0, 0, 0, 0});
  Fill(td.mr_td, 0x11);
  Fill(td.mr_seam, 0x12);
  Fill(td.mr_config_id, 0x13);
  Fill(td.mr_owner, 0x14);
  Fill(td.mr_owner_config, 0x15);
  Fill(td.rtmr0, 0x16);
  Fill(td.rtmr1, 0x17);
  Fill(td.rtmr2, 0x18);
  Fill(td.rtmr3, 0x19);
  if (service_td) {
    td.tee_tcb_svn2 = td.tee_tcb_svn;
    td.mr_service_td = Filled<intel::Measurement384>(0x1a);
  }
  verdict.claims = td;
  return verdict;
}

amd::SnpClaims SnpClaimsOf(amd::Product product) {
  amd::SnpClaims claims;
  claims.version = 5;
  claims.guest_svn = 3;
  claims.vmpl = 1;
  claims.policy = 0x0001'0000 | 1u << 17 | 1u << 20 | 0x0133;  // ABI 1.51, SMT, SINGLE_SOCKET
  claims.platform_info = 0x24;                                 // ECC_EN, ALIAS_CHECK_COMPLETE
  claims.author_key_en = true;
  Fill(claims.family_id, 0x21);
  Fill(claims.image_id, 0x22);
  Fill(claims.measurement, 0x23);
  Fill(claims.host_data, 0x24);
  Fill(claims.id_key_digest, 0x25);
  Fill(claims.author_key_digest, 0x26);
  Fill(claims.chip_id, 0x27);
  const amd::TcbVersion reported{product, 9, 0, 23, 84, std::nullopt};
  claims.reported_tcb = reported;
  claims.committed_tcb = {product, 9, 0, 24, 85, std::nullopt};
  claims.current_tcb = {product, 9, 0, 25, 86, std::nullopt};
  claims.launch_tcb = {product, 9, 0, 22, 83, std::nullopt};
  claims.cpuid = amd::CpuId{0x19, 0x11, 1};
  claims.current_version = {1, 55, 40};
  claims.committed_version = {1, 55, 37};
  claims.launch_mit_vector = 0x5;
  claims.current_mit_vector = 0x7;
  return claims;
}

Verdict Snp(amd::Product product) {
  Verdict verdict;
  verdict.tee = Tee::kSnp;
  verdict.crl_issued = kPolicyNow - 24h * 10;
  verdict.authentic = true;
  verdict.tcb_status = TcbStatus::kUpToDate;
  verdict.status_source = StatusSource::kLocalFloor;
  auto floors = std::make_shared<amd::FloorDocument>();
  floors->name = "test-floors";
  floors->number = 1;
  verdict.floors.emplace();
  verdict.floors->document = std::move(floors);
  verdict.floors->line = "test-line";
  verdict.floors->level = "all";
  verdict.at = kPolicyNow;
  verdict.window = {kPolicyNow - 24h * 7, kPolicyNow + 24h * 23};
  verdict.claims = SnpClaimsOf(product);
  amd::PlatformFacts facts;
  facts.product = product;
  facts.hwid = Bytes(64, 0x27);
  verdict.platform = facts;
  return verdict;
}

}  // namespace

Verdict GoodSgx() {
  Verdict verdict = Intel(Tee::kSgx);
  intel::SgxClaims sgx;
  sgx.misc_select = 0x0000'0102;
  sgx.attributes = {0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7};
  Fill(sgx.mr_enclave, 0x31);
  Fill(sgx.mr_signer, 0x32);
  Fill(sgx.config_id, 0x33);
  Fill(sgx.isv_ext_prod_id, 0x34);
  Fill(sgx.isv_family_id, 0x35);
  sgx.isv_prod_id = 40;
  sgx.isv_svn = 41;
  sgx.config_svn = 42;
  verdict.claims = sgx;
  return verdict;
}

Verdict GoodTdx10() { return Tdx(false); }
Verdict GoodTdx15() { return Tdx(true); }
Verdict GoodSnp() { return Snp(amd::Product::kGenoa); }

Verdict GoodSnpMasked() {
  Verdict verdict = GoodSnp();
  ClaimsOf<amd::SnpClaims>(verdict).chip_id = {};
  return verdict;
}

Verdict GoodSnpHcl() {
  Verdict verdict = GoodSnp();
  amd::HclClaims hcl;
  hcl.vm_configuration = {
      {"secure-boot", true}, {"console-enabled", false}, {"interactive-console-enabled", false},
      {"tpm-enabled", true}, {"tpm-persisted", false},   {"filtered-vpci-devices-allowed", false}};
  hcl.vm_unique_id = "this machine";
  hcl.runtime_user_data = "ab" + std::string(126, '0');
  hcl.pcrs[tpm::kSha256] = {{7, Bytes(32, 0x07)}, {8, Bytes(32, 0x08)}};
  verdict.hcl = std::make_shared<const amd::HclClaims>(hcl);
  return verdict;
}

void EditHcl(Verdict& verdict, const std::function<void(amd::HclClaims&)>& change) {
  amd::HclClaims hcl = *verdict.hcl;
  change(hcl);
  verdict.hcl = std::make_shared<const amd::HclClaims>(std::move(hcl));
}

Verdict GoodSnpVlek() {
  Verdict verdict = Snp(amd::Product::kMilan);
  ClaimsOf<amd::SnpClaims>(verdict).chip_id = {};
  auto& facts = FactsOf<amd::PlatformFacts>(verdict);
  facts.hwid.clear();
  facts.signing_key = amd::SigningKey::kVlek;
  facts.csp_id = "CN=cc-us-east-2.amazonaws.com";
  return verdict;
}

const RuleOutcome* FindRule(const Decision& decision, std::string_view rule) {
  for (const RuleOutcome& outcome : decision.rules) {
    if (outcome.rule == rule) return &outcome;
  }
  return nullptr;
}

std::vector<std::string> FailedRules(const Decision& decision) {
  std::vector<std::string> out;
  for (const RuleOutcome& outcome : decision.rules) {
    if (!outcome.ok) out.push_back(outcome.rule);
  }
  return out;
}

}  // namespace thimble
