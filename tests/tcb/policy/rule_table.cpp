// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_table.h"

#include "tcb/base/crypto.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using amd::SnpClaims;
using intel::SgxClaims;
using intel::TdxClaims;

const std::string kQuote = "\"";
std::string Hex(size_t bytes, const char* byte) {
  std::string out = kQuote;
  for (size_t i = 0; i < bytes; ++i) out += byte;
  return out + kQuote;
}
std::string List(const std::string& entry) { return "[" + entry + "]"; }

void AddFinding(Verdict& verdict, Check check) {
  verdict.checks.Set(check, CheckResult::kFailed);
  verdict.findings.push_back({check, Severity::kSoft, "bent"});
}

// `field` of the claims is in the list; another byte in it, and it is not.
template <class Claims, class Id, class Rules>
RuleRow AnyOfRow(std::string rule, Verdict good, Rules Policy::*section, std::vector<Id> Rules::*list,
                 Id Claims::*field, const char* byte) {
  const Id value = std::get<Claims>(good.claims).*field;
  return {std::move(rule),
          "",
          std::move(good),
          [=](Policy& p) {
            (p.*section).*list = {Filled<Id>(0xee), value};
          },
          [=](Verdict& v) {
            auto bytes = value.bytes();
            bytes.back() ^= 1;
            std::get<Claims>(v.claims).*field = Id(bytes);
          },
          "[" + Hex(Id::kSize, "ee") + "," + Hex(Id::kSize, byte) + "]",
          Hex(Id::kSize, byte),
          ""};
}

template <class Id>
RuleRow SgxRow(std::string key, std::vector<Id> SgxRules::*list, Id SgxClaims::*field, const char* byte) {
  return AnyOfRow("sgx." + key, GoodSgx(), &Policy::sgx, list, field, byte);
}
RuleRow TdxRow(std::string key, std::vector<intel::Measurement384> TdxRules::*list,
               intel::Measurement384 TdxClaims::*field, const char* byte) {
  return AnyOfRow("tdx." + key, GoodTdx10(), &Policy::tdx, list, field, byte);
}
template <class Id>
RuleRow SnpRow(std::string key, std::vector<Id> SnpRules::*list, Id SnpClaims::*field, const char* byte) {
  return AnyOfRow("snp." + key, GoodSnp(), &Policy::snp, list, field, byte);
}

template <class Change>
std::function<void(Verdict&)> Sgx(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<SgxClaims>(v)); };
}
template <class Change>
std::function<void(Verdict&)> Tdx(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<TdxClaims>(v)); };
}
// TD attributes, with what the verifier finds in them.
std::function<void(Verdict&)> Attributes(std::array<uint8_t, 8> bytes, Check finding) {
  return [=](Verdict& v) {
    ClaimsOf<TdxClaims>(v).td_attributes = decltype(TdxClaims::td_attributes)(bytes);
    if (finding != Check::kNone) AddFinding(v, finding);
  };
}
Verdict MigratableTdx() {
  Verdict verdict = GoodTdx10();
  Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable)(verdict);
  return verdict;
}
Verdict NoServiceTd() {
  Verdict verdict = GoodTdx15();
  ClaimsOf<TdxClaims>(verdict).mr_service_td.emplace();
  return verdict;
}
// OutOfDate at launch and now, for as long as that is so.
Verdict OldTdx15(std::optional<SecondTcb> Verdict::*which, Check check) {
  Verdict verdict = GoodTdx15();
  verdict.tcb_status = TcbStatus::kOutOfDate;
  verdict.*which = SecondTcb{TcbStatus::kOutOfDate, verdict.tcb_date};
  AddFinding(verdict, check);
  return verdict;
}
template <class Change>
std::function<void(Verdict&)> Snp(Change change) {
  return [change](Verdict& v) { change(ClaimsOf<SnpClaims>(v)); };
}
template <class Change>
std::function<void(Verdict&)> Platform(Change change) {
  return [change](Verdict& v) { change(FactsOf<intel::PlatformFacts>(v)); };
}

RuleRow MinTcbRow(std::string key, TcbMinimums SnpRules::*minimums,
                  std::optional<amd::TcbVersion> SnpClaims::*tcb, uint8_t snp) {
  return {"snp." + key,
          "snp",
          GoodSnp(),
          [=](Policy& p) {
            TcbMinimum minimum;
            minimum.bootloader = uint8_t{9};
            minimum.snp = snp;
            p.snp.*minimums = {{amd::Product::kGenoa, minimum}};
          },
          Snp([=](SnpClaims& c) { --*(c.*tcb)->snp; }),
          R"({"product":"Genoa","line":"Genoa-B1","bootloader":9,"snp":)" + std::to_string(snp) + "}",
          "",
          ""};
}

