// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_selection.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {
namespace {

Status CheckTcbInfo(const PckSet& set, const TcbInfo& info) {
  if (info.tee == IntelTee::kSgx && info.fmspc == set.fmspc && info.pce_id == set.pce_id) return {};
  return Error{ErrorKind::kRejected, Check::kTcbInfoMismatch,
               StrCat("PCK selection: platform of FMSPC ", set.fmspc.hex(), ", PCE-ID ", set.pce_id.hex(),
                      "; TCB info of FMSPC ", info.fmspc.hex(), ", PCE-ID ", info.pce_id.hex(),
                      info.tee == IntelTee::kSgx ? ", SGX" : ", TDX")};
}

std::optional<size_t> BucketOf(const PckTcb& tcb, const TcbInfo& info) {
  for (size_t i = 0; i < info.levels.size(); ++i) {
    if (Covers(tcb, PckTcb{info.levels[i].sgx, info.levels[i].pce_svn})) return i;
  }
  return std::nullopt;
}

std::optional<Shortfall> FirstShortfall(const PckTcb& have, const PckTcb& need) {
  for (size_t i = 0; i < have.cpu_svn.size(); ++i) {
    if (have.cpu_svn[i] >= need.cpu_svn[i]) continue;
    return Shortfall{StrCat("sgx.", i < 10 ? "0" : "", i), have.cpu_svn[i], need.cpu_svn[i], ""};
  }
  if (Covers(have.pce_svn, need.pce_svn)) return std::nullopt;
  return Shortfall{"pcesvn", static_cast<uint16_t>(have.pce_svn), static_cast<uint16_t>(need.pce_svn), ""};
}

// Behind the last bucket that is not lower, in front of the first certificate of its own that it covers.
void Insert(std::vector<PckCandidate>& tried, const PckCandidate& candidate) {
  const auto bucket = [](const PckCandidate& c) { return c.level.value_or(SIZE_MAX); };
  const auto place = std::ranges::find_if(tried, [&](const PckCandidate& other) {
    if (bucket(other) != bucket(candidate)) return bucket(other) > bucket(candidate);
    return Covers(candidate.certificate->tcb, other.certificate->tcb);
  });
  tried.insert(place, candidate);
}

}  // namespace

Result<PckSelection> SelectPck(const PckSet& set, const PckTcb& raw, const TcbInfo& info) {
  TRY(CheckTcbInfo(set, info));
  PckSelection selection;
  for (const PckCertificate& certificate : set.certificates) {
    Insert(selection.candidates,
           {&certificate, BucketOf(certificate.tcb, info), FirstShortfall(raw, certificate.tcb)});
  }
  const auto fitting = std::ranges::find_if(selection.candidates, [](const auto& c) { return !c.too_high; });
  if (fitting != selection.candidates.end()) selection.chosen = fitting->certificate;
  return selection;
}

}  // namespace thimble::intel
