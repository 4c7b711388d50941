// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_intel.h"

#include <algorithm>
#include <stdexcept>

#include "tcb/base/text.h"
#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

using namespace std::chrono_literals;

constexpr Seconds kDay = 24h, kYear = 365 * kDay;
constexpr uint16_t kSignDocuments = 1u << 0 | 1u << 1;  // digitalSignature, nonRepudiation
constexpr uint16_t kSignAsCa = 1u << 5 | 1u << 6;       // keyCertSign, cRLSign

constexpr IntelCertificate kAll[] = {IntelCertificate::kRoot, IntelCertificate::kPlatformCa,
                                     IntelCertificate::kProcessorCa, IntelCertificate::kTcbSigning};

}  // namespace

const char* CommonName(IntelCertificate which) {
  switch (which) {
    case IntelCertificate::kRoot:
      return "Intel SGX Root CA";
    case IntelCertificate::kPlatformCa:
      return "Intel SGX PCK Platform CA";
    case IntelCertificate::kProcessorCa:
      return "Intel SGX PCK Processor CA";
    case IntelCertificate::kTcbSigning:
      return "Intel SGX TCB Signing";
  }
  return "";
}

IntelCertificate CaOf(intel::PckCa ca) {
  return ca == intel::PckCa::kPlatform ? IntelCertificate::kPlatformCa : IntelCertificate::kProcessorCa;
}

Name IntelName(std::string_view common_name) {
  return {{kCommonName, std::string(common_name)},
          {kOrganization, "Intel Corporation"},
          {kLocality, "Santa Clara"},
          {kState, "CA"},
          {kCountry, "US"}};
}

Bytes RevokedSerial() { return SimKey("revoked").KeyIdentifier(); }

SimIntel SimIntel::Make(IntelOptions options) { return SimIntel(std::move(options)); }

SimIntel::SimIntel(IntelOptions options) : options_(std::move(options)), epoch_(options_.now) {
  for (const IntelCertificate which : kAll) {
    certificates_[which] = MakeCertificate(CaSpec(which), Key(which), Key(IntelCertificate::kRoot));
  }
}

SimIntel SimIntel::At(Instant now) const {
  SimIntel later = *this;
  later.options_.now = now;
  return later;
}

SimKey SimIntel::KeyNamed(std::string_view name) const { return SimKey(StrCat(options_.seed, "/", name)); }

SimKey SimIntel::Key(IntelCertificate which) const { return KeyNamed(CommonName(which)); }
SimKey SimIntel::CaKey(intel::PckCa ca) const { return Key(CaOf(ca)); }

// Root, intermediates, TCB signing (DCAP 2.1 to 2.4). The serial is the subject key identifier, as Intel's
// are.
CertificateSpec SimIntel::CaSpec(IntelCertificate which) const {
  const bool signing = which == IntelCertificate::kTcbSigning;
  const bool root = which == IntelCertificate::kRoot;
  const int before = signing ? 1 : 8, after = root ? 23 : signing ? 6 : 7;
  const Bytes key_id = Key(which).KeyIdentifier();
  CertificateSpec spec = {.serial = key_id,
                          .subject = IntelName(CommonName(which)),
                          .issuer = IntelName(CommonName(IntelCertificate::kRoot)),
                          .validity = {epoch_ - kYear * before, epoch_ + kYear * after},
                          .is_ca = !signing,
                          .key_usage = signing ? kSignDocuments : kSignAsCa,
                          .authority_key_id = Key(IntelCertificate::kRoot).KeyIdentifier(),
                          .subject_key_id = key_id,
                          .crl_url = options_.root_crl_url};
  if (!signing) spec.path_length = static_cast<uint8_t>(root ? 1 : 0);
  if (const auto bend = options_.bend.find(which); bend != options_.bend.end()) Apply(bend->second, spec);
  return spec;
}

const Bytes& SimIntel::Certificate(IntelCertificate which) const { return certificates_.at(which); }
const Bytes& SimIntel::CaCertificate(intel::PckCa ca) const { return Certificate(CaOf(ca)); }

std::string SimIntel::RootPem() const { return ToPem(Certificate(IntelCertificate::kRoot), "CERTIFICATE"); }

