// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/hints.h"

#include <algorithm>
#include <utility>

#include "tcb/amd/binding.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/der.h"
#include "tcb/pki/pem.h"

namespace thimble::amd {
namespace {

constexpr Check kMalformed = Check::kCollateralMalformed;
constexpr size_t kMaxCertificates = 16, kMaxCrls = 8;  // of all hints; a chain has three
constexpr size_t kMaxDropped = 64;
constexpr std::string_view kPemMark = "-----BEGIN ", kCertificate = "CERTIFICATE", kCrl = "X509 CRL";

std::string Quoted(const Certificate& certificate) { return StrCat("\"", certificate.subject_cn(), "\""); }

// Reads one hint into the lists.
class Recogniser {
 public:
  Recogniser(Hints& hints, std::string_view name, BroughtBy by) : hints_(hints), name_(name), by_(by) {}

  void Take(ByteView bytes) {
    const std::string_view text = AsText(bytes);
    const size_t start = std::min(text.find_first_not_of(" \t\r\n"), text.size());
    if (text.substr(start).starts_with('{')) {
      TakeThim(text);
    } else if (text.find(kPemMark) != std::string_view::npos) {
      TakePem(text);
    } else {
      TakeDer(bytes);
    }
  }

 private:
  void Drop(std::string_view why) { hints_.Drop(name_, why); }

  // {"vcekCert": PEM, "certificateChain": PEM, ...} (spec/azure-thim.md section 1). The certificates say
  // what they are for; "tcbm" is not looked at.
  void TakeThim(std::string_view text) {
    const auto document = json::Document::Parse(text, "THIM document", ErrorKind::kMalformed, kMalformed);
    if (!document) return Drop(document.error().message);
    bool any = false;
    for (const std::string_view member : {"vcekCert", "certificateChain"}) {
      const auto value = (*document)->root().Find(member);
      const auto pem = value ? value->String() : Result<std::string_view>(Error{});
      if (!pem) continue;
      any = true;
      TakePem(*pem);
    }
    if (!any) Drop("JSON with neither \"vcekCert\" nor \"certificateChain\"");
  }

  void TakePem(std::string_view text) {
    const auto certificates = DecodePem(text, kCertificate, kMaxCertificates, kMalformed);
    const auto crls = DecodePem(text, kCrl, kMaxCrls, kMalformed);
    if (!certificates) return Drop(certificates.error().message);
    if (!crls) return Drop(crls.error().message);
    if (certificates->empty() && crls->empty()) return Drop("PEM with neither certificate nor CRL");
    for (const Bytes& der : *certificates) TakeDer(der);
    for (const Bytes& der : *crls) TakeDer(der);
  }

  // One object, which zeros may follow: buffers of fixed size are met.
  void TakeDer(ByteView bytes) {
    der::Reader reader(bytes);
    const auto element = reader.Next(der::kSequence);
    if (!element) return Drop("neither certificate, CRL nor THIM document");
    if (!AllZero(bytes.subspan(element->whole.size())))
      return Drop("bytes after the end of the object in it");
    auto certificate = Certificate::Parse(element->whole, kMalformed);
    if (certificate) return Keep(*std::move(certificate));
    auto crl = Crl::Parse(element->whole, kMalformed);
    if (crl) return Keep(*std::move(crl));
    Drop(StrCat("no certificate (", certificate.error().message, ") and no CRL (", crl.error().message, ")"));
  }

  void Keep(CertificatePtr certificate) {
    const bool known = std::ranges::any_of(hints_.certificates, [&](const CertificateHint& hint) {
      return hint.certificate->sha256() == certificate->sha256();
    });
    if (known) return;
    if (hints_.certificates.size() == kMaxCertificates)
      return Drop(StrCat("more than ", kMaxCertificates, " certificates beside the report"));
    hints_.certificates.push_back({StrCat(name_, ": ", Quoted(*certificate)), std::move(certificate)});
  }

  void Keep(CrlPtr crl) {
    const bool known = std::ranges::any_of(
        hints_.crls, [&](const BroughtCrl& brought) { return brought.crl->sha256() == crl->sha256(); });
    if (known) return;
    if (hints_.crls.size() == kMaxCrls)
      return Drop(StrCat("more than ", kMaxCrls, " CRLs beside the report"));
    hints_.crls.push_back({std::string(name_), by_, std::move(crl)});
  }

