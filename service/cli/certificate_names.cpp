// SPDX-License-Identifier: Apache-2.0
#include "service/cli/certificate_names.h"

#include <arpa/inet.h>

#include <array>

#include "service/support/file.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/der.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxCertificateFile = 64u << 10, kMaxChain = 10;
constexpr std::array<uint8_t, 3> kAlternativeNames = {0x55, 0x1d, 0x11};  // subjectAltName, 2.5.29.17
// GeneralName (RFC 5280 section 4.2.1.6)
constexpr uint8_t kHostName = der::ContextPrimitive(2), kAddress = der::ContextPrimitive(7);

std::optional<std::string> NameText(uint8_t tag, ByteView content) {
  if (tag == kHostName) return std::string(AsText(content));
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v6 = content.size() == 16;
  if (tag != kAddress || (!v6 && content.size() != 4)) return std::nullopt;
  if (::inet_ntop(v6 ? AF_INET6 : AF_INET, content.data(), text.data(), text.size()) == nullptr)
    return std::nullopt;
  return std::string(text.data());
}

// Empty: there is none, or one that we could not ask for again.
std::vector<std::string> NamesOf(const Certificate& certificate) {
  const Extension* const extension = certificate.FindExtension(kAlternativeNames);
  if (extension == nullptr) return {};
  der::Reader outer(extension->value);
  auto names = outer.Enter(der::kSequence);
  if (!names || !outer.empty()) return {};
  std::vector<std::string> out;
  while (!names->empty()) {
    const auto name = names->Next();
    const auto text = name ? NameText(name->tag, name->content) : std::nullopt;
    if (!text) return {};
    out.push_back(*text);
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> NamesInCertificate(const std::string& path) {
  TRY_ASSIGN(const std::string pem, ReadFile(path, kMaxCertificateFile));
  const auto chain = DecodePem(pem, "CERTIFICATE", kMaxChain, Check::kRequest);
  std::vector<std::string> names;
  if (chain && !chain->empty()) {
    const auto certificate =
        Certificate::Parse(chain->front(), CertificateProfile::kMicrosoft, Check::kRequest);
    if (certificate) names = NamesOf(**certificate);
  }
  if (!names.empty()) return names;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat(path, ": the names in it cannot be read: say them with --host")};
}

}  // namespace thimble
