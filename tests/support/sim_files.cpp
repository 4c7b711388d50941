// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_files.h"

#include <algorithm>
#include <cctype>
#include <fstream>
#include <stdexcept>

#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tests/support/sim_hcl.h"
#include "tests/support/sim_machine.h"
#include "tests/support/sim_openenclave.h"
#include "tests/support/sim_uvm.h"

namespace thimble::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHeldData = "what an enclave holds: a public key";

void WriteText(const fs::path& path, const std::string& text) { WriteFile(path, AsBytes(text)); }

// Every form of quote, from a platform whose TCB is UpToDate.
void AddGood(std::vector<EvidenceFile>& out, const SimIntel& intel) {
  out.push_back({"good-sgx-v3.bin", intel.Quote()});
  out.push_back({"good-sgx-v3-client.bin", intel.Quote({.platform = ClientPlatform()})});
  out.push_back({"good-sgx-v4.bin", intel.Quote({.version = 4})});
  out.push_back({"good-sgx-v5.bin", intel.Quote({.version = 5})});
  out.push_back({"good-tdx-v4.bin", intel.Quote({.tdx = true})});
  out.push_back({"good-tdx-v5.bin", intel.Quote({.tdx = true, .version = 5})});
  out.push_back({"good-tdx-v5-td10.bin", intel.Quote({.tdx = true, .version = 5, .body_type = 2})});
  out.push_back({"good-tdx-v5-ex.bin", intel.Quote({.tdx = true, .version = 5, .body_type = 4})});
  const PckSpec newest = ServerPlatform(Tcb::kNewest);
  out.push_back({"good-newest-sgx-v3.bin", intel.Quote({.platform = newest})});
  out.push_back(
      {"good-newest-tdx-v4.bin", intel.Quote({.tdx = true, .platform = newest, .tee_tcb_svn = {7, 1, 3}})});
}

void AddOld(std::vector<EvidenceFile>& out, const SimIntel& intel) {
  const PckSpec old = ServerPlatform(Tcb::kOutOfDate);
  out.push_back({"old-sgx-v3.bin", intel.Quote({.platform = old})});
  out.push_back({"old-tdx-v4.bin", intel.Quote({.tdx = true, .platform = old})});
  out.push_back({"old-module-tdx-v4.bin", intel.Quote({.tdx = true, .tee_tcb_svn = {4, 1, 3}})});
}

void AddRevoked(std::vector<EvidenceFile>& out, const SimIntel& intel) {
  PckSpec platform = ServerPlatform();
  platform.certificate = [](CertificateSpec& spec) { spec.serial = RevokedSerial(); };
  out.push_back({"revoked-sgx-v3.bin", intel.Quote({.platform = platform})});
  out.push_back({"revoked-tdx-v4.bin", intel.Quote({.tdx = true, .platform = platform})});
}

void AddForged(std::vector<EvidenceFile>& out, const SimIntel& intel) {
  const SimIntel forger = SimIntel::Make({.seed = intel.seed() + "/forger", .now = intel.now()});
  for (const bool tdx : {false, true}) {
    const std::string_view form = tdx ? "tdx-v4.bin" : "sgx-v3.bin";
    const QuoteOptions options = {.tdx = tdx};
    out.push_back({StrCat("forged-root-", form), forger.Quote(options)});
    Bytes quote = intel.Quote(options);
    const QuoteOffsets at = LocateQuote(quote);
    quote[at.signature + 63] ^= 0x01;
    out.push_back({StrCat("forged-signature-", form), quote});
    quote = intel.Quote(options);
    quote[at.signed_size - 1] ^= 0x01;  // the last byte of the report data
    out.push_back({StrCat("forged-report-", form), quote});
  }
}

// The simulated endorser of utility VMs in Microsoft's place.
std::string UvmPolicy(const AcceptedUvm& accepted) {
  return StrCat("[policy.default.uvm]\naccepted = [{ issuer = \"", accepted.issuer, "\", feed = \"",
                accepted.feed, "\", min_svn = ", accepted.min_svn, " }]\n");
}

// The security context of a container, and its report.
void WriteContainer(const fs::path& directory, const SimAmd& amd, const Bytes& endorsement) {
  const SnpPlatform platform = SnpPlatform::Of(amd::Product::kMilan);
  const std::string policy = "package policy\n\ndefault allow = false\n";
  ReportSpec spec;
  spec.bend = [&](Bytes& report) {
    std::ranges::copy(Sha256(AsBytes(policy)).view(), report.begin() + 0xc0);
  };
  std::string thim;
  json::Writer writer(&thim);
  writer.BeginObject();
  writer.Key("vcekCert").String(ToPem(amd.Leaf(platform), "CERTIFICATE"));
  writer.Key("tcbm").String("00");
  writer.Key("certificateChain").String(amd.ChainPem(platform.product, platform.kind));
  writer.Key("cacheControl").String("86400");
  writer.EndObject();
  fs::create_directories(directory);
  WriteFile(directory / "report.bin", amd.Report(platform, spec));
  WriteText(directory / "host-amd-cert-base64", Base64(AsBytes(thim)));
  WriteText(directory / "reference-info-base64", Base64(endorsement));
  WriteText(directory / "security-policy-base64", Base64(AsBytes(policy)));
}

