// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "tcb/base/text.h"

namespace thimble::json {
namespace {

constexpr size_t kMaxDepth = 32;

}  // namespace

// Our own tree over simdjson's tape: the walk that makes it visits every member once, so that duplicate keys
// anywhere in the text are found whether or not somebody asks for them.
struct Value::Node {
  Type type = Type::kNull;
  bool is_unsigned = false;    // kNumber: a non-negative integer
  bool flag = false;           // kBool
  uint64_t number = 0;         // kNumber
  std::string_view key;        // of a member
  std::string_view text;       // kString
  std::vector<Node> children;  // kObject, kArray
};

struct Document::Impl {
  std::string what;
  ErrorKind kind{};
  Check check{};
  simdjson::dom::parser parser;  // owns the text that the nodes view
  Value::Node root;

  Error Fail(std::string message) const { return {kind, check, StrCat(what, ": ", message)}; }

  // The depth is bounded by the parser already.
  Status Build(simdjson::dom::element element, Value::Node& node) const {
    switch (element.type()) {
      case simdjson::dom::element_type::OBJECT: {
        const simdjson::dom::object object = element.get_object().value_unsafe();
        node.type = Type::kObject;
        node.children.reserve(object.size());
        for (const auto [key, value] : object) {
          TRY(CheckNew(node, key));
          node.children.emplace_back().key = key;
          TRY(Build(value, node.children.back()));
        }
        return {};
      }
      case simdjson::dom::element_type::ARRAY: {
        const simdjson::dom::array array = element.get_array().value_unsafe();
        node.type = Type::kArray;
        node.children.reserve(array.size());
        for (const simdjson::dom::element value : array) TRY(Build(value, node.children.emplace_back()));
        return {};
      }
      case simdjson::dom::element_type::STRING:
        node.type = Type::kString;
        node.text = element.get_string().value_unsafe();
        return {};
      case simdjson::dom::element_type::BOOL:
        node.type = Type::kBool;
        node.flag = element.get_bool().value_unsafe();
        return {};
      case simdjson::dom::element_type::NULL_VALUE:
        return {};
      default:
        node.type = Type::kNumber;
        node.is_unsigned = element.get_uint64().get(node.number) == simdjson::SUCCESS;  // fails for doubles
        return {};
    }
  }

