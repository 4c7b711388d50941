// SPDX-License-Identifier: Apache-2.0
#include "fetchers/upstreams.h"

#include <algorithm>

#include "fetchers/amd_urls.h"
#include "fetchers/azure_thim.h"
#include "fetchers/failures.h"
#include "fetchers/intel_fmspcs.h"
#include "fetchers/intel_pcs.h"
#include "fetchers/intel_urls.h"
#include "fetchers/pccs_pck.h"
#include "fetchers/retry.h"
#include "fetchers/url.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string_view VendorName(Vendor vendor) { return vendor == Vendor::kIntel ? "Intel" : "AMD"; }

std::optional<std::string> NormalizeBase(Vendor vendor, const Upstream& upstream) {
  if (vendor == Vendor::kIntel) return NormalizeIntelBase(upstream.url);
  return upstream.kind == UpstreamKind::kThim ? NormalizeThimBase(upstream.url)
                                              : NormalizeAmdBase(upstream.url);
}

// What Azure has of the two vendors, but for PCK certificates.
bool ThimHas(const CollateralKey& key) {
  return std::holds_alternative<VcekKey>(key) || std::holds_alternative<AmdChainKey>(key);
}

}  // namespace

struct Upstreams::Entry {
  Entry(Vendor v, Upstream configured, std::string normalised, BreakerOptions options)
      : vendor(v),
        upstream(std::move(configured)),
        base(std::move(normalised)),
        breaker(options),
        outages(options.failures) {}

  const Vendor vendor;
  const Upstream upstream;
  const std::string base;
  CircuitBreaker breaker;
  OutageWatch outages;
};

Upstreams::Upstreams(UpstreamsOptions options, std::shared_ptr<HttpClient> intel_client,
                     std::shared_ptr<HttpClient> amd_client, UpstreamEventSink events, SteadyClock clock)
    : options_(std::move(options)),
      intel_client_(std::move(intel_client)),
      amd_client_(std::move(amd_client)),
      events_(std::move(events)),
      clock_(std::move(clock)) {
  for (std::shared_ptr<HttpClient>* client : {&intel_client_, &amd_client_, &options_.thim_client}) {
    if (*client) *client = std::make_shared<OriginAuthoritiesClient>(std::move(*client), authorities_);
  }
}
Upstreams::~Upstreams() = default;

Upstreams::Entries Upstreams::Current() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

Status Upstreams::Replace(const std::vector<Upstream>& intel, const std::vector<Upstream>& amd) {
  Entries fresh;
  for (const Upstream& upstream : intel) TRY(Add(Vendor::kIntel, upstream, fresh));
  for (const Upstream& upstream : amd) TRY(Add(Vendor::kAmd, upstream, fresh));
  std::map<std::string, std::string> authorities;
  for (const auto& entry : fresh) {
    const auto url = ParseUrl(entry->base);
    if (url && !entry->upstream.ca_file.empty()) authorities[url->Origin()] = entry->upstream.ca_file;
  }
  authorities_->Set(std::move(authorities));
  const std::lock_guard lock(mutex_);
  // Others are asked now: what failed before says nothing of them.
  if (!entries_.empty()) std::ranges::for_each(recoveries_, [](auto& recovered) { ++recovered; });
  entries_ = std::move(fresh);
  return {};
}

Status Upstreams::Add(Vendor vendor, const Upstream& upstream, Entries& entries) const {
  auto base = NormalizeBase(vendor, upstream);
  if (!base) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("not the URL of an upstream of ", VendorName(vendor), ": \"", upstream.url, "\"")};
  }
  const auto url = ParseUrl(*base);
  if (url && !url->tls && !upstream.allow_http && ReachOf(*url) == Reach::kElsewhere) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("plain HTTP only with allow_http = true: \"", upstream.url, "\"")};
  }
  const BreakerOptions& breaker = vendor == Vendor::kIntel ? options_.intel_breaker : options_.amd_breaker;
  entries.push_back(std::make_shared<Entry>(vendor, upstream, *std::move(base), breaker));
  return {};
}

