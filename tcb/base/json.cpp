// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <span>

#include "tcb/base/text.h"

namespace thimble::json {
namespace {

constexpr size_t kMaxDepth = 32;

// Where the string ends that begins here; or where the text does.
std::string_view::const_iterator SkipString(std::string_view::const_iterator at,
                                            std::string_view::const_iterator end) {
  for (++at; at != end && *at != '"'; ++at) {
    if (*at == '\\' && ++at == end) break;
  }
  return at;
}

// Before anything is made for them. Each value but the first of a container has a comma before it. An empty container
// counts twice.
bool HasMoreValues(std::string_view text, size_t most) {
  if (text.size() <= most) return false;
  size_t count = 1;
  for (auto at = text.begin(); at != text.end() && count <= most; ++at) {
    if (*at == '"') at = SkipString(at, text.end());
    if (at == text.end()) break;
    count += *at == ',' || *at == '[' || *at == '{' ? 1 : 0;
  }
  return count > most;
}

}  // namespace

// Our own tree over simdjson's tape: the walk that makes it visits every member once, so that duplicate keys
// anywhere in the text are found whether or not somebody asks for them. All nodes lie in one vector; the children of
// one are side by side.
struct Value::Node {
  Type type = Type::kNull;
  bool is_unsigned = false;  // kNumber: a non-negative integer
  bool flag = false;         // kBool
  uint32_t first_child = 0;  // kObject, kArray: index
  uint32_t child_count = 0;
  uint64_t number = 0;    // kNumber
  std::string_view key;   // of a member
  std::string_view text;  // kString
};

struct Document::Impl {
  std::string what;
  ErrorKind kind{};
  Check check{};
  simdjson::dom::parser parser;    // owns the text that the nodes view
  std::vector<Value::Node> nodes;  // the root first

  Error Fail(std::string message) const { return {kind, check, StrCat(what, ": ", message)}; }

  std::span<const Value::Node> ChildrenOf(const Value::Node& node) const {
    return std::span(nodes).subspan(node.first_child, node.child_count);
  }

  // Makes `count` nodes for the children of nodes[at], and returns the index of the first.
  size_t AddChildren(size_t at, Type type, size_t count) {
    const size_t first = nodes.size();
    nodes[at].type = type;
    nodes[at].first_child = static_cast<uint32_t>(first);
    nodes[at].child_count = static_cast<uint32_t>(count);
    nodes.resize(first + count);
    return first;
  }

  // Fills nodes[at]. The depth is bounded by the parser already.
  Status Build(simdjson::dom::element element, size_t at) {
    switch (element.type()) {
      case simdjson::dom::element_type::OBJECT:
        return BuildObject(element.get_object().value_unsafe(), at);
      case simdjson::dom::element_type::ARRAY: {
        const simdjson::dom::array array = element.get_array().value_unsafe();
        size_t child = AddChildren(at, Type::kArray, CountOf(array));
        for (const simdjson::dom::element value : array) TRY(Build(value, child++));
        return {};
      }
      case simdjson::dom::element_type::STRING:
        nodes[at].type = Type::kString;
        nodes[at].text = element.get_string().value_unsafe();
        return {};
      case simdjson::dom::element_type::BOOL:
        nodes[at].type = Type::kBool;
        nodes[at].flag = element.get_bool().value_unsafe();
        return {};
      case simdjson::dom::element_type::NULL_VALUE:
        return {};
      default:
        nodes[at].type = Type::kNumber;
        nodes[at].is_unsigned =
            element.get_uint64().get(nodes[at].number) == simdjson::SUCCESS;  // not for doubles
        return {};
    }
  }

  // Objects are small in every format read here; the bound keeps the comparison of all pairs cheap in hostile
  // ones.
  Status BuildObject(simdjson::dom::object object, size_t at) {
    constexpr size_t kMaxMembers = 256;
    const size_t count = CountOf(object);
    if (count > kMaxMembers) return Fail(StrCat("an object with more than ", kMaxMembers, " members"));
    const size_t first = AddChildren(at, Type::kObject, count);
    size_t child = first;
    for (const auto [key, value] : object) {
      for (size_t before = first; before < child; ++before) {
        if (nodes[before].key == key) return Fail(StrCat("member \"", key, "\" occurs twice"));
      }
      nodes[child].key = key;
      TRY(Build(value, child++));
    }
    return {};
  }

