// SPDX-License-Identifier: Apache-2.0
//
// A piece of collateral that has been authenticated.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/crl.h"

namespace thimble {

namespace intel {
struct TcbInfo;            // intel/tcb_info.h
struct EnclaveIdentity;    // intel/enclave_identity.h
struct EvaluationNumbers;  // intel/evaluation_numbers.h
struct PckSet;             // intel/pck_set.h
}  // namespace intel

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
  const CollateralKey& key() const { return key_; }               // that it was authenticated for
  const std::string& name() const { return name_; }               // its KeyName
  const Bytes& body() const { return body_; }                     // verbatim; CRLs and certificates as DER
  std::string issuer_chain() const;                               // PEM of signers(): leaf first, root last
  const Digest256& sha256() const { return sha256_; }             // of body()
  Instant issued() const { return window_.not_before; }           // issueDate, thisUpdate, notBefore
  Instant next_update() const { return window_.not_after; }       // nextUpdate, notAfter
  const Validity& window() const { return window_; }              // of the item alone
  const Validity& chain_window() const { return chain_window_; }  // of the certificates that authenticate it
  // The order "never backwards" goes by, within one key: (evaluation number or CRL number, issued()). A CRL
  // number above 2^64-1 counts as 2^64-1; items without a number have 0.
  uint64_t order_number() const { return order_number_; }
  const Digest256& anchor_spki() const { return anchor_spki_; }
  const std::string& anchor_name() const { return anchor_name_; }
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
  CollateralKey key_;
  std::string name_, anchor_name_, source_;
  Bytes body_;
  Digest256 sha256_, anchor_spki_;
  Validity window_, chain_window_;
  uint64_t order_number_ = 0;
  std::vector<CertificatePtr> signers_;
  CrlPtr crl_;
  std::shared_ptr<const intel::TcbInfo> tcb_info_;
  std::shared_ptr<const intel::EnclaveIdentity> identity_;
  std::shared_ptr<const intel::EvaluationNumbers> numbers_;
  std::shared_ptr<const intel::PckSet> pck_set_;
  CertificatePtr vcek_;
};

using ItemPtr = std::shared_ptr<const CollateralItem>;

// The window an item states and that of the certificates beside it, authentic or not.
struct ItemWindows {
  Validity item;
  Validity chain;
};

}  // namespace thimble
