// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/registration_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>

#include "service/platforms/journal_contents.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr uint64_t kSlack = 256 << 10;  // a journal that is smaller is left alone

Error Failure(std::string_view what, const std::string& path) {
  return {ErrorKind::kInternal, Check::kStoreIo,
          StrCat("journal of registrations: cannot ", what, " ", path, ": ",
                 std::generic_category().message(errno))};
}

int OpenToAppend(const std::string& path, int flags) {
  return ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0600);
}

}  // namespace

RegistrationJournal::~RegistrationJournal() {
  if (file_ >= 0) ::close(file_);
}

Result<std::unique_ptr<RegistrationJournal>> RegistrationJournal::Continue(std::string path, JournalMark last,
                                                                           uint64_t size, uint64_t kept) {
  std::unique_ptr<RegistrationJournal> journal(new RegistrationJournal(std::move(path)));
  journal->file_ = OpenToAppend(journal->path_, 0);
  if (journal->file_ < 0) return Failure("open", journal->path_);
  if (::ftruncate(journal->file_, static_cast<off_t>(size)) != 0) return Failure("mend", journal->path_);
  journal->last_ = journal->before_ = last;
  journal->size_ = journal->size_before_ = size;
  journal->least_ = kept;
  return journal;
}

Result<std::unique_ptr<RegistrationJournal>> RegistrationJournal::Begin(std::string path, uint64_t generation,
                                                                        const Entries& entries) {
  std::unique_ptr<RegistrationJournal> journal(new RegistrationJournal(std::move(path)));
  TRY(journal->Rewrite(generation, entries));
  return journal;
}

// All of it and on the disk, or nothing.
Status RegistrationJournal::Write(std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Failure("write", path_);
    rest.remove_prefix(static_cast<size_t>(written));
  }
  size_ += text.size();
  return {};
}

Result<Store::Write> RegistrationJournal::Append(const std::vector<Store::Write>& changes) {
  std::map<std::string_view, std::vector<Store::Write>> platforms;
  for (const Store::Write& change : changes) {
    if (const auto platform = PlatformIn(change.name); !platform.empty())
      platforms[platform].push_back(change);
  }
  before_ = last_;
  size_before_ = size_;
  // What an undoing could not cut off before must not come between.
  if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) return Failure("mend", path_);
  std::string text;
  for (auto& [platform, entries] : platforms) {
    ++last_.number;
    text += EncodeJournalLine({last_, std::move(entries)});
  }
  Status written = Write(text);
  if (written && ::fdatasync(file_) != 0) written = Failure("sync", path_);
  if (!written) {
    Undo();
    return std::move(written).error();
  }
  return mark();
}

void RegistrationJournal::Undo() {
  last_ = before_;
  size_ = size_before_;
  if (::ftruncate(file_, static_cast<off_t>(size_)) != 0)
    LogError("journal of registrations has a line too many", {}, Failure("mend", path_).message);
}

std::optional<Store::Write> RegistrationJournal::Compact() {
  if (size_ < kSlack || size_ < 2 * least_) return std::nullopt;
  if (const Status written = CopyKept(); !written) {
    LogWarning("journal of registrations cannot be written anew", {}, written.error().message);
    least_ = size_;  // tried again when it has doubled
    return std::nullopt;
  }
  return mark();
}

// From the journal itself, not from the store: the two stay independent.
Status RegistrationJournal::CopyKept() {
  TRY_ASSIGN(JournalContents contents, JournalContents::Read(path_));
  if (contents.MissingAfter(0, last_.number) != 0)
    return Error{ErrorKind::kInternal, Check::kStoreCorrupt,
                 StrCat(path_, " has been damaged: the next start mends it from the store")};
  return Rewrite(last_.generation + 1, [&contents](const auto& line) -> Status {
    for (const auto& [platform, names] : contents.KeptByPlatform()) {
      std::vector<Store::Write> changes;
      for (const std::string& name : names) {
        Store::Write& change = changes.emplace_back(Store::Write{name, std::nullopt});
        const JournalContents::Entry& entry = contents.entries().at(name);
        if (entry.value) {
          TRY_ASSIGN(change.value, contents.Value(name, entry));
        }
      }
      TRY(line(std::move(changes)));
    }
    return {};
  });
}

Status RegistrationJournal::Rewrite(uint64_t generation, const Entries& entries) {
  const std::string fresh = path_ + ".new";
  ::unlink(fresh.c_str());  // what a former attempt left
  RegistrationJournal next(fresh);
  next.file_ = OpenToAppend(fresh, O_CREAT | O_EXCL);
  if (next.file_ < 0) return Failure("make", fresh);
  next.last_ = {generation, 0};
  TRY(entries([&next](std::vector<Store::Write> changes) {
    ++next.last_.number;
    return next.Write(EncodeJournalLine({next.last_, std::move(changes)}));
  }));
  if (::fsync(next.file_) != 0) return Failure("sync", fresh);
  if (::rename(fresh.c_str(), path_.c_str()) != 0) return Failure("replace", path_);
  std::swap(file_, next.file_);
  last_ = before_ = next.last_;
  size_ = size_before_ = least_ = next.size_;
  return SyncDirectoryOf(path_);
}

}  // namespace thimble
