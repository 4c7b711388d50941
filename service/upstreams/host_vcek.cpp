// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/host_vcek.h"

#include "service/upstreams/tcb_number.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

Error Wrong(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("thim: ", what)};
}

}  // namespace

Result<VcekKey> ParseHost(std::string_view product, std::string_view chip_id, std::string_view tcb) {
  for (const amd::ProductTraits& traits : amd::AllProducts()) {
    if (traits.name != product) continue;
    const auto chip = FromHex(chip_id);
    if (!chip || chip->size() != traits.hwid_size) {
      return Wrong(StrCat("chip_id is not ", 2 * traits.hwid_size, " hex digits"));
    }
    const auto raw = ParseTcbNumber(tcb);
    if (!raw) return Wrong("tcb is not a number of at most 16 hex digits");
    return VcekKey{traits.product, *chip, amd::TcbVersion::Decode(traits.product, *raw)};
  }
  return Wrong("product is not \"Milan\", \"Genoa\" or \"Turin\"");
}

Result<VcekKey> HostVcek::Get() {
  if (configured_) return *configured_;
  const Instant now = clock_.Now();
  return learned_.Get("the VCEK of this host", now, [&] { return Learn(now); });
}

Result<VcekKey> HostVcek::Learn(Instant now) {
  if (!ask_) {
    return Error{ErrorKind::kUnavailable, Check::kPckNotRegistered,
                 "no host is configured ([thim]), and no upstream of kind \"thim\""};
  }
  TRY_ASSIGN(const FetchedBytes fetched, ask_());
  const auto item = AuthenticateAny(ItemKind::kVcek, fetched.bytes, anchors_);
  if (!item.ok()) return item.error();
  const auto* const vcek = std::get_if<VcekKey>(&(*item)->key());
  if (vcek == nullptr) return Error{ErrorKind::kUnavailable, Check::kUpstreamAnswer, "not a VCEK"};
  TRY(cache_.Put(*vcek, fetched, now, true));
  return *vcek;
}

}  // namespace thimble
