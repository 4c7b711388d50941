// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/baseline.h"

#include <charconv>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kDelayed = "delayed:", kUnknown = "unknown";

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

}  // namespace

std::optional<EvaluationChoice> EvaluationChoice::Parse(std::string_view text) {
  if (text == "standard") return EvaluationChoice{};
  if (text == "early") return EvaluationChoice{{Selector::Kind::kEarly, 0}, {}};
  if (text.starts_with(kDelayed)) {
    text.remove_prefix(kDelayed.size());
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto delay = ParseDuration(text);
    return delay ? std::optional(EvaluationChoice{{}, delay}) : std::nullopt;
  }
  EvaluationChoice choice{{Selector::Kind::kNumber, 0}, {}};
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), choice.selector.number);
  if (text.empty() || parsed.ec != std::errc() || parsed.ptr != text.data() + text.size())
    return std::nullopt;
  return choice;
}

std::string EvaluationChoice::ToString() const {
  return delay ? StrCat(kDelayed, " ", FormatDuration(*delay)) : selector.ToString();
}

void WriteBaseline(json::Writer& json, const Baseline& baseline) {
  json.Key("intel").String(baseline.intel.ToString());
  json.Key("amd").String(baseline.amd);
  if (baseline.uvm.empty()) return;
  json.Key("uvm").BeginObject();
  for (const auto& [feed, svn] : baseline.uvm) json.Key(feed).Unsigned(svn);
  json.EndObject();
}

Status ReadBaselineMembers(const json::Value& object, Baseline& out) {
  TRY_ASSIGN(const auto intel, object.FindString("intel"));
  if (intel) {
    const auto choice = EvaluationChoice::Parse(*intel);
    if (!choice) return Refuse(StrCat("intel: \"", *intel, "\" is not one of ", kEvaluationForms));
    out.intel = *choice;
  }
  TRY_ASSIGN(const auto amd, object.FindString("amd"));
  if (amd) out.amd = *amd;
  const auto uvm = object.Find("uvm");
  if (!uvm) return {};
  TRY_ASSIGN(const auto minimums, uvm->Members());
  out.uvm.clear();
  for (const auto& [feed, svn] : minimums) {
    TRY_ASSIGN(const uint64_t number, svn.Unsigned(UINT32_MAX));
    out.uvm[std::string(feed)] = static_cast<uint32_t>(number);
  }
  return {};
}

Result<std::string> UvmText(const json::Value& object) {
  std::string out;
  const auto uvm = object.Find("uvm");
  if (!uvm) return out;
  TRY_ASSIGN(const auto minimums, uvm->Members());
  for (const auto& [feed, svn] : minimums) {
    TRY_ASSIGN(const uint64_t number, svn.Unsigned(UINT32_MAX));
    out += StrCat(", uvm ", feed, " >= ", number);
  }
  return out;
}

std::string Refusals::ToString() const {
  return sightings ? std::to_string(*sightings) : std::string(kUnknown);
}

void WriteRefusals(json::Writer& json, const Refusals& refusals) {
  refusals.sightings ? json.Unsigned(*refusals.sightings) : json.String(kUnknown);
}

Result<Refusals> ReadRefusals(const json::Value& value) {
  if (const auto text = value.String(); text && *text == kUnknown) return Refusals{};
  TRY_ASSIGN(const uint64_t sightings, value.Unsigned(UINT64_MAX));
  return Refusals{sightings};
}

}  // namespace thimble
