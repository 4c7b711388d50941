// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/transfer.h"

#include <algorithm>
#include <set>

#include "service/transfer/pccs_database.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/contents.h"
#include "tcb/intel/pck_set.h"
#include "tcb/keys_to_verify.h"

namespace thimble {
namespace {

using Admission = CollateralCache::Admission;

ImportReport::Refused RefusedBy(std::string item, const Error& error) {
  return {std::move(item), std::string(CheckName(error.check)), error.message};
}

// What a verification needs beside this item of a platform, and whose it is.
struct Needs {
  std::string whose;
  std::vector<CollateralKey> keys;
};

std::optional<Needs> NeedsOf(const Admission& admission) {
  if (const auto* pck = std::get_if<PckCertsKey>(&admission.key)) {
    const intel::PckSet& set = *admission.item->pck_set();
    return Needs{StrCat("platform ", pck->platform.name(), " of FMSPC ", set.fmspc.hex()),
                 KeysToVerify(IntelTee::kSgx, set.fmspc, set.ca, {})};
  }
  if (const auto* tcb_info = std::get_if<TcbInfoKey>(&admission.key)) {
    const bool tdx = tcb_info->tee == IntelTee::kTdx;
    return Needs{
        StrCat(tdx ? "TDX on " : "SGX on ", "FMSPC ", tcb_info->fmspc.hex()),
        {RootCaCrlKey{}, EnclaveIdentityKey{tdx ? EnclaveId::kTdQe : EnclaveId::kQe, tcb_info->selector}}};
  }
  if (const auto* vcek = std::get_if<VcekKey>(&admission.key)) {
    return Needs{StrCat("chip ", HexLower(vcek->hwid)), {AmdCrlKey{vcek->product, amd::SigningKey::kVcek}}};
  }
  return std::nullopt;
}

// What strangers have looked up is nobody's registration.
bool IsLookup(const Record& record) {
  const auto key = ParseKeyName(record.name);
  const auto* const pck = key ? std::get_if<PckCertsKey>(&*key) : nullptr;
  return pck != nullptr && pck->platform.asked();
}

// Whether everything that is to be used is good for long enough.
Status CheckRemaining(const std::vector<Admission>& admissions, Seconds min_remaining, Instant now) {
  for (const Admission& admission : admissions) {
    if (admission.past || admission.item->next_update() >= now + min_remaining) continue;
    return Error{ErrorKind::kRejected, Check::kCollateralMissing,
                 StrCat(admission.item->name(), " expires on ", FormatRfc3339(admission.item->next_update()),
                        ", sooner than ", FormatDuration(min_remaining), " from ", FormatRfc3339(now))};
  }
  return {};
}

}  // namespace

std::string Transfer::Export(bool with_history) {
  std::vector<ExportedItem> items;
  for (Record& record : cache_.Records()) {
    if (!IsLookup(record)) items.push_back({std::move(record), false});
  }
  if (with_history) {
    for (Record& record : cache_.PastRecords()) items.push_back({std::move(record), true});
  }
  return EncodeExport(std::move(items));
}

Result<ImportReport> Transfer::Import(std::string_view file, std::optional<Seconds> min_remaining) {
  if (IsExport(file)) return ImportExport(file, min_remaining);
  if (min_remaining) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 "min_remaining needs an export of Thimble: files of a PCCS are taken as they are"};
  }
  std::vector<std::string> odd;
  if (IsPccsDatabase(file)) {
    TRY_ASSIGN(const PlatformBundle bundle, ReadPccsDatabase(file, odd));
    return ImportPlatforms(bundle, odd);
  }
  if (!file.starts_with('{')) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat("the file ", input::Sentence(input::ContentsOf(AsBytes(file))),
               ": not an export of Thimble, and not a PCCS's database or platformcollateral bundle")};
  }
  TRY_ASSIGN(const PlatformBundle bundle, ParsePlatformBundle(file, PcsVersion::kV4));
  return ImportPlatforms(bundle, odd);
}

