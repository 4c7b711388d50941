// SPDX-License-Identifier: Apache-2.0
//
// The log, on stderr: one line an event, which has a name, fields and perhaps words. May be called from many threads at
// once. Control characters are escaped, so that nothing a client sends can forge a line.
//
//   text   2026-01-31T12:00:00.000Z info import: id=7 taken=12 source="a b" words
//   json   {"time": ..., "level": "info", "event": "import", "id": "7", "taken": 12, "source": "a b", "message": "words"}
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

namespace thimble {

enum class LogFormat { kText, kJson };

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

void SetLogFormat(LogFormat format);  // at start
void SetLogLevel(LogLevel level);
bool Logs(LogLevel level);  // whether events of this level are written: for those that cost something to make

// A key and its value. Refers to its texts: made in the call.
struct LogField {
  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(std::string_view(text)) {}
  LogField(std::string_view name, bool truth) : key(name), value(truth) {}
  template <std::integral N>
  requires(!std::same_as<N, bool>) LogField(std::string_view name, N number)
      : key(name), value(static_cast<int64_t>(number)) {}

  std::string_view key;
  std::variant<std::string_view, int64_t, bool> value;
};
using LogFields = std::initializer_list<LogField>;

// A field with an empty text is left out. `event` is a few plain words that stay the same; what differs goes into fields, and sentences into `message`.
void Log(LogLevel level, std::string_view event, LogFields fields = {}, std::string_view message = "");

inline void LogDebug(std::string_view event, LogFields fields = {}, std::string_view message = "") {
  Log(LogLevel::kDebug, event, fields, message);
}
inline void LogInfo(std::string_view event, LogFields fields = {}, std::string_view message = "") {
  Log(LogLevel::kInfo, event, fields, message);
}
inline void LogWarning(std::string_view event, LogFields fields = {}, std::string_view message = "") {
  Log(LogLevel::kWarning, event, fields, message);
}
inline void LogError(std::string_view event, LogFields fields = {}, std::string_view message = "") {
  Log(LogLevel::kError, event, fields, message);
}

}  // namespace thimble
