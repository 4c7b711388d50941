// SPDX-License-Identifier: Apache-2.0
#include "cache/refresher.h"

#include <algorithm>
#include <thread>

#include "cache/held_certificates.h"
#include "cache/pck_levels.h"
#include "cache/selectors.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {
namespace {

using Outcome = RefreshLine::Outcome;

IntelTee TeeOf(EnclaveId id) { return id == EnclaveId::kTdQe ? IntelTee::kTdx : IntelTee::kSgx; }

// The TEE whose evaluation data an item belongs to.
std::optional<IntelTee> TeeOf(const CollateralKey& key) {
  if (const auto* tcb_info = std::get_if<TcbInfoKey>(&key)) return tcb_info->tee;
  if (const auto* identity = std::get_if<EnclaveIdentityKey>(&key)) return TeeOf(identity->id);
  return std::nullopt;
}

bool HasAll(const std::vector<intel::PckTcb>& known, const std::vector<intel::PckTcb>& wanted) {
  return std::ranges::all_of(
      wanted, [&](const intel::PckTcb& level) { return std::ranges::find(known, level) != known.end(); });
}

}  // namespace

std::string_view OutcomeName(Outcome outcome) {
  switch (outcome) {
    case Outcome::kRenewed:
      return "renewed";
    case Outcome::kKept:
      return "kept";
    case Outcome::kFailed:
      return "failed";
  }
  return "";
}

size_t RefreshReport::Count(Outcome outcome) const {
  return static_cast<size_t>(std::ranges::count(lines, outcome, &RefreshLine::outcome));
}

bool RefreshReport::complete() const {
  return std::ranges::none_of(
      lines, [](const RefreshLine& line) { return line.outcome == Outcome::kFailed || line.stale; });
}

// One pass under way.
struct Refresher::Round {
  Instant now;
  Urge urge;
  const std::atomic<bool>& stop;
  Instant since;
  Statuses held;
  RefreshReport report;
};

std::string ItemName(const RefreshLine& line) {
  return line.floors.empty() ? KeyName(line.key) : StrCat("floors ", line.floors);
}

RefreshReport Refresher::Pass(Instant now, Urge urge, const std::atomic<bool>& stop, Instant since) {
  Round round{.now = now, .urge = urge, .stop = stop, .since = since, .held = {}, .report = {now, 0, {}}};
  for (CacheStatus& status : cache_.Status(now)) round.held.emplace(KeyName(status.key), std::move(status));
  RefreshNumbers(round);
  RefreshRest(round);
  RefetchPckCertificates(round);
  std::ranges::sort(round.report.lines, {}, [](const RefreshLine& line) { return KeyName(line.key); });
  return std::move(round.report);
}

RefreshReport Refresher::PassOver(const std::vector<CollateralKey>& keys, Instant now,
                                  const std::atomic<bool>& stop) {
  Round round{
      .now = now, .urge = Urge::kNow, .stop = stop, .since = kAll, .held = {}, .report = {now, 0, {}}};
  std::vector<Job> jobs;
  for (const CollateralKey& key : keys) {
    if (const auto held = cache_.Peek(key, now)) {
      CacheStatus status;
      status.key = key;
      status.freshness = held->freshness;
      status.sha256 = held->item->sha256().hex();
      round.held.emplace(KeyName(key), std::move(status));
    }
    Consider(round, key, true, jobs);
  }
  (void)Run(round, jobs);  // what fails is in the report
  return std::move(round.report);
}

std::vector<CollateralKey> Refresher::HeldOf(const intel::Fmspc& fmspc, Instant now) {
  std::vector<CollateralKey> keys;
  for (const CacheStatus& status : cache_.Status(now)) {
    const auto* tcb_info = std::get_if<TcbInfoKey>(&status.key);
    if (tcb_info != nullptr && tcb_info->fmspc == fmspc) keys.push_back(status.key);
  }
  for (const Platform& platform : PlatformsOf(fmspc)) {
    if (const PckCertsKey key{platform.id}; cache_.Peek(key, now)) keys.emplace_back(key);
  }
  return keys;
}

// First of all: they tell of evaluation numbers that are new.
void Refresher::RefreshNumbers(Round& round) {
  std::set<IntelTee> in_use;
  for (const auto& [name, status] : round.held) {
    if (const auto tee = TeeOf(status.key)) in_use.insert(*tee);
    if (const auto* numbers = std::get_if<EvaluationNumbersKey>(&status.key)) in_use.insert(numbers->tee);
  }
  std::vector<Job> jobs;
  for (const IntelTee tee : in_use) Consider(round, EvaluationNumbersKey{tee}, false, jobs);
  (void)Run(round, jobs);  // what fails is in the report
}

