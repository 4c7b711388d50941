// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates of platforms: held, fetched as far as the mode allows, and chosen for a TCB; and the
// registration of platforms (spec/intel-pccs-api.md sections 4 to 6).
//
// A QE id says nothing about whose it is: a quote shows it to anybody. A registration binds it to the PPID in the
// certificates that Intel returns for the proof; from then on it is given these, and no others replace them. Who looks
// up a platform that nobody has registered gets what Intel returns for the encrypted PPID that he brings, and it is kept
// for that encrypted PPID alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/seen_platforms.h"
#include "service/support/clock.h"
#include "service/upstreams/caching_mode.h"
#include "service/upstreams/pck_source.h"
#include "tcb/intel/pck_set.h"

namespace thimble {

// What is asked about a platform. The PPID is needed when it is not registered.
struct PckRequest {
  intel::PlatformId platform;
  std::optional<intel::EncryptedPpid> ppid;
};

// A certificate out of a set; `certificate` points into `set.item`.
struct PckChoice {
  CacheAnswer set;
  const intel::PckCertificate* certificate = nullptr;
};

struct PckServiceOptions {
  CachingMode mode = CachingMode::kLazy;
  Seconds max_age{24 * 3600};  // of a set, when a platform shows a TCB that it did not show before
};

// Errors, besides those of the cache: pck.not_registered, mode.forbids_fetch, pck.no_cert_for_tcb (all
// kUnavailable), pck.platform_mismatch (kRejected), request.invalid (kMalformed: the platform is not registered, and no
// PPID was given).
// Thread-safe. What it refers to outlives it.
class PckService {
 public:
  PckService(CollateralCache& cache, PlatformRegistry& registry, PckSource& source, const Clock& clock,
             PckServiceOptions options, SeenPlatforms* seen)
      : cache_(cache), registry_(registry), source_(source), clock_(clock), options_(options), seen_(seen) {}

  Result<CacheAnswer> Certificates(const PckRequest& request);
  // As the PCS is asked, by the proof alone: those of the registered platform that Intel was shown it for, or what a
  // look-up with it brings.
  Result<CacheAnswer> CertificatesByProof(const intel::PlatformProof& proof, const intel::PceId& pce_id);
  Result<PckChoice> Choose(const PckRequest& request, const intel::PckTcb& raw);
  // As Choose(), with certificates that are held already.
  Result<PckChoice> ChooseHeld(const intel::PlatformId& platform, const intel::PckTcb& raw);
  // The same for a platform that an administrator has uploaded: the choice is recorded.
  Result<PckChoice> ChooseUploaded(const intel::PlatformId& platform, const intel::PckTcb& raw);
  // The same certificate with its chain, in PEM, for a quote that holds none. Any error is pck.missing.
  // Of a platform that nobody has registered, what a look-up with this encrypted PPID brought: it comes from the quote.
  Result<std::string> ChainFor(const intel::PlatformId& platform, const intel::PckTcb& raw,
                               const std::optional<intel::EncryptedPpid>& ppid);
  // Fetches the certificates of the platform and binds it to them, or queues it until an administrator uploads them.
  Status Register(const Registration& registration);
  // Fetches what a registration waits for.
  Status FetchFor(const Registration& registration);
  // Fetches the certificates of a registered platform again.
  Status Renew(const intel::PlatformId& platform);
  // Removes the platforms of a QE id, their certificates and what of them waits: the next that registers it binds it.
  // Returns those that were known.
  Result<std::vector<intel::PlatformId>> Forget(std::string_view qe_id);

  CachingMode mode() const { return options_.mode; }

 private:
  Result<PckCertsKey> KeyFor(const PckRequest& request, const std::optional<intel::PckTcb>& raw);
  Result<CacheAnswer> CertificatesFor(const PckRequest& request, const std::optional<intel::PckTcb>& raw);
  Result<std::optional<CacheAnswer>> Held(const PckCertsKey& key);
  Result<CacheAnswer> Obtained(const PckCertsKey& key);
  Status CheckOwn(const PckCertsKey& key, const CacheAnswer& certificates);
  Result<CacheAnswer> Obtain(const Registration& registration, RefreshUrge urge,
                             const std::optional<intel::PckTcb>& raw);
  Result<CacheAnswer> Bind(const Registration& registration, const CacheAnswer& obtained);
  Status RecordArrival(const Registration& registration, const intel::PckSet& set, RegistryEdit& edit) const;
  Result<PckChoice> ChooseFrom(CacheAnswer set, const intel::PlatformId& platform, const intel::PckTcb& raw,
                               bool may_fetch);
  Result<CacheAnswer> TcbInfoFor(const intel::Fmspc& fmspc, bool may_fetch);
  Result<bool> IsCached(const Registration& registration);
  bool WorthAnotherLook(const CacheAnswer& set, const intel::PlatformId& platform, const intel::PckTcb& raw);
  Error WhyNotHeld(const intel::PlatformId& platform);
  Status RecordChoice(const intel::PlatformId& platform, const intel::PckTcb& raw, const PckChoice& choice);
  void RecordSeen(const PckChoice& choice);

  CollateralCache& cache_;
  PlatformRegistry& registry_;
  PckSource& source_;
  const Clock& clock_;
  const PckServiceOptions options_;
  SeenPlatforms* const seen_;  // platforms that ask for their certificate, or register
};

}  // namespace thimble
