// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/endorsement.h"

#include <array>

#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/der.h"

namespace thimble::amd {
namespace {

// The content of an OBJECT IDENTIFIER under 1.3.6.1.4.1.3704.1.
template <class... Arcs>
constexpr auto AmdOid(Arcs... arcs) {
  return std::array<uint8_t, 8 + sizeof...(Arcs)>{
      0x2b, 0x06, 0x01, 0x04, 0x01, 0x9c, 0x78, 0x01, static_cast<uint8_t>(arcs)...};
}

// Reads the extensions of one leaf; errors name the extension.
class LeafReader {
 public:
  LeafReader(const Certificate& leaf, Check check) : leaf_(leaf), check_(check) {}

  std::optional<ByteView> Find(ByteView oid) const {
    const Extension* extension = leaf_.FindExtension(oid);
    return extension == nullptr ? std::nullopt : std::optional(extension->value);
  }

  // INTEGER 0..max: 02 01 xx, and 02 02 00 xx from 0x80 on.
  Result<std::optional<uint64_t>> Integer(ByteView oid, std::string_view name, uint64_t max) const {
    const auto value = Find(oid);
    if (!value) return std::optional<uint64_t>();
    der::Reader reader(*value);
    const auto number = reader.Unsigned();
    if (!number || !reader.empty() || *number > max) {
      return Fail(name, StrCat("is not an INTEGER in 0..", max));
    }
    return number;
  }

  Result<std::optional<uint8_t>> Spl(uint8_t n, std::string_view name) const {
    TRY_ASSIGN(const auto value, Integer(AmdOid(3, n), name, 255));
    return value ? std::optional(static_cast<uint8_t>(*value)) : std::nullopt;
  }

  Result<std::optional<std::string>> Text(ByteView oid, std::string_view name) const {
    const auto value = Find(oid);
    if (!value) return std::optional<std::string>();
    der::Reader reader(*value);
    const auto text = reader.Next(der::kIa5String);
    if (!text || !reader.empty()) return Fail(name, "is not an IA5String");
    return std::optional(std::string(AsText(text->content)));
  }

  Error Fail(std::string_view name, std::string_view what) const {
    return {ErrorKind::kMalformed, check_, StrCat("leaf ", leaf_.subject_cn(), ": ", name, " ", what)};
  }

 private:
  const Certificate& leaf_;
  Check check_;
};

// Usually the bare bytes, in some certificates of 2023 an OCTET STRING around them. Told apart by length: a
// chip id may itself begin with 0x04 (SNP b, "parsing traps").
Result<HwId> ReadHwId(const LeafReader& reader) {
  const auto value = reader.Find(AmdOid(4));
  if (!value) return HwId{};
  for (const ProductTraits& traits : AllProducts()) {
    const size_t size = traits.hwid_size;
    if (value->size() == size) return HwId(value->begin(), value->end());
    if (value->size() == size + 2 && (*value)[0] == der::kOctetString && (*value)[1] == size) {
      return HwId(value->begin() + 2, value->end());
    }
  }
  return reader.Fail("hwID", StrCat("has ", value->size(), " bytes, expected 64 or 8"));
}

Status ReadSpls(const LeafReader& reader, Endorsement& out) {
  TRY_ASSIGN(out.bootloader, reader.Spl(1, "blSPL"));
  TRY_ASSIGN(out.tee, reader.Spl(2, "teeSPL"));
  TRY_ASSIGN(out.snp, reader.Spl(3, "snpSPL"));
  TRY_ASSIGN(out.microcode, reader.Spl(8, "ucodeSPL"));
  TRY_ASSIGN(out.fmc, reader.Spl(9, "fmcSPL"));
  const bool venice = out.product == Product::kVenice;
  if (!out.bootloader && !venice) return reader.Fail("blSPL", "is missing");
  if (!out.tee) return reader.Fail("teeSPL", "is missing");
  if (!out.snp) return reader.Fail("snpSPL", "is missing");
  if (!out.microcode && !venice) return reader.Fail("ucodeSPL", "is missing");
  constexpr std::array<std::string_view, 4> kReserved = {"spl4", "spl5", "spl6", "spl7"};
  uint8_t n = 4;
  for (const std::string_view name : kReserved) {
    TRY_ASSIGN(const auto value, reader.Spl(n++, name));
    if (value.value_or(0) != 0) out.reserved_zero = false;
  }
  return {};
}

std::optional<uint8_t> SplOf(const Endorsement& endorsement, TcbComponent component) {
  switch (component) {
    case TcbComponent::kFmc:
      return endorsement.fmc;
    case TcbComponent::kBootloader:
      return endorsement.bootloader;
    case TcbComponent::kTee:
      return endorsement.tee;
    case TcbComponent::kSnp:
      return endorsement.snp;
    case TcbComponent::kMicrocode:
      break;
  }
  return endorsement.microcode;
}

constexpr std::string_view LeafName(SigningKey kind) {
  return kind == SigningKey::kVcek ? "SEV-VCEK" : "SEV-VLEK";
}

}  // namespace

Result<Endorsement> ParseEndorsement(const Certificate& leaf, Check malformed) {
  const LeafReader reader(leaf, malformed);
  Endorsement out;
  TRY_ASSIGN(const auto struct_version, reader.Integer(AmdOid(1), "structVersion", 255));
  if (!struct_version) return reader.Fail("structVersion", "is missing");
  out.struct_version = *struct_version;
  TRY_ASSIGN(auto product_name, reader.Text(AmdOid(2), "productName"));
  if (!product_name) return reader.Fail("productName", "is missing");
  out.product_name = std::move(*product_name);
  out.product = ProductFromName(std::string_view(out.product_name).substr(0, out.product_name.find('-')));
  TRY(ReadSpls(reader, out));
  TRY_ASSIGN(out.hwid, ReadHwId(reader));
  TRY_ASSIGN(out.csp_id, reader.Text(AmdOid(5), "cspID"));
  return out;
}

bool IsLeafName(std::string_view common_name) {
  return common_name == LeafName(SigningKey::kVcek) || common_name == LeafName(SigningKey::kVlek);
}

bool IsOfKind(const Certificate& leaf, const Endorsement& endorsement, SigningKey kind) {
  const bool vcek = kind == SigningKey::kVcek;
  return leaf.subject_cn() == LeafName(kind) && endorsement.hwid.empty() != vcek &&
         endorsement.csp_id.has_value() != vcek;
}

TcbVersion TcbOf(const Endorsement& endorsement, Product product) {
  TcbVersion tcb = TcbVersion::Decode(product, {});
  for (const TcbComponent component : kTcbComponents) {
    if (tcb.At(component)) tcb.At(component) = SplOf(endorsement, component).value_or(0);
  }
  return tcb;
}

std::optional<std::string> TcbDifference(const Endorsement& endorsement, const TcbVersion& tcb) {
  for (const TcbComponent component : kTcbComponents) {
    const auto certified = SplOf(endorsement, component), reported = tcb.At(component);
    const std::string_view name = ComponentName(component);
    if (certified == reported || (!reported && tcb.product == Product::kVenice)) continue;
    if (!certified || !reported) {
      return StrCat(name, ": ", certified ? "only in the certificate" : "not in the certificate");
    }
    return StrCat(name, ": certificate ", *certified, ", report ", *reported);
  }
  if (!endorsement.reserved_zero) return "spl4 to spl7 of the certificate are not all zero";
  return std::nullopt;
}

}  // namespace thimble::amd
