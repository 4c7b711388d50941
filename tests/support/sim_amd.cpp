// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_amd.h"

#include <algorithm>
#include <stdexcept>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

using amd::Product;
using amd::SigningKey;
using std::chrono::days;

constexpr days kYear{365};

// What the simulated product lines are; written down apart from the core's table, so that each checks the other.
struct Model {
  Product product;
  const char* name;
  const char* product_name;
  uint64_t struct_version;
  size_t hwid_size;
  uint8_t serial;  // first byte of the serials of its CAs
};
const Model kModels[] = {
    {Product::kMilan, "Milan", "Milan-B0", 0, 64, 1},
    {Product::kGenoa, "Genoa", "Genoa", 0, 64, 2},
    {Product::kTurin, "Turin", "Turin", 1, 8, 3},
    {Product::kVenice, "Venice", "Venice", 1, 8, 4},
};
const Model& ModelOf(Product product) { return kModels[static_cast<size_t>(product)]; }

// The CPU lines, each at what every bulletin of deploy/baselines/amd-floors.json asks of it or more. The first of a
// product stands for it.
struct Line {
  const char* name;
  amd::CpuId cpuid;
  amd::TcbVersion tcb;
};
const std::vector<Line>& Lines() {
  constexpr std::nullopt_t kNone = std::nullopt;
  static const std::vector<Line> lines = {
      {"Milan-B1", {0x19, 0x01, 1}, {Product::kMilan, 4, 0, 0x1d, 0xe1, kNone}},
      {"Milan-B0", {0x19, 0x01, 0}, {Product::kMilan, 4, 0, 0x1d, 0x7b, kNone}},
      {"Milan-X", {0x19, 0x01, 2}, {Product::kMilan, 4, 0, 0x1d, 0x4e, kNone}},
      {"Genoa-B1", {0x19, 0x11, 1}, {Product::kGenoa, 10, 0, 0x1b, 0x5b, kNone}},
      {"Genoa-X", {0x19, 0x11, 2}, {Product::kGenoa, 10, 0, 0x1b, 0x5b, kNone}},
      {"Siena-A1", {0x19, 0xa0, 1}, {Product::kGenoa, 10, 0, 0x1b, 0x17, kNone}},
      {"Siena-A2", {0x19, 0xa0, 2}, {Product::kGenoa, 10, 0, 0x1b, 0x1f, kNone}},
      {"Turin-C1", {0x1a, 0x02, 1}, {Product::kTurin, 1, 2, 4, 0x5b, 1}},
      {"Turin-Dense", {0x1a, 0x11, 0}, {Product::kTurin, 1, 2, 4, 0x58, 1}},
      {"Venice", {0x1a, 0x50, 0}, {Product::kVenice, kNone, 1, 2, kNone, 3}},
  };
  return lines;
}

std::string KeyLabel(AmdRole role) {
  switch (role) {
    case AmdRole::kArk:
      return "ark";
    case AmdRole::kAsk:
      return "ask";
    case AmdRole::kAsvk:
      return "asvk";
  }
  throw std::invalid_argument("no such role");
}

std::string CommonName(Product product, AmdRole role) {
  const std::string name = ModelOf(product).name;
  return (role == AmdRole::kArk ? "ARK-" : role == AmdRole::kAsk ? "SEV-" : "SEV-VLEK-") + name;
}

AmdRole IssuerOf(SigningKey kind) { return kind == SigningKey::kVcek ? AmdRole::kAsk : AmdRole::kAsvk; }

std::string Arc(std::string_view suffix) { return "1.3.6.1.4.1.3704.1." + std::string(suffix); }

Bytes Ia5String(std::string_view text) { return der::Element(0x16, AsBytes(text)); }

LeafSpec DefaultLeaf(const SnpPlatform& platform, Instant now) {
  const Model& model = ModelOf(platform.product);
  LeafSpec spec;
  const bool vcek = platform.kind == SigningKey::kVcek;
  spec.common_name = vcek ? "SEV-VCEK" : "SEV-VLEK";
  spec.struct_version = model.struct_version;
  spec.product_name = vcek ? model.product_name : model.name;
  spec.tcb = platform.tcb;
  spec.reserved = {{5, 0}, {6, 0}, {7, 0}};
  if (!platform.tcb.fmc) spec.reserved.insert(spec.reserved.begin(), {4, 0});
  spec.hwid = platform.hwid();
  if (!vcek) spec.csp_id = platform.csp_id;
  spec.validity = vcek ? Validity{now - kYear, now + 6 * kYear} : Validity{now - days{100}, now + days{265}};
  return spec;
}

