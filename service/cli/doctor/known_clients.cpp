// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/known_clients.h"

#include <algorithm>
#include <array>

#include "tcb/base/ascii.h"
#include "tcb/base/bytes.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using Probes = std::vector<ClientProbe>;

constexpr std::string_view kSgx = "/sgx/certification/v4", kTdx = "/tdx/certification/v4";
constexpr std::string_view kCrlChain = "sgx-pck-crl-issuer-chain";
constexpr std::string_view kTcbChain = "tcb-info-issuer-chain";
constexpr std::string_view kSgxTcbChain =
    "sgx-tcb-info-issuer-chain";  // clients of the first years look for it first
constexpr std::string_view kIdentityChain = "sgx-enclave-identity-issuer-chain";
constexpr std::string_view kDer = "\x30", kHexOfDer = "30";
constexpr std::string_view kAzure = "clientid=production_client&api-version=2018-10-01-preview";
constexpr std::string_view kRootCrl = "/IntelSGXRootCA.der";
constexpr std::array<std::string_view, 2> kCas = {"processor", "platform"};

ClientProbe Asks(std::string target) { return {.call = {.target = std::move(target)}}; }
ClientProbe Asks(std::string target, std::string_view chain) {
  return {.call = {.target = std::move(target)}, .chain_headers = {chain}};
}
ClientProbe AsksInDer(std::string target) {
  return {.call = {.target = std::move(target)}, .begins_with = kDer};
}
ClientProbe MayHaveNothing(std::string target) {
  return {.call = {.target = std::move(target)}, .may_have_nothing = true};
}

std::string Zeros(size_t digits) { return std::string(digits, '0'); }

// Of a platform that nobody has.
std::string PckCert(std::string_view more) {
  return StrCat("/pckcert?qeid=", Zeros(32), "&encrypted_ppid=", Zeros(768), "&cpusvn=", Zeros(32),
                "&pcesvn=0000&pceid=0000", more);
}
std::string PckCertsByPpid() { return StrCat(kSgx, "/pckcerts?encrypted_ppid=", Zeros(768), "&pceid=0000"); }

