// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/client_probes.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "tcb/base/ascii.h"
#include "tcb/base/bytes.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Probes = std::vector<ClientProbe>;

constexpr std::string_view kSgx = "/sgx/certification/v4", kTdx = "/tdx/certification/v4";
constexpr std::string_view kCrlChain = "sgx-pck-crl-issuer-chain";
constexpr std::string_view kTcbChain = "tcb-info-issuer-chain";
constexpr std::string_view kIdentityChain = "sgx-enclave-identity-issuer-chain";
constexpr std::string_view kDer = "\x30", kHexOfDer = "30";
constexpr std::string_view kAzure = "clientid=production_client&api-version=2018-10-01-preview";

// ---- clients ----

Probes Qcnl(const intel::Fmspc& fmspc) {
  const std::string query = StrCat("?fmspc=", fmspc.HexUpper(), "&update=standard");
  const std::string zeros(768, '0');
  return {{.target = StrCat(kSgx, "/rootcacrl")},
          {.target = StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), .chain_headers = {kCrlChain}},
          {.target = StrCat(kSgx, "/tcb", query), .chain_headers = {kTcbChain}},
          {.target = StrCat(kTdx, "/tcb", query), .chain_headers = {kTcbChain}},
          {.target = StrCat(kSgx, "/qe/identity?update=standard"), .chain_headers = {kIdentityChain}},
          {.target = StrCat(kTdx, "/qe/identity?update=standard"), .chain_headers = {kIdentityChain}},
          // A platform that nobody knows, with a parameter of custom_request_options.
          {.target = StrCat(kSgx, "/pckcert?qeid=", std::string(32, '0'), "&encrypted_ppid=", zeros,
                            "&cpusvn=", std::string(32, '0'), "&pcesvn=0000&pceid=0000&param1=value1"),
           .may_have_nothing = true}};
}

// Azure's client escapes the address of a CRL in lower case, and once more.
std::string EscapedTwice(std::string_view address) {
  return PercentEncode(LowerCase(PercentEncode(address)));
}

Probes AzureDcap(const intel::Fmspc& fmspc) {
  const auto crl = [](std::string_view uri) {
    return ClientProbe{.target = StrCat(kSgx, "/pckcrl?uri=", uri, "&", kAzure),
                       .chain_headers = {kCrlChain},
                       .needs_max_age = true};
  };
  Probes probes = {
      crl(EscapedTwice("https://certificates.trustedservices.intel.com/intelsgxpckprocessor.crl")),
      crl(EscapedTwice(
          "https://api.trustedservices.intel.com/sgx/certification/v3/pckcrl?ca=platform&encoding=pem")),
      crl(EscapedTwice("https://certificates.trustedservices.intel.com/intelsgxrootca.crl")),
      {.target = StrCat(kSgx, "/tcb?fmspc=", fmspc.hex(), "&", kAzure),
       .chain_headers = {"sgx-tcb-info-issuer-chain", kTcbChain},
       .needs_max_age = true},
      {.target = StrCat(kSgx, "/qe/identity?", kAzure),
       .chain_headers = {kIdentityChain},
       .needs_max_age = true}};
  // Revocation information by the distribution point of the certificate, whichever year it is from.
  for (const std::string_view version : {"v1", "v2", "v3", "v4"}) {
    probes.push_back(crl(PercentEncode(
        StrCat("https://api.trustedservices.intel.com/sgx/certification/", version, "/pckcrl?ca=platform"))));
  }
  return probes;
}

Probes AzureDcapTdx(const intel::Fmspc& fmspc) {
  return {{.target = StrCat(kSgx, "/pckcrl?ca=platform&clientid=production_client"),
           .chain_headers = {kCrlChain},
           .needs_max_age = true},
          {.target = StrCat(kSgx, "/rootcacrl?clientid=production_client"),
           .chain_headers = {kCrlChain},
           .needs_max_age = true},
          {.target = StrCat(kTdx, "/tcb?fmspc=", fmspc.hex(), "&", kAzure),
           .chain_headers = {"sgx-tcb-info-issuer-chain", kTcbChain},
           .needs_max_age = true},
          {.target = StrCat(kTdx, "/qe/identity?", kAzure),
           .chain_headers = {kIdentityChain},
           .needs_max_age = true}};
}

// Intel's tool for sites without a network, which takes Thimble for the PCS.
Probes PcsClient(const intel::Fmspc& fmspc) {
  const auto probe = [](std::string target, std::string_view chain) {
    return ClientProbe{.target = std::move(target),
                       .chain_headers = {chain},
                       .content_type = "application/json",
                       .needs_request_id = true};
  };
  const std::string query = StrCat("?fmspc=", fmspc.hex(), "&update=standard");
  return {probe(StrCat(kSgx, "/tcb", query), kTcbChain),
          probe(StrCat(kTdx, "/tcb", query), kTcbChain),
          probe(StrCat(kSgx, "/qe/identity?update=standard"), kIdentityChain),
          probe(StrCat(kTdx, "/qe/identity?update=standard"), kIdentityChain),
          probe(StrCat(kSgx, "/qve/identity?update=standard"), kIdentityChain),
          {.target = "/IntelSGXRootCA.der", .begins_with = kDer}};
}

