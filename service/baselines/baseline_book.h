// SPDX-License-Identifier: Apache-2.0
//
// The named baselines and how they change: a candidate beside the current version, promoted and rolled back by
// command, kept in the store. The configuration makes a baseline and may change it: a definition there that
// differs from the one last read is a new version; one that is the same leaves in force what was promoted.
//
//   baseline/<name>   JSON: what the configuration said last, the current version, the candidate, versions before
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "cache/store.h"
#include "service/baselines/baseline.h"
#include "service/support/author.h"

namespace thimble {

struct BaselineState {
  BaselinePtr current;
  std::optional<Baseline> candidate;
  std::vector<BaselinePtr> past;  // those before it, newest first
  uint32_t highest = 1;           // of the versions' numbers so far
  Baseline configured;
};

struct BaselineChange {
  enum class Action : uint8_t { kConfigure, kCandidate, kPromote, kRollBack, kUndo };
  Action action;
  Author by;                             // who
  const BaselineState& state;            // after it
  std::optional<Refusals> refused = {};  // of a promotion that was guarded
};
std::string_view ActionName(BaselineChange::Action action);

using Baselines = std::map<std::string, Baseline, std::less<>>;

// Thread-safe.
class BaselineBook {
 public:
  // Told of each change before it is made, and asked whether it may be: an error refuses it.
  using Witness = std::function<Status(const BaselineChange&)>;
  static Result<std::unique_ptr<BaselineBook>> Open(std::shared_ptr<Store> store, const Baselines& configured,
                                                    Instant now, Witness witness);

  // What the configuration says now. Baselines that it no longer names are no longer there.
  Status Configure(const Baselines& configured, Instant now);

  BaselinePtr Find(std::string_view name) const;  // null: there is none
  std::map<std::string, BaselineState, std::less<>> All() const;

  // Errors: request.invalid for a name that is not there, and where there is nothing to promote or to go back to.
  Result<BaselineState> SetCandidate(std::string_view name, const Baseline& candidate, const Author& by);
  // Asked at the moment of a promotion what it refuses, while nothing else changes a baseline; must not ask upstreams.
  // An error refuses the promotion.
  using Guard = std::function<Result<Refusals>(const BaselineState& before)>;
  Result<BaselineState> Promote(std::string_view name, const Author& by, Instant now,
                                const Guard& guard = {});
  // The version before; the one in force becomes the candidate when there is no other.
  Result<BaselineState> RollBack(std::string_view name, const Author& by, Instant now);

 private:
  BaselineBook(std::shared_ptr<Store> store, Witness witness)
      : store_(std::move(store)), witness_(std::move(witness)) {}
  Result<std::optional<BaselineState>> Load(const std::string& name);
  Result<BaselineState> Find(std::string_view name, std::string_view purpose) const;
  Status Commit(BaselineChange::Action action, const Author& by, const BaselineState& next,
                const std::optional<Refusals>& refused = {});

  const std::shared_ptr<Store> store_;
  const Witness witness_;
  std::mutex changing_;  // one change at a time
  mutable std::shared_mutex mutex_;
  std::map<std::string, BaselineState, std::less<>> states_;
};

// As JSON: {"name", "current": {"version", "intel", "amd", "since"}, "candidate"?: {"intel", "amd"}, "past": [...]}.
void WriteState(json::Writer& json, const BaselineState& state);

}  // namespace thimble
