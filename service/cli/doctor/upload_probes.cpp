// SPDX-License-Identifier: Apache-2.0
//
// The files that pcsclient.py writes and pccsadmin uploads: with the chain of one CA alone beside the CRLs of both; of
// CRLs alone; and one of a large site.
#include "service/cli/doctor/known_clients.h"
#include "tcb/base/bytes.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kSgx = "/sgx/certification/v4";
constexpr size_t kLargeSite = 5u << 20;  // more than PCCS itself takes (spec/intel-pccs-api.md section 8)

// Empty, where the server has none: that its answer is wrong is found by the probe that asks for it.
struct HeldItems {
  HttpResponse processor_crl, platform_crl, root_crl, tcb_info, identity;
};

HeldItems ItemsOf(const ProbeScope& scope) {
  const auto ask = [&](std::string_view target) {
    const auto answer = scope.ask(StrCat(kSgx, target));
    return answer && answer->status == 200 ? *answer : HttpResponse();
  };
  return {ask("/pckcrl?ca=processor&encoding=der"), ask("/pckcrl?ca=platform&encoding=der"),
          ask("/rootcacrl"), ask(StrCat("/tcb?fmspc=", scope.fmspc.hex(), "&update=standard")),
          ask("/qe/identity?update=standard")};
}

void WriteBundle(json::Writer& json, const ProbeScope& scope, const HeldItems& fetched, bool crls_alone) {
  const auto chain = [crls_alone](const HttpResponse& answer, std::string_view name) {
    return crls_alone ? std::string_view() : answer.Header(name).value_or("");
  };
  json.BeginObject().Key("platforms").BeginArray().EndArray().Key("collaterals").BeginObject();
  json.Key("version").Unsigned(4).Key("pck_certs").BeginArray().EndArray().Key("tcbinfos").BeginArray();
  if (!crls_alone) {
    json.BeginObject().Key("fmspc").String(scope.fmspc.hex());
    json.Key("sgx_tcbinfo").Raw(AsText(fetched.tcb_info.body)).EndObject();
  }
  json.EndArray().Key("pckcacrl").BeginObject();
  json.Key("processorCrl").Hex(fetched.processor_crl.body);
  json.Key("platformCrl").Hex(fetched.platform_crl.body).EndObject();
  json.Key("qeidentity").String(crls_alone ? std::string_view() : AsText(fetched.identity.body));
  json.Key("tdqeidentity").String("").Key("qveidentity").String("");
  json.Key("rootcacrl").String(AsText(fetched.root_crl.body));
  json.Key("rootcacrl_cdp").String("https://certificates.trustedservices.intel.com/IntelSGXRootCA.der");
  json.Key("certificates").BeginObject().Key("SGX-PCK-Certificate-Issuer-Chain").BeginObject();
  if (!crls_alone) json.Key("PLATFORM").String(chain(fetched.platform_crl, "sgx-pck-crl-issuer-chain"));
  json.EndObject().Key("TCB-Info-Issuer-Chain").String(chain(fetched.tcb_info, "tcb-info-issuer-chain"));
  json.Key("SGX-Enclave-Identity-Issuer-Chain")
      .String(chain(fetched.identity, "sgx-enclave-identity-issuer-chain"));
  json.EndObject().EndObject().EndObject();
}

ClientProbe Put(std::string_view name, const ProbeScope& scope, const HeldItems& fetched, bool crls_alone) {
  std::string body;
  json::Writer json(&body);
  WriteBundle(json, scope, fetched, crls_alone);
  return {.call = {.method = "PUT", .target = StrCat(kSgx, "/platformcollateral"), .body = std::move(body)},
          .name = std::string(name),
          .takes_all = true};
}

}  // namespace

std::vector<ClientProbe> UploadProbes(const ProbeScope& scope) {
  const HeldItems fetched = ItemsOf(scope);
  std::vector<ClientProbe> probes;
  for (const std::string_view target :
       {"/pckcrl?ca=processor&encoding=der", "/pckcrl?ca=platform&encoding=der"}) {
    probes.push_back({.call = {.target = StrCat(kSgx, target)}, .begins_with = "\x30"});
  }
  probes.push_back({.call = {.target = StrCat(kSgx, "/rootcacrl")}, .begins_with = "30"});
  probes.push_back({.call = {.target = StrCat(kSgx, "/tcb?fmspc=", scope.fmspc.hex(), "&update=standard")}});
  probes.push_back({.call = {.target = StrCat(kSgx, "/qe/identity?update=standard")}});
  if (fetched.tcb_info.body.empty()) return probes;  // which its own probe says
  probes.push_back(Put("with the chain of one CA", scope, fetched, false));
  probes.push_back(Put("CRLs alone", scope, fetched, true));
  ClientProbe large = Put("of a large site", scope, fetched, false);
  large.call.body.resize(kLargeSite, ' ');
  probes.push_back(std::move(large));
  return probes;
}

}  // namespace thimble
