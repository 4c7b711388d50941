// SPDX-License-Identifier: Apache-2.0
#include "fetchers/intel_fmspcs.h"

#include "fetchers/vendor_answer.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/intel/ids.h"

namespace thimble {
namespace {

constexpr size_t kMaxBody = 256u << 10, kMaxPlatformName = 32;

std::optional<std::string_view> TextOf(const json::Value& object, std::string_view name) {
  const auto value = object.Find(name);
  if (!value) return std::nullopt;
  const auto text = value->String();
  return text.ok() ? std::optional(*text) : std::nullopt;
}

Result<std::string> Rewritten(const VendorAnswer& answer) {
  const auto document = json::Document::Parse(AsText(answer.response.body), "body", ErrorKind::kUnavailable,
                                              Check::kUpstreamAnswer);
  if (!document.ok()) return answer.NotAsked(document.error().message);
  const auto entries = (*document)->root().Array();
  if (!entries.ok()) return answer.NotAsked("not a list of FMSPCs");
  std::string out;
  json::Writer writer(&out);
  writer.BeginArray();
  for (const json::Value& entry : *entries) {
    const auto fmspc = intel::Fmspc::FromHex(TextOf(entry, "fmspc").value_or(""));
    const auto platform = TextOf(entry, "platform");
    if (!fmspc || !platform || platform->size() > kMaxPlatformName) {
      return answer.NotAsked("an entry without fmspc or platform");
    }
    writer.BeginObject().Key("fmspc").String(fmspc->HexUpper()).Key("platform").String(*platform).EndObject();
  }
  writer.EndArray();
  return out;
}

}  // namespace

Result<Fetched> FetchFmspcs(HttpClient& client, const FmspcsUpstream& upstream, std::string_view platform,
                            SteadyTime deadline) {
  TRY_ASSIGN(const VendorAnswer answer,
             Ask(client, {.url = StrCat(upstream.base, "fmspcs?platform=", platform),
                          .max_body = kMaxBody,
                          .allow_http = upstream.allow_http,
                          .deadline = deadline,
                          .item_class = "intel/fmspcs"}));
  TRY_ASSIGN(const std::string body, Rewritten(answer));
  return Fetched{{Bytes(body.begin(), body.end()), ""}, answer.url};
}

}  // namespace thimble