std::vector<Bytes> LeafExtensions(const LeafSpec& spec) {
  std::vector<Bytes> out;
  const auto add = [&](std::string_view suffix, const Bytes& value) {
    out.push_back(MakeExtension(Arc(suffix), false, value));
  };
  if (spec.struct_version) add("1", der::Integer(*spec.struct_version));
  if (spec.product_name) add("2", Ia5String(*spec.product_name));
  const auto add_spl = [&](std::string_view suffix, const std::optional<uint8_t>& spl) {
    if (spl) add(suffix, der::Integer(*spl));
  };
  add_spl("3.9", spec.tcb.fmc);
  add_spl("3.1", spec.tcb.bootloader);
  add_spl("3.2", spec.tcb.tee);
  add_spl("3.3", spec.tcb.snp);
  for (const auto& [number, value] : spec.reserved) add("3." + std::to_string(number), der::Integer(value));
  add_spl("3.8", spec.tcb.microcode);
  if (!spec.hwid.empty()) add("4", spec.wrap_hwid ? der::OctetString(spec.hwid) : spec.hwid);
  if (spec.csp_id) add("5", Ia5String(*spec.csp_id));
  return out;
}

}  // namespace

Name AmdName(std::string_view common_name) {
  return {{kOrganizationalUnit, "Engineering"},
          {kCountry, "US"},
          {kLocality, "Santa Clara"},
          {kState, "CA"},
          {kOrganization, "Advanced Micro Devices"},
          {kCommonName, std::string(common_name)}};
}

SnpPlatform SnpPlatform::Of(Product product, SigningKey kind) {
  const auto line = std::ranges::find_if(Lines(), [&](const Line& l) { return l.tcb.product == product; });
  return OfLine(line->name, kind);
}

std::vector<std::string> SnpPlatform::LineNames() {
  std::vector<std::string> out;
  for (const Line& line : Lines()) out.emplace_back(line.name);
  return out;
}

SnpPlatform SnpPlatform::OfLine(std::string_view name, SigningKey kind) {
  const auto line = std::ranges::find_if(Lines(), [&](const Line& l) { return l.name == name; });
  if (line == Lines().end()) throw std::invalid_argument("no such line");
  SnpPlatform platform;
  platform.product = line->tcb.product;
  platform.kind = kind;
  platform.cpuid = line->cpuid;
  platform.tcb = line->tcb;
  if (kind == SigningKey::kVlek) return platform;
  const size_t size = ModelOf(platform.product).hwid_size;
  // Begins with 0x04, as a chip id may: an OCTET STRING's tag.
  for (size_t i = 0; i < size; ++i) platform.chip_id[i] = static_cast<uint8_t>(4 + 37 * i);
  return platform;
}

Bytes SnpPlatform::hwid() const {
  if (kind == SigningKey::kVlek) return {};
  return Bytes(chip_id.begin(), chip_id.begin() + static_cast<std::ptrdiff_t>(ModelOf(product).hwid_size));
}

SimRsaKey SimAmd::Key(Product product, AmdRole role) const {
  return SimRsaKey(options_.seed + "/" + KeyLabel(role) + "/" + ModelOf(product).name);
}

Bytes SimAmd::Serial(Product product, AmdRole role) {
  return {ModelOf(product).serial, static_cast<uint8_t>(role == AmdRole::kAsvk ? 1 : 0),
          static_cast<uint8_t>(role == AmdRole::kArk ? 0 : 1)};
}

