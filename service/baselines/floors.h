// SPDX-License-Identifier: Apache-2.0
//
// The floor documents that baselines name: minimum TCBs for SEV-SNP (tcb/amd/floor_document.h), from the binary, a file, or
// signed by a key that the configuration names.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "service/baselines/baseline_book.h"
#include "service/support/reload.h"
#include "tcb/amd/floor_document.h"
#include "tcb/base/ed25519.h"
#include "tcb/base/result.h"

namespace thimble {

// [floors]: where AMD's floor documents may come from, and what is laid over them.
struct FloorsConfig {
  // key: PEM file of an Ed25519 public key. With it, documents from files, too, need a signature, in FILE.sig (64 bytes, or
  //   base64 of them); and signed ones may be uploaded. Default: none, and a file is taken as it is.
  std::string key;
  // overlay: file of the operator's own rules over every document (tcb/amd/floor_overlay.h). Default: none.
  std::string overlay;
  // url: https, of a document that is fetched at refresh and has to hold under the key, which it needs. Default: none.
  std::string url;
  // directory: where the documents are that a request may name as `amd` of a baseline, by the name of the file. Default: none,
  //   and a request names "builtin", "signed" or "". What the configuration itself names is a path.
  std::string directory;
  bool operator==(const FloorsConfig&) const = default;
};

// A document as it travels. Without a signature: as it lies in the binary, or in a file of the operator.
struct FloorBytes {
  std::string text;
  Bytes signature;
};

// What [floors] names, read. Immutable.
struct FloorRules {
  std::optional<Ed25519PublicKey> key;
  std::string overlay;    // the text; empty: none
  std::string directory;  // of FloorsConfig

  // request.invalid, policy.format: a file that cannot be read, is no key, or no overlay of the built-in document.
  static Result<FloorRules> Read(const FloorsConfig& config);

  // The document, with the overlay over it. policy.format: it is none, or the signature does not hold under the key.
  Result<amd::FloorsPtr> Check(const FloorBytes& bytes, std::string_view source, bool must_be_signed) const;
};

inline constexpr std::string_view kBuiltinFloorsName = "builtin", kSignedFloorsName = "signed";

// What `amd` of a request names, as a baseline's setting: "", "builtin", "signed", or a file of the directory by its name. Error
// (request.invalid) for all else: which file is read is never a request's to say.
Result<std::string> FloorSettingOf(std::string_view amd, const std::string& directory);

// The bytes that `amd` of a baseline names: "builtin", or the path of a file. request.invalid when it cannot be read.
Result<FloorBytes> ReadFloorBytes(const std::string& setting);
// The document of "builtin" or of a file; null for "". "signed" is a store's: see floor_book.h.
Result<amd::FloorsPtr> LoadFloors(const std::string& setting, const FloorRules& rules);

// The floors that a baseline's setting names: now, or, for another time, those in force then. Null: none.
using FloorsAt =
    std::function<Result<amd::FloorsPtr>(const std::string& setting, const std::optional<Instant>& at)>;
// Without a store: each document is read when it is first asked for, and then kept, for whatever time. Thread-safe.
FloorsAt FloorsOfFiles(FloorRules rules);

// 64 bytes, or base64 of them with white space around. nullopt for all else.
std::optional<Bytes> ParseFloorSignature(std::string_view text);

// What every baseline names can be read, and has the levels that policies name: to be found at the start, not with the
// first report.
Status CheckFloors(const Baselines& baselines, const ConfiguredPolicies& policies,
                   const FloorsConfig& config);
Status CheckLevels(const amd::FloorDocument& floors, const ConfiguredPolicies& policies);

}  // namespace thimble
