// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_crl_addresses.h"

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {
namespace {

constexpr std::string_view kRootCrl = "https://certificates.trustedservices.intel.com/IntelSGXRootCA.der";

struct Host {
  IntelSite site;
  std::string_view url;
};

// Hosts of certificates and their CRLs: distribution points of Intel's certificates, and what PCCS takes (PCCS 4).
constexpr Host kCertificateHosts[] = {
    {IntelSite::kProduction, "https://certificates.trustedservices.intel.com/"},
    {IntelSite::kProduction, "https://certprx.adsdcsp.com/"},
    {IntelSite::kSandbox, "https://sbx-certificates.trustedservices.intel.com/"},
};
struct File {
  std::string_view name;
  std::optional<intel::PckCa> ca;  // absent: the root's
};
// The root's in both spellings (PCCS 4, PCCS 10, spec/azure-thim.md section 3). The other two are what Azure's client asks
// by for the processor CA, and its counterpart.
constexpr File kFiles[] = {
    {"intelsgxrootca.der", std::nullopt},
    {"intelsgxrootca.crl", std::nullopt},
    {"intelsgxpckprocessor.crl", intel::PckCa::kProcessor},
    {"intelsgxpckplatform.crl", intel::PckCa::kPlatform},
};

// Distribution points of PCK certificates: a PCS of any version, as it was when they were issued (PCCS 4).
constexpr Host kApiHosts[] = {
    {IntelSite::kProduction, "https://api.trustedservices.intel.com/"},
    {IntelSite::kSandbox, "https://sbx.api.trustedservices.intel.com/"},
};
constexpr std::string_view kPckCrlPaths[] = {
    "sgx/certification/v1/pckcrl?ca=", "sgx/certification/v2/pckcrl?ca=", "sgx/certification/v3/pckcrl?ca=",
    "sgx/certification/v4/pckcrl?ca="};
constexpr std::string_view kEncodings[] = {"", "&encoding=der", "&encoding=pem"};
constexpr intel::PckCa kCas[] = {intel::PckCa::kProcessor, intel::PckCa::kPlatform};

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<CollateralKey> FindFile(std::string_view name) {
  for (const File& file : kFiles) {
    if (name != file.name) continue;
    if (file.ca) return PckCrlKey{*file.ca};
    return RootCaCrlKey{};
  }
  return std::nullopt;
}

std::optional<CollateralKey> FindPckCrl(std::string_view path) {
  for (const std::string_view base : kPckCrlPaths) {
    std::string_view rest = path;
    if (!TakePrefix(rest, base)) continue;
    for (const intel::PckCa ca : kCas) {
      const std::string_view name = intel::PckCaName(ca);
      for (const std::string_view encoding : kEncodings) {
        if (rest.starts_with(name) && rest.substr(name.size()) == encoding) return PckCrlKey{ca};
      }
    }
  }
  return std::nullopt;
}

// `address` in lower case.
std::optional<CollateralKey> Find(std::string_view address, IntelSite site) {
  for (const Host& host : kCertificateHosts) {
    std::string_view rest = address;
    if (host.site == site && TakePrefix(rest, host.url)) return FindFile(rest);
  }
  for (const Host& host : kApiHosts) {
    std::string_view rest = address;
    if (host.site == site && TakePrefix(rest, host.url)) return FindPckCrl(rest);
  }
  return std::nullopt;
}

}  // namespace

std::optional<CollateralKey> KeyOfCrlAddress(std::string_view address, IntelSite site) {
  const std::string lower = LowerCase(address);
  if (const auto key = Find(lower, site)) return key;
  // No encoder escapes a dot; whoever does hides what host is meant.
  if (lower.find("%2e") != std::string::npos) return std::nullopt;
  const auto decoded = PercentDecode(lower);
  return decoded ? Find(LowerCase(*decoded), site) : std::nullopt;
}

void RootCrlAddresses::Add(const Certificate& root) {
  added_[root.spki_sha256().hex()] = root.crl_url();
  if (KeyOfCrlAddress(root.crl_url(), IntelSite::kSandbox)) site_ = IntelSite::kSandbox;
}

std::string RootCrlAddresses::Of(const Certificate& root) const {
  if (TrustAnchors::Pinned().Find(Vendor::kIntel, root) != nullptr) return std::string(kRootCrl);
  const auto added = added_.find(root.spki_sha256().hex());
  return added == added_.end() ? "" : added->second;
}

}  // namespace thimble
