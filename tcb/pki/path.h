// SPDX-License-Identifier: Apache-2.0
//
// Paths of certificates that end in a pinned root (RFC 5280 section 6; spec/certificates.md). A path says nothing of the
// time that is judged, of revocation, or of what its leaf may be used for: its window and its leaf are the caller's to ask.
// Nothing is fetched: who issued what has to be at hand.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/signature_memo.h"

namespace thimble {

// A root is one by its key; a certificate of it has to have signed itself, unless it is one of `certificates`.
struct PathRoot {
  std::string name;
  Digest256 spki_sha256;
  bool extra = false;  // the operator's
  std::vector<Digest256> certificates =
      {};  // SHA-256 of DER: trusted as they are, also if another CA issued them
};

struct CertificatePath {
  std::vector<CertificatePtr> certificates;  // leaf first, root last
  const PathRoot* root = nullptr;            // nullptr: a path as supplied, that nobody was asked about
  Validity window;                           // the intersection of theirs
};

inline constexpr size_t kMaxPathCertificates = 8, kMaxPathPool = 64;

// Why `issuer` did not issue `subject`, with so many CAs (that are not self-issued) between it and the leaf: names, key
// identifiers, basic constraints, path length, key usage, signature. Empty: it did. One that constrains names did not.
std::string IssuerProblem(const Certificate& subject, const Certificate& issuer, size_t cas_below,
                          SignatureMemo* memo = nullptr);

// The chain as supplied, all of it, in its order: each is issued by the next, and one that names itself as issuer has
// signed itself; constraints on names of hosts are held against all below (name_constraints.h). At least one certificate.
// Rejected, with `check`.
Result<CertificatePath> CheckPath(std::span<const CertificatePtr> chain, Check check,
                                  SignatureMemo* memo = nullptr);

// A path from `leaf` to one of `roots` by certificates of `pool`, in any order there, with what does not belong to it left
// out. Where two lead on, one that is valid `at` is taken first. Rejected, with `check`.
Result<CertificatePath> BuildPath(const CertificatePtr& leaf, std::span<const CertificatePtr> pool,
                                  std::span<const PathRoot> roots, Instant at, Check check,
                                  SignatureMemo* memo = nullptr);

}  // namespace thimble
