// SPDX-License-Identifier: Apache-2.0
//
// The floor documents that are and were in force, kept in the store. A document's number never falls: the highest that was
// seen under its name is kept over restarts, and an older one is refused.
//
//   floors/<name>/<number, ten digits>   JSON: since when, from where, the document and its signature
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "cache/store.h"
#include "service/baselines/floors.h"
#include "service/support/author.h"

namespace thimble {

struct FloorVersion {
  FloorBytes bytes;
  std::string name;
  uint32_t number = 0;
  Digest256 sha256;
  Instant since{};     // when it was first in force here
  std::string source;  // "builtin", a path, a URL, "upload"
};

// Another document, or another number of one, comes in force.
struct FloorChange {
  std::string name;
  uint32_t number = 0;
  Digest256 sha256;
  std::string source;  // as FloorVersion's
  Author by;           // who brought it: "configuration", "floors.url", or as a request's author is named
};
// Writes it down; what it refuses is not taken.
using RecordFloors = std::function<Status(const FloorChange&)>;

// Thread-safe.
class FloorBook {
 public:
  static Result<std::unique_ptr<FloorBook>> Open(std::shared_ptr<Store> store, RecordFloors record = nullptr);

  // What the configuration says now: every document is read and checked before any is taken. policy.format,
  // request.invalid: as LoadFloors(); collateral.rollback: a file is older than what was in force under its name, or
  // another document has its number.
  Status Configure(const Baselines& baselines, const ConfiguredPolicies& policies, const FloorsConfig& config,
                   Instant now);

  // A document that has to be signed: the newest is what "signed" names. Errors as above; collateral.rollback also for
  // another name than that of the document which is in force under the same key.
  Result<amd::FloorsPtr> Take(const FloorBytes& bytes, const std::string& source, Instant now,
                              const Author& by);

  // To judge by. What a baseline was changed to since is read when it is first asked for; errors as of Configure().
  Result<amd::FloorsPtr> Get(const std::string& setting, const std::optional<Instant>& at, Instant now);
  // What `amd` of a request names, by FloorSettingOf().
  Result<std::string> SettingOf(std::string_view amd) const;
  // As a file is now, whatever its number: what is tried out may still be edited.
  Result<amd::FloorsPtr> Try(const std::string& setting) const;
  // The same of a text that was sent, without a signature: it is tried out and put nowhere.
  Result<amd::FloorsPtr> TryText(std::string_view text) const;

  std::vector<amd::FloorsPtr> InForce() const;

  // Without the operator's overlay, newest first.
  std::vector<FloorVersion> History() const;

 private:
  FloorBook(std::shared_ptr<Store> store, RecordFloors record)
      : store_(std::move(store)), record_(std::move(record)) {}
  Status Load();
  Status Record(const FloorBytes& bytes, const amd::FloorDocument& document, const std::string& source,
                Instant now, const Author& by);
  Status CheckNumber(const amd::FloorDocument& document, std::string_view source) const;
  Status CheckName(const amd::FloorDocument& document, std::string_view source) const;
  const FloorVersion* Highest(std::string_view name) const;
  const FloorVersion* Find(std::string_view name, uint32_t number) const;
  Result<amd::FloorsPtr> Newest(const std::string& setting, const FloorRules& rules) const;
  Result<amd::FloorsPtr> Admit(const std::string& setting, const FloorRules& rules, amd::FloorsPtr floors,
                               Instant now);
  Result<amd::FloorsPtr> ReadWhenAsked(const std::string& setting, Instant now);

  const std::shared_ptr<Store> store_;
  const RecordFloors record_;
  std::mutex changing_;  // one change at a time
  mutable std::shared_mutex mutex_;
  FloorRules rules_;
  std::map<std::string, amd::FloorsPtr> in_force_;  // by setting
  std::vector<FloorVersion> versions_;              // in the order of since
};

}  // namespace thimble
