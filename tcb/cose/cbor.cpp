// SPDX-License-Identifier: Apache-2.0
#include "tcb/cose/cbor.h"

#include <algorithm>
#include <limits>

#include "tcb/base/byte_reader.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble::cbor {
namespace {

enum Major : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kSimple };
constexpr uint8_t kFalse = 20, kTrue = 21, kNullValue = 22;
constexpr uint64_t kMaxSigned = std::numeric_limits<int64_t>::max();

}  // namespace

std::optional<uint64_t> Value::Unsigned() const {
  return type_ == Type::kUnsigned ? std::optional(number_) : std::nullopt;
}

std::optional<int64_t> Value::Integer() const {
  if ((type_ != Type::kUnsigned && type_ != Type::kNegative) || number_ > kMaxSigned) return std::nullopt;
  const auto number = static_cast<int64_t>(number_);
  return type_ == Type::kUnsigned ? number : -1 - number;
}

std::optional<ByteView> Value::Bytes() const {
  return type_ == Type::kBytes ? std::optional(bytes_) : std::nullopt;
}

std::optional<std::string_view> Value::Text() const {
  return type_ == Type::kText ? std::optional(AsText(bytes_)) : std::nullopt;
}

std::optional<bool> Value::Bool() const {
  return type_ == Type::kBool ? std::optional(number_ != 0) : std::nullopt;
}

const std::vector<Value>* Value::Array() const { return type_ == Type::kArray ? &items_ : nullptr; }
const std::vector<Member>* Value::Map() const { return type_ == Type::kMap ? &members_ : nullptr; }

const Value* Value::Tagged(uint64_t tag) const {
  return type_ == Type::kTag && number_ == tag ? &items_.front() : nullptr;
}

const Value* Value::Find(int64_t label) const {
  const auto found =
      std::ranges::find_if(members_, [&](const Member& member) { return member.key.Integer() == label; });
  return found == members_.end() ? nullptr : &found->value;
}

const Value* Value::Find(std::string_view label) const {
  const auto found =
      std::ranges::find_if(members_, [&](const Member& member) { return member.key.Text() == label; });
  return found == members_.end() ? nullptr : &found->value;
}

// Each function says what is wrong, or nullptr.
class Parser {
 public:
  explicit Parser(ByteView input) : reader_(input) {}

  const char* ParseAll(Value* out) {
    if (const char* problem = Parse(out, 0)) return problem;
    return reader_.remaining() == 0 ? nullptr : "something follows the value";
  }

 private:
  const char* Parse(Value* out, size_t depth) {
    if (depth == kMaxDepth) return "nested too deep";
    if (++values_ > kMaxValues) return "too many values";
    const auto initial = reader_.U8();
    if (!initial) return "it ends early";
    const auto major = static_cast<uint8_t>(*initial >> 5), info = static_cast<uint8_t>(*initial & 0x1f);
    if (major == kSimple) return ParseSimple(info, out);
    uint64_t number = 0;
    if (const char* problem = ParseNumber(info, &number)) return problem;
    switch (major) {
      case kUnsigned:
        return Set(Type::kUnsigned, number, out);
      case kNegative:
        return Set(Type::kNegative, number, out);
      case kBytes:
      case kText:
        return ParseString(major, number, out);
      case kArray:
        return ParseArray(number, depth, out);
      case kMap:
        return ParseMap(number, depth, out);
      default:
        return ParseTag(number, depth, out);
    }
  }

  static const char* Set(Type type, uint64_t number, Value* out) {
    out->type_ = type;
    out->number_ = number;
    return nullptr;
  }

  // Big endian, in the shortest head that holds it (RFC 8949 section 4.2.1).
  const char* ParseNumber(uint8_t info, uint64_t* out) {
    if (info < 24) {
      *out = info;
      return nullptr;
    }
    if (info == 31) return "a length is indefinite";
    if (info > 27) return "a head is reserved";
    const auto bytes = reader_.Take(uint64_t{1} << (info - 24));
    if (!bytes) return "it ends early";
    uint64_t number = 0;
    for (const uint8_t byte : *bytes) number = number << 8 | byte;
    const uint64_t least = info == 24 ? 24 : uint64_t{1} << (8 * bytes->size() / 2);
    if (number < least) return "a head is longer than it has to be";
    *out = number;
    return nullptr;
  }

  static const char* ParseSimple(uint8_t info, Value* out) {
    switch (info) {
      case kFalse:
      case kTrue:
        return Set(Type::kBool, info == kTrue ? 1 : 0, out);
      case kNullValue:
        return Set(Type::kNull, 0, out);
      default:
        return "a float, a simple value or an indefinite end";
    }
  }

