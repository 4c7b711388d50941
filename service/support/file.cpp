// SPDX-License-Identifier: Apache-2.0
#include "service/support/file.h"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <system_error>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Unreadable(const std::string& path, std::string_view why) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("cannot read ", path, ": ", why)};
}

Error Unwritable(const std::string& path) {
  return {ErrorKind::kUnavailable, Check::kStoreIo,
          StrCat("cannot write ", path, ": ", std::generic_category().message(errno))};
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, size_t limit) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, std::generic_category().message(errno));
  std::string text(limit + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (errno == EISDIR)) return Unreadable(path, std::generic_category().message(errno));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > limit) return Unreadable(path, StrCat("longer than ", limit, " bytes"));
  return text;
}

Result<std::optional<std::string>> ReadFileIfThere(const std::string& path, size_t limit) {
  if (!std::ifstream(path)) {
    if (errno == ENOENT) return std::optional<std::string>();
    return Unreadable(path, std::generic_category().message(errno));
  }
  TRY_ASSIGN(std::string text, ReadFile(path, limit));
  return std::optional<std::string>(std::move(text));
}

Status WriteFile(const std::string& path, std::string_view text) {
  const std::string part = path + ".part";
  std::ofstream file(part, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file || std::rename(part.c_str(), path.c_str()) != 0) {
    Error error = Unwritable(path);
    std::remove(part.c_str());
    return error;
  }
  return {};
}

}  // namespace thimble
