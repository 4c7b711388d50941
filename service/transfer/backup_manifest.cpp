// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/backup_manifest.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <system_error>

#include "service/support/file.h"
#include "service/transfer/data_files.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "thimble-backup/1";
constexpr size_t kMaxManifest = size_t{64} << 20;
constexpr mode_t kModes = 0755;  // nothing that others may write to

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Error Failure(std::string_view what, const std::string& path) {
  return {ErrorKind::kInternal, Check::kStoreIo,
          StrCat("cannot ", what, " ", path, ": ", std::generic_category().message(errno))};
}

std::string ModeText(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777));
  return text.data();
}

std::optional<mode_t> ParseMode(std::string_view text) {
  unsigned mode = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return static_cast<mode_t>(mode & kModes);
}

// A path in the directory: no way out of it, and none that is written in two ways.
bool IsPlainPath(const std::string& name) {
  const fs::path path(name);
  return !name.empty() && name.find('\0') == std::string::npos && path.is_relative() &&
         path == path.lexically_normal() && path.has_filename() &&
         std::ranges::none_of(path, [](const fs::path& part) { return part == ".." || part == "."; });
}

Result<BackupFile> ReadFileEntry(const json::Value& object) {
  BackupFile file;
  TRY_ASSIGN(file.name, object.GetString("name"));
  TRY_ASSIGN(file.size, object.GetUnsigned("size"));
  TRY_ASSIGN(const std::string_view mode, object.GetString("mode"));
  TRY_ASSIGN(const std::string_view digest, object.GetString("sha256"));
  const auto sha256 = Digest256::FromHex(digest);
  const auto parsed = ParseMode(mode);
  if (!IsPlainPath(file.name) || !sha256 || !parsed)
    return Refuse(StrCat("\"", file.name, "\" is no file of a back-up"));
  file.sha256 = *sha256;
  file.mode = *parsed;
  return file;
}

Result<BackupManifest> ParseManifest(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, kBackupManifest, ErrorKind::kMalformed, Check::kRequest));
  const json::Value root = document->root();
  TRY_ASSIGN(const std::string_view format, root.GetString("format"));
  if (format != kFormat) return Refuse(StrCat("format \"", format, "\", known is \"", kFormat, "\""));
  BackupManifest manifest;
  TRY_ASSIGN(manifest.made, root.GetTime("made"));
  TRY_ASSIGN(const auto files, root.GetArray("files"));
  for (const json::Value& entry : files) {
    TRY_ASSIGN(BackupFile file, ReadFileEntry(entry));
    manifest.files.push_back(std::move(file));
  }
  return manifest;
}

}  // namespace

uint64_t BackupManifest::bytes() const {
  uint64_t sum = 0;
  for (const BackupFile& file : files) sum += file.size;
  return sum;
}

std::string EncodeBackupManifest(const BackupManifest& manifest) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("format").String(kFormat);
  json.Key("made").String(FormatRfc3339(manifest.made));
  json.Key("files").BeginArray();
  for (const BackupFile& file : manifest.files) {
    json.BeginObject();
    json.Key("name").String(file.name);
    json.Key("size").Unsigned(file.size);
    json.Key("mode").String(ModeText(file.mode));
    json.Key("sha256").Hex(file.sha256.view());
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<BackupManifest> ReadBackupManifest(const std::string& directory) {
  const std::string path = (fs::path(directory) / kBackupManifest).string();
  TRY_ASSIGN(const auto text, ReadFileIfThere(path, kMaxManifest));
  if (!text) return Refuse(StrCat(directory, " is no back-up: it has no ", kBackupManifest));
  auto manifest = ParseManifest(*text);
  if (!manifest) return Refuse(StrCat(path, ": ", manifest.error().message));
  const bool store =
      std::ranges::any_of(manifest->files, [](const BackupFile& f) { return f.name == "CURRENT"; });
  if (!store) return Refuse(StrCat(path, ": names no store"));
  return manifest;
}

Result<std::string> ReadBackupFile(const std::string& directory, const BackupFile& file) {
  const std::string path = (fs::path(directory) / file.name).string();
  TRY_ASSIGN(std::string text, ReadFile(path, std::min<uint64_t>(file.size, kMaxBackupFile)));
  const Digest256 found = Sha256(AsBytes(text));
  if (found == file.sha256) return text;
  return Refuse(StrCat(path, ": has ", text.size(), " bytes with SHA-256 ", found.hex(), ", ",
                       kBackupManifest, " says ", file.size, " with ", file.sha256.hex()));
}

Status CheckBackup(const std::string& directory, const BackupManifest& manifest) {
  for (const BackupFile& file : manifest.files) TRY(ReadBackupFile(directory, file));
  return {};
}

Status WriteBackupFile(const std::string& directory, const BackupFile& file, const std::string& text) {
  const fs::path path = fs::path(directory) / file.name;
  std::error_code error;
  if (fs::create_directories(path.parent_path(), error))
    fs::permissions(path.parent_path(), fs::perms::owner_all, error);
  if (error) {
    errno = error.value();
    return Failure("make", path.parent_path().string());
  }
  TRY(WriteNewFile(path.string(), text, 0600));
  return ::chmod(path.c_str(), file.mode) == 0 ? Status() : Status(Failure("set the mode of", path.string()));
}

}  // namespace thimble
