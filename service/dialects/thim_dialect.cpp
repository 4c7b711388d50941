// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/thim_dialect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <vector>

#include "service/dialects/pccs_answers.h"
#include "service/dialects/served_item.h"
#include "service/upstreams/tcb_number.h"
#include "tcb/amd/product.h"
#include "tcb/base/ascii.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

using RawTcb = std::array<uint8_t, 8>;

constexpr std::string_view kChips = "/SevSnpVM/certificates/";
constexpr Seconds kLongestMaxAge{86400};

http::Response Refusal(int status, std::string_view cause, std::string_view what) {
  std::string body;
  json::Writer(&body).BeginObject().Key("error").String(what).EndObject();
  http::Response response = http::NoStore(status, "application/json", std::move(body));
  response.headers.emplace_back("X-Thimble-Cause", cause);
  return response;
}
http::Response BadRequest(std::string_view what) {
  return Refusal(400, CheckName(Check::kRequest), StrCat("Bad request. ", what));
}

http::Response RefusalOf(const Error& error) {
  http::Response response = pccs::RefusalOf(error);
  if (response.status != 404) return response;
  return Refusal(404, CheckName(error.check), error.message);
}

// The VCEKs that a chip id and a TCB may mean: ids of Milan and Genoa look alike, one of Turin is shorter, or ends in
// zeros.
std::vector<VcekKey> KeysOf(const Bytes& chip, const RawTcb& raw) {
  std::vector<VcekKey> keys;
  for (const amd::ProductTraits& traits : amd::AllProducts()) {
    const bool longer = chip.size() > traits.hwid_size;
    const bool fits =
        chip.size() == traits.hwid_size || (longer && AllZero(ByteView(chip).subspan(traits.hwid_size)));
    if (!fits) continue;
    const auto end = chip.begin() + static_cast<std::ptrdiff_t>(traits.hwid_size);
    keys.push_back(
        {traits.product, amd::HwId(chip.begin(), end), amd::TcbVersion::Decode(traits.product, raw)});
  }
  // The shorter id first: a long one that ends in zeros is no other's.
  std::stable_sort(keys.begin(), keys.end(),
                   [](const VcekKey& a, const VcekKey& b) { return a.hwid.size() < b.hwid.size(); });
  return keys;
}

Error Wrong(std::string_view what) { return {ErrorKind::kMalformed, Check::kRequest, std::string(what)}; }

// "Milan", or with its stepping, "Milan-B0" (spec/amd-sev-snp.md); nullopt: none is named.
Result<std::optional<amd::Product>> ProductNamed(const std::optional<std::string_view>& name) {
  if (!name) return std::optional<amd::Product>();
  const std::string_view product = name->substr(0, name->find('-'));
  for (const amd::ProductTraits& traits : amd::AllProducts()) {
    const bool is_alias = std::ranges::any_of(
        traits.aliases, [&](std::string_view alias) { return EqualIgnoringCase(product, alias); });
    if (is_alias || EqualIgnoringCase(product, traits.name)) return std::optional(traits.product);
  }
  return Wrong("productName is not Milan, Genoa or Turin");
}

http::Response NotAChip() { return BadRequest("Not {chip id}/{TCB}, both in hex"); }

http::Response NoSuchRoute(const http::Request& request) {
  const bool get = request.method == "GET" || request.method == "HEAD";
  return get ? NotAChip() : pccs::NoSuchRoute(request);
}

std::string MaxAge(const CollateralItem& item, Instant now) {
  return std::to_string(std::clamp(item.next_update() - now, Seconds(0), kLongestMaxAge).count());
}

std::string VcekPem(const CollateralItem& item) { return EncodePem(item.body(), "CERTIFICATE"); }

}  // namespace

void ThimDialect::AddTo(http::Router& router) {
  router.Add({"GET",
              "/metadata/THIM/amd/certification",
              {"api-version", "clientid", "platformId", "tcbVersion", "productName"},
              [this](const http::Request& r, const http::Query& q) { return Host(r, q); }});
  router.AddDialect({.prefix = std::string(kChips),
                     .not_found = NoSuchRoute,
                     .bad_request = [](std::string_view) { return NotAChip(); },
                     .unauthorized = [](Role) { return pccs::Unauthorized(); },
                     .any_case = true});
  router.Add({"GET",
              StrCat(kChips, "{chip}/{tcb}"),
              {"api-version", "clientid"},
              [this](const http::Request& r, const http::Query& q) { return Chip(r, q); }});
}

