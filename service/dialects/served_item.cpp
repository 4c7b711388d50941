// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/served_item.h"

#include <algorithm>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/tcb_info.h"

namespace thimble {
namespace {

constexpr Seconds kLongestMaxAge{86400};  // Azure's client refuses more (spec/azure-thim.md section 3)

// RFC 9110 section 13.1.2: a list of tags, compared weakly.
bool NamesTag(std::string_view if_none_match, std::string_view tag) {
  while (!if_none_match.empty()) {
    const size_t comma = if_none_match.find(',');
    std::string_view candidate = TrimBlanks(if_none_match.substr(0, comma));
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate == tag || candidate == "*") return true;
    if_none_match.remove_prefix(comma == std::string_view::npos ? if_none_match.size() : comma + 1);
  }
  return false;
}

}  // namespace

std::optional<Result<CacheAnswer>> AnswerFor(CollateralCache& cache, const CollateralKey& key,
                                             const http::Request& request, Instant now) {
  if (request.may_wait) return cache.Get(key, now);
  auto hit = cache.GetAtOnce(key, now);
  if (!hit) return std::nullopt;
  return *std::move(hit);
}

http::ContentPtr PreparedContent(const CacheAnswer& answer, ItemForm form, ContentMaker make) {
  static_assert(static_cast<size_t>(ItemForm::kVerbatim) < Attachments::kPlaces);
  const auto made = [&] { return make(*answer.item, form); };
  if (!answer.attachments) return made();
  return answer.attachments->GetOrMake<http::Content>(static_cast<size_t>(form), made);
}

http::Response ItemResponse(const http::Request& request, const CacheAnswer& answer,
                            std::shared_ptr<const http::Content> content, Instant now) {
  return PartResponse(request, answer, answer.item->sha256(), std::move(content), now);
}

http::Response PartResponse(const http::Request& request, const CacheAnswer& answer, const Digest256& part,
                            std::shared_ptr<const http::Content> content, Instant now) {
  const Seconds left = std::clamp(answer.item->next_update() - now, Seconds(0), kLongestMaxAge);
  // Of what no upstream has confirmed: since it came.
  const Instant as_of = answer.last_check == kNever ? answer.fetched : answer.last_check;
  const Seconds age = std::max(now - as_of, Seconds(0));
  const std::string tag = StrCat('"', part.hex(), '"');

  http::Response response;
  response.headers = {{"Cache-Control", StrCat("max-age=", left.count())},
                      {"Age", std::to_string(age.count())},
                      {"ETag", tag},
                      {"X-Thimble-Freshness", std::string(FreshnessName(answer.freshness))}};
  if (answer.freshness == Freshness::kStale)
    response.headers.emplace_back("Warning", "110 - \"Response is Stale\"");
  const auto if_none_match = request.Header("if-none-match");
  if (if_none_match && NamesTag(*if_none_match, tag)) {
    response.status = 304;
  } else {
    response.content = std::move(content);
  }
  return response;
}

void AddEvaluationHeaders(http::Response& response, const CollateralItem& item, const BaselinePtr& baseline) {
  if (const intel::TcbInfo* info = item.tcb_info())
    response.headers.emplace_back("X-Thimble-Evaluation", std::to_string(info->evaluation_number));
  if (const intel::EnclaveIdentity* identity = item.identity())
    response.headers.emplace_back("X-Thimble-Evaluation", std::to_string(identity->evaluation_number));
  if (baseline)
    response.headers.emplace_back("X-Thimble-Baseline", StrCat(baseline->name, "@", baseline->version));
}

}  // namespace thimble
