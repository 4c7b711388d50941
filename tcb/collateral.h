// SPDX-License-Identifier: Apache-2.0
//
// What a piece of collateral is: the key that names it, and the item that has been authenticated. This is all
// that cache/ and fetchers/ know of the verifier.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/intel/ids.h"
#include "tcb/intel/platform_id.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

namespace intel {
struct TcbInfo;            // intel/tcb_info.h
struct EnclaveIdentity;    // intel/enclave_identity.h
struct EvaluationNumbers;  // intel/evaluation_numbers.h
struct PckSet;             // intel/pck_set.h
}  // namespace intel

// Which evaluation data an Intel item is asked by.
struct Selector {
  enum class Kind : uint8_t { kStandard, kEarly, kNumber };
  Kind kind = Kind::kStandard;
  uint32_t number = 0;  // tcbEvaluationDataNumber, for kNumber
  bool operator==(const Selector&) const = default;
  std::string ToString() const;  // "standard", "early", "17"
};

enum class IntelTee : uint8_t { kSgx, kTdx };
enum class EnclaveId : uint8_t { kQe, kTdQe, kQve };

// Keys name one item each. Two requests that mean the same item have equal keys.
struct RootCaCrlKey {
  bool operator==(const RootCaCrlKey&) const = default;
};
struct PckCrlKey {
  intel::PckCa ca;
  bool operator==(const PckCrlKey&) const = default;
};
struct TcbInfoKey {
  IntelTee tee;
  intel::Fmspc fmspc;
  Selector selector;
  bool operator==(const TcbInfoKey&) const = default;
};
struct EnclaveIdentityKey {
  EnclaveId id;
  Selector selector;
  bool operator==(const EnclaveIdentityKey&) const = default;
};
struct EvaluationNumbersKey {
  IntelTee tee;
  bool operator==(const EvaluationNumbersKey&) const = default;
};
struct PckCertsKey {  // all PCK certificates of a platform
  intel::PlatformId platform;
  bool operator==(const PckCertsKey&) const = default;
};
struct AmdChainKey {
  amd::Product product;
  amd::SigningKey kind;
  bool operator==(const AmdChainKey&) const = default;
};
struct AmdCrlKey {
  amd::Product product;
  amd::SigningKey kind;
  bool operator==(const AmdCrlKey&) const = default;
};
struct VcekKey {
  amd::Product product;
  amd::HwId hwid;
  amd::TcbVersion tcb;
  bool operator==(const VcekKey&) const = default;
};

using CollateralKey = std::variant<RootCaCrlKey, PckCrlKey, TcbInfoKey, EnclaveIdentityKey,
                                   EvaluationNumbersKey, PckCertsKey, AmdChainKey, AmdCrlKey, VcekKey>;

Vendor VendorOf(const CollateralKey& key);
// The stable name: store key, status page, logs. "intel/tcb/tdx/b0c06f000000/standard",
// "intel/crl/pck/platform", "intel/identity/qe/17", "intel/pck/<qe id>/0000", "amd/vcek/milan/<hwid>/bl04-tee00-snp24-ucode219",
// "amd/crl/genoa/vlek".
std::string KeyName(const CollateralKey& key);
std::optional<CollateralKey> ParseKeyName(std::string_view name);

// The bytes of one item as a vendor, another cache, an import or a caller delivers them.
struct CollateralBytes {
  Bytes body;                // verbatim
  std::string issuer_chain;  // PEM, decoded from the header; empty for items that carry none
};

