// SPDX-License-Identifier: Apache-2.0
#include "service/api/operations_api.h"

#include <algorithm>
#include <filesystem>

#include "service/api/problem.h"
#include "service/monitoring/refresh_report.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

void OperationsApi::AddTo(http::Router& router) {
  using http::Query, http::Request;
  router.Add({"POST",
              "/v1/refresh",
              {},
              [this](const Request&, const Query&) {
                return http::NoStore(200, "application/json", RefreshJson(refresh_.RunNow()));
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

Result<std::string> OperationsApi::BackUp(std::string_view name) {
  const bool plain =
      !name.empty() && name.size() <= 64 && name.front() != '.' &&
      std::ranges::all_of(name, [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
  if (!plain) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("name: \"", name, "\" must be letters, digits, '-', '_' and '.', at most 64")};
  }
  std::error_code error;
  std::filesystem::create_directories(backups_, error);
  if (error) return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(backups_, ": ", error.message())};
  const std::string path = (std::filesystem::path(backups_) / name).string();
  TRY(store_.BackUp(path));
  return path;
}

}  // namespace thimble
