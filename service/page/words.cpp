// SPDX-License-Identifier: Apache-2.0
#include "service/page/words.h"

#include <array>

#include "tcb/amd/product.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

std::string_view TeeText(IntelTee tee) { return tee == IntelTee::kSgx ? "SGX" : "TDX"; }
std::string_view KindText(amd::SigningKey kind) { return kind == amd::SigningKey::kVlek ? "VLEK" : "VCEK"; }
std::string UpperCase(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

struct Titles {
  Ids ids;

  std::string operator()(const RootCaCrlKey&) const { return "Intel root CA CRL"; }
  std::string operator()(const PckCrlKey& key) const {
    return StrCat("PCK CRL, ", intel::PckCaName(key.ca), " CA");
  }
  std::string operator()(const TcbInfoKey& key) const {
    return StrCat(TeeText(key.tee), " TCB info ", UpperCase(key.fmspc.hex()), ", ",
                  SelectorText(key.selector));
  }
  std::string operator()(const EnclaveIdentityKey& key) const {
    constexpr std::array<std::string_view, 3> kNames = {"QE", "TD QE", "QvE"};
    return StrCat(kNames.at(static_cast<size_t>(key.id)), " identity, ", SelectorText(key.selector));
  }
  std::string operator()(const EvaluationNumbersKey& key) const {
    return StrCat(TeeText(key.tee), " evaluation data numbers");
  }
  std::string operator()(const PckCertsKey& key) const {
    return ids == Ids::kShown ? StrCat("PCK certificates, ", KeyName(CollateralKey(key)))
                              : "PCK certificates of a platform";
  }
  std::string operator()(const AmdChainKey& key) const {
    return StrCat(amd::TraitsOf(key.product).name, " chain, ", KindText(key.kind));
  }
  std::string operator()(const AmdCrlKey& key) const {
    return StrCat(amd::TraitsOf(key.product).name, " CRL, ", KindText(key.kind));
  }
  std::string operator()(const VcekKey& key) const {
    const std::string product(amd::TraitsOf(key.product).name);
    return ids == Ids::kShown ? StrCat(product, " VCEK, ", KeyName(CollateralKey(key)))
                              : StrCat(product, " VCEK of a chip");
  }
};

}  // namespace

std::string SelectorText(const Selector& selector) {
  return selector.kind == Selector::Kind::kNumber ? StrCat("set ", selector.number) : selector.ToString();
}

std::string ItemTitle(const CollateralKey& key, Ids ids) { return std::visit(Titles{ids}, key); }

std::string Span(Seconds span) {
  const int64_t s = span.count() < 0 ? -span.count() : span.count();
  constexpr int64_t kMinute = 60, kHour = 3600, kDay = 86400;
  if (s >= 730 * kDay) return StrCat(s / (365 * kDay), " years");
  if (s >= 10 * kDay) return StrCat(s / kDay, " d");
  if (s >= kDay) return StrCat(s / kDay, " d ", s % kDay / kHour, " h");
  if (s >= kHour) return StrCat(s / kHour, " h ", s % kHour / kMinute, " min");
  if (s >= kMinute) return StrCat(s / kMinute, " min");
  return StrCat(s, " s");
}

std::string InOrAgo(Instant at, Instant now) {
  if (at == now) return "now";
  return at > now ? StrCat("in ", Span(at - now)) : StrCat(Span(now - at), " ago");
}

Html Moment(Instant at, Instant now) {
  const std::string exact = FormatRfc3339(at);
  return El("time", {{"datetime", exact}, {"title", exact}}, InOrAgo(at, now));
}

Html Date(Instant at) {
  const std::string exact = FormatRfc3339(at);
  return El("time", {{"datetime", exact}}, exact.substr(0, 10), " ", exact.substr(11, 5), " UTC");
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t i = text.size(); i > 3;) text.insert(i -= 3, ",");
  return text;
}

std::string Counted(uint64_t number, std::string_view one, std::string_view many) {
  return StrCat(Grouped(number), " ", number == 1 ? one : many);
}

std::string_view ToneClass(Tone tone) {
  constexpr std::array<std::string_view, 5> kClasses = {"good", "notice", "warning", "bad", "quiet"};
  return kClasses.at(static_cast<size_t>(tone));
}

Tone ToneOf(TcbStatus status) {
  switch (status) {
    case TcbStatus::kUpToDate:
      return Tone::kGood;
    case TcbStatus::kSWHardeningNeeded:
    case TcbStatus::kConfigurationNeeded:
    case TcbStatus::kConfigurationAndSWHardeningNeeded:
    case TcbStatus::kTDRelaunchAdvised:
    case TcbStatus::kTDRelaunchAdvisedConfigurationNeeded:
    case TcbStatus::kRelaunchAdvised:
    case TcbStatus::kRelaunchAdvisedConfigurationNeeded:
      return Tone::kWarning;
    case TcbStatus::kOutOfDate:
    case TcbStatus::kOutOfDateConfigurationNeeded:
    case TcbStatus::kRevoked:
      break;
  }
  return Tone::kBad;
}

Html Chip(Tone tone, std::string_view word) {
  constexpr std::array<std::string_view, 5> kSigns = {"\u2713", "\u25d4", "!", "\u2715", "\u2013"};
  return El("span", {{"class", StrCat("chip ", ToneClass(tone))}},
            El("span", {{"class", "sign"}, {"aria-hidden", "true"}}, kSigns.at(static_cast<size_t>(tone))),
            word);
}

Html Section(std::string_view anchor, std::string_view title, const Html& lead, const Html& content) {
  const std::string heading = StrCat(anchor, "-heading");
  return El("section", {{"id", anchor}, {"aria-labelledby", heading}}, El("h2", {{"id", heading}}, title),
            lead.empty() ? Html() : El("p", {{"class", "lead"}}, lead), content);
}

Html JsonLink(html::Path path, std::string_view of) { return JsonLink(html::Link(path), of); }

Html JsonLink(const html::Link& link, std::string_view of) {
  return El("a", {{"class", "json"}, html::Attribute::Href(link)}, "JSON",
            El("span", {{"class", "unseen"}}, " of ", of));
}

}  // namespace thimble::page
