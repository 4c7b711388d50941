// SPDX-License-Identifier: Apache-2.0
#include "tcb/didx509/did.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::didx509 {
namespace {

std::vector<std::string_view> Split(std::string_view text, std::string_view by) {
  std::vector<std::string_view> out;
  while (true) {
    const size_t at = text.find(by);
    out.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + by.size());
  }
}

// Letters, digits, "-._" and %XX (DID Core, idchar); UTF-8, not empty.
std::optional<std::string> Decoded(std::string_view text) {
  const bool plain = std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '%';
  });
  auto decoded = plain && !text.empty() ? PercentDecode(text) : std::nullopt;
  return decoded && json::IsUtf8(*decoded) ? decoded : std::nullopt;
}

std::optional<uint32_t> Arc(std::string_view text) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && (text.size() == 1 || text.front() != '0') ? std::optional(number) : std::nullopt;
}

void AppendArc(uint64_t arc, Bytes& out) {
  Bytes reversed = {static_cast<uint8_t>(arc & 0x7f)};
  while ((arc >>= 7) != 0) reversed.push_back(static_cast<uint8_t>(0x80 | (arc & 0x7f)));
  out.insert(out.end(), reversed.rbegin(), reversed.rend());
}

// "1.3.6.1" as the content bytes of an OBJECT IDENTIFIER (X.690 section 8.19).
std::optional<Bytes> OidFromText(std::string_view text) {
  std::vector<uint32_t> arcs;
  for (const std::string_view part : Split(text, ".")) {
    const auto arc = Arc(part);
    if (!arc) return std::nullopt;
    arcs.push_back(*arc);
  }
  if (arcs.size() < 2 || arcs[0] > 2 || (arcs[0] < 2 && arcs[1] > 39)) return std::nullopt;
  Bytes out;
  AppendArc(uint64_t{40} * arcs[0] + arcs[1], out);
  for (size_t i = 2; i < arcs.size(); ++i) AppendArc(arcs.at(i), out);
  return out;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNamedAttributes = {
    {{"CN", "2.5.4.3"},
     {"L", "2.5.4.7"},
     {"ST", "2.5.4.8"},
     {"O", "2.5.4.10"},
     {"OU", "2.5.4.11"},
     {"C", "2.5.4.6"},
     {"STREET", "2.5.4.9"}}};

std::optional<Bytes> AttributeOid(std::string_view key) {
  for (const auto& [name, oid] : kNamedAttributes) {
    if (key == name) return OidFromText(oid);
  }
  return OidFromText(key);
}

// Each reads what stands behind the predicate's name; what is wrong, or nullptr.
const char* ReadEku(std::string_view value, Predicate& out) {
  auto oid = OidFromText(value);
  if (!oid) return "eku: is no OID";
  out.oid = *std::move(oid);
  return nullptr;
}

const char* ReadSubject(std::string_view value, Predicate& out) {
  const auto parts = Split(value, ":");
  if (parts.size() % 2 != 0) return "subject: is no list of key and value";
  for (size_t i = 0; i < parts.size(); i += 2) {
    auto oid = AttributeOid(parts.at(i));
    auto wanted = Decoded(parts.at(i + 1));
    if (!oid) return "subject: a key is not known";
    if (!wanted) return "subject: a value is not percent-encoded text";
    const bool twice = std::ranges::any_of(out.attributes, [&](const Attribute& a) { return a.oid == *oid; });
    if (twice) return "subject: a key is there twice";
    out.attributes.push_back({*std::move(oid), *std::move(wanted)});
  }
  return nullptr;
}

const char* ReadSan(std::string_view value, Predicate& out) {
  const auto parts = Split(value, ":");
  if (parts.size() != 2) return "san: is not one type and one value";
  auto wanted = Decoded(parts.at(1));
  if (!wanted) return "san: the value is not percent-encoded text";
  out.value = *std::move(wanted);
  constexpr std::array<std::pair<std::string_view, SanKind>, 3> kKinds = {
      {{"email", SanKind::kEmail}, {"dns", SanKind::kDns}, {"uri", SanKind::kUri}}};
  for (const auto& [name, kind] : kKinds) {
    if (parts.at(0) != name) continue;
    out.san = kind;
    return nullptr;
  }
  return "san: the type is none of email, dns, uri";
}

const char* ReadFulcioIssuer(std::string_view value, Predicate& out) {
  const auto host = Decoded(value);
  if (!host) return "fulcio-issuer: is not percent-encoded text";
  out.value = StrCat("https://", *host);
  return nullptr;
}

const char* ReadPredicate(std::string_view text, Predicate& out) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return "a predicate has no value";
  const std::string_view name = text.substr(0, colon), value = text.substr(colon + 1);
  struct Row {
    std::string_view name;
    PredicateKind kind;
    const char* (*read)(std::string_view, Predicate&);
  };
  constexpr std::array<Row, 4> kRows = {{{"eku", PredicateKind::kEku, ReadEku},
                                         {"subject", PredicateKind::kSubject, ReadSubject},
                                         {"san", PredicateKind::kSan, ReadSan},
                                         {"fulcio-issuer", PredicateKind::kFulcioIssuer, ReadFulcioIssuer}}};
  for (const Row& row : kRows) {
    if (row.name != name) continue;
    out.kind = row.kind;
    return row.read(value, out);
  }
  return "a predicate of a name that is not known";
}

// "did:x509:0:<algorithm>:<fingerprint>"
const char* ReadPrefix(std::string_view prefix, Did& out) {
  const auto parts = Split(prefix, ":");
  if (parts.size() != 5 || parts.at(0) != "did" || parts.at(1) != "x509" || parts.at(2) != "0")
    return "does not begin with did:x509:0, an algorithm and a fingerprint";
  constexpr std::array<std::pair<std::string_view, HashAlgorithm>, 3> kHashes = {
      {{"sha256", HashAlgorithm::kSha256},
       {"sha384", HashAlgorithm::kSha384},
       {"sha512", HashAlgorithm::kSha512}}};
  const auto* const hash =
      std::ranges::find_if(kHashes, [&](const auto& each) { return each.first == parts.at(3); });
  if (hash == kHashes.end()) return "the fingerprint's algorithm is none of sha256, sha384, sha512";
  out.hash = hash->second;
  const std::string_view text = parts.at(4);
  auto fingerprint = text.find_first_of("+/=") == std::string_view::npos ? FromBase64(text) : std::nullopt;
  if (!fingerprint || fingerprint->size() != DigestOf(out.hash, {}).size())
    return "the fingerprint is no base64url of a digest of its algorithm";
  out.fingerprint = *std::move(fingerprint);
  return nullptr;
}

const char* Read(std::string_view text, Did& out) {
  if (text.size() > kMaxLength) return "is longer than 4096 characters";
  text = text.substr(0, text.find('#'));
  if (text.find_first_of("/?") != std::string_view::npos) return "has a path or query";
  const auto parts = Split(text, "::");
  if (const char* problem = ReadPrefix(parts.front(), out)) return problem;
  if (parts.size() == 1) return "has no predicate";
  if (parts.size() > 1 + kMaxPredicates) return "has more than 16 predicates";
  for (size_t i = 1; i < parts.size(); ++i) {
    if (const char* problem = ReadPredicate(parts.at(i), out.predicates.emplace_back())) return problem;
  }
  return nullptr;
}

}  // namespace

Result<Did> ParseDid(std::string_view text, Check check) {
  Did out;
  if (const char* problem = Read(text, out))
    return Error{ErrorKind::kRejected, check, StrCat("did:x509: ", problem)};
  return out;
}

}  // namespace thimble::didx509
