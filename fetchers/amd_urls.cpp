// SPDX-License-Identifier: Apache-2.0
#include "fetchers/amd_urls.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "fetchers/url.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// Parameters of a leaf (SNP a), in the order that AMD writes them. Those of components that the product's TCB lacks
// are left out; of Venice that is presumed.
struct SplParameter {
  std::string_view name;
  amd::TcbComponent component;
};
constexpr SplParameter kSpls[] = {{"fmcSPL", amd::TcbComponent::kFmc},
                                  {"blSPL", amd::TcbComponent::kBootloader},
                                  {"teeSPL", amd::TcbComponent::kTee},
                                  {"snpSPL", amd::TcbComponent::kSnp},
                                  {"ucodeSPL", amd::TcbComponent::kMicrocode}};

// Two digits at least, as AMD writes them.
std::string Decimal(uint8_t svn) { return StrCat(svn < 10 ? "0" : "", svn); }

// KdsUrl() of each kind of key.
struct UrlMaker {
  const std::string& base;

  std::string Path(amd::SigningKey kind, amd::Product product, std::string_view item) const {
    return StrCat(base, "/", amd::SigningKeyName(kind), "/v1/", amd::ProductName(product), "/", item);
  }
  std::string operator()(const AmdChainKey& key) const { return Path(key.kind, key.product, "cert_chain"); }
  std::string operator()(const AmdCrlKey& key) const { return Path(key.kind, key.product, "crl"); }
  std::string operator()(const VcekKey& key) const {
    std::string url = Path(amd::SigningKey::kVcek, key.product, HexLower(key.hwid));
    char before = '?';
    for (const auto& [name, component] : kSpls) {
      const auto spl = key.tcb.At(component);
      if (!spl) continue;
      url += StrCat(std::string_view(&before, 1), name, "=", Decimal(*spl));
      before = '&';
    }
    return url;
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return "";  // Intel's
  }
};

std::optional<uint8_t> ParseSvn(std::string_view text) {
  uint8_t svn = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), svn);
  if (error != std::errc() || end != text.data() + text.size() || text.size() > 3) return std::nullopt;
  return svn;
}

// A parameter that is left out counts as 0 upstream, but for fmcSPL: without it one would get the certificate of
// another TCB.
std::optional<amd::TcbVersion> ParseTcb(amd::Product product, const Target& target) {
  amd::TcbVersion tcb = amd::TcbVersion::Decode(product, {});
  bool fmc = !tcb.fmc;
  for (const auto& [name, value] : target.parameters) {
    const auto parameter =
        std::ranges::find_if(kSpls, [&](const SplParameter& p) { return p.name == std::string_view(name); });
    const auto svn = ParseSvn(value);
    if (parameter == std::end(kSpls) || !svn || !tcb.At(parameter->component)) return std::nullopt;
    tcb.At(parameter->component) = svn;
    fmc = fmc || parameter->component == amd::TcbComponent::kFmc;
  }
  return fmc ? std::optional(tcb) : std::nullopt;
}

std::optional<CollateralKey> ParseVcek(amd::Product product, std::string_view hwid, const Target& target) {
  auto bytes = FromHex(hwid);
  const auto tcb = ParseTcb(product, target);
  if (!bytes || bytes->size() != amd::TraitsOf(product).hwid_size || !tcb) return std::nullopt;
  return VcekKey{product, std::move(*bytes), *tcb};
}

// "/vcek/v1/Milan/cert_chain" as {"vcek", "v1", "Milan", "cert_chain"}; nullopt unless there are four parts.
std::optional<std::array<std::string_view, 4>> SplitPath(std::string_view path) {
  std::array<std::string_view, 4> parts;
  for (std::string_view& part : parts) {
    if (!path.starts_with('/')) return std::nullopt;
    path.remove_prefix(1);
    part = path.substr(0, path.find('/'));
    path.remove_prefix(part.size());
  }
  if (!path.empty()) return std::nullopt;
  return parts;
}

}  // namespace

std::optional<std::string> NormalizeAmdBase(std::string_view base) {
  while (base.ends_with('/')) base.remove_suffix(1);
  const auto url = ParseUrl(base);
  if (!url || url->target.find('?') != std::string::npos) return std::nullopt;
  return url->Origin() + (url->target == "/" ? "" : url->target);
}

std::string KdsUrl(const std::string& base, const CollateralKey& key) {
  return std::visit(UrlMaker{base}, key);
}

std::optional<CollateralKey> ParseKdsUrl(std::string_view path_and_query) {
  const auto target = SplitTarget(path_and_query);
  if (!target) return std::nullopt;
  const auto parts = SplitPath(target->path);
  if (!parts) return std::nullopt;
  const auto& [kind_name, version, product_name, item] = *parts;
  const auto product = amd::ProductFromName(product_name);
  if ((kind_name != "vcek" && kind_name != "vlek") || version != "v1" || !product) return std::nullopt;
  const amd::SigningKey kind = kind_name == "vcek" ? amd::SigningKey::kVcek : amd::SigningKey::kVlek;

  if (item == "cert_chain" && target->parameters.empty()) return AmdChainKey{*product, kind};
  if (item == "crl" && target->parameters.empty()) return AmdCrlKey{*product, kind};
  if (kind == amd::SigningKey::kVcek) return ParseVcek(*product, item, *target);
  return std::nullopt;
}

}  // namespace thimble
