// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/usages.h"

#include <algorithm>

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