// good: accepted by config.toml. old: below its minimum SVN. forged: the same names and issuer, other keys.
void WriteContainers(const fs::path& directory, const SimAmd& amd) {
  const SimUvm uvm = SimUvm::Make();
  UvmSpec old, forged;
  old.svn = 22;
  forged.issuer = uvm.Issuer();
  WriteContainer(directory / "good-container", amd, uvm.Endorsement());
  WriteContainer(directory / "old-container", amd, uvm.Endorsement(old));
  WriteContainer(directory / "forged-container", amd, SimUvm::Make("forger").Endorsement(forged));
}

// The store is beside the rest, so that nothing simulated gets into another.
std::string Config(const fs::path& directory, const std::string& base_url) {
  const fs::path here = fs::absolute(directory);
  return StrCat("# Thimble against simulated vendors: every result rests on the extra anchor and says so.\n",
                "[server]\nanchors = [\"", (here / "root.pem").string(), "\", \"",
                (here / "platform-roots.pem").string(), "\"]\n\n", "[[intel.upstream]]\nurl = \"", base_url,
                "/sgx/certification/v4/\"\n\n", "[[amd.upstream]]\nurl = \"", base_url, "\"\n\n",
                "[cache]\ndata = \"", (here / "thimble-data").string(), "\"\n\n",
                UvmPolicy(SimUvm::Make().Accepted()),
                "\n# What is no TEE, and passes by name alone.\n[policy.trusted-launch]\nevidence = "
                "[\"tpm\"]\n[policy.trusted-launch.tpm]\nrequired_pcrs.sha256 = [0, 7]\n\n"
                "[policy.enclave]\nevidence = [\"vbs\"]\n[policy.enclave.vbs]\nmin_enclave_svn = 3\n");
}

}  // namespace

std::vector<EvidenceFile> IntelEvidence(const SimIntel& intel) {
  std::vector<EvidenceFile> out;
  AddGood(out, intel);
  AddOld(out, intel);
  AddRevoked(out, intel);
  AddForged(out, intel);
  return out;
}

std::vector<EvidenceFile> OpenEnclaveEvidence(const SimIntel& intel) {
  const SimIntel forger = SimIntel::Make({.seed = intel.seed() + "/forger", .now = intel.now()});
  const Bytes claims = EncodeCustomClaims({{"name", {'v', 'a', 'l', 'u', 'e'}}});
  const QuoteOptions old = {.platform = ServerPlatform(Tcb::kOutOfDate)};
  const Bytes good = MakeOeEvidence(intel, claims);
  Bytes bent = good;
  bent.back() ^= 0x01;  // of the custom claims
  const SimKey key("an enclave's key"), thief("another enclave's key");
  const Bytes about_key = MakeOeEvidence(intel, OeKeyPem(key));
  return {{"good-oe-report.bin", EncodeOeReport(intel.Quote(Binding(AsBytes(kHeldData))))},
          {"good-oe-evidence.bin", good},
          {"good-oe-plugin-evidence.bin", Bytes(good.begin() + kOeEvidenceHeader, good.end())},
          {"good-oe-certificate.der", MakeOeCertificate(kOeEvidenceOid, about_key, key, key)},
          {"old-oe-report.bin", EncodeOeReport(intel.Quote(old))},
          {"old-oe-evidence.bin", MakeOeEvidence(intel, claims, old)},
          {"forged-claims-oe-evidence.bin", bent},
          {"forged-root-oe-evidence.bin", MakeOeEvidence(forger, claims)},
          {"forged-root-oe-report.bin", EncodeOeReport(forger.Quote())},
          {"forged-key-oe-certificate.der", MakeOeCertificate(kOeEvidenceOid, about_key, thief, thief)}};
}

