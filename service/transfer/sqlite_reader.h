// SPDX-License-Identifier: Apache-2.0
//
// A SQLite database that is somebody else's. Rows of its tables are read, and nothing else that a database can hold; reading
// takes work, values and time within bounds.
#pragma once

#include <sqlite3.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

// A row of an answer; columns by their place. What is NULL, or is no column of the table, is empty and 0.
class SqliteRow {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  std::string Text(int column) const;
  Bytes Blob(int column) const;
  int64_t Number(int column) const { return sqlite3_column_int64(statement_, column); }
  bool Null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

 private:
  sqlite3_stmt* statement_;
};

class SqliteReader {
 public:
  // `tables`: what may be read; outlives the reader, as `file` does not need to. Errors (request.invalid): it is no
  // database, or holds anything but tables and their indexes.
  static Result<std::unique_ptr<SqliteReader>> Open(std::string_view file,
                                                    std::span<const std::string_view> tables,
                                                    std::chrono::milliseconds time_limit);
  ~SqliteReader();
  SqliteReader(const SqliteReader&) = delete;
  SqliteReader& operator=(const SqliteReader&) = delete;

  // Whether there is such a table.
  bool Has(std::string_view table) const;
  // The rows of a table of which there is one. Errors (request.invalid): it computes a column, the database is damaged, or
  // a bound is met.
  Status ForEach(std::string_view table, std::span<const std::string_view> columns,
                 const std::function<void(const SqliteRow&)>& visit);

 private:
  SqliteReader(Bytes file, std::span<const std::string_view> tables, std::chrono::milliseconds time_limit);
  Status Begin();
  void Bound();
  Status Run(const std::string& query, const std::function<void(const SqliteRow&)>& visit);
  Result<std::vector<std::string>> ColumnsOf(std::string_view table);
  Error Failure() const;
  bool MayRead(std::string_view table) const;
  static int Worked(void* self);
  static int Authorize(void* self, int action, const char* first, const char* second, const char* database,
                       const char* view);

  Bytes file_;  // read in place, for as long as the database is open
  const std::span<const std::string_view> tables_;
  const std::chrono::steady_clock::time_point deadline_;
  int64_t work_left_, values_left_;
  std::optional<std::string_view> exceeded_;  // the bound that was met
  std::vector<std::string> there_;            // the tables of the database
  sqlite3* database_ = nullptr;
};

// An error about the database that is imported: request.invalid.
Error NotAPccsDatabase(std::string_view what);

}  // namespace thimble
