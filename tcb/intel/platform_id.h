// SPDX-License-Identifier: Apache-2.0
//
// The name by which a platform is known to a cache of PCK certificates: the id that its quoting enclave
// reports, and its PCE. No certificate holds the first; who registers a platform says it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/intel/ids.h"
#include "tcb/intel/platform_proof.h"

namespace thimble::intel {

class PlatformId {
 public:
  // Intel's cache takes any text of 1 to 260 characters, in either letter case; quoting enclaves report 16
  // bytes in hex. Here: no control characters, and at most 400 bytes once it is written as in name(). nullopt
  // otherwise. Letters are upper-cased.
  static std::optional<PlatformId> From(std::string_view qe_id, const PceId& pce_id);
  static std::optional<PlatformId> FromName(std::string_view name);

  // The platform as somebody says who looks it up and is not known to be it: its id together with the proof that he
  // brings. Encrypted PPIDs are random, but equal ones hold the same PPID, so what is kept under this id is given to
  // nobody but who brings that proof.
  PlatformId AskedWith(const PlatformProof& proof) const;
  bool asked() const;
  PlatformId registered() const;  // without the proof

  std::string_view qe_id() const { return AsText(qe_id_).substr(0, AsText(qe_id_).find(kProofFollows)); }
  const PceId& pce_id() const { return pce_id_; }
  // "QEID/0000": what is not a letter, a digit or one of -_.!~*'() is percent-encoded. One name for one platform. With
  // a proof "QEID/0000/" and the first 32 hex digits of its SHA-256.
  std::string name() const;

  bool operator==(const PlatformId&) const = default;

 private:
  PlatformId(Bytes qe_id, const PceId& pce_id) : qe_id_(std::move(qe_id)), pce_id_(pce_id) {}
  static constexpr char kProofFollows = '\0';  // no QE id has it
  std::string_view proof_digest() const;
  void Append(std::string_view proof_digest);

  Bytes qe_id_;  // characters; then, where one was brought, kProofFollows and the digest of the proof
  PceId pce_id_;
};

}  // namespace thimble::intel
