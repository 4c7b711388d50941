// SPDX-License-Identifier: Apache-2.0
//
// Strangers cannot fill the audit trail (docs/AUDIT.md). Equal decisions within a minute are one record, written at once,
// and one with the number of its repetitions, written when the minute is over. Rejections have a budget, of a client and
// in all: beyond it they are counted, and summarised in one record a minute. What a decision gave to somebody (a token,
// the use of a nonce) is recorded by itself, whatever it costs; an acceptance is counted at the least.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "service/audit/audit_log.h"
#include "service/support/token_bucket.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

// A decision as the trail sees it.
struct DecisionRecord {
  std::string request, client;
  Digest256 evidence;
  std::string own;     // the record's members that are of this one alone: kind, request, time
  std::string shared;  // the others: equal decisions have equal ones
  std::string cause;   // of a rejection: the check or the rule
  bool accepted = false;
  bool gave = false;  // a token, or the use of a nonce
};

struct DecisionBudgets {
  // Of records of rejections: a minute's worth of trying things out, and then one in two seconds. All clients together
  // write at most 170 MB a day.
  TokenRate per_client{.per_second = 0.5, .burst = 60};
  TokenRate in_all{.per_second = 2, .burst = 600};
  size_t max_groups = 10'000;   // open at once, of some 500 bytes; the oldest is closed for one more
  size_t max_clients = 10'000;  // with a budget; further ones have none
};

// Thread-safe. The log outlives it.
class DecisionGroups {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  struct Clocks {
    AuditLog::Now wall;
    std::function<Steady()> steady = std::chrono::steady_clock::now;
  };
  DecisionGroups(AuditLog& log, Clocks clocks, DecisionBudgets budgets = {})
      : log_(log), clocks_(std::move(clocks)), budgets_(budgets) {}

  // Errors: store.io; what becomes of the decision is on_failure's to say.
  Status Add(const DecisionRecord& decision);
  // Writes what is older than a minute: to be called every second or so. All: whatever its age, at the end.
  enum class Which : uint8_t { kOver, kAll };
  void Close(Which which);

  struct Totals {
    uint64_t repeated = 0;    // decisions that were counted with an equal one
    uint64_t summarised = 0;  // rejections beyond the budget
  };
  Totals totals() const;

 private:
  struct Group {
    std::string key;
    Steady opened;
    std::string request, client;  // of the first
    Digest256 evidence;
    bool accepted = false;
    uint64_t repetitions = 0;
    Instant last{};
  };
  using Groups = std::list<Group>;  // in the order in which they were opened
  struct Summary {
    Steady opened;
    Instant since{};
    uint64_t count = 0, of_other_clients = 0;
    std::map<std::string, uint64_t> clients, causes;
  };
  Status AddByItself(const DecisionRecord& decision);
  Status AddGrouped(const DecisionRecord& decision);
  Status Summarise(const DecisionRecord& decision, Steady now);
  bool Affords(const std::string& client, Steady now);
  void Open(std::string key, const DecisionRecord& decision, Steady now);
  void CloseGroup(Groups::iterator group);
  void CloseSummary();

  AuditLog& log_;
  const Clocks clocks_;
  const DecisionBudgets budgets_;
  mutable std::mutex mutex_;
  Groups open_;
  std::unordered_map<std::string, Groups::iterator> by_key_;
  std::optional<Summary> summary_;
  std::unordered_map<std::string, TokenBucket> clients_;
  TokenBucket in_all_;
  Totals totals_;
};

}  // namespace thimble
