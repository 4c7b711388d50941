// SPDX-License-Identifier: Apache-2.0
//
// did:x509 identifiers (version 0): a CA's fingerprint, and predicates that a leaf under it has to meet
// (spec/azure-containers.md section 4). Here is what an identifier says; resolve.h holds a chain against it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tcb/base/result.h"

namespace thimble::didx509 {

enum class PredicateKind : uint8_t { kEku, kSubject, kSan, kFulcioIssuer };
enum class SanKind : uint8_t { kEmail, kDns, kUri };

struct Attribute {
  Bytes oid;  // content bytes
  std::string value;
};

struct Predicate {
  PredicateKind kind{};
  Bytes oid;                          // kEku: content bytes
  std::vector<Attribute> attributes;  // kSubject: all of them, each once
  SanKind san{};                      // kSan
  std::string value;                  // kSan; kFulcioIssuer: the whole "https://..."
};

struct Did {
  HashAlgorithm hash{};
  Bytes fingerprint;
  std::vector<Predicate> predicates;  // one at least
};

inline constexpr size_t kMaxLength = 4096, kMaxPredicates = 16;

// A fragment is cut off. Rejected with `check`: a path or query, another method or version, a fingerprint that is none, no
// predicate, one of another name, or one that does not say what it has to.
Result<Did> ParseDid(std::string_view text, Check check);

}  // namespace thimble::didx509
