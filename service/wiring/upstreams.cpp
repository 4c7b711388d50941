// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/upstreams.h"

#include <algorithm>

#include "fetchers/curl_http_client.h"
#include "fetchers/pacing.h"
#include "fetchers/retry.h"
#include "service/config/anchors.h"
#include "service/upstreams/accepting.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// AMD's KDS admits one identical request in 10 s (spec/amd-sev-snp.md a).
constexpr std::chrono::milliseconds kKdsInterval{10'000};

std::shared_ptr<HttpClient> VendorClient(PacingOptions pacing) {
  auto curl = std::make_shared<CurlHttpClient>(CurlOptions{});
  auto paced = std::make_shared<PacingHttpClient>(std::move(curl), pacing, RealTiming());
  return std::make_shared<RetryingHttpClient>(std::move(paced), RetryOptions{}, RealTiming());
}

}  // namespace

Result<std::unique_ptr<Upstreams>> MakeUpstreams(const Config& config, std::shared_ptr<CachedChains> chains,
                                                 UpstreamEvents& events) {
  UpstreamsOptions options;
  options.amd_chain = [chains](const AmdChainKey& key, SteadyTime) { return chains->Get(key); };
  TRY_ASSIGN(options.root_crls, ReadRootCrlAddresses(config.server.anchors));
  options.intel = config.intel_upstreams;
  options.amd = config.amd_upstreams;
  PacingOptions pacing;
  pacing.on_wait = [&events](std::chrono::milliseconds wait) { events.RecordWait(wait); };
  options.thim_client = VendorClient(pacing);
  PacingOptions kds_pacing = pacing;
  kds_pacing.identical_interval = kKdsInterval;
  return Upstreams::Make(
      std::move(options), VendorClient(pacing), VendorClient(kds_pacing),
      [&events](const UpstreamEvent& event) { events.Record(event); }, SteadyNow);
}

FetchFunction FetchFrom(Upstreams& upstreams, PckSource& pck_source, MissBudgets& budgets, CachingMode mode) {
  return [&upstreams, &pck_source, &budgets, mode](const CollateralKey& key, SteadyTime deadline,
                                                   const AcceptFunction& accept) -> Status {
    if (mode == CachingMode::kOffline) {
      return Error{ErrorKind::kUnavailable, Check::kModeForbidsFetch, "nothing is fetched in OFFLINE mode"};
    }
    TRY(budgets.Spend(VendorOf(key)));
    if (const auto* pck = std::get_if<PckCertsKey>(&key)) return pck_source.Fetch(*pck, deadline, accept);
    TRY(upstreams.Fetch(key, deadline, Accepting(accept)));
    return {};
  };
}

std::shared_ptr<HttpClient> FloorsClient() { return VendorClient(PacingOptions{}); }

FmspcList::Fetch FmspcsFrom(Upstreams& upstreams, MissBudgets& budgets, Seconds budget) {
  return [&upstreams, &budgets, budget](const std::string& platform) -> Result<std::string> {
    TRY(budgets.Spend(Vendor::kIntel));
    TRY_ASSIGN(const Fetched fetched, upstreams.FetchFmspcList(platform, SteadyNow() + budget));
    return std::string(AsText(fetched.bytes.body));
  };
}

HostVcek::Ask AskHostOf(const Config& config, Upstreams& upstreams, MissBudgets& budgets) {
  const bool any = std::ranges::any_of(
      config.amd_upstreams, [](const Upstream& upstream) { return upstream.kind == UpstreamKind::kThim; });
  if (!any || config.pccs.mode == CachingMode::kOffline) return {};
  return [&upstreams, &budgets, budget = config.server.miss_wait]() -> Result<FetchedBytes> {
    TRY(budgets.Spend(Vendor::kAmd));
    TRY_ASSIGN(Fetched fetched, upstreams.FetchHostVcek(SteadyNow() + budget));
    return FetchedBytes{std::move(fetched.bytes), std::move(fetched.source), std::move(fetched.upstream)};
  };
}

}  // namespace thimble
