// SPDX-License-Identifier: Apache-2.0
//
// Keys and their stable names, both ways.
#include "tcb/collateral_key.h"

#include <array>
#include <charconv>
#include <utility>

#include "tcb/base/text.h"

namespace thimble {
namespace {

template <class... Visitors>
struct Overload : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overload(Visitors...) -> Overload<Visitors...>;

constexpr std::pair<EnclaveId, std::string_view> kEnclaves[] = {
    {EnclaveId::kQe, "qe"}, {EnclaveId::kTdQe, "td_qe"}, {EnclaveId::kQve, "qve"}};
constexpr std::pair<IntelTee, std::string_view> kTees[] = {{IntelTee::kSgx, "sgx"}, {IntelTee::kTdx, "tdx"}};
constexpr std::pair<intel::PckCa, std::string_view> kCas[] = {{intel::PckCa::kProcessor, "processor"},
                                                              {intel::PckCa::kPlatform, "platform"}};
constexpr std::pair<amd::Product, std::string_view> kProducts[] = {{amd::Product::kMilan, "milan"},
                                                                   {amd::Product::kGenoa, "genoa"},
                                                                   {amd::Product::kTurin, "turin"},
                                                                   {amd::Product::kVenice, "venice"}};
constexpr std::pair<amd::SigningKey, std::string_view> kSigningKeys[] = {{amd::SigningKey::kVcek, "vcek"},
                                                                         {amd::SigningKey::kVlek, "vlek"}};

template <class T, size_t N>
std::string_view NameIn(const std::pair<T, std::string_view> (&table)[N], T value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  return "";
}
template <class T, size_t N>
std::optional<T> FindIn(const std::pair<T, std::string_view> (&table)[N], std::string_view name) {
  for (const auto& [value, known] : table) {
    if (known == name) return value;
  }
  return std::nullopt;
}

std::string TwoDigits(uint8_t value) { return StrCat(value < 10 ? "0" : "", value); }

// How a key names the components, in this order. Those that the product's layout lacks are left out.
struct NamedSpl {
  std::string_view label;
  amd::TcbComponent component;
};
constexpr NamedSpl kSpls[] = {{"bl", amd::TcbComponent::kBootloader},
                              {"tee", amd::TcbComponent::kTee},
                              {"snp", amd::TcbComponent::kSnp},
                              {"ucode", amd::TcbComponent::kMicrocode},
                              {"fmc", amd::TcbComponent::kFmc}};

std::string TcbName(const amd::TcbVersion& tcb) {
  std::string out;
  for (const auto& [label, component] : kSpls) {
    if (const auto spl = tcb.At(component)) out += StrCat(out.empty() ? "" : "-", label, TwoDigits(*spl));
  }
  return out;
}

template <class T>
std::optional<T> ParseNumber(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<amd::TcbVersion> ParseTcbName(amd::Product product, std::string_view text) {
  amd::TcbVersion tcb{product, {}, {}, {}, {}, {}};
  for (const auto& [label, component] : kSpls) {
    if (!text.starts_with(label)) continue;
    text.remove_prefix(label.size());
    const std::string_view digits = text.substr(0, text.find('-'));
    text.remove_prefix(digits.size());
    if (text.starts_with('-')) text.remove_prefix(1);
    tcb.At(component) = ParseNumber<uint8_t>(digits);
    if (!tcb.At(component)) return std::nullopt;
  }
  const bool complete = text.empty() && tcb == amd::TcbVersion::Decode(product, tcb.Encode());
  return complete ? std::optional(tcb) : std::nullopt;
}

std::optional<Selector> ParseSelector(std::string_view text) {
  if (text == "standard") return Selector{};
  if (text == "early") return Selector{Selector::Kind::kEarly, 0};
  const auto number = ParseNumber<uint32_t>(text);
  if (!number) return std::nullopt;
  return Selector{Selector::Kind::kNumber, *number};
}

// "a/b/c" in at most five parts; empty when there are more.
std::vector<std::string_view> SplitName(std::string_view name) {
  std::vector<std::string_view> parts;
  while (parts.size() < 6) {
    const size_t slash = name.find('/');
    parts.push_back(name.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    name.remove_prefix(slash + 1);
  }
  return {};
}

std::optional<CollateralKey> ParseIntelName(const std::vector<std::string_view>& p) {
  if (p.size() == 3 && p[1] == "crl" && p[2] == "root") return RootCaCrlKey{};
  if (p.size() == 4 && p[1] == "crl" && p[2] == "pck") {
    if (const auto ca = FindIn(kCas, p[3])) return PckCrlKey{*ca};
  }
  if (p.size() == 5 && p[1] == "tcb") {
    const auto tee = FindIn(kTees, p[2]);
    const auto fmspc = intel::Fmspc::FromHex(p[3]);
    const auto selector = ParseSelector(p[4]);
    if (tee && fmspc && selector) return TcbInfoKey{*tee, *fmspc, *selector};
  }
  if (p.size() == 4 && p[1] == "identity") {
    const auto id = FindIn(kEnclaves, p[2]);
    const auto selector = ParseSelector(p[3]);
    if (id && selector) return EnclaveIdentityKey{*id, *selector};
  }
  if (p.size() == 3 && p[1] == "numbers") {
    if (const auto tee = FindIn(kTees, p[2])) return EvaluationNumbersKey{*tee};
  }
  if ((p.size() == 4 || p.size() == 5) && p[1] == "pck") {
    const std::string_view asked = p.size() == 5 ? p[4] : std::string_view();
    if (auto platform =
            intel::PlatformId::FromName(StrCat(p[2], "/", p[3], p.size() == 5 ? "/" : "", asked))) {
      return PckCertsKey{*std::move(platform)};
    }
  }
  return std::nullopt;
}

std::optional<CollateralKey> ParseAmdName(const std::vector<std::string_view>& p) {
  const auto product = p.size() >= 3 ? FindIn(kProducts, p[2]) : std::nullopt;
  if (!product) return std::nullopt;
  if (p.size() == 4 && (p[1] == "chain" || p[1] == "crl")) {
    const auto kind = FindIn(kSigningKeys, p[3]);
    if (!kind) return std::nullopt;
    if (p[1] == "chain") return AmdChainKey{*product, *kind};
    return AmdCrlKey{*product, *kind};
  }
  if (p.size() == 5 && p[1] == "vcek") {
    auto hwid = FromHex(p[3]);
    const auto tcb = ParseTcbName(*product, p[4]);
    if (hwid && tcb) return VcekKey{*product, std::move(*hwid), *tcb};
  }
  return std::nullopt;
}

}  // namespace

std::string Selector::ToString() const {
  switch (kind) {
    case Kind::kStandard:
      return "standard";
    case Kind::kEarly:
      return "early";
    case Kind::kNumber:
      return std::to_string(number);
  }
  return "";
}

Vendor VendorOf(const CollateralKey& key) {
  return key.index() < std::variant_size_v<CollateralKey> - 3 ? Vendor::kIntel : Vendor::kAmd;
}

// ItemKind enumerates the alternatives of CollateralKey in their order.
ItemKind KindOf(const CollateralKey& key) { return static_cast<ItemKind>(key.index()); }

std::string KeyName(const CollateralKey& key) {
  return std::visit(
      Overload{
          [](const RootCaCrlKey&) { return std::string("intel/crl/root"); },
          [](const PckCrlKey& k) { return StrCat("intel/crl/pck/", NameIn(kCas, k.ca)); },
          [](const TcbInfoKey& k) {
            return StrCat("intel/tcb/", NameIn(kTees, k.tee), "/", k.fmspc.hex(), "/", k.selector.ToString());
          },
          [](const EnclaveIdentityKey& k) {
            return StrCat("intel/identity/", NameIn(kEnclaves, k.id), "/", k.selector.ToString());
          },
          [](const EvaluationNumbersKey& k) { return StrCat("intel/numbers/", NameIn(kTees, k.tee)); },
          [](const PckCertsKey& k) { return StrCat("intel/pck/", k.platform.name()); },
          [](const AmdChainKey& k) {
            return StrCat("amd/chain/", NameIn(kProducts, k.product), "/", NameIn(kSigningKeys, k.kind));
          },
          [](const AmdCrlKey& k) {
            return StrCat("amd/crl/", NameIn(kProducts, k.product), "/", NameIn(kSigningKeys, k.kind));
          },
          [](const VcekKey& k) {
            return StrCat("amd/vcek/", NameIn(kProducts, k.product), "/", HexLower(k.hwid), "/",
                          TcbName(k.tcb));
          },
      },
      key);
}

std::optional<CollateralKey> ParseKeyName(std::string_view name) {
  const auto parts = SplitName(name);
  if (parts.empty()) return std::nullopt;
  auto key = parts[0] == "intel" ? ParseIntelName(parts)
             : parts[0] == "amd" ? ParseAmdName(parts)
                                 : std::nullopt;
  // One name for one key: what does not print as it was read is another spelling.
  if (!key || KeyName(*key) != name) return std::nullopt;
  return key;
}

}  // namespace thimble
