// SPDX-License-Identifier: Apache-2.0
#include "tcb/didx509/names.h"

#include <algorithm>
#include <array>

#include "tcb/pki/der.h"

namespace thimble::didx509 {
namespace {

constexpr std::array<uint8_t, 3> kSubjectAltName = {0x55, 0x1d, 0x11};
constexpr std::array<uint8_t, 10> kFulcioIssuer = {0x2b, 0x06, 0x01, 0x04, 0x01,
                                                   0x83, 0xbf, 0x30, 0x01, 0x01};
// GeneralName (RFC 5280 section 4.2.1.6)
constexpr uint8_t kEmailName = der::ContextPrimitive(1), kDnsName = der::ContextPrimitive(2),
                  kDirectoryName = der::ContextConstructed(4), kUriName = der::ContextPrimitive(6);

Bytes Copy(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

bool IsAscii(ByteView bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte > 0x20 && byte < 0x7f; });
}

}  // namespace

std::optional<std::vector<AlternativeName>> AlternativeNames(const Certificate& certificate) {
  std::vector<AlternativeName> out;
  const Extension* const extension = certificate.FindExtension(kSubjectAltName);
  if (extension == nullptr) return out;
  der::Reader outer(extension->value);
  auto names = outer.Enter(der::kSequence);
  if (!names || !outer.empty() || names->empty()) return std::nullopt;
  while (!names->empty()) {
    const auto name = names->Next();
    if (!name) return std::nullopt;
    if (name->tag == kDirectoryName) continue;
    const bool known = name->tag == kEmailName || name->tag == kDnsName || name->tag == kUriName;
    if (!known || !IsAscii(name->content)) return std::nullopt;
    const SanKind kind = name->tag == kEmailName ? SanKind::kEmail
                         : name->tag == kDnsName ? SanKind::kDns
                                                 : SanKind::kUri;
    out.push_back({kind, std::string(AsText(name->content))});
  }
  return out;
}

std::optional<std::vector<Attribute>> SubjectAttributes(const Certificate& certificate) {
  std::vector<Attribute> out;
  der::Reader outer(certificate.subject());
  auto name = outer.Enter(der::kSequence);
  if (!name) return std::nullopt;
  while (!name->empty()) {
    auto set = name->Enter(der::kSet);
    if (!set) return std::nullopt;
    while (!set->empty()) {
      auto attribute = set->Enter(der::kSequence);
      const auto oid = attribute ? attribute->Oid() : std::nullopt;
      const auto value = oid ? attribute->Next() : std::nullopt;
      if (!value) return std::nullopt;
      const bool twice =
          std::ranges::any_of(out, [&](const Attribute& other) { return Equal(other.oid, *oid); });
      if (twice) return std::nullopt;
      out.push_back({Copy(*oid), std::string(AsText(value->content))});
    }
  }
  return out;
}

std::optional<std::string> FulcioIssuer(const Certificate& certificate) {
  const Extension* const extension = certificate.FindExtension(kFulcioIssuer);
  if (extension == nullptr || extension->critical) return std::nullopt;
  return std::string(AsText(extension->value));
}

}  // namespace thimble::didx509