  // Objects are small in every format read here; the bound keeps the comparison of all pairs cheap in hostile
  // ones.
  Status CheckNew(const Value::Node& object, std::string_view key) const {
    constexpr size_t kMaxMembers = 256;
    if (object.children.size() == kMaxMembers)
      return Fail(StrCat("an object with more than ", kMaxMembers, " members"));
    for (const Value::Node& member : object.children) {
      if (member.key == key) return Fail(StrCat("member \"", key, "\" occurs twice"));
    }
    return {};
  }
};

Document::Document() : impl_(std::make_unique<Impl>()) {}
Document::~Document() = default;

Result<std::unique_ptr<const Document>> Document::Parse(std::string_view text, std::string_view what,
                                                        ErrorKind kind, Check check) {
  std::unique_ptr<Document> document(new Document());
  Impl& impl = *document->impl_;
  impl.what = what;
  impl.kind = kind;
  impl.check = check;
  if (text.empty()) return impl.Fail("empty");  // the parser would copy from a null pointer
  if (impl.parser.allocate(std::max<size_t>(text.size(), 64), kMaxDepth + 1) != simdjson::SUCCESS) {
    return impl.Fail("no memory to parse it");
  }
  simdjson::dom::element root;
  const auto error = impl.parser.parse(text.data(), text.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR) return impl.Fail(StrCat("nested deeper than ", kMaxDepth));
  if (error != simdjson::SUCCESS) return impl.Fail(StrCat("not JSON: ", simdjson::error_message(error)));
  TRY(impl.Build(root, impl.root));
  return std::unique_ptr<const Document>(std::move(document));
}

Value Document::root() const { return {this, &impl_->root}; }

Type Value::type() const { return node_->type; }

Error Value::Fail(std::string_view what) const { return document_->impl_->Fail(std::string(what)); }

Result<std::string_view> Value::String() const {
  if (node_->type != Type::kString) return Fail("expected a string");
  return node_->text;
}

Result<uint64_t> Value::Unsigned(uint64_t max) const {
  if (node_->type != Type::kNumber || !node_->is_unsigned) return Fail("expected a non-negative integer");
  if (node_->number > max) return Fail(StrCat("number ", node_->number, " is above ", max));
  return node_->number;
}

Result<bool> Value::Bool() const {
  if (node_->type != Type::kBool) return Fail("expected true or false");
  return node_->flag;
}

Result<std::vector<Value>> Value::Array() const {
  if (node_->type != Type::kArray) return Fail("expected an array");
  std::vector<Value> out;
  out.reserve(node_->children.size());
  for (const Node& element : node_->children) out.push_back(Value(document_, &element));
  return out;
}

Result<std::vector<std::pair<std::string_view, Value>>> Value::Members() const {
  if (node_->type != Type::kObject) return Fail("expected an object");
  std::vector<std::pair<std::string_view, Value>> out;
  out.reserve(node_->children.size());
  for (const Node& member : node_->children) out.emplace_back(member.key, Value(document_, &member));
  return out;
}

std::optional<Value> Value::Find(std::string_view key) const {
  if (node_->type != Type::kObject) return std::nullopt;
  for (const Node& member : node_->children) {
    if (member.key == key) return Value(document_, &member);
  }
  return std::nullopt;
}

Result<Value> Value::Get(std::string_view key) const {
  if (node_->type != Type::kObject) return Fail(StrCat("expected an object with member \"", key, "\""));
  if (auto value = Find(key)) return *value;
  return Fail(StrCat("member \"", key, "\" is missing"));
}

Status Value::AllowOnly(std::initializer_list<std::string_view> keys) const {
  if (node_->type != Type::kObject) return Fail("expected an object");
  for (const Node& member : node_->children) {
    if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
      return Fail(StrCat("unknown member \"", member.key, "\""));
    }
  }
  return {};
}

// -- writing --

namespace {

// Names from certificates may hold any bytes; what is not UTF-8 is shown as replacement characters.
void AppendEscaped(std::string& out, std::string_view text) {
  const bool utf8 = simdjson::validate_utf8(text);
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (!utf8 && static_cast<unsigned char>(c) >= 0x80) {
      out += "\\ufffd";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr char kDigits[] = "0123456789abcdef";
      out += "\\u00";
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[c & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string Escape(std::string_view text) {
  std::string out;
  AppendEscaped(out, text);
  return out;
}

void Writer::Separate() {
  if (!first_ && !after_key_) *out_ += ',';
  first_ = false;
  after_key_ = false;
}

Writer& Writer::BeginObject() {
  Separate();
  *out_ += '{';
  first_ = true;
  return *this;
}
Writer& Writer::EndObject() {
  *out_ += '}';
  first_ = false;
  return *this;
}
Writer& Writer::BeginArray() {
  Separate();
  *out_ += '[';
  first_ = true;
  return *this;
}
Writer& Writer::EndArray() {
  *out_ += ']';
  first_ = false;
  return *this;
}
Writer& Writer::Key(std::string_view key) {
  Separate();
  AppendEscaped(*out_, key);
  *out_ += ':';
  after_key_ = true;
  return *this;
}
Writer& Writer::String(std::string_view value) {
  Separate();
  AppendEscaped(*out_, value);
  return *this;
}
Writer& Writer::Hex(ByteView value) {
  Separate();
  *out_ += '"';
  *out_ += HexLower(value);
  *out_ += '"';
  return *this;
}
Writer& Writer::Unsigned(uint64_t value) { return Raw(std::to_string(value)); }
Writer& Writer::Signed(int64_t value) { return Raw(std::to_string(value)); }
Writer& Writer::Double(double value) {
  if (!std::isfinite(value)) return Null();
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return Raw({buffer.data(), static_cast<size_t>(end - buffer.data())});
}
Writer& Writer::Bool(bool value) { return Raw(value ? "true" : "false"); }
Writer& Writer::Null() { return Raw("null"); }
Writer& Writer::Raw(std::string_view json) {
  Separate();
  *out_ += json;
  return *this;
}

}  // namespace thimble::json
