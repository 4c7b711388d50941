// SPDX-License-Identifier: Apache-2.0
#include "cache/rocks_store.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/write_batch.h>

#include <cstdarg>
#include <shared_mutex>

#include "cache/rocks_files.h"
#include "cache/store_rules.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// Collateral is small and written seldom: little memory, few files, and every block checked when it is read.
rocksdb::Options DatabaseOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.paranoid_checks = true;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.write_buffer_size = 8u << 20;
  options.max_write_buffer_number = 2;
  options.max_total_wal_size = 32u << 20;
  options.max_open_files = 256;
  options.max_background_jobs = 2;
  options.keep_log_file_num = 2;
  options.max_log_file_size = 4u << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  return options;
}

// RocksDB's own log goes into the directory, but for where that is not to be touched.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

rocksdb::Options ReadingOptions() {
  rocksdb::Options options = DatabaseOptions();
  options.create_if_missing = false;
  options.max_open_files = -1;  // all are opened now: another process may remove one that it has merged
  options.info_log = std::make_shared<NoLog>();
  return options;
}

rocksdb::WriteOptions Durable() {
  rocksdb::WriteOptions options;
  options.sync = true;
  return options;
}

rocksdb::Slice ToSlice(std::string_view text) { return {text.data(), text.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Error FromRocks(std::string_view what, const rocksdb::Status& status) {
  return StoreError(StrCat(what, ": ", status.ToString()));
}

Status MakePrivateDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  if (!std::filesystem::create_directories(directory, error)) {
    if (!error) return {};  // it was there
    return StoreError(StrCat(directory.string(), ": ", error.message()));
  }
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  if (error) return StoreError(StrCat(directory.string(), ": ", error.message()));
  return {};
}

// What to do is the same whatever is damaged: the store is one whole.
Error DamagedStore(const std::filesystem::path& directory, std::string_view what) {
  return {
      ErrorKind::kInternal, Check::kStoreCorrupt,
      StrCat("the store in ", directory.string(), " is damaged: ", what,
             ". Put a backup in its place; or move its files (CURRENT, MANIFEST-*, *.sst, *.log) away: the "
             "registrations come back from registrations.journal, and collateral is fetched again, but "
             "baselines "
             "are those of the configuration again, and have to be promoted anew, and the history is gone")};
}

Error CheckError(const std::filesystem::path& directory, const Error& error) {
  return error.check == Check::kStoreCorrupt ? DamagedStore(directory, error.message) : error;
}

// RocksDB blames the MANIFEST for damage in the properties of a table: each is looked at by itself.
std::string DamagedTables(const std::filesystem::path& directory) {
  std::string text;
  std::error_code ignored;  // the error that is being told is the one that counts
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().extension() != ".sst") continue;
    rocksdb::SstFileReader reader{rocksdb::Options()};
    const bool whole = reader.Open(entry.path().string()).ok() && reader.VerifyChecksum().ok();
    if (!whole) text += StrCat("; the table ", entry.path().filename().string(), " cannot be read");
  }
  return text;
}

// RocksDB tells a held lock by its text alone.
Error OpenError(const std::filesystem::path& directory, const rocksdb::Status& status) {
  const std::string text = status.ToString();
  if (status.IsIOError() && text.find("LOCK") != std::string::npos &&
      text.find("lock") != std::string::npos) {
    return StoreError(StrCat(directory.string(), ": in use by another process"));
  }
  if (status.IsCorruption())
    return DamagedStore(directory, StrCat(status.ToString(), DamagedTables(directory)));
  return FromRocks(directory.string(), status);
}

// Every block of every table is read, and held to its checksum.
Status CheckTables(const std::filesystem::path& directory, rocksdb::DB& db) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 2u << 20;
  const rocksdb::Status checked = db.VerifyChecksum(options);
  return checked.ok() ? Status() : Status(DamagedStore(directory, checked.ToString()));
}

}  // namespace

struct RocksStore::Impl {
  std::unique_ptr<rocksdb::DB> db;
  uint64_t torn_bytes = 0;
  bool writable = false;
  // Plain writes share it; a conditional one has it alone, so that what is expected stays so until it is written.
  std::shared_mutex writing;
};

RocksStore::RocksStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

RocksStore::~RocksStore() {
  if (impl_->writable) (void)impl_->db->Flush(rocksdb::FlushOptions());  // what fails is in the log still
}

