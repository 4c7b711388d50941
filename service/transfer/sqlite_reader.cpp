// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/sqlite_reader.h"

#include <algorithm>
#include <limits>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kSchemaTable = "sqlite_master";

// Work and values are bounded in proportion to the file, and a small one has this much to spare.
constexpr int64_t kSpare = 1'000'000;
// Steps of SQLite's virtual machine between two looks at the bounds. A row takes a dozen, and has more bytes than that.
constexpr int kSteps = 1000;

struct FinishStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

std::string_view ViewOf(const char* text) { return text == nullptr ? std::string_view() : text; }

}  // namespace

Error NotAPccsDatabase(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("PCCS database: ", what)};
}

std::string SqliteRow::Text(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<size_t>(sqlite3_column_bytes(statement_, column));
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

Bytes SqliteRow::Blob(int column) const {
  const std::string text = Text(column);
  return Bytes(text.begin(), text.end());
}

// -- Opening ----------------------------------------------------------------------------------------------------------

SqliteReader::SqliteReader(Bytes file, std::span<const std::string_view> tables,
                           std::chrono::milliseconds time_limit)
    : file_(std::move(file)),
      tables_(tables),
      deadline_(std::chrono::steady_clock::now() + time_limit),
      work_left_(static_cast<int64_t>(file_.size()) + kSpare),
      values_left_(work_left_) {}

SqliteReader::~SqliteReader() { sqlite3_close(database_); }

Result<std::unique_ptr<SqliteReader>> SqliteReader::Open(std::string_view file,
                                                         std::span<const std::string_view> tables,
                                                         std::chrono::milliseconds time_limit) {
  std::unique_ptr<SqliteReader> reader(new SqliteReader(Bytes(file.begin(), file.end()), tables, time_limit));
  TRY(reader->Begin());
  return reader;
}

Status SqliteReader::Begin() {
  if (sqlite3_open(":memory:", &database_) != SQLITE_OK) return NotAPccsDatabase("no memory for it");
  const auto size = static_cast<sqlite3_int64>(file_.size());
  if (sqlite3_deserialize(database_, "main", file_.data(), size, size, SQLITE_DESERIALIZE_READONLY) !=
      SQLITE_OK)
    return Failure();
  Bound();
  std::string other;
  const auto note = [&](const SqliteRow& row) {
    const std::string type = row.Text(0), name = row.Text(1);
    const bool table = type == "table" && row.Number(2) > 0;  // a virtual one has no page of its own
    if (table) there_.push_back(LowerCase(name));
    if (!table && type != "index") other = name;
  };
  TRY(Run(StrCat("SELECT type, name, rootpage FROM ", kSchemaTable), note));
  return other.empty() ? Status()
                       : NotAPccsDatabase(StrCat(
                             "\"", other,
                             "\" is a view, a trigger or a virtual table, and only tables of rows are read"));
}

void SqliteReader::Bound() {
  sqlite3_db_config(database_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(database_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(database_, SQLITE_LIMIT_LENGTH,
                static_cast<int>(std::min<int64_t>(values_left_, std::numeric_limits<int>::max())));
  sqlite3_progress_handler(database_, kSteps, &SqliteReader::Worked, this);
  sqlite3_set_authorizer(database_, &SqliteReader::Authorize, this);
}

int SqliteReader::Worked(void* self) {
  SqliteReader& reader = *static_cast<SqliteReader*>(self);
  reader.work_left_ -= kSteps;
  if (reader.work_left_ < 0) reader.exceeded_ = "takes more work than one of its size does";
  if (std::chrono::steady_clock::now() >= reader.deadline_) reader.exceeded_ = "takes too long to read";
  return reader.exceeded_ ? 1 : 0;
}

bool SqliteReader::MayRead(std::string_view table) const {
  const std::string name = LowerCase(table);
  return name == kSchemaTable || std::ranges::find(tables_, name) != tables_.end();
}

// Rows of the tables that were named and the columns of a table may be asked for: no function, no view, no other table
// that one of these stands on, and nothing that changes anything.
int SqliteReader::Authorize(void* self, int action, const char* first, const char*, const char*,
                            const char* view) {
  const SqliteReader& reader = *static_cast<const SqliteReader*>(self);
  if (view != nullptr) return SQLITE_DENY;
  if (action == SQLITE_SELECT) return SQLITE_OK;
  if (action == SQLITE_READ) return reader.MayRead(ViewOf(first)) ? SQLITE_OK : SQLITE_DENY;
  return action == SQLITE_PRAGMA && ViewOf(first) == "table_xinfo" ? SQLITE_OK : SQLITE_DENY;
}

// -- Reading ----------------------------------------------------------------------------------------------------------

Error SqliteReader::Failure() const {
  return NotAPccsDatabase(exceeded_.value_or(ViewOf(sqlite3_errmsg(database_))));
}

Status SqliteReader::Run(const std::string& query, const std::function<void(const SqliteRow&)>& visit) {
  sqlite3_stmt* raw = nullptr;
  const int prepared = sqlite3_prepare_v2(database_, query.c_str(), -1, &raw, nullptr);
  const std::unique_ptr<sqlite3_stmt, FinishStatement> statement(raw);
  if (prepared != SQLITE_OK) return Failure();
  int step = sqlite3_step(raw);
  for (; step == SQLITE_ROW; step = sqlite3_step(raw)) {
    for (int i = 0; i < sqlite3_data_count(raw); ++i) values_left_ -= sqlite3_column_bytes(raw, i);
    // Values that share their bytes in the file, as only a crafted one has.
    if (values_left_ < 0) exceeded_ = "gives more than is in it";
    if (std::chrono::steady_clock::now() >= deadline_) exceeded_ = "takes too long to read";
    if (exceeded_) return Failure();
    visit(SqliteRow(raw));
  }
  return step == SQLITE_DONE ? Status() : Failure();
}

bool SqliteReader::Has(std::string_view table) const {
  return std::ranges::find(there_, table) != there_.end();
}

Result<std::vector<std::string>> SqliteReader::ColumnsOf(std::string_view table) {
  std::vector<std::string> columns;
  std::string computed;
  TRY(Run(StrCat("PRAGMA table_xinfo(", table, ")"), [&](const SqliteRow& row) {
    columns.push_back(LowerCase(row.Text(1)));
    if (row.Number(6) != 0) computed = columns.back();
  }));
  if (computed.empty()) return columns;
  return NotAPccsDatabase(StrCat("column \"", computed, "\" of ", table, " is computed, not kept"));
}

Status SqliteReader::ForEach(std::string_view table, std::span<const std::string_view> columns,
                             const std::function<void(const SqliteRow&)>& visit) {
  if (!Has(table)) return NotAPccsDatabase(StrCat("has no table ", table));
  TRY_ASSIGN(const auto there, ColumnsOf(table));
  std::string list;
  for (const std::string_view column : columns) {
    const bool known = std::ranges::find(there, column) != there.end();
    list += StrCat(list.empty() ? "" : ", ", known ? column : "NULL");
  }
  return Run(StrCat("SELECT ", list, " FROM ", table), visit);
}

}  // namespace thimble
