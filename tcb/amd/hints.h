// SPDX-License-Identifier: Apache-2.0
//
// What lies beside a report, unsigned: the host's certificate table, a caller's endorsements, an answer of Azure's
// THIM, files of a directory. Hints are not evidence: one that cannot be read, or that is not this report's, is
// dropped and named, and what is missing then is sought elsewhere. Internal to tcb/amd, but for Hint and BroughtCrl.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/amd/chain.h"
#include "tcb/amd/endorsement.h"
#include "tcb/amd/report.h"
#include "tcb/verdict.h"

namespace thimble::amd {

// Bytes as they were brought: certificates or CRLs in PEM, one of either in DER, or a THIM document. They are
// recognised by what they are; `name` is for people ("endorsements[1]", "ask.pem").
struct Hint {
  std::string name;
  Bytes bytes;
};

struct CertificateHint {
  std::string name;
  CertificatePtr certificate;
};
// A CRL that nobody vouches for: it may revoke, and never stands for the CRL that a policy requires.
struct BroughtCrl {
  std::string name;
  BroughtBy by;
  CrlPtr crl;
};

// Hints that could be read, each once, in the order of their coming, and why the others could not.
struct Hints {
  std::vector<CertificateHint> certificates;
  std::vector<BroughtCrl> crls;
  std::vector<std::string> dropped;  // "certificate table, entry 1 (vcek): REPORTED_TCB: ..."

  // What is empty or all zero counts as absent.
  void Add(std::string_view name, ByteView bytes, BroughtBy by);
  void Drop(std::string_view name, std::string_view why);
};

// What a leaf has to fit.
struct LeafWanted {
  const SnpClaims& claims;
  std::optional<Product> product;  // of the report, where it is known
  Instant at;
};
struct LeafHint {
  std::string name;
  CertificatePtr certificate;
  Endorsement endorsement;
};
// The leaves of this kind of key, chip, TCB and product, whose window holds if another one can be sought. Drops the
// others.
std::vector<LeafHint> FittingLeaves(Hints& hints, const LeafWanted& wanted);

// What a chain has to fit.
struct IssuersWanted {
  SigningKey kind;
  std::optional<Product> product;
  Instant at;
  const TrustAnchors& anchors;
  SignatureMemo* memo;  // may be null
};
struct IssuersHint {
  CertificatePtr intermediate, root;
  Issuers issuers;
};
// The first ASK or ASVK that, with an ARK beside it, is an anchored issuer of such leaves. Drops the others.
std::optional<IssuersHint> ChooseIssuers(Hints& hints, const IssuersWanted& wanted);

// Whether the intermediate issued the leaf: profile and signature.
Status CheckIssued(const Certificate& leaf, const Certificate& intermediate, SignatureMemo* memo);
// The leaf that the intermediate issued; of several, the one whose key signed the report. Drops what it did not issue.
std::optional<LeafHint> ChooseLeaf(const std::vector<LeafHint>& leaves, const Certificate& intermediate,
                                   const Report& report, SignatureMemo* memo, Hints& hints);

}  // namespace thimble::amd
