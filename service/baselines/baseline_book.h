// SPDX-License-Identifier: Apache-2.0
//
// The named baselines and how they change: a candidate beside the current version, promoted and rolled back by
// command, kept in the store. The configuration makes a baseline and may change it: a definition there that
// differs from the one last read is a new version; one that is the same leaves in force what was promoted.
//
//   baseline/<name>   JSON: what the configuration said last, the current version, the candidate, versions before
//
// With replicas a change is agreed on first, in a ledger, and taken over from there by the others; what is in the store is
// then each one's copy. What a configuration changes is proposed to them once the ledger is reached.
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
#include "service/baselines/baseline_ledger.h"
#include "service/support/author.h"

namespace thimble {

struct BaselineState {
  BaselinePtr current;
  std::optional<Baseline> candidate;
  std::vector<BaselinePtr> past;  // those before it, newest first
  uint32_t highest = 1;           // of the versions' numbers so far
  Baseline configured;
  int64_t agreed = 0;  // the number of the change in the ledger that it is of; 0: of none
};

struct BaselineChange {
  enum class Action : uint8_t { kConfigure, kCandidate, kPromote, kRollBack, kUndo, kTakeOver };
  Action action;
  Author by;                             // who
  const BaselineState& state;            // after it
  std::optional<Refusals> refused = {};  // of a promotion that was guarded
};
std::string_view ActionName(BaselineChange::Action action);

using Baselines = std::map<std::string, Baseline, std::less<>>;

// Thread-safe.
class BaselineBook {
  using Action = BaselineChange::Action;

 public:
  // Told of each change before it is made, and asked whether it may be: an error refuses it.
  using Witness = std::function<Status(const BaselineChange&)>;
  // `ledger`, or null, outlives it.
  static Result<std::unique_ptr<BaselineBook>> Open(std::shared_ptr<Store> store, const Baselines& configured,
                                                    Instant now, Witness witness,
                                                    BaselineLedger* ledger = nullptr);

  // What the configuration says now. Baselines that it no longer names are no longer there.
  Status Configure(const Baselines& configured, Instant now);

  BaselinePtr Find(std::string_view name) const;  // null: there is none
  std::map<std::string, BaselineState, std::less<>> All() const;

  // Errors: request.invalid for a name that is not there, and where there is nothing to promote or to go back to; with
  // replicas as BaselineLedger, and kUnavailable when another one was faster, or one of them does not take it over.
  Result<BaselineState> SetCandidate(std::string_view name, const Baseline& candidate, const Author& by);
  // Asked at the moment of a promotion what it refuses, while nothing else changes a baseline; must not ask upstreams.
  // An error refuses the promotion.
  using Guard = std::function<Result<Refusals>(const BaselineState& before)>;
  Result<BaselineState> Promote(std::string_view name, const Author& by, Instant now,
                                const Guard& guard = {});
  // The version before; the one in force becomes the candidate when there is no other.
  Result<BaselineState> RollBack(std::string_view name, const Author& by, Instant now);

  // What the replicas have agreed on since the last time, in its order; or all of it, of a ledger that is seen for the first
  // time or was put back: then what only this one has is proposed. Errors: one that this replica cannot judge by; store.io.
  using Usable = std::function<Status(const Baseline& baseline)>;  // whether this one can judge by it
  Status TakeOver(const std::vector<AgreedBaseline>& agreed, bool all, const Usable& usable, Instant now);

 private:
  BaselineBook(std::shared_ptr<Store> store, Witness witness, BaselineLedger* ledger)
      : store_(std::move(store)), witness_(std::move(witness)), ledger_(ledger) {}
  Status TakeOver(const AgreedBaseline& agreed, bool all, const Usable& usable);
  Status Propose(Instant now);
  Status Record(Action action, const Author& by, const BaselineState& next,
                const std::optional<Refusals>& refused = {});
  Result<int64_t> Agree(Action action, const BaselineState& next);
  Result<BaselineState> Settled(BaselineState next);
  Result<std::optional<BaselineState>> Load(const std::string& name);
  Result<BaselineState> Find(std::string_view name, std::string_view purpose) const;
  Status Commit(Action action, const Author& by, BaselineState& next,
                const std::optional<Refusals>& refused = {});

  const std::shared_ptr<Store> store_;
  const Witness witness_;
  BaselineLedger* const ledger_;
  std::map<std::string, Baseline, std::less<>> proposals_;  // of the configuration, for the ledger
  std::mutex changing_;                                     // one change at a time
  mutable std::shared_mutex mutex_;
  std::map<std::string, BaselineState, std::less<>> states_;
};

// As JSON: {"name", "current": {"version", "intel", "amd", "since"}, "candidate"?: {"intel", "amd"}, "past": [...]}.
void WriteState(json::Writer& json, const BaselineState& state);

}  // namespace thimble
