// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/doctor.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <memory>

#include "fetchers/curl_http_client.h"
#include "fetchers/intel_urls.h"
#include "fetchers/url.h"
#include "service/monitoring/refused_requests.h"
#include "service/support/clock.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/keys_to_verify.h"

namespace thimble {
namespace {

using Level = Symptom::Level;

constexpr std::chrono::seconds kPatience{10};

SteadyTime Soon() { return std::chrono::steady_clock::now() + kPatience; }
SteadyTime Now() { return std::chrono::steady_clock::now(); }

Error Trouble(std::string message) {
  return {ErrorKind::kUnavailable, Check::kUpstreamUnreachable, std::move(message)};
}

// The first address, in text.
Result<std::string> AddressOf(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); failed != 0) {
    return Trouble(StrCat(host, ": ", ::gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  std::array<char, NI_MAXHOST> text{};
  ::getnameinfo(found->ai_addr, found->ai_addrlen, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return std::string(text.data());
}

Result<HttpResponse> Ask(const Upstream& upstream, std::string url, std::string_view key = "") {
  HttpRequest request;
  request.url = std::move(url);
  request.allow_http = true;
  request.ca_file = upstream.ca_file;
  request.deadline = Soon();
  if (!key.empty()) request.headers = {{"Ocp-Apim-Subscription-Key", std::string(key)}};
  return CurlHttpClient(CurlOptions{}).Send(request);
}

// "/sgx/certification/v4/tcb?fmspc=...", and what the request is where that does not say it.
std::string NameOf(const ClientProbe& probe) {
  const std::string_view target = probe.call.target, path = target.substr(0, target.find('?'));
  if (!probe.name.empty()) return StrCat(probe.call.method, " ", path, ": ", probe.name);
  return std::string(Shortened("", path, target.substr(std::min(path.size() + 1, target.size()))).substr(1));
}

std::string_view FixForAnswer(const Result<HttpResponse>& answer) {
  const bool role = answer.ok() && (answer->status == 401 || answer->status == 403);
  return role ? "this client needs a [[role]]: give its token by --token-file"
              : "the log has the cause by the request's id; `thimble status` lists refusals";
}

}  // namespace

bool Doctor::well() const {
  return std::ranges::none_of(diagnosis_,
                              [](const Symptom& symptom) { return symptom.level == Level::kFail; });
}

void Doctor::Record(Symptom symptom) {
  diagnosis_.push_back(std::move(symptom));
  show_(diagnosis_.back());
}

void Doctor::Add(const Diagnosis& more) {
  for (const Symptom& symptom : more) Record(symptom);
}

std::vector<CollateralKey> Doctor::KeysOf(Vendor vendor) const {
  if (vendor == Vendor::kAmd) {
    return {AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek},
            AmdCrlKey{amd::Product::kMilan, amd::SigningKey::kVcek}};
  }
  std::vector<CollateralKey> keys = KeysToVerify(IntelTee::kSgx, fmspc_, intel::PckCa::kPlatform, {});
  AddKeys(KeysToVerify(IntelTee::kTdx, fmspc_, intel::PckCa::kPlatform, {}), keys);
  return keys;
}

// Behind a proxy it is the proxy that resolves names: whether it connects is what counts.
bool Doctor::Resolve(const std::string& where, const Upstream& upstream) {
  const auto url = ParseUrl(upstream.url);
  const auto address = url ? AddressOf(url->host) : Result<std::string>(Trouble("not a URL"));
  if (address.ok()) {
    Record({where, "resolves", Level::kOk, *address, ""});
  } else {
    Record({where, "resolves", Level::kWarn, address.error().message,
            "DNS: /etc/resolv.conf; behind a proxy its own names count"});
  }
  return url.has_value();
}

// Whatever it answers: what counts is that it does.
bool Doctor::Connect(const std::string& where, const Upstream& upstream) {
  const std::string url = ParseUrl(upstream.url).value().Origin() + "/";
  const std::string what = url.starts_with("https:") ? "connects with TLS" : "connects";
  const auto answer = Ask(upstream, url);
  if (!answer.ok()) {
    Record({where, what, Level::kFail, answer.error().message, FixForConnection(answer.error().message)});
    return false;
  }
  Record({where, what, Level::kOk, StrCat("HTTP ", answer->status), ""});
  if (const auto date = ParseHttpDate(answer->Header("date").value_or(""))) {
    const Judgement clock = JudgeClock(*date, Clock::WallTime());
    Record({where, "clock", clock.level, clock.detail, clock.fix});
  }
  return true;
}

// A PCS has no route for the root CA CRL; a PCCS, and what answers as one, has.
void Doctor::CheckKind(const std::string& where, const Upstream& upstream) {
  const auto base = NormalizeIntelBase(upstream.url);
  if (!base) return;
  const auto answer = Ask(upstream, *base + "rootcacrl");
  const bool cache = answer.ok() && answer->status == 200;
  Record({where, "kind", Level::kOk,
          cache ? "a cache: PCCS, or what answers as one" : "Intel's PCS, or a mirror of it", ""});
  if (!cache) CheckSubscriptionKey(where, upstream);
}

// For a platform that nobody has: a good key is told that there is no such platform.
void Doctor::CheckSubscriptionKey(const std::string& where, const Upstream& upstream) {
  if (upstream.subscription_key.empty())
    return Record(
        {where, "subscription key", Level::kOk, "none: PCK certificates are asked for without one", ""});
  const std::string zeros(768, '0');
  const auto answer = Ask(
      upstream, StrCat(*NormalizeIntelBase(upstream.url), "pckcerts?encrypted_ppid=", zeros, "&pceid=0000"),
      upstream.subscription_key);
  if (!answer.ok())
    return Record({where, "subscription key", Level::kWarn, answer.error().message,
                   FixForConnection(answer.error().message)});
  const bool refused = answer->status == 401 || answer->status == 403;
  Record({where, "subscription key", refused ? Level::kFail : Level::kOk, StrCat("HTTP ", answer->status),
          refused ? "take a valid key from api.portal.trustedservices.intel.com into subscription_key_file"
                  : ""});
}

void Doctor::CheckItems(const std::string& where, Vendor vendor, const Upstream& upstream) {
  const auto client = std::make_shared<CurlHttpClient>(CurlOptions{});
  UpstreamsOptions options;
  options.root_crls = root_crls_;
  (vendor == Vendor::kIntel ? options.intel : options.amd) = {upstream};
  const auto upstreams = Upstreams::Make(std::move(options), client, client, {}, Now);
  if (!upstreams.ok()) {
    return Record(
        {where, "is an upstream", Level::kFail, upstreams.error().message, "the url of the [[upstream]]"});
  }
  for (const CollateralKey& key : KeysOf(vendor)) {
    const auto fetched = (*upstreams)->Fetch(key, Soon());
    const auto item =
        fetched.ok() ? AuthenticateItem(key, fetched->bytes, anchors_) : Result<ItemPtr>(fetched.error());
    const Judgement judged =
        item.ok()
            ? JudgeItemEnd((*item)->next_update(), now_)
            : Judgement{
                  Level::kFail, item.error().message,
                  fetched.ok()
                      ? "it is not the vendor's: who stands at this address? Or add its root by --anchor"
                      : "does this upstream have it? See --fmspc, and the vendor's status"};
    Record({where, KeyName(key), judged.level, judged.detail, judged.fix});
  }
}

void Doctor::CheckUpstream(Vendor vendor, const Upstream& upstream) {
  const std::string where = StrCat(vendor == Vendor::kIntel ? "intel " : "amd ", upstream.url);
  if (!Resolve(where, upstream) || !Connect(where, upstream)) return;
  if (upstream.kind == UpstreamKind::kThim) {  // it has this host's certificates alone
    return Record({where, "kind", Level::kOk, "Azure's THIM", ""});
  }
  if (vendor == Vendor::kIntel) CheckKind(where, upstream);
  CheckItems(where, vendor, upstream);
}

void Doctor::CheckServer(ThimbleClient& server, const KnownClient& client) {
  const std::string where = StrCat("server ", server.name());
  const auto health = server.Send({.target = "/healthz"});
  if (!health.ok()) {
    return Record({where, "answers", Level::kFail, health.error().message,
                   "start it: `thimble serve`, or systemctl start thimble; another address by --server"});
  }
  Record({where, "answers", Level::kOk, StrCat("HTTP ", health->status), ""});
  const ProbeScope scope{
      fmspc_, [&server](std::string target) { return server.Send({.target = std::move(target)}); }};
  for (const ClientProbe& probe : client.probes(scope)) {
    const auto answer = server.Send(probe.call);
    const Status judged = answer.ok() ? Judge(probe, *answer) : Status(answer.error());
    Record({where, StrCat(client.name, " ", NameOf(probe)), judged.ok() ? Level::kOk : Level::kFail,
            judged.ok() ? std::string(answer->Header("x-thimble-freshness").value_or(""))
                        : judged.error().message,
            judged.ok() ? "" : std::string(FixForAnswer(answer))});
  }
}

}  // namespace thimble