// The newest number that Intel lists; 0 when the list is not held.
uint32_t Refresher::NewestNumber(IntelTee tee, Instant now) {
  const auto list = cache_.Peek(EvaluationNumbersKey{tee}, now);
  if (!list || list->item->numbers() == nullptr) return 0;
  uint32_t newest = 0;
  for (const auto& entry : list->item->numbers()->numbers) newest = std::max(newest, entry.number);
  return newest;
}

// Of every item with evaluation data both the standard and the early set are kept, so that what is coming can be
// compared with what is.
void Refresher::RefreshRest(Round& round) {
  std::map<std::string, CollateralKey> wanted;
  for (const auto& [name, status] : round.held) {
    if (std::holds_alternative<EvaluationNumbersKey>(status.key)) continue;
    wanted.emplace(name, status.key);
    if (SelectorOf(status.key) == nullptr) continue;
    for (const Selector& selector : {kStandard, kEarly}) {
      const CollateralKey sibling = WithSelector(status.key, selector);
      wanted.emplace(KeyName(sibling), sibling);
    }
  }
  std::map<IntelTee, uint32_t> newest;
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) newest[tee] = NewestNumber(tee, round.now);

  std::vector<Job> jobs;
  for (const auto& [name, key] : wanted) {
    bool announced = false;  // a number came up that this item was not asked for since
    const auto held = round.held.find(name);
    if (const auto tee = TeeOf(key); tee && held != round.held.end() && !IsByNumber(key)) {
      const auto list = cache_.Peek(EvaluationNumbersKey{*tee}, round.now);
      announced = newest[*tee] > held->second.order_number && list && list->fetched > held->second.last_check;
    }
    Consider(round, key, announced, jobs);
  }
  (void)Run(round, jobs);  // what fails is in the report
}

// Adds what has to be asked for to `jobs`, and what is left as it is to the report. `wanted`: due or not.
void Refresher::Consider(Round& round, const CollateralKey& key, bool wanted, std::vector<Job>& jobs) {
  const auto found = round.held.find(KeyName(key));
  const bool held = found != round.held.end();
  const bool due = !held || wanted || found->second.freshness != Freshness::kFresh ||
                   found->second.last_check < round.since;
  if (!due) {
    ++round.report.not_due;
    return;
  }
  const bool reachable = !options_.has_upstream || options_.has_upstream(VendorOf(key));
  const bool waits = round.urge == Urge::kPatient && !cache_.MayTry(key);
  if (reachable && !waits) {
    jobs.push_back({key, held ? std::optional(found->second) : std::nullopt});
  } else if (held) {
    const CacheStatus& status = found->second;
    const std::string reason = !reachable                  ? "no upstream is configured"
                               : status.last_error.empty() ? "was checked a short while ago"
                                                           : status.last_error;
    round.report.lines.push_back({status.key, Outcome::kKept, reason, status.freshness == Freshness::kStale});
  }
}

bool Refresher::Run(Round& round, const std::vector<Job>& jobs) {
  std::vector<std::optional<RefreshLine>> lines(jobs.size());
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < jobs.size() && !round.stop; i = next++) lines[i] = Ask(jobs[i], round);
  };
  std::vector<std::thread> helpers;
  for (size_t i = 1; i < std::min(options_.threads, jobs.size()); ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();

  bool good = !round.stop;
  for (auto& line : lines) {
    if (!line) continue;
    good = good && line->outcome != Outcome::kFailed;
    round.report.lines.push_back(*std::move(line));
  }
  return good;
}

// nullopt: nothing was held, and there is nothing to have.
std::optional<RefreshLine> Refresher::Ask(const Job& job, const Round& round) {
  const auto answer = cache_.Refresh(job.key, round.now, round.urge);
  RefreshLine line{.key = job.key, .outcome = Outcome::kRenewed, .reason = ""};
  if (answer) {
    line.stale = answer->freshness == Freshness::kStale;
    if (job.held && job.held->sha256 == answer->item->sha256().hex()) {
      line.outcome = Outcome::kKept;
      line.reason = "upstream has nothing newer";
    }
    return line;
  }
  line.reason = answer.error().message;
  const bool not_found = answer.error().check == Check::kUpstreamNotFound;
  if (not_found && !job.held) return std::nullopt;
  if (not_found && IsByNumber(job.key)) {  // Intel retires numbers; what was held of them is history
    line.outcome = Outcome::kKept;
    return line;
  }
  line.outcome = Outcome::kFailed;
  line.stale = job.held && job.held->freshness == Freshness::kStale;
  return line;
}

