// SPDX-License-Identifier: Apache-2.0
//
// Signs attestation results. The key is made at the first start, in the store's directory, readable by its owner alone;
// without one, in memory, for as long as the process lives. A key that is rotated out is forgotten, but for its public
// part, which is shown until the last token under it has ended.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "service/results/render.h"
#include "service/support/snapshot.h"
#include "tcb/base/signing_key.h"

namespace thimble {

struct RetiredKey {
  Bytes point;
  Instant until{};  // all tokens under it have ended by then
};
struct ResultKeys {
  EcSigningKey current;
  std::vector<RetiredKey> retired;  // the newest last
};

// A change of keys, by their `kid`.
struct KeyRotation {
  std::string fresh, retired;
  Instant retired_until{};
};

struct SignedResult {
  std::string token;
  std::string id;  // `jti`
};

// Thread-safe.
class ResultSigner {
 public:
  // Reads the keys, or makes one. Beside `path` are the public parts of retired ones. Errors: store.io, also for files of
  // another user and files that others may change.
  static Result<std::unique_ptr<ResultSigner>> AtFile(const std::string& path, std::string issuer);
  static std::unique_ptr<ResultSigner> InMemory(std::string issuer);

  // With replicas; both are called from any thread. Whether anything may be signed now; whose keys are shown beside ours.
  void UseReplicas(std::function<Status()> may_sign, std::function<std::vector<Bytes>()> others) {
    may_sign_ = std::move(may_sign);
    others_ = std::move(others);
  }
  Status MaySign() const { return may_sign_ ? may_sign_() : Status(); }

  // An EAR of this result, as a JWT; `nonce` as base64url. Errors: request.invalid for a decision about another time or
  // on whatever collateral the caller brought, which nobody else could rely on; kInternal when the library cannot sign.
  Result<SignedResult> Sign(const ResultView& result, const std::optional<std::string>& nonce) const;
  // The public keys: the current one, and retired ones whose tokens may live; and those of the replicas.
  std::string Jwks(Instant now) const;
  std::vector<Bytes> Points(Instant now) const;  // of our own

  // Told of the change before it is made; an error ends it.
  using Record = std::function<Status(const KeyRotation&)>;
  // Puts a new key in place of the current one, on the disk first. Errors: store.io, or those of `record`.
  Result<KeyRotation> Rotate(Instant now, const Record& record);

 private:
  ResultSigner(std::string path, std::string issuer, ResultKeys keys)
      : path_(std::move(path)), issuer_(std::move(issuer)), keys_(std::move(keys)) {}

  const std::string path_;  // "": in memory
  const std::string issuer_;
  std::function<Status()> may_sign_;
  std::function<std::vector<Bytes>()> others_;
  std::mutex rotation_;
  Snapshot<ResultKeys> keys_;
};

}  // namespace thimble
