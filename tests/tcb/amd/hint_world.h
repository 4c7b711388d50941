// SPDX-License-Identifier: Apache-2.0
//
// Reports with something beside them, and what a service makes of it.
#pragma once

#include "tcb/amd/hints.h"
#include "tests/support/der_writer.h"
#include "tests/tcb/amd/cached.h"

namespace thimble::amd {

using Entries = std::vector<std::pair<std::string, Bytes>>;

inline const sim::SnpPlatform kMilan = sim::SnpPlatform::Of(Product::kMilan),
                              kTurin = sim::SnpPlatform::Of(Product::kTurin);
inline const sim::SnpPlatform kVlek = sim::SnpPlatform::Of(Product::kMilan, SigningKey::kVlek);

inline const sim::SimAmd& Forger() {
  static const sim::SimAmd forger = sim::SimAmd::Make({.seed = "forger"});
  return forger;
}

inline sim::SnpPlatform Older(sim::SnpPlatform platform) {
  --*platform.tcb.snp;
  return platform;
}
inline sim::SnpPlatform OtherChip(sim::SnpPlatform platform) {
  platform.chip_id[3] ^= 1;
  return platform;
}

inline Bytes PemBytes(const Bytes& der, std::string_view label) {
  const std::string pem = sim::ToPem(der, label);
  return {pem.begin(), pem.end()};
}
inline Bytes TextBytes(std::string_view text) { return {text.begin(), text.end()}; }

inline Bytes Thim(const sim::SnpPlatform& platform) {
  const auto escaped = [](const std::string& pem) {
    std::string out;
    for (const char c : pem) out += c == '\n' ? "\\n" : std::string(1, c);
    return out;
  };
  return TextBytes(R"({"vcekCert":")" + escaped(sim::ToPem(World().Leaf(platform), "CERTIFICATE")) +
                   R"(","tcbm":"0","certificateChain":")" +
                   escaped(World().ChainPem(platform.product, SigningKey::kVcek)) +
                   R"(","cacheControl":"86400"})");
}

inline Bytes WithTable(const Bytes& report, const Entries& entries) {
  return sim::der::Concat({report, sim::EncodeCertificateTable(entries)});
}

inline Result<SnpVerification> Begin(const Bytes& evidence, const EndorsementSet& given = {}) {
  static SignatureMemo memo;
  return SnpVerification::Begin(evidence, given, std::nullopt, WorldAnchors(), World().now(), &memo);
}

// As the service does: what is needed is sought, and then what turns out to be.
inline Result<Verdict> Complete(const Bytes& evidence, const EndorsementSet& given,
                                const CachedEndorsements& held, AmdCrlMode mode = AmdCrlMode::kRequire) {
  TRY_ASSIGN(auto begun, Begin(evidence, given));
  CachedEndorsements sought;
  if (!begun.failed()) {
    TRY_ASSIGN(const auto keys, begun.needed());
    for (const CollateralKey& key : keys) {
      if (KindOf(key) == ItemKind::kVcek) sought.vcek = held.vcek;
      if (KindOf(key) == ItemKind::kAmdChain) sought.chain = held.chain;
      if (KindOf(key) == ItemKind::kAmdCrl) sought.crl = held.crl;
    }
    if (begun.also_needed(sought)) sought.vcek = held.vcek;
  }
  return std::move(begun).Finish(sought, mode);
}

inline std::vector<std::string> Dropped(const Verdict& verdict) {
  std::vector<std::string> out;
  for (const Finding& finding : verdict.findings) {
    if (finding.check == Check::kHintDropped) out.push_back(finding.message);
  }
  return out;
}

// Authentic; nothing but notes that hints were dropped.
inline void ExpectGoodButForNotes(const Result<Verdict>& result) {
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_TRUE(result->authentic) << Text(*result);
  for (const Finding& finding : FindingsOf(*result)) {
    EXPECT_EQ(finding.check, Check::kHintDropped) << Text(*result);
    EXPECT_EQ(finding.severity, Severity::kNote);
  }
}

inline Bytes Crl(std::vector<Bytes> revoked, uint64_t number = 8) {
  return World().Crl(Product::kMilan, [&](sim::CrlSpec& crl) {
    crl.revoked = revoked;
    crl.number = number;
  });
}

}  // namespace thimble::amd
