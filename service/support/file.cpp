// SPDX-License-Identifier: Apache-2.0
#include "service/support/file.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <vector>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Unreadable(const std::string& path, std::string_view why) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("cannot read ", path, ": ", why)};
}

Error Failure(std::string_view what, const std::string& path) {
  return {ErrorKind::kInternal, Check::kStoreIo,
          StrCat(what, " ", path, ": ", std::generic_category().message(errno))};
}

// As `ls -l` shows it, and the number.
std::string UserText(uid_t user) {
  std::array<char, 4096> room{};
  struct passwd entry {};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(user, &entry, room.data(), room.size(), &found) == 0 && found != nullptr;
  return known ? StrCat(entry.pw_name, " (", user, ")") : std::to_string(user);
}

bool IsGroupOfOurs(gid_t group) {
  if (group == ::getegid()) return true;
  std::vector<gid_t> groups(static_cast<size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  groups.resize(static_cast<size_t>(std::max(count, 0)));
  return std::ranges::find(groups, group) != groups.end();
}

std::string ModeText(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

// One call writes 2 GiB at most.
bool WriteAll(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<size_t>(written));
  }
  return true;
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

Status SyncDirectoryOf(const std::string& path) {
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return Failure("cannot open", directory);
  const bool synced = ::fsync(opened) == 0;
  const Status status = synced ? Status() : Status(Failure("cannot sync", directory));
  ::close(opened);
  return status;
}

Status WriteFile(const std::string& path, std::string_view text) {
  // Whoever makes a file by any other program gets this mode, too.
  return ReplaceFile(path, text, 0666);
}

Status WriteNewFile(const std::string& path, std::string_view text, mode_t mode) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return Failure("cannot make", path);
  const bool whole = WriteAll(file, text) && ::fsync(file) == 0;
  const Status status = whole ? SyncDirectoryOf(path) : Status(Failure("cannot write", path));
  ::close(file);
  if (!status) ::unlink(path.c_str());  // half a file is none
  return status;
}

Status ReplaceFile(const std::string& path, std::string_view text, mode_t mode) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // what a former attempt left
  TRY(WriteNewFile(fresh, text, mode));
  if (::rename(fresh.c_str(), path.c_str()) != 0) {
    Error error = Failure("cannot replace", path);
    ::unlink(fresh.c_str());
    return error;
  }
  return SyncDirectoryOf(path);
}

Status CheckSecretFile(const std::string& path, std::string_view what) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return Failure("cannot look at", path);
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(what, " ", path, " ", why)};
  };
  const uid_t self = ::geteuid();
  if (found.st_uid != self && found.st_uid != 0 && self != 0)
    return refuse(StrCat("belongs to user ", UserText(found.st_uid), ", and this process runs as user ",
                         UserText(self), ": make it root's or this user's (chown)"));
  const std::string mode = ModeText(found.st_mode);
  if ((found.st_mode & 0027) != 0)
    return refuse(StrCat("can be written by others than its owner, or read by anybody (mode ", mode,
                         "): chmod 640 ", path));
  if ((found.st_mode & 0040) != 0 && self != 0 && !IsGroupOfOurs(found.st_gid))
    return refuse(StrCat("can be read by group ", found.st_gid, ", which this process is not of (mode ", mode,
                         "): chmod 600 ", path));
  return {};
}

Status CheckOnlyOurs(const std::string& path, std::string_view what, OthersMay others) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0)
    return errno == ENOENT ? Status() : Status(Failure("cannot look at", path));
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(what, " ", path, " ", why)};
  };
  if (found.st_uid != ::geteuid()) {
    return refuse(StrCat("belongs to user ", UserText(found.st_uid), ", and this process runs as user ",
                         UserText(::geteuid()),
                         ": whoever owns it can change it. Make it this user's (chown), or name another"));
  }
  const std::string mode = ModeText(found.st_mode);
  if (others == OthersMay::kNothing && (found.st_mode & 0077) != 0)
    return refuse(
        StrCat("can be read or written by others than its owner (mode ", mode, "): chmod 600 ", path));
  if ((found.st_mode & 0022) != 0)
    return refuse(StrCat("can be written by others than its owner (mode ", mode, "): chmod go-w ", path));
  return {};
}

}  // namespace thimble
