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
Result<intel::NeededCollateral> NeededBy(const std::string& path, const Config& config) {
  TRY_ASSIGN(const Bytes quote, ReadEvidence(path));
  TRY_ASSIGN(const TrustAnchors anchors, ReadAnchors(config.server.anchors));
  TRY_ASSIGN(const auto begun,
             intel::QuoteVerification::Begin(quote, "", anchors, Clock().Now(), nullptr, nullptr));
  if (const Finding* hard = begun.verdict().hard()) {
    return Error{ErrorKind::kRejected, hard->check, StrCat(path, ": ", hard->message)};
  }
  return begun.needed();
}

Result<intel::Fmspc> ParseFmspc(const std::string& text) {
  if (const auto fmspc = intel::Fmspc::FromHex(text)) return *fmspc;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat("--fmspc \"", text, "\" must be 12 hex digits")};
}

Result<std::vector<CollateralKey>> KeysForQuote(const intel::NeededCollateral& needed, Place& place) {
  TRY_ASSIGN(const Selector selector, place.SelectorFor(needed.tee));
  const auto keys = KeysFor(needed, selector);
  return std::vector<CollateralKey>(keys.begin(), keys.end());
}

Result<std::vector<CollateralKey>> KeysForFmspc(const intel::Fmspc& fmspc, Place& place) {
  TRY_ASSIGN(const Selector sgx, place.SelectorFor(IntelTee::kSgx));
  TRY_ASSIGN(const Selector tdx, place.SelectorFor(IntelTee::kTdx));
  return std::vector<CollateralKey>{RootCaCrlKey{},
                                    PckCrlKey{intel::PckCa::kProcessor},
                                    PckCrlKey{intel::PckCa::kPlatform},
                                    TcbInfoKey{IntelTee::kSgx, fmspc, sgx},
                                    EnclaveIdentityKey{EnclaveId::kQe, sgx},
                                    TcbInfoKey{IntelTee::kTdx, fmspc, tdx},
                                    EnclaveIdentityKey{EnclaveId::kTdQe, tdx}};
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
  // What is wrong with the command is said before a store is opened for it.
  std::optional<intel::NeededCollateral> needed;
  intel::Fmspc fmspc;
  if (options.quote) {
    auto read = NeededBy(*options.quote, *config);
    if (!read) return Fail(read.error(), options.json);
    needed = std::move(read).value();
  } else {
    const auto parsed = ParseFmspc(options.fmspc.value_or(""));
    if (!parsed) return Fail(parsed.error(), options.json);
    fmspc = *parsed;
  }
  auto place = Place::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto keys = needed ? KeysForQuote(*needed, *place) : KeysForFmspc(fmspc, *place);
  if (!keys) return Fail(keys.error(), options.json);

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
