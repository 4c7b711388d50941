// SPDX-License-Identifier: Apache-2.0
#include "cache/watched_store.h"

#include <iterator>

#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr size_t kShown = 10;

}  // namespace

Result<std::optional<std::string>> WatchedStore::Get(std::string_view name) {
  auto value = store_->Get(name);
  NoteRead(std::string(name), value.ok() ? Status() : Status(value.error()));
  return value;
}

Status WatchedStore::Scan(std::string_view prefix,
                          const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  Status scanned = store_->Scan(prefix, visit);
  NoteRead(StrCat(prefix, "*"), scanned);
  return scanned;
}

Status WatchedStore::Apply(const std::vector<Write>& batch) {
  Status applied = store_->Apply(batch);
  NoteWritten(batch, applied);
  return applied;
}

Result<bool> WatchedStore::ApplyIf(const std::vector<Expectation>& expected,
                                   const std::vector<Write>& batch) {
  auto applied = store_->ApplyIf(expected, batch);
  if (!applied || *applied) NoteWritten(batch, applied ? Status() : Status(applied.error()));
  return applied;
}

void WatchedStore::NoteWritten(const std::vector<Write>& batch, const Status& applied) {
  if (applied && all_well_) return;
  const std::lock_guard lock(mutex_);
  failures_.write_error = applied ? "" : applied.error().message;
  if (!applied) ++failures_.writes;
  if (applied) {
    for (const Write& write : batch) unreadable_.erase(write.name);
  }
  all_well_ = unreadable_.empty() && failures_.write_error.empty();
}

void WatchedStore::NoteRead(std::string name, const Status& outcome) {
  if (outcome && all_well_) return;
  const std::lock_guard lock(mutex_);
  if (!outcome) {
    ++failures_.reads;
    failures_.read_error = outcome.error().message;
    if (unreadable_.size() < kMostNames) unreadable_.insert(std::move(name));
  } else {
    unreadable_.erase(name);
  }
  all_well_ = unreadable_.empty() && failures_.write_error.empty();
}

WatchedStore::Failures WatchedStore::failures() const {
  const std::lock_guard lock(mutex_);
  Failures failures = failures_;
  failures.unreadable = unreadable_.size();
  for (const std::string& name : unreadable_) {
    if (failures.names.size() == kShown) break;
    failures.names.push_back(name);
  }
  if (unreadable_.empty()) failures.read_error.clear();
  return failures;
}

}  // namespace thimble