CertificateSpec SimAmd::CaSpec(Product product, AmdRole role) const {
  const Model& model = ModelOf(product);
  const bool root = role == AmdRole::kArk;
  const std::string service = role == AmdRole::kAsvk ? "vlek" : "vcek";
  CertificateSpec spec;
  spec.serial = Serial(product, role);
  spec.subject = AmdName(CommonName(product, role));
  spec.issuer = AmdName(CommonName(product, AmdRole::kArk));
  spec.validity = {options_.now - 3 * kYear, options_.now + 22 * kYear};
  spec.is_ca = true;
  if (!root) spec.path_length = 0;
  spec.key_usage = static_cast<uint16_t>(root ? kKeyCertSign | kCrlSign : kKeyCertSign);
  spec.subject_key_id = Key(product, role).KeyIdentifier();
  if (!root) spec.authority_key_id = Key(product, AmdRole::kArk).KeyIdentifier();
  spec.crl_url = "https://kdsintf.amd.com/" + service + "/v1/" + model.name + "/crl";
  if (options_.bend) options_.bend(role, spec);
  return spec;
}

Bytes SimAmd::Ark(Product product) const {
  const SimRsaKey key = Key(product, AmdRole::kArk);
  return MakeCertificate(CaSpec(product, AmdRole::kArk), key.SubjectPublicKeyInfo(), key.PssSigner());
}

Bytes SimAmd::Intermediate(Product product, SigningKey kind) const {
  const AmdRole role = IssuerOf(kind);
  return MakeCertificate(CaSpec(product, role), Key(product, role).SubjectPublicKeyInfo(),
                         Key(product, AmdRole::kArk).PssSigner());
}

std::string SimAmd::ChainPem(Product product, SigningKey kind) const {
  return ToPem(Intermediate(product, kind), "CERTIFICATE") + ToPem(Ark(product), "CERTIFICATE");
}

std::string SimAmd::ArksPem() const {
  std::string out;
  for (const Model& model : kModels) {
    if (model.product != Product::kVenice) out += ToPem(Ark(model.product), "CERTIFICATE");
  }
  return out;
}

TrustAnchors SimAmd::Anchors() const {
  TrustAnchors anchors = TrustAnchors::Pinned();
  const std::string pem = ArksPem();
  const Status added = anchors.AddExtra(AsBytes(pem));
  if (!added.ok()) throw std::runtime_error(added.error().message);
  return anchors;
}

SimKey SimAmd::LeafKey(const SnpPlatform& platform) const {
  const bool vcek = platform.kind == SigningKey::kVcek;
  const std::string owner = vcek ? HexLower(platform.hwid()) : platform.csp_id;
  return SimKey(options_.seed + "/leaf/" + ModelOf(platform.product).name + "/" + owner + "/" +
                    HexLower(platform.tcb.Encode()),
                Curve::kP384);
}

Bytes SimAmd::Leaf(const SnpPlatform& platform, const Bend<LeafSpec>& bend) const {
  LeafSpec leaf = DefaultLeaf(platform, options_.now);
  Apply(bend, leaf);
  const AmdRole issuer = IssuerOf(platform.kind);
  CertificateSpec spec;
  spec.serial = {0};
  spec.subject = AmdName(leaf.common_name);
  spec.issuer = AmdName(CommonName(platform.product, issuer));
  spec.validity = leaf.validity;
  spec.more_extensions = LeafExtensions(leaf);
  Apply(leaf.certificate, spec);
  const SimKey key = spec.key ? *spec.key : LeafKey(platform);
  return MakeCertificate(spec, key.SubjectPublicKeyInfo(), Key(platform.product, issuer).PssSigner());
}

Bytes SimAmd::Crl(Product product, const Bend<CrlSpec>& bend) const {
  const SimRsaKey key = Key(product, AmdRole::kArk);
  CrlSpec spec;
  spec.issuer = AmdName(CommonName(product, AmdRole::kArk));
  spec.window = {options_.now - days{30}, options_.now + days{60}};
  spec.number = 7;
  spec.authority_key_id = key.KeyIdentifier();
  Apply(bend, spec);
  return MakeCrl(spec, key.PssSigner());
}

amd::EndorsementSet SimAmd::Endorsements(const SnpPlatform& platform,
                                         const EndorsementOptions& options) const {
  return {.certificates = {Leaf(platform, options.leaf), Intermediate(platform.product, platform.kind),
                           Ark(platform.product)},
          .crl = Crl(platform.product, options.crl)};
}

}  // namespace thimble::sim
