// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy/canonical_policy.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/digest.h"
#include "tcb/policy/members.h"

namespace thimble {
namespace {

using json::Value;

Error Wrong(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, StrCat("canonical policy: ", what)};
}

// -- Words ------------------------------------------------------------------------------------------------------------

Status Take(std::string_view text, std::string& out) {
  out = text;
  return {};
}

template <class T>
Status TakeKnown(std::string_view text, const std::optional<T>& found, T& out) {
  if (!found) return Wrong(StrCat("unknown word \"", text, "\""));
  out = *found;
  return {};
}

Status Take(std::string_view text, TcbStatus& out) { return TakeKnown(text, TcbStatusFromName(text), out); }
Status Take(std::string_view text, CallerCollateral& out) {
  return TakeKnown(text, CallerCollateralFromName(text), out);
}
Status Take(std::string_view text, amd::Cpus& out) { return TakeKnown(text, amd::Cpus::FromName(text), out); }
Status Take(std::string_view text, Instant& out) { return TakeKnown(text, ParseRfc3339(text), out); }
Status Take(std::string_view text, Bytes& out) { return TakeKnown(text, FromHex(text), out); }
template <class Tag, size_t N>
Status Take(std::string_view text, FixedBytes<Tag, N>& out) {
  return TakeKnown(text, FixedBytes<Tag, N>::FromHex(text), out);
}

template <class Enum, class NameOf>
Status TakeNamed(std::string_view text, std::initializer_list<Enum> all, const NameOf& name_of, Enum& out) {
  const auto found = std::ranges::find_if(all, [&](Enum value) { return name_of(value) == text; });
  return TakeKnown(text, found == all.end() ? std::nullopt : std::optional(*found), out);
}
Status Take(std::string_view text, EvidenceClass& out) {
  return TakeNamed(text,
                   {EvidenceClass::kSgx, EvidenceClass::kTdx10, EvidenceClass::kTdx15, EvidenceClass::kSnp,
                    EvidenceClass::kOpenEnclave, EvidenceClass::kTpm, EvidenceClass::kVbs},
                   EvidenceClassName, out);
}
Status Take(std::string_view text, intel::SgxType& out) {
  return TakeNamed(
      text, {intel::SgxType::kStandard, intel::SgxType::kScalable, intel::SgxType::kScalableWithIntegrity},
      intel::SgxTypeName, out);
}
Status Take(std::string_view text, AmdCrlMode& out) {
  return TakeKnown(text,
                   text == "require"        ? std::optional(AmdCrlMode::kRequire)
                   : text == "if_available" ? std::optional(AmdCrlMode::kIfAvailable)
                   : text == "off"          ? std::optional(AmdCrlMode::kOff)
                                            : std::nullopt,
                   out);
}
Status Take(std::string_view text, AmdFloorMode& out) {
  return TakeKnown(text,
                   text == "require"    ? std::optional(AmdFloorMode::kRequire)
                   : text == "complete" ? std::optional(AmdFloorMode::kComplete)
                   : text == "if_known" ? std::optional(AmdFloorMode::kIfKnown)
                                        : std::nullopt,
                   out);
}
template <std::unsigned_integral N>
Status Take(std::string_view text, N& out) {  // a key of a map
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), out);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size() ? Status() : Wrong("no number");
}

struct AnyVisit {
  void operator()(std::string_view, auto&) const {}
};
template <class Struct>
concept HasMembers = !std::same_as<Struct, Policy> && requires(Struct & object) {
  policy::ForEachMember(object, AnyVisit{});
};

// -- Values -----------------------------------------------------------------------------------------------------------

template <class Word>
requires requires(Word& out) {
  Take(std::string_view(), out);
} &&(!std::unsigned_integral<Word>)Status Read(const Value& value, Word& out) {
  TRY_ASSIGN(const std::string_view text, value.String());
  return Take(text, out);
}

Status Read(const Value& value, bool& out) {
  TRY_ASSIGN(out, value.Bool());
  return {};
}

template <std::unsigned_integral N>
Status Read(const Value& value, N& out) {
  TRY_ASSIGN(const uint64_t number, value.Unsigned(std::numeric_limits<N>::max()));
  out = static_cast<N>(number);
  return {};
}

