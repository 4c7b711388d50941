// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/pck_service.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/intel/pck_selection.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using intel::PckTcb;
using intel::PlatformId;
using Why = QueuedRegistration::Why;

Error Refused(Check check, std::string message) {
  return {ErrorKind::kUnavailable, check, std::move(message)};
}

// That a vendor has no certificate yet for any TCB of a platform is a matter of its TCBs, not of our cache.
Error NamingTheTcbs(Error error) {
  if (error.check == Check::kCollateralMissing) error.check = Check::kPckNoCertForTcb;
  return error;
}

Error NoneFits(const PlatformId& platform, const PckTcb& raw, const intel::PckSelection& selection) {
  std::string message = StrCat("platform ", platform.name(), ": none of ", selection.candidates.size(),
                               " certificates is covered by TCB ", raw.HexUpper());
  if (!selection.candidates.empty() && selection.candidates.back().too_high) {
    const Shortfall& lowest = *selection.candidates.back().too_high;
    message += StrCat("; of the lowest, ", lowest.component, " is ", lowest.need, ", have ", lowest.have);
  }
  return Refused(Check::kPckNoCertForTcb, std::move(message));
}

}  // namespace

Error PckService::WhyNotHeld(const PlatformId& platform) {
  const auto known = registry_.Find(platform);
  if (!known.ok()) return known.error();
  if (known->has_value()) {
    return Refused(Check::kModeForbidsFetch,
                   StrCat("platform ", platform.name(), " is registered, its certificates are not cached"));
  }
  return Refused(Check::kPckNotRegistered, StrCat("platform ", platform.name(), " is not registered"));
}

// Certificates for a platform of which this is known, from upstream. `now_or_never` asks whatever came of the
// last attempt.
Result<CacheAnswer> PckService::Fetched(const Registration& registration, bool now_or_never) {
  const PckCertsKey key{registration.platform};
  const PckSource::Hint hint(&source_, registration);
  auto answer = now_or_never ? cache_.Refresh(key, clock_.Now()) : cache_.Get(key, clock_.Now());
  if (!answer.ok()) return NamingTheTcbs(std::move(answer).error());
  TRY(RecordArrival(registration, *answer->item->pck_set()));
  return answer;
}

Status PckService::RecordArrival(const Registration& registration, const intel::PckSet& set) {
  return registry_.Edit([&](RegistryEdit& edit) -> Status {
    TRY(edit.Remember(registration));
    TRY(edit.RecordCertificates(registration.platform, set.fmspc, set.ca));
    TRY(edit.Settle(registration.platform, set.not_available));
    if (options_.mode != CachingMode::kRequest) return {};
    for (const PckTcb& tcb : set.not_available) {
      TRY(edit.Enqueue({registration.platform, tcb, registration.ppid, registration.manifest},
                       Why::kNotAvailable));
    }
    return {};
  });
}

Result<CacheAnswer> PckService::Certificates(const PckRequest& request) {
  const PckCertsKey key{request.platform};
  if (cache_.Peek(key, clock_.Now())) return cache_.Get(key, clock_.Now());
  if (options_.mode != CachingMode::kLazy) return WhyNotHeld(request.platform);
  TRY_ASSIGN(const auto known, registry_.Find(request.platform));
  const bool has_proof = known && known->proof();
  if (!request.ppid && !has_proof) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat("platform ", request.platform.name(), " is not known, and no encrypted PPID is given")};
  }
  if (!has_proof && request.ppid->zero()) {
    return Refused(Check::kPckNotRegistered,
                   StrCat("platform ", request.platform.name(), ": its encrypted PPID is all zeros"));
  }
  return Fetched({request.platform, {}, request.ppid, {}}, false);
}

// The early one if there is one: it knows the newest levels.
Result<CacheAnswer> PckService::TcbInfoFor(const intel::Fmspc& fmspc, bool may_fetch) {
  const Instant now = clock_.Now();
  const TcbInfoKey early{IntelTee::kSgx, fmspc, {Selector::Kind::kEarly, 0}};
  const TcbInfoKey standard{IntelTee::kSgx, fmspc, {}};
  if (!may_fetch) {
    for (const CollateralKey& key : {CollateralKey(early), CollateralKey(standard)}) {
      if (auto held = cache_.Peek(key, now)) return *std::move(held);
    }
    return Refused(Check::kModeForbidsFetch, StrCat("no TCB info of FMSPC ", fmspc.hex(), " is cached"));
  }
  auto answer = cache_.Get(early, now);
  return answer.ok() ? std::move(answer) : cache_.Get(standard, now);
}

