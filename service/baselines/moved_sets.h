// SPDX-License-Identifier: Apache-2.0
//
// Intel itself changes what a baseline means that names a set of evaluation data by a word: from one day to the next,
// "standard" is another number. That is a change of baseline which no operator has made: it is seen here, judged as a
// promotion would have been, told in the log and recorded.
//
//   moved_sets   JSON: the number that each item which is held by a word had when it was last looked at
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/seen_platforms.h"
#include "cache/store.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/references.h"
#include "service/support/prometheus_text.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"

namespace thimble {

// A word means another set for these items of a TEE.
struct MovedSet {
  IntelTee tee = IntelTee::kSgx;
  Selector selector;  // the word
  uint32_t from = 0, to = 0;
  std::vector<CollateralKey> items;
  std::vector<std::string> baselines;  // that name it: "default@2"
  Refusals refused;                    // as for a promotion, of platforms of this TEE
};

// Thread-safe. What is given outlives it.
class MovedSets {
 public:
  // Told of each, to write it down: what cannot be is told again in the next look.
  using Witness = std::function<Status(const MovedSet&)>;
  MovedSets(const Snapshot<Policies>& policies, const BaselineBook& book, const SeenPlatforms& seen,
            CollateralCache& cache, std::shared_ptr<Store> store, Witness witness)
      : policies_(policies),
        book_(book),
        seen_(seen),
        cache_(cache),
        store_(std::move(store)),
        witness_(std::move(witness)) {}

  // Looks at what is held, and asks nobody.
  void Check(Instant now);
  void Write(PrometheusText& out) const;

 private:
  using Numbers = std::map<std::string, uint32_t>;  // by KeyName
  Numbers Held(Instant now) const;
  void Load();
  void Save();
  std::vector<MovedSet> Find(const Numbers& held) const;
  bool Tell(MovedSet moved, Instant now);
  std::vector<std::string> BaselinesOf(const Selector& selector) const;
  Refusals Judge(const MovedSet& moved, Instant now) const;
  ItemPtr Before(const CollateralKey& key, uint32_t number) const;

  const Snapshot<Policies>& policies_;
  const BaselineBook& book_;
  const SeenPlatforms& seen_;
  CollateralCache& cache_;
  const std::shared_ptr<Store> store_;
  const Witness witness_;

  std::mutex checking_;  // one look at a time; of what follows
  bool loaded_ = false;
  Numbers known_;

  struct Total {
    uint64_t moves = 0;
    Refusals refused;  // of the last one
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Total> totals_;  // by TEE and word
};

}  // namespace thimble
