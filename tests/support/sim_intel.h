// SPDX-License-Identifier: Apache-2.0
//
// A simulated Intel: root, CAs, TCB signing, PCK certificates, CRLs, TCB infos, identities, evaluation data
// numbers and quotes, all from a seed. Another seed is another root with the same names: a forger. By default
// everything is good at the world's time; each maker takes a Bend that changes one thing before it is signed:
//
//   SimIntel w = SimIntel::Make();
//   Bytes q = w.Quote({.tdx = true, .version = 4});
//   auto c = w.Collateral({.tee = IntelTee::kTdx, .tcb_info = [](TcbInfoSpec& t) { t.next_update = w.now() -
//   1s; }});
//
// Validity around now = kNow (2026-06-01), in days:
//
//   root, CAs, TCB signing   -8 years |=================================================================|
//   +23, +7, +6 PCK leaf                  -2 years
//   |==========================================================| +5 years root CA CRL -60
//   |=================================================| +305 PCK CRLs                            -10
//   |==================| +20 TCB infos                            -9 |===================| +21 identities -8
//   |===================| +22 evaluation data numbers                -7 |===================| +23
//                                             now
//
// Evaluation data numbers: 16 (old), 17 (standard), 18 (early); 15 and less are retired, 19 and more unknown.
// The default platform is UpToDate under 16 and 17. Under 18 it is OutOfDate: sgx.00 (microcode by BIOS) is
// one short, and so is the TDX module's ISVSVN.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/intel/verify.h"
#include "tcb/pki/trust_anchors.h"
#include "tests/support/sim_intel_collateral.h"
#include "tests/support/sim_intel_quote.h"
#include "tests/support/sim_pki.h"

namespace thimble::sim {

inline constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

inline constexpr uint32_t kOldestNumber = 16, kStandardNumber = 17, kEarlyNumber = 18;

// A server platform (E5, Platform CA, SGX and TDX), and a client (Processor CA, SGX only).
inline constexpr const char* kServerFmspc = "00806F050000";
inline constexpr const char* kClientFmspc = "00A067110000";
// And for tests of many: FF0000000000 to FF00000000FF have SGX TCB infos.
inline constexpr const char* kManyFmspcs = "FF00000000";

Name IntelName(std::string_view common_name);

enum class IntelCertificate : uint8_t { kRoot, kPlatformCa, kProcessorCa, kTcbSigning };
const char* CommonName(IntelCertificate which);
IntelCertificate CaOf(intel::PckCa ca);

struct IntelOptions {
  std::string seed = "intel";
  Instant now = kNow;
  std::string root_crl_url = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";
  std::string pck_crl_url =
      "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl";  // ?ca=... is added
  std::map<IntelCertificate, Bend<CertificateSpec>> bend = {};
};

// Where a platform stands. Each is the SVNs that match the level of this status in the default TCB infos.
enum class Tcb : uint8_t {
  kNewest,  // UpToDate under every number
  kGood,    // UpToDate under 16 and 17, OutOfDate under 18
  kSWHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSWHardeningNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kRevoked,
  kUnsupported,  // below every level
};
intel::TcbComponents SgxComponents(Tcb tcb);
uint16_t PceSvnOf(Tcb tcb);

// A platform: what its PCK certificate says of it.
struct PckSpec {
  std::string name = "platform";              // of its key
  intel::PckCa ca = intel::PckCa::kPlatform;  // kProcessor: 5 entries, no platform facts
  std::string fmspc = kServerFmspc;
  Bytes pce_id = {0, 0};
  Bytes ppid = {0xde, 0x5d, 0x02, 0x8a, 0xb9, 0x70, 0xae, 0x67,
                0xf3, 0x6c, 0x3d, 0xa3, 0x2d, 0x5e, 0xe2, 0x7e};
  intel::TcbComponents cpu_svn = SgxComponents(Tcb::kGood);
  uint64_t pce_svn = PceSvnOf(Tcb::kGood);
  uint8_t sgx_type = 1;
  Bytes instance_id = {0x49, 0xd5, 0xda, 0xe1, 0x48, 0x8b, 0x26, 0x87,
                       0xef, 0xc5, 0xcb, 0x4b, 0x6d, 0x8e, 0x3b, 0xff};
  bool dynamic_platform = true, cached_keys = true, smt_enabled = true;
  Bend<std::vector<Bytes>> entries = {};  // of the SGX extension, each { OID, value } in DER
  Bend<CertificateSpec> certificate = {};
};
PckSpec ServerPlatform(Tcb tcb = Tcb::kGood);
PckSpec ClientPlatform(Tcb tcb = Tcb::kGood);

// A serial number that the default PCK CRLs revoke: give it to a PCK certificate to have it revoked.
Bytes RevokedSerial();

struct QuoteOptions {
  bool tdx = false;
  uint16_t version = 0;    // 3 (SGX only), 4, 5; 0 is 3 for SGX and 4 for TDX
  uint16_t body_type = 0;  // v5: 1 to 4; 0 is 1 for SGX and 3 for TDX
  PckSpec platform = {};
  intel::TcbComponents tee_tcb_svn = {6, 1, 3};  // TDX: module TDX_01 with ISVSVN 6; launch and current
  uint16_t certification_type = 5;
  Bend<QuoteSpec> bend = {};
};

struct CollateralOptions {
  IntelTee tee = IntelTee::kSgx;
  intel::PckCa ca = intel::PckCa::kPlatform;
  std::string fmspc = kServerFmspc;
  uint32_t number = kStandardNumber;
  Bend<TcbInfoSpec> tcb_info = {};
  Bend<IdentitySpec> qe_identity = {};
  Bend<CrlSpec> root_ca_crl = {}, pck_crl = {};
};

// A value; const methods may be called from many threads at once.
class SimIntel {
 public:
  static SimIntel Make(IntelOptions options = {});
  // The same Intel at another time: same keys and certificates; CRLs and JSON are issued again.
  SimIntel At(Instant now) const;

