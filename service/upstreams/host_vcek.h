// SPDX-License-Identifier: Apache-2.0
//
// Which VCEK is that of the machine that Thimble answers for: the configured one, or the one that a THIM upstream gives
// to this machine. The latter is verified like any other, kept in the cache, and asked for again once an hour: firmware
// changes it.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "cache/collateral_cache.h"
#include "service/support/clock.h"
#include "service/upstreams/kept_answers.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// "Milan", 128 hex digits (of Turin 16), and the TCB as a number in hex. Malformed (request.invalid) otherwise.
Result<VcekKey> ParseHost(std::string_view product, std::string_view chip_id, std::string_view tcb);

// Thread-safe. What it refers to outlives it.
class HostVcek {
 public:
  using Ask = std::function<Result<FetchedBytes>()>;  // empty: nobody to ask
  HostVcek(std::optional<VcekKey> configured, CollateralCache& cache, const TrustAnchors& anchors, Ask ask,
           const Clock& clock, std::chrono::milliseconds patience)
      : configured_(std::move(configured)),
        cache_(cache),
        anchors_(anchors),
        ask_(std::move(ask)),
        clock_(clock),
        learned_({.max_age = kAskEvery, .patience = patience}) {}

  // Errors: those of the upstream; the failed check of what it gave; pck.not_registered when there is neither.
  Result<VcekKey> Get();

 private:
  static constexpr Seconds kAskEvery{3600};
  Result<VcekKey> Learn(Instant now);

  const std::optional<VcekKey> configured_;
  CollateralCache& cache_;
  const TrustAnchors& anchors_;
  const Ask ask_;
  const Clock& clock_;
  KeptAnswers<VcekKey> learned_;
};

}  // namespace thimble