uint64_t RocksStore::torn_bytes() const { return impl_->torn_bytes; }

Result<std::unique_ptr<RocksStore>> RocksStore::Open(const std::filesystem::path& directory) {
  TRY(MakePrivateDirectory(directory));
  const auto torn = CheckRocksFiles(directory);
  if (!torn) return CheckError(directory, torn.error());
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(DatabaseOptions(), directory.string(), &db);
  if (!opened.ok()) return OpenError(directory, opened);
  auto impl = std::make_unique<Impl>();
  impl->db.reset(db);
  impl->torn_bytes = *torn;
  TRY(CheckTables(directory, *impl->db));
  impl->writable = true;
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(impl)));
  if (auto schema = CheckSchema(*store); !schema) {
    return StoreError(StrCat(directory.string(), ": ", schema.error().message));
  }
  return store;
}

// Written when a database is made, and never absent again.
bool RocksStore::IsIn(const std::filesystem::path& directory) {
  std::error_code ignored;  // what cannot be looked at is not there for us
  return std::filesystem::exists(directory / "CURRENT", ignored);
}

Result<std::unique_ptr<RocksStore>> RocksStore::OpenForReading(const std::filesystem::path& directory) {
  if (const auto torn = CheckRocksFiles(directory); !torn) return CheckError(directory, torn.error());
  rocksdb::DB* db = nullptr;
  const rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(ReadingOptions(), directory.string(), &db);
  if (!opened.ok()) return OpenError(directory, opened);
  auto impl = std::make_unique<Impl>();
  impl->db.reset(db);
  std::unique_ptr<RocksStore> store(new RocksStore(std::move(impl)));
  const auto schema = store->Get(kStoreSchemaName);
  const Status known = !schema                ? Status(schema.error())
                       : !schema->has_value() ? Status(StoreError("not a store of Thimble: it has no schema"))
                                              : CheckSchema(*store);
  if (!known) return StoreError(StrCat(directory.string(), ": ", known.error().message));
  return store;
}

Result<std::optional<std::string>> RocksStore::Get(std::string_view name) {
  std::string value;
  const rocksdb::Status status = impl_->db->Get(rocksdb::ReadOptions(), ToSlice(name), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return FromRocks("read", status);
  return std::optional<std::string>(std::move(value));
}

Status RocksStore::Apply(const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::shared_lock writing(impl_->writing);
  return Put(batch);
}

Result<bool> RocksStore::ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  const std::lock_guard writing(impl_->writing);
  TRY_ASSIGN(const bool holds, Holds(*this, expected));
  if (holds) TRY(Put(batch));
  return holds;
}

Status RocksStore::Put(const std::vector<Write>& batch) {
  rocksdb::WriteBatch writes;
  for (const Write& write : batch) {
    const rocksdb::Status status = write.value ? writes.Put(ToSlice(write.name), ToSlice(*write.value))
                                               : writes.Delete(ToSlice(write.name));
    if (!status.ok()) return FromRocks("write", status);
  }
  rocksdb::Status status = impl_->db->Write(Durable(), &writes);
  // After a failed write RocksDB refuses all others until it is told to go on: the disk may have room again.
  if (!status.ok() && impl_->db->Resume().ok()) status = impl_->db->Write(Durable(), &writes);
  if (!status.ok()) return FromRocks("write", status);
  return {};
}

Status RocksStore::Scan(std::string_view prefix,
                        const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  const std::unique_ptr<rocksdb::Iterator> it(impl_->db->NewIterator(options));
  for (it->Seek(ToSlice(prefix)); it->Valid() && it->key().starts_with(ToSlice(prefix)); it->Next()) {
    if (!visit(ToView(it->key()), ToView(it->value()))) break;
  }
  if (!it->status().ok()) return FromRocks("scan", it->status());
  return {};
}

uint64_t RocksStore::Size() const {
  uint64_t files = 0, memory = 0;
  impl_->db->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &files);
  impl_->db->GetIntProperty(rocksdb::DB::Properties::kCurSizeAllMemTables, &memory);
  return files + memory;
}

Status RocksStore::BackUp(const std::string& directory) {
  rocksdb::Checkpoint* made = nullptr;
  rocksdb::Status status = rocksdb::Checkpoint::Create(impl_->db.get(), &made);
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
  if (status.ok()) status = checkpoint->CreateCheckpoint(directory);
  if (!status.ok()) return FromRocks(directory, status);
  return {};
}

}  // namespace thimble