amd::Cpus Named(std::string_view name) { return amd::Cpus::FromName(name).value(); }

// Microcode counts apart there: 28 is fixed on Siena, and 84 on Genoa.
Verdict OnSiena() {
  Verdict verdict = GoodSnp();
  auto& claims = ClaimsOf<SnpClaims>(verdict);
  claims.cpuid = FactsOf<amd::PlatformFacts>(verdict).cpuid = amd::CpuId{0x19, 0xa0, 2};
  claims.reported_tcb->microcode = 28;
  return verdict;
}
Verdict UnknownGenoa(uint8_t microcode) {
  Verdict verdict = GoodSnp();
  auto& claims = ClaimsOf<SnpClaims>(verdict);
  claims.cpuid.reset();
  claims.reported_tcb->microcode = microcode;
  return verdict;
}

Verdict OutOfDate(Verdict verdict) {
  verdict.tcb_status = TcbStatus::kOutOfDate;
  return verdict;
}

RuleRow BitRow(std::string key, std::string side, uint64_t SnpRules::*mask, uint64_t bits,
               std::function<void(SnpClaims&)> bend, std::string wanted) {
  return {"snp." + key, std::move(side),   GoodSnp(), [=](Policy& p) { p.snp.*mask = bits; },
          Snp(bend),    std::move(wanted), "",        ""};
}

}  // namespace

