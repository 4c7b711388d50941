// SPDX-License-Identifier: Apache-2.0
//
// A bounded reader of CBOR (RFC 8949) for what signed statements are made of, and no more: integers, byte and text strings,
// arrays, maps, booleans, null. Of each value there is one encoding: lengths are definite and heads the shortest (section
// 4.2.1); the order of a map's keys is free, for real headers have it free. Own code, because what has to be refused is most
// of what a library is made to take: a map with a key twice is two statements under one signature.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::cbor {

inline constexpr size_t kMaxSize = 64 << 10;
inline constexpr size_t kMaxDepth = 12;
inline constexpr size_t kMaxValues = 4096;  // all of a text: members, elements and containers

// The tags that are read; all others are refused.
inline constexpr uint64_t kTagTextTime = 0, kTagTime = 1, kTagCoseSign1 = 18;

enum class Type : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kBool, kNull };

struct Member;

// A view into what was parsed; valid as long as that.
class Value {
 public:
  Type type() const { return type_; }
  bool IsNull() const { return type_ == Type::kNull; }

  // Each is nullopt, or nullptr, when the value is of another type.
  std::optional<uint64_t> Unsigned() const;
  std::optional<int64_t> Integer() const;  // also when it has no room in 64 bits with a sign
  std::optional<ByteView> Bytes() const;
  std::optional<std::string_view> Text() const;
  std::optional<bool> Bool() const;
  const std::vector<Value>* Array() const;
  const std::vector<Member>* Map() const;
  const Value* Tagged(uint64_t tag) const;  // what is behind this tag

  // Of a map; nullptr: not there, or no map.
  const Value* Find(int64_t label) const;
  const Value* Find(std::string_view label) const;

 private:
  friend class Parser;
  Type type_ = Type::kNull;
  uint64_t number_ = 0;  // kNegative: -1 - number_; kTag: the tag; kBool: 0 or 1
  ByteView bytes_;
  std::vector<Value> items_;  // kTag: one
  std::vector<Member> members_;
};
struct Member {
  Value key;  // an integer or a text
  Value value;
};

// Exactly one value and nothing after it. Malformed with `check`; `what` names it in messages ("UVM endorsement").
Result<Value> Parse(ByteView input, std::string_view what, Check check);

// Appends values to bytes, in their one encoding. The caller keeps counts right.
class Writer {
 public:
  explicit Writer(thimble::Bytes* out) : out_(out) {}
  Writer& Integer(int64_t value);
  Writer& Bytes(ByteView bytes);
  Writer& Text(std::string_view text);
  Writer& Array(size_t count);
  Writer& Map(size_t count);
  Writer& Tag(uint64_t tag);
  Writer& Bool(bool value);
  Writer& Null();

 private:
  void Head(uint8_t major, uint64_t number);
  thimble::Bytes* out_;
};

}  // namespace thimble::cbor
