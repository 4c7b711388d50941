// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_machine.h"

#include <algorithm>

#include "tests/support/sim_platform.h"

namespace thimble::sim {
namespace {

using std::chrono::hours;

constexpr std::string_view kReportSigned = R"({"challenge":"simulated"})";
constexpr uint8_t kBootPcrs = 8;  // 0 to 7: what firmware measures

// Good around `now`, and whether it has ended since.
Bend<CertificateSpec> Around(Instant now, bool ended = false) {
  return [=](CertificateSpec& spec) {
    spec.validity = {now - hours(24), ended ? now - hours(1) : now + hours(24 * 90)};
  };
}

TpmEvidenceSpec TpmAround(Instant now, bool ended = false) {
  return {.quote = {.pcrs = SomePcrs(tpm::kSha256, kBootPcrs)},
          .certificate = AkCertificate(Around(now, ended)),
          .chain = ToPem(TpmCaCertificate(Around(now)), "CERTIFICATE")};
}

void AddTpm(Instant now, std::vector<NamedText>& out) {
  const TpmEvidenceSpec good = TpmAround(now);
  TpmEvidenceSpec other_key = good, certificate = good, pcr = good;
  other_key.signer = SimRsaKey("forger/vtpm", 2048);
  certificate.certificate.back() ^= 1;  // of its signature
  pcr.pcrs = good.quote.pcrs;
  (*pcr.pcrs)[tpm::kSha256][7].front() ^= 1;
  out.push_back({"good-tpm-quote.json", TpmEvidenceJson(good)});
  out.push_back({"old-tpm-quote.json", TpmEvidenceJson(TpmAround(now, true))});
  out.push_back({"forged-key-tpm-quote.json", TpmEvidenceJson(other_key)});
  out.push_back({"forged-certificate-tpm-quote.json", TpmEvidenceJson(certificate)});
  out.push_back({"forged-pcr-tpm-quote.json", TpmEvidenceJson(pcr)});
}

void AddVbs(Instant now, std::vector<NamedText>& out) {
  const std::string text(kReportSigned);
  const Digest512 bound = Sha512(AsBytes(text));
  VbsSpec good = {.enclave_data = Bytes(bound.view().begin(), bound.view().end()),
                  .blocks = VbsModule("enclave.dll")};
  VbsSpec bent = good;
  bent.bend = [](Bytes& package) { package.back() ^= 1; };  // of its signature
  const Bytes signer = VbsSignerCertificate(Around(now));
  out.push_back({"good-vbs-report.json", VbsEvidenceJson(good, text, signer)});
  out.push_back(
      {"old-vbs-report.json", VbsEvidenceJson(good, text, VbsSignerCertificate(Around(now, true)))});
  out.push_back({"forged-signature-vbs-report.json", VbsEvidenceJson(bent, text, signer)});
  out.push_back({"forged-data-vbs-report.json", VbsEvidenceJson(good, text + " ", signer)});
}

}  // namespace

std::optional<Bytes> EvidenceOfMachine(std::string_view kind, ByteView bound, const SimIntel& intel,
                                       const SimAmd* amd) {
  std::array<uint8_t, 64> data{};
  if (bound.size() > data.size()) return std::nullopt;
  std::ranges::copy(bound, data.begin());
  if (kind == "sgx" || kind == "tdx") {
    return intel.Quote({.tdx = kind == "tdx", .bend = [&data](QuoteSpec& spec) {
                          spec.sgx.report_data = spec.tdx.report_data = data;
                        }});
  }
  if (kind == "snp" && amd != nullptr)
    return amd->Report(SnpPlatform::Of(amd::Product::kMilan), {.report_data = data});
  if (kind != "tpm") return std::nullopt;
  TpmEvidenceSpec spec = TpmAround(intel.now());
  spec.quote.nonce.assign(bound.begin(), bound.end());
  const std::string text = TpmEvidenceJson(spec);
  const ByteView bytes = AsBytes(text);
  return Bytes(bytes.begin(), bytes.end());
}

std::vector<NamedText> PlatformEvidence(Instant now) {
  std::vector<NamedText> out;
  AddTpm(now, out);
  AddVbs(now, out);
  return out;
}

std::string PlatformRootsPem(Instant now) {
  return ToPem(TpmRootCertificate(Around(now)), "CERTIFICATE") +
         ToPem(HgsCertificate(Around(now)), "CERTIFICATE");
}

}  // namespace thimble::sim