std::vector<RuleRow> TcbRows() {
  const auto nothing = [](Policy&) {};
  const auto accept_old = [](Policy& p) {
    p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
  };
  const std::vector<AdvisoryEntry> both = {{"INTEL-SA-00657", kPolicyNow}, {"INTEL-SA-00767", std::nullopt}};
  return {
      {"authentic", "", GoodSgx(), nothing, [](Verdict& v) { v.authentic = false; }, "true", "true", "false"},
      {"evidence", "another TEE", GoodTdx10(),
       [](Policy& p) {
         p.evidence = {EvidenceClass::kTdx10, EvidenceClass::kTdx15};
       },
       [](Verdict& v) { v = GoodSgx(); }, R"(["tdx_1.0","tdx_1.5"])", R"("tdx_1.0")", R"("sgx")"},
      {"evidence", "another TD report", GoodTdx10(), [](Policy& p) { p.evidence = {EvidenceClass::kTdx10}; },
       Tdx([](TdxClaims& c) { c.tee_tcb_svn2 = c.tee_tcb_svn; }), R"(["tdx_1.0"])", R"("tdx_1.0")",
       R"("tdx_1.5")"},
      {"accepted_statuses", "by default", GoodSgx(), nothing,
       [](Verdict& v) { v.tcb_status = TcbStatus::kSWHardeningNeeded; }, R"(["UpToDate"])", R"("UpToDate")",
       R"("SWHardeningNeeded")"},
      {"accepted_statuses", "no status", GoodSgx(), nothing, [](Verdict& v) { v.tcb_status.reset(); }, "",
       R"("UpToDate")", "null"},
      {"accepted_statuses", "of SNP", GoodSnp(),
       [](Policy& p) {
         p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kSWHardeningNeeded};
       },
       [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDate; }, R"(["UpToDate","SWHardeningNeeded"])", "",
       ""},
      {"accepted_statuses", "grace needs ConfigurationNeeded", OutOfDate(GoodSgx()),
       [](Policy& p) { p.platform_grace = 24h * 100; },
       [](Verdict& v) { v.tcb_status = TcbStatus::kOutOfDateConfigurationNeeded; },
       R"(["UpToDate","OutOfDate"])", "", ""},
      {"platform_grace", "one second late", OutOfDate(GoodSgx()),
       [](Policy& p) { p.platform_grace = 24h * 100; }, [](Verdict& v) { *v.tcb_date -= 1s; }, R"("100d")",
       R"("100d")", R"("8640001s")"},
      {"platform_grace", "OutOfDate is listed", OutOfDate(GoodTdx15()),
       [](Policy& p) {
         p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
         p.platform_grace = 24h * 100;
       },
       [](Verdict& v) { *v.tcb_date -= 1s; }, "", "", ""},
      {"platform_grace", "no date", OutOfDate(GoodSgx()), [](Policy& p) { p.platform_grace = 24h * 100; },
       [](Verdict& v) { v.tcb_date.reset(); }, "", "", "null"},
      {"current_tcb", "Revoked", OldTdx15(&Verdict::current_tcb, Check::kTdxCurrentTcb), accept_old,
       [](Verdict& v) { v.current_tcb->status = TcbStatus::kRevoked; }, R"(["UpToDate","OutOfDate"])",
       R"("OutOfDate")", R"("Revoked")"},
      {"current_tcb", "past the grace", OldTdx15(&Verdict::current_tcb, Check::kTdxCurrentTcb),
       [](Policy& p) { p.platform_grace = 24h * 100; }, [](Verdict& v) { *v.current_tcb->date -= 1s; }, "",
       "", ""},
      {"initial_tcb", "no level", OldTdx15(&Verdict::initial_tcb, Check::kTdxInitialTcb), accept_old,
       [](Verdict& v) { v.initial_tcb->status.reset(); }, "", R"("OutOfDate")", "null"},
      {"min_tcb_date", "", GoodSgx(), [](Policy& p) { p.min_tcb_date = kPolicyNow - 24h * 100; },
       [](Verdict& v) { *v.tcb_date -= 1s; }, R"("2026-02-21T00:00:00Z")", R"("2026-02-21T00:00:00Z")",
       R"("2026-02-20T23:59:59Z")"},
      {"min_tcb_evaluation", "TCB info", GoodTdx10(), [](Policy& p) { p.min_tcb_evaluation = 17; },
       [](Verdict& v) { v.tcb_info_evaluation = 16; }, "17", "17", "16"},
      {"min_tcb_evaluation", "identity", GoodSgx(), [](Policy& p) { p.min_tcb_evaluation = 17; },
       [](Verdict& v) { v.qe_identity_evaluation = 16; }, "17", "17", "16"},
      {"accepted_qe_statuses", "", GoodTdx10(),
       [](Policy& p) { p.accepted_qe_statuses = {TcbStatus::kUpToDate}; },
       [](Verdict& v) { v.qe_status = TcbStatus::kOutOfDate; }, R"(["UpToDate"])", R"("UpToDate")",
       R"("OutOfDate")"},
      {"qe_grace", "",
       [] {
         Verdict v = GoodTdx10();
         v.qe_status = TcbStatus::kOutOfDate;
         return v;
       }(),
       [](Policy& p) {
         p.accepted_qe_statuses = {TcbStatus::kUpToDate};
         p.qe_grace = 24h * 200;
       },
       [](Verdict& v) { *v.qe_tcb_date -= 1s; }, R"("200d")", R"("200d")", ""},
      {"min_qe_evaluation", "", GoodSgx(), [](Policy& p) { p.min_qe_evaluation = 18; },
       [](Verdict& v) { v.qe_identity_evaluation = 17; }, "18", "18", "17"},
      {"accepted_advisories", "another advisory", GoodSgx(), [=](Policy& p) { p.accepted_advisories = both; },
       [](Verdict& v) { v.advisories.push_back("INTEL-SA-00828"); }, R"(["INTEL-SA-00657","INTEL-SA-00767"])",
       R"(["INTEL-SA-00657","INTEL-SA-00767"])", ""},
      {"rejected_advisories", "", GoodSgx(),
       [](Policy& p) {
         p.rejected_advisories = {{"INTEL-SA-00828", kPolicyNow}};
       },
       [](Verdict& v) { v.advisories.push_back("INTEL-SA-00828"); }, R"(["INTEL-SA-00828"])", "", ""},
      {"max_collateral_age.crl", "Intel", GoodSgx(), [](Policy& p) { p.max_collateral_age.crl = 240h; },
       [](Verdict& v) { *v.crl_issued -= 1s; }, R"("10d")", R"("10d")", ""},
      {"max_collateral_age.crl", "AMD", GoodSnp(), [](Policy& p) { p.max_collateral_age.crl = 240h; },
       [](Verdict& v) { v.crl_issued.reset(); }, R"("10d")", R"("10d")", "null"},
      {"max_collateral_age.tcb_info", "", GoodTdx10(),
       [](Policy& p) { p.max_collateral_age.tcb_info = 216h; }, [](Verdict& v) { *v.tcb_info_issued -= 1s; },
       R"("9d")", R"("9d")", ""},
      {"max_collateral_age.identity", "", GoodTdx15(),
       [](Policy& p) { p.max_collateral_age.identity = 192h; },
       [](Verdict& v) { *v.qe_identity_issued -= 1s; }, R"("8d")", R"("8d")", ""},
      {"collateral_grace", "by default", GoodSgx(), nothing,
       [](Verdict& v) {
         v.window.not_after = kPolicyNow - 1s;
         AddFinding(v, Check::kTcbInfoExpired);
       },
       R"("0s")", R"("0s")", R"("1s")"},
      {"collateral_grace", "one second late",
       [] {
         Verdict v = GoodSnp();
         v.window.not_after = kPolicyNow - 24h * 7;
         AddFinding(v, Check::kSnpCrlExpired);
         return v;
       }(),
       [](Policy& p) { p.collateral_grace = 24h * 7; }, [](Verdict& v) { v.window.not_after -= 1s; },
       R"("7d")", R"("7d")", R"("604801s")"},
      {"no_findings", "", GoodSgx(), nothing, [](Verdict& v) { AddFinding(v, Check::kPckNotYetValid); }, "[]",
       "[]", R"(["pck.not_yet_valid"])"},
  };
}

