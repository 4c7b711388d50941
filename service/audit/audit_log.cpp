// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "service/audit/audit_check.h"
#include "service/audit/audit_start_check.h"
#include "service/support/log.h"
#include "service/support/thread_start.h"
#include "tcb/base/ascii.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxQueued = 65'536;
constexpr auto kRetryAfter = std::chrono::seconds(1);
// How long records that nobody waits for gather, to share a write and an fdatasync: one for each costs more than the
// rest of the record.
constexpr auto kGather = std::chrono::milliseconds(20);
// What a decision takes, and more.
constexpr uint64_t kRoomForMore = 8192;
// Files may be moved away by others.
constexpr auto kMeasureEvery = std::chrono::seconds(60);
constexpr std::string_view kFilePrefix = "audit-", kFileSuffix = ".jsonl";

Error Failure(std::string_view what) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat("audit trail: ", what)};
}

Error SystemFailure(std::string_view what, const std::string& path) {
  return Failure(StrCat(what, " ", path, ": ", std::strerror(errno)));
}

Status WriteAll(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure(StrCat("cannot write: ", std::strerror(errno)));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

std::string RemovedMembers(const std::vector<std::string>& names) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("kind").String("removed").Key("files").BeginArray();
  for (const std::string& name : names) json.String(name);
  json.EndArray().EndObject();
  return out.substr(1, out.size() - 2);
}

}  // namespace

std::vector<std::string> AuditFiles(const std::string& directory) {
  std::vector<std::string> files;
  std::error_code ignored;  // a directory that cannot be read has no files for us; opening one says why
  for (const auto& entry : fs::directory_iterator(directory, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFilePrefix) && name.ends_with(kFileSuffix)) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// -- Opening ----------------------------------------------------------------------------------------------------------

AuditLog::AuditLog(AuditConfig config, Now now) : config_(std::move(config)), now_(now) {}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(AuditConfig config, Now now) {
  std::unique_ptr<AuditLog> log(new AuditLog(std::move(config), now));
  TRY(log->Begin());
  log->state_.last_seq = log->seq_;
  log->state_.limit = log->limit();
  log->NoteSize();
  log->start_check_ = std::make_unique<AuditStartCheck>(log->config_.directory);
  TRY(log->start_check_->Start());
  TRY_ASSIGN(log->writer_, StartThread("to write the audit trail", [raw = log.get()] { raw->Loop(); }));
  return log;
}

Status AuditLog::Begin() {
  std::error_code error;
  fs::create_directories(config_.directory, error);
  if (error) return Failure(StrCat("cannot make ", config_.directory, ": ", error.message()));
  fs::permissions(config_.directory, fs::perms::owner_all, error);
  if (error) return Failure(StrCat("cannot keep ", config_.directory, " to its owner: ", error.message()));
  const std::vector<std::string> files = AuditFiles(config_.directory);
  TRY(files.empty() ? StartFile() : ContinueFile(files.back()));
  Measure();
  return {};
}

// A record that was cut short by a crash was never acknowledged: it is cut off, and the trail says so.
Status AuditLog::ContinueFile(const std::string& path) {
  TRY_ASSIGN(const AuditEnd end, ReadAuditEnd(path));
  file_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file_ < 0) return SystemFailure("cannot open", path);
  path_ = path;
  file_size_ = end.size;
  seq_ = end.seq;
  head_ = end.digest;
  if (end.torn_bytes == 0) return {};
  if (::ftruncate(file_, static_cast<off_t>(end.size)) != 0) return SystemFailure("cannot mend", path);
  Text text{.seq = seq_, .head = head_};
  AddRecord(text, StrCat("\"kind\":\"recovered\",\"torn_bytes\":", end.torn_bytes));
  return Write(text);
}

Status AuditLog::StartFile() {
  const std::string path =
      (fs::path(config_.directory) / StrCat(kFilePrefix, TwentyDigits(seq_ + 1), kFileSuffix)).string();
  const int next = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (next < 0) return SystemFailure("cannot make", path);
  if (file_ >= 0) ::close(file_);
  file_ = next;
  path_ = path;
  file_size_ = 0;
  RemoveOldFiles();
  Measure();
  return {};
}

bool AuditLog::RemoveFile(const std::string& path) {
  std::error_code error;
  if (!fs::remove(path, error)) {
    LogWarning("audit file cannot be removed", {{"file", path}}, error.message());
    return false;
  }
  removed_.push_back(fs::path(path).filename().string());
  return true;
}

