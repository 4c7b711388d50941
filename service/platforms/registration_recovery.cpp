// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/registration_recovery.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

#include "cache/platform.h"
#include "service/platforms/journal_contents.h"
#include "service/support/file.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr size_t kMostNamed = 20;
constexpr size_t kBatch = 500;
constexpr size_t kMaxLossesFile = 1 << 20;
constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();

// What no program of ours has written is no word against the other place.
bool Decodes(std::string_view name, std::string_view value) {
  return name.starts_with(kRegistrationPrefixes.front()) ? DecodePlatform(value).ok()
                                                         : DecodeQueued(value).ok();
}

class Comparison {
 public:
  Comparison(Store& store, std::string path, JournalContents contents)
      : store_(store), path_(std::move(path)), contents_(std::move(contents)) {}

  Status Run();
  uint64_t lost() const { return findings_.lost; }
  Result<RecoveredRegistrations> Settle();

 private:
  // The last line that the store has seen.
  uint64_t Seen() const {
    if (!mark_ || mark_->generation < contents_.last().generation) return 0;
    return mark_->generation == contents_.last().generation ? mark_->number : kAll;
  }
  bool IsNewer(const JournalContents::Entry& entry) const { return entry.number > Seen(); }
  Status CompareWith(const std::string& name, std::string_view value);
  bool WaitsForForgotten(const std::string& name) const;
  Status CompareRest();
  Status GiveToStore(const std::string& name, const JournalContents::Entry& entry);
  void Name(const std::string& name);
  void CountMissing();
  Status ApplyToStore();
  Status AddForgotten(std::map<std::string, std::vector<Store::Write>>& lines);
  Result<std::unique_ptr<RegistrationJournal>> BeginAnew();

  Store& store_;
  const std::string path_;
  JournalContents contents_;
  std::optional<JournalMark> mark_;
  std::set<std::string> in_store_;  // of the names that the journal knows
  std::vector<Store::Write> writes_;
  RegistrationFindings findings_;
};

Status Comparison::Run() {
  TRY_ASSIGN(const auto mark, store_.Get(kJournalMarkName));
  if (mark) mark_ = JournalMark::Parse(*mark);
  findings_.journal_missing = mark.has_value() && !contents_.there();
  for (const std::string_view prefix : kRegistrationPrefixes) {
    Status compared;
    TRY(store_.Scan(prefix, [&](std::string_view name, std::string_view value) {
      compared = CompareWith(std::string(name), value);
      return compared.ok();
    }));
    TRY(compared);
  }
  TRY(CompareRest());
  CountMissing();
  return {};
}

// What an older store has in the queue for a platform that was forgotten later: the journal keeps the one removal alone.
bool Comparison::WaitsForForgotten(const std::string& name) const {
  const auto platform = contents_.entries().find(StrCat(kRegistrationPrefixes.front(), PlatformIn(name)));
  return platform != contents_.entries().end() &&
         JournalContents::IsForgottenPlatform(platform->first, platform->second) && IsNewer(platform->second);
}

Status Comparison::CompareWith(const std::string& name, std::string_view value) {
  const auto found = contents_.entries().find(name);
  if (found == contents_.entries().end()) {
    if (WaitsForForgotten(name)) {
      ++findings_.finished;
      writes_.push_back({name, std::nullopt});
      return {};
    }
    ++findings_.to_journal;
    return {};
  }
  in_store_.insert(name);
  const JournalContents::Entry& entry = found->second;
  if (entry.value == Sha256(AsBytes(value))) return {};
  if (IsNewer(entry)) {
    ++findings_.finished;
    if (entry.value) return GiveToStore(name, entry);
    writes_.push_back({name, std::nullopt});
    return {};
  }
  if (entry.value && !Decodes(name, value)) {
    ++findings_.to_store;
    Name(name);
    return GiveToStore(name, entry);
  }
  ++findings_.to_journal;
  return {};
}

// What the journal has and the store has not.
Status Comparison::CompareRest() {
  for (const auto& [name, entry] : contents_.entries()) {
    if (!entry.value || in_store_.contains(name)) continue;
    if (mark_ && IsNewer(entry)) {
      ++findings_.finished;
    } else {
      ++findings_.to_store;
      Name(name);
    }
    TRY(GiveToStore(name, entry));
  }
  return {};
}

Status Comparison::GiveToStore(const std::string& name, const JournalContents::Entry& entry) {
  TRY_ASSIGN(std::string value, contents_.Value(name, entry));
  if (name.starts_with(kRegistrationPrefixes.front())) findings_.from_journal.emplace_back(PlatformIn(name));
  writes_.push_back({name, std::move(value)});
  return writes_.size() < kBatch ? Status() : ApplyToStore();
}