  Instant now() const { return options_.now; }
  const std::string& seed() const { return options_.seed; }

  // Certificates and chains. DER; PEM chains have the leaf first and the root last.
  const Bytes& Certificate(IntelCertificate which) const;
  const Bytes& CaCertificate(intel::PckCa ca) const;
  SimKey Key(IntelCertificate which) const;
  SimKey CaKey(intel::PckCa ca) const;
  SimKey PckKey(const PckSpec& platform) const;
  Bytes PckCertificate(const PckSpec& platform = {}) const;
  std::string RootPem() const;
  std::string TcbSigningChain() const;
  std::string CaChain(intel::PckCa ca) const;
  std::string PckChain(const PckSpec& platform = {}) const;
  TrustAnchors Anchors() const;  // the pinned ones, and this world's root

  // Collateral as the PCS delivers it. `number` is taken as it is: the PCS's rules of 404 and 410 are in
  // sim_pcs.h.
  Bytes RootCaCrl(const Bend<CrlSpec>& bend = {}) const;  // DER
  Bytes PckCrl(intel::PckCa ca, const Bend<CrlSpec>& bend = {}) const;
  Bytes TcbInfo(IntelTee tee, std::string_view fmspc = kServerFmspc, uint32_t number = kStandardNumber,
                const Bend<TcbInfoSpec>& bend = {}) const;
  Bytes Identity(EnclaveId id, uint32_t number = kStandardNumber, const Bend<IdentitySpec>& bend = {}) const;
  Bytes EvaluationNumbers(IntelTee tee, const Bend<EvaluationNumbersSpec>& bend = {}) const;

  Bytes Quote(const QuoteOptions& options = {}) const;
  intel::CollateralSet Collateral(const CollateralOptions& options = {}) const;
  // What this quote needs: TEE, CA and FMSPC are the quote's.
  intel::CollateralSet CollateralFor(const QuoteOptions& options) const;

 private:
  explicit SimIntel(IntelOptions options);
  SimKey KeyNamed(std::string_view name) const;
  CertificateSpec CaSpec(IntelCertificate which) const;
  CrlSpec DefaultCrl(std::string_view issuer_cn, const SimKey& key, Validity window) const;
  QuoteSpec DefaultQuote(const QuoteOptions& options) const;

  IntelOptions options_;
  Instant epoch_;  // the time that certificates are valid around, whatever At() says
  std::map<IntelCertificate, Bytes> certificates_;
};

// The default contents, before any bend.
TcbInfoSpec DefaultTcbInfo(IntelTee tee, std::string_view fmspc, uint32_t number, Instant now);
IdentitySpec DefaultIdentity(EnclaveId id, uint32_t number, Instant now);
EvaluationNumbersSpec DefaultEvaluationNumbers(IntelTee tee, Instant now);

}  // namespace thimble::sim