http::Response ThimDialect::Host(const http::Request& request, const http::Query& query) {
  if (!EqualIgnoringCase(request.Header("metadata").value_or(""), "true")) {
    return BadRequest("Required metadata header not specified");
  }
  const auto found = FindHost(query);
  if (!found.ok()) {
    return found.error().check == Check::kRequest ? BadRequest(found.error().message)
                                                  : RefusalOf(found.error());
  }
  const Instant now = clock_.Now();
  const CollateralItem& vcek = *found->answer.item;
  std::string body;
  json::Writer(&body)
      .BeginObject()
      .Key("vcekCert")
      .String(VcekPem(vcek))
      .Key("tcbm")
      .String(TcbNumber(found->key.tcb))
      .Key("certificateChain")
      .String(vcek.issuer_chain())
      .Key("cacheControl")
      .String(MaxAge(vcek, now))
      .EndObject();
  return ItemResponse(request, found->answer,
                      http::Content::Make("application/json; charset=utf-8", std::move(body)), now);
}

// The chip that the request names, or the host itself. A product alone says what the host is expected to be.
Result<ThimDialect::Found> ThimDialect::FindHost(const http::Query& query) {
  const auto chip_text = query.Get("platformId"), tcb_text = query.Get("tcbVersion");
  TRY_ASSIGN(const auto product, ProductNamed(query.Get("productName")));
  if (!chip_text && !tcb_text) {
    TRY_ASSIGN(const VcekKey host, host_());
    if (product && host.product != *product) {
      return Error{ErrorKind::kUnavailable, Check::kPckNotRegistered,
                   StrCat("this host is a ", amd::TraitsOf(host.product).name)};
    }
    return FindFirst({host});
  }
  const auto chip = FromHex(chip_text.value_or(""));
  const auto raw = ParseTcbNumber(tcb_text.value_or(""));
  if (!chip || !raw) return Wrong("platformId and tcbVersion belong together, both in hex");
  if (AllZero(*chip)) return Wrong("The platformId is all zero: the host masks it, or signs with a VLEK");
  std::vector<VcekKey> keys = KeysOf(*chip, *raw);
  if (product) std::erase_if(keys, [&](const VcekKey& key) { return key.product != *product; });
  if (keys.empty()) return Wrong("A platformId has 128 hex digits, of Turin 16");
  return FindFirst(std::move(keys));
}

// Of the products that a chip may be of, the one that is held goes first.
Result<ThimDialect::Found> ThimDialect::FindFirst(std::vector<VcekKey> keys) {
  const Instant now = clock_.Now();
  std::stable_partition(keys.begin(), keys.end(),
                        [&](const VcekKey& key) { return cache_.Peek(key, now).has_value(); });
  std::optional<Error> failed;
  for (const VcekKey& key : keys) {
    auto answer = cache_.Get(key, now);
    if (answer.ok()) return Found{key, *std::move(answer)};
    if (!failed || failed->check == Check::kUpstreamNotFound) failed = answer.error();
  }
  return *failed;
}

// "{chip}/{tcb}".
http::Response ThimDialect::Chip(const http::Request& request, const http::Query& query) {
  const auto chip = FromHex(query.Segment("chip"));
  const auto raw = ParseTcbNumber(query.Segment("tcb"));
  if (!chip || !raw) return NotAChip();
  const std::vector<VcekKey> keys = KeysOf(*chip, *raw);
  if (keys.empty()) return BadRequest("A chip id has 128 hex digits, of Turin 16");
  if (AllZero(*chip)) {
    return Refusal(400, CheckName(Check::kSnpChipIdMasked),
                   "The chip id is all zero: the host masks it, or signs with a VLEK");
  }
  const auto found = FindFirst(keys);
  if (!found.ok()) return RefusalOf(found.error());
  const CollateralItem& vcek = *found->answer.item;
  return ItemResponse(
      request, found->answer,
      http::Content::Make("application/x-pem-file", StrCat(VcekPem(vcek), vcek.issuer_chain())),
      clock_.Now());
}

}  // namespace thimble