std::vector<RuleRow> PlatformRows() {
  const auto nothing = [](Policy&) {};
  const auto list = [](std::function<void(RestrictedList&)> add) {
    return [=](Policy& p) { add(p.restricted); };
  };
  return {
      {"allow_debug", "SGX", GoodSgx(), nothing, [](Verdict& v) { AddFinding(v, Check::kSgxDebug); }, "false",
       "false", "true"},
      {"allow_debug", "TDX", GoodTdx15(), nothing, [](Verdict& v) { AddFinding(v, Check::kTdxDebug); }, "",
       "", ""},
      {"allow_debug", "SNP", GoodSnp(), nothing, [](Verdict& v) { AddFinding(v, Check::kSnpDebug); }, "", "",
       ""},
      {"allow_migration", "", GoodSnp(), nothing, [](Verdict& v) { AddFinding(v, Check::kSnpMigration); },
       "false", "false", "true"},
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
      {"allow_stale_floor", "", GoodSnp(), [](Policy& p) { p.allow_stale_floor = false; },
       [](Verdict& v) { AddFinding(v, Check::kSnpFloorStale); }, "false", "false", "true"},
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
      {"restricted", "SNP measurement", GoodSnp(),
       list([](RestrictedList& r) { r.measurement = {Bytes(48, 0x99)}; }),
       Snp([](SnpClaims& c) { c.measurement = Filled<decltype(c.measurement)>(0x99); }), "[]", "[]",
       R"(["measurement"])"},
  };
}