void AuditLog::RemoveOldFiles() {
  if (config_.keep_files == 0) return;
  const std::vector<std::string> files = AuditFiles(config_.directory);
  for (size_t i = 0; i + config_.keep_files < files.size(); ++i)
    (void)RemoveFile(files.at(i));  // logged there
}

void AuditLog::Measure() {
  others_size_ = 0;
  for (const std::string& path : AuditFiles(config_.directory)) {
    std::error_code gone;  // by whoever moved it away
    const uint64_t size = path == path_ ? 0 : fs::file_size(path, gone);
    if (!gone) others_size_ += size;
  }
  measured_ = std::chrono::steady_clock::now();
}

Error AuditLog::NoRoom() const {
  return Failure(StrCat(config_.directory, " takes its max_total_mib = ", config_.max_total_mib,
                        ": move its oldest files away, or raise it"));
}

// At the limit the oldest file goes, unless nothing may go unrecorded: then nothing fits any more.
void AuditLog::MakeRoom() {
  if (limit() == 0 || total() < limit() / 2) return;
  const bool full = total() + kRoomForMore >= limit();
  if (full || std::chrono::steady_clock::now() - measured_ > kMeasureEvery) Measure();
  if (must_record()) return;
  const std::vector<std::string> files = AuditFiles(config_.directory);
  for (size_t i = 0; i + 1 < files.size() && total() >= limit(); ++i) {
    if (!RemoveFile(files.at(i))) break;
    LogError("audit file removed", {{"file", files.at(i)}, {"max_total_mib", config_.max_total_mib}},
             "the trail has reached its limit: move files away in time, or raise it");
    Measure();
  }
}

// Where nothing may go unrecorded: with these lines.
bool AuditLog::Fits(const Text& text) const {
  return !must_record() || limit() == 0 || total() + text.lines.size() <= limit();
}

// What does not fit stays out, but for what an administrator does. False: something did not.
bool AuditLog::AddEntries(Text& text, std::vector<Entry>& batch) const {
  bool all = true;
  for (Entry& entry : batch) {
    const uint64_t seq = text.seq;
    const Digest256 head = text.head;
    const size_t size = text.lines.size();
    AddRecord(text, entry.members);
    entry.fits = entry.room == Room::kBeyondLimit || Fits(text);
    if (entry.fits) continue;
    all = false;
    text.lines.resize(size);
    text.seq = seq;
    text.head = head;
  }
  return all;
}

AuditLog::~AuditLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (writer_.joinable()) writer_.join();
  if (file_ >= 0) ::close(file_);
}

// -- Appending --------------------------------------------------------------------------------------------------------

// With the lock held.
Status AuditLog::Refusal() const {
  if (must_record() && !state_.last_error.empty())
    return Error{ErrorKind::kInternal, Check::kStoreIo, state_.last_error};
  if (queue_.size() >= kMaxQueued) return Failure("too many records wait to be written");
  return {};
}

Status AuditLog::Accepts() const {
  const std::lock_guard lock(mutex_);
  return Refusal();
}

Status AuditLog::Append(std::string members) {
  const std::lock_guard lock(mutex_);
  if (Status refusal = Refusal(); !refusal) {
    ++state_.lost;
    return refusal;
  }
  queue_.push_back({std::move(members)});
  if (queue_.size() == 1) wake_.notify_one();
  return {};
}

void AuditLog::AppendOwed(std::string members) {
  const std::lock_guard lock(mutex_);
  if (queue_.size() >= kMaxQueued) {
    ++state_.lost;
    return;
  }
  queue_.push_back({std::move(members)});
  if (queue_.size() == 1) wake_.notify_one();
}

Status AuditLog::AppendDurably(std::string members, Room room) {
  std::optional<Status> outcome;
  std::unique_lock lock(mutex_);
  queue_.push_back({std::move(members), &outcome, room});
  awaited_ = true;
  wake_.notify_one();
  settled_.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

AuditLog::State AuditLog::state() const {
  AuditStartCheck::Outcome found = start_check_ ? start_check_->outcome() : AuditStartCheck::Outcome{};
  const std::lock_guard lock(mutex_);
  State state = state_;
  state.damage = std::move(found.damage);
  state.checked = found.over;
  return state;
}

// -- Writing ----------------------------------------------------------------------------------------------------------

void AuditLog::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    // After a failure it tries again by itself: decisions may be refused until it succeeds.
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty() || !state_.last_error.empty(); });
    if (stopping_ && queue_.empty()) return;
    wake_.wait_for(lock, kGather, [this] { return stopping_ || awaited_; });
    awaited_ = false;
    std::vector<Entry> batch(std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
    queue_.clear();
    lock.unlock();
    const Status status = WriteBatch(batch);
    lock.lock();
    const bool failed = !status.ok();
    Settle(std::move(batch), status);
    if (failed && stopping_) {
      LogError("audit records lost", {{"records", queue_.size()}},
               "the trail cannot be written, and the program ends");
      return;
    }
    if (failed) wake_.wait_for(lock, kRetryAfter, [this] { return stopping_; });
  }
}

