// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"
#include "tests/tcb/policy/rule_rows.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

// OutOfDate at launch and now, for as long as that is so.
Verdict OldTdx15(std::optional<SecondTcb> Verdict::*which, Check check) {
  Verdict verdict = GoodTdx15();
  verdict.tcb_status = TcbStatus::kOutOfDate;
  verdict.*which = SecondTcb{TcbStatus::kOutOfDate, verdict.tcb_date};
  AddFinding(verdict, check);
  return verdict;
}
Verdict OutOfDate(Verdict verdict) {
  verdict.tcb_status = TcbStatus::kOutOfDate;
  return verdict;
}

Verdict InOpenEnclave() {
  Verdict verdict = GoodSgx();
  verdict.open_enclave = std::make_shared<const openenclave::Claims>();
  return verdict;
}

RuleRows StatusRows() {
  const auto nothing = [](Policy&) {};
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
      {"evidence", "no Open Enclave wrapping", InOpenEnclave(),
       [](Policy& p) { p.evidence = {EvidenceClass::kOpenEnclave}; },
       [](Verdict& v) { v.open_enclave.reset(); }, R"(["open_enclave"])", R"(["sgx","open_enclave"])",
       R"("sgx")"},
      {"evidence", "a TD in Open Enclave wrapping",
       InOpenEnclave(),  // rules about enclaves say nothing of it
       [](Policy& p) { p.evidence = {EvidenceClass::kOpenEnclave}; },
       [](Verdict& v) {
         v = GoodTdx10();
         v.open_enclave = std::make_shared<const openenclave::Claims>();
       },
       R"(["open_enclave"])", R"(["sgx","open_enclave"])", R"(["tdx_1.0","open_enclave"])"},
      {"evidence", "Open Enclave wrapping of another TEE", InOpenEnclave(),
       [](Policy& p) {
         p.evidence = {EvidenceClass::kSgx, EvidenceClass::kSnp};
       },
       [](Verdict& v) {
         v = GoodTdx10();
         v.open_enclave = std::make_shared<const openenclave::Claims>();
       },
       R"(["sgx","snp"])", R"(["sgx","open_enclave"])", R"(["tdx_1.0","open_enclave"])"},
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
  };
}

RuleRows GraceRows() {
  return {
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
  };
}

RuleRows SecondTcbRows() {
  const auto accept_old = [](Policy& p) {
    p.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kOutOfDate};
  };
  return {
      {"current_tcb", "Revoked", OldTdx15(&Verdict::current_tcb, Check::kTdxCurrentTcb), accept_old,
       [](Verdict& v) { v.current_tcb->status = TcbStatus::kRevoked; }, R"(["UpToDate","OutOfDate"])",
       R"("OutOfDate")", R"("Revoked")"},
      {"current_tcb", "past the grace", OldTdx15(&Verdict::current_tcb, Check::kTdxCurrentTcb),
       [](Policy& p) { p.platform_grace = 24h * 100; }, [](Verdict& v) { *v.current_tcb->date -= 1s; }, "",
       "", ""},
      {"initial_tcb", "no level", OldTdx15(&Verdict::initial_tcb, Check::kTdxInitialTcb), accept_old,
       [](Verdict& v) { v.initial_tcb->status.reset(); }, "", R"("OutOfDate")", "null"},
  };
}

RuleRows EvaluationRows() {
  return {
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
  };
}

RuleRows AdvisoryRows() {
  const std::vector<AdvisoryEntry> both = {{"INTEL-SA-00657", kPolicyNow}, {"INTEL-SA-00767", std::nullopt}};
  return {
      {"accepted_advisories", "another advisory", GoodSgx(), [=](Policy& p) { p.accepted_advisories = both; },
       [](Verdict& v) { v.advisories.push_back("INTEL-SA-00828"); }, R"(["INTEL-SA-00657","INTEL-SA-00767"])",
       R"(["INTEL-SA-00657","INTEL-SA-00767"])", ""},
      {"rejected_advisories", "", GoodSgx(),
       [](Policy& p) {
         p.rejected_advisories = {{"INTEL-SA-00828", kPolicyNow}};
       },
       [](Verdict& v) { v.advisories.push_back("INTEL-SA-00828"); }, R"(["INTEL-SA-00828"])", "", ""},
  };
}

RuleRows CollateralRows() {
  const auto nothing = [](Policy&) {};
  return {
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

}  // namespace

RuleRows TcbRows() {
  return Joined(
      {StatusRows(), GraceRows(), SecondTcbRows(), EvaluationRows(), AdvisoryRows(), CollateralRows()});
}

}  // namespace thimble