  const char* ParseString(uint8_t major, uint64_t length, Value* out) {
    const auto bytes = reader_.Take(length);
    if (!bytes) return "it ends early";
    if (major == kText && !json::IsUtf8(AsText(*bytes))) return "a text is not UTF-8";
    out->type_ = major == kText ? Type::kText : Type::kBytes;
    out->bytes_ = *bytes;
    return nullptr;
  }

  const char* ParseArray(uint64_t count, size_t depth, Value* out) {
    out->type_ = Type::kArray;
    if (count > reader_.remaining()) return "it ends early";  // each has a byte at least
    for (uint64_t i = 0; i < count; ++i) {
      if (const char* problem = Parse(&out->items_.emplace_back(), depth + 1)) return problem;
    }
    return nullptr;
  }

  // Of one encoding for each key, keys are equal when their bytes are.
  const char* ParseMap(uint64_t count, size_t depth, Value* out) {
    out->type_ = Type::kMap;
    if (count > reader_.remaining() / 2) return "it ends early";
    std::vector<std::string_view> keys;
    for (uint64_t i = 0; i < count; ++i) {
      Member& member = out->members_.emplace_back();
      const ByteView before = reader_.rest();
      if (const char* problem = Parse(&member.key, depth + 1)) return problem;
      const Type type = member.key.type_;
      if (type != Type::kUnsigned && type != Type::kNegative && type != Type::kText)
        return "a key is neither an integer nor a text";
      keys.push_back(AsText(before.first(before.size() - reader_.remaining())));
      if (const char* problem = Parse(&member.value, depth + 1)) return problem;
    }
    std::ranges::sort(keys);
    return std::ranges::adjacent_find(keys) == keys.end() ? nullptr : "a key is there twice";
  }

  const char* ParseTag(uint64_t tag, size_t depth, Value* out) {
    if (tag != kTagTextTime && tag != kTagTime && tag != kTagCoseSign1)
      return "a tag that is none of COSE_Sign1's or of a time";
    Set(Type::kTag, tag, out);
    return Parse(&out->items_.emplace_back(), depth + 1);
  }

  ByteReader reader_;
  size_t values_ = 0;
};

Result<Value> Parse(ByteView input, std::string_view what, Check check) {
  if (input.size() > kMaxSize) {
    return Error{ErrorKind::kMalformed, check,
                 StrCat(what, ": ", input.size(), " bytes of CBOR, at most ", kMaxSize)};
  }
  Value out;
  if (const char* problem = Parser(input).ParseAll(&out))
    return Error{ErrorKind::kMalformed, check,
                 StrCat(what, ": its CBOR is not what is read here: ", problem)};
  return out;
}

void Writer::Head(uint8_t major, uint64_t number) {
  const auto initial = static_cast<uint8_t>(major << 5);
  if (number < 24) return out_->push_back(static_cast<uint8_t>(initial | number));
  uint8_t info = 24;
  size_t size = 1;
  while (size < 8 && number >> (8 * size) != 0) {
    size *= 2;
    ++info;
  }
  out_->push_back(static_cast<uint8_t>(initial | info));
  for (size_t i = size; i-- > 0;) out_->push_back(static_cast<uint8_t>(number >> (8 * i)));
}

Writer& Writer::Integer(int64_t value) {
  value < 0 ? Head(kNegative, static_cast<uint64_t>(-1 - value))
            : Head(kUnsigned, static_cast<uint64_t>(value));
  return *this;
}
Writer& Writer::Bytes(ByteView bytes) {
  Head(kBytes, bytes.size());
  out_->insert(out_->end(), bytes.begin(), bytes.end());
  return *this;
}
Writer& Writer::Text(std::string_view text) {
  Head(kText, text.size());
  out_->insert(out_->end(), text.begin(), text.end());
  return *this;
}
Writer& Writer::Array(size_t count) {
  Head(kArray, count);
  return *this;
}
Writer& Writer::Map(size_t count) {
  Head(kMap, count);
  return *this;
}
Writer& Writer::Tag(uint64_t tag) {
  Head(kTag, tag);
  return *this;
}
Writer& Writer::Bool(bool value) {
  Head(kSimple, value ? kTrue : kFalse);
  return *this;
}
Writer& Writer::Null() {
  Head(kSimple, kNullValue);
  return *this;
}

}  // namespace thimble::cbor
