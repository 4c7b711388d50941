// SPDX-License-Identifier: Apache-2.0
#include "tests/fault/damaged_data.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "cache/platform_registry.h"
#include "cache/rocks_store.h"
#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "service/platforms/registration_recovery.h"
#include "service/results/result_key_files.h"
#include "tcb/base/text.h"
#include "tests/cache/platforms.h"

namespace thimble::test {
namespace {

namespace fs = std::filesystem;

constexpr int kSessions = 4, kPlatformsEach = 25, kItemsEach = 60;
constexpr uint64_t kAuditRecords = 40;
constexpr Instant kNow{Seconds(1'780'000'000)};
constexpr std::string_view kRegistry = "registry/";

void Must(const Status& status) {
  if (!status) throw std::runtime_error(status.error().message);
}
template <class T>
T Must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

std::string Key(const std::string& data) { return data + "/result-key.pem"; }
std::string Audit(const std::string& data) { return data + "/audit"; }

std::string TextOf(const std::vector<std::string>& files) {
  std::string text;
  for (const std::string& path : files) {
    std::ifstream file(path, std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), {});
  }
  return text;
}

std::string PublicParts(const ResultKeys& keys) {
  std::string text(AsText(keys.current.point()));
  for (const RetiredKey& key : keys.retired) text += StrCat(AsText(key.point), FormatRfc3339(key.until));
  return text;
}

Result<std::map<std::string, std::string>> EntriesIn(Store& store, std::string_view prefix) {
  std::map<std::string, std::string> entries;
  TRY(store.Scan(prefix, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with("meta/")) entries[std::string(name)] = value;
    return true;
  }));
  return entries;
}

// What a process does between its start and its end.
void Session(RegistrationJournal& journal, const std::shared_ptr<Store>& store, int session) {
  PlatformRegistry registry(store, &journal);
  for (int i = 0; i < kPlatformsEach; ++i) {
    const Registration registration = ByPpid(Id(StrCat("AB", session * kPlatformsEach + i)));
    Must(registry.Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Remember(registration));
      return edit.Enqueue(registration, QueuedRegistration::Why::kNew);
    }));
  }
  for (int i = 0; i < kItemsEach; ++i) {
    const std::string body(static_cast<size_t>(200 + 37 * i), static_cast<char>('a' + i % 26));
    Must(store->Apply({{StrCat("item/", session, "/", i), body}}));
  }
}

bool Told(const RegistrationFindings& found) {
  return found.to_store + found.to_journal + found.damaged_lines + found.lost != 0 || found.journal_missing;
}

}  // namespace

std::vector<std::string> FilesOf(const std::string& data, const FileKind& kind) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(data)) {
    const std::string name = entry.path().filename();
    const bool family = kind.beginning.ends_with('-') || !kind.end.empty();
    const bool of_kind =
        family ? name.starts_with(kind.beginning) && name.ends_with(kind.end) : name == kind.beginning;
    if (entry.is_regular_file() && of_kind && entry.file_size() != 0) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

void FlipBit(const std::string& file, uint64_t bit) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  char byte = 0;
  stream.seekg(static_cast<std::streamoff>(bit / 8)).get(byte);
  stream.seekp(static_cast<std::streamoff>(bit / 8)).put(static_cast<char>(byte ^ (1 << (bit % 8))));
}

void RemoveStore(const std::string& data) {
  for (const auto& entry : fs::directory_iterator(data)) {
    const std::string name = entry.path().filename();
    const bool ours = name.ends_with(".sst") || name.ends_with(".log") || name.starts_with("MANIFEST-") ||
                      name.starts_with("OPTIONS-") || name == "CURRENT" || name == "IDENTITY";
    if (ours) fs::remove(entry.path());
  }
}

DamagedData::DamagedData() {
  const std::string data = files_ / "data";
  for (int session = 0; session <= kSessions; ++session) {
    const std::shared_ptr<Store> store = Must(RocksStore::Open(data));
    auto recovered = Must(RecoverRegistrations(*store, data, kNow));
    if (session == 0) {  // small files that a clean stop leaves as they are
      const RetiredKey retired{MakeResultKey().point(), kNow};
      Must(WriteResultKeys(Key(data), {MakeResultKey(), {retired}}));
      const auto audit = Must(AuditLog::Open({.directory = Audit(data)}, [] { return kNow; }));
      for (uint64_t i = 0; i < kAuditRecords; ++i)
        Must(audit->AppendDurably(StrCat("\"kind\":\"test\",\"n\":", i)));
    }
    Session(*recovered.journal, store, session);
    if (session != kSessions) continue;
    books_ = Must(EntriesIn(*store, ""));
    fs::copy(data, files_ / "killed", fs::copy_options::recursive);  // while it is in use
  }
  fs::copy(data, files_ / "stopped", fs::copy_options::recursive);
  audit_ = TextOf(AuditFiles(Audit(data)));
  key_ = PublicParts(Must(OpenResultKeys(Key(data))));
}

std::unique_ptr<TempDir> DamagedData::Copy(After after) const {
  auto copy = std::make_unique<TempDir>();
  fs::copy(files_ / (after == After::kKill ? "killed" : "stopped"), *copy / "data",
           fs::copy_options::recursive);
  return copy;
}

Judgement DamagedData::Judge(const std::string& data, const std::string& file) const {
  const auto refused = [&file](const Error& error) {
    const bool named = error.message.find(file) != std::string::npos;
    return Judgement{named ? Outcome::kRefused : Outcome::kSilent, error.message};
  };
  const auto store = RocksStore::Open(data);
  if (!store.ok()) return refused(store.error());
  const auto recovered = RecoverRegistrations(**store, data, kNow);
  if (!recovered.ok()) return refused(recovered.error());
  const auto entries = EntriesIn(**store, "");
  if (!entries.ok()) return refused(entries.error());
  if (*entries != books_) return {Outcome::kSilent, StrCat(file, ": the store has other entries")};
  const auto keys = OpenResultKeys(Key(data));
  if (!keys.ok()) return refused(keys.error());
  if (PublicParts(*keys) != key_) return {Outcome::kSilent, StrCat(file, ": other result keys")};
  const auto audit = CheckAudit(AuditFiles(Audit(data)), std::nullopt);
  if (!audit.ok()) return refused(audit.error());
  if (TextOf(AuditFiles(Audit(data))) != audit_)
    return {Outcome::kSilent, StrCat(file, ": other audit records")};
  return {Told(recovered->findings) ? Outcome::kMended : Outcome::kWhole, ""};
}

Judgement DamagedData::JudgeRegistrations(const std::string& data) const {
  const auto store = RocksStore::Open(data);
  if (!store.ok()) return {Outcome::kSilent, store.error().message};
  const auto recovered = RecoverRegistrations(**store, data, kNow);
  if (!recovered.ok()) return {Outcome::kSilent, recovered.error().message};
  const auto entries = EntriesIn(**store, kRegistry);
  if (!entries.ok()) return {Outcome::kSilent, entries.error().message};
  size_t platforms = 0, expected = 0;
  for (const auto& [name, value] : *entries)
    platforms += name.starts_with(kRegistrationPrefixes.front()) ? 1 : 0;
  for (const auto& [name, value] : books_)
    expected += name.starts_with(kRegistrationPrefixes.front()) ? 1 : 0;
  const uint64_t lost = recovered->findings.lost;
  if (platforms + lost != expected)
    return {Outcome::kSilent,
            StrCat(platforms, " of ", expected, " platforms, and ", lost, " are told to be lost")};
  return {lost == 0 ? Outcome::kMended : Outcome::kNamed, ""};
}

}  // namespace thimble::test
