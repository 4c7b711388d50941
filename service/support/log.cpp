// SPDX-License-Identifier: Apache-2.0
#include "service/support/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <string>

#include "service/support/terminal.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr const char* kTextPattern = "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
constexpr const char* kJsonPattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})";
std::atomic<bool> as_json{false};

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made =
        std::make_shared<spdlog::logger>("thimble", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern(kTextPattern, spdlog::pattern_time_type::utc);
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

// What there is nothing to say of.
bool IsEmpty(const decltype(LogField::value)& value) {
  const auto* text = std::get_if<std::string_view>(&value);
  return text != nullptr && text->empty();
}

struct InJson {
  std::string operator()(std::string_view text) const { return json::Escape(text); }
  std::string operator()(int64_t number) const { return std::to_string(number); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
};

std::string JsonLine(std::string_view event, LogFields fields, std::string_view message) {
  std::string out = StrCat(json::Escape("event"), ":", json::Escape(event));
  for (const auto& [key, value] : fields) {
    if (IsEmpty(value)) continue;
    out += StrCat(",", json::Escape(key), ":", std::visit(InJson{}, value));
  }
  if (!message.empty()) out += StrCat(",", json::Escape("message"), ":", json::Escape(message));
  return out;
}

// One word as it is; all else in quotes, so that where it ends is told.
struct InText {
  std::string operator()(std::string_view text) const {
    const bool word =
        !text.empty() && text.find_first_of(" \"=") == std::string_view::npos && Printable(text) == text;
    return word ? std::string(text) : Printable(json::Escape(text));
  }
  std::string operator()(int64_t number) const { return std::to_string(number); }
  std::string operator()(bool truth) const { return truth ? "true" : "false"; }
};

std::string Escaped(std::string_view text) {
  return Printable(text) == text ? std::string(text) : Printable(json::Escape(text));
}

std::string TextLine(std::string_view event, LogFields fields, std::string_view message) {
  std::string out = Escaped(event);
  if (fields.size() > 0 || !message.empty()) out += ':';
  for (const auto& [key, value] : fields) {
    if (!IsEmpty(value)) out += StrCat(" ", key, "=", std::visit(InText{}, value));
  }
  if (!message.empty()) out += StrCat(" ", Escaped(message));
  return out;
}

}  // namespace

void SetLogLevel(LogLevel level) { Logger().set_level(LevelOf(level)); }
bool Logs(LogLevel level) { return Logger().should_log(LevelOf(level)); }

void SetLogFormat(LogFormat format) {
  as_json = format == LogFormat::kJson;
  Logger().set_pattern(as_json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc);
}

void Log(LogLevel level, std::string_view event, LogFields fields, std::string_view message) {
  if (!Logs(level)) return;
  Logger().log(LevelOf(level), "{}",
               as_json ? Printable(JsonLine(event, fields, message)) : TextLine(event, fields, message));
}

}  // namespace thimble
