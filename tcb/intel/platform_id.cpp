// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/platform_id.h"

#include <algorithm>

#include "tcb/base/crypto.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxQeId = 260, kMaxEscaped = 400;
constexpr size_t kDigestDigits = 32;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

Bytes UpperCase(std::string_view text) {
  Bytes out(text.begin(), text.end());
  for (uint8_t& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<uint8_t>(c - 'a' + 'A');
  }
  return out;
}

}  // namespace

std::optional<PlatformId> PlatformId::From(std::string_view qe_id, const PceId& pce_id) {
  if (qe_id.empty() || qe_id.size() > kMaxQeId || std::ranges::any_of(qe_id, IsControl)) return std::nullopt;
  if (PercentEncode(qe_id).size() > kMaxEscaped) return std::nullopt;
  return PlatformId(UpperCase(qe_id), pce_id);
}

PlatformId PlatformId::AskedWith(const PlatformProof& proof) const {
  const ByteView bytes = std::holds_alternative<EncryptedPpid>(proof)
                             ? ByteView(std::get<EncryptedPpid>(proof).view())
                             : ByteView(std::get<PlatformManifest>(proof).bytes());
  PlatformId id = registered();
  id.Append(Sha256(bytes).hex().substr(0, kDigestDigits));
  return id;
}

void PlatformId::Append(std::string_view proof_digest) {
  qe_id_.push_back(kProofFollows);
  qe_id_.insert(qe_id_.end(), proof_digest.begin(), proof_digest.end());
}

std::string_view PlatformId::proof_digest() const {
  const std::string_view text = AsText(qe_id_);
  return text.substr(std::min(qe_id().size() + 1, text.size()));
}

bool PlatformId::asked() const { return !proof_digest().empty(); }

PlatformId PlatformId::registered() const {
  const std::string_view id = qe_id();
  return {Bytes(id.begin(), id.end()), pce_id_};
}

std::string PlatformId::name() const {
  return StrCat(PercentEncode(qe_id()), "/", pce_id_.hex(), asked() ? "/" : "", proof_digest());
}

std::optional<PlatformId> PlatformId::FromName(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const size_t second = std::min(name.find('/', slash + 1), name.size());
  const auto qe_id = PercentDecode(name.substr(0, slash));
  const auto pce_id = PceId::FromHex(name.substr(slash + 1, second - slash - 1));
  if (!qe_id || !pce_id) return std::nullopt;
  auto id = slash == 0 ? PlatformId(Bytes(), *pce_id) : From(*qe_id, *pce_id);
  if (!id) return std::nullopt;
  if (second < name.size()) {
    const std::string_view digest = name.substr(second + 1);
    const auto bytes = FromHex(digest);
    if (!bytes || digest.size() != kDigestDigits || HexLower(*bytes) != digest) return std::nullopt;
    id->Append(digest);
  }
  if (id->name() != name) return std::nullopt;
  return id;
}

}  // namespace thimble::intel
