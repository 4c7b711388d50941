// SPDX-License-Identifier: Apache-2.0
//
// A connection to PostgreSQL, by libpq, which is used in postgres.cpp alone. Nothing waits longer than it is told: it
// connects and asks without blocking, and a connection that was given up is closed. In a transaction each statement also has a
// time-out on the server. Works through PgBouncer in transaction mode: no prepared statements, no session state that anything rests on.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

// kUnavailable, store.io: "shared database: ...".
Error SharedError(std::string_view what);

// A parameter of a statement: bytes, a number, or NULL.
struct PgValue {
  static PgValue Of(std::string_view bytes) { return {std::string(bytes), true, false}; }
  static PgValue Of(ByteView bytes) { return Of(AsText(bytes)); }
  static PgValue Maybe(const std::optional<std::string>& bytes) {
    return bytes ? Of(std::string_view(*bytes)) : Null();
  }
  static PgValue Of(int64_t number) { return {std::to_string(number), false, false}; }
  static PgValue Null() { return {"", true, true}; }

  std::string text;
  bool binary = false, null = false;
};

// What a statement gave, in binary form.
class PgRows {
 public:
  ~PgRows();
  PgRows(PgRows&&) noexcept;
  PgRows& operator=(PgRows&&) = delete;

  size_t size() const;
  // nullopt: NULL, or no such row and column.
  std::optional<std::string> Text(size_t row, size_t column) const;
  std::optional<int64_t> Number(size_t row, size_t column) const;  // of a bigint
  uint64_t affected() const;
  std::string command() const;  // "INSERT 0 1", "COMMIT"

 private:
  friend class PgConnection;
  struct Impl;
  explicit PgRows(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// One thread at a time.
class PgConnection {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // Errors: as SharedError(), with what libpq says; never with the password.
  static Result<std::unique_ptr<PgConnection>> Open(const std::string& url, const std::string& password,
                                                    Time deadline);
  ~PgConnection();
  PgConnection(const PgConnection&) = delete;
  PgConnection& operator=(const PgConnection&) = delete;

  void SetDeadline(Time deadline) { deadline_ = deadline; }  // of all that follows
  // One statement with its parameters.
  Result<PgRows> Run(const std::string& sql, const std::vector<PgValue>& parameters = {});
  // Several without parameters, in one trip.
  Status RunAll(const std::string& sql);
  // The server or the network has gone, or nobody waited for an answer: good for nothing more.
  bool broken() const { return broken_; }
  bool in_transaction() const;  // also one that has failed
  bool closed_meanwhile();      // while nothing was asked: the server has hung up

 private:
  struct Impl;
  explicit PgConnection(std::unique_ptr<Impl> impl, Time deadline);
  Status Connect();
  Status Wait(short events);
  Status Send();
  Result<PgRows> Receive();
  Error Failed(std::string_view what);

  std::unique_ptr<Impl> impl_;
  Time deadline_;
  bool broken_ = false;
};

// Undone at its end unless it was committed.
class PgTransaction {
 public:
  static Result<PgTransaction> Begin(PgConnection& connection);
  ~PgTransaction();
  PgTransaction(PgTransaction&& other) noexcept : connection_(std::exchange(other.connection_, nullptr)) {}
  PgTransaction& operator=(PgTransaction&&) = delete;

  // After an error nobody knows whether it was.
  Status Commit();

 private:
  explicit PgTransaction(PgConnection* connection) : connection_(connection) {}
  PgConnection* connection_;
};

}  // namespace thimble
