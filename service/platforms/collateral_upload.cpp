// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/collateral_upload.h"

#include <algorithm>

#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_set.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {
namespace {

using Admission = CollateralCache::Admission;

constexpr const char* kSource = "upload";
constexpr uint32_t kTcbInfoVersion = 3;  // of PCS v4

}  // namespace

Result<Admission> CollateralUpload::Admit(const BundleItem& item) {
  TRY_ASSIGN(Admission admission, cache_.Admit(item.key, {item.bytes, kSource}, clock_.Now()));
  const intel::TcbInfo* const info = admission.item->tcb_info();
  if (info == nullptr || info->version == kTcbInfoVersion) return admission;
  return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
               StrCat("TCB info of version ", info->version, ", PCS v4 has ", kTcbInfoVersion)};
}

// What the platforms and their certificates say; nobody waits for those that are here now.
Status CollateralUpload::RecordPlatforms(const PlatformBundle& bundle,
                                         const std::vector<Admission>& admissions, RegistryEdit& edit) const {
  for (const auto* registrations : {&bundle.platforms, &bundle.certified}) {
    for (const Registration& registration : *registrations) TRY(edit.Remember(registration));
  }
  for (const Admission& admission : admissions) {
    const auto* key = std::get_if<PckCertsKey>(&admission.key);
    if (key == nullptr) continue;
    const intel::PckSet& set = *admission.item->pck_set();
    TRY(edit.RecordCertificates(key->platform, set.fmspc, set.ca));
    TRY(edit.Settle(key->platform, set.not_available));
  }
  // After that: who waits beside certificates waits for others.
  for (const QueuedRegistration& waiting : bundle.waiting) {
    TRY(edit.Remember(waiting.registration));
    TRY(edit.Enqueue(waiting.registration, waiting.why));
  }
  return {};
}

// Which certificate fits is found again at each request; chosen now, it is recorded for the lists of platforms. One that
// lacks its certificate or TCB info is no reason to refuse the rest.
void CollateralUpload::ChooseCertificates(const PlatformBundle& bundle) {
  size_t failed = 0;
  std::string first;
  for (const Registration& platform : bundle.platforms) {
    if (!platform.raw) continue;
    const auto choice = pck_service_.ChooseHeld(platform.platform, *platform.raw);
    if (!choice && ++failed == 1) first = choice.error().message;
  }
  if (failed != 0)
    LogWarning("uploaded platforms have no certificate for their TCB", {{"platforms", failed}}, first);
}

Result<UploadReport> CollateralUpload::Take(const PlatformBundle& bundle) {
  const Instant now = clock_.Now();
  UploadReport report;
  std::vector<Admission> admissions;
  for (const BundleItem& item : bundle.items) {
    if (auto admission = Admit(item); admission.ok()) {
      admissions.push_back(*std::move(admission));
    } else {
      report.refused.push_back({KeyName(item.key), admission.error()});
    }
  }
  std::vector<Store::Write> beside;
  for (const BundleItem& item : bundle.version3_infos) {
    auto write = version3_infos_.Admit(std::get<TcbInfoKey>(item.key), item.bytes, now);
    if (write.ok()) {
      beside.push_back(*std::move(write));
    } else {
      report.refused.push_back({StrCat(KeyName(item.key), " of PCS v3"), write.error()});
    }
  }
  report.taken = admissions.size() + beside.size();

  std::vector<Status> outcomes;
  TRY(registry_.Edit([&](RegistryEdit& edit) { return RecordPlatforms(bundle, admissions, edit); },
                     [&](const std::vector<Store::Write>& writes) -> Status {
                       beside.insert(beside.end(), writes.begin(), writes.end());
                       TRY_ASSIGN(outcomes, cache_.TakeTogether(admissions, beside, now));
                       return {};
                     }));
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].ok()) continue;
    report.refused.push_back({admissions[i].item->name(), outcomes[i].error()});
    --report.taken;
  }
  ChooseCertificates(bundle);
  return report;
}

}  // namespace thimble
