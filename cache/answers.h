// SPDX-License-Identifier: Apache-2.0
//
// What upstreams answered in one renewal of an item: the newest authentic answer wins, and how far the others are behind
// is known then.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/collateral_item.h"

namespace thimble {

// How much older what an upstream gave is than the newest that is known of the item; 0: it gave that.
struct UpstreamLag {
  std::string upstream;  // as configured
  std::string item;      // KeyName
  Seconds behind{0};
  Instant at{};  // when it was asked
};

// An answer is enough, or another upstream is to be asked, too.
enum class AfterAnswer : uint8_t { kStop, kAskNext };

// Whether an upstream that gives this may lag, so that another one may have a newer version: an item that vendors sign
// anew every day was issued longer ago than `lag`, or a CRL is past half of its window. It need not: nobody may have
// anything newer.
bool MayBeSuperseded(const CollateralItem& item, Seconds lag, Instant now);

// Of one renewal. Not thread-safe.
class Answers {
 public:
  // `held`: the version that is held; null: none is.
  Answers(ItemPtr held, Seconds lag, Instant now) : held_(std::move(held)), lag_(lag), now_(now) {}

  // An authentic answer, with its issuer chain as it came. Errors: collateral.rollback, when it is older than what is
  // held.
  Result<AfterAnswer> Add(ItemPtr item, std::string issuer_chain, std::string upstream,
                          const std::optional<Instant>& checked = {});
  // An answer came that is not authentic.
  void AddRefused() { came_ = true; }

  struct Best {
    ItemPtr item;
    std::string issuer_chain;
    std::optional<Instant> checked;  // absent: now
  };
  // The newest of those that were added, of equal ones the first; nullopt: there is none that is not older than what is
  // held.
  const std::optional<Best>& best() const { return best_; }
  bool came() const { return came_; }  // any, taken or refused
  // Of each upstream that gave an authentic answer, as far as the newest is known.
  std::vector<UpstreamLag> Lags() const;

 private:
  struct Issued {
    std::string upstream;
    Instant at;
  };
  const ItemPtr held_;
  const Seconds lag_;
  const Instant now_;
  std::optional<Best> best_;
  std::vector<Issued> issued_;
  std::string name_;
  bool came_ = false;
};

}  // namespace thimble
