// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/pck_source.h"

#include "service/upstreams/accepting.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"
#include "tcb/intel/pck_set.h"

namespace thimble {
namespace {

Error NotBound(const intel::PlatformId& platform) {
  return {ErrorKind::kUnavailable, Check::kPckNotRegistered,
          StrCat("platform ", platform.name(), " is not registered, or has no certificates yet")};
}

}  // namespace

PckSource::Hint::Hint(PckSource* source, Registration registration)
    : source_(source), registration_(std::move(registration)) {
  const std::lock_guard lock(source_->mutex_);
  place_ = source_->hints_.emplace(registration_.platform.name(), &registration_);
}

PckSource::Hint::~Hint() {
  const std::lock_guard lock(source_->mutex_);
  source_->hints_.erase(place_);
}

// No request's proof takes the place of a registered one: it may be another platform's. Nor does its TCB take the place
// of one that was registered: an upstream that gives the certificate of one TCB alone, as Azure's, would replace what the
// platform has by what a stranger asks for.
PckQuery PckSource::QueryFor(const intel::PlatformId& platform, const std::optional<Platform>& known) {
  PckQuery query{platform.registered(), {}, {}};
  if (known) {
    query.proof = known->proof();
    if (!known->tcbs.empty()) query.raw = known->tcbs.back().raw;
  }
  const bool by_registry = query.proof.has_value();
  const std::lock_guard lock(mutex_);
  const auto [first, last] = hints_.equal_range(platform.name());
  for (auto hint = first; hint != last; ++hint) {
    const Registration& said = *hint->second;
    if (said.raw && (!known || known->tcbs.empty())) query.raw = said.raw;
    if (by_registry) continue;
    if (said.manifest) {
      query.proof = *said.manifest;
    } else if (said.ppid && !said.ppid->zero()) {
      query.proof = *said.ppid;
    }
  }
  return query;
}

// Said before the answer is offered to the cache, which keeps what is authentic. By the registry as it is then: the
// platform may have been forgotten, and bound anew, while the vendor was asked.
Status PckSource::CheckOwner(const intel::PlatformId& platform, const CollateralBytes& bytes) const {
  TRY_ASSIGN(const ItemPtr item, AuthenticateItem(PckCertsKey{platform}, bytes, anchors_));
  TRY_ASSIGN(const auto known, registry_.Find(platform));
  if (!known || !known->bound) return NotBound(platform);
  const intel::PckSet& set = *item->pck_set();
  if (set.ppid == *known->bound) return {};
  registry_.CountMismatch();
  return PlatformMismatch(platform, *known->bound, set.ppid);
}

Status PckSource::Fetch(const PckCertsKey& key, SteadyTime deadline, const AcceptFunction& accept) {
  std::optional<Platform> known;
  if (!key.platform.asked()) {
    TRY_ASSIGN(known, registry_.Find(key.platform));
    if (!known || !known->bound) return NotBound(key.platform);
  }
  const PckQuery query = QueryFor(key.platform, known);
  TRY(upstreams_.FetchPck(query, deadline, Accepting([&](FetchedBytes fetched) -> Result<AfterAnswer> {
                            if (known) TRY(CheckOwner(key.platform, fetched.bytes));
                            return accept(std::move(fetched));
                          })));
  return {};
}

}  // namespace thimble
