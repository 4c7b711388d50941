// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/usages.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"
#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {

std::optional<std::vector<ByteView>> ExtendedKeyUsages(const Certificate& certificate) {
  std::vector<ByteView> usages;
  for (const Extension& extension : certificate.extensions()) {
    if (x509::StandardExtensionOf(extension.oid) != x509::kExtendedKeyUsage) continue;
    der::Reader outer(extension.value);
    auto list = outer.Enter(der::kSequence);
    if (!list || list->empty() || !outer.empty()) return std::nullopt;
    while (!list->empty()) {
      const auto oid = list->Oid();
      if (!oid) return std::nullopt;
      usages.push_back(*oid);
    }
  }
  return usages;
}

bool HasExtendedKeyUsage(const Certificate& certificate, ByteView oid) {
  const auto usages = ExtendedKeyUsages(certificate);
  return usages && std::ranges::any_of(*usages, [&](ByteView usage) { return Equal(usage, oid); });
}

std::optional<std::vector<ByteView>> ApplicationPolicies(const Certificate& certificate) {
  constexpr std::array<uint8_t, 9> kOid = {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x15, 0x0a};
  std::vector<ByteView> policies;
  const Extension* const extension = certificate.FindExtension(kOid);
  if (extension == nullptr) return policies;
  der::Reader outer(extension->value);
  auto list = outer.Enter(der::kSequence);
  if (!list || list->empty() || !outer.empty()) return std::nullopt;
  while (!list->empty()) {
    auto policy = list->Enter(der::kSequence);  // the OID, and qualifiers perhaps
    const auto oid = policy ? policy->Oid() : std::nullopt;
    if (!oid) return std::nullopt;
    policies.push_back(*oid);
  }
  return policies;
}

std::string OidText(ByteView oid) {
  std::string out;
  uint64_t arc = 0;
  for (const uint8_t byte : oid) {
    if (arc > UINT64_MAX >> 7) return HexLower(oid);
    arc = arc << 7 | (byte & 0x7fu);
    if ((byte & 0x80) != 0) continue;
    const uint64_t root = std::min<uint64_t>(arc / 40, 2);
    out += out.empty() ? StrCat(root, ".", arc - 40 * root) : StrCat(".", arc);
    arc = 0;
  }
  return out;
}

std::string OidsText(const std::optional<std::vector<ByteView>>& oids) {
  if (!oids) return "not well-formed";
  std::string out;
  for (const ByteView oid : *oids) out += StrCat(out.empty() ? "" : ", ", OidText(oid));
  return out.empty() ? "none" : out;
}

std::string KeyUsageText(const Certificate& certificate) {
  if (!certificate.key_usage()) return "none";
  std::string out;
  for (unsigned bit = 0; bit < 16; ++bit) {
    if ((*certificate.key_usage() >> bit & 1u) != 0) out += StrCat(out.empty() ? "bit " : ", ", bit);
  }
  return out.empty() ? "no bit" : out;
}

std::optional<ByteView> WithoutNvPadding(ByteView nv) {
  der::Reader reader(nv);
  const auto element = reader.Next(der::kSequence);
  if (!element) return std::nullopt;
  const ByteView rest = nv.subspan(element->whole.size());
  const bool unwritten = std::ranges::all_of(rest, [](uint8_t byte) { return byte == 0xff; });
  if (!unwritten && !AllZero(rest)) return std::nullopt;
  return element->whole;
}

}  // namespace thimble
