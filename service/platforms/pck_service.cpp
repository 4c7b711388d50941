// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/pck_service.h"

#include <algorithm>

#include "cache/held_certificates.h"
#include "cache/pck_levels.h"
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

constexpr Seconds kLookAgainForAnother{600};

// By `pckcert`, of a cache that gives single certificates.
bool CameAlone(const CacheAnswer& set) { return set.item->source().ends_with("/pckcert"); }

// Stands for the QE id where none is said: Intel is not asked by it.
PlatformId NamelessPlatform(const intel::PceId& pce_id) {
  return *PlatformId::FromName(StrCat("/", pce_id.hex()));
}

// A proof that was brought; nullopt: none, or one that a platform shows that cannot tell it.
std::optional<intel::PlatformProof> ProofIn(const Registration& registration) {
  if (registration.manifest) return intel::PlatformProof(*registration.manifest);
  if (registration.ppid && !registration.ppid->zero()) return intel::PlatformProof(*registration.ppid);
  return std::nullopt;
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

// ---- what is asked for ----

// What a look-up brought is its own; a platform's is of the PPID that it is bound to.
Result<std::optional<CacheAnswer>> PckService::Held(const PckCertsKey& key) {
  if (key.platform.asked()) return cache_.Peek(key, clock_.Now());
  TRY_ASSIGN(const auto known, registry_.Find(key.platform));
  return known ? HeldCertificatesOf(cache_, *known, clock_.Now()) : std::nullopt;
}

// From the cache or upstream. What lies there of another PPID, or came while the platform was bound to another, is
// nobody's: it is asked for again, once.
Result<CacheAnswer> PckService::Obtained(const PckCertsKey& key) {
  TRY_ASSIGN(const auto held, Held(key));
  const bool others = !held && cache_.Peek(key, clock_.Now());
  auto answer =
      others ? cache_.Refresh(key, clock_.Now(), RefreshUrge::kPatient) : cache_.Get(key, clock_.Now());
  if (!answer.ok()) return NamingTheTcbs(std::move(answer).error());
  TRY(CheckOwn(key, *answer));
  return answer;
}

Status PckService::CheckOwn(const PckCertsKey& key, const CacheAnswer& certificates) {
  if (key.platform.asked()) return {};
  TRY_ASSIGN(const auto known, registry_.Find(key.platform));
  if (known && IsOf(certificates, *known)) return {};
  if (!known || !known->bound) return WhyNotHeld(key.platform);
  return PlatformMismatch(key.platform, *known->bound, certificates.item->pck_set()->ppid);
}

// Under which key the certificates lie that whoever asks may have.
Result<PckCertsKey> PckService::KeyFor(const PckRequest& request, const std::optional<PckTcb>& raw) {
  TRY_ASSIGN(const auto known, registry_.Find(request.platform));
  if (known && known->bound) return PckCertsKey{request.platform};
  if (known && known->proof() && options_.mode == CachingMode::kLazy) {  // its certificates are still to come
    TRY(Obtain({request.platform, {}, known->ppid, known->manifest}, RefreshUrge::kPatient, raw));
    return PckCertsKey{request.platform};
  }
  if (request.ppid && !request.ppid->zero()) return PckCertsKey{request.platform.AskedWith(*request.ppid)};
  if (options_.mode != CachingMode::kLazy) return WhyNotHeld(request.platform);
  if (request.ppid) {
    return Refused(Check::kPckNotRegistered,
                   StrCat("platform ", request.platform.name(), ": its encrypted PPID is all zeros"));
  }
  return Error{
      ErrorKind::kMalformed, Check::kRequest,
      StrCat("platform ", request.platform.name(), " is not registered, and no encrypted PPID is given")};
}

Result<CacheAnswer> PckService::Certificates(const PckRequest& request) {
  return CertificatesFor(request, std::nullopt);
}

Result<CacheAnswer> PckService::CertificatesByProof(const intel::PlatformProof& proof,
                                                    const intel::PceId& pce_id) {
  const auto* const ppid = std::get_if<intel::EncryptedPpid>(&proof);
  const auto* const manifest = std::get_if<intel::PlatformManifest>(&proof);
  if (ppid != nullptr && ppid->zero())
    return Refused(Check::kPckNotRegistered, "pckcerts: the encrypted PPID is all zeros");
  TRY_ASSIGN(const auto known, registry_.FindByProof(proof, pce_id));
  const PckCertsKey key{known ? known->id : NamelessPlatform(pce_id).AskedWith(proof)};
  TRY_ASSIGN(const auto held, Held(key));
  if (!held && options_.mode != CachingMode::kLazy)
    return Refused(Check::kPckNotRegistered, "pckcerts: no platform is registered with this proof");
  const PckSource::Hint hint(&source_, {key.platform,
                                        {},
                                        ppid != nullptr ? std::optional(*ppid) : std::nullopt,
                                        manifest != nullptr ? std::optional(*manifest) : std::nullopt});
  return Obtained(key);
}

Result<CacheAnswer> PckService::CertificatesFor(const PckRequest& request, const std::optional<PckTcb>& raw) {
  TRY_ASSIGN(const PckCertsKey key, KeyFor(request, raw));
  TRY_ASSIGN(const auto held, Held(key));
  if (!held && options_.mode != CachingMode::kLazy) return WhyNotHeld(request.platform);
  const PckSource::Hint hint(&source_, {key.platform, raw, request.ppid, {}});
  if (held && raw && WorthAnotherLook(*held, key.platform, *raw)) {
    auto renewed = cache_.Refresh(key, clock_.Now(), RefreshUrge::kPatient);
    if (renewed.ok() && CheckOwn(key, *renewed).ok()) return renewed;
  }
  return Obtained(key);
}

// A platform that shows a TCB for the first time may have been updated since its certificates were fetched: there may be
// a newer one. Once in max_age, whatever it shows; sooner when all that came was one certificate, for the TCB of then.
// Which TCBs look-ups have shown is not known.
bool PckService::WorthAnotherLook(const CacheAnswer& set, const PlatformId& platform, const PckTcb& raw) {
  if (options_.mode != CachingMode::kLazy) return false;
  const Seconds seldom = CameAlone(set) ? std::min(options_.max_age, kLookAgainForAnother) : options_.max_age;
  if (HappenedWithin(seldom, set.last_check, clock_.Now())) return false;
  if (platform.asked()) return true;
  const auto known = registry_.Find(platform);
  if (!known.ok() || !known->has_value() || !(*known)->proof()) return false;
  return std::ranges::none_of((*known)->tcbs, [&](const TcbMapping& tcb) { return tcb.raw == raw; });
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

Result<PckChoice> PckService::Choose(const PckRequest& request, const PckTcb& raw) {
  TRY_ASSIGN(CacheAnswer set, CertificatesFor(request, raw));
  const PlatformId platform = std::get<PckCertsKey>(set.item->key()).platform;
  auto choice = ChooseFrom(std::move(set), platform, raw, options_.mode == CachingMode::kLazy);
  if (choice.ok()) RecordSeen(*choice);
  return choice;
}

void PckService::RecordSeen(const PckChoice& choice) {
  const auto facts = intel::ParseSgxExtension(*choice.certificate->certificate,
                                              choice.set.item->pck_set()->ca, Check::kCollateralMalformed);
  if (facts.ok()) seen_->Record(TcbOf(*facts), clock_.Now());  // it is: the set was authenticated
}

Result<PckChoice> PckService::ChooseHeld(const PlatformId& platform, const PckTcb& raw) {
  TRY_ASSIGN(auto set, Held(PckCertsKey{platform}));
  if (!set) return WhyNotHeld(platform);
  return ChooseFrom(*std::move(set), platform, raw, options_.mode == CachingMode::kLazy);
}

Result<std::string> PckService::ChainFor(const PlatformId& platform, const PckTcb& raw,
                                         const std::optional<intel::EncryptedPpid>& ppid) {
  TRY_ASSIGN(const auto known, registry_.Find(platform));
  const bool asked = ppid && !ppid->zero() && !(known && known->bound);
  const auto choice = ChooseHeld(asked ? platform.AskedWith(*ppid) : platform, raw);
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
  return PckChoice{std::move(set), selection.chosen};
}

// For a registration or an upload alone: who looks a platform up may show any TCB, and leaves nothing in the registry.
Status PckService::RecordChoice(const PlatformId& platform, const PckTcb& raw, const PckChoice& choice) {
  const TcbMapping mapping{raw, choice.certificate->tcb};
  TRY_ASSIGN(const auto known, registry_.Find(platform));
  if (known && std::ranges::find(known->tcbs, mapping) != known->tcbs.end()) return {};
  return registry_.Edit([&](RegistryEdit& edit) { return edit.RecordChoice(platform, mapping); });
}

Result<PckChoice> PckService::ChooseUploaded(const PlatformId& platform, const PckTcb& raw) {
  TRY_ASSIGN(auto choice, ChooseHeld(platform, raw));
  TRY(RecordChoice(platform, raw, choice));
  return choice;
}

// ---- registration ----

// As Intel's: a platform that shows no manifest is the one whose manifest is known; one that shows another has been
// registered again. Encrypted PPIDs are random: another one is the same platform's, or another's, and only Intel can tell.
Result<bool> PckService::IsCached(const Registration& registration) {
  TRY_ASSIGN(const auto known, registry_.Find(registration.platform));
  if (!known || !HeldCertificatesOf(cache_, *known, clock_.Now())) return false;
  if (registration.manifest) return known->manifest == registration.manifest;
  if (registration.ppid != known->ppid) return false;
  return std::ranges::any_of(known->tcbs, [&](const TcbMapping& tcb) { return tcb.raw == registration.raw; });
}

// Fetched as a look-up with the proof of this registration, so that it shares no fetch with what is asked for with
// another; then bound. `raw` is the TCB to ask for where single certificates are to be had.
Result<CacheAnswer> PckService::Obtain(const Registration& registration, RefreshUrge urge,
                                       const std::optional<PckTcb>& raw) {
  const auto proof = ProofIn(registration);
  if (!proof) {
    return Refused(Check::kPckNotRegistered,
                   StrCat("platform ", registration.platform.name(), ": its encrypted PPID is all zeros"));
  }
  const PckCertsKey asked{registration.platform.AskedWith(*proof)};
  const PckSource::Hint hint(&source_, {asked.platform, raw, registration.ppid, registration.manifest});
  auto obtained = cache_.Refresh(asked, clock_.Now(), urge);
  if (!obtained.ok()) return NamingTheTcbs(std::move(obtained).error());
  auto bound = Bind(registration, *obtained);
  cache_.Remove(asked);
  return bound;
}

// The certificates of the platform from now on, unless it is bound to another PPID. What is known of it and what it is
// given are written down together.
Result<CacheAnswer> PckService::Bind(const Registration& registration, const CacheAnswer& obtained) {
  const PckCertsKey key{registration.platform};
  const CollateralItem& item = *obtained.item;
  TRY_ASSIGN(auto admission,
             cache_.Admit(key, {{item.body(), item.issuer_chain()}, item.source()}, clock_.Now()));
  admission.fetched = obtained.fetched;
  admission.last_check = obtained.last_check;
  TRY(registry_.Edit([&](RegistryEdit& edit) { return RecordArrival(registration, *item.pck_set(), edit); },
                     [&](const std::vector<Store::Write>& writes) -> Status {
                       // What is held may be newer: then it stays, and it is this platform's, too.
                       TRY(cache_.TakeTogether({admission}, writes, clock_.Now()));
                       return {};
                     }));
  auto held = cache_.Peek(key, clock_.Now());
  if (!held) return Refused(Check::kCollateralMissing, StrCat(KeyName(key), ": removed by now"));
  return *std::move(held);
}

Status PckService::RecordArrival(const Registration& registration, const intel::PckSet& set,
                                 RegistryEdit& edit) const {
  TRY(edit.Bind(registration.platform, set));
  TRY(edit.Remember(registration));
  TRY(edit.RecordLevels(registration.platform, HeldLevels(cache_, set.fmspc, clock_.Now())));
  TRY(edit.Settle(registration.platform, set.not_available));
  if (options_.mode != CachingMode::kRequest) return {};
  for (const PckTcb& tcb : set.not_available) {
    TRY(edit.Enqueue({registration.platform, tcb, registration.ppid, registration.manifest},
                     Why::kNotAvailable));
  }
  return {};
}

Status PckService::FetchFor(const Registration& registration) {
  TRY_ASSIGN(CacheAnswer set, Obtain(registration, RefreshUrge::kNow, registration.raw));
  if (!registration.raw) return {};
  const auto chosen = ChooseFrom(std::move(set), registration.platform, *registration.raw, true);
  if (!chosen.ok()) return chosen.error();
  RecordSeen(*chosen);
  return RecordChoice(registration.platform, *registration.raw, *chosen);
}

// What a registration says of a platform that is bound is believed once Intel has: until then it only waits.
Status PckService::Register(const Registration& registration) {
  TRY_ASSIGN(const bool cached, IsCached(registration));
  if (cached) return {};
  const bool waits = options_.mode != CachingMode::kLazy;
  if (waits) {
    TRY(registry_.Edit([&](RegistryEdit& edit) -> Status {
      TRY_ASSIGN(const auto known, edit.Find(registration.platform));
      if (!known || !known->bound) TRY(edit.Remember(registration));
      return edit.Enqueue(registration, Why::kNew);
    }));
  }
  if (options_.mode == CachingMode::kOffline) return {};
  Status fetched = FetchFor(registration);
  if (waits && !fetched.ok() && fetched.error().check == Check::kPckPlatformMismatch) {
    TRY(registry_.Edit([&](RegistryEdit& edit) { return edit.Withdraw(registration); }));
  }
  return fetched;
}

Status PckService::Renew(const PlatformId& platform) {
  if (options_.mode == CachingMode::kOffline) return WhyNotHeld(platform);
  const auto renewed = cache_.Refresh(PckCertsKey{platform}, clock_.Now());
  if (!renewed.ok()) return NamingTheTcbs(renewed.error());
  return registry_.Edit([&](RegistryEdit& edit) {
    return RecordArrival({platform, {}, {}, {}}, *renewed->item->pck_set(), edit);
  });
}

Result<std::vector<PlatformId>> PckService::Forget(std::string_view qe_id) {
  TRY_ASSIGN(const auto ids, registry_.IdsOf(qe_id));
  const auto forget = [&](RegistryEdit& edit) -> Status {
    for (const PlatformId& id : ids) TRY(edit.Forget(id));
    return {};
  };
  // The certificates first, while nobody else can bind the id: afterwards they may be the next owner's.
  const auto apply = [&](const std::vector<Store::Write>& writes) -> Status {
    for (const PlatformId& id : ids) cache_.Remove(PckCertsKey{id});
    TRY(cache_.TakeTogether({}, writes, clock_.Now()));
    return {};
  };
  TRY(registry_.Edit(forget, apply));
  return ids;
}

}  // namespace thimble
