// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_pcs.h"

#include <openssl/sha.h>

#include <algorithm>

#include "fetchers/intel_urls.h"
#include "fetchers/url.h"
#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tests/support/sim_pcs_collateral.h"
#include "tests/support/sim_pcs_pck.h"

namespace thimble::sim {
namespace {

constexpr std::string_view kSgxPath = "/sgx/certification/v4/", kTdxPath = "/tdx/certification/v4/";
constexpr std::string_view kRootCrlPath = "/IntelSGXRootCA.der";
constexpr const char* kJson = "application/json";
constexpr const char* kCrl = "application/pkix-crl";
constexpr const char* kPem = "application/x-pem-file";

Bytes ToBytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

const char* ChainHeader(const CollateralKey& key) {
  if (std::holds_alternative<PckCrlKey>(key)) return "SGX-PCK-CRL-Issuer-Chain";
  if (std::holds_alternative<TcbInfoKey>(key)) return "TCB-Info-Issuer-Chain";
  if (std::holds_alternative<EnclaveIdentityKey>(key)) return "SGX-Enclave-Identity-Issuer-Chain";
  return "TCB-Evaluation-Data-Numbers-Issuer-Chain";
}

// PEM is the PCS's default for PCK CRLs. The root CA CRL is DER at its own place, and hex at a cache's
// `rootcacrl`.
void EncodeCrl(VendorReply& reply, const Target& target) {
  const std::string encoding = LowerCase(target.Find("encoding").value_or("pem"));
  reply.content_type = kCrl;
  if (target.path.ends_with("rootcacrl")) {
    reply.body = ToBytes(HexLower(reply.body));
  } else if (target.path != kRootCrlPath && encoding == "pem") {
    reply.content_type = kPem;
    reply.body = ToBytes(ToPem(reply.body, "X509 CRL"));
  }
}

VendorReply AnswerItem(const SimPcs& pcs, const CollateralKey& key, const Target& target, Twist twist) {
  PcsItem item = FindPcsItem(pcs, key, twist);
  if (item.status != 200) return {.status = item.status};
  VendorReply reply = {.content_type = kJson, .body = std::move(item.bytes.body)};
  if (!item.bytes.issuer_chain.empty()) {
    reply.headers.emplace_back(ChainHeader(key), PercentEncode(item.bytes.issuer_chain));
  }
  if (std::holds_alternative<RootCaCrlKey>(key) || std::holds_alternative<PckCrlKey>(key))
    EncodeCrl(reply, target);
  return reply;
}

// `crl?uri=...` of a PCCS: the CRL at a distribution point, in DER.
VendorReply AnswerCrlByUri(const SimPcs& pcs, const Target& target, Twist twist) {
  const auto uri = PercentDecode(target.Find("uri").value_or(""));
  if (!uri || uri->empty()) return {.status = 400};
  const bool root = uri->find("IntelSGXRootCA") != std::string::npos;
  const bool platform = uri->find("ca=platform") != std::string::npos;
  const CollateralKey key =
      root ? CollateralKey(RootCaCrlKey{})
           : CollateralKey(PckCrlKey{platform ? intel::PckCa::kPlatform : intel::PckCa::kProcessor});
  return {.content_type = kCrl, .body = FindPcsItem(pcs, key, twist).bytes.body};
}

VendorReply AnswerFmspcs(const Target& target) {
  const std::string wanted = LowerCase(target.Find("platform").value_or("all"));
  const std::string server = StrCat("{\"fmspc\":\"", kServerFmspc, "\",\"platform\":\"E5\"}");
  const std::string client = StrCat("{\"fmspc\":\"", kClientFmspc, "\",\"platform\":\"client\"}");
  std::string list;
  if (wanted == "all") list = server + "," + client;
  if (wanted == "e5") list = server;
  if (wanted == "client") list = client;
  return {.content_type = kJson, .body = ToBytes("[" + list + "]")};
}

// The PCS sends a fresh one each time; here it follows from the target, so that answers stay the same.
std::string RequestId(std::string_view target) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(AsBytes(target).data(), target.size(), digest);
  return HexLower(ByteView(digest, 16));
}

VendorReply Answer(const SimPcs& pcs, const Target& target, std::string_view whole, Twist twist) {
  if (const auto key = ParseIntelUrl(whole)) return AnswerItem(pcs, *key, target, twist);
  const bool tdx = target.path.starts_with(kTdxPath);
  const std::string_view route = target.path.substr(std::min(kSgxPath.size(), target.path.size()));
  const bool collateral = route == "tcb" || route == "qe/identity" || route == "tcbevaluationdatanumbers";
  if (collateral) return {.status = 400};
  if (tdx) return {.status = 404};
  if (route == "qve/identity" || route == "pckcrl" || route == "rootcacrl") return {.status = 400};
  if (route == "crl") return AnswerCrlByUri(pcs, target, twist);
  if (route == "fmspcs") return AnswerFmspcs(target);
  if (route == "pckcert") return AnswerPckCert(pcs.intel, target);
  if (route == "pckcerts") return AnswerPckCerts(pcs.intel, target);
  return {.status = 404};
}

}  // namespace

std::optional<VendorReply> AnswerPcs(const SimPcs& pcs, std::string_view whole, Twist twist) {
  const auto target = SplitTarget(whole);
  if (!target) return VendorReply{.status = 400};
  if (!target->path.starts_with(kSgxPath) && !target->path.starts_with(kTdxPath) &&
      target->path != kRootCrlPath) {
    return std::nullopt;
  }
  VendorReply reply = Answer(pcs, *target, whole, twist);
  reply.headers.emplace_back("Request-ID", RequestId(whole));
  if (reply.status == 400) {
    reply.headers.emplace_back("Error-Code", "InvalidParameter");
    reply.headers.emplace_back("Error-Message", "A parameter is missing, unknown or not valid.");
  }
  return reply;
}

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kUnreserved = "-_.!~*'()";
  std::string out;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kUnreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto octet = static_cast<uint8_t>(c);
      out += '%' + HexUpper(ByteView(&octet, 1));
    }
  }
  return out;
}

}  // namespace thimble::sim
