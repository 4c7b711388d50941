// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

// A flag of the runtime data, asked to be as it is.
RuleRow HclFlagRow(const HclFlag& flag) {
  const bool value = GoodSnpHcl().hcl->vm_configuration.at(std::string(flag.name));
  return {"hcl." + std::string(flag.key),
          "another value",
          GoodSnpHcl(),
          [&flag, value](Policy& p) { p.hcl.*flag.wanted = value; },
          [&flag, value](Verdict& v) {
            EditHcl(v, [&](amd::HclClaims& c) { c.vm_configuration[std::string(flag.name)] = !value; });
          },
          value ? "true" : "false",
          value ? "true" : "false",
          value ? "false" : "true"};
}

// A policy's rule on the claims of the runtime data or of the quote, and a change to them.
RuleRow HclRow(std::string rule, std::string side, std::function<void(HclRules&)> ask,
               std::function<void(amd::HclClaims&)> change, std::string wanted, std::string found_bent) {
  return {std::move(rule),
          std::move(side),
          GoodSnpHcl(),
          [=](Policy& p) { ask(p.hcl); },
          [=](Verdict& v) { EditHcl(v, change); },
          std::move(wanted),
          "",
          std::move(found_bent)};
}

}  // namespace

RuleRows HclRows() {
  RuleRows rows;
  for (const HclFlag& flag : kHclFlags) rows.push_back(HclFlagRow(flag));
  const auto pcr7 = [](HclRules& h) { h.pcr[tpm::kSha256][7] = {Bytes(32, 0xee), Bytes(32, 0x07)}; };
  rows.insert(rows.end(),
              {HclRow(
                   "hcl.secure_boot", "not said", [](HclRules& h) { h.secure_boot = true; },
                   [](amd::HclClaims& c) { c.vm_configuration.erase("secure-boot"); }, "true", "null"),
               HclRow(
                   "hcl.vm_unique_id", "",
                   [](HclRules& h) {
                     h.vm_unique_id = {"another", "this machine"};
                   },
                   [](amd::HclClaims& c) { c.vm_unique_id = "that machine"; },
                   R"(["another","this machine"])", R"("that machine")"),
               HclRow(
                   "hcl.user_data", "",
                   [](HclRules& h) { h.user_data = {FixedBytes<struct HclUserDataTag, 64>({0xab})}; },
                   [](amd::HclClaims& c) { c.runtime_user_data->back() = '1'; }, "", ""),
               HclRow(
                   "hcl.pcr.sha256.7", "another value", pcr7,
                   [](amd::HclClaims& c) { c.pcrs[tpm::kSha256][7].back() ^= 1; },
                   List(Hex(32, "ee") + "," + Hex(32, "07")), ""),
               HclRow(
                   "hcl.pcr.sha256.7", "not quoted", pcr7,
                   [](amd::HclClaims& c) { c.pcrs[tpm::kSha256].erase(7); }, "", "null"),
               HclRow(
                   "hcl.pcr.sha256.7", "of another bank", pcr7,
                   [](amd::HclClaims& c) {
                     c.pcrs[tpm::kSha384] = c.pcrs[tpm::kSha256];
                     c.pcrs.erase(tpm::kSha256);
                   },
                   "", "null")});
  return rows;
}

}  // namespace thimble
