// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/collateral_upload.h"

#include <algorithm>

#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/ids.h"
#include "tcb/intel/pck_set.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using Admission = CollateralCache::Admission;

constexpr const char* kSource = "upload";
constexpr uint32_t kTcbInfoVersion = 3;  // of PCS v4

// Whose certificate the chain of an item has first; empty: that of the root. nullopt: the key does not tell.
std::optional<std::string_view> SignerOf(const CollateralKey& key) {
  if (std::holds_alternative<PckCertsKey>(key)) return std::nullopt;
  if (std::holds_alternative<RootCaCrlKey>(key)) return "";
  if (const auto* const crl = std::get_if<PckCrlKey>(&key)) return intel::PckCaCn(crl->ca);
  return intel::kTcbSigningCn;
}

Error NoChain(const CollateralKey& key) {
  return {ErrorKind::kUnavailable, Check::kCollateralMissing,
          StrCat(KeyName(key),
                 ": neither the upload nor the cache has the chain of its issuer; send it, or an item that "
                 "bears it, first")};
}

bool Brings(const std::vector<Admission>& admissions, const intel::PlatformId& platform) {
  return std::ranges::any_of(admissions, [&](const Admission& admission) {
    const auto* const key = std::get_if<PckCertsKey>(&admission.key);
    return key != nullptr && !admission.past && key->platform == platform;
  });
}

// As PckService::Register(): a bound platform's proof gives way to none that came without its certificates.
Status Remember(RegistryEdit& edit, const Registration& registration,
                const std::vector<Admission>& admissions) {
  TRY_ASSIGN(const auto known, edit.Find(registration.platform));
  if (known && known->bound && !Brings(admissions, registration.platform)) return {};
  return edit.Remember(registration);
}

// What an upload says of platforms, but for those whose certificates were refused.
Status RememberPlatforms(RegistryEdit& edit, const PlatformBundle& bundle,
                         const std::vector<Admission>& admissions,
                         const std::vector<UploadReport::Refused>& refused) {
  for (const auto* registrations : {&bundle.platforms, &bundle.certified}) {
    for (const Registration& registration : *registrations) {
      const std::string item = KeyName(PckCertsKey{registration.platform});
      if (std::ranges::find(refused, item, &UploadReport::Refused::item) == refused.end())
        TRY(Remember(edit, registration, admissions));
    }
  }
  // After that: who waits beside certificates waits for others.
  for (const QueuedRegistration& waiting : bundle.waiting) {
    TRY(Remember(edit, waiting.registration, admissions));
    TRY(edit.Enqueue(waiting.registration, waiting.why));
  }
  return {};
}

// Nobody waits for what is here now.
Status BindPlatform(RegistryEdit& edit, const intel::PlatformId& platform, const intel::PckSet& set) {
  if (platform.asked()) {
    return Error{ErrorKind::kRejected, Check::kPckNotRegistered,
                 StrCat("platform ", platform.name(), ": what a look-up brought is for who looked it up")};
  }
  TRY(edit.Bind(platform, set));
  return edit.Settle(platform, set.not_available);
}

}  // namespace

// Intel's tool for sites without a network writes the CRLs of both CAs, but the chains of its platforms' CAs alone, or
// none: those in the cache will do. Nothing rests on them until the signature is checked, up to the pinned root.
std::string CollateralUpload::CachedChain(const CollateralKey& key) {
  const Instant now = clock_.Now();
  const auto signer = SignerOf(key);
  if (!signer) return {};
  for (const CollateralKey& other : cache_.Keys()) {
    if (VendorOf(other) != Vendor::kIntel) continue;
    const auto answer = cache_.Peek(other, now);
    if (!answer || answer->item->signers().empty()) continue;
    const auto& signers = answer->item->signers();
    if (signer->empty()) return EncodePem(signers.back()->der(), "CERTIFICATE");
    if (signers.front()->subject_cn() == *signer) return answer->item->issuer_chain();
  }
  return {};
}

Status BindPlatforms(RegistryEdit& edit, std::vector<Admission>& admissions,
                     std::vector<UploadReport::Refused>& refused) {
  Status failed;
  std::erase_if(admissions, [&](const Admission& admission) {
    const auto* const key = std::get_if<PckCertsKey>(&admission.key);
    if (key == nullptr || admission.past || !failed.ok()) return false;
    Status bound = BindPlatform(edit, key->platform, *admission.item->pck_set());
    if (bound.ok()) return false;
    if (bound.error().kind == ErrorKind::kRejected) {
      refused.push_back({KeyName(admission.key), bound.error()});
      return true;
    }
    failed = std::move(bound);
    return false;
  });
  return failed;
}

Result<Admission> CollateralUpload::Admit(const BundleItem& item) {
  CollateralBytes bytes = item.bytes;
  if (bytes.issuer_chain.empty()) bytes.issuer_chain = CachedChain(item.key);
  if (bytes.issuer_chain.empty()) return NoChain(item.key);
  TRY_ASSIGN(Admission admission, cache_.Admit(item.key, {std::move(bytes), kSource}, clock_.Now()));
  TRY(site_.CheckItem(*admission.item));
  const intel::TcbInfo* const info = admission.item->tcb_info();
  if (info == nullptr || info->version == kTcbInfoVersion) return admission;
  return Error{ErrorKind::kRejected, Check::kCollateralMismatch,
               StrCat("TCB info of version ", info->version, ", PCS v4 has ", kTcbInfoVersion)};
}

// Which certificate fits is found again at each request; chosen now, it is recorded for the lists of platforms. One that
// lacks its certificate or TCB info is no reason to refuse the rest.
void CollateralUpload::ChooseCertificates(const PlatformBundle& bundle) {
  size_t failed = 0;
  std::string first;
  for (const Registration& platform : bundle.platforms) {
    if (!platform.raw) continue;
    const auto choice = pck_service_.ChooseUploaded(platform.platform, *platform.raw);
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
    const Status of_site = site_.CheckChain(KeyName(item.key), item.bytes.issuer_chain);
    if (write.ok() && !of_site.ok()) write = of_site.error();
    if (write.ok()) {
      beside.push_back(*std::move(write));
    } else {
      report.refused.push_back({StrCat(KeyName(item.key), " of PCS v3"), write.error()});
    }
  }
  std::vector<Status> outcomes;
  TRY(registry_.Edit(
      [&](RegistryEdit& edit) -> Status {
        TRY(BindPlatforms(edit, admissions, report.refused));
        return RememberPlatforms(edit, bundle, admissions, report.refused);
      },
      [&](const std::vector<Store::Write>& writes) -> Status {
        report.taken = admissions.size() + beside.size();
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
