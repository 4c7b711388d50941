// SPDX-License-Identifier: Apache-2.0
//
// A simulated Microsoft that endorses utility VMs (spec/azure-containers.md): root, CA and signer on P-384, endorsements in
// both forms, and a transparency ledger. Another seed is another one with the same names: a forger. Everything is good by
// default; a Bend changes one thing before it is signed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/policy/uvm_rules.h"
#include "tcb/uvm/claims.h"
#include "tests/support/sim_amd.h"
#include "tests/support/sim_pki.h"

namespace thimble::sim {

// Members of the protected header, each a label and its value in CBOR, and what stands beside it.
struct StatementParts {
  std::vector<std::pair<Bytes, Bytes>> header;
  std::vector<std::pair<Bytes, Bytes>> unprotected;
  Bytes payload;
  bool tagged = true, attached = true;
};

struct UvmSpec {
  uvm::Format format = uvm::Format::kLegacy;
  std::string issuer = {};  // empty: the world's own
  std::string feed = "ContainerPlat-AMD-UVM";
  uint32_t svn = 104;
  Bytes measurement = Bytes(48, 0);
  std::optional<Instant> signed_at = kAmdNow - std::chrono::hours(24 * 30);
  Bend<CertificateSpec> leaf = {}, intermediate = {};
  Bend<std::vector<Bytes>> chain = {};  // DER, leaf first
  Bend<StatementParts> parts = {};
  Bend<Bytes> signature = {};
  bool der_signature = false;
};

class SimUvm {
 public:
  static SimUvm Make(std::string seed = "uvm") { return SimUvm(std::move(seed)); }

  std::string Issuer() const;  // did:x509, by the root and eku
  AcceptedUvm Accepted(uint32_t min_svn = 100) const;
  std::vector<Bytes> Chain(const UvmSpec& spec = {}) const;
  Bytes Endorsement(const UvmSpec& spec = {}) const;

  // A ledger's key, and the endorsement with a receipt of it; `bend` of the proof's leaf, `other` is another statement
  // whose receipt it is.
  uvm::LedgerKey Ledger() const;
  Bytes WithReceipt(const UvmSpec& spec = {}, std::optional<UvmSpec> other = {}) const;

 private:
  explicit SimUvm(std::string seed) : seed_(std::move(seed)) {}
  SimKey Key(std::string_view role) const { return SimKey(seed_ + "/" + std::string(role), Curve::kP384); }
  Bytes Receipt(const UvmSpec& spec) const;
  Bytes Encode(const UvmSpec& spec, const std::vector<Bytes>& receipts, bool unprotected) const;
  std::string seed_;
};

// CBOR of one value, for bends.
Bytes CborInteger(int64_t value);
Bytes CborText(std::string_view text);
Bytes CborBytes(ByteView bytes);

}  // namespace thimble::sim
