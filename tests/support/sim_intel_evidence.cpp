// SPDX-License-Identifier: Apache-2.0
//
// What a simulated platform shows of itself: its PCK certificate, and quotes.
#include <algorithm>
#include <stdexcept>

#include "tcb/base/text.h"
#include "tests/support/der_writer.h"
#include "tests/support/sim_intel.h"

namespace thimble::sim {
namespace {

constexpr Seconds kDay = std::chrono::hours(24);
constexpr uint16_t kSignDocuments = 1u << 0 | 1u << 1;  // digitalSignature, nonRepudiation
constexpr const char* kSgxExtension = "1.2.840.113741.1.13.1";

Bytes HexBytes(std::string_view hex) {
  const auto bytes = FromHex(hex);
  if (!bytes) throw std::invalid_argument(StrCat("not hex: ", hex));
  return *bytes;
}

// { OID .1.13.1<suffix>, value }
Bytes Entry(std::string_view suffix, const Bytes& value) {
  return der::Sequence({der::Oid(StrCat(kSgxExtension, suffix)), value});
}

Bytes TcbEntry(const PckSpec& platform) {
  std::vector<Bytes> pairs;
  for (size_t i = 0; i < platform.cpu_svn.size(); ++i) {
    pairs.push_back(Entry(StrCat(".2.", i + 1), der::Integer(platform.cpu_svn[i])));
  }
  pairs.push_back(Entry(".2.17", der::Integer(platform.pce_svn)));
  pairs.push_back(Entry(".2.18", der::OctetString(platform.cpu_svn)));
  return Entry(".2", der::Sequence(pairs));
}

Bytes ConfigurationEntry(const PckSpec& platform) {
  return Entry(".7", der::Sequence({Entry(".7.1", der::Boolean(platform.dynamic_platform)),
                                    Entry(".7.2", der::Boolean(platform.cached_keys)),
                                    Entry(".7.3", der::Boolean(platform.smt_enabled))}));
}

// DCAP 2.3: five entries under the Processor CA, seven under the Platform CA.
Bytes SgxExtension(const PckSpec& platform) {
  std::vector<Bytes> entries = {Entry(".1", der::OctetString(platform.ppid)), TcbEntry(platform),
                                Entry(".3", der::OctetString(platform.pce_id)),
                                Entry(".4", der::OctetString(HexBytes(platform.fmspc))),
                                Entry(".5", der::Enumerated(platform.sgx_type))};
  if (platform.ca == intel::PckCa::kPlatform) {
    entries.push_back(Entry(".6", der::OctetString(platform.instance_id)));
    entries.push_back(ConfigurationEntry(platform));
  }
  Apply(platform.entries, entries);
  return MakeExtension(kSgxExtension, false, der::Sequence(entries));
}

template <size_t N>
std::array<uint8_t, N> ToArray(ByteView bytes) {
  std::array<uint8_t, N> out{};
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), out.begin());
  return out;
}

// PPID, CPUSVN, PCESVN, PCE id: 404 bytes, the PPID zero padded (DCAP 1.5, types 1 to 3).
Bytes PckLookup(const PckSpec& platform) {
  Bytes out = platform.ppid;
  out.resize(384);
  out.insert(out.end(), platform.cpu_svn.begin(), platform.cpu_svn.end());
  out.push_back(static_cast<uint8_t>(platform.pce_svn));
  out.push_back(static_cast<uint8_t>(platform.pce_svn >> 8));
  out.insert(out.end(), platform.pce_id.begin(), platform.pce_id.end());
  return out;
}

QuoteOptions Resolved(QuoteOptions options) {
  if (options.version == 0) options.version = options.tdx ? 4 : 3;
  if (options.body_type == 0) options.body_type = !options.tdx ? 1 : options.version >= 5 ? 3 : 2;
  return options;
}

