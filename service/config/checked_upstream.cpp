// SPDX-License-Identifier: Apache-2.0
#include "fetchers/azure_thim.h"
#include "fetchers/intel_urls.h"
#include "fetchers/url.h"
#include "service/config/config.h"
#include "service/http/listen_address.h"
#include "service/support/file.h"
#include "service/support/peer_address.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxCaFile = 1u << 20;

// A base of Intel's that clients would not find anything under.
std::string WhyNotABase(std::string_view base) {
  constexpr std::string_view kBefore = "/sgx/certification/", kV4 = "v4/";
  const size_t at = base.find(kBefore);
  if (at == std::string_view::npos) return "must go on with /sgx/certification/v4/";
  const std::string_view rest = base.substr(at + kBefore.size());
  if (!rest.starts_with(kV4))
    return "is a base of another version: Thimble asks by version 4, .../sgx/certification/v4/";
  return StrCat("goes on after v4/ with \"", rest.substr(kV4.size()),
                "\": end it with .../sgx/certification/v4/");
}

bool IsThisHost(std::string_view host) { return host == "localhost" || http::IsLoopbackPeer(host); }

}  // namespace

bool IsAnyAddress(std::string_view host) { return host == "0.0.0.0" || host == "::"; }

Result<Upstream> CheckedUpstream(Vendor vendor, Upstream upstream) {
  const auto fail = [&](std::string_view what) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("upstream url \"", upstream.url, "\" ", what)};
  };
  const auto url = ParseUrl(upstream.url);
  if (!url || url->target.find('?') != std::string::npos)
    return fail("must be a URL like https://HOST/, without user and query");
  if (!url->tls && !upstream.allow_http && ReachOf(*url) == Reach::kElsewhere) {
    return fail("is http:// to another host: use https://, or set allow_http = true");
  }
  if (vendor == Vendor::kAmd && upstream.kind == UpstreamKind::kThim && !NormalizeThimBase(upstream.url)) {
    return fail("must be a host alone, as http://169.254.169.254");
  }
  if (vendor == Vendor::kIntel) {
    const auto base = NormalizeIntelBase(upstream.url);
    if (!base) return fail("must be the base that clients know, as https://HOST/sgx/certification/v4/");
    if (!base->ends_with("/sgx/certification/v4/")) return fail(WhyNotABase(*base));
  }
  if (!upstream.ca_file.empty()) {
    if (!url->tls) return fail("is plain HTTP: ca_file has no meaning");
    if (const auto read = ReadFile(upstream.ca_file, kMaxCaFile); !read) return fail(read.error().message);
  }
  return upstream;
}

Status CheckNotItsOwn(const Config& config) {
  const auto own = http::ListenAddress::Parse(config.server.listen);
  if (!own || own->port == 0) return {};
  for (const auto* upstreams : {&config.intel_upstreams, &config.amd_upstreams}) {
    for (const Upstream& upstream : *upstreams) {
      const auto url = ParseUrl(upstream.url);
      if (!url || url->port != own->port) continue;
      const bool here = url->host == own->host ||
                        (IsThisHost(url->host) && (IsThisHost(own->host) || IsAnyAddress(own->host)));
      if (!here) continue;
      return Error{ErrorKind::kMalformed, Check::kRequest,
                   StrCat("upstream url \"", upstream.url, "\" is this server itself, which listens on ",
                          config.server.listen, ": name the vendor, or another cache")};
    }
  }
  return {};
}

}  // namespace thimble
