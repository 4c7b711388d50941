// SPDX-License-Identifier: Apache-2.0
//
// A simulated AMD: ARK, ASK and ASVK of each product, VCEKs and VLEKs, CRLs, reports and HCL reports, all from a seed
// (spec/amd-sev-snp.md). Another seed is another AMD with the same names: a forger. By default everything is good at
// the world's time; each maker takes a Bend that changes one thing before it is signed:
//
//   SimAmd w = SimAmd::Make();
//   const SnpPlatform turin = SnpPlatform::Of(amd::Product::kTurin);
//   Bytes report = w.Report(turin, {.version = 5});
//   auto given = w.Endorsements(turin, {.leaf = [](LeafSpec& l) { ++*l.tcb.snp; }});
//
// Validity around now: ARK, ASK, ASVK -3 .. +22 years; VCEK -1 .. +6 years; VLEK -100 .. +265 days; CRL -30 .. +60 days.
// Every line but Venice, which has no floors, meets all that deploy/baselines/amd-floors.json asks.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tcb/amd/verify.h"
#include "tcb/pki/trust_anchors.h"
#include "tests/support/sim_key.h"
#include "tests/support/sim_pki.h"
#include "tests/support/sim_rsa_key.h"

namespace thimble::sim {

inline constexpr Instant kAmdNow = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

Name AmdName(std::string_view common_name);

// A machine, and what signs its reports.
struct SnpPlatform {
  amd::Product product = amd::Product::kMilan;
  amd::SigningKey kind = amd::SigningKey::kVcek;
  amd::CpuId cpuid;
  std::array<uint8_t, 64> chip_id{};  // Turin: zero after 8 bytes; VLEK: all zero
  amd::TcbVersion tcb;
  std::string csp_id = "CN=cc-sim-1.example.com";

  static SnpPlatform Of(amd::Product product, amd::SigningKey kind = amd::SigningKey::kVcek);
  // Of a CPU line, "Genoa-X"; LineNames() are all that there are.
  static SnpPlatform OfLine(std::string_view name, amd::SigningKey kind = amd::SigningKey::kVcek);
  static std::vector<std::string> LineNames();
  Bytes hwid() const;  // empty for a VLEK
};

// A leaf's extensions. What is empty is absent.
struct LeafSpec {
  std::string common_name;
  std::optional<uint64_t> struct_version;
  std::optional<std::string> product_name;
  amd::TcbVersion tcb;                                // fmc as it is here, whatever the product
  std::vector<std::pair<uint8_t, uint8_t>> reserved;  // spl4 to spl7: number and value
  Bytes hwid;
  bool wrap_hwid = false;  // an OCTET STRING in the extension, as in some certificates of 2023
  std::optional<std::string> csp_id;
  Validity validity;
  Bend<CertificateSpec> certificate = {};
};

// Which certificate of the chain; for bends.
enum class AmdRole : uint8_t { kArk, kAsk, kAsvk };

struct AmdOptions {
  std::string seed = "amd";
  Instant now = kAmdNow;
  std::function<void(AmdRole, CertificateSpec&)> bend = {};  // before they are signed
};

struct EndorsementOptions {
  Bend<LeafSpec> leaf = {};
  Bend<CrlSpec> crl = {};
};

// Everything in a report that is not the platform's.
struct ReportSpec {
  uint32_t version = 3;
  uint32_t guest_svn = 0, vmpl = 0, signature_algorithm = 1;
  uint64_t policy = 0x30000, platform_info = 0x25;
  uint64_t mit_vector = 0x3f;                // both, version 5 and later
  amd::FirmwareVersion firmware{1, 58, 10};  // committed and current
  std::array<uint8_t, 64> report_data{};
  Bend<Bytes> bend = {};         // of the bytes, before they are signed
  Bend<Bytes> bend_signed = {};  // and after
};

// A value; const methods may be called from many threads at once.
class SimAmd {
 public:
  static SimAmd Make(AmdOptions options = {}) { return SimAmd(std::move(options)); }

  Instant now() const { return options_.now; }
  const std::string& seed() const { return options_.seed; }

  SimRsaKey Key(amd::Product product, AmdRole role) const;
  static Bytes Serial(amd::Product product, AmdRole role);  // before bends
  // DER; made again, and the same, each time.
  Bytes Ark(amd::Product product) const;
  Bytes Intermediate(amd::Product product, amd::SigningKey kind) const;
  std::string ChainPem(amd::Product product, amd::SigningKey kind) const;  // as the KDS has it
  // What --anchor takes. Not Venice's: no real ARK of it has been seen, so that nobody may rest on one by default.
  std::string ArksPem() const;
  TrustAnchors Anchors() const;  // the pinned ones, and this world's ARKs

  SimKey LeafKey(const SnpPlatform& platform) const;
  Bytes Leaf(const SnpPlatform& platform, const Bend<LeafSpec>& bend = {}) const;
  Bytes Crl(amd::Product product, const Bend<CrlSpec>& bend = {}) const;
  // Leaf, ASK or ASVK, ARK, and CRL.
  amd::EndorsementSet Endorsements(const SnpPlatform& platform, const EndorsementOptions& options = {}) const;

  Bytes Report(const SnpPlatform& platform, const ReportSpec& spec = {}) const;
  // The report with leaf, ASK or ASVK, ARK and CRL in the certificate table after it.
  Bytes ExtendedReport(const SnpPlatform& platform, const ReportSpec& spec = {}) const;

 private:
  explicit SimAmd(AmdOptions options) : options_(std::move(options)) {}
  CertificateSpec CaSpec(amd::Product product, AmdRole role) const;

  AmdOptions options_;
};

// A certificate table: GUIDs as text ("63da758d-..."), in the order given, contents one after the other.
Bytes EncodeCertificateTable(const std::vector<std::pair<std::string, Bytes>>& entries);
// The same GUID as hosts write it that take its first three fields for little endian.
std::string MixedEndianGuid(std::string_view guid);
inline constexpr const char* kVcekGuid = "63da758d-e664-4564-adc5-f4b93be8accd";
inline constexpr const char* kVlekGuid = "a8074bc2-a25a-483e-aae6-39c045a0b8a1";
inline constexpr const char* kAskGuid = "4ab7b379-bbac-4fe4-a02f-05aef327c782";
inline constexpr const char* kArkGuid = "c0b406a4-a803-4952-9743-3fb6014cd0ae";
inline constexpr const char* kCrlGuid = "92f81bc3-5811-4d3d-97ff-d19f88dc67ea";

}  // namespace thimble::sim