// In both forms that version 3.0 and 3.1 of its protocol have, with what a site may add.
Probes Qcnl(const ProbeScope& scope) {
  const std::string query = StrCat("?fmspc=", scope.fmspc.HexUpper(), "&update=standard");
  // A program in C that encodes the end of its text, too.
  const std::string custom = PercentEncode(Base64(AsBytes(std::string("region=westus\0", 14))));
  ClientProbe endless = Asks(StrCat(kSgx, PckCert("&param1="), std::string(17'000, 'x')));
  endless.name = "an address that is too long";
  endless.status = 414;
  Probes probes = {
      Asks(StrCat(kSgx, "/rootcacrl")),
      AsksInDer(StrCat(kSgx, "/crl?uri=https://certificates.trustedservices.intel.com/IntelSGXRootCA.der")),
      Asks(StrCat(kSgx, "/tcb", query), kTcbChain),
      Asks(StrCat(kTdx, "/tcb", query), kTcbChain),
      Asks(StrCat(kSgx, "/qe/identity?update=standard"), kIdentityChain),
      Asks(StrCat(kTdx, "/qe/identity?update=standard"), kIdentityChain),
      Asks(StrCat(kSgx, "/qve/identity?update=standard"), kIdentityChain),
      Asks(StrCat(kTdx, "/qe/identity?update=standard&customParameter=", custom), kIdentityChain),
      MayHaveNothing(StrCat(kSgx, "/appraisalpolicy?fmspc=", scope.fmspc.HexUpper())),
      MayHaveNothing(StrCat(kSgx, PckCert("&param1=value1"))),  // of custom_request_options
      std::move(endless)};
  for (const std::string_view ca : kCas) {
    ClientProbe der = Asks(StrCat(kSgx, "/pckcrl?ca=", ca, "&encoding=der"), kCrlChain);
    der.begins_with = kDer;
    ClientProbe hex = Asks(StrCat(kSgx, "/pckcrl?ca=", ca), kCrlChain);
    hex.begins_with = kHexOfDer;
    probes.insert(probes.end(), {std::move(der), std::move(hex)});
  }
  return probes;
}

// ---- Azure ----

ClientProbe AsksAsAzure(std::string target, std::vector<std::string_view> chains) {
  return {.call = {.target = std::move(target)}, .chain_headers = std::move(chains), .needs_max_age = true};
}

ClientProbe AsksForCrl(std::string_view address, std::string_view escaped) {
  ClientProbe probe = AsksAsAzure(StrCat(kSgx, "/pckcrl?uri=", escaped, "&", kAzure), {kCrlChain});
  probe.name = address;
  return probe;
}

// It has the address escaped, puts it in lower case, and escapes it once more.
ClientProbe AsksEscapingTwice(std::string_view address) {
  return AsksForCrl(StrCat(address, ", escaped twice"), PercentEncode(LowerCase(PercentEncode(address))));
}

Probes AzureDcap(const ProbeScope& scope) {
  Probes probes = {
      AsksEscapingTwice("https://certificates.trustedservices.intel.com/intelsgxpckprocessor.crl"),
      AsksEscapingTwice(
          "https://api.trustedservices.intel.com/sgx/certification/v3/pckcrl?ca=platform&encoding=pem"),
      AsksEscapingTwice("https://certificates.trustedservices.intel.com/intelsgxrootca.crl"),
      AsksAsAzure(StrCat(kSgx, "/tcb?fmspc=", scope.fmspc.hex(), "&", kAzure), {kSgxTcbChain, kTcbChain}),
      AsksAsAzure(StrCat(kSgx, "/qe/identity?", kAzure), {kIdentityChain}),
      MayHaveNothing(StrCat("/metadata/THIM", kSgx,
                            PckCert("&clientid=production_client&api-version=2021-07-22-preview")))};
  // Revocation information by the distribution point of the certificate, whichever year it is from.
  for (const std::string_view version : {"v1", "v2", "v3", "v4"}) {
    for (const std::string_view ca : kCas) {
      const std::string address =
          StrCat("https://api.trustedservices.intel.com/sgx/certification/", version, "/pckcrl?ca=", ca);
      probes.push_back(AsksForCrl(address, PercentEncode(address)));
    }
  }
  return probes;
}

Probes AzureDcapTdx(const ProbeScope& scope) {
  constexpr std::string_view kId = "clientid=production_client";
  return {AsksAsAzure(StrCat(kSgx, "/pckcrl?ca=processor&", kId), {kCrlChain}),
          AsksAsAzure(StrCat(kSgx, "/pckcrl?ca=platform&", kId), {kCrlChain}),
          AsksAsAzure(StrCat(kSgx, "/rootcacrl?", kId), {kCrlChain}),
          AsksAsAzure(StrCat(kTdx, "/tcb?fmspc=", scope.fmspc.hex(), "&", kAzure), {kSgxTcbChain, kTcbChain}),
          AsksAsAzure(StrCat(kTdx, "/qe/identity?", kAzure), {kIdentityChain})};
}

// The confidential sidecar and CCF, of a chip that nobody has.
Probes AzureSnp(const ProbeScope&) {
  const std::string chip(128, 'a');
  ClientProbe host = MayHaveNothing(StrCat("/metadata/THIM/amd/certification?platformId=", chip,
                                           "&tcbVersion=D315000000000004&productName=Milan"));
  host.call.headers = {{"Metadata", "true"}};
  return {std::move(host), MayHaveNothing(StrCat("/SevSnpVM/certificates/", chip,
                                                 "/d315000000000004?api-version=2020-10-15-preview"))};
}

// ---- what takes Thimble for the PCS ----

Probes PcsClient(const ProbeScope& scope) {
  const auto probe = [](std::string target, std::string_view chain) {
    return ClientProbe{.call = {.target = std::move(target)},
                       .chain_headers = {chain},
                       .content_type = "application/json",
                       .needs_request_id = true};
  };
  const std::string query = StrCat("?fmspc=", scope.fmspc.hex(), "&update=standard");
  return {probe(StrCat(kSgx, "/tcb", query), kTcbChain),
          probe(StrCat(kTdx, "/tcb", query), kTcbChain),
          probe(StrCat(kSgx, "/qe/identity?update=standard"), kIdentityChain),
          probe(StrCat(kTdx, "/qe/identity?update=standard"), kIdentityChain),
          probe(StrCat(kSgx, "/qve/identity?update=standard"), kIdentityChain),
          Asks(StrCat(kSgx, "/pckcrl?ca=processor&encoding=der"), kCrlChain),
          Asks(StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), kCrlChain),
          MayHaveNothing(PckCertsByPpid()),
          AsksInDer(std::string(kRootCrl))};
}

Probes Pccs(const ProbeScope& scope) {
  const std::string query = StrCat("?fmspc=", scope.fmspc.HexUpper(), "&update=standard");
  return {MayHaveNothing(PckCertsByPpid()),
          Asks(StrCat(kSgx, "/tcb", query), kTcbChain),
          Asks(StrCat(kTdx, "/tcb", query), kTcbChain),
          Asks(StrCat(kSgx, "/qe/identity?update=standard"), kIdentityChain),
          Asks(StrCat(kTdx, "/qe/identity?update=standard"), kIdentityChain),
          Asks(StrCat(kSgx, "/qve/identity?update=standard"), kIdentityChain),
          Asks(StrCat(kSgx, "/pckcrl?ca=processor&encoding=der"), kCrlChain),
          Asks(StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), kCrlChain),
          AsksInDer(std::string(kRootCrl))};
}

// ---- verifiers ----

Probes DcapQvl(const ProbeScope& scope) {
  const std::string query = StrCat("?fmspc=", scope.fmspc.HexUpper());
  ClientProbe root = Asks(StrCat(kSgx, "/rootcacrl"));
  root.begins_with = kHexOfDer;
  ClientProbe pck = Asks(StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), kCrlChain);
  pck.begins_with = kDer;
  ClientProbe sgx = Asks(StrCat(kSgx, "/tcb", query)), tdx = Asks(StrCat(kTdx, "/tcb", query));
  sgx.chain_headers = tdx.chain_headers = {kSgxTcbChain, kTcbChain};
  return {std::move(pck), std::move(root), std::move(sgx), std::move(tdx),
          Asks(StrCat(kTdx, "/qe/identity?update=standard"), kIdentityChain)};
}