  Hints& hints_;
  const std::string_view name_;
  const BroughtBy by_;
};

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

Status CheckInWindow(const Certificate& certificate, Instant at) {
  const Validity& window = certificate.validity();
  if (window.Contains(at)) return {};
  const bool expired = window.not_after < at;
  return Rejected(expired ? Check::kSnpExpired : Check::kSnpNotYetValid,
                  StrCat(expired ? "expired " : "not before ",
                         FormatRfc3339(expired ? window.not_after : window.not_before), ", evaluated at ",
                         FormatRfc3339(at)));
}

Status CheckFits(const Certificate& leaf, const Endorsement& endorsement, const LeafWanted& wanted) {
  TRY(CheckSigningKey(wanted.claims, leaf, endorsement));
  const auto product = wanted.product ? wanted.product : endorsement.product;
  if (!product) {
    return Rejected(Check::kSnpProduct,
                    StrCat("productName \"", endorsement.product_name, "\" is of no supported product"));
  }
  TRY(CheckLeafProduct(*product, endorsement));
  const bool bound = KindOf(wanted.claims) == SigningKey::kVcek && !wanted.claims.chip_id.zero();
  if (bound) TRY(CheckChipId(wanted.claims.chip_id, *product, endorsement));
  TRY(CheckTcb(wanted.claims, *product, endorsement));
  // Of a leaf that nobody else has, the end of its window is a finding of its own.
  return bound ? CheckInWindow(leaf, wanted.at) : Status();
}

// The intermediate with an ARK of the hints above it.
Result<IssuersHint> CheckedIssuers(const CertificatePtr& intermediate, const Hints& hints,
                                   const IssuersWanted& wanted) {
  Error why = Rejected(Check::kSnpChain, StrCat("\"", intermediate->issuer_cn(), "\" is not beside it"));
  for (const CertificateHint& root : hints.certificates) {
    if (!root.certificate->self_issued() || !Equal(root.certificate->subject(), intermediate->issuer()))
      continue;
    auto issuers = CheckIssuers(*intermediate, *root.certificate, wanted.anchors, wanted.memo);
    if (issuers) return IssuersHint{intermediate, root.certificate, *issuers};
    why = std::move(issuers).error();
  }
  return why;
}

Result<IssuersHint> FittingIssuers(const CertificatePtr& intermediate, const Hints& hints,
                                   const IssuersWanted& wanted) {
  TRY_ASSIGN(IssuersHint found, CheckedIssuers(intermediate, hints, wanted));
  if (found.issuers.kind != wanted.kind) {
    return Rejected(Check::kSnpChain,
                    StrCat("does not issue ", SigningKeyName(wanted.kind), " certificates"));
  }
  if (wanted.product && found.issuers.product != *wanted.product) {
    return Rejected(Check::kSnpProduct, StrCat("of ", ProductName(found.issuers.product),
                                               ", the report is of ", ProductName(*wanted.product)));
  }
  TRY(CheckInWindow(*found.intermediate, wanted.at));
  TRY(CheckInWindow(*found.root, wanted.at));
  return found;
}

Status CheckRootFits(const Certificate& root, const IssuersWanted& wanted) {
  TRY_ASSIGN(const RootAnchor anchor, CheckRoot(root, wanted.anchors, wanted.memo));
  if (!wanted.product || anchor.product == *wanted.product) return {};
  return Rejected(Check::kSnpProduct, StrCat("of ", ProductName(anchor.product), ", the report is of ",
                                             ProductName(*wanted.product)));
}

}  // namespace

void Hints::Add(std::string_view name, ByteView bytes, BroughtBy by) {
  if (!AllZero(bytes)) Recogniser(*this, name, by).Take(bytes);
}

void Hints::Drop(std::string_view name, std::string_view why) {
  if (dropped.size() < kMaxDropped) dropped.push_back(StrCat(name, ": ", why));
}

std::vector<LeafHint> FittingLeaves(Hints& hints, const LeafWanted& wanted) {
  std::vector<LeafHint> leaves;
  for (const CertificateHint& hint : hints.certificates) {
    if (!IsLeaf(*hint.certificate)) continue;
    auto endorsement = ParseEndorsement(*hint.certificate, kMalformed);
    const Status fits =
        endorsement ? CheckFits(*hint.certificate, *endorsement, wanted) : endorsement.error();
    if (fits) {
      leaves.push_back({hint.name, hint.certificate, *std::move(endorsement)});
    } else {
      hints.Drop(hint.name, fits.error().message);
    }
  }
  return leaves;
}

std::optional<IssuersHint> ChooseIssuers(Hints& hints, const IssuersWanted& wanted) {
  std::optional<IssuersHint> chosen;
  for (const CertificateHint& hint : hints.certificates) {
    if (IsLeaf(*hint.certificate)) continue;
    if (hint.certificate->self_issued()) {
      if (const Status fits = CheckRootFits(*hint.certificate, wanted); !fits)
        hints.Drop(hint.name, fits.error().message);
      continue;
    }
    auto found = FittingIssuers(hint.certificate, hints, wanted);
    if (!found) {
      hints.Drop(hint.name, found.error().message);
    } else if (!chosen) {
      chosen = *std::move(found);
    }
  }
  return chosen;
}

Status CheckIssued(const Certificate& leaf, const Certificate& intermediate, SignatureMemo* memo) {
  TRY(CheckLeafProfile(leaf, intermediate));
  return CheckLeafSignature(leaf, intermediate, memo);
}

std::optional<LeafHint> ChooseLeaf(const std::vector<LeafHint>& leaves, const Certificate& intermediate,
                                   const Report& report, SignatureMemo* memo, Hints& hints) {
  std::vector<const LeafHint*> issued;
  for (const LeafHint& leaf : leaves) {
    const Status held = CheckIssued(*leaf.certificate, intermediate, memo);
    if (held) {
      issued.push_back(&leaf);
    } else {
      hints.Drop(leaf.name, held.error().message);
    }
  }
  if (issued.empty()) return std::nullopt;
  if (issued.size() == 1) return *issued.front();
  const auto signer = std::ranges::find_if(
      issued, [&](const LeafHint* leaf) { return CheckSignature(report, *leaf->certificate).ok(); });
  return signer == issued.end() ? *issued.front() : **signer;
}

}  // namespace thimble::amd
