// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/pck_source.h"

#include "service/upstreams/accepting.h"

namespace thimble {

PckSource::Hint::Hint(PckSource* source, Registration registration)
    : source_(source), registration_(std::move(registration)) {
  const std::lock_guard lock(source_->mutex_);
  place_ = source_->hints_.emplace(registration_.platform.name(), &registration_);
}

PckSource::Hint::~Hint() {
  const std::lock_guard lock(source_->mutex_);
  source_->hints_.erase(place_);
}

Result<PckQuery> PckSource::QueryFor(const intel::PlatformId& platform) {
  PckQuery query{platform, {}, {}};
  TRY_ASSIGN(const auto known, registry_.Find(platform));
  if (known) {
    query.proof = known->proof();
    if (!known->tcbs.empty()) query.raw = known->tcbs.back().raw;
  }
  const std::lock_guard lock(mutex_);
  const auto [first, last] = hints_.equal_range(platform.name());
  for (auto hint = first; hint != last; ++hint) {
    const Registration& said = *hint->second;
    if (said.raw) query.raw = said.raw;
    if (said.manifest) {
      query.proof = *said.manifest;
    } else if (said.ppid && !said.ppid->zero()) {
      query.proof = *said.ppid;
    }
  }
  return query;
}

Status PckSource::Fetch(const PckCertsKey& key, SteadyTime deadline, const AcceptFunction& accept) {
  TRY_ASSIGN(const PckQuery query, QueryFor(key.platform));
  TRY(upstreams_.FetchPck(query, deadline, Accepting(accept)));
  return {};
}

}  // namespace thimble
