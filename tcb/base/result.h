// SPDX-License-Identifier: Apache-2.0
//
// Result<T>: a value or an Error. Errors are values that name the failed check and state both facts.
// An Error is one of four kinds, and each kind has one HTTP status and one exit code (service/):
//
//   kMalformed    the input cannot be decoded from its own bytes          400, exit 4
//   kRejected     it decodes, but a hard check fails                      200 "reject", exit 1
//   kUnavailable  something that is needed is missing or unreachable      503, exit 3; never a verdict
//   kInternal     this program or its store failed                        500, exit 3
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace thimble {

enum class Check : uint8_t;  // tcb/check.h: the index of every named check

enum class ErrorKind : uint8_t { kMalformed, kRejected, kUnavailable, kInternal };

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  Check check{};        // the check that failed
  std::string message;  // a fact with both values: "fmspc: PCK 00906ED50000, TCB info 50806F000000"
  int http_status = 0;  // that an upstream answered, for upstream.not_found and upstream.status; 0: none
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Calling value() on an error, or error() on a value, throws std::bad_variant_access: a bug in the caller.
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return std::get<1>(state_); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)
  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return error_.value(); }
  Error&& error() && { return std::move(error_).value(); }

 private:
  std::optional<Error> error_;
};

#define THIMBLE_CONCAT_(a, b) a##b
#define THIMBLE_CONCAT(a, b) THIMBLE_CONCAT_(a, b)

// TRY(expr): return the error of a Result or Status, or go on.
#define TRY(expr)                                     \
  do {                                                \
    if (auto try_result = (expr); !try_result.ok()) { \
      return std::move(try_result).error();           \
    }                                                 \
  } while (false)

// TRY_ASSIGN(auto x, expr): return the error of a Result, or bind its value.
#define TRY_ASSIGN(lhs, expr) TRY_ASSIGN_(THIMBLE_CONCAT(try_assign_, __LINE__), lhs, expr)
#define TRY_ASSIGN_(temp, lhs, expr)              \
  auto temp = (expr);                             \
  if (!temp.ok()) return std::move(temp).error(); \
  lhs = std::move(temp).value()

}  // namespace thimble
