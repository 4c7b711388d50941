// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/name_constraints.h"

#include <algorithm>

#include "tcb/base/ascii.h"
#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {

constexpr uint8_t kDnsName = der::ContextPrimitive(2);  // GeneralName (RFC 5280 section 4.2.1.6)

const Extension* FindStandard(const Certificate& certificate, x509::StandardExtension wanted) {
  const auto& extensions = certificate.extensions();
  const auto found = std::ranges::find_if(extensions, [&](const Extension& extension) {
    return x509::StandardExtensionOf(extension.oid) == wanted;
  });
  return found == extensions.end() ? nullptr : &*found;
}

bool IsAscii(ByteView bytes) {
  return std::ranges::all_of(bytes, [](uint8_t byte) { return byte > 0x20 && byte < 0x7f; });
}

// The host is the constraint's, or below it.
bool IsWithin(std::string_view host, std::string_view domain) {
  if (host.size() < domain.size()) return false;
  const std::string_view tail = host.substr(host.size() - domain.size());
  const bool whole_label = host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
  return EqualIgnoringCase(tail, domain) && whole_label;
}

// GeneralSubtrees, each of them a host and no more.
std::optional<std::vector<std::string>> HostsIn(der::Reader subtrees) {
  std::vector<std::string> out;
  while (!subtrees.empty()) {
    auto subtree = subtrees.Enter(der::kSequence);
    const auto base = subtree ? subtree->Next(kDnsName) : std::nullopt;
    if (!base || !subtree->empty() || base->content.empty() || !IsAscii(base->content)) return std::nullopt;
    if (base->content.front() == '.') return std::nullopt;
    out.emplace_back(AsText(base->content));
  }
  return out;
}

struct HostConstraints {
  std::vector<std::string> permitted, excluded;
};

std::optional<HostConstraints> ReadConstraints(ByteView value) {
  der::Reader outer(value);
  auto fields = outer.Enter(der::kSequence);
  if (!fields || !outer.empty() || fields->empty()) return std::nullopt;
  HostConstraints out;
  for (const uint8_t number : {uint8_t{0}, uint8_t{1}}) {
    if (fields->PeekTag() != der::ContextConstructed(number)) continue;
    const auto subtrees = fields->Enter(der::ContextConstructed(number));
    auto hosts = subtrees ? HostsIn(*subtrees) : std::nullopt;
    if (!hosts || hosts->empty()) return std::nullopt;
    (number == 0 ? out.permitted : out.excluded) = *std::move(hosts);
  }
  return fields->empty() ? std::optional(std::move(out)) : std::nullopt;
}

// The hosts in subjectAltName; nullopt: it cannot be read.
std::optional<std::vector<std::string>> HostsOf(const Certificate& certificate) {
  std::vector<std::string> hosts;
  const Extension* const extension = FindStandard(certificate, x509::kSubjectAltName);
  if (extension == nullptr) return hosts;
  der::Reader outer(extension->value);
  auto names = outer.Enter(der::kSequence);
  if (!names || !outer.empty()) return std::nullopt;
  while (!names->empty()) {
    const auto name = names->Next();
    if (!name || (name->tag == kDnsName && !IsAscii(name->content))) return std::nullopt;
    if (name->tag == kDnsName) hosts.emplace_back(AsText(name->content));
  }
  return hosts;
}

}  // namespace

const char* NameConstraintProblem(const Certificate& issuer, const Certificate& below, bool is_leaf) {
  const Extension* const extension = FindStandard(issuer, x509::kNameConstraints);
  if (extension == nullptr) return nullptr;
  const auto constraints = ReadConstraints(extension->value);
  if (!constraints) return "name constraints of a kind that is not read";
  auto names = HostsOf(below);
  if (!names) return "names that cannot be held against name constraints";
  std::vector<std::string> hosts = *std::move(names);
  // A common name that looks like a host's counts as one where no other is there.
  const std::string& common_name = below.subject_cn();
  if (is_leaf && hosts.empty() && common_name.find('.') != std::string::npos) hosts.push_back(common_name);
  // As work that a stranger asks for, it has a bound.
  constexpr size_t kMostComparisons = 1 << 14;
  if (hosts.size() * (constraints->excluded.size() + constraints->permitted.size()) > kMostComparisons)
    return "more names than are held against name constraints";
  const auto any = [](const std::vector<std::string>& domains, const std::string& host) {
    return std::ranges::any_of(domains, [&](const std::string& domain) { return IsWithin(host, domain); });
  };
  for (const std::string& host : hosts) {
    if (any(constraints->excluded, host)) return "a host that name constraints exclude";
    if (!constraints->permitted.empty() && !any(constraints->permitted, host))
      return "a host that name constraints do not permit";
  }
  return nullptr;
}

}  // namespace thimble
