// SPDX-License-Identifier: Apache-2.0
#include "service/support/error_status.h"

#include <algorithm>
#include <array>

namespace thimble {
namespace {

struct Row {
  ErrorKind kind;
  int status;
  ExitCode exit;
};
constexpr std::array kRows = {Row{ErrorKind::kMalformed, 400, ExitCode::kMalformed},
                              Row{ErrorKind::kRejected, 422, ExitCode::kRejected},
                              Row{ErrorKind::kUnavailable, 503, ExitCode::kUnavailable},
                              Row{ErrorKind::kInternal, 500, ExitCode::kUnavailable}};

// What is wrong is what was asked for, and not what it was asked about.
bool IsOfRequest(Check check) { return check == Check::kRequest || check == Check::kPolicyFormat; }

const Row& RowOf(ErrorKind kind) { return *std::ranges::find(kRows, kind, &Row::kind); }

}  // namespace

int HttpStatusOf(ErrorKind kind) { return RowOf(kind).status; }

ExitCode ExitCodeOf(const Error& error) {
  return IsOfRequest(error.check) ? ExitCode::kUsage : RowOf(error.kind).exit;
}

Error ErrorOfStatus(int status, std::optional<Check> check, std::string message) {
  if (const auto row = std::ranges::find(kRows, status, &Row::status); row != kRows.end()) {
    const Check unnamed = status == 400 ? Check::kRequest : Check::kUpstreamStatus;
    return {row->kind, check.value_or(unnamed), std::move(message)};
  }
  const bool of_request = status >= 400 && status < 500 && status != 429;
  if (of_request) return {ErrorKind::kMalformed, Check::kRequest, std::move(message)};
  return {ErrorKind::kUnavailable, check.value_or(Check::kUpstreamStatus), std::move(message)};
}

std::optional<Check> CheckFromName(std::string_view name) {
  for (size_t i = static_cast<size_t>(Check::kNone) + 1; i < static_cast<size_t>(Check::kCount); ++i) {
    if (CheckName(static_cast<Check>(i)) == name) return static_cast<Check>(i);
  }
  return std::nullopt;
}

}  // namespace thimble
