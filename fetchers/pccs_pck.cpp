// SPDX-License-Identifier: Apache-2.0
#include "fetchers/pccs_pck.h"

#include "fetchers/intel_urls.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/intel/pck_set.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxBody = 256u << 10;
constexpr std::string_view kChainHeader = "sgx-pck-certificate-issuer-chain";

// As Intel's client writes it when it cannot tell.
std::string OrZeros(const PckQuery& query) {
  const auto* ppid = query.proof ? std::get_if<intel::EncryptedPpid>(&*query.proof) : nullptr;
  return ppid != nullptr ? "" : StrCat("&encrypted_ppid=", intel::EncryptedPpid().HexUpper());
}

Status CheckStatus(const HttpResponse& response, const std::string& url) {
  const auto error = [&](Check check, std::string_view meaning) {
    Error refused = UpstreamError(check, StrCat("GET ", url, ": HTTP ", response.status, meaning));
    refused.http_status = response.status;
    return refused;
  };
  switch (response.status) {
    case 200:
      return {};
    case 400:
      return error(Check::kRequest, " (QE id, TCB, PCE-ID or encrypted PPID cannot be read)");
    case 404:
    case 462:
      return error(Check::kUpstreamNotFound, " (no certificate for this QE id and TCB)");
    case 461:
      return error(Check::kUpstreamNotFound, " (this QE id is not in its cache)");
    default:
      return error(Check::kUpstreamStatus, "");
  }
}

Error NotAsked(const std::string& url, std::string_view why) {
  return UpstreamError(Check::kUpstreamNotFound, StrCat("GET ", url, " is not asked: ", why));
}

}  // namespace

std::string PckCertParameters(const PckQuery& query, const intel::PckTcb& raw) {
  std::string out = StrCat("?qeid=", PercentEncode(query.platform.qe_id()), "&cpusvn=", raw.CpuSvnHexUpper(),
                           "&pcesvn=", raw.PceSvnHexUpper(), "&pceid=", query.platform.pce_id().HexUpper());
  const auto* ppid = query.proof ? std::get_if<intel::EncryptedPpid>(&*query.proof) : nullptr;
  if (ppid != nullptr) out += StrCat("&encrypted_ppid=", ppid->HexUpper());
  return out;
}

Result<std::string> PckSetOfOne(const VendorAnswer& answer, std::string_view pem, std::string_view tcbm) {
  const auto tcb = intel::PckTcb::FromHex(tcbm);
  if (!tcb) return answer.NotAsked("the TCBm is not 36 hex digits");
  const auto ders = DecodePem(pem, "CERTIFICATE", 1, Check::kUpstreamAnswer);
  if (!ders.ok() || ders->size() != 1) return answer.NotAsked("not one certificate in PEM");
  auto certificate = Certificate::Parse(ders->front(), Check::kUpstreamAnswer);
  if (!certificate.ok()) return answer.NotAsked(certificate.error().message);
  return intel::EncodePckCerts({{*tcb, *std::move(certificate)}}, {});
}

Result<Fetched> FetchPccsPck(HttpClient& client, const PckUpstream& upstream, const PckQuery& query,
                             SteadyTime deadline) {
  const std::string url = upstream.base + "pckcert";
  if (query.platform.qe_id().empty()) return NotAsked(url, "the request names no QE id");
  if (!query.raw) return NotAsked(url, "no TCB of the platform is known");
  HttpRequest request;
  request.url = StrCat(url, PckCertParameters(query, *query.raw), OrZeros(query));
  request.max_body = kMaxBody;
  request.deadline = deadline;
  request.allow_http = upstream.allow_http;
  request.item_class = ItemClassOf(PckCertsKey{query.platform});
  TRY_ASSIGN(HttpResponse response, SendShown(client, request, url));
  TRY(CheckStatus(response, url));

  const VendorAnswer answer{std::move(response), url};
  TRY_ASSIGN(std::string chain, IssuerChain(answer, {kChainHeader}));
  const auto tcbm = answer.response.Header("sgx-tcbm");
  if (!tcbm) return answer.NotAsked("no header sgx-tcbm");
  TRY_ASSIGN(const std::string body, PckSetOfOne(answer, AsText(answer.response.body), *tcbm));
  return Fetched{{Bytes(body.begin(), body.end()), std::move(chain)}, url};
}

// Intel's own has the route: what it says of a platform is final. A framework that does not know a path says 404 as well.
bool MayLackPckCerts(const PckUpstream& upstream, const Error& error) {
  if (IsIntelsOwn(upstream.base)) return false;
  return error.check == Check::kUpstreamNotFound || error.http_status == 405 || error.http_status == 501;
}

}  // namespace thimble