// One authenticated item: signature and chain hold up to a trust anchor, at no particular time; its windows
// are kept, not judged. Immutable and shared between threads. Only the functions below make one, so holding
// one is the proof.
class CollateralItem {
 public:
  const std::string& name() const { return name_; }          // KeyName of the key it was authenticated for
  const Bytes& body() const { return body_; }                // verbatim; CRLs and certificates as DER
  std::string issuer_chain() const;                          // PEM of signers(): leaf first, root last
  const Digest256& sha256() const { return sha256_; }        // of body()
  Instant issued() const { return window_.not_before; }      // issueDate, thisUpdate, notBefore
  Instant next_update() const { return window_.not_after; }  // nextUpdate, notAfter
  const Validity& window() const { return window_; }         // of the item alone
  const Validity& chain_window() const { return chain_window_; }  // of the certificates that authenticate it
  // The order "never backwards" goes by, within one key: (evaluation number or CRL number, issued()). A CRL
  // number above 2^64-1 counts as 2^64-1; items without a number have 0.
  uint64_t order_number() const { return order_number_; }
  const Digest256& anchor_spki() const { return anchor_spki_; }
  const std::string& anchor_name() const { return anchor_name_; }
  bool anchor_extra() const { return anchor_extra_; }
  const std::vector<CertificatePtr>& signers() const {
    return signers_;
  }  // issuer chain, leaf first, root last

  // What it decodes to; null unless it is of that kind.
  const Crl* crl() const { return crl_.get(); }
  const intel::TcbInfo* tcb_info() const { return tcb_info_.get(); }
  const intel::EnclaveIdentity* identity() const { return identity_.get(); }
  const intel::EvaluationNumbers* numbers() const { return numbers_.get(); }
  const intel::PckSet* pck_set() const { return pck_set_.get(); }
  const Certificate* vcek() const { return vcek_.get(); }

  // Where it came from and when, for the result and the status page. Set by whoever obtained it; not
  // authenticated.
  const std::string& source() const { return source_; }
  std::shared_ptr<const CollateralItem> WithSource(std::string source) const;

 private:
  friend std::shared_ptr<const CollateralItem> MakeItem(struct ItemParts parts);  // collateral_parts.h
  CollateralItem() = default;
  std::string name_, anchor_name_, source_;
  Bytes body_;
  Digest256 sha256_, anchor_spki_;
  Validity window_, chain_window_;
  uint64_t order_number_ = 0;
  bool anchor_extra_ = false;
  std::vector<CertificatePtr> signers_;
  CrlPtr crl_;
  std::shared_ptr<const intel::TcbInfo> tcb_info_;
  std::shared_ptr<const intel::EnclaveIdentity> identity_;
  std::shared_ptr<const intel::EvaluationNumbers> numbers_;
  std::shared_ptr<const intel::PckSet> pck_set_;
  CertificatePtr vcek_;
};

using ItemPtr = std::shared_ptr<const CollateralItem>;

// Decodes and authenticates `bytes` for exactly this key.
//   kMalformed (collateral.malformed)   undecodable
//   kRejected  (tcb_info.signature, crl.pck.issuer, signing_chain.untrusted, ...)   a signature or chain
//   fails kRejected  (collateral.mismatch)    authentic, but not the item the key names (other FMSPC, SGX for
//   TDX, ...)
// For a VCEK, `bytes.issuer_chain` is the ASK and ARK. PCK certificates name their PCE, but not the QE id under
// which a platform is known: that is the word of whoever brings them.
Result<ItemPtr> AuthenticateItem(const CollateralKey& key, const CollateralBytes& bytes,
                                 const TrustAnchors& anchors);

// The key that authentic bytes answer to, found from what they say themselves (imports, caller's collateral).
// The selector of TCB infos and identities is not in the bytes and is taken to be their number. Not for
// kPckCerts, which do not say whose they are (collateral.mismatch).
enum class ItemKind : uint8_t {
  kRootCaCrl,
  kPckCrl,
  kTcbInfo,
  kEnclaveIdentity,
  kEvaluationNumbers,
  kPckCerts,
  kAmdChain,
  kAmdCrl,
  kVcek
};
ItemKind KindOf(const CollateralKey& key);
Result<ItemPtr> AuthenticateAny(ItemKind kind, const CollateralBytes& bytes, const TrustAnchors& anchors);

// The window an item states and that of the certificates beside it, authentic or not.
struct ItemWindows {
  Validity item;
  Validity chain;
};

// Issued at most 5 minutes after `now`: what is checked before an item is stored (DESIGN section 3).
Status CheckNotFromFuture(const CollateralItem& item, Instant now);
// True when `a` is newer than or the same as `b`, both of one key: (order_number, issued) does not go
// backwards.
bool NotOlder(const CollateralItem& a, const CollateralItem& b);

}  // namespace thimble
