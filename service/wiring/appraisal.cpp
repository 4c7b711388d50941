// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/appraisal.h"

#include <filesystem>

#include "service/support/log.h"
#include "service/wiring/upstreams.h"

namespace thimble {
namespace {

std::string InData(const Config& config, const char* name) {
  return (std::filesystem::path(config.cache.data) / name).string();
}

// A store in memory has no place for a trail, unless one is named; and what is only read gets no records.
Result<std::unique_ptr<AuditTrail>> OpenAudit(const Config& config, Storage storage) {
  AuditConfig audit = config.audit;
  if (!audit.enabled || storage == Storage::kReadOnly ||
      (storage == Storage::kMemory && audit.directory.empty())) {
    return std::make_unique<AuditTrail>();
  }
  if (audit.directory.empty()) audit.directory = InData(config, "audit");
  TRY_ASSIGN(auto log, AuditLog::Open(std::move(audit), Clock::WallTime));
  return std::make_unique<AuditTrail>(std::move(log));
}

Result<std::unique_ptr<ResultSigner>> OpenSigner(const Config& config, Storage storage) {
  if (storage == Storage::kMemory || storage == Storage::kReadOnly)
    return ResultSigner::InMemory(config.server.issuer);
  return ResultSigner::AtFile(InData(config, "result-key.pem"), config.server.issuer);
}

// Only what a decision about now rests on, by an issuer whom its policy accepts: anybody can issue one by himself.
void KeepEndorsement(const VerificationRequest& request, const VerificationOutcome& outcome, Instant now,
                     SeenEndorsements& seen) {
  const auto& container = outcome.verdict.container;
  if (request.at || outcome.error || !outcome.decision.accept || container == nullptr ||
      !container->endorsement || !request.uvm_endorsement)
    return;
  const Status kept = seen.Record(container->endorsement->sha256, *request.uvm_endorsement, now);
  if (!kept) LogWarning("an endorsement cannot be kept", {}, kept.error().message);
}

}  // namespace

Appraisal::Appraisal(const Config& config, Collateral& collateral, const Clock& clock,
                     std::unique_ptr<AuditTrail> the_audit, std::unique_ptr<BaselineBook> the_baselines,
                     std::unique_ptr<FloorBook> the_floors, std::unique_ptr<ResultSigner> the_signer)
    : policies(SharedPolicies(config.policies)),
      audit(std::move(the_audit)),
      baselines(std::move(the_baselines)),
      floors(std::move(the_floors)),
      floor_fetcher(*floors, FloorsClient()),
      signer(std::move(the_signer)),
      challenges(collateral.shared ? &collateral.shared->nonces() : nullptr),
      evaluation(*baselines, collateral.cache, clock),
      verdict_hours(clock.Now()),
      verification(
          collateral.anchors, &collateral.cache, clock,
          [&collateral](const intel::PlatformId& platform, const intel::PckTcb& raw,
                        const std::optional<intel::EncryptedPpid>& ppid) {
            return collateral.pck_service.ChainFor(platform, raw, ppid);
          },
          &collateral.seen, &challenges),
      impact_study(collateral.seen, collateral.cache, CurrentFloors()),
      recovery_watch(policies, *baselines, collateral.seen, collateral.cache, impact_study),
      promotions(*baselines, policies, collateral.seen, collateral.cache, impact_study, CurrentFloors()),
      moved_sets(policies, *baselines, collateral.seen, collateral.cache, collateral.store,
                 [this](const MovedSet& moved) { return audit->Change(moved); }),
      refresh_(collateral.refresh) {
  UseFloorsUrl(config.pccs.mode, config.floors.url);
  if (SharedLink* const shared = collateral.shared.get()) {
    signer->UseReplicas([shared] { return shared->InTouch(); }, [shared] { return shared->keys().Others(); });
  }
  refresh_.Include([this, &waiting = collateral.waiting](Instant now, RefreshUrge urge) {
    std::vector<RefreshLine> lines = floor_fetcher.Pass(now, urge);
    for (RefreshLine& line : waiting.Pass(now, urge)) lines.push_back(std::move(line));
    return lines;
  });
  verification.UseFloors([this, &clock](const std::string& setting, const std::optional<Instant>& at) {
    return floors->Get(setting, at, clock.Now());
  });
  verification.Watch([this, &clock, &seen = collateral.seen_endorsements](
                         const VerificationRequest& request, const VerificationOutcome& outcome) {
    verdicts.Record(request, outcome);
    verdict_hours.Record(outcome, clock.Now());
    KeepEndorsement(request, outcome, clock.Now(), seen);
  });
}

void Appraisal::UseFloorsUrl(CachingMode mode, const std::string& url) {
  floor_fetcher.Use(mode == CachingMode::kOffline ? "" : url);
}

Result<std::unique_ptr<Appraisal>> Appraisal::Make(const Config& config, Storage storage,
                                                   Collateral& collateral, const Clock& clock) {
  TRY_ASSIGN(auto signer, OpenSigner(config, storage));
  TRY_ASSIGN(auto audit, OpenAudit(config, storage));
  TRY_ASSIGN(auto baselines,
             BaselineBook::Open(
                 collateral.store, config.baselines, clock.Now(),
                 [&trail = *audit](const BaselineChange& change) { return trail.Change(change); },
                 collateral.shared ? &collateral.shared->baselines() : nullptr));
  TRY_ASSIGN(auto floors, FloorBook::Open(collateral.store, [&trail = *audit](const FloorChange& change) {
               return trail.Change(change);
             }));
  TRY(floors->Configure(config.baselines, config.policies, config.floors, clock.Now()));
  return std::unique_ptr<Appraisal>(new Appraisal(config, collateral, clock, std::move(audit),
                                                  std::move(baselines), std::move(floors),
                                                  std::move(signer)));
}

}  // namespace thimble
