// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/platform_id.h"

#include <algorithm>

#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxQeId = 260, kMaxEscaped = 400;

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

std::string PlatformId::name() const { return StrCat(PercentEncode(qe_id()), "/", pce_id_.hex()); }

std::optional<PlatformId> PlatformId::FromName(std::string_view name) {
  const size_t slash = name.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto qe_id = PercentDecode(name.substr(0, slash));
  const auto pce_id = PceId::FromHex(name.substr(slash + 1));
  auto id = qe_id && pce_id ? From(*qe_id, *pce_id) : std::nullopt;
  if (!id || id->name() != name) return std::nullopt;
  return id;
}

}  // namespace thimble::intel
