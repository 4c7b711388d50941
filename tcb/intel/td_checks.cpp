// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/td_checks.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble::intel {
namespace {

constexpr std::string_view kTd10 = "a TD report 1.0 does not state it";

// "32, 33"
std::string BitNumbers(uint64_t bits) {
  std::string out;
  for (int i = 0; i < 64; ++i) {
    if ((bits >> i & 1) != 0) out += StrCat(out.empty() ? "" : ", ", i);
  }
  return out;
}

void JudgeAttributes(const TdxClaims& td, Verdict& verdict) {
  const uint64_t attributes = td.attributes();
  const auto begin = [&] { return StrCat("TD attributes ", td.td_attributes.hex(), ": "); };
  SoftUnless(verdict, Check::kTdxDebug, !td.debug(),
             [&] { return StrCat(begin(), "byte 0 (TUD) is not zero"); });
  SoftUnless(verdict, Check::kTdxMigratable, (attributes & kTdMigratable) == 0,
             [&] { return StrCat(begin(), "MIGRATABLE (bit 29) is set: a service TD may move the TD"); });
  SoftUnless(verdict, Check::kTdxReservedAttributes, (attributes & kTdReserved) == 0, [&] {
    return StrCat(begin(), "set without a meaning that is known: bits ",
                  BitNumbers(attributes & kTdReserved));
  });
  NoteUnless(verdict, Check::kTdxSeptVeDisableClear, (attributes & kTdSeptVeDisable) != 0, [&] {
    return StrCat(begin(),
                  "SEPT_VE_DISABLE (bit 28) is clear: the host may interrupt the TD by EPT violations");
  });
}

// Where a TD report 1.5 Ex has them (DCAP 1.2), in its block of additional fields.
constexpr size_t kInitTeeTcbSvn = 801 - 648, kInitTeeFmspc = 817 - 648, kInitTeeFmspcSize = 12;

}  // namespace

void JudgeTd(const TdxClaims& td, Verdict& verdict) {
  JudgeAttributes(td, verdict);
  verdict.checks.SetNotRun(Check::kTdxCurrentTcb, td.tee_tcb_svn2 ? kNeedsCollateral : kTd10);
  if (td.ex) verdict.checks.SetNotRun(Check::kTdxInitialTcb, kNeedsCollateral);
  if (!td.mr_service_td) return verdict.checks.SetNotRun(Check::kTdxServiceTd, kTd10);
  NoteUnless(verdict, Check::kTdxServiceTd, td.mr_service_td->zero(),
             [&] { return StrCat("MRSERVICETD is ", td.mr_service_td->hex(), ": a service TD is bound"); });
}

void JudgeInitialTcb(const TdxClaims& td, const TcbInfo& info, const EnclaveIdentity& identity,
                     PlatformTcb now, Verdict& verdict) {
  constexpr Check kCheck = Check::kTdxInitialTcb;
  if (!td.ex) return;
  TcbComponents svn{};
  std::ranges::copy(td.ex->view().subspan(kInitTeeTcbSvn, svn.size()), svn.begin());
  if (AllZero(svn)) return verdict.checks.SetNotRun(kCheck, "the body states none: all zeros");
  const ByteView fmspc = td.ex->view().subspan(kInitTeeFmspc, kInitTeeFmspcSize);
  const bool here =
      Equal(fmspc.first(Fmspc::kSize), info.fmspc.view()) && AllZero(fmspc.subspan(Fmspc::kSize));
  if (!here) return verdict.checks.SetNotRun(kCheck, "of a platform with another FMSPC than the quote's");
  now.tee_tcb_svn = svn;
  const auto evaluation = EvaluateTcb(info, identity, now);
  SecondTcb& initial = verdict.initial_tcb.emplace();
  if (evaluation) initial = {evaluation->status, evaluation->date()};
  SoftUnless(verdict, kCheck, initial.current(), [&] {
    return StrCat("TEE TCB SVN before the import ", HexLower(svn), ": ",
                  initial.status ? TcbStatusName(*initial.status) : "no level matches");
  });
}

}  // namespace thimble::intel
