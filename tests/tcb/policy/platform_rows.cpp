// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

RuleRows DebugRows() {
  const auto nothing = [](Policy&) {};
  return {
      {"allow_debug", "SGX", GoodSgx(), nothing, [](Verdict& v) { AddFinding(v, Check::kSgxDebug); }, "false",
       "false", "true"},
      {"allow_debug", "TDX", GoodTdx15(), nothing, [](Verdict& v) { AddFinding(v, Check::kTdxDebug); }, "",
       "", ""},
      {"allow_debug", "SNP", GoodSnp(), nothing, [](Verdict& v) { AddFinding(v, Check::kSnpDebug); }, "", "",
       ""},
      {"allow_migration", "", GoodSnp(), nothing, [](Verdict& v) { AddFinding(v, Check::kSnpMigration); },
       "false", "false", "true"},
  };
}

RuleRows PlatformFlagRows() {
  return {
      {"allow_smt", "Intel", GoodSgx(), [](Policy& p) { p.allow_smt = false; },
       Platform([](intel::PlatformFacts& f) { f.smt_enabled = true; }), "false", "false", "true"},
      {"allow_smt", "the certificate does not say", GoodSgx(), [](Policy& p) { p.allow_smt = false; },
       Platform([](intel::PlatformFacts& f) { f.smt_enabled.reset(); }), "", "", "null"},
      {"allow_smt", "SNP", GoodSnp(), [](Policy& p) { p.allow_smt = false; },
       Snp([](SnpClaims& c) { c.platform_info |= 1; }), "false", "false", "true"},
      {"allow_dynamic_platform", "", GoodTdx10(), [](Policy& p) { p.allow_dynamic_platform = false; },
       Platform([](intel::PlatformFacts& f) { f.dynamic_platform = true; }), "false", "false", "true"},
      {"allow_cached_keys", "", GoodTdx10(), [](Policy& p) { p.allow_cached_keys = false; },
       Platform([](intel::PlatformFacts& f) { f.cached_keys = true; }), "false", "false", "true"},
      {"sgx_types", "", GoodSgx(),
       [](Policy& p) {
         p.sgx_types = {intel::SgxType::kStandard, intel::SgxType::kScalable};
       },
       Platform([](intel::PlatformFacts& f) { f.sgx_type = intel::SgxType::kScalableWithIntegrity; }),
       R"(["Standard","Scalable"])", R"("Scalable")", R"("ScalableWithIntegrity")"},
  };
}

RuleRows FloorRows() {
  return {
      {"amd_floor", "", GoodSnp(),
       [](Policy& p) {
         p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
       },
       [](Verdict& v) { AddFinding(v, Check::kSnpFloorUnknown); }, R"("require")", R"("test-floors 1")", ""},
      {"amd_floor", "complete", GoodSnp(), [](Policy& p) { p.amd_floor = AmdFloorMode::kComplete; },
       [](Verdict& v) {
         v.findings.push_back({Check::kSnpFloorUnproven, Severity::kNote, "bent"});
       },
       R"("complete")", R"("test-floors 1")", ""},
      {"amd_level", "", GoodSnp(), [](Policy&) {}, [](Verdict& v) { v.floors->level = "entrysign"; },
       R"("all")", R"("all")", R"("entrysign")"},
      {"allow_stale_floor", "", GoodSnp(), [](Policy&) {},
       [](Verdict& v) { AddFinding(v, Check::kSnpFloorStale); }, "false", "false", "true"},
  };
}

Verdict GoodVbs() {
  Verdict verdict;
  verdict.tee = Tee::kVbs;
  verdict.authentic = true;
  verdict.at = kPolicyNow;
  verdict.window = {kPolicyNow - std::chrono::hours(24), kPolicyNow + std::chrono::hours(24)};
  vbs::Claims claims;
  claims.unique_id = Filled<vbs::Id32>(0x02);
  claims.modules.emplace_back().unique_id = Filled<vbs::Id32>(0x03);
  verdict.vbs = std::make_shared<const vbs::Claims>(claims);
  return verdict;
}
void EditVbs(Verdict& verdict, const std::function<void(vbs::Claims&)>& change) {
  vbs::Claims claims = *verdict.vbs;
  change(claims);
  verdict.vbs = std::make_shared<const vbs::Claims>(std::move(claims));
}
void RestrictedVbs(Policy& policy) {
  policy.evidence = {EvidenceClass::kVbs};
  policy.restricted.measurement = {Bytes(32, 0x99)};
}

