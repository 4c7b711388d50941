// SPDX-License-Identifier: Apache-2.0
//
// Reading TOML tables by the keys they may have: what is unknown or of another form is refused, with its line. The
// header of toml++ is heavy: only config.cpp, floors.cpp and policy_toml.cpp include this one.
#pragma once

#include <toml++/toml.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/base/text.h"
#include "tcb/base/time.h"
#include "tcb/check.h"

namespace thimble {

// The file being read: gives errors their place.
class TomlReader {
 public:
  explicit TomlReader(std::string_view file_name) : file_name_(file_name) {}

  Error Fail(const toml::node& node, std::string_view what) const {
    return FailAt(node.source().begin.line, what);
  }
  Error FailAt(unsigned line, std::string_view what) const {
    return {ErrorKind::kMalformed, Check::kRequest, StrCat(file_name_, ":", line, ": ", what)};
  }

 private:
  std::string_view file_name_;
};

inline Result<toml::table> ParseToml(std::string_view text, const TomlReader& reader) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return reader.FailAt(error.source().begin.line, error.description());
  }
}

// A key that a table may have, and what is done with its value.
struct TomlKey {
  std::string_view name;
  std::function<Status(const toml::node&)> read;
};

// Keys are read in alphabetical order, whatever their order in the file. The top of a file has no name.
inline Status ReadTable(const TomlReader& reader, const toml::node& node, std::string_view name,
                        const std::vector<TomlKey>& keys) {
  const toml::table* table = node.as_table();
  if (table == nullptr) return reader.Fail(node, StrCat(name, " must be a table, [", name, "]"));
  for (const auto& [found, value] : *table) {
    const std::string_view wanted = found.str();  // clang 14 captures no structured binding
    const auto key =
        std::find_if(keys.begin(), keys.end(), [&](const TomlKey& k) { return k.name == wanted; });
    if (key == keys.end()) {
      std::string known;
      for (const TomlKey& k : keys) known += StrCat(known.empty() ? "" : ", ", k.name);
      const std::string where = name.empty() ? "section" : StrCat("key in [", name, "]");
      return reader.FailAt(found.source().begin.line,
                           StrCat("unknown ", where, ": ", found.str(), "; known: ", known));
    }
    TRY(key->read(value));
  }
  return {};
}

// Text that `parse` turns into a value, or refuses.
template <class T, class Parse>
Result<T> ReadText(const TomlReader& reader, const toml::node& node, std::string_view name,
                   const Parse& parse, std::string_view wanted) {
  const auto text = node.value_exact<std::string>();
  if (text) {
    if (auto value = parse(std::string_view(*text))) return T(*std::move(value));
  }
  return reader.Fail(node, StrCat(name, " must be ", wanted));
}

template <class N>
Result<N> ReadNumber(const TomlReader& reader, const toml::node& node, std::string_view name,
                     N max = std::numeric_limits<N>::max()) {
  const auto value = node.value_exact<int64_t>();
  if (!value || *value < 0 || static_cast<uint64_t>(*value) > max) {
    return reader.Fail(node, StrCat(name, " must be a whole number from 0 to ", max));
  }
  return static_cast<N>(*value);
}

// The target may be a value, an optional or, for lists, a vector.
template <class Target>
TomlKey TextKey(const TomlReader& reader, std::string_view name, Target& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto value = node.value_exact<std::string>();
            if (!value) return reader.Fail(node, StrCat(name, " must be text in quotes"));
            out = *value;
            return {};
          }};
}

template <class Target>
TomlKey BoolKey(const TomlReader& reader, std::string_view name, Target& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            const auto value = node.value_exact<bool>();
            if (!value) return reader.Fail(node, StrCat(name, " must be true or false"));
            out = *value;
            return {};
          }};
}

template <class N>
TomlKey NumberKey(const TomlReader& reader, std::string_view name, N& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            TRY_ASSIGN(out, ReadNumber<N>(reader, node, name));
            return {};
          }};
}
template <class N>
TomlKey NumberKey(const TomlReader& reader, std::string_view name, std::optional<N>& out) {
  return {name, [&reader, name, &out](const toml::node& node) -> Status {
            TRY_ASSIGN(out, ReadNumber<N>(reader, node, name));
            return {};
          }};
}

template <class Target, class Parse>
TomlKey ParsedKey(const TomlReader& reader, std::string_view name, Target& out, Parse parse,
                  std::string_view wanted) {
  return {name, [&reader, name, &out, parse, wanted](const toml::node& node) -> Status {
            TRY_ASSIGN(out, ReadText<Target>(reader, node, name, parse, wanted));
            return {};
          }};
}

template <class Target>
TomlKey DurationKey(const TomlReader& reader, std::string_view name, Target& out) {
  return ParsedKey(reader, name, out, ParseDuration,
                   "a duration with its unit: \"90s\", \"15m\", \"24h\", \"7d\"");
}

template <class T, class Parse>
TomlKey ListKey(const TomlReader& reader, std::string_view name, std::vector<T>& out, Parse parse,
                std::string_view wanted) {
  return {name, [&reader, name, &out, parse, wanted](const toml::node& node) -> Status {
            const std::string list_of = StrCat("a list of ", wanted);
            const toml::array* list = node.as_array();
            if (list == nullptr) return reader.Fail(node, StrCat(name, " must be ", list_of));
            out.clear();
            for (const toml::node& entry : *list) {
              TRY_ASSIGN(T value, ReadText<T>(reader, entry, name, parse, list_of));
              out.push_back(std::move(value));
            }
            return {};
          }};
}

}  // namespace thimble
