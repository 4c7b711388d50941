// SPDX-License-Identifier: Apache-2.0
#include "fetchers/upstreams.h"

#include "fetchers/intel_pcs.h"
#include "fetchers/url.h"
#include "fetchers/vendor_answer.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// What a fetch that went down the whole list has to say. A failure outweighs "not found": an upstream that
// did not answer might have had it.
class Failures {
 public:
  void Add(const Error& error) {
    if (error.check == Check::kUpstreamNotFound) {
      if (!not_found_ || IsRetired(error)) not_found_ = error;
    } else if (!failed_) {
      failed_ = error;
    } else {
      failed_->message += StrCat("; ", error.message);
    }
  }
  Error Take() { return failed_ ? *std::move(failed_) : *std::move(not_found_); }
  bool empty() const { return !failed_ && !not_found_; }

 private:
  std::optional<Error> failed_, not_found_;
};

std::string_view VendorName(Vendor vendor) { return vendor == Vendor::kIntel ? "Intel" : "AMD"; }

}  // namespace

struct Upstreams::Entry {
  Entry(Vendor v, Upstream configured, std::string normalised, BreakerOptions options)
      : vendor(v), upstream(std::move(configured)), base(std::move(normalised)), breaker(options) {}

  const Vendor vendor;
  const Upstream upstream;
  const std::string base;
  CircuitBreaker breaker;
};

Upstreams::Upstreams(UpstreamsOptions options, std::shared_ptr<HttpClient> intel_client,
                     std::shared_ptr<HttpClient> amd_client, UpstreamEventSink events, SteadyClock clock)
    : options_(std::move(options)),
      intel_client_(std::move(intel_client)),
      amd_client_(std::move(amd_client)),
      events_(std::move(events)),
      clock_(std::move(clock)) {}
Upstreams::~Upstreams() = default;

Status Upstreams::Add(Vendor vendor, const Upstream& upstream) {
  auto base = vendor == Vendor::kIntel ? NormalizeIntelBase(upstream.url) : NormalizeAmdBase(upstream.url);
  if (!base) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("not the URL of an upstream of ", VendorName(vendor), ": \"", upstream.url, "\"")};
  }
  const auto url = ParseUrl(*base);
  if (url && !url->tls && !upstream.allow_http && ReachOf(*url) == Reach::kElsewhere) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("plain HTTP only with allow_http = true: \"", upstream.url, "\"")};
  }
  entries_.push_back(std::make_unique<Entry>(vendor, upstream, *std::move(base), options_.breaker));
  return {};
}

Result<std::unique_ptr<Upstreams>> Upstreams::Make(UpstreamsOptions options,
                                                   std::shared_ptr<HttpClient> intel_client,
                                                   std::shared_ptr<HttpClient> amd_client,
                                                   UpstreamEventSink events, SteadyClock clock) {
  std::unique_ptr<Upstreams> upstreams(new Upstreams(std::move(options), std::move(intel_client),
                                                     std::move(amd_client), std::move(events),
                                                     std::move(clock)));
  for (const Upstream& upstream : upstreams->options_.intel) TRY(upstreams->Add(Vendor::kIntel, upstream));
  for (const Upstream& upstream : upstreams->options_.amd) TRY(upstreams->Add(Vendor::kAmd, upstream));
  return upstreams;
}

std::vector<Upstreams::State> Upstreams::States() const {
  std::vector<State> states;
  for (const auto& entry : entries_) {
    states.push_back({entry->vendor, entry->upstream.url, entry->breaker.open(clock_())});
  }
  return states;
}

Result<Fetched> Upstreams::Fetch(const CollateralKey& key, SteadyTime deadline) {
  std::vector<Entry*> candidates;
  for (const auto& entry : entries_) {
    if (entry->vendor == VendorOf(key)) candidates.push_back(entry.get());
  }
  Failures failures;
  for (size_t i = 0; i < candidates.size(); ++i) {
    const SteadyTime now = clock_();
    if (now >= deadline) break;
    // Each of those still to be asked has an equal share of the time: one that hangs leaves time for the
    // next.
    const auto share = (deadline - now) / static_cast<int64_t>(candidates.size() - i);
    auto fetched = Ask(*candidates[i], key, now + share);
    if (fetched.ok()) return fetched;
    failures.Add(fetched.error());
  }
  if (!failures.empty()) return failures.Take();
  return UpstreamError(Check::kUpstreamUnreachable, candidates.empty()
                                                        ? StrCat("no upstream of ", VendorName(VendorOf(key)))
                                                        : std::string("no time left"));
}

Result<Fetched> Upstreams::Ask(Entry& entry, const CollateralKey& key, SteadyTime deadline) {
  const SteadyTime start = clock_();
  if (!entry.breaker.Admit(start)) {
    Error error = UpstreamError(Check::kUpstreamUnreachable,
                                StrCat(entry.upstream.url, ": unreachable of late, left out"));
    Report(entry, UpstreamEvent::Kind::kSkipped, key, &error, start);
    return error;
  }
  auto fetched = entry.vendor == Vendor::kIntel
                     ? FetchIntel(*intel_client_, {entry.base, entry.upstream.allow_http}, key, deadline)
                     : FetchAmd(*amd_client_, {entry.base, entry.upstream.allow_http}, options_.amd_chain,
                                key, deadline);
  if (fetched.ok()) {
    entry.breaker.Succeeded();
    Report(entry, UpstreamEvent::Kind::kAnswered, key, nullptr, start);
    return fetched;
  }
  const Error& error = fetched.error();
  const bool not_found = error.check == Check::kUpstreamNotFound;
  Report(entry, not_found ? UpstreamEvent::Kind::kNotFound : UpstreamEvent::Kind::kFailed, key, &error,
         start);
  if (error.check != Check::kUpstreamUnreachable) {
    entry.breaker.Succeeded();  // it was reached, whatever it said
  } else if (entry.breaker.Failed(clock_())) {
    Report(entry, UpstreamEvent::Kind::kBreakerOpened, key, &error, start);
  }
  return fetched;
}

void Upstreams::Report(const Entry& entry, UpstreamEvent::Kind kind, const CollateralKey& key,
                       const Error* error, SteadyTime since) const {
  if (!events_) return;
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock_() - since);
  events_({kind, entry.vendor, entry.upstream.url, KeyName(key), error, took});
}

}  // namespace thimble
