// SPDX-License-Identifier: Apache-2.0
//
// A database with what its write-ahead log or hot journal says: both are applied by SQLite itself, to a copy in a directory
// of our own.
#include <sqlite3.h>
#include <stdlib.h>

#include <array>
#include <filesystem>
#include <memory>

#include "service/support/file.h"
#include "service/transfer/pccs_database.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWriteVersionAt = 18;
constexpr char kWriteAheadLog = 2;
constexpr std::array<std::string_view, 2> kBeside = {"-wal", "-journal"};
// With which a journal ends that names another file, of a transaction over several databases: SQLite would remove it.
constexpr std::string_view kNamesAnother = "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7";
constexpr int kSteps = 1000;
constexpr int64_t kMaxSteps = 100'000'000;

Error Refuse(const std::string& path, std::string_view why) {
  return {ErrorKind::kMalformed, Check::kRequest,
          StrCat(path, ": ", why, ": stop the PCCS, run `sqlite3 ", path,
                 " 'PRAGMA journal_mode=DELETE'`, and import it again")};
}

// A directory of this user alone, for as long as the object lives.
class PrivateDirectory {
 public:
  PrivateDirectory() {
    std::error_code error;
    path_ = (fs::temp_directory_path(error) / "thimble-import-XXXXXX").string();
    if (error || ::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~PrivateDirectory() {
    std::error_code ignored;  // it is in a directory for what may be removed
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

struct State {
  uintmax_t size = 0;
  fs::file_time_type written{};
  bool operator==(const State&) const = default;
};

State StateOf(const std::string& path) {
  std::error_code missing;  // no such file: nothing
  State state{fs::file_size(path, missing), {}};
  if (missing) return {};
  state.written = fs::last_write_time(path, missing);
  return state;
}

Result<std::string> ReadWhole(const std::string& path, size_t limit) {
  return ReadFile(path, std::min<uintmax_t>(StateOf(path).size, limit));
}

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};

int Worked(void* left) { return (*static_cast<int64_t*>(left) -= kSteps) < 0 ? 1 : 0; }

// Nothing but the two statements below.
int Authorize(void*, int action, const char* pragma, const char*, const char*, const char*) {
  const std::string_view name = pragma == nullptr ? "" : pragma;
  return action == SQLITE_PRAGMA && (name == "schema_version" || name == "journal_mode") ? SQLITE_OK
                                                                                         : SQLITE_DENY;
}

// The first statement rolls a hot journal back; the second puts what is in a log into the database.
Status Settle(const std::string& copy, const std::string& path) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(copy.c_str(), &raw, SQLITE_OPEN_READWRITE, nullptr);
  const std::unique_ptr<sqlite3, CloseDatabase> database(raw);
  if (opened != SQLITE_OK) return Refuse(path, "cannot be opened as a database");
  int64_t steps_left = kMaxSteps;
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_progress_handler(raw, kSteps, Worked, &steps_left);
  sqlite3_set_authorizer(raw, Authorize, nullptr);
  for (const char* statement : {"PRAGMA schema_version", "PRAGMA journal_mode=DELETE"}) {
    if (sqlite3_exec(raw, statement, nullptr, nullptr, nullptr) != SQLITE_OK)
      return Refuse(path,
                    StrCat("what is in the file beside it cannot be applied (", sqlite3_errmsg(raw), ")"));
  }
  return {};
}

}  // namespace

Result<std::string> ReadImportFile(const std::string& path, size_t limit) {
  std::array<State, 3> before = {StateOf(path), StateOf(StrCat(path, kBeside[0])),
                                 StateOf(StrCat(path, kBeside[1]))};
  TRY_ASSIGN(std::string file, ReadWhole(path, limit));
  if (!IsPccsDatabase(file) || file.size() <= kWriteVersionAt) return file;
  const bool logged = file[kWriteVersionAt] == kWriteAheadLog;
  if (!logged && before[1].size == 0 && before[2].size == 0) return file;

  const PrivateDirectory here;
  if (here.path().empty()) return Refuse(path, "there is no room for a copy in the temporary directory");
  const std::string copy = here.path() + "/database";
  TRY(WriteNewFile(copy, file, 0600));
  for (const std::string_view beside : kBeside) {
    const std::string name = StrCat(path, beside);
    if (StateOf(name).size == 0) continue;
    TRY_ASSIGN(const std::string text, ReadWhole(name, limit));
    if (text.ends_with(kNamesAnother)) return Refuse(path, "its journal is of several databases");
    TRY(WriteNewFile(StrCat(copy, beside), text, 0600));
  }
  const std::array<State, 3> after = {StateOf(path), StateOf(StrCat(path, kBeside[0])),
                                      StateOf(StrCat(path, kBeside[1]))};
  if (after != before) return Refuse(path, "changes while it is read");
  TRY(Settle(copy, path));
  return ReadWhole(copy, 2 * limit);
}

}  // namespace thimble
