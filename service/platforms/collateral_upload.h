// SPDX-License-Identifier: Apache-2.0
//
// Takes what an administrator uploads: each item is verified like a fetch, and what holds is written down in one
// batch with what it says of platforms, each bound to the PPID of its certificates. What does not is refused, with the
// reason.
#pragma once

#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/version3_tcb_infos.h"
#include "service/platforms/pck_service.h"
#include "service/platforms/platform_bundle.h"
#include "service/support/clock.h"
#include "service/upstreams/site_rule.h"

namespace thimble {

struct UploadReport {
  struct Refused {
    std::string item;  // KeyName
    Error error;
  };
  size_t taken = 0;
  std::vector<Refused> refused;
};

// Binds platforms to the certificates that come for them. Those that are another platform's than their QE id's are
// taken out of `admissions`, and told in `refused`; a look-up's, which are nobody's, too.
Status BindPlatforms(RegistryEdit& edit, std::vector<CollateralCache::Admission>& admissions,
                     std::vector<UploadReport::Refused>& refused);

// Thread-safe. What it refers to outlives it.
class CollateralUpload {
 public:
  CollateralUpload(CollateralCache& cache, PlatformRegistry& registry, Version3TcbInfos& version3_infos,
                   PckService& pck_service, const Clock& clock, SiteRule site)
      : cache_(cache),
        registry_(registry),
        version3_infos_(version3_infos),
        pck_service_(pck_service),
        clock_(clock),
        site_(site) {}

  // Of whatever comes from outside.
  const SiteRule& site() const { return site_; }
  // Errors: store.io, and nothing is taken.
  Result<UploadReport> Take(const PlatformBundle& bundle);

 private:
  void ChooseCertificates(const PlatformBundle& bundle);
  std::string CachedChain(const CollateralKey& key);  // PEM; empty: none
  Result<CollateralCache::Admission> Admit(const BundleItem& item);

  CollateralCache& cache_;
  PlatformRegistry& registry_;
  Version3TcbInfos& version3_infos_;
  PckService& pck_service_;
  const Clock& clock_;
  const SiteRule site_;
};

}  // namespace thimble
