// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_pcs_pck.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::sim {
namespace {

// For each platform there is a certificate at these TCBs, best first; the newest one is "Not available", as
// for TCBs that Intel has not certified yet.
constexpr std::array kCertified = {Tcb::kGood, Tcb::kOutOfDate, Tcb::kRevoked};

PckSpec WithTcb(PckSpec platform, Tcb tcb) {
  platform.cpu_svn = SgxComponents(tcb);
  platform.pce_svn = PceSvnOf(tcb);
  return platform;
}

std::optional<PckSpec> FindPlatform(const Target& target) {
  const std::string ppid = LowerCase(target.Find("encrypted_ppid").value_or(""));
  for (const PckSpec& platform : {ServerPlatform(), ClientPlatform(), StrangersPlatform()}) {
    if (ppid.starts_with(HexLower(platform.ppid))) return platform;
  }
  return std::nullopt;
}

// CPUSVN, then PCESVN little endian: 36 hex digits.
std::string TcbM(const PckSpec& platform) {
  const Bytes pce_svn = {static_cast<uint8_t>(platform.pce_svn), static_cast<uint8_t>(platform.pce_svn >> 8)};
  return HexUpper(platform.cpu_svn) + HexUpper(pce_svn);
}

void AddPlatformHeaders(VendorReply& reply, const SimIntel& intel, const PckSpec& platform) {
  reply.headers.emplace_back("SGX-PCK-Certificate-Issuer-Chain", PercentEncode(intel.CaChain(platform.ca)));
  reply.headers.emplace_back("SGX-FMSPC", platform.fmspc);
  reply.headers.emplace_back("SGX-PCK-Certificate-CA-Type", intel::PckCaName(platform.ca));
}

std::string CertificateEntry(const PckSpec& platform, const std::string& certificate) {
  std::string tcb;
  for (size_t i = 0; i < platform.cpu_svn.size(); ++i) {
    tcb += StrCat("\"sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn\":", platform.cpu_svn[i], ",");
  }
  return StrCat("{\"tcb\":{", tcb, "\"pcesvn\":", platform.pce_svn, "},\"tcbm\":\"", TcbM(platform),
                "\",\"cert\":\"", certificate, "\"}");
}

bool HasParameters(const Target& target, std::initializer_list<std::string_view> names) {
  return std::ranges::all_of(names, [&](std::string_view name) { return target.Find(name).has_value(); });
}

// All certificates of a platform, and the TCB that has none yet.
VendorReply ListOf(const SimIntel& intel, const std::optional<PckSpec>& platform) {
  if (!platform) return {.status = 404};
  std::string list = StrCat("[", CertificateEntry(WithTcb(*platform, Tcb::kNewest), "Not available"));
  for (const Tcb tcb : kCertified) {
    const PckSpec certified = WithTcb(*platform, tcb);
    list += StrCat(",", CertificateEntry(
                            certified, PercentEncode(ToPem(intel.PckCertificate(certified), "CERTIFICATE"))));
  }
  list += "]";
  VendorReply reply = {.content_type = "application/json", .body = Bytes(list.begin(), list.end())};
  AddPlatformHeaders(reply, intel, *platform);
  return reply;
}

}  // namespace

PckSpec StrangersPlatform() {
  PckSpec platform = ServerPlatform();
  platform.ppid = Bytes(16, 0x5a);
  platform.name = "a stranger's machine";
  return platform;
}

std::string EncryptedPpid(const PckSpec& platform, uint8_t round) {
  Bytes padded = platform.ppid;
  padded.resize(384);
  padded.back() = round;
  return HexLower(padded);
}

std::string PlatformManifest(const PckSpec& platform) {
  Bytes padded = platform.ppid;
  padded.resize(9000);
  return HexLower(padded);
}

VendorReply AnswerPckCert(const SimIntel& intel, const Target& target) {
  if (!HasParameters(target, {"encrypted_ppid", "cpusvn", "pcesvn", "pceid"})) return {.status = 400};
  const auto cpu_svn = FromHex(*target.Find("cpusvn")), pce_svn = FromHex(*target.Find("pcesvn"));
  if (!cpu_svn || cpu_svn->size() != 16 || !pce_svn || pce_svn->size() != 2) return {.status = 400};
  const auto platform = FindPlatform(target);
  if (!platform) return {.status = 404};

  intel::TcbComponents raw{};
  std::copy(cpu_svn->begin(), cpu_svn->end(), raw.begin());
  const int raw_pce = pce_svn->at(0) | pce_svn->at(1) << 8;
  for (const Tcb tcb : kCertified) {
    const PckSpec certified = WithTcb(*platform, tcb);
    if (!intel::Covers(raw, certified.cpu_svn) || std::cmp_less(raw_pce, certified.pce_svn)) continue;
    const std::string pem = ToPem(intel.PckCertificate(certified), "CERTIFICATE");
    VendorReply reply = {.content_type = "application/x-pem-file", .body = Bytes(pem.begin(), pem.end())};
    AddPlatformHeaders(reply, intel, certified);
    reply.headers.emplace_back("SGX-TCBm", TcbM(certified));
    return reply;
  }
  return {.status = 404};
}

VendorReply AnswerPckCerts(const SimIntel& intel, const Target& target) {
  if (!HasParameters(target, {"encrypted_ppid", "pceid"})) return {.status = 400};
  return ListOf(intel, FindPlatform(target));
}

VendorReply AnswerPckCertsByManifest(const SimIntel& intel, const std::string& body) {
  const auto request = nlohmann::json::parse(body, nullptr, false);
  if (!request.is_object() || request.value("pceid", "") != "0000") return {.status = 400};
  const std::string manifest = LowerCase(request.value("platformManifest", ""));
  for (const PckSpec& platform : {ServerPlatform(), ClientPlatform(), StrangersPlatform()}) {
    if (manifest == PlatformManifest(platform)) return ListOf(intel, platform);
  }
  return {.status = 404};
}

}  // namespace thimble::sim
