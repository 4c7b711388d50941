// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/path.h"

#include <algorithm>
#include <utility>

#include "tcb/base/text.h"
#include "tcb/pki/name_constraints.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {

// What a pool of certificates that name each other could cost at most.
constexpr size_t kMaxSignatures = 64;

std::string Quoted(const Certificate& certificate) { return StrCat("\"", certificate.subject_cn(), "\""); }

Validity WindowOf(const std::vector<CertificatePtr>& certificates) {
  Validity window;
  for (const CertificatePtr& certificate : certificates) window = Intersect(window, certificate->validity());
  return window;
}

// A constraint on names restricts all that is below it (RFC 5280 section 4.2.1.10), marked critical or not. It is judged of a
// path as supplied; paths that are sought here lead to roots under which there is none.
bool ConstrainsNames(const Certificate& certificate) {
  return std::ranges::any_of(certificate.extensions(), [](const Extension& extension) {
    return x509::StandardExtensionOf(extension.oid) == x509::kNameConstraints;
  });
}

// All but the signature.
std::string NamingProblem(const Certificate& subject, const Certificate& issuer, size_t cas_below) {
  if (!Equal(subject.issuer(), issuer.subject())) return "names another issuer";
  if (!subject.authority_key_id().empty() && !issuer.subject_key_id().empty() &&
      !Equal(subject.authority_key_id(), issuer.subject_key_id()))
    return "names another key of its issuer";
  if (issuer.is_ca() != true) return StrCat("its issuer ", Quoted(issuer), " is no CA");
  if (issuer.path_length() && *issuer.path_length() < cas_below) {
    return StrCat("its issuer ", Quoted(issuer), " allows ", *issuer.path_length(),
                  " CAs below it, the path has ", cas_below);
  }
  if (!issuer.HasUsage(kKeyCertSign))
    return StrCat("its issuer ", Quoted(issuer), " may not sign certificates");
  return {};
}

std::string UnconstrainedProblem(const Certificate& subject, const Certificate& issuer, size_t cas_below) {
  std::string problem = NamingProblem(subject, issuer, cas_below);
  if (problem.empty() && ConstrainsNames(issuer))
    problem = StrCat("its issuer ", Quoted(issuer), " constrains names");
  return problem;
}

// What `issuer` constrains, of the leaf and of the CAs that are not self-issued.
std::string ConstraintProblem(const std::vector<CertificatePtr>& below, const Certificate& issuer) {
  for (size_t i = 0; i < below.size(); ++i) {
    if (i != 0 && below.at(i)->self_issued()) continue;
    if (const char* problem = NameConstraintProblem(issuer, *below.at(i), i == 0))
      return StrCat("its issuer ", Quoted(issuer), ": ", problem);
  }
  return {};
}

std::string SignatureProblem(const Certificate& subject, const Certificate& issuer, SignatureMemo* memo) {
  if (SignedBy(subject, issuer, memo)) return {};
  return StrCat("its signature does not hold under ", Quoted(issuer));
}

size_t CasBelow(const std::vector<CertificatePtr>& path) {
  return static_cast<size_t>(std::count_if(path.begin() + 1, path.end(),
                                           [](const CertificatePtr& ca) { return !ca->self_issued(); }));
}

// Depth first: a path is short, and a wrong turn ends where no issuer is found.
class PathSearch {
 public:
  PathSearch(std::span<const CertificatePtr> pool, std::span<const PathRoot> roots, Instant at,
             SignatureMemo* memo)
      : pool_(pool), roots_(roots), at_(at), memo_(memo) {}

  // The path that begins so and ends in a root, if there is one.
  const PathRoot* Extend(std::vector<CertificatePtr>& path) {
    if (const PathRoot* root = RootOf(*path.back())) return root;
    if (path.size() == kMaxPathCertificates) return nullptr;
    for (const bool valid : {true, false}) {
      for (const CertificatePtr& candidate : pool_) {
        if (candidate->validity().Contains(at_) != valid || !Continues(path, *candidate)) continue;
        path.push_back(candidate);
        if (const PathRoot* root = Extend(path)) return root;
        path.pop_back();
      }
    }
    return nullptr;
  }
  const std::string& problem() const { return problem_; }

