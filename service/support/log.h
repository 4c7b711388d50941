// SPDX-License-Identifier: Apache-2.0
//
// The log: one line an event, "key=value" after the words, on stderr. May be called from many threads at
// once. Control characters in messages are escaped, so that nothing a client sends can forge a line.
#pragma once

#include <string_view>

namespace thimble {

// kJson: one object a line, {"time", "level", "event", "message"?, and the keys}.
enum class LogFormat { kText, kJson };

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

void SetLogFormat(LogFormat format);  // at start
void SetLogLevel(LogLevel level);
bool Logs(
    LogLevel level);  // whether messages of this level are written: for those that cost something to make
void LogDebug(std::string_view message);
void LogInfo(std::string_view message);
void LogWarning(std::string_view message);
void LogError(std::string_view message);

}  // namespace thimble