Status Read(const Value& value, Seconds& out) {
  TRY_ASSIGN(const uint64_t number, value.Unsigned(static_cast<uint64_t>(Seconds::max().count())));
  out = Seconds(static_cast<int64_t>(number));
  return {};
}

template <size_t N>
Status Read(const Value& value, BitPattern<N>& out) {
  for (const auto& [key, bytes] : {std::pair("value", &out.value), std::pair("mask", &out.mask)}) {
    TRY_ASSIGN(const std::string_view hex, value.GetString(key));
    const auto read = FromHex(hex);
    if (!read || read->size() != N) return Wrong(StrCat(key, ": not ", N, " bytes"));
    std::ranges::copy(*read, bytes->begin());
  }
  return {};
}

template <HasMembers Struct>
Status Read(const Value& value, Struct& out);
template <class T>
Status Read(const Value& value, std::optional<T>& out);
template <class T>
requires(!std::same_as<T, uint8_t>) Status Read(const Value& value, std::vector<T>& out);
template <class T>
Status Read(const Value& value, std::set<T>& out);
template <class Key, class T>
Status Read(const Value& value, std::map<Key, T>& out);

// amd::Cpus has no default: any will do until it is read.
template <class T>
T Blank() {
  if constexpr (std::same_as<T, amd::Cpus>) {
    return amd::Cpus(amd::Product::kMilan);
  } else {
    return T{};
  }
}

template <class T>
Status Read(const Value& value, std::optional<T>& out) {
  out.reset();
  return value.IsNull() ? Status() : Read(value, out.emplace());
}

template <class T>
requires(!std::same_as<T, uint8_t>) Status Read(const Value& value, std::vector<T>& out) {
  out.clear();
  TRY_ASSIGN(const auto entries, value.Array());
  for (const Value& entry : entries) TRY(Read(entry, out.emplace_back(Blank<T>())));
  return {};
}

template <class T>
Status Read(const Value& value, std::set<T>& out) {
  std::vector<T> list;
  TRY(Read(value, list));
  out = {list.begin(), list.end()};
  return {};
}

template <class Key, class T>
Status Read(const Value& value, std::map<Key, T>& out) {
  out.clear();
  TRY_ASSIGN(const auto members, value.Members());
  for (const auto& [name, entry] : members) {
    Key key = Blank<Key>();
    TRY(Take(name, key));
    TRY(Read(entry, out[key]));
  }
  return {};
}

template <HasMembers Struct>
Status Read(const Value& value, Struct& out) {
  Status status;
  policy::ForEachMember(out, [&](std::string_view name, auto& member) {
    if (!status) return;
    const auto found = value.Get(name);
    status = found ? Read(*found, member) : Status(found.error());
  });
  return status;
}

// What a policy is called is no part of the text.
Status ReadRules(const Value& value, Policy& out) {
  Status status;
  policy::ForEachMember(out, [&]<class Member>(std::string_view name, Member& member) {
    if constexpr (!std::same_as<Member, decltype(Policy::overrides)>) {
      if (!status || name == "id" || name == "sha256") return;
      const auto found = value.Get(name);
      status = found ? Read(*found, member) : Status(found.error());
    }
  });
  return status;
}

}  // namespace

Result<Policy> ReadCanonicalPolicy(std::string_view text, std::string_view id) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "canonical policy", ErrorKind::kMalformed, Check::kPolicyFormat));
  Policy policy;
  policy.id = id;
  TRY(ReadRules(document->root(), policy));
  TRY_ASSIGN(const Value overrides, document->root().Get("overrides"));
  TRY_ASSIGN(const auto members, overrides.Members());
  for (const auto& [name, rules] : members) {
    EvidenceClass evidence{};
    TRY(Take(name, evidence));
    auto special = std::make_shared<Policy>();
    special->id = id;
    TRY(ReadRules(rules, *special));
    policy.overrides[evidence] = std::move(special);
  }
  policy.sha256 = PolicyDigest(policy);
  if (CanonicalPolicy(policy) != text) return Wrong("it is not of this version of Thimble");
  return policy;
}

}  // namespace thimble
