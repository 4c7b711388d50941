// SPDX-License-Identifier: Apache-2.0
#include "service/http/ticket_keys.h"

#include <algorithm>

#include "service/support/randomness.h"

namespace thimble::http {
namespace {

template <size_t kSize>
void Fill(std::array<uint8_t, kSize>& bytes) {
  std::ranges::copy(RandomBytes(kSize), bytes.begin());
}

TicketKeys::Key NewKey() {
  TicketKeys::Key key{};
  Fill(key.name);
  Fill(key.cipher);
  Fill(key.mac);
  return key;
}

}  // namespace

void TicketKeys::Rotate(Time now) {
  if (newest_ && now < since_ + kKeyLife) return;
  before_ = now < since_ + 2 * kKeyLife ? newest_ : std::nullopt;
  newest_ = NewKey();
  since_ = now;
}

TicketKeys::Key TicketKeys::Newest(Time now) {
  const std::lock_guard lock(mutex_);
  Rotate(now);
  return *newest_;
}

std::optional<TicketKeys::Found> TicketKeys::Find(const Name& name, Time now) {
  const std::lock_guard lock(mutex_);
  Rotate(now);
  if (newest_->name == name) return Found{*newest_, true};
  if (before_ && before_->name == name) return Found{*before_, false};
  return std::nullopt;
}

}  // namespace thimble::http
