// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/pck_chain.h"

#include <initializer_list>
#include <optional>
#include <string_view>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::intel {
namespace {

constexpr std::string_view kRootCn = "Intel SGX Root CA";
constexpr std::string_view kPckCn = "Intel SGX PCK Certificate";

enum class Role : uint8_t { kRoot, kIntermediate, kPckLeaf, kSigner, kUnknown };

// Exact names, where the reference looks for substrings (DCAP 2.1).
Role RoleOf(const Certificate& certificate) {
  const std::string& cn = certificate.subject_cn();
  if (cn == kRootCn) return Role::kRoot;
  if (cn == kPlatformCaCn || cn == kProcessorCaCn) return Role::kIntermediate;
  if (cn == kPckCn) return Role::kPckLeaf;
  if (cn == kTcbSigningCn) return Role::kSigner;
  return Role::kUnknown;
}

// DCAP 2.2.3: the extensions every certificate carries, CA and key-usage bits by role (RFC 5280 section 4.2.1.3), P-256.
std::optional<std::string> ProfileProblem(const Certificate& certificate) {
  const bool ca = RoleOf(certificate) == Role::kRoot || RoleOf(certificate) == Role::kIntermediate;
  if (!certificate.has_key_identifiers() || !certificate.has_crl_distribution_points()) {
    return "lacks key identifiers or CRL distribution points";
  }
  if (!certificate.is_ca() || !certificate.key_usage()) return "lacks basic constraints or key usage";
  if (*certificate.is_ca() != ca) return ca ? "is not marked as a CA" : "is marked as a CA";
  if (certificate.HasUsage(kKeyCertSign) != ca)
    return ca ? "may not sign certificates" : "may sign certificates";
  if (!ca && !certificate.HasUsage(kDigitalSignature)) return "has a key that is not for digital signatures";
  if (certificate.ec_key() == nullptr || certificate.ec_key()->curve() != Curve::kP256)
    return "has no P-256 key";
  return std::nullopt;
}

std::optional<std::string> IssueProblem(const Certificate& subject, const Certificate& issuer,
                                        CertificatePool& pool) {
  if (!Equal(subject.issuer(), issuer.subject())) {
    return StrCat("\"", subject.subject_cn(), "\" was issued by \"", subject.issuer_cn(), "\", not by \"",
                  issuer.subject_cn(), "\"");
  }
  if (subject.is_ca() == true && !issuer.AllowsIntermediate()) {
    return StrCat("path length 0 of \"", issuer.subject_cn(), "\" leaves no room for \"",
                  subject.subject_cn(), "\"");
  }
  if (!pool.SignedBy(subject, issuer)) {
    return StrCat("signature of \"", subject.subject_cn(), "\" does not hold under \"", issuer.subject_cn(),
                  "\"");
  }
  return std::nullopt;
}

using Parsed = std::vector<CertificatePtr>;

Result<Parsed> ParseAll(const std::vector<Bytes>& certificates, Check malformed_check,
                        CertificatePool& pool) {
  Parsed out;
  out.reserve(certificates.size());
  for (const Bytes& der : certificates) {
    TRY_ASSIGN(auto certificate, pool.Parse(der, malformed_check));
    out.push_back(std::move(certificate));
  }
  return out;
}

// The one certificate of this role, or null: none, or more than one.
CertificatePtr OnlyOne(const Parsed& certificates, Role role) {
  CertificatePtr found;
  for (const auto& certificate : certificates) {
    if (RoleOf(*certificate) != role) continue;
    if (found) return nullptr;
    found = certificate;
  }
  return found;
}

std::string Names(const Parsed& certificates) {
  std::string out;
  for (const auto& certificate : certificates) {
    out += StrCat(out.empty() ? "\"" : ", \"", certificate->subject_cn(), "\"");
  }
  return out.empty() ? "nothing" : out;
}

// The root is trusted by its key (TrustAnchors). What else its certificate says rests on its own signature alone, and is
// passed on to clients that check it (DCAP 2.2.5).
std::optional<std::string> RootProblem(const Certificate& root, CertificatePool& pool) {
  if (!root.self_issued()) return StrCat("\"", root.subject_cn(), "\" is not self-issued");
  if (auto problem = ProfileProblem(root)) return StrCat("\"", root.subject_cn(), "\" ", *problem);
  if (pool.SignedBy(root, root)) return std::nullopt;
  return StrCat("signature of \"", root.subject_cn(), "\" on itself does not hold");
}

}  // namespace