std::vector<RuleRow> SgxRows() {
  return {
      SgxRow("mrenclave", &SgxRules::mrenclave, &SgxClaims::mr_enclave, "31"),
      SgxRow("mrsigner", &SgxRules::mrsigner, &SgxClaims::mr_signer, "32"),
      SgxRow("configid", &SgxRules::configid, &SgxClaims::config_id, "33"),
      SgxRow("isvextprodid", &SgxRules::isvextprodid, &SgxClaims::isv_ext_prod_id, "34"),
      SgxRow("isvfamilyid", &SgxRules::isvfamilyid, &SgxClaims::isv_family_id, "35"),
      {"sgx.isvprodid", "", GoodSgx(),
       [](Policy& p) {
         p.sgx.isvprodid = {1, 40};
       },
       Sgx([](SgxClaims& c) { c.isv_prod_id = 41; }), "[1,40]", "40", "41"},
      {"sgx.min_isvsvn", "", GoodSgx(), [](Policy& p) { p.sgx.min_isvsvn = uint16_t{41}; },
       Sgx([](SgxClaims& c) { c.isv_svn = 40; }), "41", "41", "40"},
      {"sgx.min_configsvn", "", GoodSgx(), [](Policy& p) { p.sgx.min_configsvn = uint16_t{42}; },
       Sgx([](SgxClaims& c) { c.config_svn = 41; }), "42", "42", "41"},
      {"sgx.attributes", "a bit too many", GoodSgx(),
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{0x05}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
       },
       Sgx([](SgxClaims& c) { c.attributes[0] |= 0x80; }), "", R"("0500000000000000e700000000000000")", ""},
      {"sgx.attributes", "a bit too few", GoodSgx(),
       [](Policy& p) {
         p.sgx.attributes = BitPattern<16>{{0x04}, {0x04}};
       },
       Sgx([](SgxClaims& c) { c.attributes[0] = 0x01; }), "", "", ""},
      {"sgx.miscselect", "", GoodSgx(),
       [](Policy& p) {
         p.sgx.miscselect = BitPattern<4>{{0x02, 0x01}, {0xff, 0xff, 0xff, 0xff}};
       },
       Sgx([](SgxClaims& c) { c.misc_select = 0x0000'0103; }), R"({"value":"02010000","mask":"ffffffff"})",
       R"("02010000")", R"("03010000")"},
  };
}

std::vector<RuleRow> TdxRows() {
  const auto service_td = Filled<intel::Measurement384>(0x1a);
  return {
      TdxRow("mrtd", &TdxRules::mrtd, &TdxClaims::mr_td, "11"),
      TdxRow("mrseam", &TdxRules::mrseam, &TdxClaims::mr_seam, "12"),
      TdxRow("mrconfigid", &TdxRules::mrconfigid, &TdxClaims::mr_config_id, "13"),
      TdxRow("mrowner", &TdxRules::mrowner, &TdxClaims::mr_owner, "14"),
      TdxRow("mrownerconfig", &TdxRules::mrownerconfig, &TdxClaims::mr_owner_config, "15"),
      TdxRow("rtmr0", &TdxRules::rtmr0, &TdxClaims::rtmr0, "16"),
      TdxRow("rtmr1", &TdxRules::rtmr1, &TdxClaims::rtmr1, "17"),
      TdxRow("rtmr2", &TdxRules::rtmr2, &TdxClaims::rtmr2, "18"),
      TdxRow("rtmr3", &TdxRules::rtmr3, &TdxClaims::rtmr3, "19"),
      {"tdx.mrservicetd", "another", GoodTdx15(), [=](Policy& p) { p.tdx.mrservicetd = {service_td}; },
       Tdx([](TdxClaims& c) { c.mr_service_td = intel::Measurement384(); }), List(Hex(48, "1a")),
       Hex(48, "1a"), Hex(48, "00")},
      {"tdx.mrservicetd", "a TD 1.0 has none", GoodTdx15(),
       [=](Policy& p) { p.tdx.mrservicetd = {service_td}; },
       Tdx([](TdxClaims& c) { c.mr_service_td.reset(); }), "", "", "null"},
      {"tdx.td_attributes", "", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x10}};
       },
       Tdx([](TdxClaims& c) {
         c.td_attributes = decltype(c.td_attributes)({0, 0, 0, 0x50});
       }),
       R"({"value":"0000001000000000","mask":"ffffffffffffffff"})", R"("0000001000000000")",
       R"("0000005000000000")"},
      {"tdx.xfam", "", GoodTdx10(),
       [](Policy& p) {
         p.tdx.xfam = BitPattern<8>{{0xe7}, {0xff}};
       },
       Tdx([](TdxClaims& c) {
         c.xfam = decltype(c.xfam)({0xef, 0x02, 0x06});
       }),
       R"({"value":"e700000000000000","mask":"ff00000000000000"})", R"("e702060000000000")", ""},
      {"tdx.require_sept_ve_disable", "", GoodTdx10(),
       [](Policy& p) { p.tdx.require_sept_ve_disable = true; },
       Tdx([](TdxClaims& c) { c.td_attributes = {}; }), "true", "true", "false"},
      {"tdx.allow_migratable", "bit 29", GoodTdx10(), [](Policy&) {},
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "false", "false", "true"},
      {"tdx.allow_migratable", "a mask over other bits", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x10}, {0, 0, 0, 0x10}};
       },
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "false", "false", "true"},
      {"tdx.td_attributes", "MIGRATABLE is asked for", MigratableTdx(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{0, 0, 0, 0x30}};
       },
       Tdx([](TdxClaims& c) {
         c.td_attributes = decltype(c.td_attributes)({0, 0, 0, 0x10});
       }),
       "", R"("0000003000000000")", ""},
      {"tdx.td_attributes", "MIGRATABLE is forbidden", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{}, {0, 0, 0, 0x20}};
       },
       Attributes({0, 0, 0, 0x30}, Check::kTdxMigratable), "", "", ""},
      {"tdx.allow_reserved_attributes", "bit 32", GoodTdx10(), [](Policy&) {},
       Attributes({0, 0, 0, 0x10, 1}, Check::kTdxReservedAttributes), "false", "false", "true"},
      {"tdx.allow_reserved_attributes", "a mask over some of the bits", GoodTdx10(),
       [](Policy& p) {
         p.tdx.td_attributes = BitPattern<8>{{}, {0, 0, 0, 0, 0x02}};
       },
       Attributes({0, 0, 0, 0x10, 1}, Check::kTdxReservedAttributes), "false", "false", "true"},
      {"tdx.forbid_reserved_attributes", "TUD, where debug is allowed",
       [] {
         Verdict v = GoodTdx10();
         Attributes({1, 0, 0, 0x10}, Check::kTdxDebug)(v);
         return v;
       }(),
       [](Policy& p) {
         p.allow_debug = true;
         p.tdx.forbid_reserved_attributes = true;
       },
       Attributes({3, 0, 0, 0x10}, Check::kTdxDebug), "true", R"("0100001000000000")",
       R"("0300001000000000")"},
      {"tdx.forbid_reserved_attributes", "MIGRATABLE has a meaning", MigratableTdx(),
       [](Policy& p) {
         p.tdx.allow_migratable = true;
         p.tdx.forbid_reserved_attributes = true;
       },
       Attributes({2, 0, 0, 0x30}, Check::kNone), "true", R"("0000003000000000")", ""},
      {"tdx.forbid_service_td", "", NoServiceTd(), [](Policy& p) { p.tdx.forbid_service_td = true; },
       Tdx([=](TdxClaims& c) { c.mr_service_td = service_td; }), "true", Hex(48, "00"), Hex(48, "1a")},
      {"tdx.forbid_service_td", "a TD 1.0 does not say", NoServiceTd(),
       [](Policy& p) { p.tdx.forbid_service_td = true; }, Tdx([](TdxClaims& c) { c.mr_service_td.reset(); }),
       "", "", "null"},
      {"tdx.allow_reserved_attributes", "bit 62",
       [] {
         Verdict v = GoodTdx10();  // bits 30, 31 and 63 have a meaning
         Attributes({0, 0, 0, 0xd0, 0, 0, 0, 0x80}, Check::kNone)(v);
         return v;
       }(),
       [](Policy&) {}, Attributes({0, 0, 0, 0xd0, 0, 0, 0, 0xc0}, Check::kTdxReservedAttributes), "false",
       "false", "true"},
  };
}

