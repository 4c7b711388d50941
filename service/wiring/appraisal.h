// SPDX-License-Identifier: Apache-2.0
//
// Appraisal: policies and baselines, the verification by them, and what is done with its results.
#pragma once

#include <memory>

#include "service/audit/audit_trail.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/evaluation.h"
#include "service/baselines/floor_book.h"
#include "service/baselines/floor_fetcher.h"
#include "service/baselines/impact_study.h"
#include "service/baselines/moved_sets.h"
#include "service/baselines/promotions.h"
#include "service/baselines/recovery_watch.h"
#include "service/config/config.h"
#include "service/monitoring/verdict_counts.h"
#include "service/monitoring/verdict_hours.h"
#include "service/results/result_signer.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/verification/challenges.h"
#include "service/verification/verification.h"
#include "service/wiring/collateral.h"

namespace thimble {

// Members are made from top to bottom, and what comes later refers to what comes before.
struct Appraisal {
  // Errors: store.io for the audit trail, the key of results and the baselines; as FloorBook::Configure() for the floors.
  // What is given outlives it.
  static Result<std::unique_ptr<Appraisal>> Make(const Config& config, Storage storage,
                                                 Collateral& collateral, const Clock& clock);

  ~Appraisal() { refresh_.Include(nullptr); }
  Appraisal(const Appraisal&) = delete;
  Appraisal& operator=(const Appraisal&) = delete;

  // What of the configuration says where floors are fetched from: nowhere in OFFLINE mode.
  void UseFloorsUrl(CachingMode mode, const std::string& url);

  // What an impact is computed with: floors as their file is now, since what is tried out may still be edited.
  FloorOf CurrentFloors() const {
    return [this](const std::string& setting) { return floors->Try(setting); };
  }

  Snapshot<Policies> policies;
  const std::unique_ptr<AuditTrail> audit;
  const std::unique_ptr<BaselineBook> baselines;
  const std::unique_ptr<FloorBook> floors;
  FloorFetcher floor_fetcher;
  const std::unique_ptr<ResultSigner> signer;
  Challenges challenges;
  DefaultEvaluation evaluation;
  VerdictCounts verdicts;
  VerdictHours verdict_hours;
  Verification verification;
  ImpactStudy impact_study;
  RecoveryWatch recovery_watch;
  Promotions promotions;
  MovedSets moved_sets;

 private:
  Appraisal(const Config& config, Collateral& collateral, const Clock& clock,
            std::unique_ptr<AuditTrail> the_audit, std::unique_ptr<BaselineBook> the_baselines,
            std::unique_ptr<FloorBook> the_floors, std::unique_ptr<ResultSigner> the_signer);

  RefreshScheduler& refresh_;
};

}  // namespace thimble
