// SPDX-License-Identifier: Apache-2.0
//
// Rules on what is no TEE: a TPM's quote, the report of a VBS enclave.
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

Verdict Good(Tee tee) {
  Verdict verdict;
  verdict.tee = tee;
  verdict.authentic = true;
  verdict.at = kPolicyNow;
  verdict.window = {kPolicyNow - std::chrono::hours(24), kPolicyNow + std::chrono::hours(24)};
  return verdict;
}

Verdict GoodTpm(const tpm::Claims& claims) {
  Verdict verdict = Good(Tee::kTpm);
  verdict.tpm = std::make_shared<const tpm::Claims>(claims);
  return verdict;
}

tpm::Claims Quoted() {
  tpm::Claims claims;
  claims.certificate = tpm::KeyCertificateClaims{};
  claims.pcrs[tpm::kSha256] = {{7, Bytes(32, 0x07)}, {8, Bytes(32, 0x08)}};
  return claims;
}

RuleRow TpmRow(std::string rule, std::string side, std::function<void(TpmRules&)> ask,
               std::function<void(tpm::Claims&)> change, std::string wanted, std::string found_bent) {
  return {std::move(rule),
          std::move(side),
          GoodTpm(Quoted()),
          [ask](Policy& p) {
            p.evidence = {EvidenceClass::kTpm};
            ask(p.tpm);
          },
          [change](Verdict& v) {
            tpm::Claims claims = Quoted();
            change(claims);
            v.tpm = std::make_shared<const tpm::Claims>(std::move(claims));
          },
          std::move(wanted),
          "",
          std::move(found_bent)};
}

// Every claim has another value.
vbs::Claims Reported() {
  vbs::Claims claims;
  claims.owner_id = Filled<vbs::Id32>(0x01);
  claims.unique_id = Filled<vbs::Id32>(0x02);
  claims.author_id = Filled<vbs::Id32>(0x03);
  claims.family_id = Filled<vbs::Id16>(0x04);
  claims.image_id = Filled<vbs::Id16>(0x05);
  claims.enclave_svn = 6;
  claims.secure_kernel_svn = 7;
  claims.platform_svn = 8;
  return claims;
}

RuleRow VbsRow(std::string rule, std::function<void(VbsRules&)> ask,
               std::function<void(vbs::Claims&)> change) {
  Verdict good = Good(Tee::kVbs);
  good.vbs = std::make_shared<const vbs::Claims>(Reported());
  return {std::move(rule),
          "",
          std::move(good),
          [ask](Policy& p) {
            p.evidence = {EvidenceClass::kVbs};
            ask(p.vbs);
          },
          [change](Verdict& v) {
            vbs::Claims claims = Reported();
            change(claims);
            v.vbs = std::make_shared<const vbs::Claims>(std::move(claims));
          },
          "",
          "",
          ""};
}

template <class Id>
RuleRow VbsIdRow(std::string rule, std::vector<Id> VbsRules::*list, Id vbs::Claims::*field) {
  return VbsRow(
      std::move(rule),
      [=](VbsRules& rules) {
        (rules.*list) = {Filled<Id>(0xee), Reported().*field};
      },
      [=](vbs::Claims& claims) { claims.*field = Filled<Id>(0xdd); });
}

RuleRow VbsSvnRow(std::string rule, std::optional<uint32_t> VbsRules::*minimum,
                  uint32_t vbs::Claims::*field) {
  return VbsRow(
      std::move(rule), [=](VbsRules& rules) { rules.*minimum = Reported().*field; },
      [=](vbs::Claims& claims) { --(claims.*field); });
}

}  // namespace

RuleRows TpmRows() {
  const auto pcr7 = [](TpmRules& t) { t.pcr[tpm::kSha256][7] = {Bytes(32, 0xee), Bytes(32, 0x07)}; };
  return {TpmRow(
              "tpm.allow_uncertified_ak", "", [](TpmRules&) {}, [](tpm::Claims& c) { c.certificate.reset(); },
              "false", "true"),
          TpmRow(
              "tpm.required_pcrs.sha256", "",
              [](TpmRules& t) {
                t.required_pcrs[tpm::kSha256] = {7, 8};
              },
              [](tpm::Claims& c) { c.pcrs[tpm::kSha256].erase(8); }, "[7,8]", "[7]"),
          TpmRow(
              "tpm.pcr.sha256.7", "another value", pcr7,
              [](tpm::Claims& c) { c.pcrs[tpm::kSha256][7].back() ^= 1; },
              List(Hex(32, "ee") + "," + Hex(32, "07")), ""),
          TpmRow(
              "tpm.pcr.sha256.7", "not quoted", pcr7, [](tpm::Claims& c) { c.pcrs[tpm::kSha256].erase(7); },
              "", "null")};
}

RuleRows VbsRows() {
  return {VbsIdRow("vbs.owner_id", &VbsRules::owner_id, &vbs::Claims::owner_id),
          VbsIdRow("vbs.author_id", &VbsRules::author_id, &vbs::Claims::author_id),
          VbsIdRow("vbs.unique_id", &VbsRules::unique_id, &vbs::Claims::unique_id),
          VbsIdRow("vbs.family_id", &VbsRules::family_id, &vbs::Claims::family_id),
          VbsIdRow("vbs.image_id", &VbsRules::image_id, &vbs::Claims::image_id),
          VbsSvnRow("vbs.min_enclave_svn", &VbsRules::min_enclave_svn, &vbs::Claims::enclave_svn),
          VbsSvnRow("vbs.min_secure_kernel_svn", &VbsRules::min_secure_kernel_svn,
                    &vbs::Claims::secure_kernel_svn),
          VbsSvnRow("vbs.min_platform_svn", &VbsRules::min_platform_svn, &vbs::Claims::platform_svn)};
}

}  // namespace thimble
