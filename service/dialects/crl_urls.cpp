// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/crl_urls.h"

#include <array>
#include <string>
#include <utility>

#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"

namespace thimble {
namespace {

constexpr std::string_view kRootCrl = "https://certificates.trustedservices.intel.com/intelsgxrootca.";
// One PCK CRL has one address in each version of the PCS; certificates name either.
constexpr std::array<std::string_view, 2> kPckCrl{
    "https://api.trustedservices.intel.com/sgx/certification/v3/pckcrl?ca=",
    "https://api.trustedservices.intel.com/sgx/certification/v4/pckcrl?ca="};
constexpr std::array<std::string_view, 3> kEncodings{"", "&encoding=der", "&encoding=pem"};
constexpr std::array<std::pair<std::string_view, intel::PckCa>, 2> kCas{
    {{"processor", intel::PckCa::kProcessor}, {"platform", intel::PckCa::kPlatform}}};

bool TakePrefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// `url` in lower case.
std::optional<CollateralKey> Find(std::string_view url) {
  if (TakePrefix(url, kRootCrl)) {
    if (url == "der" || url == "crl") return RootCaCrlKey{};
    return std::nullopt;
  }
  for (const std::string_view base : kPckCrl) {
    std::string_view rest = url;
    if (!TakePrefix(rest, base)) continue;
    for (const auto& [name, ca] : kCas) {
      for (const std::string_view encoding : kEncodings) {
        if (rest.starts_with(name) && rest.substr(name.size()) == encoding) return PckCrlKey{ca};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<CollateralKey> KeyOfCrlUrl(std::string_view uri) {
  if (const auto key = Find(LowerCase(uri))) return key;
  // No encoder escapes a dot; whoever does hides what host is meant.
  if (LowerCase(uri).find("%2e") != std::string::npos) return std::nullopt;
  const auto decoded = PercentDecode(uri);
  return decoded ? Find(LowerCase(*decoded)) : std::nullopt;
}

}  // namespace thimble
