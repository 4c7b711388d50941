// SPDX-License-Identifier: Apache-2.0
//
// A platform of the simulated Intel, and what the PCS and Azure answer about it.
#pragma once

#include "fetchers/intel_pck.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/intel/pck_set.h"
#include "tcb/pki/pem.h"
#include "tests/fetchers/fakes.h"
#include "tests/support/sim_intel.h"

namespace thimble::test {

inline const sim::SimIntel& Intel() {
  static const sim::SimIntel intel = sim::SimIntel::Make();
  return intel;
}

inline const intel::PlatformId kPlatform =
    *intel::PlatformId::From("0102030405060708090a0b0c0d0e0f10", *intel::PceId::FromHex("0000"));
inline const intel::EncryptedPpid kPpid = *intel::EncryptedPpid::From(Bytes(384, 0xab));
inline const intel::PlatformManifest kManifest = *intel::PlatformManifest::From(Bytes(9000, 0xcd));

inline intel::PckTcb TcbOf(const sim::PckSpec& platform) {
  return {platform.cpu_svn, static_cast<intel::PceSvn>(platform.pce_svn)};
}
inline std::string PckCerts(const sim::PckSpec& platform = sim::ServerPlatform()) {
  const auto certificate = Certificate::Parse(Intel().PckCertificate(platform), Check::kUpstreamAnswer);
  return intel::EncodePckCerts({{TcbOf(platform), *certificate}}, {});
}
inline std::pair<std::string, std::string> PckChainHeader() {
  return {"sgx-pck-certificate-issuer-chain", PercentEncode(Intel().CaChain(intel::PckCa::kPlatform))};
}
inline HttpResponse PcsAnswer() { return Response(200, PckCerts(), {PckChainHeader()}); }

// As a PCCS has it: one certificate in PEM, the rest in headers.
inline HttpResponse PccsAnswer(const sim::PckSpec& platform = sim::ServerPlatform()) {
  return Response(200, EncodePem(Intel().PckCertificate(platform), "CERTIFICATE"),
                  {PckChainHeader(), {"sgx-tcbm", TcbOf(platform).HexUpper()}});
}

// Azure's form: everything in a JSON object.
inline std::string ThimPck(const sim::PckSpec& platform = sim::ServerPlatform()) {
  std::string out;
  json::Writer(&out)
      .BeginObject()
      .Key("pckCert")
      .String(EncodePem(Intel().PckCertificate(platform), "CERTIFICATE"))
      .Key("sgx-Pck-Certificate-Issuer-Chain")
      .String(PckChainHeader().second)
      .Key("sgx-Tcbm")
      .String(TcbOf(platform).HexUpper())
      .Key("cacheMaxAge")
      .Unsigned(86400)
      .EndObject();
  return out;
}

inline bool Authentic(const Fetched& fetched) {
  return AuthenticateItem(PckCertsKey{kPlatform}, fetched.bytes, Intel().Anchors()).ok();
}
inline Check CheckOf(const Result<Fetched>& result) {
  return result.ok() ? Check::kNone : result.error().check;
}

}  // namespace thimble::test
