// SPDX-License-Identifier: Apache-2.0
#include "tcb/uvm/receipt.h"

#include <algorithm>
#include <optional>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::uvm {
namespace {

constexpr size_t kMaxReceipts = 8, kMaxProofs = 4, kMaxPath = 64, kMaxEvidence = 1024;
constexpr int64_t kIss = 1, kInclusion = -1, kLeaf = 1, kPath = 2, kCcfLedger = 2;

Error Rejected(Check check, std::string_view problem) {
  return {ErrorKind::kRejected, check, StrCat("receipt: ", problem)};
}
Error Malformed(std::string_view problem) { return Rejected(Check::kUvmReceiptFormat, problem); }

const std::vector<cbor::Value>* ReceiptsIn(const cose::Sign1& statement) {
  const cbor::Value* const list = statement.unprotected_header.Find(cose::kReceipts);
  return list != nullptr ? list->Array() : nullptr;
}

struct Proof {
  Digest256 root, data;
};

// A step up the tree: [left, hash].
std::optional<Digest256> Climb(const cbor::Value& step, const Digest256& below) {
  const auto* const parts = step.Array();
  if (parts == nullptr || parts->size() != 2) return std::nullopt;
  const auto left = parts->at(0).Bool();
  const auto hash = parts->at(1).Bytes();
  if (!left || !hash || hash->size() != Digest256::kSize) return std::nullopt;
  return *left ? Sha256(*hash, below.view()) : Sha256(below.view(), *hash);
}

// {1: [transaction, evidence, data], 2: [steps]}
std::optional<Proof> ReadProof(const cbor::Value& proof) {
  const cbor::Value *const leaf = proof.Find(kLeaf), *const path = proof.Find(kPath);
  const auto* const parts = leaf != nullptr ? leaf->Array() : nullptr;
  const auto* const steps = path != nullptr ? path->Array() : nullptr;
  if (parts == nullptr || parts->size() != 3 || steps == nullptr || steps->size() > kMaxPath)
    return std::nullopt;
  const auto transaction = parts->at(0).Bytes();
  const auto evidence = parts->at(1).Text();
  const auto data = parts->at(2).Bytes() ? Digest256::From(*parts->at(2).Bytes()) : std::nullopt;
  if (!transaction || transaction->size() != Digest256::kSize || !evidence ||
      evidence->size() > kMaxEvidence || !data)
    return std::nullopt;
  Bytes preimage(transaction->begin(), transaction->end());
  const Digest256 evidence_digest = Sha256(AsBytes(*evidence));
  preimage.insert(preimage.end(), evidence_digest.view().begin(), evidence_digest.view().end());
  preimage.insert(preimage.end(), data->view().begin(), data->view().end());
  Digest256 root = Sha256(preimage);
  for (const cbor::Value& step : *steps) {
    const auto above = Climb(step, root);
    if (!above) return std::nullopt;
    root = *above;
  }
  return Proof{root, *data};
}

struct Receipt {
  cose::Sign1 message;
  cose::Algorithm algorithm{};
  std::string ledger;
  std::string_view kid;
  std::vector<Proof> proofs;  // one at least
};

// Into `proofs`; false: they cannot be read.
bool ReadProofs(const cbor::Value& header, std::vector<Proof>& proofs) {
  const cbor::Value* const proof_map = header.Find(cose::kVdp);
  const cbor::Value* const list = proof_map != nullptr ? proof_map->Find(kInclusion) : nullptr;
  const auto* const encoded = list != nullptr ? list->Array() : nullptr;
  if (encoded == nullptr || encoded->empty() || encoded->size() > kMaxProofs) return false;
  return std::ranges::all_of(*encoded, [&](const cbor::Value& each) {
    const auto bytes = each.Bytes();
    if (!bytes) return false;
    const auto value = cbor::Parse(*bytes, "proof", Check::kUvmReceiptFormat);
    const auto proof = value ? ReadProof(*value) : std::nullopt;
    if (proof) proofs.push_back(*proof);
    return proof.has_value();
  });
}

Result<Receipt> ReadReceipt(const cbor::Value& value) {
  const auto bytes = value.Bytes();
  if (!bytes) return Malformed("is no byte string");
  Receipt out;
  auto message = cose::ParseSign1(*bytes, "receipt", Check::kUvmReceiptFormat);
  if (!message) return Malformed(message.error().message);
  out.message = std::move(*message);
  const cbor::Value& header = out.message.protected_header;
  const auto integer = [&](int64_t label) -> std::optional<int64_t> {
    const cbor::Value* const found = header.Find(label);
    return found != nullptr ? found->Integer() : std::nullopt;
  };
  if (out.message.payload) return Malformed("its payload is attached");
  if (integer(cose::kVds) != kCcfLedger) return Malformed("its tree is not of CCF's profile");
  if (header.Find(cose::kCrit) != nullptr) return Malformed("names critical parameters");
  const auto number = integer(cose::kAlg);
  const auto algorithm = number ? cose::AlgorithmFrom(*number) : std::nullopt;
  const cbor::Value *const kid = header.Find(cose::kKid), *const claims = header.Find(cose::kCwtClaims);
  const cbor::Value* const issuer = claims != nullptr ? claims->Find(kIss) : nullptr;
  if (!algorithm || kid == nullptr || !kid->Bytes() || issuer == nullptr || !issuer->Text())
    return Malformed("algorithm, key id or issuer is missing, or of another type");
  out.algorithm = *algorithm;
  out.kid = AsText(*kid->Bytes());
  out.ledger = *issuer->Text();
  if (!ReadProofs(out.message.unprotected_header, out.proofs)) return Malformed("its proofs cannot be read");
  return out;
}

// What the ledger took in: the statement without what stands beside its signature.
Digest256 StatementDigest(const cose::Sign1& statement) {
  Bytes bytes;
  cbor::Writer(&bytes)
      .Tag(cbor::kTagCoseSign1)
      .Array(4)
      .Bytes(statement.protected_bytes)
      .Map(0)
      .Bytes(*statement.payload)
      .Bytes(statement.signature);
  return Sha256(bytes);
}

std::optional<EcPublicKey> PointOf(const LedgerKey& key) {
  for (const Curve curve : {Curve::kP256, Curve::kP384, Curve::kP521}) {
    if (key.point.size() == 2 * CoordinateSize(curve)) return EcPublicKey::FromPoint(curve, key.point);
  }
  return std::nullopt;
}

// Whose receipt it is, when it holds: a name that the key is known by, never one that the receipt alone states.
Result<std::string> CheckReceipt(const cbor::Value& value, const Digest256& statement,
                                 std::span<const LedgerKey> keys) {
  TRY_ASSIGN(const Receipt receipt, ReadReceipt(value));
  const auto key = std::ranges::find(keys, receipt.kid, &LedgerKey::kid);
  if (key == keys.end())
    return Rejected(Check::kUvmReceiptKey,
                    StrCat("of ", receipt.ledger, ": none of ledger_keys has its key id ", receipt.kid));
  if (!key->ledger.empty() && key->ledger != receipt.ledger)
    return Rejected(Check::kUvmReceiptKey, StrCat("of ", receipt.ledger, ": its key id ", receipt.kid,
                                                  " is of a key of ", key->ledger));
  const auto point = PointOf(*key);
  const bool holds =
      point && std::ranges::all_of(receipt.proofs, [&](const Proof& proof) {
        return cose::SignatureHolds(receipt.message, proof.root.view(), receipt.algorithm, *point);
      });
  if (!holds)
    return Rejected(Check::kUvmReceiptSignature,
                    StrCat("of ", receipt.ledger, ": its signature over the root does not hold"));
  for (const Proof& proof : receipt.proofs) {
    if (proof.data == statement) continue;
    return Rejected(Check::kUvmReceiptBinding, StrCat("of ", receipt.ledger, ": is of another statement, ",
                                                      proof.data.hex(), "; this one is ", statement.hex()));
  }
  return key->ledger.empty() ? StrCat("kid:", key->kid) : key->ledger;
}

}  // namespace

size_t CountReceipts(const cose::Sign1& statement) {
  const auto* const receipts = ReceiptsIn(statement);
  return receipts != nullptr ? receipts->size() : 0;
}

Result<std::vector<std::string>> CheckReceipts(const cose::Sign1& statement,
                                               std::span<const LedgerKey> keys) {
  const auto* const receipts = ReceiptsIn(statement);
  if (receipts == nullptr || receipts->empty())
    return Rejected(Check::kUvmReceiptMissing, "none is there, and the policy names ledger_keys");
  if (receipts->size() > kMaxReceipts) return Malformed("more than 8 are there");
  const Digest256 digest = StatementDigest(statement);
  std::vector<std::string> ledgers;
  std::optional<Error> first;
  for (const cbor::Value& each : *receipts) {
    auto ledger = CheckReceipt(each, digest, keys);
    if (ledger) {
      ledgers.push_back(std::move(*ledger));
    } else if (!first) {
      first = ledger.error();
    }
  }
  if (ledgers.empty()) return *first;
  return ledgers;
}

}  // namespace thimble::uvm