Result<std::unique_ptr<Upstreams>> Upstreams::Make(UpstreamsOptions options,
                                                   std::shared_ptr<HttpClient> intel_client,
                                                   std::shared_ptr<HttpClient> amd_client,
                                                   UpstreamEventSink events, SteadyClock clock) {
  std::unique_ptr<Upstreams> upstreams(new Upstreams(std::move(options), std::move(intel_client),
                                                     std::move(amd_client), std::move(events),
                                                     std::move(clock)));
  TRY(upstreams->Replace(upstreams->options_.intel, upstreams->options_.amd));
  return upstreams;
}

std::vector<Upstreams::State> Upstreams::States() const {
  std::vector<State> states;
  for (const auto& entry : Current()) {
    states.push_back({entry->vendor, entry->upstream.url, entry->breaker.open(clock_())});
  }
  return states;
}

Result<Fetched> Upstreams::Fetch(const CollateralKey& key, SteadyTime deadline, const Accept& accept) {
  return GoDown(
      {VendorOf(key), KeyName(key),
       [&key](const Entry& entry) { return entry.upstream.kind == UpstreamKind::kVendor || ThimHas(key); },
       [&](const Entry& entry, SteadyTime share) { return AskForKey(entry, key, share); }, accept},
      deadline);
}

HttpClient& Upstreams::ThimClient(Vendor vendor) const {
  if (options_.thim_client) return *options_.thim_client;
  return vendor == Vendor::kIntel ? *intel_client_ : *amd_client_;
}

Result<Fetched> Upstreams::AskForKey(const Entry& entry, const CollateralKey& key, SteadyTime deadline) {
  const bool allow_http = entry.upstream.allow_http;
  if (entry.vendor == Vendor::kIntel)
    return FetchIntel(*intel_client_, {entry.base, allow_http, options_.root_crls}, key, deadline);
  if (entry.upstream.kind == UpstreamKind::kThim) {
    return FetchThimAmd(ThimClient(Vendor::kAmd), {entry.base, allow_http}, key, deadline);
  }
  return FetchAmd(*amd_client_, {entry.base, allow_http}, options_.amd_chain, key, deadline);
}

Result<Fetched> Upstreams::FetchPck(const PckQuery& query, SteadyTime deadline, const Accept& accept) {
  const auto ask = [&](const Entry& entry, SteadyTime share) {
    const Upstream& upstream = entry.upstream;
    if (upstream.kind == UpstreamKind::kThim) {
      return FetchThimPck(ThimClient(Vendor::kIntel), {entry.base, upstream.allow_http}, query, share);
    }
    return AskForPck(entry, query, share);
  };
  return GoDown(
      {Vendor::kIntel, KeyName(PckCertsKey{query.platform}), [](const Entry&) { return true; }, ask, accept},
      deadline);
}

// A PCS and another Thimble have all certificates of a platform, a PCCS one of them. When neither can be had, the error
// says what became of either.
Result<Fetched> Upstreams::AskForPck(const Entry& entry, const PckQuery& query, SteadyTime deadline) const {
  const PckUpstream upstream{entry.base, entry.upstream.allow_http, entry.upstream.subscription_key};
  auto all = FetchPckCerts(*intel_client_, upstream, query, deadline);
  if (all.ok() || !MayLackPckCerts(upstream, all.error())) return all;
  auto one = FetchPccsPck(*intel_client_, upstream, query, deadline);
  if (one.ok()) return one;
  one.error().message = StrCat(all.error().message, "; ", one.error().message);
  if (one.error().http_status == 0 && one.error().check == Check::kUpstreamNotFound) {
    one.error().http_status = all.error().http_status;  // it answered, if only the first time
  }
  return one;
}

Result<Fetched> Upstreams::FetchHostVcek(SteadyTime deadline) {
  const auto ask = [&](const Entry& entry, SteadyTime share) {
    return FetchThimHost(ThimClient(Vendor::kAmd), {entry.base, entry.upstream.allow_http}, share);
  };
  return GoDown({Vendor::kAmd, "amd/vcek of this host",
                 [](const Entry& entry) { return entry.upstream.kind == UpstreamKind::kThim; }, ask},
                deadline);
}

