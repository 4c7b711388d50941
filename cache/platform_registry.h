// SPDX-License-Identifier: Apache-2.0
//
// The platforms that are known, and the queue of those that wait for certificates. Size: a few kilobytes a
// platform, up to 130 with a manifest. May not be lost: many platforms register once in their lives, which is why
// changes go into a journal first (registration_log.h). Trust: none, it is the word of whoever registered; certificates
// speak for themselves.
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
#include <string>
#include <vector>

#include "cache/platform.h"
#include "cache/registration_log.h"
#include "cache/store.h"

namespace thimble {

// Changes that are written down together or not at all, each seeing those before it.
class RegistryEdit {
 public:
  Result<std::optional<Platform>> Find(const intel::PlatformId& id);

  // Adds what a registration says. What it does not say stays; zeros do not replace a PPID.
  Status Remember(const Registration& registration);
  // Records what the certificates of a platform say of it.
  Status RecordCertificates(const intel::PlatformId& id, const intel::Fmspc& fmspc, intel::PckCa ca);
  // Records which certificate was chosen for a TCB. The last kMaxTcbs of a platform are kept.
  Status RecordChoice(const intel::PlatformId& id, const TcbMapping& mapping);

  // Waits from now on, also when it was handed out before; nothing changes when it waits already.
  Status Enqueue(const Registration& registration, QueuedRegistration::Why why);
  // Its certificates are here: nothing of this platform waits any longer, but for the TCBs that have none yet.
  Status Settle(const intel::PlatformId& id, const std::vector<intel::PckTcb>& not_available);
  // Marks entries as handed out, but for those that were changed since they were read.
  Status HandOut(const std::vector<QueuedRegistration>& read);

  static constexpr size_t kMaxTcbs = 64;

 private:
  friend class PlatformRegistry;
  explicit RegistryEdit(Store& store) : store_(store) {}
  Result<std::optional<std::string>> Get(const std::string& name);
  Result<std::optional<QueuedRegistration>> FindQueued(const std::string& name);
  void Put(const Platform& platform);
  void Put(QueuedRegistration queued);
  std::vector<Store::Write> Writes() const;

  Store& store_;
  std::map<std::string, std::optional<std::string>> changes_;
};

// Thread-safe. Edits are one at a time; reads do not wait for them.
class PlatformRegistry {
 public:
  // `log`, or null, outlives it.
  explicit PlatformRegistry(std::shared_ptr<Store> store, RegistrationLog* log = nullptr)
      : store_(std::move(store)), log_(log) {}

  Status CountPlatforms();                     // at start: those that the store holds
  size_t platforms() const { return count_; }  // how many there are

  Result<std::optional<Platform>> Find(const intel::PlatformId& id);
  Result<std::vector<Platform>> Platforms();
  // What waits and was not handed out yet; or what was.
  Result<std::vector<QueuedRegistration>> Waiting(QueuedRegistration::Why why);
  Result<std::vector<QueuedRegistration>> HandedOut();

  using Change = std::function<Status(RegistryEdit&)>;
  // Nothing is written when `change` fails. `apply` writes instead of the store itself, for what has to be in
  // one batch with other things.
  using Apply = std::function<Status(const std::vector<Store::Write>&)>;
  Status Edit(const Change& change);
  Status Edit(const Change& change, const Apply& apply);

 private:
  Result<std::vector<QueuedRegistration>> Queue(const std::function<bool(const QueuedRegistration&)>& wanted);
  Status Write(std::vector<Store::Write> writes, const Apply& apply);
  Result<int64_t> Growth(const std::vector<Store::Write>& writes);

  const std::shared_ptr<Store> store_;
  RegistrationLog* const log_;
  std::atomic<size_t> count_{0};
  std::mutex editing_;
};

}  // namespace thimble
