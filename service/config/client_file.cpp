// SPDX-License-Identifier: Apache-2.0
#include "service/config/client_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "service/support/toml_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxClientFile = 64u << 10;

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// Of the file that is read, not of another that bears its name a moment later.
Status CheckOwner(int file, const std::string& path) {
  struct stat found {};
  if (::fstat(file, &found) != 0) return Wrong(StrCat("cannot look at ", path));
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return Wrong(
        StrCat(path, " belongs to user ", found.st_uid, ", who is neither root nor you (", ::geteuid(),
               "): whoever owns it can choose who answers you. Remove it, or make it yours (chown)"));
  }
  if ((found.st_mode & 0022) != 0) {
    return Wrong(StrCat(path, " can be written by others than its owner: chmod go-w ", path));
  }
  return {};
}

Result<std::string> ReadAll(int file, const std::string& path) {
  std::string text(kMaxClientFile + 1, '\0');
  size_t size = 0;
  for (;;) {
    const ssize_t count = ::read(file, text.data() + size, text.size() - size);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Wrong(StrCat("cannot read ", path, ": ", std::generic_category().message(errno)));
    size += static_cast<size_t>(count);
    if (size > kMaxClientFile) return Wrong(StrCat(path, " is longer than ", kMaxClientFile, " bytes"));
    if (count == 0) break;
  }
  text.resize(size);
  return text;
}

Result<std::optional<std::string>> ReadOwned(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const int why = errno;
    if (why == ENOENT || why == ENOTDIR) return std::optional<std::string>();
    // A home that this user may not look into is not this user's.
    const std::string home = std::filesystem::path(path).parent_path().string();
    if (why == EACCES && ::faccessat(AT_FDCWD, home.c_str(), X_OK, AT_EACCESS) != 0)
      return std::optional<std::string>();
    errno = why;
    return Wrong(StrCat("cannot read ", path, ": ", std::generic_category().message(errno)));
  }
  const Status owner = CheckOwner(file, path);
  auto text = owner ? ReadAll(file, path) : Result<std::string>(owner.error());
  ::close(file);
  if (!text) return text.error();
  return std::optional<std::string>(std::move(text).value());
}

TomlKey TextKey(const TomlReader& reader, std::string_view name, std::string& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto text = node.value_exact<std::string>();
            if (!text || text->empty()) return reader.Fail(node, StrCat(name, " must be a text"));
            out = *text;
            return {};
          }};
}

}  // namespace

Result<std::optional<ClientFile>> ReadClientFile(const std::string& path) {
  TRY_ASSIGN(const std::optional<std::string> text, ReadOwned(path));
  if (!text) return std::optional<ClientFile>();
  ClientFile out;
  out.path = path;
  const TomlReader reader(out.path);
  TRY_ASSIGN(const toml::table table, ParseToml(*text, reader));
  TRY(ReadTable(reader, table, "",
                {TextKey(reader, "ca", out.ca), TextKey(reader, "client_certificate", out.client_certificate),
                 TextKey(reader, "client_key", out.client_key), TextKey(reader, "server", out.server),
                 TextKey(reader, "token_file", out.token_file)}));
  if (out.server.empty())
    return Wrong(StrCat(path, ": the key server is missing: server = \"https://HOST:8081\""));
  const std::filesystem::path here = std::filesystem::path(path).parent_path();
  for (std::string* const file : {&out.ca, &out.token_file, &out.client_certificate, &out.client_key}) {
    if (!file->empty()) *file = (here / *file).string();
  }
  return std::optional<ClientFile>(std::move(out));
}

}  // namespace thimble
