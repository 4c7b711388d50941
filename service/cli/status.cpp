// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "fetchers/curl_http_client.h"
#include "fetchers/url.h"
#include "service/cli/client/server_choice.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"
#include "service/support/terminal_style.h"
#include "tcb/base/bytes.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// For health checks of containers: a store that no server runs on is not ready.
ExitCode AskReady(const StatusOptions& options) {
  auto client = ThimbleClient::Running(options.flags, options.server);
  if (!client) return Fail(client.error(), options.json);
  const auto answer = client->Send({.target = "/readyz"});
  if (!answer) return Fail(answer.error(), options.json);
  if (answer->status != 200 && answer->status != 503) return Fail(*answer, options.json);
  PrintJson(AsText(answer->body));
  return answer->status == 200 ? ExitCode::kDone : ExitCode::kUnavailable;
}

// What is piped is for a file or a program, and gets all.
size_t Width() {
  const size_t width = StdoutForm().width;
  return width == 0 ? kAnyWidth : width;
}

// Where a server holds nothing, all hangs on upstreams: those that nobody has asked since the start are asked now whether they
// are there at all.
void AskUpstreams(const Config& config, Summary& summary) {
  constexpr std::chrono::seconds kPatience{5};
  std::vector<Upstream> configured = config.intel_upstreams;
  configured.insert(configured.end(), config.amd_upstreams.begin(), config.amd_upstreams.end());
  for (Summary::Upstream& upstream : summary.upstreams) {
    if (upstream.last_answer || upstream.last_failure) continue;
    const auto known = std::ranges::find(configured, upstream.url, &Upstream::url);
    const auto url = ParseUrl(upstream.url);
    if (known == configured.end() || !url) continue;
    HttpRequest request;
    request.url = url->Origin() + "/";
    request.allow_http = true;
    request.ca_file = known->ca_file;
    request.deadline = std::chrono::steady_clock::now() + kPatience;
    const auto answer = CurlHttpClient(CurlOptions{}).Send(request);
    (answer.ok() ? upstream.last_answer : upstream.last_failure) = summary.at;
    if (!answer.ok()) upstream.last_error = answer.error().message;
  }
}

bool IsWanted(const CacheStatus& item, const std::string& beginning) {
  return KeyName(item.key).starts_with(beginning);
}

Lines TextOf(const StatusReport& report, const StatusOptions& options) {
  const size_t width = Width();
  if (options.item) return StatusText(report, width);
  Lines out;
  if (report.summary) out.Add(SummaryText(*report.summary, std::min<size_t>(width, 120)));
  if (options.all || !report.summary) {
    out.Add("");
    out.Add(StatusText(report, width));
  }
  return out;
}

}  // namespace

ExitCode Run(const StatusOptions& options) {
  SetLogLevel(LogLevel::kError);
  if (options.ready) return AskReady(options);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), options.json);
  auto report = client->Status();
  if (!report) return Fail(report.error(), options.json);
  const bool empty = report->items.empty() && report->platform_items == 0;
  if (empty && !options.server && report->summary && report->summary->running_since) {
    if (const auto config = EffectiveConfig(WithInstalled(options.flags)))
      AskUpstreams(*config, *report->summary);
  }
  if (options.item) {
    std::erase_if(report->items, [&](const CacheStatus& item) { return !IsWanted(item, *options.item); });
    if (report->items.empty()) {
      return Fail({ErrorKind::kMalformed, Check::kRequest,
                   StrCat("--item: no item is called \"", *options.item, "...\"")},
                  options.json);
    }
  }
  options.json ? PrintJson(StatusJson(*report)) : Print(TextOf(*report, options));
  return report->summary && report->summary->helpless() ? ExitCode::kUnavailable : ExitCode::kDone;
}

}  // namespace thimble
