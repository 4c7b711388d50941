// SPDX-License-Identifier: Apache-2.0
//
// What goes into the audit trail (docs/AUDIT.md): of each decision enough to repeat it, of each change of a baseline
// what was put in force and by whom. Never evidence, claims or a verdict whole: digests and names.
#pragma once

#include <map>
#include <memory>
#include <string_view>

#include "service/audit/audit_log.h"
#include "service/audit/decision_groups.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/baselines/moved_sets.h"
#include "service/support/author.h"
#include "service/support/periodic_tasks.h"
#include "service/verification/verification.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// The request behind a decision.
struct AuditedRequest {
  std::string_view id, client;
  Author by = {};
};

// What a record of a decision says of what was asked and of what came of it: to compare a repetition with it.
std::string DecisionJson(const VerificationRequest& asked, const VerificationOutcome& outcome);

// Thread-safe. Without a log it records nothing and refuses nothing.
class AuditTrail {
 public:
  explicit AuditTrail(std::unique_ptr<AuditLog> log = nullptr);
  ~AuditTrail();  // writes what is counted and queued
  AuditTrail(const AuditTrail&) = delete;
  AuditTrail& operator=(const AuditTrail&) = delete;

  // `token_id`: of the signed result, where one was made. Errors: store.io. Whether the decision may be answered all the
  // same is must_record()'s to say.
  Status Decision(const AuditedRequest& request, const VerificationRequest& asked,
                  const VerificationOutcome& outcome, const std::optional<std::string>& token_id);
  // Waits until it is written down. Errors: store.io; the change must not be made.
  Status Change(const BaselineChange& change);
  // The same for a floor document.
  Status Change(const FloorChange& change);
  // A baseline that the vendor has changed: it is in force already, and to be told again when it is not written down.
  Status Change(const MovedSet& moved);
  // The same for another key of signed results: both by their `kid`, and how long the old one is shown.
  struct KeyChange {
    Author by;
    std::string fresh, retired;
    Instant retired_until{};
  };
  Status Change(const KeyChange& change);
  // The same for a platform whose QE id may be bound anew.
  struct ForgottenPlatform {
    std::string platform;  // PlatformId::name()
    Author by;
  };
  Status Change(const ForgottenPlatform& change);
  // What holds from now on: at the start of a server, and when its configuration was read again.
  struct Rules {
    const std::map<std::string, Policy, std::less<>>& policies;
    const BaselineBook& baselines;
    const TrustAnchors& anchors;
    std::vector<amd::FloorsPtr> floors;
  };
  Status InForce(const Rules& rules);

  bool must_record() const { return log_ && log_->must_record(); }
  struct State {
    AuditLog::State log;
    DecisionGroups::Totals decisions;
  };
  std::optional<State> state() const;  // nullopt: there is no log

 private:
  const std::unique_ptr<AuditLog> log_;
  std::unique_ptr<DecisionGroups> groups_;
  std::unique_ptr<PeriodicTasks> closing_;  // last: its thread uses all of the above
};

}  // namespace thimble
