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

// The members of a line "words: key=value key=value the rest".
std::string JsonMembers(std::string_view message) {
  const size_t colon = message.find(": ");
  std::string out = StrCat(json::Escape("event"), ":", json::Escape(message.substr(0, colon)));
  if (colon == std::string_view::npos) return out;
  std::string_view rest = message.substr(colon + 2);
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos || equals == 0) break;
    out += StrCat(",", json::Escape(word.substr(0, equals)), ":", json::Escape(word.substr(equals + 1)));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  if (!rest.empty()) out += StrCat(",", json::Escape("message"), ":", json::Escape(rest));
  return out;
}

void Write(spdlog::level::level_enum level, std::string_view message) {
  if (!Logger().should_log(level)) return;
  if (as_json) return Logger().log(level, "{}", Printable(JsonMembers(message)));
  const bool plain = Printable(message) == message;
  Logger().log(level, "{}", plain ? std::string(message) : Printable(json::Escape(message)));
}

}  // namespace

void SetLogLevel(LogLevel level) { Logger().set_level(LevelOf(level)); }
bool Logs(LogLevel level) { return Logger().should_log(LevelOf(level)); }

void SetLogFormat(LogFormat format) {
  as_json = format == LogFormat::kJson;
  Logger().set_pattern(as_json ? kJsonPattern : kTextPattern, spdlog::pattern_time_type::utc);
}

void LogDebug(std::string_view message) { Write(spdlog::level::debug, message); }
void LogInfo(std::string_view message) { Write(spdlog::level::info, message); }
void LogWarning(std::string_view message) { Write(spdlog::level::warn, message); }
void LogError(std::string_view message) { Write(spdlog::level::err, message); }

}  // namespace thimble
