// SPDX-License-Identifier: Apache-2.0
//
// Collateral in the dialect of Intel's PCS v4 and PCCS v4 (spec/intel-pccs-api.md), and in Azure's, which is the same
// under another root, with extra parameters (spec/azure-thim.md section 3): codes, bodies and header
// spelling are theirs. v3 is answered from v4 data, with PCCS's warning, but for TCB infos. On purpose different
// (docs/DEVIATIONS.md): an unreachable upstream is 503 with an empty body, because Intel's client keeps the body
// of a 503 when it asks again (spec/intel-qcnl-client.md, trap 1), and an unknown parameter is 400.
#pragma once

#include <string_view>

#include "cache/collateral_cache.h"
#include "cache/version3_tcb_infos.h"
#include "fetchers/intel_crl_addresses.h"
#include "service/baselines/evaluation.h"
#include "service/dialects/served_item.h"
#include "service/http/router.h"
#include "service/support/clock.h"
#include "service/upstreams/caching_mode.h"
#include "service/upstreams/fmspc_list.h"

namespace thimble {

struct IntelDialectOptions {
  bool honour_update = false;  // take "update=standard" for a choice
  CachingMode mode = CachingMode::kLazy;
  IntelSite site = IntelSite::kProduction;  // whose addresses of CRLs are known
  Seconds stale_grace{7 * 24 * 3600};       // of what is not in the cache: v3 TCB infos
};

// Thread-safe. The cache and the clock outlive it, and it outlives the router that it is added to.
class IntelDialect {
 public:
  IntelDialect(CollateralCache& cache, const DefaultEvaluation& evaluation, Version3TcbInfos& version3_infos,
               FmspcList& fmspcs, const Clock& clock, IntelDialectOptions options)
      : cache_(cache),
        evaluation_(evaluation),
        version3_infos_(version3_infos),
        fmspcs_(fmspcs),
        clock_(clock),
        options_(options) {}

  void AddTo(http::Router& router);

 private:
  void AddUnder(http::Router& router, std::string_view root);
  void AddVersionless(http::Router& router, std::string_view prefix);
  http::Response TcbInfo(const http::Request& request, const http::Query& query, IntelTee tee);
  http::Response Version3TcbInfo(const http::Request& request, const http::Query& query);
  http::Response Identity(const http::Request& request, const http::Query& query, EnclaveId id);
  http::Response EvaluationNumbers(const http::Request& request, IntelTee tee);
  http::Response Fmspcs(const http::Query& query);
  http::Response PckCrl(const http::Request& request, const http::Query& query);
  http::Response Crl(const http::Request& request, const http::Query& query);
  http::Response ServePast(const http::Request& request, std::string_view at, const CollateralKey& key,
                           ItemForm form);
  // A TCB info or identity has its evaluation number in the headers, and the baseline that chose it.
  http::Response Serve(const http::Request& request, const CollateralKey& key, ItemForm form,
                       const BaselinePtr& baseline = nullptr);
  // Errors: request.invalid; and unavailable, when the list that the default baseline needs cannot be fetched.
  using Choice = DefaultEvaluation::Choice;
  Result<Choice> ChoiceOf(const http::Query& query, IntelTee tee) const;

  CollateralCache& cache_;
  const DefaultEvaluation& evaluation_;
  Version3TcbInfos& version3_infos_;
  FmspcList& fmspcs_;
  const Clock& clock_;
  const IntelDialectOptions options_;
};

}  // namespace thimble
