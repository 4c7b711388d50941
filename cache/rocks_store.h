// SPDX-License-Identifier: Apache-2.0
//
// The default store: RocksDB, embedded. Size: about the collateral itself. May be lost: everything is fetched
// again, but for the history, the promoted baselines, and the registrations, which have a journal beside it. Trust: none, what is read is
// verified again. One process at a time.
//
// What it holds is whole, or it is not opened: logs and MANIFEST are checked record by record (rocks_log.h), and every
// block of its tables is read. A log may end in a write that was cut short, as kill -9 leaves it.
#pragma once

#include <filesystem>
#include <memory>

#include "cache/store.h"

namespace thimble {

class RocksStore final : public Store {
 public:
  // Makes the directory (mode 0700) when it is not there. Errors (store.io): in use by another process, written by a
  // newer version; store.corrupt, naming the file: damaged.
  static Result<std::unique_ptr<RocksStore>> Open(const std::filesystem::path& directory);
  // One that is only read: nothing in its directory is touched, and Apply() is an error. It is as it was at this moment,
  // whatever a process that has it open writes meanwhile. Errors (store.io): not there, written by a newer version,
  // damaged.
  static Result<std::unique_ptr<RocksStore>> OpenForReading(const std::filesystem::path& directory);
  static bool IsIn(const std::filesystem::path& directory);  // whether there is one
  ~RocksStore() override;  // leaves an empty log: nothing that was written rests on it

  uint64_t torn_bytes() const;  // that the logs ended in when it was opened

  Result<std::optional<std::string>> Get(std::string_view name) override;
  Status Apply(const std::vector<Write>& batch) override;
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override;
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override;
  uint64_t Size() const override;
  Status BackUp(const std::string& directory) override;

 private:
  Status Put(const std::vector<Write>& batch);
  struct Impl;
  explicit RocksStore(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble
