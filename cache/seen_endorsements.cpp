// SPDX-License-Identifier: Apache-2.0
#include "cache/seen_endorsements.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kPrefix = "uvm/";

std::string EntryOf(const Digest256& sha256) { return StrCat(kPrefix, sha256.hex()); }

std::optional<SeenEndorsements::Seen> Decode(std::string_view value) {
  const size_t line = value.find('\n');
  if (line == std::string_view::npos) return std::nullopt;
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + line, seconds);
  if (error != std::errc() || end != value.data() + line) return std::nullopt;
  const ByteView bytes = AsBytes(value.substr(line + 1));
  return SeenEndorsements::Seen{{bytes.begin(), bytes.end()}, Instant(Seconds(seconds))};
}

}  // namespace

Result<size_t> SeenEndorsements::Load() {
  std::vector<Store::Write> unreadable;
  const std::lock_guard lock(mutex_);
  TRY(store_->Scan(kPrefix, [&](std::string_view entry, std::string_view value) {
    const auto seen = Decode(value);
    const auto sha256 = Digest256::FromHex(entry.substr(kPrefix.size()));
    if (seen && sha256 && Sha256(seen->endorsement) == *sha256) {
      first_seen_.emplace(*sha256, seen->first_seen);
    } else {
      unreadable.push_back({std::string(entry), std::nullopt});
    }
    return true;
  }));
  if (!unreadable.empty()) TRY(store_->Apply(unreadable));
  return unreadable.size();
}

Status SeenEndorsements::Record(const Digest256& sha256, ByteView endorsement, Instant now) {
  const std::lock_guard lock(mutex_);
  if (first_seen_.contains(sha256)) return {};
  std::vector<Store::Write> writes = {
      {EntryOf(sha256), StrCat(now.time_since_epoch().count(), "\n", AsText(endorsement))}};
  const auto oldest =
      std::ranges::min_element(first_seen_, [](const auto& a, const auto& b) { return a.second < b.second; });
  const bool full = first_seen_.size() >= most_ && oldest != first_seen_.end();
  if (full) writes.push_back({EntryOf(oldest->first), std::nullopt});
  TRY(store_->Apply(writes));
  if (full) first_seen_.erase(oldest);
  first_seen_.emplace(sha256, now);
  return {};
}

Result<std::optional<SeenEndorsements::Seen>> SeenEndorsements::Find(const Digest256& sha256) const {
  TRY_ASSIGN(const auto value, store_->Get(EntryOf(sha256)));
  auto seen = value ? Decode(*value) : std::nullopt;
  if (seen && Sha256(seen->endorsement) != sha256) seen.reset();
  return seen;
}

}  // namespace thimble