Result<ImportReport> Transfer::ImportPlatforms(const PlatformBundle& bundle,
                                               const std::vector<std::string>& odd) {
  TRY_ASSIGN(const UploadReport uploaded, upload_.Take(bundle));
  ImportReport report;
  report.taken = uploaded.taken;
  report.waiting = bundle.waiting.size();
  for (const auto& [item, error] : uploaded.refused) report.refused.push_back(RefusedBy(item, error));
  for (const std::string& line : odd) {
    report.refused.push_back({line, std::string(CheckName(Check::kCollateralMalformed)), "left out"});
  }
  std::vector<Admission> taken;
  for (const BundleItem& item : bundle.items) {
    const auto answer = cache_.Peek(item.key, clock_.Now());
    if (answer) taken.push_back({item.key, answer->item, ""});
  }
  RecordLacks(taken, report);
  return report;
}

// An item has been fetched after it was issued, and before now, whatever the file says. When its vendor was last asked
// is for this Thimble to know: the file's word does not count.
Result<Admission> Transfer::Admit(const ExportedItem& offered, Instant now) {
  const Record& record = offered.record;
  const auto key = ParseKeyName(record.name);
  if (!key) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed,
                 "of a kind that this version of Thimble does not know"};
  }
  TRY_ASSIGN(Admission admission, cache_.Admit(*key, {record.bytes, record.source}, now));
  TRY(upload_.site().CheckItem(*admission.item));
  admission.fetched = std::clamp(record.fetched, std::min(admission.item->issued(), now), now);
  admission.past = offered.past;
  return admission;
}

Result<ImportReport> Transfer::ImportExport(std::string_view file, std::optional<Seconds> min_remaining) {
  const Instant now = clock_.Now();
  TRY_ASSIGN(const auto offered, DecodeExport(file));
  ImportReport report;
  std::vector<Admission> admissions;
  for (const ExportedItem& item : offered) {
    if (auto admission = Admit(item, now); admission.ok()) {
      admissions.push_back(*std::move(admission));
    } else {
      report.refused.push_back(RefusedBy(item.record.name, admission.error()));
    }
  }
  if (min_remaining) TRY(CheckRemaining(admissions, *min_remaining, now));

  std::set<std::string> held_before;
  for (const Admission& admission : admissions) {
    const auto answer = cache_.Peek(admission.key, now);
    if (answer && answer->item->sha256() == admission.item->sha256())
      held_before.insert(admission.item->name());
  }
  std::vector<Status> outcomes;
  std::vector<UploadReport::Refused> strangers;
  TRY(registry_.Edit([&](RegistryEdit& edit) { return BindPlatforms(edit, admissions, strangers); },
                     [&](const std::vector<Store::Write>& writes) -> Status {
                       TRY_ASSIGN(outcomes, cache_.TakeTogether(admissions, writes, now));
                       return {};
                     }));
  for (const auto& [item, error] : strangers) report.refused.push_back(RefusedBy(item, error));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const CollateralItem& item = *admissions[i].item;
    if (!outcomes[i].ok()) {
      report.refused.push_back(RefusedBy(item.name(), outcomes[i].error()));
    } else if (admissions[i].past) {
      ++report.past;
    } else {
      ++(held_before.contains(item.name()) ? report.held : report.taken);
      report.first_expiry = std::min(report.first_expiry.value_or(Instant::max()), item.next_update());
    }
  }
  RecordLacks(admissions, report);
  return report;
}

void Transfer::RecordLacks(const std::vector<Admission>& admissions, ImportReport& report) {
  std::set<std::string> lines;
  for (const Admission& admission : admissions) {
    const auto needs = admission.past ? std::nullopt : NeedsOf(admission);
    if (!needs) continue;
    for (const CollateralKey& key : needs->keys) {
      if (!cache_.Peek(key, clock_.Now())) lines.insert(StrCat(needs->whose, " lacks ", KeyName(key)));
    }
  }
  report.lacks.assign(lines.begin(), lines.end());
}

}  // namespace thimble