Validity PckChain::window() const {
  return Intersect(leaf->validity(), Intersect(intermediate->validity(), root->validity()));
}

Result<std::shared_ptr<const PckChain>> BuildPckChain(const std::vector<Bytes>& certificates,
                                                      Check malformed_check, CertificatePool& pool) {
  const auto reject = [](std::string message) {
    return Error{ErrorKind::kRejected, Check::kPckChain, StrCat("PCK chain: ", message)};
  };
  TRY_ASSIGN(const Parsed parsed, ParseAll(certificates, malformed_check, pool));
  auto chain = std::make_shared<PckChain>();
  chain->leaf = OnlyOne(parsed, Role::kPckLeaf);
  chain->intermediate = OnlyOne(parsed, Role::kIntermediate);
  chain->root = OnlyOne(parsed, Role::kRoot);
  if (parsed.size() != 3 || !chain->leaf || !chain->intermediate || !chain->root) {
    return reject(StrCat("needs one PCK certificate, one PCK CA and one root, has ", Names(parsed)));
  }
  for (const auto& certificate : {chain->leaf, chain->intermediate}) {
    if (auto problem = ProfileProblem(*certificate))
      return reject(StrCat("\"", certificate->subject_cn(), "\" ", *problem));
  }
  if (auto problem = RootProblem(*chain->root, pool)) return reject(*problem);
  if (auto problem = IssueProblem(*chain->intermediate, *chain->root, pool)) return reject(*problem);
  if (auto problem = IssueProblem(*chain->leaf, *chain->intermediate, pool)) return reject(*problem);
  const PckCa ca = chain->intermediate->subject_cn() == kPlatformCaCn ? PckCa::kPlatform : PckCa::kProcessor;
  TRY_ASSIGN(chain->facts, ParseSgxExtension(*chain->leaf, ca, malformed_check));
  chain->facts.pck_serial.assign(chain->leaf->serial().begin(), chain->leaf->serial().end());
  return std::shared_ptr<const PckChain>(std::move(chain));
}

Result<SigningChain> BuildSigningChain(const std::vector<Bytes>& certificates, CertificatePool& pool) {
  const auto reject = [](std::string message) {
    return Error{ErrorKind::kRejected, Check::kSigningChainUntrusted, StrCat("TCB signing chain: ", message)};
  };
  TRY_ASSIGN(const Parsed parsed, ParseAll(certificates, Check::kCollateralMalformed, pool));
  SigningChain chain{OnlyOne(parsed, Role::kSigner), OnlyOne(parsed, Role::kRoot)};
  if (parsed.size() != 2 || !chain.signer || !chain.root) {
    return reject(StrCat("needs one TCB signing certificate and one root, has ", Names(parsed)));
  }
  if (auto problem = ProfileProblem(*chain.signer))
    return reject(StrCat("\"", chain.signer->subject_cn(), "\" ", *problem));
  if (auto problem = RootProblem(*chain.root, pool)) return reject(*problem);
  if (auto problem = IssueProblem(*chain.signer, *chain.root, pool)) return reject(*problem);
  return chain;
}

Result<CaChain> BuildCaChain(const std::vector<Bytes>& certificates, Check failed_check,
                             CertificatePool& pool) {
  const auto reject = [&](std::string message) {
    return Error{ErrorKind::kRejected, failed_check, StrCat("CRL issuer chain: ", message)};
  };
  TRY_ASSIGN(const Parsed parsed, ParseAll(certificates, Check::kCollateralMalformed, pool));
  CaChain chain{OnlyOne(parsed, Role::kIntermediate), OnlyOne(parsed, Role::kRoot)};
  const size_t expected = chain.intermediate ? 2 : 1;
  if (!chain.root || parsed.size() != expected) {
    return reject(StrCat("needs the root, or one PCK CA and the root, has ", Names(parsed)));
  }
  if (auto problem = RootProblem(*chain.root, pool)) return reject(*problem);
  if (!chain.intermediate) return chain;
  if (auto problem = ProfileProblem(*chain.intermediate)) {
    return reject(StrCat("\"", chain.intermediate->subject_cn(), "\" ", *problem));
  }
  if (auto problem = IssueProblem(*chain.intermediate, *chain.root, pool)) return reject(*problem);
  return chain;
}

}  // namespace thimble::intel
