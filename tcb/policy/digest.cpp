// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/digest.h"

#include <algorithm>

#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/policy/members.h"

namespace thimble {
namespace {

std::string_view NameOf(TcbStatus status) { return TcbStatusName(status); }
std::string_view NameOf(EvidenceClass evidence) { return EvidenceClassName(evidence); }
std::string_view NameOf(intel::SgxType type) { return intel::SgxTypeName(type); }
std::string_view NameOf(const amd::Cpus& cpus) { return cpus.name(); }

std::string_view NameOf(CallerCollateral mode) { return CallerCollateralName(mode); }

std::string_view NameOf(AmdCrlMode mode) {
  switch (mode) {
    case AmdCrlMode::kRequire:
      return "require";
    case AmdCrlMode::kIfAvailable:
      return "if_available";
    case AmdCrlMode::kOff:
      break;
  }
  return "off";
}

std::string_view NameOf(AmdFloorMode mode) {
  switch (mode) {
    case AmdFloorMode::kRequire:
      return "require";
    case AmdFloorMode::kComplete:
      return "complete";
    case AmdFloorMode::kIfKnown:
      break;
  }
  return "if_known";
}

// Keys of maps, too.
template <std::unsigned_integral N>
std::string NameOf(N key) {
  return std::to_string(key);
}

// Text() makes JSON of each type that a policy has; a type that it does not know does not compile.
struct Canonical {
  static std::string Text(bool value) { return value ? "true" : "false"; }
  template <std::unsigned_integral N>
  static std::string Text(N value) {
    return std::to_string(value);
  }
  static std::string Text(Seconds value) { return std::to_string(value.count()); }
  static std::string Text(Instant value) { return json::Escape(FormatRfc3339(value)); }
  static std::string Text(const std::string& value) { return json::Escape(value); }
  static std::string Text(const Bytes& value) { return json::Escape(HexLower(value)); }
  template <class Tag, size_t N>
  static std::string Text(const FixedBytes<Tag, N>& value) {
    return json::Escape(value.hex());
  }
  template <class Named>
  requires requires(const Named& value) {
    NameOf(value);
  } &&(!std::unsigned_integral<Named>)static std::string Text(const Named& value) {
    return json::Escape(NameOf(value));
  }
  template <size_t N>
  static std::string Text(const BitPattern<N>& pattern) {
    std::string out;
    json::Writer writer(&out);
    writer.BeginObject();
    writer.Key("value").Hex(pattern.value);
    writer.Key("mask").Hex(pattern.mask);
    writer.EndObject();
    return out;
  }
  template <class T>
  static std::string Text(const std::optional<T>& value) {
    return value ? Text(*value) : "null";
  }
  template <class T>
  static std::string Text(const std::vector<T>& list) {
    return Sorted(list);
  }
  template <class T>
  static std::string Text(const std::set<T>& list) {
    return Sorted(list);
  }
  template <class Key, class T>
  static std::string Text(const std::map<Key, T>& map) {
    std::string out;
    json::Writer writer(&out);
    writer.BeginObject();
    for (const auto& [key, value] : map) writer.Key(KeyOf(key)).Raw(Text(value));
    writer.EndObject();
    return out;
  }
  template <class Struct>
  requires requires(const Struct& value) {
    policy::ForEachMember(value, [](auto, const auto&) {});
  }
  static std::string Text(const Struct& value) {
    std::string out;
    json::Writer writer(&out);
    writer.BeginObject();
    policy::ForEachMember(
        value, [&](std::string_view name, const auto& member) { writer.Key(name).Raw(Text(member)); });
    writer.EndObject();
    return out;
  }

 private:
  template <class Key>
  static std::string KeyOf(const Key& key) {
    if constexpr (std::unsigned_integral<Key>) {
      return std::to_string(key);
    } else {
      return std::string(NameOf(key));
    }
  }
  template <class List>
  static std::string Sorted(const List& list) {
    std::vector<std::string> texts;
    for (const auto& entry : list) texts.push_back(Text(entry));
    std::ranges::sort(texts);
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    std::string out;
    json::Writer writer(&out);
    writer.BeginArray();
    for (const std::string& text : texts) writer.Raw(text);
    writer.EndArray();
    return out;
  }
};

// What a policy is called is no part of what it says.
bool IsLabel(std::string_view name) { return name == "id" || name == "sha256"; }

std::string TextOf(const Policy& policy, const std::string& overrides) {
  std::string out;
  json::Writer writer(&out);
  writer.BeginObject();
  writer.Key("format").Unsigned(kPolicyFormat);
  policy::ForEachMember(policy, [&]<class Member>(std::string_view name, const Member& member) {
    if constexpr (!std::same_as<Member, decltype(Policy::overrides)>) {
      if (!IsLabel(name)) writer.Key(name).Raw(Canonical::Text(member));
    }
  });
  writer.Key("overrides").Raw(overrides);
  writer.EndObject();
  return out;
}

// One that says the same as the policy around it overrides nothing.
std::string OverridesOf(const Policy& policy) {
  const std::string around = TextOf(policy, "{}");
  std::string out;
  json::Writer writer(&out);
  writer.BeginObject();
  for (const auto& [evidence, special] : policy.overrides) {
    if (const std::string text = TextOf(*special, "{}"); text != around)
      writer.Key(NameOf(evidence)).Raw(text);
  }
  writer.EndObject();
  return out;
}

}  // namespace

std::string CanonicalPolicy(const Policy& policy) { return TextOf(policy, OverridesOf(policy)); }

Digest256 PolicyDigest(const Policy& policy) { return Sha256(AsBytes(CanonicalPolicy(policy))); }

}  // namespace thimble
