// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_start_check.h"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "service/support/log.h"
#include "service/support/thread_start.h"

namespace thimble {
namespace {

// Files may be moved away meanwhile, the oldest first: then the chain begins later.
Result<AuditSummary> CheckFiles(const std::string& directory, const std::atomic<bool>& stopping) {
  for (;;) {
    const std::vector<std::string> files = AuditFiles(directory);
    auto summary = CheckAudit(files, std::nullopt, &stopping);
    const bool all_there = std::ranges::all_of(files, [](const std::string& file) {
      std::error_code gone;
      return std::filesystem::exists(file, gone);
    });
    if (summary.ok() || summary.error().kind == ErrorKind::kRejected || all_there || stopping) return summary;
  }
}

}  // namespace

AuditStartCheck::~AuditStartCheck() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

Status AuditStartCheck::Start() {
  TRY_ASSIGN(thread_, StartThread("to check the audit trail", [this] { Run(); }));
  return {};
}

AuditStartCheck::Outcome AuditStartCheck::outcome() const {
  const std::lock_guard lock(mutex_);
  return outcome_;
}

void AuditStartCheck::Run() {
  const auto summary = CheckFiles(directory_, stopping_);
  if (stopping_) return;
  const std::lock_guard lock(mutex_);
  outcome_.over = true;
  if (summary.ok()) {
    outcome_.records = summary->records;
    LogInfo("audit trail checked", {{"records", summary->records}});
    return;
  }
  outcome_.damage = summary.error().message;
  LogError("audit trail is damaged", {}, outcome_.damage);
}

}  // namespace thimble