 private:
  const PathRoot* RootOf(const Certificate& certificate) {
    for (const PathRoot& root : roots_) {
      if (root.spki_sha256 != certificate.spki_sha256()) continue;
      if (std::ranges::count(root.certificates, certificate.sha256()) > 0) return &root;
      if (certificate.self_issued() && Signed(certificate, certificate)) return &root;
    }
    return nullptr;
  }

  bool Continues(const std::vector<CertificatePtr>& path, const Certificate& candidate) {
    const Certificate& last = *path.back();
    if (!Equal(last.issuer(), candidate.subject())) return false;
    const bool seen = std::ranges::any_of(
        path, [&](const CertificatePtr& one) { return one->spki_sha256() == candidate.spki_sha256(); });
    if (seen) return false;
    std::string problem = UnconstrainedProblem(last, candidate, CasBelow(path));
    if (problem.empty() && Signed(last, candidate)) return true;
    if (problem.empty()) problem = StrCat("its signature does not hold under ", Quoted(candidate));
    problem_ = StrCat(Quoted(last), ": ", problem);
    return false;
  }

  bool Signed(const Certificate& subject, const Certificate& issuer) {
    return signatures_++ < kMaxSignatures && SignedBy(subject, issuer, memo_);
  }

  std::span<const CertificatePtr> pool_;
  std::span<const PathRoot> roots_;
  Instant at_;
  SignatureMemo* memo_;
  size_t signatures_ = 0;
  std::string problem_;  // the last one met
};

}  // namespace

std::string IssuerProblem(const Certificate& subject, const Certificate& issuer, size_t cas_below,
                          SignatureMemo* memo) {
  std::string problem = UnconstrainedProblem(subject, issuer, cas_below);
  return problem.empty() ? SignatureProblem(subject, issuer, memo) : problem;
}

Result<CertificatePath> CheckPath(std::span<const CertificatePtr> chain, Check check, SignatureMemo* memo) {
  const auto rejected = [&](std::string_view what) {
    return Error{ErrorKind::kRejected, check, StrCat("certificate path: ", what)};
  };
  if (chain.empty()) return rejected("no certificate");
  if (chain.size() > kMaxPathCertificates)
    return rejected(StrCat(chain.size(), " certificates, at most ", kMaxPathCertificates));
  CertificatePath path{.certificates = {chain.front()}, .window = {}};
  for (const CertificatePtr& issuer : chain.subspan(1)) {
    const Certificate& last = *path.certificates.back();
    std::string problem = NamingProblem(last, *issuer, CasBelow(path.certificates));
    if (problem.empty()) problem = ConstraintProblem(path.certificates, *issuer);
    if (problem.empty()) problem = SignatureProblem(last, *issuer, memo);
    if (!problem.empty()) return rejected(StrCat(Quoted(last), ": ", problem));
    path.certificates.push_back(issuer);
  }
  const Certificate& root = *chain.back();
  if (root.self_issued() && !SignedBy(root, root, memo))
    return rejected(StrCat(Quoted(root), ": its signature on itself does not hold"));
  path.window = WindowOf(path.certificates);
  return path;
}

Result<CertificatePath> BuildPath(const CertificatePtr& leaf, std::span<const CertificatePtr> pool,
                                  std::span<const PathRoot> roots, Instant at, Check check,
                                  SignatureMemo* memo) {
  if (pool.size() > kMaxPathPool) {
    return Error{ErrorKind::kRejected, check,
                 StrCat("certificate path: ", pool.size(), " certificates, at most ", kMaxPathPool)};
  }
  CertificatePath path{.certificates = {leaf}, .window = {}};
  PathSearch search(pool, roots, at, memo);
  path.root = search.Extend(path.certificates);
  if (path.root == nullptr) {
    return Error{
        ErrorKind::kRejected, check,
        StrCat("certificate path: none leads from ", Quoted(*leaf), ", issued by \"", leaf->issuer_cn(),
               "\", to a trusted root", search.problem().empty() ? "" : "; ", search.problem())};
  }
  path.window = WindowOf(path.certificates);
  return path;
}

}  // namespace thimble