RuleRows RestrictedRows() {
  const auto list = [](std::function<void(RestrictedList&)> add) {
    return [=](Policy& p) { add(p.restricted); };
  };
  return {
      {"restricted", "ppid_sha256", GoodSgx(),
       list([](RestrictedList& r) { r.ppid_sha256 = {Sha256(Filled<intel::Ppid>(0x99).view())}; }),
       Platform([](intel::PlatformFacts& f) { f.ppid = Filled<intel::Ppid>(0x99); }), "[]", "[]",
       R"(["ppid_sha256"])"},
      {"restricted", "pck_serial", GoodTdx10(), list([](RestrictedList& r) {
         r.pck_serial = {{0x77, 0x78}};
       }),
       Platform([](intel::PlatformFacts& f) {
         f.pck_serial = {0x77, 0x78};
       }),
       "[]", "[]", R"(["pck_serial"])"},
      {"restricted", "chip_id", GoodSnp(),
       list([](RestrictedList& r) { r.chip_id = {Filled<amd::ChipId>(0x99)}; }),
       Snp([](SnpClaims& c) { c.chip_id = Filled<amd::ChipId>(0x99); }), "[]", "[]", R"(["chip_id"])"},
      {"restricted", "chip_id, masked: the certificate's hwID", GoodSnpMasked(),
       list([](RestrictedList& r) { r.chip_id = {Filled<amd::ChipId>(0x99)}; }),
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).hwid = Bytes(64, 0x99); }, "[]", "[]",
       R"(["chip_id"])"},
      {"restricted", "MRENCLAVE", GoodSgx(),
       list([](RestrictedList& r) { r.measurement = {Bytes(32, 0x99)}; }),
       Sgx([](SgxClaims& c) { c.mr_enclave = Filled<intel::Measurement256>(0x99); }), "[]", "[]",
       R"(["measurement"])"},
      {"restricted", "MRTD", GoodTdx15(), list([](RestrictedList& r) { r.measurement = {Bytes(48, 0x99)}; }),
       Tdx([](TdxClaims& c) { c.mr_td = Filled<intel::Measurement384>(0x99); }), "[]", "[]",
       R"(["measurement"])"},
      {"restricted", "UniqueId of a VBS image", GoodVbs(), RestrictedVbs,
       [](Verdict& v) { EditVbs(v, [](vbs::Claims& c) { c.unique_id = Filled<vbs::Id32>(0x99); }); }, "[]",
       "[]", R"(["measurement"])"},
      {"restricted", "UniqueId of a module in it", GoodVbs(), RestrictedVbs,
       [](Verdict& v) {
         EditVbs(v, [](vbs::Claims& c) { c.modules.emplace_back().unique_id = Filled<vbs::Id32>(0x99); });
       },
       "[]", "[]", R"(["measurement"])"},
      {"restricted", "nothing measured", GoodVbs(), RestrictedVbs, [](Verdict& v) { v.vbs = nullptr; }, "[]",
       "[]", "null"},
      {"restricted", "SNP measurement", GoodSnp(),
       list([](RestrictedList& r) { r.measurement = {Bytes(48, 0x99)}; }),
       Snp([](SnpClaims& c) { c.measurement = Filled<decltype(c.measurement)>(0x99); }), "[]", "[]",
       R"(["measurement"])"},
  };
}

}  // namespace

RuleRows PlatformRows() { return Joined({DebugRows(), PlatformFlagRows(), FloorRows(), RestrictedRows()}); }

}  // namespace thimble
