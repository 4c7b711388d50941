// SPDX-License-Identifier: Apache-2.0
//
// A Thimble in front of a simulated Intel, and the platform that its PCS knows.
#pragma once

#include <nlohmann/json.hpp>

#include "tcb/base/crypto.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/intel/pck_tcb.h"
#include "tests/service/testing/world.h"
#include "tests/support/sim_pcs_pck.h"

namespace thimble::test {

inline constexpr const char* kQeId = "0F0E0D0C0B0A09080706050403020100";
inline constexpr const char* kV4 = "/sgx/certification/v4";

inline intel::PckTcb TcbOf(sim::Tcb tcb) {
  return {sim::SgxComponents(tcb), static_cast<intel::PceSvn>(sim::PceSvnOf(tcb))};
}
inline std::string TcbQuery(sim::Tcb tcb) {
  return StrCat("&cpusvn=", TcbOf(tcb).CpuSvnHexUpper(), "&pcesvn=", TcbOf(tcb).PceSvnHexUpper());
}
inline std::string Ppid() { return sim::EncryptedPpid(sim::ServerPlatform()); }
inline std::string Zeros() { return std::string(768, '0'); }

// As Intel's client asks; `ppid` empty: without it.
inline std::string PckCertTarget(sim::Tcb tcb = sim::Tcb::kGood, const std::string& ppid = Ppid(),
                                 std::string_view qe_id = kQeId) {
  return StrCat(kV4, "/pckcert?qeid=", qe_id, ppid.empty() ? "" : "&encrypted_ppid=", ppid, TcbQuery(tcb),
                "&pceid=0000");
}

inline nlohmann::json ByPpid(std::string_view qe_id = kQeId, sim::Tcb tcb = sim::Tcb::kGood,
                             const std::string& ppid = Ppid()) {
  return {{"qe_id", qe_id},
          {"pce_id", "0000"},
          {"cpu_svn", TcbOf(tcb).CpuSvnHexUpper()},
          {"pce_svn", TcbOf(tcb).PceSvnHexUpper()},
          {"enc_ppid", ppid}};
}
inline nlohmann::json ByManifest(std::string_view qe_id = kQeId) {
  return {{"qe_id", qe_id},
          {"pce_id", "0000"},
          {"platform_manifest", sim::PlatformManifest(sim::ServerPlatform())}};
}

struct PccsWorld : World {
  explicit PccsWorld(CachingMode mode = CachingMode::kLazy) {
    config.pccs.mode = mode;
    config.roles = {
        {.role = Role::kRegister, .token_sha512 = TokenDigest("user secret"), .client_sha256 = {}},
        {.role = Role::kAdmin, .token_sha512 = TokenDigest("admin secret"), .client_sha256 = {}}};
  }
  RawAnswer Ask(std::string_view target, std::string_view headers = "") {
    return Get(port(), target, headers);
  }
  RawAnswer AskAsAdmin(std::string_view target) { return Ask(target, "admin-token: admin secret\r\n"); }
  // One request with a JSON body.
  RawAnswer Send(std::string_view method, std::string_view target, std::string_view headers,
                 std::string_view body) {
    RawConnection connection(port());
    connection.Send(StrCat(method, " ", target,
                           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n", headers,
                           "Content-Length: ", body.size(), "\r\n\r\n", body));
    return connection.Receive();
  }
  RawAnswer Register(const nlohmann::json& platform, std::string_view query = "") {
    return Send("POST", StrCat(kV4, "/platforms", query), "user-token: user secret\r\n", platform.dump());
  }
  nlohmann::json Queue(std::string_view source = "reg") {
    return nlohmann::json::parse(AskAsAdmin(StrCat(kV4, "/platforms?source=", source)).body);
  }
};

}  // namespace thimble::test
