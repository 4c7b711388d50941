// SPDX-License-Identifier: Apache-2.0
//
// Recording what a check found. Messages are made only when a check fails. Internal to tcb/.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/verdict.h"

namespace thimble {

inline constexpr std::string_view kNeedsCollateral = "needs collateral that is not there yet";

template <class Message>
bool RecordUnless(Verdict& verdict, Check check, bool holds, Severity severity, const Message& message) {
  verdict.checks.Set(check, holds ? CheckResult::kPassed : CheckResult::kFailed);
  if (holds) return true;
  // Two items that rest on one chain have the same to say of it: once is enough.
  Finding finding{check, severity, std::string(message())};
  auto& findings = verdict.findings;
  if (std::find(findings.begin(), findings.end(), finding) == findings.end())
    findings.push_back(std::move(finding));
  return false;
}

// A hard check: false ends the verification.
template <class Message>
bool HardUnless(Verdict& verdict, Check check, bool holds, const Message& message) {
  return RecordUnless(verdict, check, holds, Severity::kHard, message);
}

template <class Message>
void SoftUnless(Verdict& verdict, Check check, bool holds, const Message& message) {
  RecordUnless(verdict, check, holds, Severity::kSoft, message);
}

template <class Message>
void NoteUnless(Verdict& verdict, Check check, bool holds, const Message& message) {
  RecordUnless(verdict, check, holds, Severity::kNote, message);
}

// After a hard finding nothing is left that rests on authenticity: also where hardware is genuine, and what is wrapped around
// it or lies beside it is not.
inline void Retract(Verdict& verdict) {
  verdict.authentic = false;
  verdict.tcb_status.reset();
  verdict.tcb_date.reset();
  verdict.current_tcb.reset();
  verdict.initial_tcb.reset();
  verdict.qe_isv_svn.reset();
  verdict.qe_status.reset();
  verdict.qe_tcb_date.reset();
  verdict.advisories.clear();
  verdict.advisories_unproven.clear();
  verdict.shortfalls.clear();
}

// Both sides of a window; at its ends it still holds. For CRLs the two checks are one and the same.
inline void CheckWindow(Verdict& verdict, const Validity& window, std::string_view what, Check expired,
                        Check not_yet) {
  const Instant at = verdict.at;
  SoftUnless(verdict, expired, at <= window.not_after, [&] {
    return StrCat(what, ": expired ", FormatRfc3339(window.not_after), ", evaluated at ", FormatRfc3339(at));
  });
  SoftUnless(verdict, not_yet, window.not_before <= at, [&] {
    return StrCat(what, ": not before ", FormatRfc3339(window.not_before), ", evaluated at ",
                  FormatRfc3339(at));
  });
}

}  // namespace thimble

namespace thimble::intel {

// The windows of one Intel item and of the certificates that authenticate it.
inline void CheckItemWindows(Verdict& verdict, ItemKind kind, const ItemWindows& windows) {
  switch (kind) {
    case ItemKind::kRootCaCrl:
      CheckWindow(verdict, windows.item, "root CA CRL", Check::kCrlRootExpired, Check::kCrlRootExpired);
      return;
    case ItemKind::kPckCrl:
      CheckWindow(verdict, windows.item, "PCK CRL", Check::kCrlPckExpired, Check::kCrlPckExpired);
      return;
    case ItemKind::kTcbInfo:
      CheckWindow(verdict, windows.item, "TCB info", Check::kTcbInfoExpired, Check::kTcbInfoNotYetIssued);
      break;
    default:
      CheckWindow(verdict, windows.item, "enclave identity", Check::kQeIdentityExpired,
                  Check::kQeIdentityNotYetIssued);
      break;
  }
  CheckWindow(verdict, windows.chain, "TCB signing chain", Check::kSigningChainExpired,
              Check::kSigningChainNotYetValid);
}

}  // namespace thimble::intel