// Those that are bound: of others no certificates are kept.
std::vector<Platform> Refresher::PlatformsOf(const intel::Fmspc& fmspc) const {
  if (options_.registry == nullptr) return {};
  auto platforms = options_.registry->Platforms();
  if (!platforms.ok()) {
    ReportStore("registered platforms", platforms.error());
    return {};
  }
  std::erase_if(*platforms,
                [&](const Platform& platform) { return !platform.bound || platform.fmspc != fmspc; });
  return *std::move(platforms);
}

// The FMSPCs of bound platforms: read again when the registry has changed.
std::set<std::string> Refresher::FmspcsOfPlatforms() {
  const uint64_t edits = options_.registry->edits();
  {
    const std::lock_guard lock(mutex_);
    if (fmspcs_at_ == edits) return fmspcs_;
  }
  const auto platforms = options_.registry->Platforms();
  if (!platforms.ok()) {
    ReportStore("registered platforms", platforms.error());
    return {};
  }
  std::set<std::string> fmspcs;
  for (const Platform& platform : *platforms) {
    if (platform.bound && platform.fmspc) fmspcs.insert(platform.fmspc->hex());
  }
  const std::lock_guard lock(mutex_);
  fmspcs_ = fmspcs;
  fmspcs_at_ = edits;
  return fmspcs;
}

// A TCB info with a level that was not there when the certificates of a platform were fetched means that Intel has others
// for it (TCB recovery). That is asked of each platform, whoever brought its certificates and however long ago. So are
// certificates that are not held, as when the registration alone came back from its journal.
void Refresher::RefetchPckCertificates(Round& round) {
  if (options_.registry == nullptr) return;
  if (options_.has_upstream && !options_.has_upstream(Vendor::kIntel)) return;  // nobody to ask is no failure
  std::map<std::string, std::string> found;                                     // FMSPC -> digests
  for (const std::string& hex : FmspcsOfPlatforms()) found[hex];
  for (const CacheStatus& status : cache_.Status(round.now)) {
    const auto* tcb_info = std::get_if<TcbInfoKey>(&status.key);
    if (tcb_info != nullptr && !IsByNumber(status.key)) found[tcb_info->fmspc.hex()] += status.sha256;
  }
  for (auto& [hex, state] : found) {
    state += StrCat("@", options_.registry->edits());
    {
      const std::lock_guard lock(mutex_);
      if (settled_[hex] == state) continue;
    }
    if (!FetchForNewLevels(round, *intel::Fmspc::FromHex(hex))) continue;
    const std::lock_guard lock(mutex_);
    settled_[hex] = state;
  }
}

// False: not everything came, to be tried again in the next pass.
bool Refresher::FetchForNewLevels(Round& round, const intel::Fmspc& fmspc) {
  const auto levels = HeldLevels(cache_, fmspc, round.now);
  std::vector<Job> jobs;
  bool good = true;
  for (const Platform& platform : PlatformsOf(fmspc)) {
    const bool no_new_level = levels.empty() || (platform.levels && HasAll(*platform.levels, levels));
    if (no_new_level && HeldCertificatesOf(cache_, platform, round.now)) continue;
    if (!platform.proof()) continue;  // it has to register again
    const CollateralKey key = PckCertsKey{platform.id};
    if (round.urge == Urge::kNow || cache_.MayTry(key)) {
      jobs.push_back({key, std::nullopt});
    } else {
      good = false;
    }
  }
  const size_t before = round.report.lines.size();
  good = Run(round, jobs) && good;
  for (size_t i = before; i < round.report.lines.size(); ++i) {
    const RefreshLine& line = round.report.lines[i];
    if (line.outcome != Outcome::kFailed) RecordLevels(std::get<PckCertsKey>(line.key).platform, levels);
  }
  return good;
}

void Refresher::RecordLevels(const intel::PlatformId& platform, const std::vector<intel::PckTcb>& levels) {
  const Status recorded =
      options_.registry->Edit([&](RegistryEdit& edit) { return edit.RecordLevels(platform, levels); });
  if (!recorded) ReportStore(KeyName(PckCertsKey{platform}), recorded.error());
}

void Refresher::ReportStore(std::string_view item, const Error& error) const {
  if (options_.events) options_.events({CacheEvent::Kind::kStoreFailed, item, &error, error.message});
}

}  // namespace thimble