Result<Fetched> Upstreams::FetchFmspcList(std::string_view platform, SteadyTime deadline) {
  const auto ask = [&](const Entry& entry, SteadyTime share) {
    return FetchFmspcs(*intel_client_, {entry.base, entry.upstream.allow_http}, platform, share);
  };
  return GoDown({Vendor::kIntel, StrCat("fmspcs/", platform),
                 [](const Entry& entry) { return entry.upstream.kind == UpstreamKind::kVendor; }, ask},
                deadline);
}

Result<Fetched> Upstreams::GoDown(const Task& task, SteadyTime deadline) {
  Entries candidates;
  for (const auto& entry : Current()) {
    if (entry->vendor == task.vendor && task.admits(*entry)) candidates.push_back(entry);
  }
  Failures failures;
  std::optional<Fetched> answer;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const SteadyTime now = clock_();
    if (now >= deadline) break;
    // Each of those still to be asked has an equal share of the time: one that hangs leaves time for the
    // next.
    const auto share = (deadline - now) / static_cast<int64_t>(candidates.size() - i);
    auto taken = Try(*candidates[i], task, now + share);
    if (!taken.ok()) {
      failures.Add(taken.error());
      continue;
    }
    answer = std::move(taken->answer);
    if (taken->then == Then::kStop) break;
  }
  if (answer) return *std::move(answer);
  if (!failures.empty()) return failures.Take();
  return UpstreamError(Check::kUpstreamUnreachable, candidates.empty()
                                                        ? StrCat("no upstream of ", VendorName(task.vendor))
                                                        : std::string("no time left"));
}

Result<Upstreams::Taken> Upstreams::Try(Entry& entry, const Task& task, SteadyTime deadline) {
  const SteadyTime start = clock_();
  if (!entry.breaker.Admit(start)) {
    Error error = UpstreamError(Check::kUpstreamUnreachable,
                                StrCat(entry.upstream.url, ": left out for a while, it was unreachable"));
    Report(entry, UpstreamEvent::Kind::kSkipped, task, &error, start);
    return error;
  }
  auto fetched = task.ask(entry, deadline);
  if (fetched.ok()) {
    NoteAnswer(entry);
    fetched->upstream = entry.upstream.url;
    const Result<Then> then = task.accept ? task.accept(*fetched) : Then::kStop;
    if (then.ok()) {
      Report(entry, UpstreamEvent::Kind::kAnswered, task, nullptr, start);
      return Taken{std::move(fetched).value(), *then};
    }
    Report(entry, UpstreamEvent::Kind::kRefused, task, &then.error(), start);
    return then.error();
  }
  const Error& error = fetched.error();
  const bool not_found = error.check == Check::kUpstreamNotFound;
  Report(entry, not_found ? UpstreamEvent::Kind::kNotFound : UpstreamEvent::Kind::kFailed, task, &error,
         start);
  Learn(entry, task, error, start);
  return error;
}

// What a failure says of the upstream itself; nothing, when nobody was asked.
void Upstreams::Learn(Entry& entry, const Task& task, const Error& error, SteadyTime since) {
  const bool unreachable = error.check == Check::kUpstreamUnreachable;
  const bool down = IsDownStatus(error.http_status);
  if (unreachable || down) entry.outages.Failed();
  if (unreachable) {
    if (entry.breaker.Failed(clock_()))
      Report(entry, UpstreamEvent::Kind::kBreakerOpened, task, &error, since);
  } else if (down) {
    entry.breaker.Succeeded();  // it was reached, and that is all
  } else if (error.http_status != 0 || error.check == Check::kUpstreamAnswer) {
    NoteAnswer(entry);
  }
}

void Upstreams::NoteAnswer(Entry& entry) {
  entry.breaker.Succeeded();
  if (entry.outages.Answered()) ++recoveries_.at(static_cast<size_t>(entry.vendor));
}

void Upstreams::Report(const Entry& entry, UpstreamEvent::Kind kind, const Task& task, const Error* error,
                       SteadyTime since) const {
  if (!events_) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_() - since);
  events_({kind, entry.vendor, entry.upstream.url, task.item, error, took});
}

}  // namespace thimble
