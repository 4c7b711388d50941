// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/data_files.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

struct Kind {
  const char* pattern;  // as of a shell; '*' stops at '/'
  DataFileUse use;
};

constexpr Kind kKinds[] = {
    // RocksDB's, and its lock and logs.
    {"CURRENT", DataFileUse::kStore},
    {"IDENTITY", DataFileUse::kStore},
    {"MANIFEST-*", DataFileUse::kStore},
    {"OPTIONS-*", DataFileUse::kStore},
    {"[0-9]*.sst", DataFileUse::kStore},
    {"[0-9]*.log", DataFileUse::kStore},
    {"LOCK", DataFileUse::kLeft},
    {"LOG", DataFileUse::kLeft},
    {"LOG.old.*", DataFileUse::kLeft},
    {"*.dbtmp", DataFileUse::kLeft},
    // The keys of results. The current one comes before the retired ones, in this order of names: whenever a rotation comes
    // in between, a key whose tokens live is in one of the two.
    {"result-key.pem", DataFileUse::kWhole},
    {"result-key.pem.retired.json", DataFileUse::kWhole},
    {"audit/audit-*.jsonl", DataFileUse::kAppended},
    // Registrations beside the store, and what is known to be lost of them. Copied after the store, the journal is never
    // behind it: what it has more is put into the store when that is opened.
    {"registrations.journal", DataFileUse::kAppended},
    {"registrations.lost", DataFileUse::kWhole},
    // What is not whole yet, and what is of back-ups.
    {"*.new", DataFileUse::kLeft},
    {"*.part", DataFileUse::kLeft},
    {"backup.json", DataFileUse::kLeft},
};

// Whole directories; the last is the file system's where one is mounted, and root's alone.
constexpr std::string_view kLeftDirectories[] = {kBackupsName, kRestorePart, "lost+found"};

}  // namespace

std::optional<DataFileUse> DataFileUseOf(const std::string& path) {
  for (const std::string_view name : kLeftDirectories) {
    if (path.starts_with(StrCat(name, "/"))) return DataFileUse::kLeft;
  }
  const auto found = std::ranges::find_if(
      kKinds, [&path](const Kind& kind) { return ::fnmatch(kind.pattern, path.c_str(), FNM_PATHNAME) == 0; });
  return found == std::end(kKinds) ? std::nullopt : std::optional(found->use);
}

Result<std::vector<std::string>> FilesBelow(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code gone;  // RocksDB removes files while this looks
    const std::string name = it->path().lexically_relative(directory).string();
    if (std::ranges::find(kLeftDirectories, name) != std::end(kLeftDirectories))
      it.disable_recursion_pending();
    if (it->is_regular_file(gone)) files.push_back(name);
  }
  if (error) {
    return Error{ErrorKind::kInternal, Check::kStoreIo,
                 StrCat("cannot look into ", directory, ": ", error.message())};
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace thimble
