// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "service/anchors.h"
#include "service/command_support.h"
#include "service/commands.h"
#include "service/evidence_files.h"
#include "service/log.h"
#include "service/place.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// What a quote needs. It is held against its own chain and the anchors first: a forged one has nothing fetched for it.
Result<std::vector<CollateralKey>> KeysForQuote(const std::string& path, const Config& config) {
  TRY_ASSIGN(const Bytes quote, ReadEvidence(path));
  TRY_ASSIGN(const TrustAnchors anchors, ReadAnchors(config.server.anchors));
  TRY_ASSIGN(const auto begun,
             intel::QuoteVerification::Begin(quote, "", anchors, Clock().Now(), nullptr, nullptr));
  if (const Finding* hard = begun.verdict().hard()) {
    return Error{ErrorKind::kRejected, hard->check, StrCat(path, ": ", hard->message)};
  }
  const auto keys = KeysFor(begun.needed(), config.baselines.at("default").intel);
  return std::vector<CollateralKey>(keys.begin(), keys.end());
}

Result<std::vector<CollateralKey>> KeysForFmspc(const std::string& text, const Config& config) {
  const auto fmspc = intel::Fmspc::FromHex(text);
  if (!fmspc) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("--fmspc \"", text, "\" must be 12 hex digits")};
  }
  const Selector selector = config.baselines.at("default").intel;
  return std::vector<CollateralKey>{RootCaCrlKey{},
                                    PckCrlKey{intel::PckCa::kProcessor},
                                    PckCrlKey{intel::PckCa::kPlatform},
                                    TcbInfoKey{IntelTee::kSgx, *fmspc, selector},
                                    EnclaveIdentityKey{EnclaveId::kQe, selector},
                                    TcbInfoKey{IntelTee::kTdx, *fmspc, selector},
                                    EnclaveIdentityKey{EnclaveId::kTdQe, selector}};
}

// Not every platform has TDX.
bool MayBeAbsent(const CollateralKey& key, const Error& error) {
  const auto* tcb_info = std::get_if<TcbInfoKey>(&key);
  return tcb_info != nullptr && tcb_info->tee == IntelTee::kTdx && error.check == Check::kUpstreamNotFound;
}

// The part of a name before the selector, which is a server's own when it is asked.
std::string WithoutSelector(const std::string& name) { return name.substr(0, name.rfind('/')); }

bool IsAmong(const CacheStatus& item, const std::vector<CollateralKey>& keys) {
  return std::any_of(keys.begin(), keys.end(), [&](const CollateralKey& key) {
    const bool selected = KindOf(key) == ItemKind::kTcbInfo || KindOf(key) == ItemKind::kEnclaveIdentity;
    return selected ? WithoutSelector(item.item) == WithoutSelector(KeyName(key)) : item.item == KeyName(key);
  });
}

ExitCode Print(Place& place, const std::vector<CollateralKey>& keys, bool json) {
  auto report = place.Status();
  if (!report) return Fail(report.error(), json);
  std::erase_if(report->items, [&](const CacheStatus& item) { return !IsAmong(item, keys); });
  json ? PrintLine(StatusJson(*report)) : PrintText(StatusText(*report));
  return ExitCode::kDone;
}

}  // namespace

ExitCode Run(const FetchOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  const auto keys = options.quote ? KeysForQuote(*options.quote, *config)
                                  : KeysForFmspc(options.fmspc.value_or(""), *config);
  if (!keys) return Fail(keys.error(), options.json);
  auto place = Place::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);

  std::optional<Error> failed;
  for (const CollateralKey& key : *keys) {
    const Status fetched = place->Fetch(key);
    if (fetched || (options.fmspc && MayBeAbsent(key, fetched.error()))) continue;
    Error error = fetched.error();
    error.message = StrCat(KeyName(key), ": ", error.message);
    if (failed) Complain(failed->message);
    failed = std::move(error);
  }
  if (failed) return Fail(*failed, options.json);
  return Print(*place, *keys, options.json);
}

}  // namespace thimble
