// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_urls.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include "fetchers/url.h"
#include "tcb/base/ascii.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kSgxPart = "/sgx/", kTdxPart = "/tdx/";
constexpr std::string_view kSgxPath = "/sgx/certification/v4/", kTdxPath = "/tdx/certification/v4/";
constexpr std::string_view kRootCrlPath = "/IntelSGXRootCA.der";
constexpr std::string_view kIntelDomain = ".trustedservices.intel.com";

// The search begins at the path: a host may be called "sgx".
std::string TdxBase(std::string base) {
  const size_t path = base.find('/', std::string_view("https://").size());
  return base.replace(base.find(kSgxPart, path), kSgxPart.size(), kTdxPart);
}

std::string BaseFor(const std::string& base, IntelTee tee) {
  return tee == IntelTee::kSgx ? base : TdxBase(base);
}

// The PCS takes "standard" when nothing is said (spec/intel-pccs-api.md section 10).
std::string SelectorParameter(const Selector& selector) {
  switch (selector.kind) {
    case Selector::Kind::kStandard:
      return "";
    case Selector::Kind::kEarly:
      return "update=early";
    case Selector::Kind::kNumber:
      return StrCat("tcbEvaluationDataNumber=", selector.number);
  }
  return "";
}

// IntelUrl() of each kind of key.
struct UrlMaker {
  const std::string& base;

  std::string operator()(const RootCaCrlKey&) const { return base + "rootcacrl"; }
  std::string operator()(const PckCrlKey& key) const {
    return StrCat(base, "pckcrl?ca=", intel::PckCaName(key.ca), "&encoding=der");
  }
  std::string operator()(const TcbInfoKey& key) const {
    const std::string selector = SelectorParameter(key.selector);
    return StrCat(BaseFor(base, key.tee), "tcb?fmspc=", key.fmspc.HexUpper(), selector.empty() ? "" : "&",
                  selector);
  }
  std::string operator()(const EnclaveIdentityKey& key) const {
    const IntelTee tee = key.id == EnclaveId::kTdQe ? IntelTee::kTdx : IntelTee::kSgx;
    const std::string_view path = key.id == EnclaveId::kQve ? "qve/identity" : "qe/identity";
    const std::string selector = SelectorParameter(key.selector);
    return StrCat(BaseFor(base, tee), path, selector.empty() ? "" : "?", selector);
  }
  std::string operator()(const EvaluationNumbersKey& key) const {
    return BaseFor(base, key.tee) + "tcbevaluationdatanumbers";
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";  // AMD's
  }
};

bool OnlyParameters(const Target& target, std::initializer_list<std::string_view> names) {
  for (const auto& [name, value] : target.parameters) {
    if (std::find(names.begin(), names.end(), name) == names.end()) return false;
  }
  return true;
}

// A number beside `update` is refused, as on the PCS.
std::optional<Selector> ParseSelector(const Target& target) {
  const auto update = target.Find("update"), number = target.Find("tcbEvaluationDataNumber");
  if (update && number) return std::nullopt;
  if (number) {
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(number->data(), number->data() + number->size(), value);
    if (error != std::errc() || end != number->data() + number->size()) return std::nullopt;
    return Selector{Selector::Kind::kNumber, value};
  }
  if (!update || LowerCase(*update) == "standard") return Selector{};
  if (LowerCase(*update) == "early") return Selector{Selector::Kind::kEarly, 0};
  return std::nullopt;
}

std::optional<CollateralKey> ParsePckCrl(const Target& target) {
  if (!OnlyParameters(target, {"ca", "encoding"})) return std::nullopt;
  const std::string ca = LowerCase(target.Find("ca").value_or(""));
  if (ca == "processor") return PckCrlKey{intel::PckCa::kProcessor};
  if (ca == "platform") return PckCrlKey{intel::PckCa::kPlatform};
  return std::nullopt;
}

std::optional<CollateralKey> ParseTcbInfo(const Target& target, IntelTee tee) {
  if (!OnlyParameters(target, {"fmspc", "update", "tcbEvaluationDataNumber"})) return std::nullopt;
  const auto fmspc = intel::Fmspc::FromHex(target.Find("fmspc").value_or(""));
  const auto selector = ParseSelector(target);
  if (!fmspc || !selector) return std::nullopt;
  return TcbInfoKey{tee, *fmspc, *selector};
}

std::optional<CollateralKey> ParseIdentity(const Target& target, EnclaveId id) {
  if (!OnlyParameters(target, {"update", "tcbEvaluationDataNumber"})) return std::nullopt;
  const auto selector = ParseSelector(target);
  if (!selector) return std::nullopt;
  return EnclaveIdentityKey{id, *selector};
}

}  // namespace

std::optional<std::string> NormalizeIntelBase(std::string_view base) {
  std::string out(base);
  if (!out.ends_with('/')) out += '/';
  const auto url = ParseUrl(out);
  if (!url || url->target.find('?') != std::string::npos) return std::nullopt;
  if (url->target.find(kSgxPart) == std::string::npos) return std::nullopt;
  return url->Origin() + url->target;
}

bool IsIntelsOwn(const std::string& base) {
  const auto url = ParseUrl(base);
  return url && url->host.ends_with(kIntelDomain);
}

std::string CrlUrl(const std::string& base, std::string_view address) {
  return StrCat(base, "crl?uri=", PercentEncode(address));
}

std::string IntelUrl(const std::string& base, const CollateralKey& key) {
  return std::visit(UrlMaker{base}, key);
}

std::optional<CollateralKey> ParseIntelUrl(std::string_view path_and_query) {
  const auto target = SplitTarget(path_and_query);
  if (!target) return std::nullopt;
  const bool tdx = target->path.starts_with(kTdxPath);
  if (target->path == kRootCrlPath && target->parameters.empty()) return RootCaCrlKey{};
  if (!tdx && !target->path.starts_with(kSgxPath)) return std::nullopt;
  const IntelTee tee = tdx ? IntelTee::kTdx : IntelTee::kSgx;
  const std::string_view route = target->path.substr(kSgxPath.size());

  if (route == "tcb") return ParseTcbInfo(*target, tee);
  if (route == "qe/identity") return ParseIdentity(*target, tdx ? EnclaveId::kTdQe : EnclaveId::kQe);
  if (route == "tcbevaluationdatanumbers" && target->parameters.empty()) return EvaluationNumbersKey{tee};
  if (tdx) return std::nullopt;
  if (route == "qve/identity") return ParseIdentity(*target, EnclaveId::kQve);
  if (route == "pckcrl") return ParsePckCrl(*target);
  if (route == "rootcacrl" && target->parameters.empty()) return RootCaCrlKey{};
  return std::nullopt;
}

}  // namespace thimble