SgxReportSpec DefaultQeReport(const QuoteOptions& options) {
  const IdentitySpec identity = DefaultIdentity(options.tdx ? EnclaveId::kTdQe : EnclaveId::kQe, 0, kNow);
  SgxReportSpec report = {.cpu_svn = options.platform.cpu_svn,
                          .mr_signer = ToArray<32>(HexBytes(identity.mr_signer)),
                          .isv_prod_id = static_cast<uint16_t>(identity.isv_prod_id),
                          .isv_svn = static_cast<uint16_t>(identity.levels.front().isv_svn)};
  report.attributes = {0x15, 0, 0, 0, 0, 0, 0, 0, 0xe7};  // INIT, MODE64BIT, PROVISIONKEY
  report.mr_enclave.fill(0xe5);
  return report;
}

SgxReportSpec DefaultEnclave(const QuoteOptions& options) {
  SgxReportSpec report = {.cpu_svn = options.platform.cpu_svn, .isv_prod_id = 1, .isv_svn = 1};
  report.mr_enclave.fill(0xe1);
  report.mr_signer.fill(0x51);
  report.report_data.fill(0xda);
  return report;
}

TdReportSpec DefaultTd(const QuoteOptions& options) {
  TdReportSpec report = {.tee_tcb_svn = options.tee_tcb_svn, .tee_tcb_svn2 = options.tee_tcb_svn};
  report.mr_seam.fill(0x5e);
  report.mr_td.fill(0x7d);
  for (size_t i = 0; i < report.rtmr.size(); ++i) report.rtmr[i].fill(static_cast<uint8_t>(0xa0 + i));
  report.report_data.fill(0xda);
  return report;
}

}  // namespace

SimKey SimIntel::PckKey(const PckSpec& platform) const {
  return KeyNamed(StrCat("PCK/", platform.name, "/", HexLower(platform.cpu_svn), "/", platform.pce_svn));
}

Bytes SimIntel::PckCertificate(const PckSpec& platform) const {
  const SimKey key = PckKey(platform);
  CertificateSpec spec = {
      .serial = key.KeyIdentifier(),
      .subject = IntelName("Intel SGX PCK Certificate"),
      .issuer = IntelName(CommonName(CaOf(platform.ca))),
      .validity = {epoch_ - kDay * 730, epoch_ + kDay * 1825},
      .is_ca = false,
      .key_usage = kSignDocuments,
      .authority_key_id = CaKey(platform.ca).KeyIdentifier(),
      .subject_key_id = key.KeyIdentifier(),
      .crl_url = StrCat(options_.pck_crl_url, "?ca=", intel::PckCaName(platform.ca), "&encoding=der"),
      .more_extensions = {SgxExtension(platform)}};
  Apply(platform.certificate, spec);
  return MakeCertificate(spec, key, CaKey(platform.ca));
}

std::string SimIntel::PckChain(const PckSpec& platform) const {
  return ToPem(PckCertificate(platform), "CERTIFICATE") + CaChain(platform.ca);
}

QuoteSpec SimIntel::DefaultQuote(const QuoteOptions& options) const {
  QuoteSpec spec = {.version = options.version,
                    .tee_type = options.tdx ? 0x81u : 0u,
                    .body_type = options.body_type,
                    .sgx = DefaultEnclave(options),
                    .tdx = DefaultTd(options),
                    .qe_report = DefaultQeReport(options),
                    .certification_type = options.certification_type,
                    .attestation_key = KeyNamed(StrCat("attestation/", options.platform.name)),
                    .pck_key = PckKey(options.platform)};
  if (options.version == 3) {
    spec.qe_svn = spec.qe_report.isv_svn;
    spec.pce_svn = static_cast<uint16_t>(options.platform.pce_svn);
  }
  for (uint8_t i = 0; i < 32; ++i) spec.qe_auth.push_back(i);
  if (options.certification_type <= 3) {
    spec.certification_data = PckLookup(options.platform);
  } else if (options.certification_type == 4) {
    const std::string leaf = ToPem(PckCertificate(options.platform), "CERTIFICATE");
    spec.certification_data.assign(leaf.begin(), leaf.end());
  } else {
    const std::string chain = PckChain(options.platform) + '\0';  // one NUL, as most real quotes have
    spec.certification_data.assign(chain.begin(), chain.end());
  }
  return spec;
}

Bytes SimIntel::Quote(const QuoteOptions& options) const {
  QuoteSpec spec = DefaultQuote(Resolved(options));
  Apply(options.bend, spec);
  return EncodeQuote(spec);
}

}  // namespace thimble::sim
