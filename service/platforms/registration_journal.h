// SPDX-License-Identifier: Apache-2.0
//
// The journal of registrations: a plain file of the data directory that is only appended to, beside the store and
// independent of it. Each change is on the disk before it goes into the store, and before anybody is told that it was
// done. Lines: journal_line.h. When it has grown to twice what it was when it was last written anew, it is written anew,
// with the living entries and the names of forgotten platforms alone, and put in its place by a rename.
//
//   DATA/registrations.journal
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "cache/registration_log.h"
#include "service/platforms/journal_line.h"
#include "tcb/base/result.h"

namespace thimble {

inline constexpr std::string_view kJournalMarkName =
    "meta/registrations";  // in the store: how far the journal had come

class RegistrationJournal final : public RegistrationLog {
 public:
  // Gives the entries of one platform after the other to `line`.
  using Entries = std::function<Status(const std::function<Status(std::vector<Store::Write>)>& line)>;

  // Goes on behind the last line; what is after `size` is cut off. `kept`: what would be left of it if it was written anew.
  // Errors: store.io.
  static Result<std::unique_ptr<RegistrationJournal>> Continue(std::string path, JournalMark last,
                                                               uint64_t size, uint64_t kept);
  // Begins it anew with these entries, in the place of what is there. Errors: store.io, and those of `entries`.
  static Result<std::unique_ptr<RegistrationJournal>> Begin(std::string path, uint64_t generation,
                                                            const Entries& entries);
  ~RegistrationJournal() override;
  RegistrationJournal(const RegistrationJournal&) = delete;
  RegistrationJournal& operator=(const RegistrationJournal&) = delete;

  Result<Store::Write> Append(const std::vector<Store::Write>& changes) override;
  void Undo() override;
  std::optional<Store::Write> Compact() override;

  Store::Write mark() const { return {std::string(kJournalMarkName), last_.ToString()}; }

 private:
  explicit RegistrationJournal(std::string path) : path_(std::move(path)) {}
  Status Write(std::string_view text);
  Status Rewrite(uint64_t generation, const Entries& entries);
  Status CopyKept();

  const std::string path_;
  int file_ = -1;
  JournalMark last_, before_;  // the last line, and the last before the last Append()
  uint64_t size_ = 0, size_before_ = 0,
           least_ = 0;  // of the file: now, likewise, when it was last written anew
};

}  // namespace thimble
