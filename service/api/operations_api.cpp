// SPDX-License-Identifier: Apache-2.0
#include "service/api/operations_api.h"

#include <algorithm>
#include <filesystem>

#include "service/api/problem.h"
#include "service/api/request_fields.h"
#include "service/api/summary_of.h"
#include "service/monitoring/refresh_report.h"
#include "service/transfer/backup.h"
#include "service/transfer/data_files.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// Collateral, its history, registrations or policies: not only what each store has from its start.
Result<bool> HoldsAnything(Store& store) {
  bool found = false;
  for (const std::string_view prefix : {"item/", "past/", "registry/", "policy/", "v3tcb/"}) {
    TRY(store.Scan(prefix, [&found](std::string_view, std::string_view) {
      found = true;
      return false;
    }));
    if (found) break;
  }
  return found;
}

}  // namespace

void OperationsApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"POST",
              "/v1/refresh",
              {"all", "item", "fmspc"},
              [this](const Request&, const Query& query) {
                const auto report = Refresh(query);
                if (!report) return ProblemResponse(ProblemOf(report.error()));
                return http::NoStore(200, "application/json", RefreshJson(*report));
              },
              Role::kAdmin});
  router.Add({"POST",
              "/v1/backup",
              {"name"},
              [this](const Request&, const Query& query) {
                const auto path = BackUp(query.Get("name").value_or(""));
                if (!path) return ProblemResponse(ProblemOf(path.error()));
                return http::NoStore(200, "text/plain", StrCat(*path, "\n"));
              },
              Role::kAdmin});
}

Result<RefreshReport> OperationsApi::Refresh(const http::Query& query) {
  const auto all = query.Get("all"), item = query.Get("item"), fmspc = query.Get("fmspc");
  if (query.all().size() > 1) return BadRequestError("all, item and fmspc exclude each other");
  if (item) {
    const auto key = ParseKeyName(*item);
    if (!key) return BadRequestError(StrCat("item: \"", *item, "\" is none, as `thimble status` lists them"));
    return refresh_.RunItem(*key);
  }
  if (fmspc) {
    const auto parsed = intel::Fmspc::FromHex(*fmspc);
    if (!parsed) return BadRequestError(StrCat("fmspc: \"", *fmspc, "\" must be 12 hex digits"));
    return refresh_.RunFmspc(*parsed);
  }
  if (all && *all != "0" && *all != "1") return BadRequestError("all must be 0 or 1");
  return all == "1" ? refresh_.RunAll() : refresh_.RunNow();
}

Result<std::string> OperationsApi::BackUp(std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= 64 && name.front() != '.' &&
      std::ranges::all_of(name, [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
  if (!plain) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("name: \"", name, "\" must be letters, digits, '-', '_' and '.', at most 64")};
  }
  TRY_ASSIGN(const bool holds_anything, HoldsAnything(store_));
  if (!holds_anything) {
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
                 "the store is empty, and nothing is backed up"};
  }
  const std::filesystem::path backups = std::filesystem::path(data_) / kBackupsName;
  std::error_code error;
  std::filesystem::create_directories(backups, error);
  if (error)
    return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(backups.string(), ": ", error.message())};
  const std::string path = (backups / name).string();
  TRY(MakeBackup(store_, data_, audit_, path, clock_.Now()));
  TRY(store_.Apply({{std::string(kLastBackup), FormatRfc3339(clock_.Now())}}));
  return path;
}

}  // namespace thimble
