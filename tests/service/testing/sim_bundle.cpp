// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/sim_bundle.h"

#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tests/service/testing/pccs_world.h"

namespace thimble::test {
namespace {

using sim::SimIntel;

std::string Encoded(const std::string& pem) { return PercentEncode(pem); }
Bundle Object(const Bytes& body) { return Bundle::parse(AsText(body)); }

Bundle Certificates(const SimIntel& intel, sim::PckSpec platform) {
  Bundle list = Bundle::array();
  for (const sim::Tcb tcb : {sim::Tcb::kGood, sim::Tcb::kOutOfDate}) {
    Bundle svns;
    const auto& components = TcbOf(tcb).cpu_svn;
    for (size_t i = 0; i < components.size(); ++i) {
      svns[StrCat("sgxtcbcomp", i < 9 ? "0" : "", i + 1, "svn")] = components.at(i);
    }
    svns["pcesvn"] = sim::PceSvnOf(tcb);
    platform.cpu_svn = sim::SgxComponents(tcb);
    platform.pce_svn = sim::PceSvnOf(tcb);
    const Bytes der = intel.PckCertificate(platform);
    list.push_back(
        {{"tcb", svns}, {"tcbm", TcbOf(tcb).HexUpper()}, {"cert", Encoded(sim::ToPem(der, "CERTIFICATE"))}});
  }
  return list;
}

Bundle Platform(std::string_view qe_id, const sim::PckSpec& platform) {
  return {{"qe_id", qe_id},
          {"pce_id", "0000"},
          {"cpu_svn", TcbOf(sim::Tcb::kGood).CpuSvnHexUpper()},
          {"pce_svn", TcbOf(sim::Tcb::kGood).PceSvnHexUpper()},
          {"enc_ppid", sim::EncryptedPpid(platform)},
          {"platform_manifest", ""}};
}

}  // namespace

Bundle BundleOf(const SimIntel& intel, std::string_view qe_id, const sim::PckSpec& platform) {
  Bundle collaterals = {{"version", 4}};
  collaterals["pck_certs"] = {{{"qe_id", qe_id},
                               {"pce_id", "0000"},
                               {"enc_ppid", sim::EncryptedPpid(platform)},
                               {"platform_manifest", ""},
                               {"certs", Certificates(intel, platform)}}};
  collaterals["tcbinfos"] = {{{"fmspc", sim::kServerFmspc},
                              {"sgx_tcbinfo", Object(intel.TcbInfo(IntelTee::kSgx))},
                              {"tdx_tcbinfo", Object(intel.TcbInfo(IntelTee::kTdx))}}};
  collaterals["pckcacrl"] = {{"processorCrl", HexLower(intel.PckCrl(intel::PckCa::kProcessor))},
                             {"platformCrl", HexLower(intel.PckCrl(intel::PckCa::kPlatform))}};
  collaterals["rootcacrl"] = HexLower(intel.RootCaCrl());
  collaterals["rootcacrl_cdp"] = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
  collaterals["qeidentity"] = AsText(intel.Identity(EnclaveId::kQe));
  collaterals["tdqeidentity"] = AsText(intel.Identity(EnclaveId::kTdQe));
  collaterals["qveidentity"] = AsText(intel.Identity(EnclaveId::kQve));
  collaterals["certificates"] = {{"SGX-PCK-Certificate-Issuer-Chain",
                                  {{"PROCESSOR", Encoded(intel.CaChain(intel::PckCa::kProcessor))},
                                   {"PLATFORM", Encoded(intel.CaChain(intel::PckCa::kPlatform))}}},
                                 {"TCB-Info-Issuer-Chain", Encoded(intel.TcbSigningChain())},
                                 {"SGX-Enclave-Identity-Issuer-Chain", Encoded(intel.TcbSigningChain())}};
  return {{"platforms", {Platform(qe_id, platform)}}, {"collaterals", collaterals}};
}

Bundle Version3BundleOf(const SimIntel& intel, std::string_view qe_id) {
  Bundle bundle = BundleOf(intel, qe_id);
  Bundle& collaterals = bundle["collaterals"];
  collaterals.erase("version");
  collaterals.erase("tdqeidentity");
  const Bytes info = intel.TcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber,
                                   [](sim::TcbInfoSpec& spec) { spec.version = 2; });
  collaterals["tcbinfos"] = {{{"fmspc", sim::kServerFmspc}, {"tcbinfo", Object(info)}}};
  Bundle& chains = collaterals["certificates"];
  chains["SGX-TCB-Info-Issuer-Chain"] = chains["TCB-Info-Issuer-Chain"];
  chains.erase("TCB-Info-Issuer-Chain");
  return bundle;
}

}  // namespace thimble::test
