// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/collateral_diff.h"

#include <algorithm>
#include <map>
#include <set>

#include "tcb/base/text.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {
namespace {

using Lines = std::vector<std::string>;

std::string Join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += StrCat(out.empty() ? "" : ", ", word);
  return out;
}

std::vector<std::string> Missing(std::vector<std::string> from, std::vector<std::string> in) {
  std::ranges::sort(from);
  std::ranges::sort(in);
  std::vector<std::string> missing;
  std::ranges::set_difference(from, in, std::back_inserter(missing));
  return missing;
}

// What both kinds of level say beside the SVNs that name them.
struct Judged {
  TcbStatus status{};
  Instant date{};
  std::vector<std::string> advisories;
};
using Levels = std::map<std::string, Judged>;

std::string DateOf(const Judged& level) { return FormatRfc3339(level.date).substr(0, 10); }

std::string Describe(const Judged& level) {
  const std::string advisories = Join(level.advisories);
  return StrCat(TcbStatusName(level.status), " of ", DateOf(level), advisories.empty() ? "" : ", ",
                advisories);
}

void CompareLevel(const std::string& name, const Judged& before, const Judged& after, Lines& lines) {
  if (before.status != after.status) {
    lines.push_back(
        StrCat(name, ": status ", TcbStatusName(before.status), " became ", TcbStatusName(after.status)));
  }
  if (before.date != after.date) {
    lines.push_back(StrCat(name, ": date ", DateOf(before), " became ", DateOf(after)));
  }
  const auto added = Missing(after.advisories, before.advisories);
  const auto removed = Missing(before.advisories, after.advisories);
  if (!added.empty()) lines.push_back(StrCat(name, ": advisories added: ", Join(added)));
  if (!removed.empty()) lines.push_back(StrCat(name, ": advisories removed: ", Join(removed)));
}

void CompareLevels(const Levels& before, const Levels& after, Lines& lines) {
  for (const auto& [name, level] : after) {
    const auto old = before.find(name);
    if (old == before.end()) {
      lines.push_back(StrCat(name, " added: ", Describe(level)));
    } else {
      CompareLevel(name, old->second, level, lines);
    }
  }
  for (const auto& [name, level] : before) {
    if (!after.contains(name)) lines.push_back(StrCat(name, " removed: it was ", Describe(level)));
  }
}

void CompareNumbers(std::string_view what, uint64_t before, uint64_t after, Lines& lines) {
  if (before != after) lines.push_back(StrCat(what, " ", before, " became ", after));
}

void AddIsvLevels(std::string_view of, const std::vector<intel::IsvLevel>& levels, Levels& out) {
  for (const intel::IsvLevel& level : levels) {
    out[StrCat(of, " level isvsvn ", level.isv_svn)] = {level.status, level.date, level.advisories};
  }
}

Levels LevelsOf(const intel::TcbInfo& info) {
  Levels levels;
  for (const intel::TcbLevel& level : info.levels) {
    std::string name = StrCat("level sgx ", HexLower(level.sgx), " pcesvn ", static_cast<int>(level.pce_svn));
    if (info.tee == IntelTee::kTdx) name += StrCat(" tdx ", HexLower(level.tdx));
    levels[name] = {level.status, level.date, level.advisories};
  }
  for (const intel::TdxModuleIdentity& identity : info.tdx_module_identities) {
    AddIsvLevels(StrCat("module ", identity.id), identity.levels, levels);
  }
  return levels;
}

void CompareTcbInfos(const intel::TcbInfo& before, const intel::TcbInfo& after, Lines& lines) {
  CompareNumbers("evaluation data number", before.evaluation_number, after.evaluation_number, lines);
  CompareLevels(LevelsOf(before), LevelsOf(after), lines);
}

void CompareIdentities(const intel::EnclaveIdentity& before, const intel::EnclaveIdentity& after,
                       Lines& lines) {
  CompareNumbers("evaluation data number", before.evaluation_number, after.evaluation_number, lines);
  if (before.mr_signer != after.mr_signer) {
    lines.push_back(StrCat("MRSIGNER ", before.mr_signer.hex(), " became ", after.mr_signer.hex()));
  }
  CompareNumbers("ISVPRODID", before.isv_prod_id, after.isv_prod_id, lines);
  Levels old_levels, new_levels;
  AddIsvLevels("enclave", before.levels, old_levels);
  AddIsvLevels("enclave", after.levels, new_levels);
  CompareLevels(old_levels, new_levels, lines);
}

void CompareLists(const intel::EvaluationNumbers& before, const intel::EvaluationNumbers& after,
                  Lines& lines) {
  std::set<uint32_t> old_numbers, new_numbers;
  for (const auto& entry : before.numbers) old_numbers.insert(entry.number);
  for (const auto& entry : after.numbers) {
    new_numbers.insert(entry.number);
    if (old_numbers.contains(entry.number)) continue;
    lines.push_back(StrCat("number ", entry.number, " added: TCB date ",
                           FormatRfc3339(entry.tcb_date).substr(0, 10), ", recovery event ",
                           FormatRfc3339(entry.recovery_event_date).substr(0, 10)));
  }
  for (const uint32_t number : old_numbers) {
    if (!new_numbers.contains(number)) lines.push_back(StrCat("number ", number, " removed"));
  }
}

std::vector<std::string> Serials(const Crl& crl) {
  std::vector<std::string> serials;
  for (const std::string_view serial : crl.revoked()) serials.push_back(HexLower(AsBytes(serial)));
  return serials;
}

void CompareCrls(const Crl& before, const Crl& after, Lines& lines) {
  for (const std::string& serial : Missing(Serials(after), Serials(before))) {
    lines.push_back(StrCat("serial ", serial, " added"));
  }
  for (const std::string& serial : Missing(Serials(before), Serials(after))) {
    lines.push_back(StrCat("serial ", serial, " removed"));
  }
}

void CompareIssuers(const CollateralItem& before, const CollateralItem& after, Lines& lines) {
  if (before.signers().empty() || after.signers().empty()) return;
  const Certificate& old_issuer = *before.signers().front();
  const Certificate& new_issuer = *after.signers().front();
  if (old_issuer.spki_sha256() != new_issuer.spki_sha256()) {
    lines.push_back(
        StrCat("issuer key ", old_issuer.spki_sha256().hex(), " became ", new_issuer.spki_sha256().hex()));
  } else if (old_issuer.sha256() != new_issuer.sha256()) {
    lines.push_back("issuer certificate reissued with the same key");
  }
}

}  // namespace

std::vector<std::string> DescribeChanges(const CollateralItem& before, const CollateralItem& after) {
  Lines lines;
  CompareIssuers(before, after, lines);
  if (before.tcb_info() && after.tcb_info()) CompareTcbInfos(*before.tcb_info(), *after.tcb_info(), lines);
  if (before.identity() && after.identity()) CompareIdentities(*before.identity(), *after.identity(), lines);
  if (before.numbers() && after.numbers()) CompareLists(*before.numbers(), *after.numbers(), lines);
  if (before.crl() && after.crl()) CompareCrls(*before.crl(), *after.crl(), lines);
  return lines;
}

}  // namespace thimble
