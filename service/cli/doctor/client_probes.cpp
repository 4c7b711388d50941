// SPDX-License-Identifier: Apache-2.0
#include "service/cli/doctor/client_probes.h"

#include <algorithm>
#include <charconv>

#include "service/support/error_status.h"
#include "tcb/base/bytes.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Unfit(std::string message) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer, std::move(message)};
}

// Azure's client counts the whole answer as failed without it, and does not cache what is longer.
Status CheckMaxAge(const HttpResponse& answer) {
  constexpr std::string_view kName = "max-age=";
  constexpr int64_t kDay = 86400;
  const std::string_view text = answer.Header("cache-control").value_or("");
  const size_t at = text.find(kName);
  int64_t seconds = -1;
  if (at != std::string_view::npos) {
    const std::string_view digits = text.substr(at + kName.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  }
  if (seconds >= 0 && seconds <= kDay) return {};
  return Unfit(StrCat("Cache-Control is \"", text, "\", needs max-age of ", kDay, " at most"));
}

// An unknown route has no cause. What is wrong with a request by an upstream's word is no 400 here.
Status CheckCause(const HttpResponse& answer) {
  const auto cause = answer.Header("x-thimble-cause");
  if (!cause)
    return Unfit(StrCat("HTTP ", answer.status, " without X-Thimble-Cause: no such route, or not a Thimble"));
  const auto check = CheckFromName(*cause);
  if (!check) return Unfit(StrCat("X-Thimble-Cause is \"", *cause, "\", which is the name of no check"));
  if (answer.status != 400) return {};
  return Unfit(StrCat("HTTP ", answer.status, ", cause ", *cause, ": the request is not understood"));
}

Status CheckStatus(const ClientProbe& probe, const HttpResponse& answer) {
  if (answer.status == probe.status) return {};
  if (probe.may_have_nothing) return CheckCause(answer);
  return Unfit(StrCat("HTTP ", answer.status, ", needs ", probe.status, "; cause ",
                      answer.Header("x-thimble-cause").value_or("not given: not a Thimble?")));
}

Status CheckHeaders(const ClientProbe& probe, const HttpResponse& answer) {
  const bool has_chain = std::ranges::any_of(
      probe.chain_headers, [&](std::string_view name) { return answer.Header(name).has_value(); });
  if (!probe.chain_headers.empty() && !has_chain)
    return Unfit(StrCat("no header ", probe.chain_headers.back()));
  const std::string_view type = answer.Header("content-type").value_or("");
  if (!probe.content_type.empty() && type != probe.content_type)
    return Unfit(StrCat("Content-Type is \"", type, "\", needs \"", probe.content_type, "\""));
  if (probe.needs_request_id && !answer.Header("request-id")) return Unfit("no header request-id");
  const auto refused = answer.Header("x-thimble-refused");
  if (probe.takes_all && refused) return Unfit(StrCat("left out: ", *refused));
  return probe.needs_max_age ? CheckMaxAge(answer) : Status();
}

}  // namespace

Status Judge(const ClientProbe& probe, const HttpResponse& answer) {
  TRY(CheckStatus(probe, answer));
  if (answer.status != 200) return {};
  if (answer.body.empty()) return Unfit("the body is empty");
  if (!AsText(answer.body).starts_with(probe.begins_with))
    return Unfit(StrCat("the body begins with 0x", HexLower(ByteView(answer.body).first(1)),
                        ", not as the client needs it"));
  return CheckHeaders(probe, answer);
}

}  // namespace thimble
