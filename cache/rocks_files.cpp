// SPDX-License-Identifier: Apache-2.0
#include "cache/rocks_files.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "cache/rocks_log.h"
#include "cache/store_rules.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

Error Damaged(std::string message) {
  return {ErrorKind::kInternal, Check::kStoreCorrupt, std::move(message)};
}

Result<std::string> Contents(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file || file.bad()) return StoreError(StrCat("cannot read ", path.string()));
  return text;
}

// By name: that they are visited in no order must not choose which error is told.
std::vector<fs::path> FilesIn(const fs::path& directory) {
  std::vector<fs::path> files;
  std::error_code ignored;  // a directory that cannot be read has no files for us; opening it says why
  for (const auto& entry : fs::directory_iterator(directory, ignored)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

bool IsManifest(const fs::path& file) { return file.filename().string().starts_with("MANIFEST-"); }
bool IsLog(const fs::path& file) { return file.extension() == ".log"; }

// "MANIFEST-000005" and a line feed.
Result<fs::path> CurrentManifest(const fs::path& directory) {
  TRY_ASSIGN(const std::string text, Contents(directory / "CURRENT"));
  const std::string name = text.substr(0, text.find('\n'));
  if (text != name + '\n' || !name.starts_with("MANIFEST-") || !fs::exists(directory / name))
    return Damaged("CURRENT is damaged: it names no MANIFEST that is there");
  return directory / name;
}

Result<uint64_t> TornBytes(const fs::path& file) {
  TRY_ASSIGN(const std::string bytes, Contents(file));
  TRY_ASSIGN(const RocksLogCheck check, CheckRocksLog(file.filename().string(), bytes));
  return check.torn_bytes;
}

}  // namespace

bool HoldsRocksFiles(const fs::path& directory) {
  return std::ranges::any_of(FilesIn(directory), [](const fs::path& file) {
    return file.filename() == "CURRENT" || file.extension() == ".sst" || IsManifest(file);
  });
}

Result<uint64_t> CheckRocksFiles(const fs::path& directory) {
  if (!HoldsRocksFiles(directory)) return uint64_t{0};
  if (!fs::exists(directory / "CURRENT"))
    return Damaged("CURRENT is not there, and other files of the store are");
  TRY_ASSIGN(const fs::path manifest, CurrentManifest(directory));
  TRY(TornBytes(manifest));  // a change of its files that did not come about is nobody's write
  uint64_t torn = 0;
  for (const fs::path& file : FilesIn(directory)) {
    if (!IsLog(file) || !fs::exists(file)) continue;  // who has it open may have removed it by now
    TRY_ASSIGN(const uint64_t bytes, TornBytes(file));
    torn += bytes;
  }
  return torn;
}

}  // namespace thimble
