// SPDX-License-Identifier: Apache-2.0
#include "fetchers/amd_kds.h"

#include "fetchers/amd_urls.h"
#include "fetchers/vendor_answer.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxCertificates = 64u << 10, kMaxCrl = 1u << 20;  // SNP a.7
constexpr size_t kChainLength = 2;

// FetchAmd() of each kind of key.
struct Fetcher {
  HttpClient& client;
  const AmdUpstream& upstream;
  const AmdChainFunction& chain;
  SteadyTime deadline;

  Result<VendorAnswer> Get(const CollateralKey& what, size_t max_body) const {
    return Ask(client, {.url = KdsUrl(upstream.base, what),
                        .max_body = max_body,
                        .allow_http = upstream.allow_http,
                        .deadline = deadline,
                        .item_class = ItemClassOf(what)});
  }

  // Asked for before the item itself: it is most likely at hand, and the KDS's patience is not spent in vain.
  Result<std::string> Chain(const AmdChainKey& what) const {
    if (chain) return chain(what, deadline);
    TRY_ASSIGN(const Fetched fetched, (*this)(what));
    return std::string(AsText(fetched.bytes.body));
  }

  Result<Fetched> operator()(const AmdChainKey& what) const {
    TRY_ASSIGN(VendorAnswer answer, Get(what, kMaxCertificates));
    const auto ders =
        DecodePem(AsText(answer.response.body), "CERTIFICATE", kChainLength, Check::kUpstreamAnswer);
    if (!ders.ok()) return answer.NotAsked(ders.error().message);
    if (ders->size() != kChainLength) return answer.NotAsked("not a chain of two PEM certificates");
    return Fetched{{std::move(answer.response.body), ""}, std::move(answer.url)};
  }
  Result<Fetched> operator()(const AmdCrlKey& what) const {
    TRY_ASSIGN(std::string issuers, Chain({what.product, what.kind}));
    TRY_ASSIGN(const VendorAnswer answer, Get(what, kMaxCrl));
    auto der = DecodeCrl(answer.response.body, Check::kUpstreamAnswer);
    if (!der.ok()) return answer.NotAsked(der.error().message);
    return Fetched{{std::move(*der), std::move(issuers)}, answer.url};
  }
  Result<Fetched> operator()(const VcekKey& what) const {
    if (AllZero(what.hwid)) {
      return UpstreamError(Check::kUpstreamNotFound,
                           "chip id is masked (all zero): no VCEK can be fetched for it; is a VLEK in use?");
    }
    TRY_ASSIGN(std::string issuers, Chain({what.product, amd::SigningKey::kVcek}));
    TRY_ASSIGN(const VendorAnswer answer, Get(what, kMaxCertificates));
    auto ders = DecodeCertificates(answer.response.body, 1, Check::kUpstreamAnswer);
    if (!ders.ok()) return answer.NotAsked(ders.error().message);
    return Fetched{{std::move(ders->front()), std::move(issuers)}, answer.url};
  }
  template <class Other>
  Result<Fetched> operator()(const Other&) const {
    return UpstreamError(Check::kRequest, "not an item of AMD's");
  }
};

}  // namespace

Result<Fetched> FetchAmd(HttpClient& client, const AmdUpstream& upstream, const AmdChainFunction& chain,
                         const CollateralKey& key, SteadyTime deadline) {
  return std::visit(Fetcher{client, upstream, chain, deadline}, key);
}

}  // namespace thimble