// A platform that shows a TCB for the first time may have been updated since its certificates were fetched:
// there may be a newer one. Once in max_age, whatever it shows.
bool PckService::WorthAnotherLook(const CacheAnswer& set, const PlatformId& platform, const PckTcb& raw) {
  if (options_.mode != CachingMode::kLazy) return false;
  if (HappenedWithin(options_.max_age, set.last_check, clock_.Now())) return false;
  const auto known = registry_.Find(platform);
  if (!known.ok() || !known->has_value() || !(*known)->proof()) return false;
  return std::ranges::none_of((*known)->tcbs, [&](const TcbMapping& tcb) { return tcb.raw == raw; });
}

Result<PckChoice> PckService::Choose(const PckRequest& request, const PckTcb& raw) {
  const PckSource::Hint hint(&source_, {request.platform, raw, {}, {}});
  TRY_ASSIGN(CacheAnswer set, Certificates(request));
  if (WorthAnotherLook(set, request.platform, raw)) {
    if (auto renewed = cache_.Refresh(PckCertsKey{request.platform}, clock_.Now()); renewed.ok()) {
      set = *std::move(renewed);
    }
  }
  auto choice = ChooseFrom(std::move(set), request.platform, raw, options_.mode == CachingMode::kLazy);
  if (choice.ok()) RecordSeen(*choice);
  return choice;
}

void PckService::RecordSeen(const PckChoice& choice) {
  const auto facts = intel::ParseSgxExtension(*choice.certificate->certificate,
                                              choice.set.item->pck_set()->ca, Check::kCollateralMalformed);
  if (facts.ok()) seen_->Record(TcbOf(*facts), clock_.Now());  // it is: the set was authenticated
}

Result<PckChoice> PckService::ChooseHeld(const PlatformId& platform, const PckTcb& raw) {
  auto set = cache_.Peek(PckCertsKey{platform}, clock_.Now());
  if (!set) return WhyNotHeld(platform);
  return ChooseFrom(*std::move(set), platform, raw, options_.mode == CachingMode::kLazy);
}

Result<std::string> PckService::ChainFor(const PlatformId& platform, const PckTcb& raw) {
  const auto choice = ChooseHeld(platform, raw);
  if (!choice.ok()) {
    return Error{ErrorKind::kUnavailable, Check::kPckMissing,
                 StrCat("the quote holds no PCK certificate: ", choice.error().message)};
  }
  return StrCat(EncodePem(choice->certificate->certificate->der(), "CERTIFICATE"),
                choice->set.item->issuer_chain());
}

Result<PckChoice> PckService::ChooseFrom(CacheAnswer set, const PlatformId& platform, const PckTcb& raw,
                                         bool may_fetch) {
  const intel::PckSet& certificates = *set.item->pck_set();
  TRY_ASSIGN(const CacheAnswer tcb_info, TcbInfoFor(certificates.fmspc, may_fetch));
  TRY_ASSIGN(const auto selection, SelectPck(certificates, raw, *tcb_info.item->tcb_info()));
  if (selection.chosen == nullptr) return NoneFits(platform, raw, selection);
  TRY(registry_.Edit([&](RegistryEdit& edit) {
    return edit.RecordChoice(platform, {raw, selection.chosen->tcb});
  }));
  return PckChoice{std::move(set), selection.chosen};
}

// As Intel's: a platform that shows no manifest is the one whose manifest is known; one that shows another has
// been registered again.
Result<bool> PckService::IsCached(const Registration& registration) {
  if (!cache_.Peek(PckCertsKey{registration.platform}, clock_.Now())) return false;
  TRY_ASSIGN(const auto known, registry_.Find(registration.platform));
  if (!known) return false;
  if (registration.manifest) return known->manifest == registration.manifest;
  return std::ranges::any_of(known->tcbs, [&](const TcbMapping& tcb) { return tcb.raw == registration.raw; });
}

Status PckService::FetchFor(const Registration& registration) {
  if (registration.ppid && registration.ppid->zero() && !registration.manifest) {
    return Refused(Check::kPckNotRegistered,
                   StrCat("platform ", registration.platform.name(), ": its encrypted PPID is all zeros"));
  }
  TRY_ASSIGN(CacheAnswer set, Fetched(registration, true));
  if (!registration.raw) return {};
  const auto chosen = ChooseFrom(std::move(set), registration.platform, *registration.raw, true);
  if (!chosen.ok()) return chosen.error();
  RecordSeen(*chosen);
  return {};
}

Status PckService::Register(const Registration& registration) {
  TRY_ASSIGN(const bool cached, IsCached(registration));
  if (cached) return {};
  const bool waits = options_.mode != CachingMode::kLazy;
  if (waits) {
    TRY(registry_.Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Remember(registration));
      return edit.Enqueue(registration, Why::kNew);
    }));
  }
  return options_.mode == CachingMode::kOffline ? Status() : FetchFor(registration);
}

Status PckService::Renew(const PlatformId& platform) {
  if (options_.mode == CachingMode::kOffline) return WhyNotHeld(platform);
  const auto renewed = Fetched({platform, {}, {}, {}}, true);
  return renewed.ok() ? Status() : Status(renewed.error());
}

}  // namespace thimble
