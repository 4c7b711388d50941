// SPDX-License-Identifier: Apache-2.0
//
// Reading JSON strictly, and writing it. Reading is simdjson's DOM (full grammar, UTF-8) behind a view that
// also refuses duplicate keys, nesting deeper than 32, and too many values, over exactly the bytes given. Members are asked for
// by name and type; a missing member, or one of another type, is an error that names it: "absent" never means
// "skip".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble::json {

enum class Type : uint8_t { kObject, kArray, kString, kNumber, kBool, kNull };

// How many values a document may have, members, elements and containers all counted: memory is a hundred bytes for each,
// and a text could have one in two bytes. The largest real documents have 8,783 (evidence as lists of bytes), 2,200
// (floors) and 1,047 (a TCB info).
constexpr size_t kMaxValues = 100'000;
// Of lists over all platforms, that the administrator brings or our own server answers.
constexpr size_t kManyValues = 20'000'000;

class Document;

// A value inside a Document; valid as long as the document. Cheap to copy.
class Value {
 public:
  Type type() const;
  bool IsNull() const { return type() == Type::kNull; }

  // Each is an error (the document's kind and check) naming the member when the value is of another type.
  Result<std::string_view> String() const;
  Result<uint64_t> Unsigned(uint64_t max) const;
  Result<bool> Bool() const;
  Result<std::vector<Value>> Array() const;
  Result<std::vector<std::pair<std::string_view, Value>>> Members() const;  // in the order of the text

  Result<Value> Get(std::string_view key) const;  // required member
  // A required member and what it has to be.
  Result<std::string_view> GetString(std::string_view key) const;
  Result<uint64_t> GetUnsigned(std::string_view key, uint64_t max = UINT64_MAX) const;
  Result<bool> GetBool(std::string_view key) const;
  Result<Instant> GetTime(std::string_view key) const;  // a string of RFC 3339
  Result<std::vector<Value>> GetArray(std::string_view key) const;
  // An optional member, which has to be a string.
  Result<std::optional<std::string_view>> FindString(std::string_view key) const;
  std::optional<Value> Find(std::string_view key) const;  // nullopt: not an object, or no such member
  // Error naming the first member whose key is not in the list.
  Status AllowOnly(std::initializer_list<std::string_view> keys) const;

 private:
  friend class Document;
  struct Node;
  Value(const Document* document, const Node* node) : document_(document), node_(node) {}
  Error Fail(std::string_view what) const;
  const Document* document_;
  const Node* node_;
};

// Immutable once parsed; const methods may be called from many threads at once.
class Document {
 public:
  // Errors of this document carry `kind` and `check`; `what` names it in messages ("TCB info").
  static Result<std::unique_ptr<const Document>> Parse(std::string_view text, std::string_view what,
                                                       ErrorKind kind, Check check,
                                                       size_t max_values = kMaxValues);
  ~Document();
  Value root() const;

 private:
  friend class Value;
  Document();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Appends JSON to a string. The caller keeps the order of calls right; keys and values are escaped here.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}
  Writer& BeginObject();
  Writer& EndObject();
  Writer& BeginArray();
  Writer& EndArray();
  Writer& Key(std::string_view key);
  Writer& String(std::string_view value);
  Writer& Hex(ByteView value);  // lower case
  Writer& Unsigned(uint64_t value);
  Writer& Signed(int64_t value);
  Writer& Bool(bool value);
  Writer& Null();
  Writer& Raw(std::string_view json);  // a complete JSON value, taken as it is

 private:
  void Separate();
  std::string* out_;
  bool first_ = true;  // nothing was written yet in the innermost container
  bool after_key_ = false;
};

std::string Escape(std::string_view text);  // with the quotes

bool IsUtf8(std::string_view text);

}  // namespace thimble::json