  // Counted by going along: the size that the parser keeps saturates at 2^24 - 1.
  template <class Container>
  static size_t CountOf(const Container& container) {
    return static_cast<size_t>(std::distance(container.begin(), container.end()));
  }
};

Document::Document() : impl_(std::make_unique<Impl>()) {}
Document::~Document() = default;

Result<std::unique_ptr<const Document>> Document::Parse(std::string_view text, std::string_view what,
                                                        ErrorKind kind, Check check, size_t max_values) {
  std::unique_ptr<Document> document(new Document());
  Impl& impl = *document->impl_;
  impl.what = what;
  impl.kind = kind;
  impl.check = check;
  if (text.empty()) return impl.Fail("empty");  // the parser would copy from a null pointer
  if (HasMoreValues(text, max_values)) return impl.Fail(StrCat("more than ", max_values, " values"));
  if (impl.parser.allocate(std::max<size_t>(text.size(), 64), kMaxDepth + 1) != simdjson::SUCCESS) {
    return impl.Fail("no memory to parse it");
  }
  simdjson::dom::element root;
  const auto error = impl.parser.parse(text.data(), text.size(), true).get(root);
  if (error == simdjson::DEPTH_ERROR) return impl.Fail(StrCat("nested deeper than ", kMaxDepth));
  if (error != simdjson::SUCCESS) return impl.Fail(StrCat("not JSON: ", simdjson::error_message(error)));
  impl.nodes.resize(1);
  TRY(impl.Build(root, 0));
  return std::unique_ptr<const Document>(std::move(document));
}

Value Document::root() const { return {this, impl_->nodes.data()}; }

Type Value::type() const { return node_->type; }

Error Value::Fail(std::string_view what) const {
  return document_->impl_->Fail(node_->key.empty() ? std::string(what)
                                                   : StrCat("member \"", node_->key, "\": ", what));
}

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
  out.reserve(node_->child_count);
  for (const Node& element : document_->impl_->ChildrenOf(*node_)) out.push_back(Value(document_, &element));
  return out;
}

Result<std::vector<std::pair<std::string_view, Value>>> Value::Members() const {
  if (node_->type != Type::kObject) return Fail("expected an object");
  std::vector<std::pair<std::string_view, Value>> out;
  out.reserve(node_->child_count);
  for (const Node& member : document_->impl_->ChildrenOf(*node_))
    out.emplace_back(member.key, Value(document_, &member));
  return out;
}

std::optional<Value> Value::Find(std::string_view key) const {
  if (node_->type != Type::kObject) return std::nullopt;
  for (const Node& member : document_->impl_->ChildrenOf(*node_)) {
    if (member.key == key) return Value(document_, &member);
  }
  return std::nullopt;
}

Result<Value> Value::Get(std::string_view key) const {
  if (node_->type != Type::kObject) return Fail(StrCat("expected an object with member \"", key, "\""));
  if (auto value = Find(key)) return *value;
  return Fail(StrCat("member \"", key, "\" is missing"));
}

Result<std::string_view> Value::GetString(std::string_view key) const {
  TRY_ASSIGN(const Value value, Get(key));
  return value.String();
}

Result<uint64_t> Value::GetUnsigned(std::string_view key, uint64_t max) const {
  TRY_ASSIGN(const Value value, Get(key));
  return value.Unsigned(max);
}

Result<bool> Value::GetBool(std::string_view key) const {
  TRY_ASSIGN(const Value value, Get(key));
  return value.Bool();
}

Result<Instant> Value::GetTime(std::string_view key) const {
  TRY_ASSIGN(const Value value, Get(key));
  TRY_ASSIGN(const std::string_view text, value.String());
  const auto at = ParseRfc3339(text);
  if (!at) return value.Fail(StrCat("\"", text, "\" is not a time like 2026-01-31T12:00:00Z"));
  return *at;
}

Result<std::vector<Value>> Value::GetArray(std::string_view key) const {
  TRY_ASSIGN(const Value value, Get(key));
  return value.Array();
}

Result<std::optional<std::string_view>> Value::FindString(std::string_view key) const {
  const auto value = Find(key);
  if (!value) return std::optional<std::string_view>();
  TRY_ASSIGN(const std::string_view text, value->String());
  return std::optional(text);
}

Status Value::AllowOnly(std::initializer_list<std::string_view> keys) const {
  if (node_->type != Type::kObject) return Fail("expected an object");
  for (const Node& member : document_->impl_->ChildrenOf(*node_)) {
    if (std::find(keys.begin(), keys.end(), member.key) == keys.end()) {
      std::string known;
      for (const std::string_view key : keys) known += StrCat(known.empty() ? "" : ", ", key);
      return Fail(StrCat("unknown member \"", member.key, "\"; known: ", known));
    }
  }
  return {};
}

// -- writing --

namespace {

// Printable ASCII but for quote and backslash: most text is nothing else, and goes through as it is.
bool IsPlain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

// Names from certificates may hold any bytes; what is not UTF-8 is shown as replacement characters.
void AppendWithEscapes(std::string& out, std::string_view text) {
  const bool utf8 = simdjson::validate_utf8(text);
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
}

void AppendEscaped(std::string& out, std::string_view text) {
  out += '"';
  if (std::all_of(text.begin(), text.end(), IsPlain)) {
    out += text;
  } else {
    AppendWithEscapes(out, text);
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

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text); }

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
Writer& Writer::Bool(bool value) { return Raw(value ? "true" : "false"); }
Writer& Writer::Null() { return Raw("null"); }
Writer& Writer::Raw(std::string_view json) {
  Separate();
  *out_ += json;
  return *this;
}

}  // namespace thimble::json
