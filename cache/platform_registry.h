// SPDX-License-Identifier: Apache-2.0
//
// The platforms that are registered, and the queue of those that wait for certificates. Size: a few kilobytes a
// platform, up to 130 with a manifest. May not be lost: many platforms register once in their lives, which is why
// changes go into a journal first (registration_log.h). Trust: none, it is the word of whoever registered; certificates
// speak for themselves. No certificate names a QE id, so the first that come for one bind it to their PPID, and no others
// do until an administrator has it forgotten. Who merely looks a platform up leaves nothing here.
//
//   registry/platform/<QE id>/<PCE id>              a Platform
//   registry/queue/<QE id>/<PCE id>/<raw TCB or ->  a QueuedRegistration
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cache/platform.h"
#include "cache/proof_index.h"
#include "cache/registration_log.h"
#include "cache/shared_facts.h"
#include "cache/store.h"
#include "tcb/intel/pck_set.h"

namespace thimble {

// Whether it is an entry of the registry, under the name that is its own, and fits into a line of a journal.
bool IsRegistryEntry(const std::string& name, const std::string& value);

// pck.platform_mismatch (kRejected).
Error PlatformMismatch(const intel::PlatformId& id, const intel::Ppid& bound, const intel::Ppid& offered);

// Changes that are written down together or not at all, each seeing those before it.
class RegistryEdit {
 public:
  Result<std::optional<Platform>> Find(const intel::PlatformId& id);

  // Adds what a registration says. What it does not say stays; zeros do not replace a PPID.
  Status Remember(const Registration& registration);
  // Binds a platform to the PPID of certificates that have come for it, and records what they say of it:
  // pck.platform_mismatch when it is bound to another. Whoever calls it has authenticated them.
  Status Bind(const intel::PlatformId& id, const intel::PckSet& set);
  // Records the TCB levels that were listed when the certificates of a bound platform were fetched.
  Status RecordLevels(const intel::PlatformId& id, std::vector<intel::PckTcb> levels);
  // Whatever its certificates are, they may lack some.
  Status ForgetLevels(const intel::PlatformId& id);
  // Removes all that is known of a platform, and what of it waits. False: nothing was known.
  Result<bool> Forget(const intel::PlatformId& id);
  // Records which certificate was chosen for a TCB of a registered platform. The last kMaxTcbs of it are kept.
  Status RecordChoice(const intel::PlatformId& id, const TcbMapping& mapping);

  // Waits from now on, also when it was handed out before; nothing changes when it waits already.
  Status Enqueue(const Registration& registration, QueuedRegistration::Why why);
  // Waits no longer, since it was refused.
  Status Withdraw(const Registration& registration);
  // Its certificates are here: nothing of this platform waits any longer, but for the TCBs that have none yet.
  Status Settle(const intel::PlatformId& id, const std::vector<intel::PckTcb>& not_available);
  // Marks entries as handed out, but for those that were changed since they were read.
  Status HandOut(const std::vector<QueuedRegistration>& read);

  static constexpr size_t kMaxTcbs = 64;

 private:
  friend class PlatformRegistry;
  RegistryEdit(Store& store, std::atomic<uint64_t>& mismatches) : store_(store), mismatches_(mismatches) {}
  Result<std::optional<std::string>> Get(const std::string& name);
  Result<std::optional<QueuedRegistration>> FindQueued(const std::string& name);
  Result<std::vector<std::string>> QueuedNames(const intel::PlatformId& id);
  void Put(const Platform& platform);
  void Put(QueuedRegistration queued);
  std::vector<Store::Write> Writes() const;

  Store& store_;
  std::atomic<uint64_t>& mismatches_;
  std::map<std::string, std::optional<std::string>> changes_;
  std::map<std::string, std::optional<std::string>> read_;  // what it rests on, as the store has it
};

// Thread-safe. Edits are one at a time; reads do not wait for them.
class PlatformRegistry {
 public:
  // `log` and `shared`, or null, outlive it.
  explicit PlatformRegistry(std::shared_ptr<Store> store, RegistrationLog* log = nullptr,
                            SharedFacts* shared = nullptr)
      : store_(std::move(store)), log_(log), shared_(shared) {}

  Status CountPlatforms();  // at start: those that the store holds
  // At start, of registrations that came back from the log, by "QEID/0000": their certificates have no log, and may be
  // older, or gone.
  Status ForgetLevels(const std::vector<std::string>& platforms);
  size_t platforms() const { return count_; }  // how many there are

  Result<std::optional<Platform>> Find(const intel::PlatformId& id);
  Result<std::vector<Platform>> Platforms();
  // The bound platform that has this proof and PCE; nullopt: none.
  Result<std::optional<Platform>> FindByProof(const intel::PlatformProof& proof, const intel::PceId& pce_id);
  // Those of a QE id, with any PCE, registered or queued.
  Result<std::vector<intel::PlatformId>> IdsOf(std::string_view qe_id);
  uint64_t edits() const { return edits_; }  // so far that changed anything: tells whether to look again
  // How often certificates were refused that are of another PPID than the QE id's.
  uint64_t mismatches() const { return mismatches_; }
  void CountMismatch() { ++mismatches_; }
  // How many shared entries were left out that are none, or are not what their name says.
  uint64_t left_out() const { return left_out_; }
  // What waits and was not handed out yet; or what was.
  Result<std::vector<QueuedRegistration>> Waiting(QueuedRegistration::Why why);
  Result<std::vector<QueuedRegistration>> HandedOut();

  using Change = std::function<Status(RegistryEdit&)>;
  // Nothing is written when `change` fails; it is called again when another replica was faster. `apply` writes instead of
  // the store itself, for what has to be in one batch with other things. Errors besides theirs, with replicas: as
  // SharedFacts.
  using Apply = std::function<Status(const std::vector<Store::Write>&)>;
  Status Edit(const Change& change);
  Status Edit(const Change& change, const Apply& apply);

  // With replicas, in platform_replicas.cpp. Takes over what they changed; of a database that it sees for the first time,
  // all, and gives it what it has not. How many entries that were. Errors: as SharedFacts; store.io.
  Result<size_t> Pull();

 private:
  struct Pulling;
  Result<size_t> PullLocked();
  Status CatchUp(bool& anew);
  Status Page(Pulling& pulling);
  Status TakeOver(const SharedChanges& changes, Pulling& pulling);
  Result<bool> KeptHere(const Store::Write& row, int64_t number, const std::optional<std::string>& held,
                        Pulling& pulling);
  Status ListOwn(Pulling& pulling);
  Status GivePage(Pulling& pulling);
  Status AddParting(std::vector<Store::Write>& writes);
  Result<bool> Agree(const RegistryEdit& edit);
  Result<std::vector<QueuedRegistration>> Queue(const std::function<bool(const QueuedRegistration&)>& wanted);
  Status Write(std::vector<Store::Write> writes, const Apply& apply);
  void Index(const std::vector<Store::Write>& writes);
  Result<int64_t> Growth(const std::vector<Store::Write>& writes);

  const std::shared_ptr<Store> store_;
  RegistrationLog* const log_;
  SharedFacts* const shared_;
  std::atomic<size_t> count_{0};
  std::mutex editing_;
  std::mutex indexing_;  // what is written while the index is built is added afterwards
  ProofIndex proofs_;
  std::atomic<uint64_t> edits_{0}, mismatches_{0}, left_out_{0};
};

}  // namespace thimble