Probes DcapQvl(const intel::Fmspc& fmspc) {
  const std::string query = StrCat("?fmspc=", fmspc.HexUpper());
  return {{.target = StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"),
           .chain_headers = {kCrlChain},
           .begins_with = kDer},
          {.target = StrCat(kSgx, "/rootcacrl"), .begins_with = kHexOfDer},
          {.target = StrCat(kSgx, "/tcb", query), .chain_headers = {"sgx-tcb-info-issuer-chain", kTcbChain}},
          {.target = StrCat(kTdx, "/tcb", query), .chain_headers = {"sgx-tcb-info-issuer-chain", kTcbChain}},
          {.target = StrCat(kTdx, "/qe/identity?update=standard"), .chain_headers = {kIdentityChain}}};
}

Probes Trustee(const intel::Fmspc& fmspc) {
  const std::string query = StrCat("?fmspc=", fmspc.HexUpper(), "&update=early");
  return {{.target = StrCat(kSgx, "/rootcacrl?"), .begins_with = kHexOfDer},
          {.target = StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), .chain_headers = {kCrlChain}},
          {.target = StrCat(kTdx, "/tcb", query), .chain_headers = {kTcbChain}},
          {.target = StrCat(kTdx, "/qe/identity?update=early"), .chain_headers = {kIdentityChain}}};
}

Probes GoTdxGuest(const intel::Fmspc& fmspc) {
  return {{.target = StrCat(kTdx, "/tcb?fmspc=", fmspc.hex()), .chain_headers = {kTcbChain}},
          {.target = StrCat(kTdx, "/qe/identity"), .chain_headers = {kIdentityChain}},
          {.target = StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"),
           .chain_headers = {kCrlChain},
           .begins_with = kDer},
          {.target = "/IntelSGXRootCA.der", .begins_with = kDer}};
}

// go-sev-guest, snpguest, trustee for SNP.
Probes Kds(const intel::Fmspc&) {
  return {{.target = "/vcek/v1/Milan/cert_chain", .begins_with = "-----BEGIN CERTIFICATE-----"},
          {.target = "/vcek/v1/Milan/crl", .begins_with = kDer}};
}

constexpr std::array kClients = {KnownClient{"qcnl", Qcnl},
                                 KnownClient{"azure-dcap", AzureDcap},
                                 KnownClient{"azure-dcap-tdx", AzureDcapTdx},
                                 KnownClient{"pcsclient", PcsClient},
                                 KnownClient{"dcap-qvl", DcapQvl},
                                 KnownClient{"trustee", Trustee},
                                 KnownClient{"go-tdx-guest", GoTdxGuest},
                                 KnownClient{"kds", Kds}};

// ---- rules ----

Error Unfit(std::string message) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer, std::move(message)};
}

// Azure's client counts the whole answer as failed without it, and does not cache what is longer.
Status CheckMaxAge(const HttpResponse& answer) {
  constexpr std::string_view kName = "max-age=";
  constexpr int64_t kDay = 86400;
  const std::string_view text = answer.Header("cache-control").value_or("");
  const size_t at = text.find(kName);
  int64_t seconds = -1;
  if (at != std::string_view::npos) {
    const std::string_view digits = text.substr(at + kName.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  }
  if (seconds >= 0 && seconds <= kDay) return {};
  return Unfit(StrCat("Cache-Control is \"", text, "\", needs max-age of ", kDay, " at most"));
}

Status CheckStatus(const ClientProbe& probe, const HttpResponse& answer) {
  if (answer.status == 200 || (probe.may_have_nothing && answer.status != 400)) return {};
  return Unfit(StrCat("HTTP ", answer.status, ", cause ",
                      answer.Header("x-thimble-cause").value_or("not given: not a Thimble?")));
}

}  // namespace

std::span<const KnownClient> KnownClients() { return kClients; }

const KnownClient* FindClient(std::string_view name) {
  const auto found = std::ranges::find(kClients, name, &KnownClient::name);
  return found == kClients.end() ? nullptr : &*found;
}

Status Judge(const ClientProbe& probe, const HttpResponse& answer) {
  TRY(CheckStatus(probe, answer));
  if (probe.may_have_nothing) return {};
  if (answer.body.empty()) return Unfit("the body is empty");
  if (!AsText(answer.body).starts_with(probe.begins_with)) {
    return Unfit(StrCat("the body begins with 0x", HexLower(ByteView(answer.body).first(1)),
                        ", not as the client needs it"));
  }
  const bool has_chain = std::ranges::any_of(
      probe.chain_headers, [&](std::string_view name) { return answer.Header(name).has_value(); });
  if (!probe.chain_headers.empty() && !has_chain) {
    return Unfit(StrCat("no header ", probe.chain_headers.back()));
  }
  const std::string_view type = answer.Header("content-type").value_or("");
  if (!probe.content_type.empty() && type != probe.content_type) {
    return Unfit(StrCat("Content-Type is \"", type, "\", needs \"", probe.content_type, "\""));
  }
  if (probe.needs_request_id && !answer.Header("request-id")) return Unfit("no header request-id");
  return probe.needs_max_age ? CheckMaxAge(answer) : Status();
}

}  // namespace thimble
