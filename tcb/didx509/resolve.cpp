// SPDX-License-Identifier: Apache-2.0
#include "tcb/didx509/resolve.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/didx509/names.h"
#include "tcb/pki/path.h"
#include "tcb/pki/usages.h"

namespace thimble::didx509 {
namespace {

constexpr uint16_t kKeyAgreement = 1u << 4;

// RFC 5280 to the letter (section 4.2.1.1): each certificate names its issuer's key, and the issuer has that name.
Status CheckKeyIdentifiers(const Chain& chain, Check check) {
  for (size_t i = 0; i + 1 < chain.size(); ++i) {
    if (!chain.at(i)->authority_key_id().empty() && !chain.at(i + 1)->subject_key_id().empty()) continue;
    return Error{ErrorKind::kRejected, check,
                 StrCat("certificate path: \"", chain.at(i)->subject_cn(),
                        "\" does not name its issuer's key, or the issuer has no key identifier")};
  }
  return {};
}

bool MeetsSubject(const Predicate& predicate, const std::vector<Attribute>& subject) {
  return std::ranges::all_of(predicate.attributes, [&](const Attribute& wanted) {
    return std::ranges::any_of(subject, [&](const Attribute& found) {
      return found.oid == wanted.oid && found.value == wanted.value;
    });
  });
}

struct Leaf {
  std::vector<ByteView> usages;
  std::vector<AlternativeName> names;
  std::vector<Attribute> subject;
  std::optional<std::string> fulcio_issuer;
};

// What is not met, or nullptr.
const char* PredicateProblem(const Predicate& predicate, const Leaf& leaf) {
  switch (predicate.kind) {
    case PredicateKind::kEku:
      return std::ranges::any_of(leaf.usages, [&](ByteView usage) { return Equal(usage, predicate.oid); })
                 ? nullptr
                 : "its extended key usages lack the one of eku";
    case PredicateKind::kSubject:
      return MeetsSubject(predicate, leaf.subject) ? nullptr : "its subject is another";
    case PredicateKind::kSan: {
      const bool found = std::ranges::any_of(leaf.names, [&](const AlternativeName& name) {
        return name.kind == predicate.san && name.value == predicate.value;
      });
      return found ? nullptr : "its subject alternative names lack the one of san";
    }
    case PredicateKind::kFulcioIssuer:
      return leaf.fulcio_issuer == predicate.value ? nullptr : "its Fulcio issuer is another, or none";
  }
  return "a predicate that is not known";
}

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// Everything that predicates may ask for has to be readable, also what this identifier does not ask for.
Result<Leaf> ReadLeaf(const Certificate& certificate, Check check) {
  auto usages = ExtendedKeyUsages(certificate);
  auto names = AlternativeNames(certificate);
  auto subject = SubjectAttributes(certificate);
  if (!usages) return Rejected(check, "leaf: its extended key usages cannot be read");
  if (!names) return Rejected(check, "leaf: a subject alternative name is of a type that is not known");
  if (!subject) return Rejected(check, "leaf: an attribute is in its subject twice");
  return Leaf{*std::move(usages), *std::move(names), *std::move(subject), FulcioIssuer(certificate)};
}

}  // namespace

Status VerifyPath(const Chain& chain, SignatureMemo* memo, Check check) {
  if (chain.size() < kMinChain || chain.size() > kMaxChain) {
    return Rejected(check, StrCat("chain: ", chain.size(), " certificates, from ", kMinChain, " to ",
                                  kMaxChain, " are a path"));
  }
  TRY(CheckPath(chain, check, memo));
  return CheckKeyIdentifiers(chain, check);
}

Status Match(const Did& did, const Chain& path, Check check) {
  const bool found = std::any_of(path.begin() + 1, path.end(), [&](const CertificatePtr& certificate) {
    return DigestOf(did.hash, certificate->der()) == did.fingerprint;
  });
  if (!found) return Rejected(check, "did:x509: no CA of the path has the fingerprint that it names");
  const Certificate& certificate = *path.front();
  TRY_ASSIGN(const Leaf leaf, ReadLeaf(certificate, check));
  for (const Predicate& predicate : did.predicates) {
    if (const char* problem = PredicateProblem(predicate, leaf))
      return Rejected(check, StrCat("leaf (", certificate.subject_cn(), "): ", problem));
  }
  const auto usage = certificate.key_usage();
  if (usage && (*usage & (kDigitalSignature | kKeyAgreement)) == 0)
    return Rejected(check, "leaf: its key usage has neither digitalSignature nor keyAgreement");
  return {};
}

}  // namespace thimble::didx509