void Comparison::Name(const std::string& name) {
  const std::string platform(PlatformIn(name));
  if (findings_.given_back.size() >= kMostNamed) return;
  if (std::ranges::find(findings_.given_back, platform) == findings_.given_back.end())
    findings_.given_back.push_back(platform);
}

void Comparison::CountMissing() {
  const bool same = mark_ && mark_->generation == contents_.last().generation;
  const uint64_t missing = contents_.MissingAfter(0, same ? mark_->number : 0);
  findings_.damaged_lines = missing != 0 ? missing : contents_.damaged();
  if (Seen() != kAll) findings_.lost = contents_.MissingAfter(Seen(), 0);
}

Status Comparison::ApplyToStore() {
  if (writes_.empty()) return {};
  const Status applied = store_.Apply(writes_);
  writes_.clear();
  return applied;
}

// The platforms that the journal knows to be forgotten, and the store does not have.
Status Comparison::AddForgotten(std::map<std::string, std::vector<Store::Write>>& lines) {
  for (const auto& [name, entry] : contents_.entries()) {
    if (!JournalContents::IsForgottenPlatform(name, entry)) continue;
    TRY_ASSIGN(const auto value, store_.Get(name));
    if (!value) lines[std::string(PlatformIn(name))].push_back({name, std::nullopt});
  }
  return {};
}

// From the store, which has everything by now.
Result<std::unique_ptr<RegistrationJournal>> Comparison::BeginAnew() {
  const uint64_t generation = std::max(mark_ ? mark_->generation : 0, contents_.last().generation) + 1;
  std::map<std::string, std::vector<Store::Write>> queued;
  const auto queue = [&](std::string_view name, std::string_view value) {
    queued[std::string(PlatformIn(name))].push_back({std::string(name), std::string(value)});
    return true;
  };
  TRY(store_.Scan(kRegistrationPrefixes.back(), queue));
  TRY(AddForgotten(queued));
  return RegistrationJournal::Begin(path_, generation, [&](const auto& line) -> Status {
    Status written;
    TRY(store_.Scan(kRegistrationPrefixes.front(), [&](std::string_view name, std::string_view value) {
      std::vector<Store::Write> changes{{std::string(name), std::string(value)}};
      if (auto waiting = queued.extract(std::string(PlatformIn(name))))
        std::ranges::move(waiting.mapped(), std::back_inserter(changes));
      written = line(std::move(changes));
      return written.ok();
    }));
    TRY(written);
    for (auto& [platform, changes] : queued) TRY(line(std::move(changes)));
    return {};
  });
}

Result<RecoveredRegistrations> Comparison::Settle() {
  TRY(ApplyToStore());
  // One without a line goes on with the store's mark: behind the numbers that its lines had, they would seem to be missing.
  const bool emptied = contents_.last().generation == 0 && mark_ && mark_->number != 0;
  const bool whole =
      contents_.there() && !emptied && findings_.damaged_lines == 0 && findings_.to_journal == 0;
  JournalMark last = contents_.last();
  if (last.generation == 0 && mark_) last = *mark_;  // no line yet
  RecoveredRegistrations out;
  if (whole && last.generation != 0) {
    TRY_ASSIGN(out.journal,
               RegistrationJournal::Continue(path_, last, contents_.size(), contents_.KeptSize()));
  } else {
    TRY_ASSIGN(out.journal, BeginAnew());
  }
  const Store::Write mark = out.journal->mark();
  if (!mark_ || mark_->ToString() != mark.value) TRY(store_.Apply({mark}));
  out.findings = std::move(findings_);
  return out;
}

// What was lost now is noted before anything is mended, after which nobody could tell.
Status NoteLosses(const std::string& path, uint64_t lost, Instant now, RegistrationFindings* findings) {
  TRY_ASSIGN(const auto before, ReadFileIfThere(path, kMaxLossesFile));
  std::string text = before.value_or("");
  if (lost != 0) {
    text += StrCat(FormatRfc3339(now), ": ", lost,
                   " changes of platforms were in damaged lines of the journal alone, and are lost\n");
    TRY(ReplaceFile(path, text, 0600));
  }
  findings->earlier_losses = std::move(text);
  findings->losses_file = path;
  return {};
}

}  // namespace

Result<RecoveredRegistrations> RecoverRegistrations(Store& store, const std::string& directory, Instant now) {
  const std::filesystem::path data(directory);
  const std::string path = (data / "registrations.journal").string();
  TRY_ASSIGN(auto contents, JournalContents::Read(path));
  Comparison comparison(store, path, std::move(contents));
  TRY(comparison.Run());
  RegistrationFindings noted;
  TRY(NoteLosses((data / "registrations.lost").string(), comparison.lost(), now, &noted));
  TRY_ASSIGN(auto recovered, comparison.Settle());
  recovered.findings.earlier_losses = std::move(noted.earlier_losses);
  recovered.findings.losses_file = std::move(noted.losses_file);
  return recovered;
}

}  // namespace thimble