Probes Trustee(const ProbeScope& scope) {
  ClientProbe root = Asks(StrCat(kSgx, "/rootcacrl?"));
  root.begins_with = kHexOfDer;
  return {std::move(root), Asks(StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), kCrlChain),
          Asks(StrCat(kTdx, "/tcb?fmspc=", scope.fmspc.HexUpper(), "&update=early"), kTcbChain),
          Asks(StrCat(kTdx, "/qe/identity?update=early"), kIdentityChain)};
}

Probes GoTdxGuest(const ProbeScope& scope) {
  ClientProbe pck = Asks(StrCat(kSgx, "/pckcrl?ca=platform&encoding=der"), kCrlChain);
  pck.begins_with = kDer;
  return {Asks(StrCat(kTdx, "/tcb?fmspc=", scope.fmspc.hex()), kTcbChain),
          Asks(StrCat(kTdx, "/qe/identity"), kIdentityChain), std::move(pck),
          AsksInDer(std::string(kRootCrl))};
}

// go-sev-guest, snpguest, trustee for SNP; the VCEK is that of a chip that nobody has.
Probes Kds(const ProbeScope&) {
  ClientProbe chain = Asks("/vcek/v1/Milan/cert_chain");
  chain.begins_with = "-----BEGIN CERTIFICATE-----";
  return {std::move(chain), AsksInDer("/vcek/v1/Milan/crl"),
          MayHaveNothing(
              StrCat("/vcek/v1/Milan/", std::string(128, 'a'), "?blSPL=4&teeSPL=0&snpSPL=21&ucodeSPL=211"))};
}

constexpr std::array kClients = {KnownClient{"qcnl", Qcnl},
                                 KnownClient{"azure-dcap", AzureDcap},
                                 KnownClient{"azure-dcap-tdx", AzureDcapTdx},
                                 KnownClient{"azure-snp", AzureSnp},
                                 KnownClient{"pccs", Pccs},
                                 KnownClient{"pccsadmin", UploadProbes},
                                 KnownClient{"pcsclient", PcsClient},
                                 KnownClient{"dcap-qvl", DcapQvl},
                                 KnownClient{"trustee", Trustee},
                                 KnownClient{"go-tdx-guest", GoTdxGuest},
                                 KnownClient{"kds", Kds}};

}  // namespace

std::span<const KnownClient> KnownClients() { return kClients; }

const KnownClient* FindClient(std::string_view name) {
  const auto found = std::ranges::find(kClients, name, &KnownClient::name);
  return found == kClients.end() ? nullptr : &*found;
}

}  // namespace thimble
