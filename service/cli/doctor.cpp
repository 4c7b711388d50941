// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <array>
#include <memory>

#include "fetchers/curl_http_client.h"
#include "fetchers/url.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/keys_to_verify.h"

namespace thimble {
namespace {

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

}  // namespace

bool Doctor::well() const {
  return std::ranges::all_of(diagnosis_, [](const Symptom& symptom) { return symptom.ok; });
}

void Doctor::Record(std::string where, std::string what, const Status& status, std::string detail) {
  diagnosis_.push_back({std::move(where), std::move(what), status.ok(),
                        status.ok() ? std::move(detail) : status.error().message});
  show_(diagnosis_.back());
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

bool Doctor::Resolve(const std::string& where, const Upstream& upstream) {
  const auto url = ParseUrl(upstream.url);
  const auto address = url ? AddressOf(url->host) : Result<std::string>(Trouble("not a URL"));
  Record(where, "resolves", address.ok() ? Status() : Status(address.error()), address.ok() ? *address : "");
  return address.ok();
}

// Whatever it answers: what counts is that it does.
bool Doctor::Connect(const std::string& where, const Upstream& upstream) {
  HttpRequest request;
  request.url = ParseUrl(upstream.url).value().Origin() + "/";
  request.allow_http = true;
  request.deadline = Soon();
  const auto answer = CurlHttpClient(CurlOptions{}).Send(request);
  Record(where, request.url.starts_with("https:") ? "connects with TLS" : "connects",
         answer.ok() ? Status() : Status(answer.error()), answer.ok() ? StrCat("HTTP ", answer->status) : "");
  return answer.ok();
}

void Doctor::CheckUpstream(Vendor vendor, const Upstream& upstream) {
  const std::string where = StrCat(vendor == Vendor::kIntel ? "intel " : "amd ", upstream.url);
  if (!Resolve(where, upstream) || !Connect(where, upstream)) return;
  if (upstream.kind == UpstreamKind::kThim) return;  // it has this host's certificates alone
  const auto client = std::make_shared<CurlHttpClient>(CurlOptions{});
  UpstreamsOptions options;
  options.root_crls = root_crls_;
  (vendor == Vendor::kIntel ? options.intel : options.amd) = {upstream};
  const auto upstreams = Upstreams::Make(std::move(options), client, client, {}, Now);
  if (!upstreams.ok()) return Record(where, "is an upstream", upstreams.error(), "");
  for (const CollateralKey& key : KeysOf(vendor)) {
    const auto fetched = (*upstreams)->Fetch(key, Soon());
    const auto item =
        fetched.ok() ? AuthenticateItem(key, fetched->bytes, anchors_) : Result<ItemPtr>(fetched.error());
    Record(where, KeyName(key), item.ok() ? Status() : Status(item.error()),
           item.ok() ? StrCat("good until ", FormatRfc3339((*item)->next_update())) : "");
  }
}

void Doctor::CheckServer(ThimbleClient& server, const KnownClient& client) {
  const std::string where = StrCat("server ", server.name());
  const auto health = server.Send({.target = "/healthz"});
  Record(where, "answers", health.ok() ? Status() : Status(health.error()),
         health.ok() ? StrCat("HTTP ", health->status) : "");
  if (!health.ok()) return;
  for (const ClientProbe& probe : client.probes(fmspc_)) {
    const auto answer = server.Send({.target = probe.target});
    const Status judged = answer.ok() ? Judge(probe, *answer) : Status(answer.error());
    Record(where, StrCat(client.name, " ", probe.target), judged,
           answer.ok() ? std::string(answer->Header("x-thimble-freshness").value_or("")) : "");
  }
}

std::string ClientRecipes(std::string_view url) {
  while (url.ends_with('/')) url.remove_suffix(1);
  const bool https = url.starts_with("https:");
  const std::string pccs = StrCat(url, "/sgx/certification/v4/");
  const std::string_view authority = url.substr(url.find("//") + 2);
  return StrCat(
      "# Intel QPL: /etc/sgx_default_qcnl.conf\n{ \"pccs_url\": \"", pccs, "\", \"collateral_service\": \"",
      pccs, "\",\n  \"use_secure_cert\": ", https ? "true" : "false",
      ", \"pccs_api_version\": \"3.1\", \"retry_times\": 6, \"retry_delay\": 5 }\n\n",
      "# Azure-DCAP-Client: environment, SGX\nAZDCAP_BASE_CERT_URL=", url,
      "/sgx/certification\nAZDCAP_PRIMARY_BASE_CERT_URL=", url,
      "/metadata/THIM/sgx/certification\nAZDCAP_SECONDARY_BASE_CERT_URL=", url, "/sgx/certification\n",
      https ? StrCat("# TDX\nAZDCAP_REGION_URL=", authority,
                     "\nAZDCAP_BASE_CERT_URL_TDX=/sgx/certification\nAZDCAP_COLLATERAL_VERSION=v4\n\n")
            : std::string("# TDX: over HTTPS only\n\n"),
      "# dcap-qvl\nPCCS_URL=", url,
      "\n\n# trustee\n[attestation_service.verifier_config.dcap_verifier]\ncollateral_service = \"", pccs,
      "\"\n[attestation_service.verifier_config.snp_verifier]\nvcek_sources = [{ type = \"KDS\", base_url = "
      "\"",
      url, "\" }]\n\n# AMD's KDS, for go-sev-guest, snpguest and others\n", url, "/vcek/v1/\n");
}

}  // namespace thimble
