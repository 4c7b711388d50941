// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/floor_fields.h"

#include <algorithm>
#include <charconv>

#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr std::array kAllFields = {
    FloorField::kFmc,       FloorField::kBootloader, FloorField::kTee,          FloorField::kSnp,
    FloorField::kMicrocode, FloorField::kVersion,    FloorField::kPlatformBits, FloorField::kMitigationBits};

// "1.55.29", in decimal: AMD prints the same also in hex.
Result<uint64_t> ReadVersion(const json::Value& value) {
  TRY_ASSIGN(const std::string_view text, value.String());
  std::array<uint8_t, 3> parts{};
  const char* at = text.data();
  const char* const end = at + text.size();
  for (size_t i = 0; i < parts.size(); ++i) {
    if (i > 0 && (at == end || *at++ != '.')) return BadFloors(StrCat("\"", text, "\" is not as 1.55.29"));
    const auto parsed = std::from_chars(at, end, parts.at(i));
    if (parsed.ec != std::errc()) return BadFloors(StrCat("\"", text, "\" is not as 1.55.29"));
    at = parsed.ptr;
  }
  if (at != end) return BadFloors(StrCat("\"", text, "\" is not as 1.55.29"));
  return PackVersion({.major = parts[0], .minor = parts[1], .build = parts[2]});
}

Result<uint64_t> ReadSpl(const json::Value& value, TcbComponent component, const LineShape& line) {
  if (!TraitsOf(line.product).layout.Has(component)) {
    return BadFloors(StrCat("the TCB of ", ProductName(line.product), " has no such component"));
  }
  if (component == TcbComponent::kMicrocode && !line.exact) {
    return BadFloors("microcode counts per stepping: it needs a line of one model and one stepping");
  }
  TRY_ASSIGN(const uint64_t spl, value.Unsigned(255));
  if (spl == 0) return BadFloors("0 asks for nothing");
  return spl;
}

Result<uint64_t> ReadMinimum(const json::Value& value, FloorField field, const LineShape& line) {
  if (const auto component = ComponentOf(field)) return ReadSpl(value, *component, line);
  return field == FloorField::kVersion ? ReadVersion(value) : ReadBits(value);
}

std::optional<Instant> ParseDay(std::string_view text) { return ParseRfc3339(StrCat(text, "T00:00:00Z")); }

}  // namespace

Error BadFloors(std::string message) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, std::move(message)};
}

Status At(std::string_view where, const Status& status) {
  if (status.ok()) return {};
  return BadFloors(StrCat(where, ": ", status.error().message));
}

Result<std::string> GetText(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const std::string_view text, At(key, value.String()));
  if (text.empty()) return BadFloors(StrCat(key, ": is empty"));
  return std::string(text);
}

Result<Instant> GetDay(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const std::string text, GetText(object, key));
  const auto day = ParseDay(text);
  if (!day) return BadFloors(StrCat(key, ": \"", text, "\" is not a day as 2026-11-30"));
  return *day;
}

Result<Instant> GetDayOrYear(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const std::string text, GetText(object, key));
  const auto day = ParseDay(text.size() == 4 ? text + "-01-01" : text);
  if (!day) return BadFloors(StrCat(key, ": \"", text, "\" is neither a day as 2026-11-30 nor a year"));
  return *day;
}

Result<uint32_t> GetNumber(const json::Value& object, std::string_view key, uint32_t least) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const uint64_t number, At(key, value.Unsigned(UINT32_MAX)));
  if (number < least) return BadFloors(StrCat(key, ": ", number, " is less than ", least));
  return static_cast<uint32_t>(number);
}

Result<std::vector<std::string>> GetTexts(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value list, object.Get(key));
  TRY_ASSIGN(const auto elements, At(key, list.Array()));
  std::vector<std::string> out;
  for (const json::Value& element : elements) {
    TRY_ASSIGN(const std::string_view text, At(key, element.String()));
    if (text.empty() || std::ranges::find(out, text) != out.end()) {
      return BadFloors(StrCat(key, ": an empty text, or \"", text, "\" twice"));
    }
    out.emplace_back(text);
  }
  return out;
}

Result<uint64_t> ReadBits(const json::Value& list) {
  TRY_ASSIGN(const auto elements, list.Array());
  uint64_t mask = 0;
  for (const json::Value& element : elements) {
    TRY_ASSIGN(const uint64_t bit, element.Unsigned(63));
    if ((mask >> bit & 1) != 0) return BadFloors(StrCat("bit ", bit, " twice"));
    mask |= uint64_t{1} << bit;
  }
  if (mask == 0) return BadFloors("no bits");
  return mask;
}

Result<std::vector<FloorRequirement>> ReadMinimums(const json::Value& part, const LineShape& line) {
  std::vector<FloorRequirement> out;
  for (const FloorField field : kAllFields) {
    const auto value = part.Find(FieldName(field));
    if (!value) continue;
    TRY_ASSIGN(const uint64_t minimum, At(FieldName(field), ReadMinimum(*value, field, line)));
    out.push_back({.field = field, .value = minimum, .grade = {}, .sources = {}});
  }
  if (out.empty()) return BadFloors("asks for nothing");
  return out;
}

Status AddMinimums(std::vector<FloorRequirement>& to, std::vector<FloorRequirement> more) {
  for (FloorRequirement& requirement : more) {
    const auto there = std::ranges::find(to, requirement.field, &FloorRequirement::field);
    if (there == to.end()) {
      to.push_back(std::move(requirement));
    } else {
      return BadFloors(StrCat(FieldName(requirement.field), ": is asked twice"));
    }
  }
  return {};
}

}  // namespace thimble::amd