std::vector<RuleRow> SnpRows() {
  constexpr uint64_t kSmt = 1u << 16, kSingleSocket = 1u << 20, kCxl = 1u << 21;
  const auto csp = [](Policy& p) { p.snp.csp_id = {"CN=other", "CN=cc-us-east-2.amazonaws.com"}; };
  const auto genoa_and_siena = [](Policy& p) {
    TcbMinimum& genoa = p.snp.min_reported_tcb[Named("Genoa")];
    genoa.snp = uint8_t{23};
    genoa.microcode = uint8_t{84};
    p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25};
  };
  const auto chip = [](Policy& p) { p.snp.chip_id = {Filled<amd::ChipId>(0x27)}; };
  return {
      {"snp.products", "", GoodSnp(),
       [](Policy& p) {
         p.snp.products = {amd::Product::kGenoa, amd::Product::kTurin};
       },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).product = amd::Product::kMilan; },
       R"(["Genoa","Turin"])", R"("Genoa")", R"("Milan")"},
      {"snp.products", "a line", OnSiena(), [](Policy& p) { p.snp.products = {Named("Siena")}; },
       [](Verdict& v) {
         FactsOf<amd::PlatformFacts>(v).cpuid = amd::CpuId{0x19, 0x11, 1};
       },
       R"(["Siena"])", R"("Siena-A2")", R"("Genoa-B1")"},
      {"snp.products", "a version 2 report is of no line", OnSiena(),
       [](Policy& p) { p.snp.products = {Named("Siena")}; },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).cpuid.reset(); }, "", "", R"("Genoa")"},
      SnpRow("family_id", &SnpRules::family_id, &SnpClaims::family_id, "21"),
      SnpRow("image_id", &SnpRules::image_id, &SnpClaims::image_id, "22"),
      SnpRow("measurement", &SnpRules::measurement, &SnpClaims::measurement, "23"),
      SnpRow("host_data", &SnpRules::host_data, &SnpClaims::host_data, "24"),
      SnpRow("id_key_digest", &SnpRules::id_key_digest, &SnpClaims::id_key_digest, "25"),
      SnpRow("author_key_digest", &SnpRules::author_key_digest, &SnpClaims::author_key_digest, "26"),
      {"snp.author_key_digest", "AUTHOR_KEY_EN", GoodSnp(),
       [](Policy& p) { p.snp.author_key_digest = {Filled<decltype(SnpClaims::author_key_digest)>(0x26)}; },
       Snp([](SnpClaims& c) { c.author_key_en = false; }), "", Hex(48, "26"), "null"},
      {"snp.min_guest_svn", "", GoodSnp(), [](Policy& p) { p.snp.min_guest_svn = 3; },
       Snp([](SnpClaims& c) { c.guest_svn = 2; }), "3", "3", "2"},
      {"snp.vmpl", "", GoodSnp(),
       [](Policy& p) {
         p.snp.vmpl = {0, 1};
       },
       Snp([](SnpClaims& c) { c.vmpl = 2; }), "[0,1]", "1", "2"},
      BitRow(
          "policy_required", "a restriction", &SnpRules::policy_required, kSingleSocket,
          [](SnpClaims& c) { c.policy &= ~kSingleSocket; }, R"(["SINGLE_SOCKET"])"),
      BitRow(
          "policy_required", "a permission", &SnpRules::policy_required, kSmt,
          [](SnpClaims& c) { c.policy &= ~kSmt; }, R"(["SMT"])"),
      BitRow(
          "policy_forbidden", "a permission", &SnpRules::policy_forbidden, kCxl,
          [](SnpClaims& c) { c.policy |= kCxl; }, R"(["CXL_ALLOW"])"),
      BitRow(
          "policy_forbidden", "a restriction", &SnpRules::policy_forbidden, 1u << 25,
          [](SnpClaims& c) { c.policy |= 1u << 25; }, R"(["PAGE_SWAP_DISABLE"])"),
      BitRow(
          "platform_info_required", "", &SnpRules::platform_info_required, 1u << 5,
          [](SnpClaims& c) { c.platform_info = 0x04; }, R"(["ALIAS_CHECK_COMPLETE"])"),
      BitRow(
          "platform_info_forbidden", "", &SnpRules::platform_info_forbidden, 1u << 1,
          [](SnpClaims& c) { c.platform_info |= 2; }, R"(["TSME_EN"])"),
      {"snp.min_abi", "minor", GoodSnp(),
       [](Policy& p) {
         p.snp.min_abi = AbiVersion{1, 51};
       },
       Snp([](SnpClaims& c) { --c.policy; }), R"("1.51")", R"("1.51")", R"("1.50")"},
      {"snp.min_abi", "major", GoodSnp(),
       [](Policy& p) {
         p.snp.min_abi = AbiVersion{1, 0};
       },
       Snp([](SnpClaims& c) { c.policy -= 0x100; }), R"("1.0")", R"("1.51")", R"("0.51")"},
      MinTcbRow("min_reported_tcb", &SnpRules::min_reported_tcb, &SnpClaims::reported_tcb, 23),
      MinTcbRow("min_committed_tcb", &SnpRules::min_committed_tcb, &SnpClaims::committed_tcb, 24),
      MinTcbRow("min_current_tcb", &SnpRules::min_current_tcb, &SnpClaims::current_tcb, 25),
      MinTcbRow("min_launch_tcb", &SnpRules::min_launch_tcb, &SnpClaims::launch_tcb, 22),
      {"snp.min_reported_tcb", "a product without a minimum", GoodSnp(),
       [](Policy& p) {
         p.snp.min_reported_tcb = {{amd::Product::kGenoa, {}}};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->product = amd::Product::kMilan; }), "", "", ""},
      {"snp.min_reported_tcb", "a line's own numbers", OnSiena(), genoa_and_siena, Snp([](SnpClaims& c) {
         c.cpuid = {0x19, 0x11, 1};
       }),
       R"({"product":"Genoa","line":"Siena-A2","snp":23,"microcode":25})", "",
       R"({"product":"Genoa","line":"Genoa-B1","bootloader":9,"tee":0,"snp":23,"microcode":28})"},
      {"snp.min_reported_tcb", "a line has its product's other numbers", OnSiena(), genoa_and_siena,
       Snp([](SnpClaims& c) { c.reported_tcb->snp = 22; }), "", "", ""},
      {"snp.min_reported_tcb", "a line below its own number", OnSiena(), genoa_and_siena,
       Snp([](SnpClaims& c) { c.reported_tcb->microcode = 24; }), "", "", ""},
      {"snp.min_reported_tcb", "a CPU that is not known has to reach the product's", UnknownGenoa(84),
       genoa_and_siena, Snp([](SnpClaims& c) { c.reported_tcb->microcode = 83; }),
       R"({"product":"Genoa","snp":23,"microcode":84})", "", ""},
      {"snp.min_reported_tcb", "and each line's", UnknownGenoa(90),
       [](Policy& p) {
         p.snp.min_reported_tcb[Named("Genoa")].microcode = uint8_t{84};
         p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25};
         p.snp.min_reported_tcb[Named("Genoa-X")].microcode = uint8_t{90};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->microcode = 89; }), "", "", ""},
      {"snp.min_reported_tcb", "it may be one without a minimum", OnSiena(),
       [](Policy& p) { p.snp.min_reported_tcb[Named("Siena")].microcode = uint8_t{25}; },
       Snp([](SnpClaims& c) { c.cpuid.reset(); }), "", "", ""},
      {"snp.min_reported_tcb", "fmc",
       [] {
         Verdict v = GoodSnp();
         ClaimsOf<SnpClaims>(v).reported_tcb = {amd::Product::kTurin, 1, 1, 4, 81, uint8_t{2}};
         return v;
       }(),
       [](Policy& p) {
         TcbMinimum minimum;
         minimum.fmc = uint8_t{2};
         p.snp.min_reported_tcb = {{amd::Product::kTurin, minimum}};
       },
       Snp([](SnpClaims& c) { c.reported_tcb->fmc = uint8_t{1}; }), R"({"product":"Turin","fmc":2})", "", ""},
      {"snp.min_current_version", "", GoodSnp(),
       [](Policy& p) {
         p.snp.min_current_version = amd::FirmwareVersion{1, 55, 40};
       },
       Snp([](SnpClaims& c) {
         c.current_version = {1, 54, 99};
       }),
       R"("1.55.40")", R"("1.55.40")", R"("1.54.99")"},
      {"snp.min_committed_version", "", GoodSnp(),
       [](Policy& p) {
         p.snp.min_committed_version = amd::FirmwareVersion{1, 55, 37};
       },
       Snp([](SnpClaims& c) { c.committed_version.build = 36; }), R"("1.55.37")", R"("1.55.37")",
       R"("1.55.36")"},
      {"snp.current_mitigations", "", GoodSnp(), [](Policy& p) { p.snp.current_mitigations = 0x3; },
       Snp([](SnpClaims& c) { c.current_mit_vector = 0x5; }), "[0,1]", "[0,1,2]", "[0,2]"},
      {"snp.launch_mitigations", "", GoodSnp(), [](Policy& p) { p.snp.launch_mitigations = 0x4; },
       Snp([](SnpClaims& c) { c.launch_mit_vector = 0x1; }), "[2]", "[0,2]", "[0]"},
      {"snp.launch_mitigations", "a report before version 5", GoodSnp(),
       [](Policy& p) { p.snp.launch_mitigations = 0x4; },
       Snp([](SnpClaims& c) { c.launch_mit_vector.reset(); }), "", "", "null"},
      {"snp.allow_masked_chip_id", "", GoodSnp(), [](Policy&) {},
       [](Verdict& v) { AddFinding(v, Check::kSnpChipIdMasked); }, "false", "false", "true"},
      SnpRow("chip_id", &SnpRules::chip_id, &SnpClaims::chip_id, "27"),
      {"snp.chip_id", "masked: the certificate's hwID", GoodSnpMasked(), chip,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).hwid = Bytes(64, 0x28); }, List(Hex(64, "27")),
       Hex(64, "27"), Hex(64, "28")},
      {"snp.chip_id", "a VLEK shows no chip", GoodSnp(), chip,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).signing_key = amd::SigningKey::kVlek; }, "", "",
       "null"},
      {"snp.csp_id", "another provider", GoodSnpVlek(), csp,
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).csp_id = "CN=cc-eu-west-1.amazonaws.com"; },
       R"(["CN=other","CN=cc-us-east-2.amazonaws.com"])", R"("CN=cc-us-east-2.amazonaws.com")",
       R"("CN=cc-eu-west-1.amazonaws.com")"},
      {"snp.csp_id", "a VCEK names no provider", GoodSnpVlek(), csp,
       [](Verdict& v) {
         FactsOf<amd::PlatformFacts>(v).signing_key = amd::SigningKey::kVcek;
         FactsOf<amd::PlatformFacts>(v).csp_id.reset();
       },
       "", "", "null"},
      {"snp.csp_id", "both lists, a VLEK", GoodSnpVlek(),
       [=](Policy& p) {
         csp(p);
         chip(p);
       },
       [](Verdict& v) { FactsOf<amd::PlatformFacts>(v).csp_id = "CN=else"; }, "", "", ""},
      {"snp.chip_id", "both lists, a VCEK", GoodSnp(),
       [=](Policy& p) {
         csp(p);
         chip(p);
       },
       Snp([](SnpClaims& c) { c.chip_id = Filled<amd::ChipId>(0x28); }), "", "", ""},
  };
}

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

