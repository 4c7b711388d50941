// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/store_damage.h"

#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string Joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += StrCat(text.empty() ? "" : ", ", name);
  return text;
}

std::string UnreadableText(const WatchedStore::Failures& failures) {
  return StrCat(failures.unreadable, " entries cannot be read: ", Joined(failures.names),
                failures.names.size() < failures.unreadable ? ", ..." : "", ": ", failures.read_error);
}

}  // namespace

std::vector<std::string> Sentences(const RegistrationFindings& found) {
  std::vector<std::string> lines;
  if (found.lost != 0) {
    lines.push_back(StrCat(found.lost,
                           " changes of platforms were in damaged lines of the journal alone, and are lost: "
                           "let the platforms that are not listed register again"));
  }
  if (found.to_store != 0) {
    lines.push_back(StrCat(found.to_store, " entries that the store had lost came back from the journal, of ",
                           Joined(found.given_back)));
  }
  if (found.journal_missing)
    lines.push_back(
        StrCat("the journal was gone, and was written anew from the store: ", found.to_journal, " entries"));
  if (found.damaged_lines != 0) {
    lines.push_back(StrCat(found.damaged_lines,
                           " lines of the journal were damaged, and it was written anew; ", found.to_journal,
                           " entries came from the store"));
  } else if (found.to_journal != 0 && !found.journal_missing) {
    lines.push_back(StrCat(found.to_journal, " entries that the journal lacked came from the store"));
  }
  return lines;
}

std::vector<std::pair<std::string, std::string>> StoreDamage::Lines() const {
  std::vector<std::pair<std::string, std::string>> lines;
  for (std::string& sentence : Sentences(found_)) lines.emplace_back("registrations", std::move(sentence));
  if (!found_.earlier_losses.empty()) {
    lines.emplace_back("registrations", StrCat("losses are noted in ", found_.losses_file,
                                               ", until that file is removed: ", found_.earlier_losses));
  }
  const auto failures = store_.failures();
  if (failures.unreadable != 0) lines.emplace_back("store", UnreadableText(failures));
  if (!failures.write_error.empty())
    lines.emplace_back("store", StrCat("the last write failed: ", failures.write_error));
  return lines;
}

void StoreDamage::Write(PrometheusText& out) const {
  const auto failures = store_.failures();
  const auto value = [&out](uint64_t number) { out.Sample({}, static_cast<double>(number)); };
  out.Metric("thimble_store_read_failures_total", "counter", "Readings of the store that failed.");
  value(failures.reads);
  out.Metric("thimble_store_write_failures_total", "counter", "Writes to the store that failed.");
  value(failures.writes);
  out.Metric("thimble_store_unreadable_entries", "gauge", "Entries of the store whose last reading failed.");
  value(failures.unreadable);
  out.Metric("thimble_registrations_given_back", "gauge",
             "Entries that one place of registrations lacked at start and the other gave back.");
  out.Sample({{"to", "store"}}, static_cast<double>(found_.to_store));
  out.Sample({{"to", "journal"}}, static_cast<double>(found_.to_journal));
  out.Metric("thimble_registration_journal_damaged_lines", "gauge",
             "Lines of the journal of registrations that were damaged at start.");
  value(found_.damaged_lines);
  out.Metric("thimble_registrations_lost", "gauge",
             "Changes of platforms that were in damaged lines of the journal alone at start.");
  value(found_.lost);
}

}  // namespace thimble
