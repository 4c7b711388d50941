// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_pcs.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "fetchers/failures.h"
#include "fetchers/intel_urls.h"
#include "fetchers/vendor_answer.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxJson = 1u << 20, kMaxCrl = 4u << 20;
constexpr size_t kMaxChainCertificates = 8;

Result<Fetched> SignedJson(VendorAnswer answer, std::initializer_list<std::string_view> chain_headers) {
  TRY_ASSIGN(std::string chain, IssuerChain(answer, chain_headers));
  const auto json = json::Document::Parse(AsText(answer.response.body), "body", ErrorKind::kUnavailable,
                                          Check::kUpstreamAnswer);
  if (!json.ok()) return answer.NotAsked(json.error().message);
  return Fetched{{std::move(answer.response.body), std::move(chain)}, std::move(answer.url)};
}

// PCS sends DER or PEM, PCCS hex of DER (spec/intel-pccs-api.md section 0).
Result<Bytes> CrlBody(const VendorAnswer& answer) {
  auto der = DecodeCrl(answer.response.body, Check::kUpstreamAnswer);
  if (!der.ok()) return answer.NotAsked(der.error().message);
  return der;
}

// The self-issued certificate of a chain.
Result<CertificatePtr> RootOf(const std::string& chain, const VendorAnswer& answer) {
  const auto ders = DecodeCertificates(AsBytes(chain), kMaxChainCertificates, Check::kUpstreamAnswer);
  if (!ders.ok()) return answer.NotAsked(ders.error().message);
  for (const Bytes& der : *ders) {
    auto certificate = Certificate::Parse(der, Check::kUpstreamAnswer);
    if (certificate.ok() && (*certificate)->self_issued()) return *std::move(certificate);
  }
  return answer.NotAsked("no root in the issuer chain");
}

// FetchIntel() of each kind of key.
struct Fetcher {
  HttpClient& client;
  const IntelUpstream& upstream;
  const CollateralKey& key;
  SteadyTime deadline;

  Result<VendorAnswer> GetAt(const std::string& url, size_t max_body) const {
    return Ask(client, {.url = url,
                        .max_body = max_body,
                        .allow_http = upstream.allow_http,
                        .deadline = deadline,
                        .item_class = ItemClassOf(key)});
  }
  Result<VendorAnswer> Get(const CollateralKey& what, size_t max_body) const {
    return GetAt(IntelUrl(upstream.base, what), max_body);
  }

  Result<Fetched> operator()(const PckCrlKey&) const {
    TRY_ASSIGN(const VendorAnswer answer, Get(key, kMaxCrl));
    TRY_ASSIGN(std::string chain, IssuerChain(answer, {"sgx-pck-crl-issuer-chain"}));
    TRY_ASSIGN(Bytes der, CrlBody(answer));
    return Fetched{{std::move(der), std::move(chain)}, answer.url};
  }
  // The root CA CRL comes alone; the certificate it is checked under ends the chain of a PCK CRL. An upstream that is a
  // cache may hold that of one CA only.
  Result<CertificatePtr> Root() const {
    auto pck_crl = Get(PckCrlKey{intel::PckCa::kPlatform}, kMaxCrl);
    if (!pck_crl.ok() && pck_crl.error().check == Check::kUpstreamNotFound) {
      pck_crl = Get(PckCrlKey{intel::PckCa::kProcessor}, kMaxCrl);
    }
    TRY_ASSIGN(const VendorAnswer answer, std::move(pck_crl));
    TRY_ASSIGN(const std::string chain, IssuerChain(answer, {"sgx-pck-crl-issuer-chain"}));
    return RootOf(chain, answer);
  }
  // In the order in which they are asked: a PCCS has it by two routes (PCCS 4), a mirror of the PCS by neither, as the PCS
  // itself (PCCS 10); then there is the root's own place.
  std::vector<std::string> RootCrlPlaces(const std::string& own) const {
    std::vector<std::string> places;
    if (!IsIntelsOwn(upstream.base)) {
      places.push_back(IntelUrl(upstream.base, key));
      if (!own.empty()) places.push_back(CrlUrl(upstream.base, own));
    }
    if (!own.empty()) places.push_back(own);
    return places;
  }

  Result<Fetched> operator()(const RootCaCrlKey&) const {
    TRY_ASSIGN(const CertificatePtr root, Root());
    const std::string own = upstream.root_crls.Of(*root);
    Failures failures;
    for (const std::string& place : RootCrlPlaces(own)) {
      const auto answer = GetAt(place, kMaxCrl);
      auto der = answer.ok() ? CrlBody(*answer) : Result<Bytes>(answer.error());
      if (der.ok()) return Fetched{{*std::move(der), EncodePem(root->der(), "CERTIFICATE")}, place};
      Error error = std::move(der).error();
      const bool unreachable = error.check == Check::kUpstreamUnreachable;
      // The upstream was reached: that another host was not is no reason to leave it out.
      if (unreachable && place == own) error.check = Check::kUpstreamStatus;
      failures.Add(error);
      if (unreachable && place != own) break;
    }
    if (!failures.empty()) return failures.Take();
    return UpstreamError(Check::kUpstreamAnswer, StrCat(upstream.base, ": its chains end in \"",
                                                        root->subject_cn(), "\", which is not trusted"));
  }
  Result<Fetched> operator()(const TcbInfoKey&) const {
    TRY_ASSIGN(VendorAnswer answer, Get(key, kMaxJson));
    return SignedJson(std::move(answer), {"tcb-info-issuer-chain", "sgx-tcb-info-issuer-chain"});
  }
  Result<Fetched> operator()(const EnclaveIdentityKey&) const {
    TRY_ASSIGN(VendorAnswer answer, Get(key, kMaxJson));
    return SignedJson(std::move(answer), {"sgx-enclave-identity-issuer-chain"});
  }
  Result<Fetched> operator()(const EvaluationNumbersKey&) const {
    TRY_ASSIGN(VendorAnswer answer, Get(key, kMaxJson));
    return SignedJson(std::move(answer), {"tcb-evaluation-data-numbers-issuer-chain"});
  }
  template <class Other>
  Result<Fetched> operator()(const Other&) const {
    return UpstreamError(Check::kRequest, "not an item of Intel's");
  }
};

}  // namespace

Result<Fetched> FetchIntel(HttpClient& client, const IntelUpstream& upstream, const CollateralKey& key,
                           SteadyTime deadline) {
  return std::visit(Fetcher{client, upstream, key, deadline}, key);
}

}  // namespace thimble