std::vector<RuleRow> HclRows() {
  std::vector<RuleRow> rows;
  for (const HclFlag& flag : kHclFlags) rows.push_back(HclFlagRow(flag));
  const auto pcr7 = [](HclRules& h) { h.pcr[amd::kTpmSha256][7] = {Bytes(32, 0xee), Bytes(32, 0x07)}; };
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
                   [](amd::HclClaims& c) { c.pcrs[amd::kTpmSha256][7].back() ^= 1; },
                   List(Hex(32, "ee") + "," + Hex(32, "07")), ""),
               HclRow(
                   "hcl.pcr.sha256.7", "not quoted", pcr7,
                   [](amd::HclClaims& c) { c.pcrs[amd::kTpmSha256].erase(7); }, "", "null"),
               HclRow(
                   "hcl.pcr.sha256.7", "of another bank", pcr7,
                   [](amd::HclClaims& c) {
                     c.pcrs[amd::kTpmSha384] = c.pcrs[amd::kTpmSha256];
                     c.pcrs.erase(amd::kTpmSha256);
                   },
                   "", "null")});
  return rows;
}

std::vector<RuleRow> AllRows() {
  std::vector<RuleRow> rows;
  for (auto& part : {TcbRows(), PlatformRows(), SgxRows(), TdxRows(), SnpRows(), HclRows()}) {
    rows.insert(rows.end(), part.begin(), part.end());
  }
  return rows;
}

}  // namespace thimble
