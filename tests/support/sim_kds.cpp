// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_kds.h"

#include "fetchers/amd_urls.h"

namespace thimble::sim {
namespace {

using amd::SigningKey;
using std::chrono::days;

AmdRole IssuerOf(SigningKey kind) { return kind == SigningKey::kVcek ? AmdRole::kAsk : AmdRole::kAsvk; }

// Another AMD with the same names.
SimAmd Forger(const SimAmd& amd) { return SimAmd::Make({.seed = "forger", .now = amd.now()}); }

Bytes ToBytes(std::string_view text) { return Bytes(text.begin(), text.end()); }

// The signature is the last member of certificates and CRLs.
Bytes FlipLastBit(Bytes der) {
  der.back() ^= 1;
  return der;
}

std::optional<Bytes> ChainBody(const SimAmd& amd, const AmdChainKey& key, Twist twist) {
  const Bytes intermediate = amd.Intermediate(key.product, key.kind), ark = amd.Ark(key.product);
  switch (twist) {
    case Twist::kForged:
      return ToBytes(Forger(amd).ChainPem(key.product, key.kind));
    case Twist::kReversed:
      return ToBytes(ToPem(ark, "CERTIFICATE") + ToPem(intermediate, "CERTIFICATE"));
    case Twist::kBadSignature:
      return ToBytes(ToPem(FlipLastBit(intermediate), "CERTIFICATE") + ToPem(ark, "CERTIFICATE"));
    default:
      return ToBytes(amd.ChainPem(key.product, key.kind));
  }
}

// One that the ASK issued: right in all but that.
Bytes AskCrl(const SimAmd& amd, const AmdCrlKey& key) {
  const SimRsaKey ask = amd.Key(key.product, IssuerOf(key.kind));
  CrlSpec spec;
  spec.issuer = AmdName(std::string(key.kind == SigningKey::kVcek ? "SEV-" : "SEV-VLEK-") +
                        std::string(amd::ProductName(key.product)));
  spec.window = {amd.now() - days{30}, amd.now() + days{60}};
  spec.number = 7;
  spec.authority_key_id = ask.KeyIdentifier();
  return MakeCrl(spec, ask.PssSigner());
}

void BendCrl(const SimAmd& amd, const AmdCrlKey& key, Twist twist, CrlSpec& spec) {
  switch (twist) {
    case Twist::kExpired:
      spec.window = {amd.now() - days{90}, amd.now() - days{1}};
      break;
    case Twist::kRollback:
      spec.window.not_before -= days{5};
      spec.number = 6;
      break;
    case Twist::kLowerNumber:
      spec.number = 6;
      break;
    case Twist::kRevoked:
      spec.revoked = {amd.Serial(key.product, IssuerOf(key.kind))};
      break;
    default:
      break;
  }
}

std::optional<Bytes> CrlBody(const SimAmd& amd, const AmdCrlKey& key, Twist twist) {
  if (twist == Twist::kAskCrl) return AskCrl(amd, key);
  if (twist == Twist::kForged) return Forger(amd).Crl(key.product);
  Bytes crl = amd.Crl(key.product, [&](CrlSpec& spec) { BendCrl(amd, key, twist, spec); });
  return twist == Twist::kBadSignature ? FlipLastBit(std::move(crl)) : std::move(crl);
}

void BendLeaf(const SimAmd& amd, Twist twist, LeafSpec& leaf) {
  if (twist == Twist::kWrongChip) leaf.hwid.back() ^= 1;
  if (twist == Twist::kWrongTcb) ++*leaf.tcb.snp;
  if (twist == Twist::kExpired) leaf.validity.not_after = amd.now() - days{1};
}

std::optional<Bytes> VcekBody(const SimAmd& amd, const VcekKey& key, Twist twist) {
  SnpPlatform platform = SnpPlatform::Of(key.product);
  if (key.hwid != platform.hwid()) return std::nullopt;
  platform.tcb = key.tcb;
  if (twist == Twist::kForged) return Forger(amd).Leaf(platform);
  Bytes leaf = amd.Leaf(platform, [&](LeafSpec& spec) { BendLeaf(amd, twist, spec); });
  return twist == Twist::kBadSignature ? FlipLastBit(std::move(leaf)) : std::move(leaf);
}

std::optional<Bytes> BodyOf(const SimKds& kds, const CollateralKey& key, Twist twist) {
  const auto recorded = kds.recorded.find(KeyName(key));
  if (recorded != kds.recorded.end()) return recorded->second;
  if (!kds.amd) return std::nullopt;
  if (const auto* chain = std::get_if<AmdChainKey>(&key)) return ChainBody(*kds.amd, *chain, twist);
  if (const auto* crl = std::get_if<AmdCrlKey>(&key)) return CrlBody(*kds.amd, *crl, twist);
  return VcekBody(*kds.amd, std::get<VcekKey>(key), twist);
}

const char* TypeOf(const CollateralKey& key) {
  if (std::holds_alternative<AmdChainKey>(key)) return "application/x-pem-file";
  return std::holds_alternative<AmdCrlKey>(key) ? "application/pkix-crl" : "application/pkix-cert";
}

}  // namespace

std::optional<VendorReply> AnswerKds(const SimKds& kds, std::string_view target, Twist twist) {
  if (!target.starts_with("/vcek/v1/") && !target.starts_with("/vlek/v1/")) return std::nullopt;
  const auto key = ParseKdsUrl(target);
  auto body = key ? BodyOf(kds, *key, twist) : std::nullopt;
  if (!body) return VendorReply{.status = 404};
  return VendorReply{.content_type = TypeOf(*key), .body = *std::move(body)};
}

}  // namespace thimble::sim