std::vector<EvidenceFile> AmdEvidence(const SimAmd& amd) {
  const auto of = [](amd::Product product) { return SnpPlatform::Of(product); };
  const SnpPlatform milan = of(amd::Product::kMilan), genoa = of(amd::Product::kGenoa);
  SnpPlatform old = genoa;
  old.tcb.microcode = 0x50;
  Bytes bent = amd.Report(milan);
  bent[0x50] ^= 0x01;  // the first byte of the report data
  const std::string runtime_data = RuntimeData(VtpmKey());
  const SimAmd forger = SimAmd::Make({.seed = "forger", .now = amd.now()});
  std::vector<EvidenceFile> out = {
      {"good-snp-milan-v3.bin", amd.Report(milan)},
      {"good-snp-genoa-v3.bin", amd.Report(genoa)},
      {"good-snp-turin-v5.bin", amd.Report(of(amd::Product::kTurin), {.version = 5})},
      {"good-snp-milan-vlek.bin",
       amd.ExtendedReport(SnpPlatform::Of(amd::Product::kMilan, amd::SigningKey::kVlek))},
      {"good-hcl-snp-milan.bin",
       EncodeHclReport({.hardware_report = amd.Report(milan, {.report_data = BindingOf(runtime_data)}),
                        .runtime_data = runtime_data})},
      {"old-snp-genoa-v3.bin", amd.Report(old)},
      {"forged-report-snp-milan-v3.bin", bent},
      {"forged-root-snp-milan-v3.bin", forger.ExtendedReport(milan)}};
  // One of each CPU line that has floors, with all that a report can prove.
  for (const std::string& line : SnpPlatform::LineNames()) {
    const SnpPlatform platform = SnpPlatform::OfLine(line);
    if (platform.product == amd::Product::kVenice) continue;
    std::string name = StrCat("good-snp-", line, "-v5.bin");
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    out.push_back({std::move(name), amd.Report(platform, {.version = 5})});
  }
  return out;
}

void WriteFile(const fs::path& path, ByteView bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << AsText(bytes) << std::flush;
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

void WriteCollateral(const fs::path& directory, const intel::CollateralSet& set) {
  fs::create_directories(directory);
  WriteFile(directory / "root_ca_crl.der", set.root_ca_crl);
  WriteFile(directory / "pck_crl.der", set.pck_crl);
  WriteText(directory / "pck_crl_chain.pem", set.pck_crl_issuer_chain);
  WriteFile(directory / "tcb_info.json", set.tcb_info);
  WriteText(directory / "tcb_info_chain.pem", set.tcb_info_issuer_chain);
  WriteFile(directory / "qe_identity.json", set.qe_identity);
  WriteText(directory / "qe_identity_chain.pem", set.qe_identity_issuer_chain);
  if (!set.pck_chain.empty()) WriteText(directory / "pck_chain.pem", set.pck_chain);
}

void WriteEndorsements(const fs::path& directory, const SimAmd& amd, const SnpPlatform& platform) {
  fs::create_directories(directory);
  const bool vcek = platform.kind == amd::SigningKey::kVcek;
  WriteFile(directory / (vcek ? "vcek.der" : "vlek.der"), amd.Leaf(platform));
  WriteText(directory / "chain.pem", amd.ChainPem(platform.product, platform.kind));
  WriteFile(directory / "crl.der", amd.Crl(platform.product));
}

void WriteVendorFiles(const fs::path& directory, const SimIntel& intel, const SimAmd& amd,
                      const std::string& base_url) {
  fs::create_directories(directory);
  WriteText(directory / "root.pem", intel.RootPem() + amd.ArksPem());
  WriteText(directory / "intel-root.pem", intel.RootPem());
  WriteText(directory / "amd-root.pem", amd.ArksPem());
  WriteText(directory / "config.toml", Config(directory, base_url));
  for (const EvidenceFile& file : IntelEvidence(intel)) WriteFile(directory / file.name, file.bytes);
  // Without a certificate: they say by what it is found.
  WriteFile(directory / "ppid-sgx-v3.bin", intel.Quote({.certification_type = 3}));
  WriteFile(directory / "ppid-tdx-v4.bin", intel.Quote({.tdx = true, .certification_type = 3}));
  for (const EvidenceFile& file : OpenEnclaveEvidence(intel)) WriteFile(directory / file.name, file.bytes);
  WriteText(directory / "held-data.bin", std::string(kHeldData));
  WriteFile(directory / "oe-endorsements.bin", EncodeOeEndorsements(intel.Collateral()));
  for (const EvidenceFile& file : AmdEvidence(amd)) WriteFile(directory / file.name, file.bytes);
  WriteCollateral(directory / "collateral-sgx", intel.Collateral());
  WriteCollateral(directory / "collateral-tdx", intel.Collateral({.tee = IntelTee::kTdx}));
  WriteEndorsements(directory / "collateral-snp-milan", amd, SnpPlatform::Of(amd::Product::kMilan));
  WriteContainers(directory, amd);
  WriteText(directory / "platform-roots.pem", PlatformRootsPem(intel.now()));
  for (const NamedText& file : PlatformEvidence(intel.now())) WriteText(directory / file.name, file.text);
}

}  // namespace thimble::sim
