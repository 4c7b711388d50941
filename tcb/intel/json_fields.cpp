// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/json_fields.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {

Error MalformedField(std::string_view key, std::string_view what) {
  return {ErrorKind::kMalformed, Check::kCollateralMalformed, StrCat(key, ": ", what)};
}

Result<Instant> TimeField(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const std::string_view text, value.String());
  const auto time = ParseRfc3339(text);
  if (!time) return MalformedField(key, StrCat("\"", text, "\" is not YYYY-MM-DDTHH:MM:SSZ"));
  return *time;
}

Status HexField(const json::Value& object, std::string_view key, std::span<uint8_t> out) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  TRY_ASSIGN(const std::string_view text, value.String());
  if (!FromHexInto(text, out))
    return MalformedField(key, StrCat("\"", text, "\" is not ", 2 * out.size(), " hex digits"));
  return {};
}

Result<uint64_t> NumberField(const json::Value& object, std::string_view key, uint64_t max) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  auto number = value.Unsigned(max);
  if (!number.ok()) return MalformedField(key, number.error().message);
  return number;
}

Result<std::vector<std::string>> AdvisoryField(const json::Value& level) {
  std::vector<std::string> advisories;
  const auto value = level.Find("advisoryIDs");
  if (!value) return advisories;
  TRY_ASSIGN(const auto elements, value->Array());
  for (const json::Value& element : elements) {
    TRY_ASSIGN(const std::string_view text, element.String());
    advisories.emplace_back(text);
  }
  return advisories;
}

Result<TcbStatus> StatusField(const json::Value& level, std::span<const TcbStatus> allowed) {
  TRY_ASSIGN(const json::Value value, level.Get("tcbStatus"));
  TRY_ASSIGN(const std::string_view text, value.String());
  const auto status = TcbStatusFromName(text);
  if (!status || std::find(allowed.begin(), allowed.end(), *status) == allowed.end()) {
    return MalformedField("tcbStatus", StrCat("unknown status \"", text, "\""));
  }
  return *status;
}

Result<std::vector<IsvLevel>> IsvLevelsField(const json::Value& object, std::span<const TcbStatus> allowed) {
  TRY_ASSIGN(const json::Value value, object.Get("tcbLevels"));
  TRY_ASSIGN(const auto elements, value.Array());
  if (elements.empty()) return MalformedField("tcbLevels", "empty");
  std::vector<IsvLevel> levels;
  levels.reserve(elements.size());
  for (const json::Value& element : elements) {
    IsvLevel level;
    TRY_ASSIGN(const json::Value tcb, element.Get("tcb"));
    TRY_ASSIGN(const uint64_t svn, NumberField(tcb, "isvsvn", 0xffff));
    level.isv_svn = static_cast<uint16_t>(svn);
    TRY_ASSIGN(level.date, TimeField(element, "tcbDate"));
    TRY_ASSIGN(level.status, StatusField(element, allowed));
    TRY_ASSIGN(level.advisories, AdvisoryField(element));
    levels.push_back(std::move(level));
  }
  std::stable_sort(levels.begin(), levels.end(),
                   [](const auto& a, const auto& b) { return a.isv_svn > b.isv_svn; });
  const auto repeated = std::adjacent_find(
      levels.begin(), levels.end(), [](const auto& a, const auto& b) { return a.isv_svn == b.isv_svn; });
  if (repeated != levels.end())
    return MalformedField("tcbLevels", StrCat("isvsvn ", repeated->isv_svn, " occurs twice"));
  return levels;
}

}  // namespace thimble::intel
