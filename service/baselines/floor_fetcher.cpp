// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floor_fetcher.h"

#include <algorithm>

#include "fetchers/vendor_answer.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxFloorBytes = 1u << 20, kMaxSignatureBytes = 1u << 10;
constexpr std::chrono::seconds kBudget{30}, kJudging{5};
// A bulletin is reviewed in days: a few hours more do no harm.
constexpr Seconds kEvery{6 * 3600}, kFirstWait{60}, kDay{86'400};
constexpr std::string_view kSignatureHeader = "x-thimble-floors-signature";

Error BadAnswer(std::string_view url, std::string_view why) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer, StrCat(url, ": ", why)};
}

}  // namespace

void FloorFetcher::Use(std::string url) {
  const std::lock_guard lock(mutex_);
  url_ = std::move(url);
  asked_ = kNever;
  retry_in_ = Seconds(0);
}

std::optional<std::string> FloorFetcher::UrlIfDue(Instant now, RefreshUrge urge) {
  const std::lock_guard lock(mutex_);
  if (url_.empty() || (urge == RefreshUrge::kPatient && HappenedWithin(wait_, asked_, now)))
    return std::nullopt;
  return url_;
}

void FloorFetcher::NoteOutcome(const std::string& url, bool ok, Instant now) {
  const std::lock_guard lock(mutex_);
  if (url != url_) return;  // another one is wanted since
  retry_in_ = ok ? Seconds(0) : std::clamp(retry_in_ * 2, kFirstWait, kEvery);
  wait_ = ok ? kEvery : retry_in_;
  asked_ = now;
}

Result<Bytes> FloorFetcher::FetchSignature(const std::string& url,
                                           std::chrono::steady_clock::time_point deadline) {
  if (url.find('?') != std::string::npos)
    return BadAnswer(url,
                     StrCat("the answer has no ", kSignatureHeader, ", and a URL with a query has no .sig"));
  const std::string beside = url + ".sig";
  TRY_ASSIGN(const VendorAnswer answer,
             thimble::Ask(*client_, {.url = beside, .max_body = kMaxSignatureBytes, .deadline = deadline}));
  auto signature = ParseFloorSignature(AsText(answer.response.body));
  if (!signature) return BadAnswer(beside, "is neither 64 bytes nor base64 of them");
  return *std::move(signature);
}

// In a header beside the document, or in a file beside it.
Result<Bytes> FloorFetcher::SignatureOf(const HttpResponse& document, const std::string& url,
                                        std::chrono::steady_clock::time_point deadline) {
  const auto header = document.Header(kSignatureHeader);
  if (!header) return FetchSignature(url, deadline);
  auto signature = ParseFloorSignature(*header);
  if (!signature) return BadAnswer(url, StrCat(kSignatureHeader, " is not base64 of 64 bytes"));
  return *std::move(signature);
}

Result<FloorFetcher::Answer> FloorFetcher::Fetch(const std::string& url) {
  const auto deadline = std::chrono::steady_clock::now() + kBudget;
  TRY_ASSIGN(const VendorAnswer answer,
             thimble::Ask(*client_, {.url = url, .max_body = kMaxFloorBytes, .deadline = deadline}));
  TRY_ASSIGN(Bytes signature, SignatureOf(answer.response, url, deadline));
  return Answer{{std::string(AsText(answer.response.body)), std::move(signature)}, url};
}

RefreshLine FloorFetcher::Ask(const std::string& url, Instant now) {
  RefreshLine line;
  line.outcome = RefreshLine::Outcome::kFailed;
  line.floors = url;
  const auto answer = Fetch(url);
  if (!answer) {
    line.reason = answer.error().message;
    return line;
  }
  const size_t before = book_.History().size();
  const auto taken = book_.Take(answer->bytes, answer->source, now, "floors.url");
  if (!taken) {
    line.reason = taken.error().message;
    return line;
  }
  const bool newer = book_.History().size() != before;
  line.outcome = newer ? RefreshLine::Outcome::kRenewed : RefreshLine::Outcome::kKept;
  if (!newer) line.reason = StrCat((*taken)->Title(), ": no newer one");
  return line;
}

// One call for all passes that ask at the same time.
RefreshLine FloorFetcher::AskOnce(const std::string& url, Instant now) {
  const auto line = asking_.Share(url, kBudget + kJudging, [&] {
    RefreshLine asked = Ask(url, now);
    NoteOutcome(url, asked.outcome != RefreshLine::Outcome::kFailed, now);
    return asked;
  });
  if (line) return *line;
  RefreshLine waiting;
  waiting.outcome = RefreshLine::Outcome::kFailed;
  waiting.floors = url;
  waiting.reason = "still being fetched";
  return waiting;
}

// Patient passes say once a day what is stale.
bool FloorFetcher::SaysStale(Instant now, RefreshUrge urge) {
  const std::lock_guard lock(mutex_);
  return urge != RefreshUrge::kPatient || !HappenedWithin(kDay, stale_said_at_, now);
}

std::vector<RefreshLine> FloorFetcher::Pass(Instant now, RefreshUrge urge) {
  std::vector<RefreshLine> out;
  if (const auto url = UrlIfDue(now, urge)) out.push_back(AskOnce(*url, now));
  if (!SaysStale(now, urge)) return out;
  for (const amd::FloorsPtr& floors : book_.InForce()) {
    if (now <= floors->stale_after) continue;
    RefreshLine& line = out.emplace_back();
    line.floors = floors->Title();
    line.stale = true;
    line.reason = StrCat("stale since ", amd::DayText(floors->stale_after),
                         ": review it or take a newer one (docs/AMD-FLOORS.md)");
    const std::lock_guard lock(mutex_);
    stale_said_at_ = now;
  }
  return out;
}

}  // namespace thimble