// All that there is room for, and on the disk; or nothing, whatever was half written. A file is begun between batches only.
Status AuditLog::WriteBatch(std::vector<Entry>& batch) {
  for (Entry& entry : batch) entry.fits = true;
  if (file_ < 0) TRY(Begin());
  MakeRoom();
  // An attempt by itself, after a failure, succeeds when a decision would.
  if (batch.empty() && must_record() && limit() != 0 && total() + kRoomForMore > limit()) return NoRoom();
  if (file_size_ >= uint64_t{config_.max_file_mib} << 20) TRY(StartFile());
  const uint64_t lost = state().lost;
  Text text{.seq = seq_, .head = head_};
  if (!removed_.empty()) AddRecord(text, RemovedMembers(removed_));
  if (lost != reported_lost_ || batch.empty())
    AddRecord(text, StrCat("\"kind\":\"gap\",\"lost\":", lost - reported_lost_));
  const bool all = AddEntries(text, batch);
  if (!all) measured_ = {};  // the next attempt looks whether files were moved away
  const bool nothing = !batch.empty() && std::ranges::none_of(batch, [](const Entry& e) { return e.fits; });
  if (nothing && must_record()) return NoRoom();  // a gap alone would grow a full trail with every attempt
  if (const Status written = Write(text); !written) {
    for (Entry& entry : batch) entry.fits = true;
    return written;
  }
  reported_lost_ = lost;
  removed_.clear();
  return all ? Status() : NoRoom();
}

void AuditLog::AddRecord(Text& text, std::string_view members) const {
  const std::string line = StrCat("{\"seq\":", ++text.seq, ",\"time\":\"", FormatRfc3339(now_()),
                                  "\",\"prev\":\"", text.head.hex(), "\",", members, "}");
  text.head = Sha256(AsBytes(line));
  text.lines += line;
  text.lines += '\n';
}

Status AuditLog::Write(const Text& text) {
  Status status = WriteAll(file_, text.lines);
  if (status && ::fdatasync(file_) != 0) status = Failure(StrCat("cannot sync: ", std::strerror(errno)));
  if (status) {
    file_size_ += text.lines.size();
    seq_ = text.seq;
    head_ = text.head;
  } else if (::ftruncate(file_, static_cast<off_t>(file_size_)) != 0) {
    ::close(file_);  // the next attempt reads where whole records end
    file_ = -1;
  }
  return status;
}

// With the lock held.
void AuditLog::NoteSize() {
  const bool before = state_.near_limit();
  state_.bytes = total();
  if (before || !state_.near_limit()) return;
  LogWarning("audit trail is half full", {{"bytes", state_.bytes}, {"max_total_mib", config_.max_total_mib}},
             "move its oldest files away, set keep_files, or raise max_total_mib (docs/AUDIT.md)");
}

// Called with the lock held. What failed waits for the next attempt, but for what somebody waits on.
void AuditLog::Settle(std::vector<Entry> batch, const Status& status) {
  if (!status && state_.last_error.empty())
    LogError("audit trail cannot be written", {}, status.error().message);
  if (status && !state_.last_error.empty()) LogInfo("audit trail is written again");
  state_.last_error = status ? "" : status.error().message;
  state_.last_seq = seq_;
  NoteSize();
  const bool any_left = std::ranges::any_of(batch, [](const Entry& entry) { return !entry.fits; });
  for (auto entry = batch.rbegin(); entry != batch.rend(); ++entry) {
    // A batch that failed as a whole has all its entries unwritten; one that there was no room for, those.
    const bool written = status.ok() || (any_left && entry->fits);
    if (entry->outcome != nullptr) {
      *entry->outcome = written ? Status() : status;
    } else if (!written && queue_.size() < kMaxQueued) {
      queue_.push_front(std::move(*entry));
    } else if (!written) {
      ++state_.lost;
    }
  }
  settled_.notify_all();
}

}  // namespace thimble
