// SPDX-License-Identifier: Apache-2.0
#include "cache/seen_platforms.h"

#include <algorithm>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kPrefix = "seen/";

std::string EntryOf(const std::string& key) { return StrCat(kPrefix, Sha256(AsBytes(key)).hex()); }

}  // namespace

Result<size_t> SeenPlatforms::Load() {
  std::vector<Store::Write> unreadable;
  const std::lock_guard lock(mutex_);
  TRY(store_->Scan(kPrefix, [&](std::string_view entry, std::string_view text) {
    auto remembered = DecodeRememberedTcb(text);
    if (remembered) {
      std::string key = TcbKey(remembered->tcb);
      tcbs_.insert_or_assign(std::move(key), std::move(remembered).value());
    } else {
      unreadable.push_back({std::string(entry), std::nullopt});
    }
    return true;
  }));
  if (!unreadable.empty()) TRY(store_->Apply(unreadable));
  return unreadable.size();
}

void SeenPlatforms::Record(const TcbRecord& tcb, Instant now) {
  std::string key = TcbKey(tcb);
  const std::lock_guard lock(mutex_);
  if (tcbs_.size() >= max_tcbs_ && !tcbs_.contains(key)) {
    const auto oldest = std::min_element(tcbs_.begin(), tcbs_.end(), [](const auto& a, const auto& b) {
      return a.second.last_seen < b.second.last_seen;
    });
    changed_.insert(oldest->first);
    tcbs_.erase(oldest);
  }
  RememberedTcb& remembered = tcbs_.try_emplace(key, RememberedTcb{tcb, 0, now}).first->second;
  ++remembered.count;
  remembered.last_seen = std::max(remembered.last_seen, now);
  changed_.insert(std::move(key));
}

std::vector<RememberedTcb> SeenPlatforms::All() const {
  std::vector<RememberedTcb> all;
  const std::lock_guard lock(mutex_);
  all.reserve(tcbs_.size());
  for (const auto& [key, remembered] : tcbs_) all.push_back(remembered);
  return all;
}

std::vector<Store::Write> SeenPlatforms::TakeChanges() {
  std::vector<Store::Write> writes;
  for (const std::string& key : changed_) {
    const auto found = tcbs_.find(key);
    writes.push_back(
        {EntryOf(key), found != tcbs_.end() ? std::optional(Encode(found->second)) : std::nullopt});
  }
  return writes;
}

Status SeenPlatforms::Flush() {
  const std::lock_guard flushing(flushing_);
  std::set<std::string> taken;
  std::vector<Store::Write> writes;
  {
    const std::lock_guard lock(mutex_);
    writes = TakeChanges();
    taken.swap(changed_);
  }
  if (writes.empty()) return {};
  Status written = store_->Apply(writes);
  if (written) return {};
  const std::lock_guard lock(mutex_);
  changed_.merge(taken);  // for the next time
  return written;
}

}  // namespace thimble