std::string SimIntel::TcbSigningChain() const {
  return ToPem(Certificate(IntelCertificate::kTcbSigning), "CERTIFICATE") + RootPem();
}

std::string SimIntel::CaChain(intel::PckCa ca) const {
  return ToPem(CaCertificate(ca), "CERTIFICATE") + RootPem();
}

TrustAnchors SimIntel::Anchors() const {
  TrustAnchors anchors = TrustAnchors::Pinned();
  if (const Status added = anchors.AddExtra(Certificate(IntelCertificate::kRoot)); !added.ok()) {
    throw std::runtime_error(StrCat("the simulated root is no anchor: ", added.error().message));
  }
  return anchors;
}

CrlSpec SimIntel::DefaultCrl(std::string_view issuer_cn, const SimKey& key, Validity window) const {
  return {
      .issuer = IntelName(issuer_cn), .window = window, .number = 2, .authority_key_id = key.KeyIdentifier()};
}

Bytes SimIntel::RootCaCrl(const Bend<CrlSpec>& bend) const {
  const SimKey key = Key(IntelCertificate::kRoot);
  CrlSpec spec =
      DefaultCrl(CommonName(IntelCertificate::kRoot), key, {now() - kDay * 60, now() + kDay * 305});
  Apply(bend, spec);
  return MakeCrl(spec, key);
}

Bytes SimIntel::PckCrl(intel::PckCa ca, const Bend<CrlSpec>& bend) const {
  const SimKey key = CaKey(ca);
  CrlSpec spec = DefaultCrl(CommonName(CaOf(ca)), key, {now() - kDay * 10, now() + kDay * 20});
  spec.revoked = {RevokedSerial(), SimKey("revoked too").KeyIdentifier()};
  Apply(bend, spec);
  return MakeCrl(spec, key);
}

Bytes SimIntel::TcbInfo(IntelTee tee, std::string_view fmspc, uint32_t number,
                        const Bend<TcbInfoSpec>& bend) const {
  TcbInfoSpec spec = DefaultTcbInfo(tee, fmspc, number, now());
  Apply(bend, spec);
  return SignJson("tcbInfo", EncodeTcbInfo(spec), spec.signer.value_or(Key(IntelCertificate::kTcbSigning)));
}

Bytes SimIntel::Identity(EnclaveId id, uint32_t number, const Bend<IdentitySpec>& bend) const {
  IdentitySpec spec = DefaultIdentity(id, number, now());
  Apply(bend, spec);
  return SignJson("enclaveIdentity", EncodeIdentity(spec),
                  spec.signer.value_or(Key(IntelCertificate::kTcbSigning)));
}

Bytes SimIntel::EvaluationNumbers(IntelTee tee, const Bend<EvaluationNumbersSpec>& bend) const {
  EvaluationNumbersSpec spec = DefaultEvaluationNumbers(tee, now());
  Apply(bend, spec);
  return SignJson("tcbEvaluationDataNumbers", EncodeEvaluationNumbers(spec),
                  spec.signer.value_or(Key(IntelCertificate::kTcbSigning)));
}

intel::CollateralSet SimIntel::Collateral(const CollateralOptions& options) const {
  const EnclaveId qe = options.tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe;
  return {.root_ca_crl = RootCaCrl(options.root_ca_crl),
          .pck_crl = PckCrl(options.ca, options.pck_crl),
          .tcb_info = TcbInfo(options.tee, options.fmspc, options.number, options.tcb_info),
          .qe_identity = Identity(qe, options.number, options.qe_identity),
          .pck_crl_issuer_chain = CaChain(options.ca),
          .tcb_info_issuer_chain = TcbSigningChain(),
          .qe_identity_issuer_chain = TcbSigningChain(),
          .pck_chain = {}};
}

intel::CollateralSet SimIntel::CollateralFor(const QuoteOptions& options) const {
  return Collateral({.tee = options.tdx ? IntelTee::kTdx : IntelTee::kSgx,
                     .ca = options.platform.ca,
                     .fmspc = options.platform.fmspc});
}

}  // namespace thimble::sim
